"""The command ``cxm simulate``."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import click

from cx_metrics.errors import CxMetricsError
from cx_metrics.simulator.effects import EFFECTS, EXAMPLE, PLAIN

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
@click.option(
    "--scenario",
    type=click.Choice([EXAMPLE, PLAIN, *EFFECTS]),
    default=EXAMPLE,
    show_default=True,
    metavar="NAME",
    help="Which named effects are at work: example has all, plain none, the name of an effect that one alone. "
    f"Effects: {', '.join(EFFECTS)}.",
)
@click.option(
    "--without",
    type=click.Choice([*EFFECTS]),
    multiple=True,
    metavar="EFFECT",
    help="Switch one effect of the scenario off; may be given more than once.",
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
    scenario: str,
    without: tuple[str, ...],
) -> None:
    """Simulate a contact center and write its raw tables.

    Customers have needs, needs become calls, chats and messages, these wait in queues for agents who are on
    duty, and what is not settled comes back. Waiting times, abandonment, repeats and transfers follow from
    that, so the tables hang together as those of a real center do. Neither the clock nor a network is read.
    """
    if contacts is not None and customers is not None:
        raise CxMetricsError("--contacts and --customers exclude each other: give the one that sets the size")
    from cx_metrics.console import Console
    from cx_metrics.simulator.run import simulate

    with _progress(days) as progress:
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
            scenario=scenario,
            without=without,
            progress=progress,
        )
    console = Console()
    console.say(
        f"{summary.contacts:,} contact records of {summary.days} days from {summary.start}, "
        f"as known at {summary.complete_through:%Y-%m-%d %H:%M} UTC, in {summary.out}"
    )
    console.table(("table", "rows"), sorted(summary.rows.items()))


@contextmanager
def _progress(days: int) -> Iterator[Callable[[int, int], None] | None]:
    """Show the days done as a bar on a terminal, and nothing elsewhere."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console as RichConsole
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("Simulating"),
        BarColumn(),
        TextColumn("{task.completed:.0f} of {task.total:.0f} days"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=RichConsole(stderr=True), transient=True) as bar:
        task = bar.add_task("days", total=days)
        yield lambda done, _: bar.update(task, completed=done)
