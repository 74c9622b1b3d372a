"""The whole simulation: draw the world, run day after day, write the tables in chunks of days."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import pyarrow as pa

from cx_metrics.simulator import clock
from cx_metrics.simulator.columns import DAY, FLAG, NUMBER, TEXT, from_rows
from cx_metrics.simulator.contacts import tables as contact_tables
from cx_metrics.simulator.contacts.center import Center
from cx_metrics.simulator.contacts.demand import Demand
from cx_metrics.simulator.contacts.population import Population
from cx_metrics.simulator.contacts.records import CONTACT_FIELDS, PIECE_FIELDS, Office
from cx_metrics.simulator.defects import contact_defects as defect_rules
from cx_metrics.simulator.defects.deliveries import spoil_table
from cx_metrics.simulator.domains import domains_of
from cx_metrics.simulator.effects import EFFECTS, EXAMPLE
from cx_metrics.simulator.finished import Domain, Tables
from cx_metrics.simulator.frames import Frame, concat, size
from cx_metrics.simulator.settings import WARM_UP_DAYS, Settings
from cx_metrics.simulator.workforce.workforce import Workforce
from cx_metrics.simulator.writing import Writer

_CHUNK_CONTACTS = 40_000
_CHUNK_CUSTOMERS = 200_000

_EFFECTS_SCHEMA = pa.schema(
    [
        ("effect", TEXT),
        ("is_on", FLAG),
        ("size", NUMBER),
        ("unit", TEXT),
        ("since", DAY),
        ("until", DAY),
        ("description", TEXT),
    ]
)


@dataclass(frozen=True)
class SimulationSummary:
    """What was written: the folder, the rows of every table, and the period.

    ``contacts`` counts contact records without repeated deliveries; ``complete_through`` is the UTC instant
    of the extract, ``defects`` how many rows the truth lists as spoiled or late.
    """

    out: Path
    file_format: str
    rows: dict[str, int]
    start: date
    days: int
    complete_through: datetime
    contacts: int
    customers: int
    defects: int


def simulate(
    out: Path,
    *,
    contacts: int | None = None,
    customers: int | None = None,
    days: int = 365,
    start: date = date(2024, 1, 1),
    seed: int = 1,
    vendors: int = 2,
    defects: float = 0.0,
    late: float = 0.0,
    file_format: str = "parquet",
    scenario: str = EXAMPLE,
    without: tuple[str, ...] = (),
    progress: Callable[[int, int], None] | None = None,
) -> SimulationSummary:
    """Write the raw tables of a simulated contact center into a folder.

    ``contacts`` is about how many contact records there will be in all, ``customers`` how many customers
    there are on the first day; each follows from the other, and with neither there are about 50,000 contacts.
    ``vendors`` is the number of outsourcers; ``defects`` and ``late`` are shares of the rows of contacts and
    segments. ``scenario`` and ``without`` say which named effects are at work, see ``effects``. ``progress``
    is called with the days done and the days in all. The same arguments give the same bytes.

    Raises CxMetricsError for an argument out of its range, and when the folder holds other files.
    """
    settings = Settings.of(
        contacts=contacts,
        customers=customers,
        days=days,
        start=start,
        seed=seed,
        vendors=vendors,
        defects=defects,
        late=late,
        file_format=file_format,
        scenario=scenario,
        without=without,
    )
    arguments = {
        "contacts": contacts,
        "customers": customers,
        "days": days,
        "start": start.isoformat(),
        "seed": seed,
        "vendors": vendors,
        "defects": defects,
        "late": late,
        "file_format": file_format,
        "scenario": scenario,
        "without": list(without),
    }
    with Writer(out, file_format, arguments) as writer:
        population = Population(settings)
        demand = Demand(settings, population)
        workforce = Workforce(settings, demand)
        office = Office(settings, population, demand, workforce)
        for name, table in contact_tables.reference_tables(settings).items():
            writer.write(name, table)
        writer.write("effects", _effects_table(settings.effects, start), folder="truth")
        writer.write("agents", contact_tables.agents_table(settings, workforce))
        written = _run_days(settings, Center(office), domains_of(office), writer, progress)
        for first in range(0, size(population.customers), _CHUNK_CUSTOMERS):
            rows = contact_tables.customers_table(settings, population, first, _CHUNK_CUSTOMERS)
            writer.write("customers", rows)
    return SimulationSummary(
        out=out,
        file_format=file_format,
        rows=dict(writer.rows),
        start=start,
        days=days,
        complete_through=clock.as_datetime(settings.known_until),
        contacts=written,
        customers=writer.rows["customers"],
        defects=writer.rows.get("truth/defects", 0),
    )


def _effects_table(on: frozenset[str], start: date) -> pa.Table:
    """Return truth/effects: every named effect, whether it is on, how strong it is and when it works.

    ``until`` is exclusive; both days are null for an effect that works all the time.
    """

    def day(number: int | None) -> date | None:
        return None if number is None else start + timedelta(days=number)

    return from_rows(
        _EFFECTS_SCHEMA,
        [
            (one.name, one.name in on, one.size, one.unit, day(one.since), day(one.until), one.description)
            for one in EFFECTS.values()
        ],
    )


def _run_days(
    settings: Settings,
    center: Center,
    domains: list[Domain],
    writer: Writer,
    progress: Callable[[int, int], None] | None,
) -> int:
    """Run all days, write everything chunk by chunk; return how many contact records there are."""
    chunk_days = max(1, min(28, int(_CHUNK_CONTACTS / max(settings.contacts_per_day, 1.0))))
    records: list[Frame] = []
    segments: list[Frame] = []
    written = 0
    for number in range(-WARM_UP_DAYS, settings.days):
        day = center.one_day(number)
        for domain in domains:
            domain.one_day(day)
        records.append(day.records)
        segments.append(day.pieces)
        is_last = number == settings.days - 1
        if is_last:
            record, piece = center.still_open()
            records.append(record)
            segments.append(piece)
        if is_last or (number >= 0 and (number + 1) % chunk_days == 0):
            written += _write_chunk(settings, records, segments, writer)
            records, segments = [], []
            for domain in domains:
                _write(settings, writer, domain.drain())
        if progress is not None and number >= 0:
            progress(number + 1, settings.days)
    for domain in domains:
        _write(settings, writer, domain.close())
    return written


def _write(settings: Settings, writer: Writer, tables: Tables) -> None:
    for name, table in tables.items():
        folder, _, plain = name.rpartition("/")
        if folder:
            writer.write(plain, table, folder=folder)
            continue
        spoiled, truth = spoil_table(settings, plain, table)
        writer.write(plain, spoiled)
        if truth is not None:
            writer.write("defects", truth, folder="truth")


def _write_chunk(settings: Settings, records: list[Frame], pieces: list[Frame], writer: Writer) -> int:
    calls, parts, numbers, segment_of = contact_tables.tables_of(
        settings, concat(records, CONTACT_FIELDS), concat(pieces, PIECE_FIELDS)
    )
    count = int(calls.num_rows)
    calls, parts, truth = defect_rules.spoil(settings, calls, parts, numbers, segment_of)
    writer.write("contacts", calls)
    writer.write("contact_segments", parts)
    if settings.defects or settings.late:
        writer.write("defects", truth, folder="truth")
    return count
