"""Two paths agree on what became of those who tried a bot first: every attempt, compared with `automation_oracle.py`.

The centers are those of `test_resolution_oracle.py`, which also compares the metrics.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import customer_worlds
import pytest
import two_paths


@pytest.mark.parametrize("world", customer_worlds.WORLDS)
def test_attempts_equal_an_independent_computation(world: str, tmp_path: Path) -> None:
    built = customer_worlds.built(world)
    if differences := built.differences(["fct_bot_attempts"]):
        pytest.fail(two_paths.report(built, differences, tmp_path), pytrace=False)


REACHED: dict[str, set[object]] = {
    "leak": {
        "excluded",
        "scope_unknown",
        "out_of_scope",
        "unidentified",
        "handed_off",
        "handoff_refused",
        "handoff_unknown",
        "abandoned",
        "no_evidence",
        "circled_back",
        "pending",
        "none",
    },
    "highest_rung": {None, 0, 1, 2, 3, 4, 5},
    "session_count": {1, 2, 3},
    "is_returned_24h": {None, False, True},
    "is_durably_resolved_any_reason": {None, False, True},
    "assisted_probability_source": {None, "assumed", "holdout"},
    "avoided_contact_share": {None, 0, Fraction(1, 2), 1, customer_worlds.HOLDOUT},
    "avoided_contact_null_reason": {
        None,
        "excluded",
        "durable resolution not known",
        "no probability for the intent",
    },
    "evidence_class": {None, "task_completed", "customer_confirmed", "reviewed", "vendor_assumed"},
    "handoff_sentiment_engine": {None, "contact_lens", "genesys"},
}


@pytest.mark.parametrize("column", REACHED)
def test_random_attempts_reach_every_result(column: str) -> None:
    """What no center shows is compared with nothing."""
    reached = {
        getattr(row, column)
        for world in customer_worlds.WORLDS
        for row in customer_worlds.built(world).computed.rows["fct_bot_attempts"]
    }
    assert reached >= REACHED[column]
