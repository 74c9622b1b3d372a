"""Two paths agree on what customers did after a contact: resolution, repeats, issues, surveys, effort, healthy handle time.

Hypothesis draws many small centers whose customers come back around the ends of windows; one build takes all of them, and every
row of the marts is compared with `resolution_oracle.py`, `experience_oracle.py` and `handle_time_oracle.py`. The worlds and how
many centers they have: `customer_worlds.py`. How a difference is shown: `two_paths.py`.
"""

from __future__ import annotations

from pathlib import Path

import customer_worlds
import pytest
import two_paths

MARTS = [mart for mart in customer_worlds.PATHS.marts if mart != "fct_bot_attempts"]


@pytest.mark.parametrize("world", customer_worlds.WORLDS)
@pytest.mark.parametrize("mart", MARTS)
def test_rows_equal_an_independent_computation(world: str, mart: str, tmp_path: Path) -> None:
    built = customer_worlds.built(world)
    if differences := built.differences([mart]):
        pytest.fail(two_paths.report(built, differences, tmp_path), pytrace=False)


@pytest.mark.parametrize("world", customer_worlds.WITH_METRICS)
def test_metrics_equal_an_independent_computation(world: str) -> None:
    problems = customer_worlds.built(world).metric_problems()
    assert not problems, "\n".join(problems[:21])


REACHED: dict[tuple[str, str], set[object]] = {
    ("fct_first_contact_resolution", "outcome"): {
        *(None, "resolved", "repeated", "follow_up_needed", "escalated", "transferred", "exited", "pending"),
    },
    ("fct_contact_repeats", "piece_count"): {1, 2, 3},
    ("fct_contact_repeats", "is_repeated_by_next_day"): {None, False, True},
    ("fct_contact_repeats", "is_reopened"): {None, False, True},
    ("fct_repeat_contacts", "is_parallel"): {False, True},
    ("fct_issues", "resolution_reason"): {
        "reason unknown",
        "a contact is still open",
        "window or the delay of its feeds not over yet",
        "follow-up by an agent delivered the answer",
        "the customer left within the window",
        "no agent handled the last contact",
        "the last contact was escalated",
        "quiet for the whole window",
    },
    ("fct_survey_answers", "invalid_reason"): {
        None,
        "question not on the list",
        "not answered",
        "scale of the question unknown",
        "outside the scale of the question",
        "scale not used for the instrument",
        "contact excluded",
        "answered before the contact",
        "answered after the closing",
        "superseded by a later answer",
    },
    ("fct_contact_effort", "effort_null_reason"): {None, "reason unknown", "wait unknown"},
    ("fct_contact_effort", "channel_switch_count"): {None, 0, 1},
    ("fct_handle_time_bands", "band_level"): {None, "queue", "channel"},
    ("fct_handle_time_results", "band_result"): {None, "below", "in", "above"},
    ("fct_handle_time_results", "is_rushed_failure"): {None, False, True},
    ("fct_handle_time_results", "is_healthy"): {None, False, True},
    ("fct_handle_time_results", "result_null_reason"): {
        None,
        "reason unknown",
        "handle time unknown",
        "days before the quarter not complete",
        "no resolved and satisfied contact before the quarter",
        "too few resolved and satisfied contacts before the quarter",
        "window or closing of the survey not over yet",
        "customer left within the window",
    },
}


@pytest.mark.parametrize("mart, column", REACHED)
def test_random_customers_reach_every_result(mart: str, column: str) -> None:
    """What no center shows is compared with nothing."""
    reached = {
        getattr(row, column)
        for world in customer_worlds.WORLDS
        for row in customer_worlds.built(world).computed.rows[mart]
    }
    assert reached >= REACHED[mart, column]


def test_every_metric_over_these_marts_has_an_independent_computation() -> None:
    """A new metric over one of these marts needs its second path in the oracle of its domain."""
    models = (
        "first_contact_resolution",
        "contact_repeats",
        "issues",
        "survey_answers",
        "contact_effort",
        "handle_time_results",
        "bot_attempts",
    )
    computed = {name for group in customer_worlds.METRIC_GROUPS.values() for name in group.metrics}
    assert two_paths.published_metrics(models) == computed
