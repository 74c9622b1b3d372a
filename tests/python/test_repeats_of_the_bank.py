"""Repeats on the call log of the anonymous bank: the marts, the semantic layer and the analysis say what plain Python
counts in the log, and the warnings that the coverage earns are there.
"""

from __future__ import annotations

import gzip
import math
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import builds
import pytest
from oracle import PROJECT
from test_anonymous_bank import month_files, run

from cx_metrics.connectors.anonymous_bank import FIELDS
from cx_metrics.semantic_layer import semantic_layer

DAY_SECONDS = 86_400
END_OF_MARCH = datetime(1999, 4, 1)
LAG = timedelta(hours=48)
WINDOWS = (24, 168)


@dataclass
class Counted:
    """What the log says of one type of call: served calls, those of known customers, and by window the calls whose
    window is over and those of them that were repeated.
    """

    served: int = 0
    identified: int = 0
    judged: dict[int, int] = field(default_factory=lambda: dict.fromkeys(WINDOWS, 0))
    repeated: dict[int, int] = field(default_factory=lambda: dict.fromkeys(WINDOWS, 0))


def seconds(text: str) -> int:
    hours, minutes, rest = map(int, text.split(":"))
    return 3600 * hours + 60 * minutes + rest


def calls() -> Iterator[tuple[str | None, str, datetime, datetime, bool]]:
    """Customer (None where the log names none), type, start, end and whether an agent served: local times, for the first
    three months of 1999 have no change of clocks.
    """
    for path in month_files():
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            next(lines)
            for line in lines:
                call = dict(zip(FIELDS, (text.strip() for text in line.split("\t")), strict=True))
                if call["outcome"] == "PHANTOM":
                    continue
                phases = [
                    ("vru_entry", "vru_exit", "vru_time"),
                    ("q_start", "q_exit", "q_time"),
                    ("ser_start", "ser_exit", "ser_time"),
                ]
                last = [
                    exit
                    for start, exit, took in phases
                    if (call[start], call[exit], call[took]) != ("0:00:00", "0:00:00", "0")
                ][-1]
                midnight = datetime.strptime(call["date"], "%y%m%d")
                began, ended = seconds(call["vru_entry"]), seconds(call[last])
                # the end is on the day that is nearest
                ended += round((began - ended) / DAY_SECONDS) * DAY_SECONDS
                start = midnight + timedelta(seconds=began)
                end = midnight + timedelta(seconds=max(began, ended))
                customer = call["customer_id"]
                is_known = customer.isdecimal() and int(customer) > 0
                yield customer if is_known else None, call["type"], start, end, call["outcome"] == "AGENT"


@pytest.fixture(scope="module")
def counted() -> dict[str, Counted]:
    """The log, counted with lists and dictionaries."""
    found: dict[str, Counted] = defaultdict(Counted)
    of_customers: dict[tuple[str, str], list[tuple[datetime, datetime, bool]]] = defaultdict(list)
    for customer, kind, start, end, is_served in calls():
        found[kind].served += is_served
        if customer is not None:
            found[kind].identified += is_served
            of_customers[customer, kind].append((start, end, is_served))
    for (_, kind), theirs in of_customers.items():
        starts = sorted(start for start, _, _ in theirs)
        for _, end, is_served in theirs:
            later = bisect_right(starts, end)
            for hours in WINDOWS:
                window_ends = end + timedelta(hours=hours)
                if is_served and window_ends + LAG <= END_OF_MARCH:
                    found[kind].judged[hours] += 1
                    found[kind].repeated[hours] += later < len(starts) and starts[later] <= window_ends
    return dict(found)


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The three months, with repeats built."""

    def land(database: Path) -> None:
        result = run(database, *map(str, month_files()))
        assert result.exit_code == 0, result.output

    return builds.build_landed(
        tmp_path_factory.mktemp("bank"), land, select="+fct_contact_repeats +dim_reason"
    )


@pytest.fixture(scope="module")
def published(bank: Path) -> dict[tuple[str, int], dict[str, Any]]:
    """Rows of analyses/repeat_rates_by_reason.sql by type and window."""
    rows = builds.rows_of(bank, builds.compiled("repeat_rates_by_reason"))
    return {(row["reason_code"], row["window_hours"]): row for row in rows}


def test_repeats_by_type_are_those_of_the_log(
    counted: dict[str, Counted], published: dict[tuple[str, int], dict[str, Any]]
) -> None:
    served = {kind: one for kind, one in counted.items() if one.served}
    assert {kind for kind, _ in published} == set(served)
    assert len(published) == len(served) * len(WINDOWS)
    for (kind, hours), row in published.items():
        one = served[kind]
        assert (row["repeated_count"], row["judged_count"]) == (one.repeated[hours], one.judged[hours]), (
            kind,
            hours,
        )
        assert row["handled_count"] == one.served, kind
        assert math.isclose(row["identity_coverage"], one.identified / one.served), kind
        if one.judged[hours] >= 10:
            assert math.isclose(row["repeat_rate"], one.repeated[hours] / one.judged[hours])
            assert row["interval_low"] < row["repeat_rate"] < row["interval_high"]
    # the log is what it is: a change of these numbers is a change of what counts
    assert (counted["PS"].repeated, counted["PS"].judged) == (
        {24: 11_611, 168: 18_105},
        {24: 32_090, 168: 29_726},
    )


def test_every_rate_carries_the_warning_that_its_coverage_earns(
    published: dict[tuple[str, int], dict[str, Any]],
) -> None:
    for (kind, _), row in published.items():
        assert row["warning"], f"{kind}: no type of call has 80 % of known customers"
        assert row["identity_coverage"] < 0.8
    for hours in WINDOWS:
        # internet support never asks who calls: unknown, not low
        nobody = published["IN", hours]
        assert (nobody["judged_count"], nobody["repeat_rate"], nobody["interval_low"]) == (0, None, None)
        assert nobody["warning"] == "no customer is known: nothing can be said"
        # prospective customers have no id but one in two hundred, and that rate says nothing about the others
        strangers = published["NW", hours]
        assert strangers["identity_coverage"] < 0.005
        assert strangers["interval_high"] - strangers["interval_low"] > 0.15


def test_busy_customers_are_told_apart(
    counted: dict[str, Counted], published: dict[tuple[str, int], dict[str, Any]]
) -> None:
    """One customer in a hundred, by plain counting, makes most repeats of the exchange line, which is no line of repeats
    without them.
    """
    served: Counter[str] = Counter(customer for customer, *_, is_served in calls() if customer and is_served)
    ranked = sorted(served.values(), reverse=True)
    fewest = min(count for count in ranked if sum(more > count for more in ranked) / (len(ranked) - 1) < 0.01)
    busiest = {customer for customer, count in served.items() if count >= fewest}
    assert 60 < len(busiest) < 80
    row = published["NE", 24]
    assert row["repeats_of_busiest_share"] > 0.8
    assert row["repeat_rate_without_busiest"] < row["repeat_rate"]
    theirs = [
        (customer, kind, start, end, is_served)
        for customer, kind, start, end, is_served in calls()
        if customer in busiest
    ]
    repeated = 0
    for customer, kind, _, end, is_served in theirs:
        is_over = end + timedelta(hours=24) + LAG <= END_OF_MARCH
        if kind == "NE" and is_served and is_over:
            repeated += any(
                end < other[2] <= end + timedelta(hours=24)
                for other in theirs
                if (other[0], other[1]) == (customer, "NE")
            )
    assert math.isclose(row["repeats_of_busiest_share"], repeated / counted["NE"].repeated[24])


def test_the_page_says_what_the_analysis_says(published: dict[tuple[str, int], dict[str, Any]]) -> None:
    """docs/resolution.md shows these rows; where this fails, copy them from here."""
    page = (PROJECT / "docs" / "resolution.md").read_text("utf-8").splitlines()
    for kind in sorted(
        {kind for kind, _ in published}, key=lambda kind: -published[kind, 24]["handled_count"]
    ):
        day, week = published[kind, 24], published[kind, 168]
        cells = [f"{day['reason']} (`{kind}`)"]
        for row in (day, week):
            cells += [
                f"{row['repeated_count']:,} of {row['judged_count']:,}",
                share(row["repeat_rate"], row["interval_low"], row["interval_high"]),
            ]
        cells += [
            share(week["repeat_rate_without_busiest"]),
            f"{day['identity_coverage']:.1%}",
            week["warning"],
        ]
        assert f"| {' | '.join(cells)} |" in page


def share(value: float | None, low: float | None = None, high: float | None = None) -> str:
    if value is None:
        return "–"
    return (
        f"{value:.1%}"
        if low is None or high is None
        else f"{value:.1%} ({100 * low:.1f} to {100 * high:.1f})"
    )


def test_the_semantic_layer_says_the_same(bank: Path, counted: dict[str, Counted]) -> None:
    with semantic_layer(database=bank, target_path=builds.target_path()) as layer:
        rows = layer.query(
            [
                "day_window_repeated_contacts",
                "day_window_closed_contacts",
                "repeat_rate_forward_24h",
                "repeat_rate_forward",
            ],
            ["reason_code"],
        ).to_pylist()
        (coverage,) = layer.query(["identity_coverage_rate"]).to_pylist()
    by_reason = {row["reason_code"]: row for row in rows}
    for kind, one in counted.items():
        if not one.identified:
            assert kind not in by_reason
            continue
        row = by_reason[kind]
        assert (row["day_window_repeated_contacts"], row["day_window_closed_contacts"]) == (
            one.repeated[24],
            one.judged[24],
        )
        assert math.isclose(row["repeat_rate_forward_24h"], one.repeated[24] / one.judged[24])
        # the types have no window of their own: the default is a week
        assert math.isclose(row["repeat_rate_forward"], one.repeated[168] / one.judged[168])
    every = [customer is not None for customer, *_ in calls()]
    assert math.isclose(coverage["identity_coverage_rate"], sum(every) / len(every))
    assert coverage["identity_coverage_rate"] < 0.8


def test_a_call_is_repeated_by_the_next_one_and_not_by_itself(bank: Path) -> None:
    pairs = partial(builds.rows_of, bank)
    wrong = pairs(
        """
        select count(*) as pairs
        from marts.fct_contact_repeats as firsts
        inner join marts.fct_contacts as nexts on firsts.next_contact_id = nexts.contact_id
        where
            nexts.started_at <= firsts.ended_at
            or nexts.customer_id <> firsts.customer_id
            or nexts.reason_code <> firsts.reason_code
            or nexts.exclusion_reason is not null
        """
    )
    assert wrong == [{"pairs": 0}]
    assert pairs("select count(*) as shared from marts.fct_contact_repeats where customer_id = '0'") == [
        {"shared": 0}
    ]
