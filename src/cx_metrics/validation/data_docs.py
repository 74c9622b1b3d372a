"""The Data Docs site: Great Expectations' own pages made to read offline, and a front page with what needs attention."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterable
from html import escape
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from cx_metrics.errors import CxMetricsError
from cx_metrics.validation.page_style import SCRIPT, STYLE

if TYPE_CHECKING:
    from cx_metrics.validation.checks import Judged, Outcome, Report

DEFAULT_DOCS = Path("build/data_docs")
_PARTS = ("index.html", "expectations", "validations")

_SCRIPTS = re.compile(r"<script\b.*?</script>", re.DOTALL | re.IGNORECASE)
_LINKS = re.compile(r"<link\b[^>]*>", re.IGNORECASE)
_STYLES = re.compile(r"<style\b.*?</style>", re.DOTALL | re.IGNORECASE)
_IMAGES = re.compile(r"<img\b[^>]*>", re.DOTALL | re.IGNORECASE)
_FOOTERS = re.compile(r"<footer\b.*?</footer>", re.DOTALL | re.IGNORECASE)
_OUTSIDE_ANCHORS = re.compile(
    r"<a\b[^>]*href\s*=\s*[\"']?(?:https?:)?//[^>]*>(.*?)</a>", re.DOTALL | re.IGNORECASE
)
_TITLES = re.compile(r"<title>.*?</title>", re.DOTALL | re.IGNORECASE)


def check_folder(docs: Path) -> None:
    """Raise CxMetricsError where the folder cannot take the site, or holds something else."""
    if docs.exists() and not docs.is_dir():
        raise CxMetricsError(f"{docs}: is a file: name a folder with --docs")
    if docs.is_dir():
        strange = sorted(path.name for path in docs.iterdir() if path.name not in _PARTS)
        if strange:
            raise CxMetricsError(
                f"{docs}: holds {strange[0]}, which is no part of Data Docs: name another folder with --docs"
            )
    try:
        docs.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CxMetricsError(f"{docs}: cannot be written ({error.strerror}): name another folder") from error


def write_pages(docs: Path, build: Callable[[Path], None], report: Report, database: str) -> None:
    """Write the site: let `build` write Great Expectations' pages into a folder, mend them, and put them into `docs`.

    `build` also notes the page of each suite in the report, as a path within the site.
    """
    with TemporaryDirectory(prefix="cxm-docs-") as scratch:
        built = Path(scratch).resolve() / "site"
        built.mkdir()
        build(built)
        shutil.rmtree(built / "static", ignore_errors=True)
        for page in built.rglob("*.html"):
            page.write_text(offline(page.read_text(encoding="utf-8")), encoding="utf-8")
        (built / "index.html").write_text(_front_page(report, database), encoding="utf-8")
        for part in _PARTS:
            target = docs / part
            if target.is_dir():
                shutil.rmtree(target)
            if (built / part).exists():
                shutil.move(str(built / part), str(target))


def offline(page: str) -> str:
    """Return a page of Great Expectations without anything from outside, with a style sheet and a filter of its own."""
    for unwanted in (_SCRIPTS, _LINKS, _STYLES, _FOOTERS):
        page = unwanted.sub("", page)
    page = _IMAGES.sub("Data Docs", page)
    page = _OUTSIDE_ANCHORS.sub(r"\1", page)
    page = _TITLES.sub("", page)
    head = f"<title>Data Docs</title>\n<style>{STYLE}</style>\n<script>{SCRIPT}</script>\n</head>"
    return page.replace("</head>", head, 1)


def _front_page(report: Report, database: str) -> str:
    outcomes = report.outcomes
    errors = [outcome for outcome in outcomes if outcome.is_error]
    warnings = [outcome for outcome in outcomes if outcome.is_warning]
    passed = sum(outcome.status == "passed" for outcome in outcomes)
    unjudged = len(outcomes) - passed - len(errors) - len(warnings)
    pages = {judged.suite.table: judged.page for judged in report.judged}
    body = [
        f"<h1>Data Docs of {escape(database)}</h1>",
        f"<p>{len(outcomes):,} expectations on {len(report.judged)} tables: "
        f"{passed:,} passed, <b class='error'>{len(errors):,} errors</b>, "
        f"<b class='warn'>{len(warnings):,} warnings</b>, {unjudged:,} without data.</p>",
        "<h2>What needs attention</h2>",
        _attention([*errors, *warnings], pages) if errors or warnings else "<p>Nothing.</p>",
        "<h2>Tables</h2>",
        _tables(report.judged),
    ]
    if report.absent_required:
        names = escape(", ".join(report.absent_required))
        body.append(f"<p>Required tables that were not delivered, so that metrics that need them are null: {names}.</p>")
    if report.absent_optional:
        body.append(f"<p>Optional tables that were not delivered: {escape(', '.join(report.absent_optional))}.</p>")
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="UTF-8">\n'
        f"<title>Data Docs</title>\n<style>{STYLE}</style>\n</head>\n"
        f'<body>\n<div class="container-fluid">\n{"".join(body)}\n</div>\n</body>\n</html>\n'
    )


def _attention(outcomes: Iterable[Outcome], pages: dict[str, str]) -> str:
    rows = []
    for outcome in outcomes:
        sample = "".join(f"<br><code>{escape(value)}</code>" for value in outcome.sample)
        rows.append(
            (
                f'<span class="{outcome.severity}">{outcome.severity}</span>',
                _link(pages.get(outcome.suite, ""), outcome.suite),
                escape(outcome.expectation.name),
                escape(outcome.observed) + sample,
                escape(outcome.expectation.means),
                escape(outcome.expectation.remedy),
            )
        )
    return _table(("Severity", "Table", "Expectation", "Observed", "A failure means", "What to do"), rows)


def _tables(suites: Iterable[Judged]) -> str:
    rows = []
    for judged in suites:
        count = len(judged.outcomes)
        passed = sum(outcome.status == "passed" for outcome in judged.outcomes)
        errors = sum(outcome.is_error for outcome in judged.outcomes)
        warnings = sum(outcome.is_warning for outcome in judged.outcomes)
        suite_page = f"expectations/{judged.suite.table.replace('.', '/')}.html" if judged.page else ""
        rows.append(
            (
                _link(judged.page, judged.suite.table),
                escape(judged.suite.about),
                f"{judged.row_count:,}",
                f"{passed:,} of {count:,}",
                f'<span class="error">{errors}</span>' if errors else "0",
                f'<span class="warn">{warnings}</span>' if warnings else "0",
                _link(suite_page, "suite"),
            )
        )
    return _table(("Table", "About", "Rows", "Passed", "Errors", "Warnings", "Expectations"), rows)


def _link(page: str, text: str) -> str:
    return f'<a href="{escape(page, quote=True)}">{escape(text)}</a>' if page else escape(text)


def _table(headers: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    head = "".join(f"<th>{header}</th>" for header in headers)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>\n" for row in rows)
    return f'<table class="table front">\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody>\n</table>'
