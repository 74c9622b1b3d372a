"""The Data Docs site: Great Expectations' own pages made to read offline, and a front page of failures."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterable
from html import escape
from pathlib import Path
from tempfile import TemporaryDirectory

from cx_metrics.errors import CxMetricsError
from cx_metrics.validation.page_style import SCRIPT, STYLE
from cx_metrics.validation.report import Judged, Outcome, Report, count

_PARTS = ("index.html", "expectations", "validations")

_DROPPED = tuple(
    re.compile(pattern, re.DOTALL | re.IGNORECASE)
    for pattern in (
        r"<script\b.*?</script>",
        r"<style\b.*?</style>",
        r"<footer\b.*?</footer>",
        r"<title>.*?</title>",
        r"<link\b[^>]*>",
    )
)
_IMAGES = re.compile(r"<img\b[^>]*>", re.DOTALL | re.IGNORECASE)
_OUTSIDE_ANCHORS = re.compile(
    r"<a\b[^>]*href\s*=\s*[\"']?(?:https?:)?//[^>]*>(.*?)</a>", re.DOTALL | re.IGNORECASE
)
_UPWARDS = re.compile(r"(?<=[\"'])(?:\.\./)+")


def check_folder(docs: Path) -> None:
    """Raise CxMetricsError where the folder cannot take the site, or holds something else."""
    try:
        docs.mkdir(parents=True, exist_ok=True)
        strange = sorted(path.name for path in docs.iterdir() if path.name not in _PARTS)
    except FileExistsError as error:
        raise CxMetricsError(f"{docs}: is a file: name a folder with --docs") from error
    except OSError as error:
        raise CxMetricsError(f"{docs}: cannot be used ({error.strerror}): name another folder") from error
    if strange:
        raise CxMetricsError(
            f"{docs}: holds {strange[0]}, which is no part of Data Docs: name another folder with --docs"
        )


def write_pages(docs: Path, build: Callable[[Path], dict[str, Path]], report: Report, database: str) -> None:
    """Write the site into `docs`, in place of the one there, and note each suite's page in the report.

    `build` lets Great Expectations write its pages into a folder and returns the page of each validation, by
    schema.table. They are moved to validations/<schema>/<table>.html, an address that stays.
    """
    with TemporaryDirectory(prefix="cxm-docs-") as scratch:
        built, site = Path(scratch).resolve() / "built", Path(scratch).resolve() / "site"
        built.mkdir()
        pages = build(built)
        for page in (built / "expectations").rglob("*.html"):
            _write(site / page.relative_to(built), offline(page.read_text(encoding="utf-8")))
        for judged in report.judged:
            if judged.suite.table in pages:
                text = pages[judged.suite.table].read_text(encoding="utf-8")
                judged.page = f"validations/{judged.suite.schema}/{judged.suite.name}.html"
                _write(site / judged.page, _UPWARDS.sub("../../", offline(text)))
        _write(site / "index.html", _front_page(report, database))
        for part in _PARTS:
            old, new = docs / part, site / part
            if old.is_dir():
                shutil.rmtree(old)
            if new.exists():
                shutil.move(new, old)


def offline(page: str) -> str:
    """Return a page of Great Expectations without anything from outside, with its own style and filter."""
    for dropped in _DROPPED:
        page = dropped.sub("", page)
    page = _IMAGES.sub("Data Docs", page)
    page = _OUTSIDE_ANCHORS.sub(r"\1", page)
    head = f"<title>Data Docs</title>\n<style>{STYLE}</style>\n<script>{SCRIPT}</script>\n</head>"
    return page.replace("</head>", head, 1)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _front_page(report: Report, database: str) -> str:
    outcomes = report.outcomes
    counts = count(outcomes)
    attention = sorted((o for o in outcomes if o.is_error or o.is_warning), key=lambda o: o.is_warning)
    body = [
        f"<h1>Data Docs of {escape(database)}</h1>",
        f"<p>{counts.total:,} expectations on {len(report.judged)} tables: {counts.passed:,} passed, ",
        f"<b class='error'>{counts.errors:,} errors</b>, <b class='warn'>{counts.warnings:,} warnings</b>, ",
        f"{counts.unjudged:,} without data.</p>",
        "<h2>What needs attention</h2>",
        _attention(attention, {judged.suite.table: judged.page for judged in report.judged}),
        "<h2>Tables</h2>",
        _tables(report.judged),
    ]
    for kind, names in (
        ("Required tables that were not delivered; metrics that need them are null", report.absent_required),
        ("Optional tables that were not delivered", report.absent_optional),
    ):
        if names:
            body.append(f"<p>{kind}: {escape(', '.join(names))}.</p>")
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="UTF-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1.0">\n'
        f"<title>Data Docs</title>\n<style>{STYLE}</style>\n</head>\n"
        f'<body>\n<div class="container-fluid">\n{"".join(body)}\n</div>\n</body>\n</html>\n'
    )


def _attention(outcomes: Iterable[Outcome], pages: dict[str, str]) -> str:
    rows = [
        (
            f'<span class="{outcome.severity}">{outcome.severity}</span>',
            _link(pages.get(outcome.suite, ""), outcome.suite),
            escape(outcome.expectation.name),
            escape(outcome.observed)
            + "".join(f"<br><code>{escape(value)}</code>" for value in outcome.sample),
            escape(outcome.expectation.means),
            escape(outcome.expectation.remedy),
        )
        for outcome in outcomes
    ]
    if not rows:
        return "<p>Nothing.</p>"
    return _table(("Severity", "Table", "Expectation", "Observed", "A failure means", "What to do"), rows)


def _tables(suites: Iterable[Judged]) -> str:
    rows = []
    for judged in suites:
        counts = count(judged.outcomes)
        suite_page = f"expectations/{judged.suite.schema}/{judged.suite.name}.html" if judged.page else ""
        rows.append(
            (
                _link(judged.page, judged.suite.table),
                escape(judged.suite.about),
                f"{judged.row_count:,}",
                f"{counts.passed:,} of {counts.total:,}",
                f'<span class="error">{counts.errors}</span>' if counts.errors else "0",
                f'<span class="warn">{counts.warnings}</span>' if counts.warnings else "0",
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
