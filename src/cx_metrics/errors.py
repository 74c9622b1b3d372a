"""The one error class of the package: what a user reads is one line per problem, never a traceback."""

from __future__ import annotations

from typing import IO, Any

import click


def one_line(text: str) -> str:
    """Return the text with every run of white space, line ends included, as one space."""
    return " ".join(text.split())


class CxMetricsError(click.ClickException):
    """Something that the user can mend.

    Every problem is one line that names what is wrong, where, and what to do. The command line prints the
    lines to standard error and ends with `exit_code`.
    """

    exit_code = 1

    def __init__(self, *problems: str) -> None:
        """Keep the problems, each made one line."""
        self.problems = tuple(one_line(problem) for problem in problems)
        super().__init__("\n".join(self.problems))

    def show(self, file: IO[Any] | None = None) -> None:
        """Print each problem on its own line, to standard error unless a file is given."""
        for problem in self.problems:
            click.echo(f"error: {problem}", file=file, err=file is None)
