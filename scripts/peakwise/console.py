"""The terminal: what files say is shown there as text, never as a command to the terminal nor as a picture."""

from typing import Any

from rich.console import Console
from rich.text import Text


def without_commands(text: str) -> str:
    """A text with every character that is not shown, such as ESC, written out; line breaks and tabs stay.

    Args:
        text: Any text, of any length.
    """
    if text.isprintable():
        return text
    return "".join(
        letter if letter.isprintable() or letter in "\n\t" else letter.encode("unicode_escape").decode()
        for letter in text
    )


class PlainConsole(Console):
    """Prints names and values of files as they are written: `:x:` is no picture, ESC starts no command."""

    def __init__(self, **options: Any) -> None:
        """Make a console.

        Args:
            **options: As of rich's `Console`.
        """
        super().__init__(emoji=False, **options)

    def render_str(self, text: str, **options: Any) -> Text:
        """Make a text of a string; every string that is printed, also in a table, comes here."""
        return super().render_str(without_commands(text), **options)
