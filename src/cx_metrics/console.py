"""What the command line shows: notes, warnings, progress, tables; plain lines where there is no terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import click

Advance = Callable[[float], None]
"""Tells a progress bar that so many more bytes are done."""

_LONG = 64 * 1024 * 1024


def no_progress(_amount: float) -> None:
    """Ignore progress: for callers that show none."""


class Console:
    """Writes results to standard output and everything else to standard error; quiet writes nothing at
    all."""

    def __init__(self, quiet: bool = False) -> None:
        """Remember whether to be quiet."""
        self.quiet = quiet

    def note(self, text: str) -> None:
        """Say something worth knowing."""
        if not self.quiet:
            click.echo(f"note: {text}", err=True)

    def warn(self, text: str) -> None:
        """Say something that needs a decision, though the command went on."""
        if not self.quiet:
            click.echo(f"warning: {text}", err=True)

    def say(self, text: str) -> None:
        """Write one line of the result."""
        if not self.quiet:
            click.echo(text)

    def table(self, headers: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """Write a table; columns of numbers are set to the right."""
        if self.quiet:
            return
        numeric = [all(isinstance(row[i], int) for row in rows) for i in range(len(headers))]
        texts = [[f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in row] for row in rows]
        if sys.stdout.isatty():
            from rich.console import Console as RichConsole
            from rich.table import Table
            from rich.text import Text

            grid = Table()
            for header, right in zip(headers, numeric, strict=True):
                grid.add_column(header, justify="right" if right else "left")
            for text_row in texts:
                grid.add_row(*(Text(text) for text in text_row))
            RichConsole().print(grid)
            return
        widths = [max(len(row[i]) for row in [list(headers), *texts]) for i in range(len(headers))]
        for text_row in [list(headers), *texts]:
            cells = [
                text.rjust(width) if right else text.ljust(width)
                for text, width, right in zip(text_row, widths, numeric, strict=True)
            ]
            click.echo("  ".join(cells).rstrip())

    @contextmanager
    def progress(self, label: str, total: float) -> Iterator[Advance]:
        """Show how much of `total` bytes is done: a bar on a terminal, else one line per tenth of a long
        run."""
        if self.quiet:
            yield no_progress
        elif sys.stderr.isatty():
            from rich.console import Console as RichConsole
            from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

            columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
            with Progress(*columns, console=RichConsole(stderr=True), transient=True) as bar:
                task = bar.add_task(label, total=max(total, 1))
                yield lambda amount: bar.advance(task, amount)
        elif total < _LONG:
            yield no_progress
        else:
            yield _Tenths(label, total).advance


class _Tenths:
    """Prints a line whenever another tenth is done."""

    def __init__(self, label: str, total: float) -> None:
        self.label, self.total, self.done, self.printed = label, total, 0.0, 0

    def advance(self, amount: float) -> None:
        self.done += amount
        tenth = min(int(10 * self.done / self.total), 10)
        if tenth > self.printed:
            self.printed = tenth
            click.echo(f"{self.label}: {tenth * 10} % of {self.total / 1e6:,.0f} MB", err=True)
