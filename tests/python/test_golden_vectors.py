"""Golden test vectors (Part G of the definitions) of contacts, surveys, workforce, resolution, cost, retention, value and investments.

Those of contacts, surveys and the workforce go through the real landing as well: every vector has a queue of its own, so that one
build holds them all and `audit.metric_values` shows each as a member of the dimension queue_id. All data tests of
the project run on it too. Those of resolution are built once per clock and watermark that they name,
those of cost once per way to know practical capacity. All of these go through the real build; those of retention, value
and investments go through their models, and G.12 is the dbt test discounted_months.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import builds
import duckdb
import model_inputs as inputs
import pytest
from engines import DuckDB

from cx_metrics.landing import load_folder

MONDAY = datetime(2025, 3, 3, 9, 0)
CALLS_PER_DAY = 12
"""Few enough that the calls fill weeks and months, so that periods have something to add up."""


class Center:
    """Raw rows of a made-up center, call by call."""

    def __init__(self) -> None:
        self.contacts: list[dict[str, object]] = []
        self.segments: list[dict[str, object]] = []
        self.answers: list[dict[str, object]] = []
        self.agents: list[dict[str, object]] = [
            {"agent_id": agent, "effective_from": "2025-01-01"} for agent in ("ann", "bob")
        ]

    def call(self, queue: str, wait: int, talks: Sequence[tuple[str, int]] = ()) -> None:
        """Add a call that waits `wait` seconds, then talks to each agent for so many seconds, or hangs up."""
        number = len(self.contacts)
        contact_id = f"{queue}-{number}"
        started = MONDAY + timedelta(days=number // CALLS_PER_DAY, minutes=30 * (number % CALLS_PER_DAY))
        now = started + timedelta(seconds=wait)
        spans = [("queue", "", queue, started, now)]
        for leg, (agent, seconds) in enumerate(talks):
            if leg:
                spans.append(("queue", "", f"{queue}-second", now, now + timedelta(seconds=30)))
                now += timedelta(seconds=30)
            of_queue = f"{queue}-second" if leg else queue
            spans.append(("talk", agent, of_queue, now, now + timedelta(seconds=seconds)))
            now += timedelta(seconds=seconds)
        self.contacts.append(
            {
                "contact_id": contact_id,
                "channel": "voice",
                "direction": "inbound",
                "queue_id": queue,
                "started_at": started,
                "ended_at": now,
                "updated_at": now,
            }
        )
        for segment, (kind, agent, of_queue, begin, end) in enumerate(spans, start=1):
            self.segments.append(
                {
                    "contact_id": contact_id,
                    "segment_number": segment,
                    "kind": kind,
                    "agent_id": agent,
                    "queue_id": of_queue,
                    "started_at": begin,
                    "ended_at": end,
                }
            )

    def calls(self, queue: str, *, answered: Sequence[int] = (), abandoned: Sequence[int] = ()) -> None:
        """Add a call for each wait in seconds."""
        for wait in answered:
            self.call(queue, wait, [("ann", 60)])
        for wait in abandoned:
            self.call(queue, wait)

    def surveyed_calls(self, queue: str, question: str, scores: Sequence[int]) -> None:
        """Add a call for each score, with which its customer answers a question a minute after it."""
        for score in scores:
            self.call(queue, 5, [("ann", 60)])
            contact = self.contacts[-1]
            answered_at = datetime.fromisoformat(str(contact["ended_at"])) + timedelta(minutes=1)
            self.answers.append(
                {
                    "response_id": f"r{len(self.answers)}",
                    "question_id": question,
                    "contact_id": contact["contact_id"],
                    "answered_at": answered_at,
                    "score": score,
                    "updated_at": answered_at,
                }
            )

    def staff(self, vendor: str, opening: int, leavers: int, left_on: str) -> None:
        """Add agents of a vendor who were there before, some of whom leave."""
        for number in range(opening):
            self.agents.append(
                {
                    "agent_id": f"{vendor}-{number}",
                    "effective_from": "2024-01-01",
                    "hired_on": "2024-01-01",
                    "vendor_id": vendor,
                    "left_on": left_on if number < leavers else None,
                    "leave_kind": "voluntary" if number < leavers else None,
                }
            )

    def write(self, folder: Path) -> None:
        """Write the raw tables as CSV files."""
        queues = sorted({str(segment["queue_id"]) for segment in self.segments})
        tables: dict[str, list[dict[str, object]]] = {
            "contacts": self.contacts,
            "contact_segments": self.segments,
            "queues": [{"queue_id": queue, "timezone": "UTC", "channel": "voice"} for queue in queues],
            "agents": self.agents,
            "survey_questions": [
                {"question_id": "csat", "instrument": "csat", "scale_min": 1, "scale_max": 5},
                {"question_id": "nps", "instrument": "nps", "scale_min": 0, "scale_max": 10},
            ],
            "survey_answers": self.answers,
        }
        for name, rows in tables.items():
            with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
                writer = csv.DictWriter(file, list(dict.fromkeys(name for row in rows for name in row)))
                writer.writeheader()
                writer.writerows(rows)


def golden_center() -> Center:
    """Return the calls of all vectors."""
    center = Center()
    # G.1: 1,000 answered, 860 within 20 s; 60 abandoned: 10 within 5 s, 10 more within 20 s, 40 after
    center.calls(
        "g01",
        answered=[1 + call % 20 for call in range(860)] + [21 + call for call in range(140)],
        abandoned=[1 + call % 5 for call in range(10)]
        + [6 + call for call in range(10)]
        + [21 + call for call in range(40)],
    )
    # G.2: 70 answered within T, 10 abandoned within T, 20 that exceeded it, either way
    center.calls("g02", answered=[20] * 70 + [21] * 10, abandoned=[20] * 10 + [21] * 10)
    # G.3: 42 fives, 32 fours, 10 threes, 9 twos, 14 ones
    center.surveyed_calls("g03", "csat", [5] * 42 + [4] * 32 + [3] * 10 + [2] * 9 + [1] * 14)
    # G.7: half promoters, a fifth detractors, of 200
    center.surveyed_calls("g07", "nps", [9, 10] * 50 + [7, 8] * 30 + [0, 1, 5, 6] * 10)
    # G.10: 3 of 100 leave in a month, on its last day; 6,500 agents become 6,380
    center.staff("g10", 100, 3, "2025-03-31")
    center.staff("g10-halves", 6500, 120, "2025-03-16")
    # G.11: 9 of 10, 45 of 50, 0 of 20
    center.calls("g11-9-of-10", answered=[5] * 9 + [25])
    center.calls("g11-45-of-50", answered=[5] * 45 + [25] * 5)
    center.calls("g11-0-of-20", answered=[25] * 20)
    # G.16: one session, ann 5 minutes and bob 7 minutes, in two queues
    center.call("g16", 10, [("ann", 300), ("bob", 420)])
    return center


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """Land the calls and build and test the whole project on them."""
    folder = tmp_path_factory.mktemp("golden")
    (folder / "input").mkdir()
    golden_center().write(folder / "input")
    engine = DuckDB(folder)
    engine.start_afresh()
    load_folder(folder / "input", database=engine.path)
    engine.run_dbt("build", "--exclude-resource-type", "unit_test")
    with duckdb.connect(str(engine.path)) as connection:
        yield connection


def parts(warehouse: duckdb.DuckDBPyConnection, metric: str, queue: str) -> tuple[float, float, float | None]:
    """Return numerator, denominator and value of a metric of a queue over all time."""
    row = warehouse.execute(
        """
        select numerator, denominator, value from audit.metric_values
        where metric_name = ? and grain = 'all' and dimension = 'queue_id'
            and dimension_value = ?
        """,
        [metric, queue],
    ).fetchone()
    assert row is not None, f"{metric} has no row for {queue}"
    return float(row[0]), float(row[1]) if row[1] is not None else float("nan"), row[2]


@pytest.mark.parametrize(
    ("metric", "numerator", "denominator", "percent"),
    [
        ("service_level_v1", 880, 1060, 83.02),
        ("service_level_v2", 860, 1000, 86.00),
        ("service_level_v3", 860, 1060, 81.13),
        ("service_level_v4", 860, 1040, 82.69),
        ("service_level_v5", 870, 1060, 82.08),
        ("service_level_v6", 860, 1050, 81.90),
        ("service_level_v7", 880, 1060, 83.02),
        ("service_level", 860, 1050, 81.90),
    ],
)
def test_g01_service_level_in_seven_variants(
    warehouse: duckdb.DuckDBPyConnection, metric: str, numerator: int, denominator: int, percent: float
) -> None:
    above, below, value = parts(warehouse, metric, "g01")
    assert (above, below) == (numerator, denominator)
    assert value is not None
    assert round(100 * value, 2) == percent


def test_g01_abandonment_leaves_short_abandons_out_on_both_sides(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    raw = parts(warehouse, "abandonment_rate_raw", "g01")
    without_short = parts(warehouse, "abandonment_rate", "g01")
    assert raw[:2] == (60, 1060)
    assert raw[2] is not None
    assert round(100 * raw[2], 2) == 5.66
    assert without_short[:2] == (50, 1050)
    assert without_short[2] is not None
    assert round(100 * without_short[2], 2) == 4.76
    # 50 of 1,060, short abandons left out above the line only, is the common bug
    assert round(100 * without_short[2], 2) != 4.72


def test_g01_days_and_half_hours_add_up_to_the_whole(warehouse: duckdb.DuckDBPyConnection) -> None:
    days = warehouse.execute(
        """
        select count(*), sum(numerator), sum(denominator) from audit.metric_values
        where metric_name = 'service_level' and grain = 'day' and dimension = 'queue_id'
            and dimension_value = 'g01'
        """
    ).fetchone()
    half_hours = warehouse.execute(
        """
        select sum(answered_in_time_count), sum(answered_count + abandoned_count - short_abandon_count)
        from marts.fct_queue_intervals where queue_id = 'g01'
        """
    ).fetchone()
    assert days is not None
    assert days[0] > 80
    assert (float(days[1]), float(days[2])) == (860, 1050)
    assert half_hours is not None
    assert (float(half_hours[0]), float(half_hours[1])) == (860, 1050)


@pytest.mark.parametrize(
    ("treatment", "metric", "percent"),
    [
        ("ignored", "service_level_v4", 77.8),
        ("negative", "service_level_v3", 70.0),
        ("positive", "service_level_v1", 80.0),
    ],
)
def test_g02_three_treatments_of_abandons(
    warehouse: duckdb.DuckDBPyConnection, treatment: str, metric: str, percent: float
) -> None:
    _, _, value = parts(warehouse, metric, "g02")
    assert value is not None
    assert round(100 * value, 1) == percent, treatment


@pytest.mark.parametrize(
    ("queue", "low", "high"),
    [("g11-9-of-10", 0.596, 0.982), ("g11-45-of-50", 0.786, 0.957), ("g11-0-of-20", 0.0, 0.161)],
)
def test_g11_wilson_interval(
    warehouse: duckdb.DuckDBPyConnection, queue: str, low: float, high: float
) -> None:
    row = warehouse.execute(
        """
        select round(interval_low, 3), round(interval_high, 3) from audit.metric_values
        where metric_name = 'service_level_v2' and grain = 'all' and dimension = 'queue_id'
            and dimension_value = ?
        """,
        [queue],
    ).fetchone()
    assert row == (low, high)


def test_g03_csat_by_two_boxes_one_box_and_mean(warehouse: duckdb.DuckDBPyConnection) -> None:
    above, below, value = parts(warehouse, "csat_rate", "g03")
    assert (above, below) == (74, 107)
    assert value is not None
    assert round(100 * value, 2) == 69.16
    assert parts(warehouse, "csat_top_box_rate", "g03")[:2] == (42, 107)
    above, below, value = parts(warehouse, "csat_mean", "g03")
    assert (above, below) == (42 * 5 + 32 * 4 + 10 * 3 + 9 * 2 + 14, 107)
    assert value is not None
    assert round(value, 2) == 3.74


def test_g07_net_promoter_score_and_how_sure_it_is(warehouse: duckdb.DuckDBPyConnection) -> None:
    above, below, value = parts(warehouse, "nps", "g07")
    assert (above, below, value) == (6000, 200, 30)
    row = warehouse.execute(
        "select promoter_count, passive_count, detractor_count, net_promoter_score, interval_low, interval_high "
        "from marts.fct_nps_groups where question_id = 'nps' and month_start_date is null"
    ).fetchone()
    assert row is not None
    assert row[:4] == (100, 60, 40, 30)
    assert (round(30 - row[4], 1), round(row[5] - 30, 1)) == (Decimal("10.8"), Decimal("10.8"))


def test_g10_attrition_simple_and_compounded(warehouse: duckdb.DuckDBPyConnection) -> None:
    query = (
        "select opening_count, closing_count, leaver_count, annualised_rate, compounded_rate, annualised_rate_by_ends "
        "from marts.fct_attrition where month_start_date = '2025-03-01' and dimension = 'vendor_id' and dimension_value = ?"
    )
    opening, closing, leavers, simple, compounded, _ = warehouse.execute(query, ["g10"]).fetchall()[0]
    assert (opening, closing, leavers) == (100, 97, 3)
    assert simple == Decimal("0.36")
    assert round(100 * compounded, 1) == Decimal("30.6")
    opening, closing, leavers, _, _, by_ends = warehouse.execute(query, ["g10-halves"]).fetchall()[0]
    assert (opening, closing, leavers) == (6500, 6380, 120)
    assert by_ends == round(Decimal(12 * 120) / 6440, 6)
    # the metric is the simple one
    row = warehouse.execute(
        "select numerator, denominator, value from audit.metric_values where metric_name = 'agent_attrition_rate' "
        "and grain = 'month' and period_start = '2025-03-01' and dimension = 'vendor_id' and dimension_value = 'g10'"
    ).fetchone()
    assert row is not None
    assert row == (36, 100, 0.36)


def test_g16_transfer_is_one_contact_with_two_handles(warehouse: duckdb.DuckDBPyConnection) -> None:
    assert parts(warehouse, "contacts_handled", "g16")[2] == 1
    assert parts(warehouse, "aht_seconds", "g16") == (720, 1, 720)
    assert parts(warehouse, "handle_seconds_per_agent_segment", "g16") == (720, 2, 360)
    contact = warehouse.execute(
        """
        select contact_record_count, agent_segment_count, transfer_count, first_agent_id, last_agent_id,
            queue_seconds, customer_wait_seconds
        from marts.fct_contacts where queue_id = 'g16'
        """
    ).fetchall()
    assert contact == [(1, 2, 1, "ann", "bob", 10, 40)]
    legs = warehouse.execute(
        "select agent_id, queue_id, handle_seconds from marts.fct_agent_segments "
        "where contact_id like 'g16-%' order by agent_segment_number"
    ).fetchall()
    assert legs == [("ann", "g16", 300), ("bob", "g16-second", 420)]
    transfers = warehouse.execute(
        "select from_agent_id, from_queue_id, to_agent_id, to_queue_id, seconds_since_answer, is_escalation "
        "from marts.fct_transfers where contact_id like 'g16-%'"
    ).fetchall()
    assert transfers == [("ann", "g16", "bob", "g16-second", 300, False)]
    # the second leg is worked in its own queue, where no contact arrived
    workload = warehouse.execute(
        "select queue_id, sum(offered_count), sum(workload_seconds) from marts.fct_queue_intervals "
        "where queue_id like 'g16%' group by queue_id order by queue_id"
    ).fetchall()
    assert [(queue, int(offered), int(seconds)) for queue, offered, seconds in workload] == [
        ("g16", 1, 300),
        ("g16-second", 0, 420),
    ]


def test_metric_below_the_minimum_n_is_not_published_and_says_so(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    row = warehouse.execute(
        """
        select value, null_reason, numerator, denominator, n from audit.metric_values
        where metric_name = 'service_level' and grain = 'all' and dimension = 'queue_id'
            and dimension_value = 'g16'
        """
    ).fetchone()
    assert row is not None
    assert row[:2] == (None, "below_minimum_n")
    assert [float(part) for part in row[2:]] == [1, 1, 1]


# --- resolution: G.13, G.14, G.16 -----------------------------------------------------------------------------


def resolution_center(chat_complete_through: str) -> dict[str, list[dict[str, str]]]:
    """Return the contacts of the resolution vectors, each with a customer of its own, in a queue in London."""
    calls = {
        # G.13: the index ends on 28 March 09:00 in London, the clocks go forward on 30 March
        "g13-index": ("g13", "2025-03-28 08:50:00", "2025-03-28 09:00:00"),
        "g13-0930-local": ("g13", "2025-04-04 08:30:00", "2025-04-04 08:40:00"),
        "g13-index-at": ("g13-at", "2025-03-28 08:50:00", "2025-03-28 09:00:00"),
        "g13-1000-local": ("g13-at", "2025-04-04 09:00:00", "2025-04-04 09:10:00"),
        "g13-index-after": ("g13-after", "2025-03-28 08:50:00", "2025-03-28 09:00:00"),
        "g13-1000-01-local": ("g13-after", "2025-04-04 09:00:01", "2025-04-04 09:10:00"),
        "g13-index-night": ("g13-night", "2025-03-28 08:50:00", "2025-03-28 09:00:00"),
        "g13-midnight-local": ("g13-night", "2025-04-04 23:00:00", "2025-04-04 23:10:00"),
        # G.14: nobody calls again
        "g14": ("g14", "2025-06-01 08:50:00", "2025-06-01 09:00:00"),
    }
    contacts = [
        {
            "contact_id": contact_id,
            "customer_id": customer_id,
            "channel": "voice",
            "direction": "inbound",
            "queue_id": "london",
            "reason_code": "bill",
            "started_at": started_at,
            "ended_at": ended_at,
            "updated_at": ended_at,
        }
        for contact_id, (customer_id, started_at, ended_at) in calls.items()
    ]
    spans = [
        (contact_id, "1", "ann", "london", started_at, ended_at)
        for contact_id, (_, started_at, ended_at) in calls.items()
    ]
    # G.16: ann 5 minutes, bob 7 minutes, two queues
    contacts.append(
        {
            **contacts[0],
            "contact_id": "g16",
            "customer_id": "g16",
            "started_at": "2025-03-04 10:00:00",
            "ended_at": "2025-03-04 10:12:00",
        }
    )
    spans.append(("g16", "1", "ann", "london", "2025-03-04 10:00:00", "2025-03-04 10:05:00"))
    spans.append(("g16", "2", "bob", "second", "2025-03-04 10:05:00", "2025-03-04 10:12:00"))
    segment_columns = ("contact_id", "segment_number", "agent_id", "queue_id", "started_at", "ended_at")
    return {
        "contacts": contacts,
        "contact_segments": [
            {**dict(zip(segment_columns, span, strict=True)), "kind": "talk"} for span in spans
        ],
        "queues": [{"queue_id": queue_id, "timezone": "Europe/London"} for queue_id in ("london", "second")],
        "reasons": [{"reason_code": "bill", "reason_l1": "money", "reason_l2": "bill"}],
        "feed_watermarks": [
            {"feed": "voice", "complete_through": "2025-06-12 09:00:00"},
            {"feed": "chat", "complete_through": chat_complete_through},
        ],
    }


Outcomes = Mapping[str, dict[str, Any]]


@pytest.fixture(scope="module")
def outcomes_by(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Outcomes]:
    """Give the headline rows of fct_first_contact_resolution by contact, built once per watermark and vars."""

    @cache
    def build(chat_complete_through: str, **variables: Any) -> Outcomes:
        database = builds.build(
            tmp_path_factory.mktemp("resolution"),
            resolution_center(chat_complete_through),
            variables=variables,
            select="+fct_first_contact_resolution +fct_contact_repeats",
        )
        rows = builds.rows_of(
            database,
            "select * from marts.fct_first_contact_resolution left join marts.fct_contact_repeats using (contact_id) "
            "where is_headline",
        )
        return {row["contact_id"]: row for row in rows}

    return build


CAUGHT_UP = "2025-06-10 09:00:00"


def test_g13_repeat_boundary_by_elapsed_time_across_the_clock_change(
    outcomes_by: Callable[..., Outcomes],
) -> None:
    outcomes = outcomes_by(CAUGHT_UP)
    index = outcomes["g13-index"]
    # 10:00 in London, where 7 times the same local time would close at 09:00
    assert index["window_ends_at"] == datetime(2025, 4, 4, 9, 0)
    assert (index["outcome"], index["breaking_contact_id"]) == ("repeated", "g13-0930-local")
    assert (index["is_repeated"], index["is_repeated_168h"]) == (True, True)
    # closed at the upper end
    assert outcomes["g13-index-at"]["outcome"] == "repeated"
    assert outcomes["g13-index-after"]["outcome"] == "resolved"
    assert outcomes["g13-index-night"]["outcome"] == "resolved"
    assert (outcomes["g13-index-after"]["is_repeated"], outcomes["g13-index-after"]["is_repeated_168h"]) == (
        False,
        False,
    )


def test_g13_repeat_boundary_at_the_end_of_the_local_day(outcomes_by: Callable[..., Outcomes]) -> None:
    outcomes = outcomes_by(CAUGHT_UP, repeat_window_clock="local_day", transfer_breaks_fcr=True)
    # 4 April 23:59:59 in London
    assert outcomes["g13-index"]["window_ends_at"] == datetime(2025, 4, 4, 22, 59, 59)
    for contact_id in ("g13-index", "g13-index-at", "g13-index-after"):
        assert outcomes[contact_id]["outcome"] == "repeated", contact_id
        assert outcomes[contact_id]["is_repeated"] is True, contact_id
    assert outcomes["g13-index-night"]["outcome"] == "resolved"


@pytest.mark.parametrize(
    ("chat_complete_through", "is_mature", "outcome"),
    [
        ("2025-06-08 09:00:00", False, "pending"),
        (CAUGHT_UP, True, "resolved"),
    ],
)
def test_g14_mature_when_the_slowest_feed_has_passed(
    outcomes_by: Callable[..., Outcomes], chat_complete_through: str, is_mature: bool, outcome: str
) -> None:
    row = outcomes_by(chat_complete_through)["g14"]
    assert row["matures_at"] == datetime(2025, 6, 10, 9, 0)
    assert (row["is_mature"], row["outcome"]) == (is_mature, outcome)
    assert row["is_repeated"] is (False if is_mature else None)


def test_g16_transfer_settles_the_first_contact_and_not_at_the_first_point(
    outcomes_by: Callable[..., Outcomes],
) -> None:
    row = outcomes_by(CAUGHT_UP)["g16"]
    assert (row["outcome"], row["is_first_point_resolution"]) == ("resolved", False)
    # the style of HDI and MetricNet
    row = outcomes_by(CAUGHT_UP, repeat_window_clock="local_day", transfer_breaks_fcr=True)["g16"]
    assert (row["outcome"], row["is_first_point_resolution"]) == ("transferred", False)


# --- cost: G.5, G.6 -------------------------------------------------------------------------------------------

MARCH = datetime(2025, 3, 1)
TDABC_AGENTS = 100
TDABC_CONTACTS = {8: 49_000, 44: 1_400, 50: 2_500}
"""Contacts of Kaplan and Anderson's customer service by their minutes: orders, inquiries and credit checks."""


def cost_center() -> dict[str, list[dict[str, str]]]:
    """Return agents with contacts, time sheets and pay of the cost vectors, and the ledger of the month."""
    raw: dict[str, list[dict[str, str]]] = {
        name: []
        for name in ("contacts", "contact_segments", "agents", "agent_states", "agent_pay", "agent_pay_rates")
    }

    def talk(contact_id: str, agent: str, queue: str, begins: datetime, minutes: int) -> None:
        ends = begins + timedelta(minutes=minutes)
        span = {"started_at": str(begins), "ended_at": str(ends), "queue_id": queue}
        channel = "chat" if queue == "chats" else "voice"
        raw["contacts"].append(
            {
                "contact_id": contact_id,
                "channel": channel,
                "direction": "inbound",
                "updated_at": str(ends),
                **span,
            }
        )
        raw["contact_segments"].append(
            {"contact_id": contact_id, "segment_number": "1", "kind": "talk", "agent_id": agent, **span}
        )

    def paid(agent: str, minutes_a_day: int, days: int, hourly_rate: str) -> None:
        raw["agents"].append({"agent_id": agent, "effective_from": "2025-01-01", "role": "agent"})
        raw["agent_pay_rates"].append(
            {
                "agent_id": agent,
                "effective_from": "2025-01-01",
                "hourly_rate": hourly_rate,
                "currency": "GBP",
            }
        )
        for day in range(days):
            raw["agent_pay"].append(
                {
                    "agent_id": agent,
                    "work_date": str((MARCH + timedelta(days=day)).date()),
                    "regular_minutes": str(minutes_a_day),
                }
            )

    # G.5: 875,000 paid minutes at 0.64, of which 80 % are there for contacts; each agent has one contact after another
    for number in range(TDABC_AGENTS):
        agent, now = f"g05-{number:03}", MARCH
        paid(agent, 350, 25, "38.40")
        for minutes, count in TDABC_CONTACTS.items():
            for contact in range(count // TDABC_AGENTS):
                talk(f"{agent}-{minutes}-{contact}", agent, "g05", now, minutes)
                now += timedelta(minutes=minutes)
        until = MARCH + timedelta(minutes=7_000)
        for state, begins, ends in (
            ("contact", MARCH, now),
            ("available", now, until),
            ("break", until, MARCH + timedelta(minutes=8_750)),
        ):
            raw["agent_states"].append(
                {
                    "agent_id": agent,
                    "started_at": str(begins),
                    "ended_at": str(ends),
                    "state": state,
                    "is_paid": "true",
                }
            )
    # G.6: two chats at once, and three
    ten = MARCH + timedelta(hours=10)
    five_past = ten + timedelta(minutes=5)
    for agent, spans in (
        ("g06-two", {"A": (ten, 10), "B": (five_past, 10)}),
        ("g06-three", {"A": (ten, 10), "B": (five_past, 10), "C": (five_past, 5)}),
    ):
        for name, (begins, minutes) in spans.items():
            talk(f"{agent}-{name}", agent, "chats", begins, minutes)
        # 15 minutes at 0.60 are all that is paid and all that is used
        paid(agent, 15, 1, "36")
    return {
        **raw,
        "queues": [
            {"queue_id": "g05", "timezone": "UTC", "channel": "voice"},
            {"queue_id": "chats", "timezone": "UTC", "channel": "chat", "concurrency_capacity": "3"},
        ],
        "ledger_accounts": [{"account_id": "pay", "pool": "agent_pay", "is_in_scope": "true"}],
        "ledger_entries": [
            {
                "entry_id": "1",
                "period_month": "2025-03-01",
                "account_id": "pay",
                "amount": "560018",
                "currency": "GBP",
            }
        ],
    }


@pytest.fixture(scope="module", params=["ratio", "measured"])
def cost_mart(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], list[dict[str, Any]]]:
    """Give rows of the marts of cost, with practical capacity as a share of paid minutes or from time sheets."""
    database = builds.build(
        tmp_path_factory.mktemp("cost"),
        cost_center(),
        variables={"practical_capacity_mode": request.param},
        select="+fct_contact_costs +fct_capacity_costs +fct_ledger_reconciliation",
    )
    return lambda query: builds.rows_of(database, query)


def test_g05_time_driven_cost_of_an_order_an_inquiry_and_a_credit_check(
    cost_mart: Callable[[str], list[dict[str, Any]]],
) -> None:
    rows = cost_mart(
        "select driver_quantity / 60 as minutes, unit_rate * 60 as rate, cost_amount, count(*) as contacts, "
        "sum(cost_amount) as total from marts.fct_contact_costs where contact_id like 'g05-%' "
        "group by all order by minutes"
    )
    assert [(int(row["minutes"]), row["cost_amount"], row["contacts"]) for row in rows] == [
        (8, Decimal("6.40"), 49_000),
        (44, Decimal("35.20"), 1_400),
        (50, Decimal("40.00"), 2_500),
    ]
    assert sum(row["minutes"] * row["contacts"] for row in rows) == 578_600
    assert sum(row["total"] for row in rows) == 462_880
    # 0.80 a minute; a rate per second is cut off at the millionth
    assert {round(row["rate"], 3) for row in rows} == {Decimal("0.800")}


def test_g05_unused_capacity_stands_apart_and_the_sum_is_what_was_paid(
    cost_mart: Callable[[str], list[dict[str, Any]]],
) -> None:
    (unused,) = cost_mart(
        "select sum(agent_minutes) as minutes, sum(cost_amount) as amount from marts.fct_capacity_costs "
        "where kind = 'unused_capacity' and queue_id = 'g05'"
    )
    assert (unused["minutes"], unused["amount"]) == (121_400, 97_120)
    (other,) = cost_mart(
        "select count(*) as rows from marts.fct_capacity_costs where kind <> 'unused_capacity'"
    )
    assert other["rows"] == 0
    (books,) = cost_mart("select * from marts.fct_ledger_reconciliation")
    # 18 are the 30 minutes of G.6
    assert (books["contact_amount"], books["capacity_amount"]) == (462_880 + 18, 97_120)
    assert (books["ledger_amount"], books["difference_amount"]) == (560_018, 0)
    assert books["status"] == "reconciled"


def test_g06_seconds_of_simultaneous_chats_are_shared(
    cost_mart: Callable[[str], list[dict[str, Any]]],
) -> None:
    rows = cost_mart(
        "select contact_id, sum(driver_quantity) as seconds, sum(cost_amount) as amount "
        "from marts.fct_contact_costs where contact_id like 'g06-%' group by contact_id"
    )
    seconds = {row["contact_id"]: row["seconds"] for row in rows}
    amounts = {row["contact_id"]: row["amount"] for row in rows}
    assert (seconds["g06-two-A"], seconds["g06-two-B"]) == (450, 450)
    assert (amounts["g06-two-A"], amounts["g06-two-B"]) == (Decimal("4.5"), Decimal("4.5"))
    # 5 minutes alone and 5 by three; 5 by three and 5 alone; 5 by three
    assert (seconds["g06-three-A"], seconds["g06-three-B"], seconds["g06-three-C"]) == (400, 400, 100)
    assert sum(amounts[f"g06-three-{name}"] for name in "ABC") == 9


def test_g04_one_set_of_sessions_has_three_save_rates() -> None:
    """400 requests: 200 cancelled, 50 paused, 50 took a discount, 10 were never answered, 90 let it go."""
    results = [
        *["cancelled"] * 200,
        *["paused"] * 50,
        *["discount"] * 50,
        *["bounced"] * 10,
        *["let go"] * 90,
    ]
    episodes = [
        {
            "episode_id": f"e{number:03}",
            "contact_id": f"c{number:03}",
            "result": result,
            "entry_door": "stated_cancel_intent",
            "opened_at": MONDAY,
            "business_date": MONDAY.date(),
            "is_wish_to_cancel": True,
            "is_notice_only": False,
            "is_duplicate": False,
            "request_count": 1,
            "subscription_count": 1,
            "is_given_up": result == "cancelled",
            "is_abandoned": result == "bounced",
            "accepted_kind": {"paused": "pause", "discount": "concession"}.get(result),
            "offer_count": 1,
            "accepted_offer_count": 1,
            "left_at": MONDAY + timedelta(days=20) if result == "cancelled" else None,
            **{f"is_kept_{days}d": result != "cancelled" for days in inputs.HORIZONS},
            **{f"is_paused_{days}d": False for days in inputs.HORIZONS},
            **{f"is_downgraded_{days}d": False for days in inputs.HORIZONS},
        }
        for number, result in enumerate(results)
    ]
    taken = [row for row in episodes if row["accepted_kind"]]
    judged = builds.run_model(
        "fct_save_episodes",
        int_save_episodes=inputs.table(episodes, inputs.EPISODES),
        int_save_episode_states=inputs.table(episodes, inputs.EPISODE_STATES),
        int_save_episode_offers=inputs.table(taken, inputs.EPISODE_OFFERS),
        int_save_episode_contacts=inputs.table([], inputs.HANDLING),
        fct_contacts=inputs.table(episodes, inputs.CONTACTS),
        fct_contact_results=inputs.table([], inputs.RESULTS),
        stg_customers=inputs.table([], inputs.CUSTOMERS),
        int_product_margins=inputs.table([], inputs.MARGINS),
        save_exclusion_rules=inputs.table([], inputs.EXCLUSION_RULES),
        save_increments=inputs.table([], inputs.INCREMENTS),
        int_as_of=inputs.table(
            [{"domain": "resolution", "as_of": MONDAY + timedelta(days=100)}], inputs.AS_OF
        ),
        stg_save_offers=inputs.table([{"offer_id": "o1"}], {"offer_id": inputs.TEXT}),
    )
    columns: inputs.Columns = {
        "business_date": inputs.DATE,
        "session_result": inputs.TEXT,
        "was_attempted": inputs.BOOL,
        "is_eligible": inputs.BOOL,
        "is_active_30d": inputs.BOOL,
        **{f"is_saved_{days}d": inputs.BOOL for days in inputs.HORIZONS},
    }
    rates = {
        row["definition"]: (row["saved_count"], row["episode_count"], row["saved_share"])
        for row in builds.run_model(
            "fct_save_rate_comparison", fct_save_episodes=inputs.table(judged, columns)
        )
        if row["month_start_date"] is None
    }
    assert rates["not_cancelled_in_session"] == (190, 390, Decimal("0.487179"))
    assert rates["accepted_of_sessions"] == (100, 390, Decimal("0.256410"))
    assert rates["accepted_of_decided"] == (100, 300, Decimal("0.333333"))
    # only the discounts lasted, and everybody counts who wanted to leave
    assert rates["durable_60d"] == (50, 400, Decimal("0.125000"))


def test_g08_gross_and_net_revenue_retention() -> None:
    """Of 10.0 at the start 0.6 contract and 0.9 leave, 1.8 expand: 85 % gross, 103 % net; new customers change nothing."""
    amounts = {"contracts": (3.0, 2.4), "leaves": (0.9, 0.0), "expands": (6.1, 7.9), "comes": (0.0, 5.0)}
    month = {"month_start_date": date(2025, 3, 1)}
    spans = [
        {
            "customer_id": name,
            "basis": "contractual",
            "span_number": 1,
            "active_from": datetime(2025, 3, 10) if name == "comes" else datetime(2024, 1, 1),
            "active_until": datetime(2025, 3, 20) if name == "leaves" else None,
            "tenure_from": datetime(2024, 1, 1),
        }
        for name in amounts
    ]
    found = builds.run_model(
        "fct_customer_months",
        int_customer_spans=inputs.table(spans, inputs.CUSTOMER_SPANS),
        int_retention_months=inputs.table(
            [month | {"starts_at": datetime(2025, 3, 1), "ends_at": datetime(2025, 4, 1), "is_mature": True}],
            inputs.MONTHS,
        ),
        dim_customer=inputs.table([], inputs.CUSTOMERS),
        int_cancellations=inputs.table([], inputs.CANCELLATIONS),
        int_save_requests=inputs.table([], inputs.REQUESTS),
        fct_subscription_months=inputs.table(
            [
                month
                | {
                    "customer_id": name,
                    "is_active_at_start": start > 0,
                    "start_amount": Decimal(str(start)),
                    "end_amount": Decimal(str(end)),
                }
                for name, (start, end) in amounts.items()
            ],
            inputs.SUBSCRIPTION_MONTHS,
        ),
    )
    names = ("start_amount", "contraction_amount", "churned_amount", "expansion_amount")
    start, contraction, churn, expansion = (sum(row[name] or 0 for row in found) for name in names)
    assert (start, contraction, churn, expansion) == (10, Decimal("0.6"), Decimal("0.9"), Decimal("1.8"))
    assert (start - contraction - churn) / start == Decimal("0.85")
    assert (start - contraction - churn + expansion) / start == Decimal("1.03")


def test_g09_payback_interpolates_in_the_period_of_crossing() -> None:
    """10,000 out and 3,000 a year: 3.333 years, and 4.263 at 10 % a year. A period is as good as another."""
    flows = [-10_000, 3_000, 3_000, 3_000, 3_000, 3_000]
    discounted = [flow / 1.1**period for period, flow in enumerate(flows)]
    found = builds.run_model(
        "int_investment_crossings",
        int_investment_months=inputs.table(
            [
                {
                    "ledger": "plan",
                    "investment_id": "i",
                    "period_number": period,
                    "net_amount": flow,
                    "discounted_net_amount": discounted[period],
                    "cumulative_amount": sum(flows[: period + 1]),
                    "cumulative_discounted_amount": sum(discounted[: period + 1]),
                }
                for period, flow in enumerate(flows)
            ],
            {
                "ledger": inputs.TEXT,
                "investment_id": inputs.TEXT,
                "period_number": inputs.INT,
                **dict.fromkeys(
                    (
                        "net_amount",
                        "discounted_net_amount",
                        "cumulative_amount",
                        "cumulative_discounted_amount",
                    ),
                    inputs.DOUBLE,
                ),
            },
        ),
    )
    months = {row["method"]: row["first_crossing_months"] for row in found}
    assert round(months["simple"], 3) == 3.333
    assert round(months["discounted"], 3) == 4.263


def test_g15_donation_two_weeks_after_the_call() -> None:
    """10,000 exactly 14 times 24 hours after the end is in for 14 days and out for 7; a second before the start it is nobody's."""
    ended = datetime(2025, 3, 28, 9, 0)
    call = {
        "contact_id": "call",
        "customer_id": "patron",
        "contact_type": "service",
        "direction": "inbound",
        "started_at": ended - timedelta(minutes=20),
        "ended_at": ended,
    }
    sales = {"after": ended + timedelta(days=14), "before": ended - timedelta(minutes=20, seconds=1)}
    found = builds.run_model(
        "fct_revenue_influence",
        int_transaction_amounts=inputs.table(
            [
                {
                    "transaction_id": name,
                    "customer_id": "patron",
                    "kind": "donation",
                    "occurred_at": at,
                    "net_amount": 10_000,
                }
                for name, at in sales.items()
            ],
            inputs.SALES,
        ),
        int_influencing_contacts=inputs.table([call], inputs.INFLUENCING_CONTACTS),
        fct_contacts=inputs.table([call], inputs.CONTACTS),
        int_as_of=inputs.table([{"domain": "value", "as_of": datetime(2026, 1, 1)}], inputs.AS_OF),
    )
    credited = {(row["window_days"], row["transaction_id"]): row["credited_amount"] for row in found}
    assert credited == {(14, "after"): 10_000, (30, "after"): 10_000, (90, "after"): 10_000}


def test_g18_misallocation_of_two_cells() -> None:
    """Minutes lie 0.8 to 0.2 and value 0.3 to 0.7: an index of 0.5."""
    contacts = [
        {"value_tier": "b", "handle_seconds": 800, "value_at_stake_amount": 30},
        {"value_tier": "a", "handle_seconds": 200, "value_at_stake_amount": 70},
    ]
    found = builds.run_model(
        "fct_value_misallocation",
        fct_contact_outcomes=inputs.table(
            [row | {"business_date": date(2025, 3, 5), "queue_id": "q"} for row in contacts],
            {
                "business_date": inputs.DATE,
                "queue_id": inputs.TEXT,
                "value_tier": inputs.TEXT,
                "handle_seconds": inputs.INT,
                "value_at_stake_amount": inputs.AMOUNT,
            },
        ),
    )
    assert sum(row["half_distance"] for row in found) == Decimal("0.5")
