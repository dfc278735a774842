"""A progress bar for a pull, on stderr so that a command's output stays its own."""

from __future__ import annotations

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from characterglm.cli.terminal import plain


class PullBar:
    """Implements `models.Progress` in a terminal; in a pipe only the messages appear."""

    def __init__(self) -> None:
        self._bar = Progress(
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
            console=Console(stderr=True, highlight=False, markup=False),
            transient=True,
        )
        self._task: TaskID | None = None

    def __enter__(self) -> PullBar:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def say(self, message: str) -> None:
        """Print a line above the bar."""
        self._bar.console.print(plain(message), soft_wrap=True)

    def advance(self, done: int, total: int) -> None:
        """Move the bar."""
        if self._task is None:
            self._task = self._bar.add_task("", total=total, completed=done)
        self._bar.update(self._task, completed=done, total=total)
