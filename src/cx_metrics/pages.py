"""Pages of docs/ that are made from the project itself: written by `cxm docs`, and checked to be up to date."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from cx_metrics.errors import CxMetricsError

Render = Callable[[Path], str]
"""Makes a page from the project folder."""


def write_page(project: Path, page: str, render: Render) -> str:
    """Write docs/<page>.md of a project and return its path inside the project."""
    path = project / "docs" / f"{page}.md"
    path.parent.mkdir(exist_ok=True)
    path.write_text(render(project), encoding="utf-8")
    return f"docs/{page}.md"


def check_page(project: Path, page: str, render: Render) -> str:
    """Return the path of docs/<page>.md where it is what the project makes of it now.

    Raises CxMetricsError, with the command that mends it, where it is missing or out of date.
    """
    path = project / "docs" / f"{page}.md"
    if not path.is_file() or path.read_text(encoding="utf-8") != render(project):
        raise CxMetricsError(f"docs/{page}.md is out of date: run cxm docs {page}")
    return f"docs/{page}.md"
