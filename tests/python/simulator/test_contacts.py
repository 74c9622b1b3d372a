"""The simulator: the same arguments give the same bytes, more days only add days, waits come from the queue,
and what is wrong with the data is exactly what the truth lists."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from simulated import Warehouse

from cx_metrics.contract import load_contract
from cx_metrics.errors import CxMetricsError
from cx_metrics.simulator import clock, simulate, world
from cx_metrics.simulator.command import simulate_command
from cx_metrics.simulator.contacts import routing
from cx_metrics.simulator.contacts.tables import SCHEMAS

CONTRACT = load_contract()
TABLES = sorted(SCHEMAS)
Row = dict[str, Any]


def rows_of(folder: Path, table: str) -> list[Row]:
    rows: list[Row] = pq.read_table(folder / f"{table}.parquet").to_pylist()
    return rows


def hashes(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """The default example."""
    out = tmp_path_factory.mktemp("simulator") / "year"
    yield Warehouse(out, simulate(out))


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """A month of a larger center, across both spring clock changes."""
    out = tmp_path_factory.mktemp("simulator") / "month"
    yield Warehouse(out, simulate(out, contacts=16_000, days=31, start=date(2024, 3, 5), seed=7))


@pytest.fixture(params=["year", "month"])
def warehouse(request: pytest.FixtureRequest) -> Warehouse:
    found: Warehouse = request.getfixturevalue(request.param)
    return found


# Same arguments, same bytes; more days, the same first days


@pytest.mark.parametrize("file_format", ["parquet", "csv"])
def test_the_same_arguments_give_the_same_bytes(tmp_path: Path, file_format: str) -> None:
    for name in ("a", "b"):
        simulate(tmp_path / name, contacts=700, days=9, defects=0.1, late=0.1, file_format=file_format)
    assert hashes(tmp_path / "a") == hashes(tmp_path / "b")
    simulate(tmp_path / "c", contacts=700, days=9, defects=0.1, late=0.1, file_format=file_format, seed=2)
    different = {
        name for name, digest in hashes(tmp_path / "c").items() if hashes(tmp_path / "a")[name] != digest
    }
    assert {f"contacts.{file_format}", f"agents.{file_format}", f"customers.{file_format}"} <= different


def test_csv_holds_the_same_rows_as_parquet(tmp_path: Path) -> None:
    for file_format in ("parquet", "csv"):
        simulate(tmp_path / file_format, contacts=400, days=6, file_format=file_format)
    for table in TABLES:
        names = ", ".join(SCHEMAS[table].names)
        read = f"read_csv('{tmp_path}/csv/{table}.csv', header=true, all_varchar=true)"
        typed = ", ".join(
            f"cast({field.name} as {_sql_type(field.type)}) as {field.name}" for field in SCHEMAS[table]
        )
        written = duckdb.sql(f"select {typed} from {read} order by all").fetchall()
        assert (
            written
            == duckdb.sql(f"select {names} from '{tmp_path}/parquet/{table}.parquet' order by all").fetchall()
        )


def _sql_type(kind: pa.DataType) -> str:
    if pa.types.is_timestamp(kind):
        return "timestamp"
    if pa.types.is_date(kind):
        return "date"
    if pa.types.is_boolean(kind):
        return "boolean"
    return "integer" if pa.types.is_integer(kind) else "varchar"


def test_more_days_only_add_days(tmp_path: Path) -> None:
    short = simulate(tmp_path / "short", customers=9000, days=12, defects=0.05, late=0.05)
    simulate(tmp_path / "long", customers=9000, days=40, defects=0.05, late=0.05)
    known_until = short.complete_through.replace(tzinfo=None)
    for table in ("contacts", "contact_segments", "customers"):
        early, late = (rows_of(tmp_path / name, table) for name in ("short", "long"))
        known = [
            Counter(
                tuple(row.values())
                for row in rows
                if row["updated_at"] is not None and row["updated_at"] < known_until - timedelta(seconds=5)
            )
            for rows in (early, late)
        ]
        if table == "customers":
            # A customer changed since is known in an older version only to the short run.
            assert known[1] <= known[0]
            ids = [
                {row["customer_id"] for row in rows if row["created_at"] < known_until}
                for rows in (early, late)
            ]
            assert ids[0] == ids[1]
            continue
        # What the short run knows as open, the long run knows as finished later.
        finished = [{row: n for row, n in rows.items() if row[_at(table, "ended_at")]} for rows in known]
        assert finished[0] == finished[1] and len(finished[0]) > 500
    agents = [rows_of(tmp_path / name, "agents") for name in ("short", "long")]
    first_rows = {(row["agent_id"], row["effective_from"]): row for row in agents[1]}
    for row in agents[0]:
        later = first_rows[row["agent_id"], row["effective_from"]]
        same = ("team", "site", "vendor_id", "role", "hired_on")
        assert [row[name] for name in same] == [later[name] for name in same]


def _at(table: str, column: str) -> int:
    return int(SCHEMAS[table].get_field_index(column))


# The contract


@pytest.mark.parametrize("table", TABLES)
def test_tables_keep_the_contract(warehouse: Warehouse, table: str) -> None:
    contract = CONTRACT[table]
    columns = {column.name: column for column in contract.columns}
    assert SCHEMAS[table].names and set(SCHEMAS[table].names) <= set(columns)
    names = ", ".join(contract.key)
    warehouse.none(f"select {names} from {table} group by all having count(*) > 1")
    for name in SCHEMAS[table].names:
        column = columns[name]
        if column.required:
            assert warehouse.one(f"select count(*) from {table} where {name} is null") == 0, name
        if column.accepted_values:
            found = {
                str(v)
                for (v,) in warehouse.all(f"select distinct {name} from {table} where {name} is not null")
            }
            assert found <= set(column.accepted_values), name
        expected = {"text": "VARCHAR", "timestamp": "TIMESTAMP", "date": "DATE", "boolean": "BOOLEAN"}
        kind = warehouse.one(f"select typeof({name}) from {table} limit 1")
        assert kind == expected.get(column.data_type, "INTEGER"), name


def test_every_column_of_the_contract_is_there() -> None:
    for table in TABLES:
        assert SCHEMAS[table].names == [column.name for column in CONTRACT[table].columns] or set(
            SCHEMAS[table].names
        ) == {column.name for column in CONTRACT[table].columns}


def test_all_kinds_of_contacts_occur(year: Warehouse) -> None:
    found = set(year.all("select distinct channel, direction, initiation_method from contacts"))
    for expected in (
        ("voice", "inbound", "inbound"),
        ("voice", "inbound", "transfer"),
        ("voice", "inbound", "callback"),
        ("voice", "outbound", "outbound"),
        ("voice", "internal", "monitor"),
        ("chat", "inbound", "api"),
        ("email", "inbound", "inbound"),
        ("messaging", "inbound", "inbound"),
        ("social", "inbound", "inbound"),
        ("self_service", "inbound", "inbound"),
    ):
        assert expected in found
    purposes = {value for (value,) in year.all("select distinct purpose from contacts")}
    assert purposes == {None, "follow_up_answer", "courtesy", "survey", "sales", "collections"}
    kinds = {value for (value,) in year.all("select distinct kind from contact_segments")}
    assert kinds == set(world.KINDS)
    transfers = {value for (value,) in year.all("select distinct transfer_kind from contact_segments")}
    assert transfers == {None, *world.TRANSFERS}
    assert year.one("select count(*) from contacts where is_test") > 20
    exclusions = {value for (value,) in year.all("select distinct source_exclusion from contacts")}
    assert exclusions == {None, "spam", "wrong_number"}
    assert year.one("select count(*) from contacts where ended_at is null") > 0
    assert year.one("select count(distinct agent_id) from agents where left_on is not null") > 0


def test_identity_is_mixed(year: Warehouse) -> None:
    unknown, switchboard, anonymous = year.one(
        f"""select avg((customer_id is null)::int), count(*) filter (customer_id = '{world.SWITCHBOARD_ID}'),
            count(*) filter (customer_id = '{world.ANONYMOUS_ID}')
            from contacts where direction = 'inbound'"""
    )
    assert 0.05 < unknown < 0.10
    assert switchboard > 200 and anonymous > 200
    found = {value for (value,) in year.all("select distinct identity_confidence from contacts")}
    assert found == {None, *world.IDENTITIES}


# References


def test_references_hold(warehouse: Warehouse) -> None:
    for table, column, target in (
        ("contact_segments", "contact_id", "contacts"),
        ("contacts", "queue_id", "queues"),
        ("contact_segments", "queue_id", "queues"),
        ("contacts", "reason_code", "reasons"),
        ("contacts", "product_line_id", "product_lines"),
        ("queues", "program_id", "programs"),
        ("queues", "vendor_id", "vendors"),
        ("agents", "vendor_id", "vendors"),
        ("queue_hours", "queue_id", "queues"),
        ("queue_holidays", "queue_id", "queues"),
        ("contact_segments", "agent_id", "agents"),
    ):
        warehouse.none(f"select {column} from {table} where {column} not in (select {column} from {target})")
    warehouse.none(
        f"""select customer_id from contacts where customer_id not in (select customer_id from customers)
            and customer_id not in ('{world.SWITCHBOARD_ID}', '{world.ANONYMOUS_ID}')"""
    )
    warehouse.none(
        """select later.contact_id from contacts as later
           left join contacts as first on later.initial_contact_id = first.contact_id
           where later.initial_contact_id is not null
             and (first.contact_id is null or first.initial_contact_id is not null
                  or later.started_at < first.started_at)"""
    )
    warehouse.none(
        """select contact_id from contacts join customers using (customer_id)
           where contacts.started_at < customers.created_at"""
    )


def test_agents_work_while_they_are_employed(warehouse: Warehouse) -> None:
    warehouse.none(
        """select contact_id, agent_id from contact_segments as segments
           where agent_id is not null and not exists (
               select 1 from agents where agents.agent_id = segments.agent_id
               and segments.started_at::date >= effective_from
               and segments.started_at::date < coalesce(effective_to, date '9999-01-01'))"""
    )
    warehouse.none(
        """select agent_id from (
               select agent_id, effective_from, lag(effective_to) over by_start as before,
                   row_number() over by_start as nth
               from agents window by_start as (partition by agent_id order by effective_from))
           where nth > 1 and before is distinct from effective_from"""
    )


def test_agents_do_one_thing_at_a_time_except_chats(warehouse: Warehouse) -> None:
    warehouse.none(
        """select agent_id, started_at from (
               select agent_id, started_at, max(ended_at) over (
                   partition by agent_id order by started_at, ended_at, contact_id, segment_number
                   rows between unbounded preceding and 1 preceding) as busy_until
               from contact_segments
               where kind in ('ring', 'talk', 'hold', 'wrap', 'message')
                 and queue_id is distinct from 'q_chat'
                 and agent_id not in (select agent_id from agents where role = 'supervisor'))
           where started_at < busy_until"""
    )
    at_once = warehouse.one(
        """select max(held) from (
               select sum(step) over (partition by agent_id order by moment, step) as held from (
                   select agent_id, started_at as moment, 1 as step from contact_segments
                   where queue_id = 'q_chat' and kind = 'talk' and ended_at is not null
                   union all
                   select agent_id, ended_at, -1 from contact_segments
                   where queue_id = 'q_chat' and kind = 'talk' and ended_at is not null))"""
    )
    assert 2 <= at_once <= 3


# Segments


def test_segments_tell_the_story_of_their_contact(warehouse: Warehouse) -> None:
    warehouse.none("select contact_id from contact_segments where ended_at < started_at")
    warehouse.none("select contact_id from contacts where ended_at < started_at")
    warehouse.none(
        """select contact_id from contact_segments group by contact_id
           having min(segment_number) <> 1 or max(segment_number) <> count(*)"""
    )
    warehouse.none(
        """select contact_id from (select contact_id, started_at, lag(started_at) over (
               partition by contact_id order by segment_number) as before from contact_segments)
           where started_at < before"""
    )
    warehouse.none(
        """select contact_id from contacts join (
               select contact_id, min(started_at) as first_at,
                   max(ended_at) filter (kind <> 'wrap') as last_at
               from contact_segments group by contact_id) using (contact_id)
           where first_at <> started_at and initiation_method <> 'monitor' or last_at <> ended_at"""
    )
    warehouse.none(
        """select kind, count(*) from contact_segments group by kind
           having count(agent_id) <> case when kind in ('ivr', 'bot', 'queue') then 0 else count(*) end"""
    )


def test_nothing_is_known_after_the_extract(warehouse: Warehouse) -> None:
    assert set(warehouse.all("select feed from feed_watermarks")) == {
        (t.feed,) for t in CONTRACT.values() if t.feed
    }
    complete_through = warehouse.one("select distinct complete_through from feed_watermarks")
    assert complete_through == warehouse.summary.complete_through.replace(tzinfo=None)
    end = datetime.combine(
        warehouse.summary.start + timedelta(days=warehouse.summary.days), datetime.min.time()
    )
    assert end <= complete_through <= end + timedelta(hours=1)
    for table in ("contacts", "contact_segments", "customers"):
        assert warehouse.one(f"select max(updated_at) from {table}") <= complete_through
    assert warehouse.one("select max(started_at) from contacts") < complete_through
    warehouse.none("select contact_id from contacts where updated_at < greatest(started_at, ended_at)")
    warehouse.none(
        """select contact_id from contacts where ended_at is null
           and (disconnect_reason is not null or reason_code is not null)"""
    )


def test_callbacks_continue_the_contact_that_asked(year: Warehouse) -> None:
    year.none(
        """select contact_id from contacts as callback where initiation_method = 'callback' and not exists (
               select 1 from contacts as asking
               where callback.initial_contact_id in (asking.contact_id, asking.initial_contact_id)
                 and asking.callback_accepted and asking.ended_at <= callback.started_at)"""
    )
    asked, called, reached = year.one(
        """select count(*) filter (callback_accepted), (
               select count(distinct initial_contact_id) from contacts
               where initiation_method = 'callback'), (
               select count(distinct initial_contact_id)
               from contacts join contact_segments using (contact_id)
               where initiation_method = 'callback' and kind = 'talk') from contacts"""
    )
    assert asked == called and 0.7 * asked < reached < asked


# The queue


def test_waits_obey_first_in_first_out(warehouse: Warehouse) -> None:
    # One ring and no callback: such contacts were served in the order in which they entered the queue.
    served = warehouse.all(
        """with legs as (
               select contact_id, queue_id, kind, started_at as entered, ended_at as left_at,
                   lead(kind) over leg as next_kind, lag(kind) over leg as before, segment_number
               from contact_segments window leg as (partition by contact_id order by segment_number)),
           missed as (
               select contact_id from legs where kind = 'queue' and before = 'ring' union
               select contact_id from contacts where initiation_method = 'callback')
           select queue_id, entered, left_at from legs join queues using (queue_id)
           where kind = 'queue' and next_kind = 'ring' and queues.channel in ('voice', 'chat')
             and contact_id not in (from missed)
           order by queue_id, entered, left_at"""
    )
    assert len(served) > 5000
    for before, after in pairwise(served):
        if before[0] == after[0] and before[1] < after[1]:
            assert before[2] <= after[2]


def test_live_contacts_enter_queues_in_opening_hours(warehouse: Warehouse) -> None:
    zones = {door.queue_id: ZoneInfo(door.zone) for door in world.QUEUES}
    hours = {
        (queue, weekday): (opens, closes)
        for queue, weekday, opens, closes in warehouse.all("from queue_hours")
        if opens != "00:00"
    }
    night = {(q, d): c for q, d, o, c in warehouse.all("from queue_hours") if o == "00:00"}
    days_off = set(warehouse.all("select queue_id, holiday_on from queue_holidays"))
    entered = warehouse.all(
        """select queue_id, min(segments.started_at) from contact_segments as segments
           join contacts using (contact_id, queue_id)
           where kind = 'queue' and channel in ('voice', 'chat') and initiation_method in ('inbound', 'api')
           group by contact_id, queue_id"""
    )
    assert len(entered) > 5000
    for queue, at in entered:
        local = at.replace(tzinfo=ZoneInfo("UTC")).astimezone(zones[queue])
        time = f"{local:%H:%M}"
        opens, closes = hours.get((queue, local.isoweekday()), ("99", "99"))
        is_open = opens <= time < closes or time < night.get((queue, local.isoweekday()), "00:00")
        assert is_open and (queue, local.date()) not in days_off, (queue, local)


def test_hours_across_midnight_are_two_rows() -> None:
    line = world.QUEUES[1]
    assert (5, "14:00", "24:00") in clock.hours_rows(line)
    assert (6, "00:00", "01:00") in clock.hours_rows(line)


@given(
    gaps=st.lists(st.integers(0, 90), min_size=1, max_size=60),
    talks=st.lists(st.integers(8, 400), min_size=150, max_size=150),
    patience=st.lists(st.integers(2, 300), min_size=150, max_size=150),
    after=st.lists(
        st.sampled_from([routing.NOTHING] * 6 + [routing.MOVE_HERE, routing.DROP]), min_size=150, max_size=150
    ),
    shifts=st.lists(st.tuples(st.integers(0, 600), st.integers(60, 3000)), min_size=0, max_size=4),
)
@hypothesis_settings(max_examples=80, deadline=None)
def test_the_queue_is_fair_and_nobody_idles_while_somebody_waits(
    gaps: list[int], talks: list[int], patience: list[int], after: list[int], shifts: list[tuple[int, int]]
) -> None:
    arrive = [sum(gaps[: i + 1]) for i in range(len(gaps))]
    rows = 150
    crew = routing.Crew(
        list(range(len(shifts))), [[(a, a + length)] for a, length in shifts], [1.0] * len(shifts)
    )
    draws = routing.LiveDraws(
        patience=list(patience),
        ring=[3] * rows,
        mean=[1.0] * len(arrive),
        noise=[float(talk) for talk in talks],
        hold=[0] * rows,
        wrap=[5] * rows,
        after=list(after),
        delay=[60] * rows,
        redial=[30 if i % 3 == 0 else -1 for i in range(rows)],
        takes_callback=[False] * rows,
        is_reached=[True] * rows,
        is_missed=[False] * rows,
    )
    legs = routing.serve_live(arrive, draws, crew, closes=5000, offer_after=60, offer_when=routing.NEVER)
    used = range(len(legs.kind))
    answered = [i for i in used if legs.outcome[i] == routing.ANSWERED]
    for i in used:
        wait = legs.exit[i] - legs.entered[i]
        assert 0 <= wait <= patience[i]
        assert legs.outcome[i] == routing.ANSWERED or wait == patience[i]
    order = sorted(answered, key=lambda i: legs.entered[i])
    for i, j in pairwise(order):
        assert legs.entered[i] == legs.entered[j] or legs.exit[i] <= legs.exit[j]
    work: dict[int, list[tuple[int, int]]] = {}
    for i in answered:
        start, end = shifts[legs.agent[i]]
        assert start <= legs.exit[i] < start + end
        work.setdefault(legs.agent[i], []).append((legs.exit[i], legs.exit[i] + 3 + legs.talk[i] + 5))
    for agent, (start, length) in enumerate(shifts):
        spans = sorted(work.get(agent, []))
        assert all(before[1] <= next_one[0] for before, next_one in pairwise(spans))
        # While this agent was on duty and free, nobody waited.
        free = start
        for begins, ends in [*spans, (start + length, start + length)]:
            idle = (free, min(begins, start + length))
            for i in used:
                overlap = min(legs.exit[i], idle[1]) - max(legs.entered[i], idle[0])
                assert overlap <= 0
            free = max(free, ends)


@given(
    due=st.lists(st.integers(0, 2000), min_size=0, max_size=30),
    work=st.integers(10, 300),
    shifts=st.lists(st.tuples(st.integers(0, 900), st.integers(100, 2500), st.booleans()), max_size=3),
)
@hypothesis_settings(max_examples=60, deadline=None)
def test_written_work_is_done_in_order_and_in_working_time(
    due: list[int], work: int, shifts: list[tuple[int, int, bool]]
) -> None:
    crew = routing.Crew(
        list(range(len(shifts))),
        [[(a, a + length)] for a, length, _ in shifts],
        [1.0] * len(shifts),
        [fits for _, _, fits in shifts],
    )
    turn, when = [0] * len(due), list(due)
    done = routing.serve_deferred(
        when,
        turn,
        [-1] * len(due),
        [1] * len(due),
        [[work]] * len(due),
        [[0]] * len(due),
        crew,
        until=3000,
        owner_wait=0,
    )
    assert [due[i] for i in done.contact] == sorted(due)[: len(done.contact)]
    busy: dict[int, int] = {}
    for i, agent, start, end in zip(done.contact, done.agent, done.start, done.end, strict=True):
        opens, length, fits = shifts[agent]
        assert start >= max(due[i], opens, busy.get(agent, 0)) and end == start + work
        assert end <= opens + length if fits else start < opens + length
        busy[agent] = end
    assert sum(turn) == len(done.contact)


# Calibration


def test_the_default_example_looks_like_a_real_center(year: Warehouse) -> None:
    assert abs(year.summary.contacts - 50_000) < 1_500
    offered, in_time, abandoned = year.one(
        """with waits as (
               select contact_id, min(started_at) filter (kind = 'queue') as entered,
                   max(ended_at) filter (kind = 'queue') as left_at,
                   count(*) filter (kind = 'talk') > 0 as is_answered,
                   min(started_at) filter (kind = 'talk') as answered_at
               from contact_segments group by contact_id),
           live as (
               select waits.*, callback_accepted,
                   date_diff('second', entered, coalesce(answered_at, left_at)) as waited
               from waits join contacts using (contact_id)
               where entered is not null and channel in ('voice', 'chat') and direction = 'inbound'
                 and initial_contact_id is null and ended_at is not null)
           select count(*), count(*) filter (is_answered and waited <= 20),
               count(*) filter (not is_answered and callback_accepted is distinct from true and waited > 5)
           from live"""
    )
    assert 0.70 < in_time / offered < 0.85
    assert 0.04 < abandoned / offered < 0.08
    handle_time, transfers = year.one(
        """with legs as (
               select coalesce(initial_contact_id, contact_id) as contact_id,
                   count(transfer_kind) as handed_on,
                   sum(date_diff('second', segments.started_at, segments.ended_at))
                       filter (kind in ('talk', 'hold', 'wrap')) as handled
               from contact_segments as segments join contacts using (contact_id)
               where channel = 'voice' and direction = 'inbound' group by 1
               having count(*) filter (kind = 'talk') > 0)
           select avg(handled), avg((handed_on > 0)::int) from legs"""
    )
    assert 330 < handle_time < 410
    assert 0.075 < transfers < 0.12


def test_unsettled_matters_come_back(year: Warehouse) -> None:
    repeats = year.one(
        """with handled as (
               select * from contacts where direction = 'inbound' and initial_contact_id is null
                 and customer_id like 'CU%' and agent_logged_resolved is not null and reason_code is not null)
           select avg(exists(
               select 1 from contacts as later where later.customer_id = handled.customer_id
                 and later.reason_code = handled.reason_code and later.initial_contact_id is null
                 and later.direction = 'inbound' and later.started_at > handled.ended_at
                 and later.started_at <= handled.ended_at + interval 7 day)::int) from handled"""
    )
    assert 0.10 < repeats < 0.22


# Defects and late versions


@pytest.fixture(scope="module")
def spoiled(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("spoiled")
    for name, defects, late in (("clean", 0.0, 0.0), ("dirty", 0.12, 0.0), ("late", 0.0, 0.15)):
        simulate(root / name, contacts=3000, days=30, defects=defects, late=late)
    return {name: root / name for name in ("clean", "dirty", "late")}


def _differences(clean: Path, other: Path, table: str) -> Counter[tuple[Any, ...]]:
    before, after = (
        Counter(tuple(row.values()) for row in rows_of(folder, table)) for folder in (clean, other)
    )
    return (before - after) + (after - before)


@pytest.mark.parametrize("name", ["dirty", "late"])
def test_the_truth_lists_every_spoiled_row_and_no_other(spoiled: dict[str, Path], name: str) -> None:
    truth = pq.read_table(spoiled[name] / "truth" / "defects.parquet").to_pylist()
    for table, key in (("contacts", ("contact_id",)), ("contact_segments", ("contact_id", "segment_number"))):
        positions = [_at(table, column) for column in key]
        listed = {row["key"] for row in truth if row["table"] == table}
        assert len(listed) == sum(row["table"] == table for row in truth)
        changed = {
            "|".join(str(row[i]) for i in positions)
            for row in _differences(spoiled["clean"], spoiled[name], table)
        }
        missing_keys = {key_ for key_ in changed if "None" in key_}
        assert changed - missing_keys == listed
        untouched = {"|".join(str(row[column]) for column in key) for row in rows_of(spoiled["clean"], table)}
        rate = 0.12 if name == "dirty" else 0.15
        assert 0.6 * rate < len(listed) / len(untouched) < 1.2 * rate


def test_every_kind_of_defect_occurs(spoiled: dict[str, Path]) -> None:
    from cx_metrics.simulator.defects.contact_defects import CONTACT_DEFECTS, SEGMENT_DEFECTS

    truth = pq.read_table(spoiled["dirty"] / "truth" / "defects.parquet").to_pylist()
    found = {
        (row["table"], row["defect"]) for row in truth if row["table"] in ("contacts", "contact_segments")
    }
    assert found == {("contacts", name) for name in CONTACT_DEFECTS} | {
        ("contact_segments", name) for name in SEGMENT_DEFECTS
    }
    assert all(row["description"] for row in truth)


def test_a_clean_simulation_lists_no_truth(spoiled: dict[str, Path]) -> None:
    assert not (spoiled["clean"] / "truth" / "defects.parquet").exists()


def test_newest_versions_of_late_rows_are_the_clean_rows(spoiled: dict[str, Path]) -> None:
    truth = pq.read_table(spoiled["late"] / "truth" / "defects.parquet").to_pylist()
    pending = {row["key"] for row in truth if "not delivered yet" in row["description"]}
    assert pending and len(pending) < len(truth)
    newest: dict[str, Row] = {}
    for row in rows_of(spoiled["late"], "contacts"):
        known = newest.get(row["contact_id"])
        if known is None or row["updated_at"] > known["updated_at"]:
            newest[row["contact_id"]] = row
    for row in rows_of(spoiled["clean"], "contacts"):
        if row["contact_id"] not in pending:
            assert {**newest[row["contact_id"]], "updated_at": None} == {**row, "updated_at": None}


# Arguments, folders, the command


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"contacts": 0}, "contacts must be at least 1"),
        ({"days": 0}, "days must be at least 1"),
        ({"vendors": 10}, "vendors must be"),
        ({"seed": -1}, "seed"),
        ({"defects": 1.5}, "defects is a share"),
        ({"late": -0.1}, "late is a share"),
        ({"file_format": "xlsx"}, "parquet or csv"),
        ({"start": date(1960, 1, 1)}, "between 1972 and 2200"),
    ],
)
def test_arguments_out_of_range_are_refused(tmp_path: Path, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(CxMetricsError, match=message):
        simulate(tmp_path / "out", **arguments)
    assert not (tmp_path / "out").exists()


def test_only_an_own_folder_is_written_anew(tmp_path: Path) -> None:
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    (foreign / "contacts.csv").write_text("mine")
    with pytest.raises(CxMetricsError, match="did not write"):
        simulate(foreign, contacts=50, days=1)
    assert (foreign / "contacts.csv").read_text() == "mine"
    with pytest.raises(CxMetricsError, match="is a file"):
        simulate(foreign / "contacts.csv", contacts=50, days=1)
    own = tmp_path / "own"
    simulate(own, contacts=100, days=2, defects=0.2)
    (own / "notes.txt").write_text("kept")
    simulate(own, contacts=100, days=2, file_format="csv")
    assert (own / "notes.txt").read_text() == "kept"
    assert not list(own.rglob("*.parquet"))


def test_a_center_without_outsourcers(tmp_path: Path) -> None:
    simulate(tmp_path / "out", contacts=200, days=3, vendors=0)
    assert {row["vendor_id"] for row in rows_of(tmp_path / "out", "queues")} == {"in_house"}
    assert [row["vendor_id"] for row in rows_of(tmp_path / "out", "vendors")] == ["in_house"]


def test_customers_set_the_size_too(tmp_path: Path) -> None:
    summary = simulate(tmp_path / "out", customers=5000, days=20)
    assert 5000 <= summary.customers < 5100
    expected = 5000 * 2.4 / 365 * 20
    assert 0.8 * expected < summary.contacts < 1.2 * expected


@pytest.mark.parametrize("contacts", [1, 20])
def test_a_tiny_center_works(tmp_path: Path, contacts: int) -> None:
    seen: list[tuple[int, int]] = []
    simulate(
        tmp_path / "out", contacts=contacts, days=2, defects=1.0, progress=lambda *days: seen.append(days)
    )
    assert seen == [(1, 2), (2, 2)]
    assert (tmp_path / "out" / "contacts.parquet").exists()


def test_the_command(tmp_path: Path) -> None:
    out = str(tmp_path / "out")
    result = CliRunner().invoke(simulate_command, ["--out", out, "--contacts", "200", "--days", "3"])
    assert result.exit_code == 0, result.output
    assert "contact records of 3 days from 2024-01-01" in result.output
    result = CliRunner().invoke(simulate_command, ["--out", out, "--contacts", "2", "--customers", "3"])
    assert result.exit_code == 1 and "exclude each other" in result.output
    result = CliRunner().invoke(simulate_command, ["--out", str(tmp_path), "--days", "1"])
    assert result.exit_code == 1 and "did not write" in result.output
