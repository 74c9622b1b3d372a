"""The statistics that models compute in SQL, beside those of SciPy, on hypothesis-made data (M22, M23)."""

from __future__ import annotations

import math
from datetime import date

import builds
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

MINIMUM_N, MINIMUM_FAILS, TREND_MONTHS = 10, 30, 6
"""The project's vars minimum_n_publish, qa_importance_minimum_fails and qa_trend_months."""

DIGIT = 1.5e-6
"""Models round to the sixth digit."""

SHARES = st.integers(0, 1_000_000).map(lambda millionths: millionths / 1_000_000)


def months(values: list[float]) -> pa.Table:
    """Return months of one programme with these quality scores, and enough evaluations to be counted."""
    rows = [
        {
            "program_id": "care",
            "month_start_date": date(2024 + number // 12, number % 12 + 1, 1),
            "evaluation_count": MINIMUM_N,
            "qa_score": value,
            "answer_count": 0,
            "csat_rate": None,
        }
        for number, value in enumerate(values)
    ]
    schema = pa.schema(
        [
            ("program_id", pa.string()),
            ("month_start_date", pa.date32()),
            ("evaluation_count", pa.int64()),
            ("qa_score", pa.float64()),
            ("answer_count", pa.int64()),
            ("csat_rate", pa.float64()),
        ]
    )
    return pa.Table.from_pylist(rows, schema)


@given(st.lists(SHARES, min_size=2, max_size=18, unique=True))
@settings(max_examples=20, deadline=None)
def test_slope_is_that_of_theil_and_sen(values: list[float]) -> None:
    found = builds.run_model("int_qa_csat_slopes", int_qa_csat_months=months(values))
    if len(values) < TREND_MONTHS:
        assert not found
        return
    (row,) = found
    slope, _, low, high = stats.theilslopes(values, alpha=0.95)
    assert math.isclose(row["slope_per_month"], slope, abs_tol=DIGIT)
    assert math.isclose(row["slope_low"], low, abs_tol=DIGIT)
    assert math.isclose(row["slope_high"], high, abs_tol=DIGIT)


JUDGED_CONTACTS = st.lists(
    st.tuples(
        st.integers(0, 6).map(lambda sixths: round(sixths / 6, 6)),
        st.integers(1, 5),
        st.booleans(),
        st.booleans(),
    ),
    min_size=MINIMUM_N,
    max_size=40,
)


@given(JUDGED_CONTACTS)
@settings(max_examples=20, deadline=None)
def test_rank_correlation_and_kappa(contacts: list[tuple[float, int, bool, bool]]) -> None:
    alignment = pa.table(
        {
            "evaluation_id": [str(number) for number in range(len(contacts))],
            "program_id": ["care"] * len(contacts),
            "month_start_date": pa.array([date(2025, 1, 1)] * len(contacts), pa.date32()),
            "score_excl_critical": [score for score, *_ in contacts],
            "turned_score": [answer for _, answer, *_ in contacts],
            "is_passed": [passed for _, _, passed, _ in contacts],
            "is_satisfied": [answer >= 4 for _, answer, *_ in contacts],
            "is_satisfaction_predicted": [predicted for *_, predicted in contacts],
        }
    )
    ranks = builds.run_model("int_qa_csat_ranks", fct_qa_csat_alignment=alignment)
    assert len(ranks) == 4 * len(contacts)
    counts = {
        "evaluation_count": MINIMUM_N,
        "evaluated_contact_count": MINIMUM_N,
        "answer_count": MINIMUM_N,
        "handled_contact_count": 100,
    }
    month = {
        "program_id": "care",
        "month_start_date": date(2025, 1, 1),
        "qa_score": 0.9,
        "csat_rate": 0.8,
        **counts,
    }
    slopes = pa.schema(
        [
            ("program_id", pa.string()),
            ("series", pa.string()),
            *((name, pa.float64()) for name in ("month_count", "slope_per_month", "slope_low", "slope_high")),
        ]
    )
    (row,) = builds.run_model(
        "fct_qa_csat_programs",
        int_qa_csat_months=pa.Table.from_pylist([month]),
        int_qa_csat_ranks=pa.Table.from_pylist(ranks),
        int_qa_csat_slopes=slopes.empty_table(),
    )
    scores, answers = [score for score, *_ in contacts], [answer for _, answer, *_ in contacts]
    if len(set(scores)) == 1 or len(set(answers)) == 1:
        assert row["rank_correlation"] is None
    else:
        assert math.isclose(
            row["rank_correlation"], stats.spearmanr(scores, answers).statistic, abs_tol=DIGIT
        )
    satisfied = [answer >= 4 for answer in answers]
    for column, judged in (
        ("alignment_kappa", [passed for _, _, passed, _ in contacts]),
        ("prediction_kappa", [predicted for *_, predicted in contacts]),
    ):
        expected = cohens_kappa(judged, satisfied)
        if expected is None:
            assert row[column] is None
        else:
            assert math.isclose(row[column], expected, abs_tol=DIGIT)


def cohens_kappa(first: list[bool], second: list[bool]) -> float | None:
    """Return agreement beyond chance, None where chance explains everything."""
    number = len(first)
    agreed = sum(one == other for one, other in zip(first, second, strict=True)) / number
    chance = sum(
        (sum(one is answer for one in first) / number) * (sum(one is answer for one in second) / number)
        for answer in (True, False)
    )
    return None if math.isclose(chance, 1) else (agreed - chance) / (1 - chance)


@st.composite
def item_counts(draw: st.DrawFn) -> list[tuple[int, int, int, int]]:
    """Return passes and fails of some items, and how many of each had the outcome."""
    items = []
    for _ in range(draw(st.integers(1, 12))):
        passed, failed = draw(st.integers(30, 400)), draw(st.integers(30, 120))
        items.append((passed, failed, draw(st.integers(0, passed)), draw(st.integers(0, failed))))
    return items


@given(item_counts())
@settings(max_examples=20, deadline=None)
def test_items_are_tested_together(items: list[tuple[int, int, int, int]]) -> None:
    counts = ("passed_count", "failed_count", "passed_with_outcome_count", "failed_with_outcome_count")
    rows = [
        {
            "form_id": "form",
            "form_version": "1",
            "item_id": f"item_{number:02}",
            "outcome": "satisfied",
            **dict(zip(counts, item, strict=True)),
        }
        for number, item in enumerate(items)
    ]
    found = builds.run_model("int_qa_item_effects", int_qa_item_results=pa.Table.from_pylist(rows))
    by_item = {row["item_id"]: row for row in found}
    p_values = []
    for row, (passed, failed, passed_with, failed_with) in zip(rows, items, strict=True):
        pooled = (passed_with + failed_with) / (passed + failed)
        difference = passed_with / passed - failed_with / failed
        spread = math.sqrt(pooled * (1 - pooled) * (1 / passed + 1 / failed))
        p_value = float(2 * stats.norm.sf(abs(difference / spread))) if spread else 1.0
        p_values.append(p_value)
        ours = by_item[row["item_id"]]
        assert math.isclose(ours["outcome_difference"], difference, abs_tol=DIGIT)
        assert math.isclose(ours["p_value"], p_value, abs_tol=DIGIT)
    adjusted = stats.false_discovery_control(p_values)
    for row, expected in zip(rows, adjusted, strict=True):
        # a rounded p value stands before the adjustment
        assert math.isclose(
            by_item[row["item_id"]]["adjusted_p_value"], expected, abs_tol=DIGIT * (len(items) + 1)
        )
    important = {row["item_id"] for row in found if row["is_important"]}
    kept = {row["item_id"] for row in found if row["is_in_short_form"]}
    assert kept <= important
    assert bool(kept) == bool(important)
    # what the short form keeps explains its share, and would not without its least telling item
    explained = sorted((float(by_item[item]["explained_share"]) for item in kept), reverse=True)
    goal = 0.9 * sum(float(by_item[item]["explained_share"]) for item in important)
    assert sum(explained) >= goal - DIGIT
    assert not explained or sum(explained[:-1]) < goal + DIGIT
