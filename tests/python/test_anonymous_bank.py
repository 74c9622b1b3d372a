"""The connector anonymous_bank: the three published months, and small months with every known damage."""

from __future__ import annotations

import gzip
import os
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner, Result

from cx_metrics.cli import main
from cx_metrics.connectors import CONNECTORS, get_connector
from cx_metrics.connectors.anonymous_bank import FIELDS, convert
from cx_metrics.console import no_progress
from cx_metrics.contract import find_project_root, load_contract

MONTHS = ("january", "february", "march")


def month_files() -> list[Path]:
    """The three months of the shared data; a missing folder is a failure that says what to do."""
    shared = Path(os.environ.get("CX_SHARED_DATA") or find_project_root().parent / "shared" / "data")
    files = [shared / "anonymous_bank" / f"{month}.txt.gz" for month in MONTHS]
    missing = [str(path) for path in files if not path.is_file()]
    assert not missing, f"the call log is not there: {', '.join(missing)}; set CX_SHARED_DATA to its folder"
    return files


def run(database: Path, *args: str) -> Result:
    return CliRunner().invoke(
        main, ["load", "--database", str(database), "--connector", "anonymous_bank", *args]
    )


def query(database: Path, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(database), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def raw_tables(database: Path) -> list[str]:
    names = query(database, "select table_name from duckdb_tables() where schema_name = 'raw' order by 1")
    return [name for (name,) in names]


def differences(one: Path, other: Path) -> dict[str, int]:
    """Rows by table that only one of two databases has; which load brought them, and how, does not count."""
    found: dict[str, int] = {}
    assert raw_tables(one) == raw_tables(other)
    with duckdb.connect() as connection:
        connection.execute(f"attach '{one}' as one (read_only); attach '{other}' as other (read_only)")
        for name in raw_tables(one):
            of_the_load = "load_number, mode" if name == "landing_files" else "load_number"
            columns = "*" if name in ("landing_rejects", "landing_repairs") else f"* exclude ({of_the_load})"
            for left, right in (("one", "other"), ("other", "one")):
                here, there = (f"select {columns} from {side}.raw.{name}" for side in (left, right))
                rows = connection.execute(f"{here} except all {there}").fetchall()
                found[name] = found.get(name, 0) + len(rows)
    return {name: count for name, count in found.items() if count}


@pytest.fixture(scope="module")
def months(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with the three months."""
    database = tmp_path_factory.mktemp("months") / "warehouse.duckdb"
    result = run(database, *map(str, month_files()))
    assert result.exit_code == 0, result.output
    return database


# The published months


def by_month(database: Path, select: str, more: str = "") -> list[tuple[Any, ...]]:
    """A query over contacts c, one row per local month (the winter offset of 1999 is two hours)."""
    return query(
        database,
        f"select {select} from raw.contacts as c {more} "
        "group by date_trunc('month', c.started_at + interval 2 hour) "
        "order by date_trunc('month', c.started_at + interval 2 hour)",
    )


def test_every_call_of_the_months_is_landed(months: Path) -> None:
    assert by_month(months, "count(*)") == [(31_599,), (33_344,), (38_801,)]
    assert query(months, "select count(distinct contact_id) from raw.contacts") == [
        (31_599 + 33_344 + 38_801,)
    ]
    assert query(months, "select count(*) from raw.landing_rejects") == [(0,)]
    files = query(
        months, "select file_name, row_count from raw.landing_files where table_name = 'contacts' order by 2"
    )
    assert files == [("january.txt.gz", 31_599), ("february.txt.gz", 33_344), ("march.txt.gz", 38_801)]


def test_service_times_are_those_of_the_log(months: Path) -> None:
    talk = (
        "inner join raw.contact_segments as s on s.contact_id = c.contact_id and s.kind = 'talk' "
        "where c.source_outcome = 'answered' "
        "and date_diff('second', s.started_at, s.ended_at) between 1 and 3600"
    )
    means = by_month(months, "round(avg(date_diff('second', s.started_at, s.ended_at)), 1)", talk)
    assert means == [(184.7,), (176.5,), (185.5,)]


def test_hang_ups_are_those_of_the_log(months: Path) -> None:
    queued = "left join raw.contact_segments as s on s.contact_id = c.contact_id and s.kind = 'queue'"
    hung_up, served = "(c.source_outcome = 'abandoned')", "(c.source_outcome = 'answered')"
    shares = by_month(
        months,
        f"round(100 * count_if{hung_up} / (count_if{served} + count_if{hung_up}), 2), "
        f"round(100 * count_if({hung_up} and s.contact_id is not null) "
        f"/ (count_if{served} + count_if({hung_up} and s.contact_id is not null)), 2)",
        queued,
    )
    assert shares == [(13.71, 10.28), (17.86, 12.73), (27.47, 23.60)]


def test_phantoms_are_delivered_with_their_reason(months: Path) -> None:
    phantoms = by_month(months, "count_if(c.source_exclusion = 'phantom' and c.source_outcome is null)")
    assert phantoms == [(240,), (278,), (407,)]
    assert query(months, "select count(*) from raw.contacts where source_outcome is null") == [(925,)]


def test_repairs_of_the_months_are_counted(months: Path) -> None:
    assert query(
        months, "select file_name, rule, count(*) from raw.landing_repairs group by all order by all"
    ) == [
        ("february.txt.gz", "customer_id_damaged_set_unknown", 21),
        ("january.txt.gz", "customer_id_damaged_set_unknown", 24),
        ("march.txt.gz", "customer_id_damaged_set_unknown", 31),
        ("march.txt.gz", "type_trimmed", 6),
    ]


def test_contradictions_of_the_months_are_delivered_as_they_stand(months: Path) -> None:
    negative = query(
        months, "select count(*) from raw.contact_segments where ended_at < started_at and kind = 'ivr'"
    )
    assert negative == [(33 + 25 + 27,)]
    not_recorded = query(
        months, "select count(*) from raw.contact_segments where kind = 'talk' and ended_at is null"
    )
    assert not_recorded == [(19 + 23 + 21 + 29 + 17 + 36,)]
    served_after_hang_up = (
        "select c.source_outcome, count(*) from raw.contacts as c inner join raw.contact_segments as s "
        "on s.contact_id = c.contact_id and s.kind = 'talk' "
        "where c.source_outcome is distinct from 'answered' group by 1 order by 1"
    )
    assert query(months, served_after_hang_up) == [("abandoned", 82 + 97 + 104), (None, 226 + 277 + 406)]


def test_no_call_of_the_months_lasts_half_a_day(months: Path) -> None:
    longest = "select max(abs(date_diff('second', started_at, ended_at))) < 43200 from raw.{}"
    for table in ("contacts", "contact_segments"):
        assert query(months, longest.format(table)) == [(True,)]
    ordered = (
        "select count(*) from raw.contacts as c inner join raw.contact_segments as s using (contact_id) "
        "where abs(date_diff('second', c.started_at, s.started_at)) > 43200"
    )
    assert query(months, ordered) == [(0,)]


def test_the_tables_around_the_calls(months: Path) -> None:
    queues = query(
        months, "select distinct queue_id, name, timezone, concurrency_capacity from raw.queues order by 1"
    )
    assert [row[:2] for row in queues] == [
        ("aa", "undocumented type AA"),
        ("in", "internet support"),
        ("ne", "stock exchange"),
        ("nw", "prospective customer"),
        ("pe", "regular service in English"),
        ("ps", "regular service"),
        ("tt", "callback"),
    ]
    assert {row[2:] for row in queues} == {("Asia/Jerusalem", 1)}
    for child, column, parent, key in (
        ("contacts", "queue_id", "queues", "queue_id"),
        ("contacts", "reason_code", "reasons", "reason_code"),
        ("contacts", "customer_id", "customers", "customer_id"),
        ("contact_segments", "contact_id", "contacts", "contact_id"),
        ("contact_segments", "agent_id", "agents", "agent_id"),
        ("queues", "program_id", "programs", "program_id"),
        ("queues", "vendor_id", "vendors", "vendor_id"),
    ):
        orphans = f"select count(*) from raw.{child} where {column} not in (select {key} from raw.{parent})"
        assert query(months, orphans) == [(0,)], f"{child}.{column}"
    watermarks = query(months, "select complete_through from raw.feed_watermarks order by 1")
    assert [row[0] for row in watermarks] == [
        datetime(1999, 1, 31, 22),
        datetime(1999, 2, 28, 22),
        datetime(1999, 3, 31, 22),
    ]


def test_what_the_connector_makes_keeps_the_contract(months: Path) -> None:
    contract = load_contract()
    for table in raw_tables(months):
        if table.startswith("landing_"):
            continue
        described = [row[0] for row in query(months, f"describe raw.{table}")]
        for column in contract[table].columns:
            if column.required:
                nulls = query(months, f"select count(*) from raw.{table} where {column.name} is null")
                assert nulls == [(0,)], f"{table}.{column.name}"
            if column.accepted_values and column.name in described:
                found = query(
                    months, f"select distinct {column.name} from raw.{table} where {column.name} is not null"
                )
                assert {row[0] for row in found} <= set(column.accepted_values)
        assert [name for name in described if contract[table].column(name) is None] == ["load_number"]


def test_months_one_by_one_are_the_same_as_all_at_once(months: Path, tmp_path: Path) -> None:
    database = tmp_path / "warehouse.duckdb"
    for path in reversed(month_files()):
        assert run(database, "--append", str(path)).exit_code == 0
    assert differences(database, months) == {}


def test_a_month_that_is_already_loaded_is_skipped(tmp_path: Path) -> None:
    database = tmp_path / "warehouse.duckdb"
    january = month_files()[0]
    assert run(database, str(january)).exit_code == 0
    before = tmp_path / "before.duckdb"
    before.write_bytes(database.read_bytes())
    renamed = tmp_path / "again.txt.gz"
    renamed.write_bytes(january.read_bytes())
    result = run(database, "--append", str(renamed))
    assert result.exit_code == 0
    assert "note: skipped again.txt.gz: already loaded, same content" in result.stderr
    assert "nothing new to load" in result.stdout
    assert differences(database, before) == {}
    twice = run(database, str(january), str(renamed))
    assert "note: skipped again.txt.gz: given twice, same content" in twice.stderr
    assert differences(database, before) == {}


# Small months


CALL = (
    "AA0101", "1", "900001", "2", "PS", "990104", "10:00:00", "10:00:10", "10", "10:00:10", "10:00:23", "13",
    "AGENT", "10:00:23", "10:01:35", "72", "A1",
)  # fmt: skip


def call(**changes: str) -> list[str]:
    """A call of an identified customer who waited 13 seconds and was served for 72."""
    fields = dict(zip(FIELDS, CALL, strict=True))
    renamed = {name.replace("vru_line", "vru+line"): value for name, value in changes.items()}
    assert set(renamed) <= set(fields)
    return list({**fields, **renamed}.values())


NOT_QUEUED = {"q_start": "0:00:00", "q_exit": "0:00:00", "q_time": "0"}
NOT_SERVED = {"ser_start": "0:00:00", "ser_exit": "0:00:00", "ser_time": "0", "server": "NO_SERVER"}


class Month:
    """One small month, converted and loaded."""

    def __init__(
        self, tmp_path: Path, lines: Sequence[Sequence[str] | str | bytes], line_end: str = "\n"
    ) -> None:
        self.path, self.database = tmp_path / "month.txt", tmp_path / "warehouse.duckdb"
        encoded = [
            line if isinstance(line, bytes) else self.text(line).encode()
            for line in ["\t".join(FIELDS), *lines]
        ]
        self.path.write_bytes(line_end.encode().join(encoded) + line_end.encode())
        result = run(self.database, str(self.path))
        assert result.exit_code == 0, result.output
        self.output = result.output

    @staticmethod
    def text(line: Sequence[str] | str) -> str:
        return line if isinstance(line, str) else "\t".join(line)

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        return query(self.database, sql)

    def contact(self, columns: str) -> tuple[Any, ...]:
        (row,) = self.query(f"select {columns} from raw.contacts")
        return row

    def segments(self) -> list[tuple[Any, ...]]:
        return self.query(
            "select kind, agent_id, started_at, ended_at from raw.contact_segments "
            "order by contact_id, segment_number"
        )

    def notes(self, book: str) -> list[tuple[Any, ...]]:
        return self.query(f"select line_number, rule from raw.landing_{book} order by all")


def at(text: str) -> datetime:
    """A local time of 4 January 1999 in UTC."""
    hour, minute, second = map(int, text.split(":"))
    return datetime(1999, 1, 4, hour - 2, minute, second)


def test_a_served_call(tmp_path: Path) -> None:
    month = Month(tmp_path, [call()])
    assert month.contact(
        "contact_id, customer_id, identity_confidence, channel, direction, initiation_method, queue_id, "
        "reason_code, started_at, ended_at, disconnect_reason, is_test, source_outcome, source_exclusion, "
        "updated_at"
    ) == (
        *("AA0101-1", "900001", "authenticated", "voice", "inbound", "inbound", "ps", "PS"),
        *(at("10:00:00"), at("10:01:35"), None, False, "answered", None, at("10:01:35")),
    )
    assert month.segments() == [
        ("ivr", None, at("10:00:00"), at("10:00:10")),
        ("queue", None, at("10:00:10"), at("10:00:23")),
        ("talk", "A1", at("10:00:23"), at("10:01:35")),
    ]
    assert month.query("select * exclude (load_number) from raw.agents") == [
        ("A1", date(1999, 1, 1), "in_house", "agent")
    ]
    assert month.query("select * exclude (load_number) from raw.customers") == [("900001", at("10:01:35"))]
    assert month.query("select * exclude (load_number) from raw.feed_watermarks") == [
        ("contacts", datetime(1999, 1, 4, 22))
    ]
    assert month.query("select * exclude (load_number) from raw.reasons") == [
        ("PS", "bank service", "regular service", None)
    ]
    assert (month.notes("rejects"), month.notes("repairs")) == ([], [])


def test_a_call_served_without_queueing_has_no_queue_segment(tmp_path: Path) -> None:
    month = Month(tmp_path, [call(**NOT_QUEUED, ser_start="10:00:09", ser_exit="10:01:00", ser_time="51")])
    assert month.segments() == [
        ("ivr", None, at("10:00:00"), at("10:00:10")),
        ("talk", "A1", at("10:00:09"), at("10:01:00")),
    ]
    assert month.contact("source_outcome, queue_id") == ("answered", "ps")


def test_hang_ups_in_the_menu_and_in_the_queue(tmp_path: Path) -> None:
    month = Month(
        tmp_path,
        [
            call(outcome="HANG", **NOT_QUEUED, **NOT_SERVED),
            call(call_id="2", outcome="HANG", **NOT_SERVED, customer_id="0"),
        ],
    )
    assert month.query(
        "select ended_at, disconnect_reason, source_outcome, customer_id, identity_confidence "
        "from raw.contacts order by contact_id"
    ) == [
        (at("10:00:10"), "customer", "abandoned", "900001", "authenticated"),
        (at("10:00:23"), "customer", "abandoned", None, "none"),
    ]
    assert [row[0] for row in month.segments()] == ["ivr", "ivr", "queue"]
    assert month.query("select count(*) from raw.agents") == [(0,)]


def test_a_service_time_that_contradicts_the_outcome_is_delivered(tmp_path: Path) -> None:
    month = Month(
        tmp_path,
        [
            call(outcome="HANG", server="NO_SERVER"),
            call(call_id="2", outcome="PHANTOM", server="NO_SERVER"),
            call(call_id="3", outcome="HANG", server="NO_SERVER", ser_exit="10:00:23", ser_time="0"),
        ],
    )
    rows = month.query(
        "select source_outcome, source_exclusion, ended_at from raw.contacts order by contact_id"
    )
    assert rows == [
        ("abandoned", None, at("10:01:35")),
        (None, "phantom", at("10:01:35")),
        ("abandoned", None, at("10:00:23")),
    ]
    assert [row[:2] for row in month.segments() if row[0] == "talk"] == [("talk", None)] * 2


def test_a_served_call_without_agent_or_service_time(tmp_path: Path) -> None:
    month = Month(
        tmp_path,
        [
            call(server="NO_SERVER"),
            call(call_id="2", **{**NOT_SERVED, "server": "A1"}),
            call(call_id="3", **NOT_QUEUED, **{**NOT_SERVED, "server": "A1"}),
        ],
    )
    assert [row for row in month.segments() if row[0] == "talk"] == [
        ("talk", None, at("10:00:23"), at("10:01:35")),
        ("talk", "A1", at("10:00:23"), None),
        ("talk", "A1", at("10:00:10"), None),
    ]
    assert month.query("select ended_at from raw.contacts order by contact_id") == [
        (at("10:01:35"),),
        (at("10:00:23"),),
        (at("10:00:10"),),
    ]


def test_a_callback_waits_like_any_other_call(tmp_path: Path) -> None:
    month = Month(tmp_path, [call(type="TT")])
    assert month.contact("direction, initiation_method, queue_id, reason_code") == (
        "inbound",
        "callback",
        "tt",
        "TT",
    )


def test_what_can_be_repaired_with_certainty_is_repaired_and_counted(tmp_path: Path) -> None:
    joined = call(call_id="1")
    joined[3:5] = ["2  PS"]
    month = Month(
        tmp_path,
        [
            joined,
            call(call_id="2", customer_id="6.02701E+11"),
            call(call_id="3", customer_id="6E+11", type=" TT "),
            call(call_id="4", server="A1 ", vru_entry=" 10:00:00"),
            call(call_id="5", vru_exit="9:59:23", vru_time="-37", q_start="9:59:23", q_time="60"),
        ],
        line_end="\r\n",
    )
    assert month.query(
        "select contact_id, customer_id, queue_id, identity_confidence from raw.contacts order by 1"
    ) == [
        ("AA0101-1", "900001", "ps", "authenticated"),
        ("AA0101-2", None, "ps", "none"),
        ("AA0101-3", None, "tt", "none"),
        ("AA0101-4", "900001", "ps", "authenticated"),
        ("AA0101-5", "900001", "ps", "authenticated"),
    ]
    assert month.notes("repairs") == [
        (2, "priority_and_type_split"),
        (3, "customer_id_damaged_set_unknown"),
        (4, "customer_id_damaged_set_unknown"),
        (4, "type_trimmed"),
        (5, "field_trimmed"),
    ]
    originals = month.query("select original_text from raw.landing_repairs where line_number = 2")
    assert originals == [("\t".join(joined),)]
    assert month.query(
        "select started_at, ended_at from raw.contact_segments where contact_id = 'AA0101-5'"
    ) == [
        (at("10:00:00"), at("9:59:23")),
        (at("9:59:23"), at("10:00:23")),
        (at("10:00:23"), at("10:01:35")),
    ]
    assert (
        "repaired 2 x customer_id_damaged_set_unknown: contacts, month.txt (see raw.landing_repairs)"
        in month.output
    )


def test_the_rest_is_rejected_with_its_rule_and_its_text(tmp_path: Path) -> None:
    whole = "\t".join(call())
    bad: list[tuple[Sequence[str] | str | bytes, str]] = [
        (whole.rpartition("\t")[0], "wrong_number_of_fields"),
        (whole + "\textra", "wrong_number_of_fields"),
        ("AA0101\t1\t0\t0", "wrong_number_of_fields"),
        (whole.replace("2\tPS", "2PS"), "wrong_number_of_fields"),
        (whole.encode().replace(b"A1", b"A\xff"), "invalid_encoding"),
        (call(vru_line=""), "bad_call_key"),
        (call(call_id="1.5E+4"), "bad_call_key"),
        (call(customer_id="someone"), "bad_customer_id"),
        (call(customer_id="-5"), "bad_customer_id"),
        (call(priority="high"), "bad_priority"),
        (call(type="P5"), "bad_type"),
        (call(type=""), "bad_type"),
        (call(date="990230"), "bad_date"),
        (call(date="1999-01-04"), "bad_date"),
        (call(vru_entry="24:00:00"), "bad_time"),
        (call(q_start="10:61:00"), "bad_time"),
        (call(ser_exit=""), "bad_time"),
        (call(q_time="13s"), "bad_duration"),
        (call(outcome="ANSWERED"), "unknown_outcome"),
        (call(outcome=""), "unknown_outcome"),
    ]
    month = Month(tmp_path, [call(), *(line for line, _ in bad), "", call(call_id="2")])
    assert month.notes("rejects") == [(number, rule) for number, (_, rule) in enumerate(bad, start=3)]
    texts = month.query("select original_text from raw.landing_rejects order by line_number")
    assert texts[0] == (whole.rpartition("\t")[0],)
    assert texts[4][0].endswith("A\\xff")
    assert month.query(
        "select table_name, row_count, reject_count from raw.landing_files where reject_count > 0"
    ) == [("contacts", 2, len(bad))]
    assert month.query("select distinct table_name from raw.landing_rejects") == [("contacts",)]


def test_an_undocumented_type_is_a_queue_of_its_own(tmp_path: Path) -> None:
    month = Month(tmp_path, [call(type="AA")])
    assert month.query("select queue_id, name from raw.queues") == [("aa", "undocumented type AA")]
    assert month.query("select reason_l2 from raw.reasons") == [("undocumented type AA",)]


def test_a_month_without_calls_has_no_watermark(tmp_path: Path) -> None:
    month = Month(tmp_path, ["x"])
    counts = month.query("select table_name, row_count from raw.landing_files where row_count > 0 order by 1")
    assert counts == [("programs", 1), ("vendors", 1)]


# Midnight


def times(month: Month) -> list[datetime]:
    """All times of the only call, phase by phase."""
    return [time for segment in month.segments() for time in segment[2:]]


def test_a_call_that_crosses_midnight_while_waiting(tmp_path: Path) -> None:
    crossing = call(
        vru_entry="23:59:20", vru_exit="23:59:30", q_start="23:59:30", q_exit="0:00:03", q_time="33",
        ser_start="0:00:02", ser_exit="0:00:55", ser_time="53",
    )  # fmt: skip
    month = Month(tmp_path, [crossing])
    assert times(month) == [
        datetime(1999, 1, 4, 21, 59, 20),
        datetime(1999, 1, 4, 21, 59, 30),
        datetime(1999, 1, 4, 21, 59, 30),
        datetime(1999, 1, 4, 22, 0, 3),
        datetime(1999, 1, 4, 22, 0, 2),
        datetime(1999, 1, 4, 22, 0, 55),
    ]


def test_a_queue_that_begins_at_midnight_is_no_sentinel(tmp_path: Path) -> None:
    crossing = call(
        vru_entry="23:59:54", vru_exit="23:59:54", vru_time="0", q_start="0:00:00", q_exit="0:00:27",
        q_time="27", ser_start="0:00:26", ser_exit="0:01:33", ser_time="67",
    )  # fmt: skip
    month = Month(tmp_path, [crossing])
    assert [row[0] for row in month.segments()] == ["ivr", "queue", "talk"]
    assert month.contact("started_at, ended_at") == (
        datetime(1999, 1, 4, 21, 59, 54),
        datetime(1999, 1, 4, 22, 1, 33),
    )


def test_a_service_that_ends_at_midnight_is_no_sentinel(tmp_path: Path) -> None:
    late = call(
        vru_entry="23:50:17", vru_exit="23:50:26", vru_time="9", **NOT_QUEUED,
        ser_start="23:50:26", ser_exit="0:00:00", ser_time="574",
    )  # fmt: skip
    month = Month(tmp_path, [late])
    assert month.contact("ended_at") == (datetime(1999, 1, 4, 22, 0, 0),)


def test_an_agent_who_starts_a_second_before_midnight_of_a_queue_that_ends_after_it(tmp_path: Path) -> None:
    crossing = call(
        vru_entry="23:58:00", vru_exit="23:58:10", q_start="23:58:10", q_exit="0:00:00", q_time="110",
        ser_start="23:59:59", ser_exit="0:01:00", ser_time="61",
    )  # fmt: skip
    month = Month(tmp_path, [crossing])
    assert times(month)[3:] == [
        datetime(1999, 1, 4, 22, 0, 0),
        datetime(1999, 1, 4, 21, 59, 59),
        datetime(1999, 1, 4, 22, 1, 0),
    ]


def test_a_clock_error_across_midnight_stays_a_clock_error(tmp_path: Path) -> None:
    backwards = call(
        vru_entry="0:00:05", vru_exit="23:59:50", vru_time="-15", q_start="23:59:50", q_exit="0:01:00",
        q_time="70", **NOT_SERVED, outcome="HANG",
    )  # fmt: skip
    month = Month(tmp_path, [backwards])
    assert times(month) == [
        datetime(1999, 1, 3, 22, 0, 5),
        datetime(1999, 1, 3, 21, 59, 50),
        datetime(1999, 1, 3, 21, 59, 50),
        datetime(1999, 1, 3, 22, 1, 0),
    ]
    assert month.contact("ended_at, updated_at") == (datetime(1999, 1, 3, 22, 1), datetime(1999, 1, 3, 22, 1))


def test_updated_at_is_never_before_the_start(tmp_path: Path) -> None:
    month = Month(
        tmp_path, [call(vru_exit="9:59:00", vru_time="-60", outcome="HANG", **NOT_QUEUED, **NOT_SERVED)]
    )
    assert month.contact("ended_at < started_at, updated_at = started_at") == (True, True)


# The clock changes of 1999: forward on 2 April at 2:00, back on 3 September at 2:00


def utc(month: int, day: int, text: str) -> datetime:
    hour, minute, second = map(int, text.split(":"))
    return datetime(1999, month, day, hour, minute, second)


def test_a_call_before_and_after_the_clock_went_forward(tmp_path: Path) -> None:
    crossing = call(
        date="990402", vru_entry="1:59:50", vru_exit="3:00:00", vru_time="10", q_start="3:00:00",
        q_exit="3:00:20", q_time="20", ser_start="3:00:20", ser_exit="3:01:00", ser_time="40",
    )  # fmt: skip
    month = Month(tmp_path, [crossing])
    assert times(month)[:2] == [utc(4, 1, "23:59:50"), utc(4, 2, "0:00:00")]
    assert month.contact("ended_at - started_at = interval 70 second") == (True,)
    assert month.notes("repairs") == []


def test_a_time_that_never_was_is_read_with_the_offset_before(tmp_path: Path) -> None:
    skipped = call(
        date="990402", vru_entry="2:10:00", vru_exit="2:10:10", q_start="2:10:10", q_exit="2:10:23",
        ser_start="2:10:23", ser_exit="2:11:35",
    )  # fmt: skip
    month = Month(tmp_path, [skipped])
    assert times(month)[0] == utc(4, 2, "0:10:00")
    assert times(month)[5] == utc(4, 2, "0:11:35")
    assert month.notes("repairs") == [(2, "nonexistent_local_time")]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        # All in the hour that occurred twice: the first of the two.
        (
            ("1:10:00 1:10:10 10", "1:10:10 1:10:23 13", "1:10:23 1:11:35 72"),
            ("22:10:00 22:10:10", "22:10:10 22:10:23", "22:10:23 22:11:35"),
        ),
        # The clock is set back during the wait.
        (
            ("1:59:30 1:59:40 10", "1:59:40 1:00:05 25", "1:00:05 1:00:45 40"),
            ("22:59:30 22:59:40", "22:59:40 23:00:05", "23:00:05 23:00:45"),
        ),
        # As above, with the wait as the plain difference of the clock times.
        (
            ("1:59:30 1:59:40 10", "1:59:40 1:00:05 -3575", "1:00:05 1:00:45 40"),
            ("22:59:30 22:59:40", "22:59:40 23:00:05", "23:00:05 23:00:45"),
        ),
        # The call goes on after the hour: it began in the second one.
        (
            ("1:59:30 1:59:40 10", "1:59:40 2:00:10 30", "2:00:10 2:01:00 50"),
            ("23:59:30 23:59:40", "23:59:40 0:00:10", "0:00:10 0:01:00"),
        ),
        # The agent starts a second before the queue's last second: no reason for the second hour.
        (
            ("1:30:00 1:30:10 10", "1:30:10 1:30:30 20", "1:30:29 1:31:00 31"),
            ("22:30:00 22:30:10", "22:30:10 22:30:30", "22:30:29 22:31:00"),
        ),
        # Before and after the change all is plain.
        (
            ("0:30:00 0:30:10 10", "0:30:10 0:30:30 20", "0:30:30 0:31:00 30"),
            ("21:30:00 21:30:10", "21:30:10 21:30:30", "21:30:30 21:31:00"),
        ),
        (
            ("9:30:00 9:30:10 10", "9:30:10 9:30:30 20", "9:30:30 9:31:00 30"),
            ("7:30:00 7:30:10", "7:30:10 7:30:30", "7:30:30 7:31:00"),
        ),
    ],
)
def test_the_night_the_clock_went_back(tmp_path: Path, given: Sequence[str], expected: Sequence[str]) -> None:
    (v0, v1, v), (q0, q1, q), (s0, s1, s) = (phase.split() for phase in given)
    month = Month(
        tmp_path,
        [
            call(
                date="990903", vru_entry=v0, vru_exit=v1, vru_time=v, q_start=q0, q_exit=q1, q_time=q,
                ser_start=s0, ser_exit=s1, ser_time=s,
            )
        ],
    )  # fmt: skip
    texts = [text for phase in expected for text in phase.split()]
    late = [int(text.split(":")[0]) > 12 for text in texts]
    assert times(month) == [
        utc(9, 2 if is_late else 3, text) for text, is_late in zip(texts, late, strict=True)
    ]
    assert month.notes("repairs") == []


def test_a_summer_call_has_the_summer_offset(tmp_path: Path) -> None:
    month = Month(tmp_path, [call(date="990704")])
    assert month.contact("started_at") == (datetime(1999, 7, 4, 7, 0, 0),)
    assert month.query("select complete_through from raw.feed_watermarks") == [(datetime(1999, 7, 4, 21),)]


# Files that are none


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            b"contact_id,channel\n1,voice\n",
            "wrong kind of file, no call log of the anonymous bank: its first line has to be ",
        ),
        (b"", "wrong kind of file, no call log of the anonymous bank: its first line has to be "),
        (
            "\t".join(call()).encode(),
            "wrong kind of file, no call log of the anonymous bank: its first line has to be ",
        ),
        (
            "\t".join(FIELDS).replace("\toutcome", "").encode(),
            "column outcome is missing: the first line has to be ",
        ),
        (
            "\t".join(reversed(FIELDS)).encode(),
            "its columns are in another order: the first line has to be ",
        ),
        (gzip.compress(b"x" * 1000, mtime=0)[:-8], "its gzip is cut off or damaged ("),
    ],
)
def test_a_file_that_is_no_such_log_stops_the_load(tmp_path: Path, content: bytes, message: str) -> None:
    database, path = tmp_path / "warehouse.duckdb", tmp_path / "april.txt"
    path.write_bytes(content)
    result = run(database, str(path))
    assert result.exit_code == 1
    assert result.stderr.startswith(f"error: april.txt: {message}")
    assert result.stderr.count("\n") == 1
    assert not database.exists()


def test_all_bad_files_are_named_and_none_is_loaded(tmp_path: Path) -> None:
    database = tmp_path / "warehouse.duckdb"
    good, bad, worse = tmp_path / "good.txt", tmp_path / "bad.txt", tmp_path / "worse.txt"
    good.write_text("\t".join(FIELDS) + "\n" + "\t".join(call()) + "\n")
    bad.write_text("x")
    worse.write_text("y")
    result = run(database, str(good), str(bad), str(worse))
    assert [line.split(":")[1] for line in result.stderr.splitlines()] == [" bad.txt", " worse.txt"]
    assert not database.exists()


def test_missing_files_and_unknown_connectors_are_named(tmp_path: Path) -> None:
    database = tmp_path / "warehouse.duckdb"
    result = run(database, str(tmp_path / "none.txt"), str(tmp_path))
    assert result.stderr.splitlines() == [
        f"error: {tmp_path / 'none.txt'}: no such file",
        f"error: {tmp_path} is a folder: name files",
    ]
    result = CliRunner().invoke(main, ["load", "--connector", "another_bank", "x"])
    assert (result.exit_code, result.stderr) == (
        1,
        "error: no connector another_bank: known are anonymous_bank (cxm load --help)\n",
    )


def test_two_files_of_one_name_are_booked_apart(tmp_path: Path) -> None:
    database = tmp_path / "warehouse.duckdb"
    paths = []
    for number in ("1", "2"):
        (tmp_path / number).mkdir()
        paths.append(tmp_path / number / "log.txt")
        lines = [FIELDS, call(call_id=number), ["bad"], call(call_id=f"{number}0", type=" PS")]
        paths[-1].write_text("".join("\t".join(line) + "\n" for line in lines))
    assert run(database, *map(str, paths)).exit_code == 0
    names = [row[0] for row in query(database, "select distinct file_name from raw.landing_files order by 1")]
    assert names[0] == "log.txt"
    assert names[1].startswith("log.txt@")
    for book in ("rejects", "repairs"):
        assert [
            row[0] for row in query(database, f"select file_name from raw.landing_{book} order by 1")
        ] == names


def test_the_same_call_in_two_files_is_delivered_twice(tmp_path: Path) -> None:
    database = tmp_path / "warehouse.duckdb"
    for name, more in (("a.txt", []), ("b.txt", [call(call_id="2")])):
        lines = [list(FIELDS), call(), *more]
        (tmp_path / name).write_text("".join("\t".join(line) + "\n" for line in lines))
    assert run(database, str(tmp_path / "a.txt"), str(tmp_path / "b.txt")).exit_code == 0
    assert query(database, "select count(*), count(distinct contact_id) from raw.contacts") == [(3, 2)]


def test_every_connector_says_what_it_reads(tmp_path: Path) -> None:
    for name in CONNECTORS:
        connector = get_connector(name)
        assert name == connector.NAME
        assert connector.DESCRIPTION
        assert name in CliRunner().invoke(main, ["load", "--help"]).stdout
    assert convert([], tmp_path, no_progress).files == ()
