"""Shows long work: a line a step, a bar while it runs on a terminal, plain lines on a pipe."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn


class Step:
    """One running step: takes its progress and, at the end, what it has to say."""

    def __init__(self, progress: Progress | None, task: int | None) -> None:
        """Bind the step to its bar; without one progress is not shown."""
        self._progress = progress
        self._task = task
        self.outcome = ""

    def advance_to(self, done: int, total: int) -> None:
        """Show that `done` of `total` parts are finished."""
        if self._progress is not None:
            self._progress.update(self._task, completed=done, total=total)


class Steps:
    """The steps of one pipeline run."""

    def __init__(self, console: Console) -> None:
        """Show on this console."""
        self.console = console
        self.seconds: dict[str, float] = {}

    @contextmanager
    def step(self, name: str, doing: str) -> Iterator[Step]:
        """Run one step and print its line when it is done.

        Args:
            name: The step's short name.
            doing: What it does, shown while it runs.
        """
        started = time.perf_counter()
        if self.console.is_terminal:
            columns = (
                SpinnerColumn(), TextColumn("{task.description}", markup=False), BarColumn(), TaskProgressColumn(), TimeElapsedColumn(),
            )  # fmt: skip
            with Progress(*columns, console=self.console, transient=True) as progress:
                step = Step(progress, progress.add_task(doing, total=None))
                yield step
        else:
            step = Step(None, None)
            yield step
        self.seconds[name] = time.perf_counter() - started
        self.console.print(
            f"[green]done[/green] {name:<9} {self.seconds[name]:6.1f} s  {escape(step.outcome or doing)}",
            highlight=False,
            soft_wrap=True,
        )
