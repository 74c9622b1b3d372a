"""The command ``cxm simulate``."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from cx_metrics.simulator.run import SimulationSummary, simulate

_EXAMPLES = "\n".join(
    (
        "\b",
        "Examples:",
        "  cxm simulate                  a year, about 50,000 contacts, into ./input",
        "  cxm simulate --out small --contacts 5000 --days 90",
        "  cxm simulate --out growing --customers 20000 --days 30",
        "  cxm simulate --out dirty --defects 0.02 --late 0.05",
    )
)


@click.command("simulate", epilog=_EXAMPLES)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("input"),
    show_default=True,
    help="Folder to write to. An earlier simulation there is replaced; a folder with other files is refused.",
)
@click.option(
    "--contacts",
    type=click.IntRange(min=1),
    help="About how many contact records in all. Without this and --customers: 50,000.",
)
@click.option(
    "--customers",
    type=click.IntRange(min=1),
    help="Customers on the first day; contacts follow, 2.4 a year for each. With more days, the earlier days "
    "stay the same.",
)
@click.option(
    "--days", type=click.IntRange(1, 36525), default=365, show_default=True, help="Days to simulate."
)
@click.option(
    "--start",
    type=click.DateTime(formats=["%Y-%m-%d"]),
    default="2024-01-01",
    show_default=True,
    help="The first day.",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=1,
    show_default=True,
    help="Another seed is another, equally likely year; the same seed gives the same files, byte for byte.",
)
@click.option(
    "--vendors",
    type=click.IntRange(0, 9),
    default=2,
    show_default=True,
    help="Outsourcers beside the company's own staff; with 0, everything is in house.",
)
@click.option(
    "--defects",
    type=click.FloatRange(0, 1),
    default=0.0,
    show_default=True,
    help="Share of contact and segment rows to spoil: lost agents, negative durations, repeated deliveries, "
    "unknown values and more. Every spoiled row is listed in truth/defects.",
)
@click.option(
    "--late",
    type=click.FloatRange(0, 1),
    default=0.0,
    show_default=True,
    help="Share of contact and segment rows that come incomplete first, and corrected hours or days later.",
)
@click.option(
    "--format",
    "file_format",
    type=click.Choice(["parquet", "csv"]),
    default="parquet",
    show_default=True,
    help="Format of the files.",
)
def simulate_command(
    out: Path,
    contacts: int | None,
    customers: int | None,
    days: int,
    start: datetime,
    seed: int,
    vendors: int,
    defects: float,
    late: float,
    file_format: str,
) -> None:
    """Simulate a contact center and write its raw tables.

    Customers have needs, needs become calls, chats and messages, these wait in queues for agents who are on
    duty, and what is not settled comes back. Waiting times, abandonment, repeats and transfers follow from
    that, so the tables hang together as those of a real center do. Neither the clock nor a network is read.
    """
    if contacts is not None and customers is not None:
        raise click.UsageError("--contacts and --customers exclude each other: either sets the size.")
    console = Console(stderr=True)
    bar = Progress(
        TextColumn("Simulating"),
        BarColumn(),
        TextColumn("{task.completed:.0f} of {task.total:.0f} days"),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    try:
        with bar:
            task = bar.add_task("days", total=days)
            summary = simulate(
                out,
                contacts=contacts,
                customers=customers,
                days=days,
                start=start.date(),
                seed=seed,
                vendors=vendors,
                defects=defects,
                late=late,
                file_format=file_format,
                progress=lambda done, _: bar.update(task, completed=done),
            )
    except (ValueError, OSError) as error:
        raise click.ClickException(str(error)) from error
    click.echo(_report(summary))


def _report(summary: SimulationSummary) -> str:
    width = max(len(name) for name in summary.rows)
    known = f"{summary.complete_through:%Y-%m-%d %H:%M} UTC"
    heading = (
        f"{summary.contacts:,} contact records from {summary.start}, {summary.days} days, as known at {known}, in "
        f"{summary.out}:"
    )
    return "\n".join(
        [heading, *(f"  {name:<{width}}  {rows:>11,}" for name, rows in sorted(summary.rows.items()))]
    )
