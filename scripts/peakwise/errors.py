"""The one error that people see: what is wrong, where, and what to do."""

from pathlib import Path


class UnusableInput(Exception):
    """Input that cannot be used at all; its text is one clear sentence for a person and the exit code is 2."""


class BelongsToAnotherFile(UnusableInput):
    """A file that is read together with another one and is nothing on its own.

    Attributes:
        owner: The file that it is read with.
    """

    def __init__(self, sentence: str, owner: Path) -> None:
        """Keep the other file beside the sentence."""
        super().__init__(sentence)
        self.owner = owner
