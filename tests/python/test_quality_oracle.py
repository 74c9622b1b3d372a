"""Two paths agree on quality: scores, critical errors, quality beside the customer, importance of items, agreement of evaluators.

Hypothesis draws many small centers whose contacts are evaluated and answered; one build takes all of them, and every row of the
marts is compared with `quality_oracle.py`. What is drawn: `quality_worlds.py`. How a difference is shown: `two_paths.py`.
"""

from __future__ import annotations

import json
import math
from fractions import Fraction
from pathlib import Path
from statistics import NormalDist

import builds
import duckdb
import pytest
import quality_worlds
import two_paths
from two_paths import Difference

DIGIT = 1.5e-6
"""Models round what comes from floating point to the sixth digit."""


def _is_rounding(mart: str, difference: Difference) -> bool:
    if difference.column not in quality_worlds.STATISTICS.get(mart, ()):
        return False
    if difference.expected is None or difference.got is None:
        return False
    # a p value is rounded before it is adjusted, and so at most once for each item of a form
    digits = 10 * DIGIT if "adjusted" in difference.column else DIGIT
    return math.isclose(float(difference.expected), float(difference.got), abs_tol=digits)


@pytest.mark.parametrize("world", quality_worlds.WORLDS)
@pytest.mark.parametrize("mart", quality_worlds.PATHS.marts)
def test_rows_equal_an_independent_computation(world: str, mart: str, tmp_path: Path) -> None:
    built = quality_worlds.built(world)
    found = [one for one in built.differences([mart]) if not _is_rounding(mart, one)]
    if found:
        pytest.fail(two_paths.report(built, found, tmp_path), pytrace=False)


@pytest.mark.parametrize("world", quality_worlds.WORLDS)
def test_metrics_equal_an_independent_computation(world: str) -> None:
    """What the measures add up, over all time and all dimensions: that metric_values has the same is known of every metric."""
    built = quality_worlds.built(world)
    manifest = json.loads((builds.target_path() / "semantic_manifest.json").read_text(encoding="utf-8"))
    measures = {
        measure["name"]: (measure, model["node_relation"]["alias"])
        for model in manifest["semantic_models"]
        for measure in model["measures"]
    }
    metrics = {metric["name"]: metric["type_params"] for metric in manifest["metrics"]}
    expected = built.computed.metric_values()
    for group in quality_worlds.METRIC_GROUPS.values():
        for name in group.metrics:
            value = expected[name, "all", None, "all", "all"]
            for part in ("numerator", "denominator"):
                simple = metrics[metrics[name][part]["name"]]
                measure, mart = measures[simple["measure"]["name"]]
                expression = measure["expr"]
                if measure["agg"] == "sum_boolean":
                    expression = f"case when {expression} then 1 else 0 end"
                day = "submitted_date" if mart == "fct_qa_evaluations" else "contact_date"
                (row,) = builds.rows_of(
                    built.database,
                    f"select coalesce(sum({expression}), 0) as found from marts.{mart} where {day} is not null",
                )
                assert Fraction(row["found"]) == getattr(value, part), f"{name}: {part}"


REACHED: dict[tuple[str, str], set[object]] = {
    ("fct_qa_evaluations", "not_counted_reason"): {None, "not submitted", "targeted", "calibration"},
    ("fct_qa_evaluations", "score_null_reason"): {None, "no item with a weight applied"},
    ("fct_qa_evaluations", "is_critical_pass"): {None, False, True},
    ("fct_qa_evaluations", "is_shared_contact"): {None, False, True},
    ("fct_qa_evaluations", "is_other_than_last_agent"): {False, True},
    ("fct_qa_evaluations", "is_satisfaction_predicted"): {None, False, True},
    ("fct_qa_csat_alignment", "alignment"): {
        None,
        "both good",
        "quality good, customer not satisfied",
        "quality not good, customer satisfied",
        "neither",
    },
    ("fct_qa_csat_alignment", "triage_reason"): {None, "policy", "product", "wait", "other"},
    ("fct_qa_csat_programs", "gap_null_reason"): {None, "too few evaluations", "too few answers"},
    ("fct_qa_csat_programs", "contact_null_reason"): {None, "too few contacts with both"},
    ("fct_qa_csat_programs", "is_alarm"): {None, False, True},
    ("fct_qa_csat_programs", "is_both_high_and_improving"): {None, False},
    ("fct_qa_items", "is_in_short_form"): {None, False, True},
    ("fct_qa_items", "importance_null_reason"): {None, "too few fails with an answer"},
    ("fct_qa_agreement", "kappa_null_reason"): {None, "all judgments are alike"},
}


@pytest.mark.parametrize("mart, column", REACHED)
def test_random_evaluations_reach_every_result(mart: str, column: str) -> None:
    """What no center shows is compared with nothing."""
    reached = {
        getattr(row, column)
        for world in quality_worlds.WORLDS
        for row in quality_worlds.built(world).computed.rows[mart]
    }
    assert reached >= REACHED[mart, column]


def test_every_metric_over_these_marts_has_an_independent_computation() -> None:
    """A new metric over one of these marts needs its second path in the oracle of its domain."""
    computed = {name for group in quality_worlds.METRIC_GROUPS.values() for name in group.metrics}
    assert two_paths.published_metrics(("qa_evaluations", "qa_csat_alignment")) == computed


def test_two_sided_p_is_that_of_the_normal_distribution() -> None:
    """The macro two_sided_p, as it stands in int_qa_item_effects, from no difference to eight standard errors."""
    sql = builds.compiled("int_qa_item_effects")
    start = sql.index("(1.0 / (1.0 + 0.5 * abs(z_value)")
    expression = sql[start : sql.index("as decimal(28, 10)", start)]
    connection = duckdb.connect()
    for tenth in range(-80, 81):
        z = tenth / 10
        ((found,),) = connection.execute(
            f"select {expression} from (select cast({z} as double) as z_value)"
        ).fetchall()
        # far out the distribution's own cdf has no digits left, the complementary error function has
        assert math.isclose(found, math.erfc(abs(z) / math.sqrt(2)), rel_tol=2e-7)
        assert math.isclose(found, 2 * NormalDist().cdf(-abs(z)), abs_tol=1e-7)
