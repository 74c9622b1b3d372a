"""Two paths agree: what the models make of random raw data equals an independent computation from the same rows.

Hypothesis draws many small contact centers; one build takes all of them, and every contact, half hour and metric is
compared with `oracle.py`. How a difference is shown: `two_paths.py`.

CX_ORACLE_EXAMPLES is the number of centers per build (120).
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import oracle
import pytest
import strategies
import two_paths
from oracle import Contact, Decisions, MetricKey, MetricValue, QueueInterval, RawTables
from two_paths import SEED, Built, Computed, Mart, Paths, World

EXAMPLES = int(os.environ.get("CX_ORACLE_EXAMPLES", "120"))

_DAYS = {"effective_from": "1900-01-01", "effective_to": "2999-12-31"}


def _other_decisions(prefixes: Iterable[str]) -> dict[str, list[dict[str, str]]]:
    """Return decisions that change on a day and differ between queues and customers."""
    prefixes = list(prefixes)
    until, since = {"effective_to": "2024-03-30"}, {"effective_from": "2024-03-31"}
    before, after = {**_DAYS, **until}, {**_DAYS, **since}
    targets = [
        {"channel": channel, "queue_id": queue_id, **days, "clock": clock, **thresholds}
        for channel, clock, thresholds in (
            ("voice", "elapsed", _thresholds(21, 6)),
            ("chat", "elapsed", _thresholds(45, 0)),
            ("email", "business", _thresholds(3600, 0)),
            ("messaging", "elapsed", _thresholds(14400, 0)),
            ("sms", "business", _thresholds(14400, 0)),
            ("self_service", "elapsed", _thresholds(20, 5)),
        )
        for queue_id, days in (("any", _DAYS),)
    ]
    for prefix in prefixes:
        targets.append(
            {
                "channel": "voice",
                "queue_id": f"{prefix}q1",
                **before,
                "clock": "elapsed",
                **_thresholds(60, 5),
            }
        )
        targets.append(
            {"channel": "voice", "queue_id": f"{prefix}q1", **after, "clock": "elapsed", **_thresholds(5, 1)}
        )
    rules = (
        "test",
        "source",
        "monitor",
        "internal",
        "survey_call",
        "automated_outbound",
        "empty_bot_session",
    )
    return {
        "service_level_targets": targets,
        "exclusion_rules": [
            {
                "rule": rule,
                **(after if rule in ("test", "internal") else _DAYS),
                "owner": "",
                "description": "",
            }
            for rule in rules
        ],
        "denied_customer_ids": [
            {"customer_id": "0", **before, "reason": ""},
            *({"customer_id": f"{prefix}c1", **after, "reason": ""} for prefix in prefixes[::2]),
        ],
        "duration_limits": [
            {"channel": channel, **days, "longest_handle_seconds": limit}
            for channel in ("voice", "email")
            for days, limit in ((before, "60"), (after, "121"))
        ],
    }


def _thresholds(answer_within: int, short_abandon: int) -> dict[str, str]:
    return {
        "answer_within_seconds": str(answer_within),
        "short_abandon_seconds": str(short_abandon),
        "target_rate": "0.5",
    }


WORLDS = (
    World("the project's decisions, rows as text", False, ()),
    World(
        "other decisions, rows with types, watermarks",
        True,
        (
            {"feed": "contacts", "complete_through": "2024-10-27 02:00:00"},
            {"feed": "voice", "complete_through": None},
            {"feed": "finance", "complete_through": "2024-01-01 00:00:00"},
        ),
        lambda _: {
            "business_day_start_hour": 4,
            "reporting_timezone": "Australia/Lord_Howe",
            "redial_window_minutes": 15,
            "auto_wrap_limit_seconds": 60,
            "minimum_n_publish": 3,
        },
        _other_decisions,
    ),
    World(
        "a quiet year's end",
        False,
        ({"feed": "contacts", "complete_through": "2024-12-31T12:00:00Z"},),
        lambda _: {"reporting_timezone": "Asia/Kathmandu"},
        share=0.5,
    ),
)


class Contacts(Computed):
    """The contacts domain computed once more."""

    def __init__(self, raw: RawTables, decisions: Decisions) -> None:
        self.center = oracle.compute(raw, decisions)
        self.decisions = decisions
        self.as_of = self.center.as_of
        self.rows = {
            "fct_contacts": self.center.contacts.values(),
            "fct_queue_intervals": self.center.intervals.values(),
        }

    def metric_values(self) -> dict[MetricKey, MetricValue]:
        return oracle.metric_values(self.center, self.decisions)


PATHS = Paths(
    {
        "fct_contacts": Mart(Contact, ("contact_id",)),
        "fct_queue_intervals": Mart(QueueInterval, ("queue_id", "interval_started_at")),
    },
    Contacts,
    "+fct_queue_intervals",
    ("all", *oracle.DIMENSIONS),
)


@pytest.fixture(scope="module", params=WORLDS, ids=lambda world: world.name)
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Draw centers and build them all at once."""
    world: World = request.param
    centers = strategies.drawn(
        strategies.centers(), round(EXAMPLES * world.share), SEED + WORLDS.index(world)
    )
    result = two_paths.build(world, PATHS, two_paths.prefixed(centers), tmp_path_factory.mktemp("oracle"))
    counts = {mart: len(list(rows)) for mart, rows in result.computed.rows.items()}
    print(f"seed {SEED}: {len(centers)} centers, {counts}")
    return result


def test_contacts_and_half_hours_equal_an_independent_computation(built: Built, tmp_path: Path) -> None:
    if differences := built.differences():
        pytest.fail(two_paths.report(built, differences, tmp_path), pytrace=False)


def test_metrics_equal_an_independent_computation(built: Built) -> None:
    problems = built.metric_problems()
    assert not problems, "\n".join(problems[:21])


def test_every_metric_of_the_domain_has_an_independent_computation() -> None:
    """A new metric over contacts, half hours or customers needs its second path in oracle.py."""
    computed = {*oracle.CONTACT_METRICS, *oracle.INTERVAL_METRICS, *oracle.CUSTOMER_METRICS}
    assert two_paths.published_metrics(("contacts", "queue_intervals")) == computed
