"""The worlds in which resolution, automation, experience and handle time are compared with their oracles, each built once.

CX_CUSTOMER_EXAMPLES is the number of centers of customers per build (80); half of them try a bot as well, and an eighth as many
centers have a healthy band of handle time.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from fractions import Fraction
from functools import cache
from pathlib import Path

import automation_oracle
import experience_oracle
import handle_time_oracle
import hypothesis.strategies as st
import oracle
import resolution_oracle
import strategies
import two_paths
from automation_oracle import Automation, BotAttempt
from automation_strategies import customers_who_try_a_bot
from experience_oracle import ContactEffort, SurveyAnswer, Surveys
from handle_time_oracle import ContactResult, HandleTimeBand, HandleTimeResult, HandleTimes
from oracle import Decisions, MetricKey, MetricValue, RawTables
from resolution_oracle import ContactRepeat, FirstContactResolution, Issue, RepeatContact, Resolution
from resolution_strategies import Edges, customers_who_return, queues_with_a_band
from two_paths import SEED, Built, Computed, Mart, Paths, World

EXAMPLES = int(os.environ.get("CX_CUSTOMER_EXAMPLES", "80"))


class Customers(Computed):
    """What customers did after contacts and bots, computed once more."""

    def __init__(self, raw: RawTables, decisions: Decisions) -> None:
        """Compute every mart."""
        self.decisions = decisions
        self.center = oracle.compute(raw, decisions)
        resolution = Resolution(self.center, decisions)
        self.as_of = resolution.as_of
        surveys = Surveys(self.center, decisions)
        times = HandleTimes(resolution, surveys.answers, decisions)
        self.rows = {
            "fct_first_contact_resolution": resolution.first_contacts,
            "fct_contact_repeats": resolution.repeats,
            "fct_repeat_contacts": resolution.repeat_contacts,
            "fct_issues": resolution.issues,
            "fct_survey_answers": surveys.answers,
            "fct_contact_effort": experience_oracle.contact_efforts(resolution, decisions),
            "fct_contact_results": times.results,
            "fct_handle_time_bands": times.bands.values(),
            "fct_handle_time_results": times.judged,
            "fct_bot_attempts": Automation(resolution, decisions).attempts,
        }

    def metric_values(self) -> dict[MetricKey, MetricValue]:
        """Compute the metrics over these rows, and those of contacts that say how they are repeated, moved and caused."""
        values = oracle.group_values(DEMAND_GROUP, self.center.contacts.values(), self.center, self.decisions)
        for mart, group in METRIC_GROUPS.items():
            values.update(oracle.group_values(group, self.rows[mart], self.center, self.decisions))
        return values


DEMAND_GROUP = oracle.MetricGroup(
    {
        name: oracle.CONTACT_METRICS[name]
        for name in ("failure_demand_share", "transfer_rate", "escalation_rate", "identity_coverage_rate")
    },
    resolution_oracle.DIMENSIONS,
)
"""Metrics of contacts that need a list of reasons, or that bots and repeats lean on (B.3, M13, M14)."""

METRIC_GROUPS = {
    "fct_first_contact_resolution": resolution_oracle.FIRST_CONTACT_GROUP,
    "fct_contact_repeats": resolution_oracle.REPEAT_GROUP,
    "fct_issues": resolution_oracle.ISSUE_GROUP,
    "fct_survey_answers": experience_oracle.SURVEY_GROUP,
    "fct_contact_effort": experience_oracle.EFFORT_GROUP,
    "fct_handle_time_results": handle_time_oracle.HANDLE_TIME_GROUP,
    "fct_bot_attempts": automation_oracle.BOT_GROUP,
}
"""Metrics by the mart that they add up."""

PATHS = Paths(
    {
        "fct_first_contact_resolution": Mart(FirstContactResolution, ("contact_id", "window_hours")),
        "fct_contact_repeats": Mart(ContactRepeat, ("contact_id",)),
        "fct_repeat_contacts": Mart(RepeatContact, ("contact_id",)),
        "fct_issues": Mart(Issue, ("issue_id",)),
        "fct_survey_answers": Mart(SurveyAnswer, ("response_id", "question_id")),
        "fct_contact_effort": Mart(ContactEffort, ("contact_id",)),
        "fct_contact_results": Mart(ContactResult, ("contact_id",)),
        "fct_handle_time_bands": Mart(
            HandleTimeBand, ("reason_code", "queue_id", "channel", "effective_from")
        ),
        "fct_handle_time_results": Mart(HandleTimeResult, ("contact_id",)),
        "fct_bot_attempts": Mart(BotAttempt, ("attempt_id",)),
    },
    Customers,
    "+fct_first_contact_resolution +fct_contact_repeats +fct_repeat_contacts +fct_issues "
    "+fct_contact_effort +fct_handle_time_results +fct_bot_attempts",
)

# --- worlds --------------------------------------------------------------------------------------------------

_AS_OF = datetime(2024, 12, 3, 9, 30)
_ALWAYS = {"effective_from": "1900-01-01", "effective_to": "2999-12-31"}


def _through(feed: str, **later: int) -> dict[str, str]:
    return {"feed": feed, "complete_through": str(_AS_OF + timedelta(**later))}


def _confirmations(prefixes: Iterable[str]) -> list[str]:
    return [f"{prefix}confirmation" for prefix in prefixes]


def _reason_rules(prefixes: Iterable[str]) -> list[dict[str, str]]:
    """Return decisions on reasons that change on a day: a window, what a first contact can resolve, or both."""
    rules = (
        ("r1", "1900-01-01", "2024-03-30", "24", ""),
        ("r1", "2024-03-31", "2024-10-26", "96", "false"),
        ("r1", "2024-10-27", "2999-12-31", "", "true"),
        ("r3", "2024-10-01", "2024-11-15", "", "false"),
        ("r6", "2024-02-29", "2024-11-30", "500", "true"),
    )
    return [
        {
            "reason_code": prefix + code,
            "effective_from": since,
            "effective_to": until,
            "repeat_window_hours": hours,
            "is_first_contact_resolvable": resolvable,
        }
        for prefix in prefixes
        for code, since, until, hours, resolvable in rules
    ]


def _denied(prefixes: Iterable[str]) -> list[dict[str, str]]:
    """Return ids that stand for nobody: one always, and one of each center until a day."""
    until = {**_ALWAYS, "effective_to": "2024-10-26", "reason": ""}
    return [
        {"customer_id": "0", **_ALWAYS, "reason": ""},
        *({"customer_id": f"{prefix}c4", **until} for prefix in prefixes),
    ]


HOLDOUT = Fraction("0.123457")
"""What a bot of each center measured with a holdout, for a part of the year and one intent."""


def _probabilities(prefixes: Iterable[str]) -> list[dict[str, str]]:
    """Return how likely attempts would have become contacts: of one bot by a holdout for a while, else by judgement."""
    rows = [
        ("any", "explicit", "2024-02-01", "2999-12-31", "1", "1", "1", "assumed"),
        ("any", "implicit", "1900-01-01", "2024-10-26", "0.5", "0.25", "0.75", "assumed"),
        ("any", "implicit", "2024-10-27", "2999-12-31", "0.4", "0", "0.9", "assumed"),
    ]
    for prefix in prefixes:
        bot = f"{prefix}t1"
        rows.append((bot, "implicit", "2024-03-31", "2024-11-25", "0.123457", "0.1", "0.2", "holdout"))
        rows.append((bot, "none", "1900-01-01", "2999-12-31", "0.000001", "0", "0.5", "holdout"))
    names = (
        *("technology_id", "intent_signal", "effective_from", "effective_to"),
        *("probability", "low_probability", "high_probability", "source"),
    )
    return [dict(zip(names, row, strict=True)) for row in rows]


def _other_seeds(prefixes: Sequence[str]) -> dict[str, list[dict[str, str]]]:
    weights = {"repeat": "2.5", "transfer": "1", "channel_switch": "0.25", "re_authentication": "3"}
    rules = {
        "test": "1900-01-01",
        "source": "1900-01-01",
        "staff": "2024-04-01",
        "empty_bot_session": "2024-06-03",
    }
    return {
        "reason_rules": _reason_rules(prefixes),
        "denied_customer_ids": _denied(prefixes),
        "assisted_contact_probabilities": _probabilities(prefixes),
        "repeat_windows": [{"window_hours": hours, "description": ""} for hours in ("48", "168", "500")],
        "observed_effort_drivers": [
            {
                "driver": driver,
                "weight": weight,
                "is_delivered": "false" if driver == "re_authentication" else "true",
                "description": "",
            }
            for driver, weight in weights.items()
        ],
        "exclusion_rules": [
            {"rule": rule, **_ALWAYS, "effective_from": since, "owner": "", "description": ""}
            for rule, since in rules.items()
        ],
    }


_USUAL = Edges(_AS_OF)

WORLDS: dict[str, tuple[World, Edges]] = {
    "the project's decisions": (
        World(
            "the project's decisions",
            False,
            (
                _through("contacts"),
                _through("automation", days=1),
                _through("retention", seconds=1),
                _through("experience", hours=-6),
            ),
            lambda prefixes: {"confirmation_reasons": _confirmations(prefixes)},
            lambda prefixes: {"denied_customer_ids": _denied(prefixes)},
        ),
        _USUAL,
    ),
    "any reason in the same channel, the chat feed stopped": (
        World(
            "any reason in the same channel, the chat feed stopped",
            True,
            (
                _through("voice", days=4),
                _through("chat"),
                {"feed": "automation", "complete_through": None},
                _through("finance", days=-300),
            ),
            lambda prefixes: {
                "repeat_match": "any",
                "repeat_channel_scope": "same",
                "repeat_window_hours": 100,
                "transfer_breaks_fcr": True,
                "reconnect_grace_minutes": 1,
                "reopen_window_hours": 48,
                "attempt_cluster_gap_minutes": 5,
                "deflection_window_hours": 48,
                "assumed_counts": True,
                "confirmation_reasons": _confirmations(prefixes),
                "confirmation_counts": False,
                "ingestion_lag_hours": 6,
                "survey_close_days": 2,
                "long_wait_seconds": 60,
                "healthy_band_low_percent": 10,
                "healthy_band_high_percent": 75,
                "minimum_n_band": 3,
                "minimum_n_publish": 3,
                "business_day_start_hour": 4,
                "reporting_timezone": "Australia/Lord_Howe",
            },
            _other_seeds,
        ),
        replace(
            _USUAL,
            lag_hours=6,
            windows_hours=(24, 48, 48, 49, 72, 100, 100, 168, 500),
            grace_seconds=60,
            gap_seconds=300,
            survey_close_days=2,
            band_contacts=3,
        ),
    ),
    "reasons by their group, no watermarks": (
        World(
            "reasons by their group, no watermarks",
            False,
            (),
            lambda prefixes: {
                "repeat_match": "reason_l1",
                # at one o'clock clocks go back in some zones, and the hour before never comes in others
                "repeat_window_clock": "local_day",
                "business_day_start_hour": 1,
                "deflection_window_hours": 24,
                "confirmation_reasons": _confirmations(prefixes),
                "minimum_n_band": 4,
                "reporting_timezone": "America/New_York",
            },
            lambda prefixes: {"reason_rules": _reason_rules(prefixes)},
            share=0.5,
            has_metrics=False,
        ),
        replace(
            _USUAL,
            windows_hours=(24, 72, 96, 168, 500),
            band_contacts=4,
            ends_with_day=True,
            day_start_hour=1,
            zones=("America/Havana", "America/New_York", "Asia/Beirut", "Europe/London"),
        ),
    ),
    "reasons by their code": (
        World(
            "reasons by their code",
            True,
            (
                _through("contacts", days=2),
                _through("sms"),
                {"feed": "retention", "complete_through": None},
            ),
            lambda prefixes: {
                "repeat_match": "reason_code",
                "reconnect_grace_minutes": 0,
                "attempt_cluster_gap_minutes": 0,
                "confirmation_reasons": _confirmations(prefixes),
                "minimum_n_band": 4,
            },
            share=0.5,
            has_metrics=False,
        ),
        replace(_USUAL, grace_seconds=0, gap_seconds=0, band_contacts=4),
    ),
}
"""Worlds by name, each with the edges that its centers are drawn for."""


WITH_METRICS = [name for name, (world, _edges) in WORLDS.items() if world.has_metrics]


def _drawn(centers: st.SearchStrategy[RawTables], count: int, with_seed: int) -> list[RawTables]:
    """Draw centers after a number that nothing needs: what is drawn first never is the simplest, here the first of the zones."""
    numbered = strategies.drawn(st.tuples(st.integers(0, 9), centers), count, with_seed)
    return [center for _number, center in numbered]


@cache
def built(name: str) -> Built:
    """Draw the centers of a world and build them all at once."""
    world, edges = WORLDS[name]
    number = round(EXAMPLES * world.share)
    seed = 1000 * SEED + 10 * list(WORLDS).index(name)
    centers = [
        *_drawn(customers_who_return(edges), number // 2, seed),
        *_drawn(customers_who_try_a_bot(edges), number - number // 2, seed + 1),
        *_drawn(queues_with_a_band(edges), number // 8, seed + 2),
    ]
    folder = Path(tempfile.mkdtemp(prefix="cx_metrics_customers_"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    result = two_paths.build(world, PATHS, two_paths.prefixed(centers), folder)
    counts = {mart: len(list(rows)) for mart, rows in result.computed.rows.items()}
    print(f"seed {SEED}: {len(centers)} centers, {counts}")
    return result
