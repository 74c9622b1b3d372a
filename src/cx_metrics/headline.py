"""The table that `make build` ends with: the headline metrics of a built warehouse, and where to look next."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

from cx_metrics.database import open_read_only

HEADLINES = (
    "contacts_offered",
    "contacts_handled",
    "service_level",
    "abandonment_rate",
    "asa_seconds",
    "aht_seconds",
    "talk_seconds_per_contact",
    "hold_seconds_per_contact",
    "wrap_seconds_per_contact",
    "first_response_rate",
    "time_to_resolution_hours",
    "contacts_per_customer",
    "retention_rate",
    "save_rate",
    "influenced_revenue",
)
"""Metrics that open the story, in the order of a contact's life."""

_QUERY = """
with complete_months as (
    select distinct period_start
    from audit.metric_values
    where grain = 'month' and is_mature
    order by period_start desc
    limit 2
),

months as (
    select max(period_start) as newest, case when count(*) = 2 then min(period_start) end as previous
    from complete_months
),

totals as (
    select
        *,
        grain = 'all' as is_all_time,
        grain = 'month' and period_start = newest as is_newest,
        grain = 'month' and period_start = previous as is_previous
    from audit.metric_values
    cross join months
    where dimension = 'all' and grain in ('month', 'all')
)

select
    totals.metric_name,
    dim_metric.label,
    dim_metric.unit,
    max(totals.value) filter (is_all_time) as all_time,
    max(totals.value) filter (is_previous) as previous,
    max(totals.value) filter (is_newest) as newest,
    max(totals.interval_low) filter (is_newest) as low,
    max(totals.interval_high) filter (is_newest) as high,
    max(totals.n) filter (is_newest) as n,
    max(totals.null_reason) filter (is_all_time) as null_reason,
    max(totals.previous) as previous_month,
    max(totals.newest) as newest_month,
    max(totals.as_of) as as_of
from totals
inner join audit.dim_metric using (metric_name)
group by all
"""


@dataclass(frozen=True)
class Headline:
    """One metric: its value over all time and in the two newest complete months, null where it is not known."""

    name: str
    label: str
    unit: str
    all_time: float | None
    previous: float | None
    newest: float | None
    low: float | None
    high: float | None
    n: Decimal | None
    null_reason: str | None


@dataclass(frozen=True)
class Headlines:
    """The headline metrics, the two newest complete months (none in a short history) and the instant they stand at."""

    rows: tuple[Headline, ...]
    previous_month: date | None
    newest_month: date | None
    as_of: object
    set_aside: tuple[tuple[str, int, int], ...]


def read_headlines(database: Path | None = None) -> Headlines:
    """Read the headline metrics of a built warehouse.

    Raises CxMetricsError where there is no database or nothing has been built in it.
    """
    with open_read_only(database, needs="audit.metric_values") as connection:
        found = {row[0]: row for row in connection.execute(_QUERY).fetchall()}
        set_aside = connection.execute(
            "select table_name, superseded_rows, quarantined_rows from audit.load_reconciliation "
            "where superseded_rows + quarantined_rows > 0 order by table_name"
        ).fetchall()
    any_row = next(iter(found.values()), None)
    return Headlines(
        rows=tuple(Headline(*found[name][:10]) for name in HEADLINES if name in found),
        previous_month=any_row[10] if any_row else None,
        newest_month=any_row[11] if any_row else None,
        as_of=max((row[12] for row in found.values() if row[12]), default=None),
        set_aside=tuple(set_aside),
    )


_SUFFIX = {"seconds": " s", "hours": " h"}

_REASONS = {
    "no_rows": "nothing to measure it on was delivered",
    "no_denominator": "no contact that it counts",
    "below_minimum_n": "too few contacts to publish a rate",
    "not_known": "nothing of it is known yet",
}


def format_value(value: float | None, unit: str) -> str:
    """Write a value the way people read it: shares as per cent, counts whole, the rest with one decimal; – for null."""
    if value is None:
        return "–"
    if unit == "share":
        return f"{100 * value:.1f} %"
    if unit == "contacts":
        return f"{value:,.0f}"
    return (f"{value:,.2f}" if abs(value) < 10 else f"{value:,.1f}") + _SUFFIX.get(unit, "")


def print_headlines(headlines: Headlines, picture: Path | None = None) -> None:
    """Print the table and where to go next; with `picture`, also write what was printed as an SVG file."""
    from rich.console import Console
    from rich.table import Table

    console = Console(
        width=None if sys.stdout.isatty() and picture is None else 110, record=picture is not None
    )
    table = Table(title="Headline metrics", title_justify="left")
    table.add_column("Metric", no_wrap=True)
    table.add_column("All time", justify="right", no_wrap=True)
    months = [month for month in (headlines.previous_month, headlines.newest_month) if month]
    for month in months:
        table.add_column(f"{month:%b %Y}", justify="right", no_wrap=True)
    if months:
        table.add_column("95 % interval", justify="right", no_wrap=True)
        table.add_column("n", justify="right", style="dim", no_wrap=True)
    for row in headlines.rows:
        cells = [row.label, format_value(row.all_time, row.unit)]
        if headlines.previous_month:
            cells.append(format_value(row.previous, row.unit))
        if headlines.newest_month:
            known = row.low is not None and row.high is not None
            cells.append(format_value(row.newest, row.unit))
            cells.append(f"{100 * (row.low or 0):.1f} – {100 * (row.high or 0):.1f} %" if known else "")
            cells.append("" if row.n is None or row.unit == "contacts" else f"{row.n:,.0f}")
        table.add_row(*cells)
    console.print(table)
    if headlines.as_of is not None:
        console.print(
            f"As of {headlines.as_of} UTC; months that are not complete yet are not shown.", highlight=False
        )
    for row in headlines.rows:
        if row.null_reason:
            console.print(
                f"– {row.label}: {_REASONS.get(row.null_reason, row.null_reason)}.", highlight=False
            )
    set_aside = [f"{name} {count:,}" for name, count, _ in headlines.set_aside if count]
    if set_aside:
        console.print(
            f"Older deliveries of the same row, superseded: {', '.join(set_aside)}.", highlight=False
        )
    quarantined = [f"{name} {count:,}" for name, _, count in headlines.set_aside if count]
    if quarantined:
        console.print(
            f"[bold]Quarantined rows, see audit.quarantined_rows: {', '.join(quarantined)}.[/bold]",
            highlight=False,
        )
    console.print(
        "\nNext:\n"
        "  every metric by day, week, month, dimension   select * from audit.metric_values\n"
        "  what a metric means                           docs/metrics.md, or select * from audit.dim_metric\n"
        "  the rows behind a number                      select * from marts.fct_contacts\n"
        "  your own data                                 docs/mapping.md, then: make build INPUT=your_folder\n"
        "  checks on raw tables and marts                .venv/bin/cxm validate",
        highlight=False,
        soft_wrap=True,
    )
    if picture is not None:
        svg = console.export_svg(title="make build")
        # the page must not ask another host for a font
        picture.write_text(re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL), "utf-8")
