"""Two paths agree on comparisons, lengthy conversations, health, and what recommending foretells (M21, M47, M48, M50).

The models are run on hypothesis-made tables that stand in for what they read; beside them stand plain computations, and estimators of
statsmodels and SciPy.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import Any

import builds
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from model_inputs import AMOUNT, AS_OF, BOOL, DATE, DOUBLE, INT, TEXT, TIME, Columns, table
from scipy import stats
from statsmodels.api import OLS, Logit
from statsmodels.treatment.treatment_effects import TreatmentEffect

Row = dict[str, Any]

DAY = timedelta(days=1)
DAWN = datetime(2025, 1, 1)
Z = 1.959964
MINIMUM_N, MINIMUM_RANKED, MINIMUM_CONTROLS = 10, 30, 5
DIGITS = 1.5e-6
"""Half a digit of what is stored, and what adding up in another order may move."""

LIVE_CONTACTS: Columns = {
    "contact_id": TEXT,
    "queue_id": TEXT,
    "channel": TEXT,
    "business_date": DATE,
    "talk_seconds": INT,
    "ended_at": TIME,
    "is_live": BOOL,
    "is_handled": BOOL,
    "is_abandoned": BOOL,
    "is_short_abandon": BOOL,
    "is_answered_after_redial": BOOL,
    "abandoned_in": TEXT,
    "exclusion_reason": TEXT,
}
CONVERSATIONS: Columns = {
    "contact_id": TEXT,
    "queue_id": TEXT,
    "conversation_started_at": TIME,
    "conversation_ended_at": TIME,
    "excess_seconds": INT,
    "is_lengthy": BOOL,
}
OUTCOMES: Columns = {
    "comparison_id": TEXT,
    "unit_id": TEXT,
    "customer_id": TEXT,
    "is_exposed": INT,
    "stratum": TEXT,
    "outcome_value": DOUBLE,
}
UNITS: Columns = {
    "unit_id": TEXT,
    "study": TEXT,
    "customer_id": TEXT,
    "month_start_date": DATE,
    "is_exposed": INT,
    "started_at": TIME,
    "index_at": TIME,
    "segment": TEXT,
    "reason_group": TEXT,
    "stratum": TEXT,
    "prior_margin_amount": AMOUNT,
}


def close(found: Any, expected: float | None, tolerance: float = DIGITS) -> bool:
    """Return whether a stored statistic is this number, or both are unknown."""
    if found is None or expected is None:
        return found is None and expected is None
    return math.isclose(float(found), expected, rel_tol=1e-9, abs_tol=tolerance)


def month_of(day: date) -> date:
    """Return the first day of the month."""
    return day.replace(day=1)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["q", "r"]),
            st.integers(0, 26).map(lambda number: date(2024 + number // 12, 1 + number % 12, 15)),
            st.integers(0, 5).map(lambda number: 300 * number),
            st.integers(1, 20),
        ),
        max_size=40,
    )
)
@settings(max_examples=25, deadline=None)
def test_thresholds_by_hand(talks: list[tuple[str, date, int, int]]) -> None:
    contacts: list[Row] = [
        {
            "contact_id": f"k{number}_{copy}",
            "queue_id": queue,
            "channel": "voice",
            "business_date": day,
            "talk_seconds": talk,
            "is_live": True,
            "is_handled": True,
        }
        for number, (queue, day, talk, copies) in enumerate(talks)
        for copy in range(copies)
    ]
    found = builds.run_model("int_lengthy_thresholds", fct_contacts=table(contacts, LIVE_CONTACTS))
    counted = [row for row in contacts if row["talk_seconds"] > 0]
    cells = {(row["queue_id"], month_of(row["business_date"])) for row in counted}
    assert {(row["queue_id"], row["month_start_date"]) for row in found} == cells
    for row in found:
        month = row["month_start_date"]
        before = sorted(
            other["talk_seconds"]
            for other in counted
            if other["queue_id"] == row["queue_id"]
            and month.replace(year=month.year - 1) <= other["business_date"] < month
        )
        assert row["history_contact_count"] == (len(before) if len(before) >= MINIMUM_RANKED else 0)
        ninth = (
            before[math.ceil(Fraction(9 * len(before), 10)) - 1] if len(before) >= MINIMUM_RANKED else None
        )
        assert row["percentile_seconds"] == ninth
        assert row["threshold_seconds"] == max(900, ninth or 0)


MINUTES = st.integers(0, 40).map(lambda number: DAWN + timedelta(minutes=number))


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["q", "r"]), MINUTES, st.integers(0, 20), st.integers(1, 900), st.booleans()
        ),
        max_size=14,
    ),
    st.lists(st.tuples(st.sampled_from(["q", "r"]), MINUTES), max_size=14),
    st.lists(
        st.tuples(
            st.sampled_from(["ann", "bob"]), MINUTES, st.sampled_from(["available", "contact", "break"])
        ),
        max_size=10,
        unique_by=lambda state: state[:2],
    ),
    st.sets(st.tuples(st.sampled_from(["ann", "bob"]), st.sampled_from(["q", "r"]))),
)
@settings(max_examples=60, deadline=None)
def test_abandons_by_hand(
    talks: list[tuple[str, datetime, int, int, bool]],
    abandons: list[tuple[str, datetime]],
    states: list[tuple[str, datetime, str]],
    served: set[tuple[str, str]],
) -> None:
    """Every abandon looks at every conversation and every agent of its moment."""
    conversations: list[Row] = [
        {
            "contact_id": f"k{number}",
            "queue_id": queue,
            "conversation_started_at": start,
            "conversation_ended_at": start + timedelta(minutes=minutes),
            "excess_seconds": excess,
            "is_lengthy": is_lengthy,
        }
        for number, (queue, start, minutes, excess, is_lengthy) in enumerate(talks)
    ]
    found = builds.run_model(
        "int_lengthy_abandons",
        int_conversations=table(conversations, CONVERSATIONS),
        fct_contacts=table(
            [
                {
                    "contact_id": f"a{number}",
                    "queue_id": queue,
                    "ended_at": at,
                    "is_live": True,
                    "is_abandoned": True,
                    "is_short_abandon": False,
                    "abandoned_in": "queue",
                }
                for number, (queue, at) in enumerate(abandons)
            ],
            LIVE_CONTACTS,
        ),
        stg_agent_states=table(
            [{"agent_id": agent, "state": state, "started_at": at} for agent, at, state in states],
            {"agent_id": TEXT, "state": TEXT, "started_at": TIME, "ended_at": TIME},
        ),
        fct_agent_segments=table(
            [{"agent_id": agent, "queue_id": queue, "started_at": DAWN} for agent, queue in served],
            {"agent_id": TEXT, "queue_id": TEXT, "started_at": TIME},
        ),
    )

    def is_free(agent: str, at: datetime) -> bool:
        own = sorted((start, state) for who, start, state in states if who == agent)
        return any(
            state == "available" and start < at <= following
            for (start, state), (following, _) in pairwise(own)
        )

    def lasts(row: Row, queue: str, at: datetime) -> bool:
        begins, ends = row["conversation_started_at"], row["conversation_ended_at"]
        return bool(row["queue_id"] == queue and begins < at <= ends)

    expected: dict[str, list[Fraction]] = {
        row["contact_id"]: [Fraction(0)] * 4
        for row in conversations
        if row["is_lengthy"] and row["conversation_ended_at"] > row["conversation_started_at"]
    }
    for queue, at in abandons:
        agents = {
            agent for agent, where in served if where == queue and any(agent == who for who, _, _ in states)
        }
        together = sum(row["excess_seconds"] for row in conversations if lasts(row, queue, at))
        is_at_capacity = bool(agents) and not any(is_free(agent, at) for agent in agents)
        for row in conversations:
            if row["contact_id"] in expected and lasts(row, queue, at):
                counts = expected[row["contact_id"]]
                counts[0] += 1
                counts[1] += is_at_capacity
                counts[2] += not agents
                counts[3] += Fraction(row["excess_seconds"], together) if is_at_capacity else 0
    assert {row["contact_id"] for row in found} == expected.keys()
    for row in found:
        every, at_capacity, unknown, share = expected[row["contact_id"]]
        assert (
            row["abandon_count"],
            row["capacity_abandon_count"],
            row["unknown_staffing_abandon_count"],
        ) == (every, at_capacity, unknown)
        assert close(row["shared_abandon_count"], float(share))


@given(
    st.lists(
        st.tuples(
            st.integers(0, 5),
            st.sampled_from(["2025-01", "2025-02"]),
            st.sampled_from(["a", "b"]),
            st.integers(0, 4),
            st.booleans(),
        ),
        max_size=24,
        unique_by=lambda unit: (unit[0], unit[1], unit[4]),
    )
)
@settings(max_examples=60, deadline=None)
def test_matches_by_hand(people: list[tuple[int, str, str, int, bool]]) -> None:
    """Each exposed customer has the nearest control below, or of the same margin, and the nearest above."""
    units: list[Row] = [
        {
            "unit_id": f"u{number}",
            "study": "s",
            "customer_id": f"c{customer}",
            "month_start_date": date.fromisoformat(f"{month}-01"),
            "segment": segment,
            "reason_group": "r",
            "prior_margin_amount": margin,
            "is_exposed": int(is_exposed),
        }
        for number, (customer, month, segment, margin, is_exposed) in enumerate(people)
    ]
    found = builds.run_model("int_comparison_matches", int_comparison_units=table(units, UNITS))
    expected = set()
    for exposed in units:
        if not exposed["is_exposed"]:
            continue
        controls = sorted(
            (
                row
                for row in units
                if not row["is_exposed"]
                and row["month_start_date"] == exposed["month_start_date"]
                and row["segment"] == exposed["segment"]
            ),
            key=lambda row: (row["prior_margin_amount"], row["customer_id"]),
        )
        below = [row for row in controls if row["prior_margin_amount"] <= exposed["prior_margin_amount"]]
        above = controls[len(below) :]
        for row in [*below[-1:], *above[:1]]:
            if row["customer_id"] != exposed["customer_id"]:
                expected.add((exposed["unit_id"], row["unit_id"]))
    assert {(row["unit_id"], row["control_unit_id"]) for row in found} == expected
    assert len(found) == len(expected)


SALE_DAYS = st.integers(-100, 420).map(lambda number: DAWN + number * DAY)


@given(
    st.lists(
        st.tuples(st.integers(0, 2), st.integers(0, 10), st.sampled_from([0, 0, 30, 60])),
        min_size=1,
        max_size=5,
    ),
    st.lists(
        st.tuples(st.integers(0, 2), SALE_DAYS, st.none() | st.integers(-3, 9), st.booleans()), max_size=25
    ),
    st.sampled_from([200, 300, 420, 500]),
)
@settings(max_examples=30, deadline=None)
def test_outcomes_by_hand(
    people: list[tuple[int, int, int]],
    bought: list[tuple[int, datetime, int | None, bool]],
    days_known: int,
) -> None:
    """What was bought within each window, unit by unit and sale by sale."""
    units: list[Row] = []
    for number, (customer, day, month_days) in enumerate(people):
        at = DAWN + (day + month_days) * DAY
        units.append(
            {
                "unit_id": f"u{number}",
                "study": "s",
                "customer_id": f"c{customer}",
                "month_start_date": month_of(at.date()),
                "segment": "g",
                "stratum": "all",
                "is_exposed": number % 2,
                "started_at": at,
                "index_at": at,
            }
        )
    sales: list[Row] = [
        {
            "customer_id": f"c{customer}",
            "occurred_at": at,
            "net_margin_amount": margin,
            "kind": "renewal" if is_renewal else "purchase",
        }
        for customer, at, margin, is_renewal in bought
    ]
    as_of = DAWN + days_known * DAY
    found = builds.run_model(
        "int_comparison_outcomes",
        int_comparison_units=table(units, UNITS),
        int_transaction_amounts=table(
            sales, {"customer_id": TEXT, "occurred_at": TIME, "net_margin_amount": AMOUNT, "kind": TEXT}
        ),
        int_subscription_spans=table(
            [], {"customer_id": TEXT, "subscription_id": TEXT, "held_from": TIME, "held_until": TIME}
        ),
        int_cancellations=table([], {"subscription_id": TEXT, "requested_at": TIME, "is_voluntary": BOOL}),
        int_as_of=table(
            [{"domain": "value", "as_of": as_of}, {"domain": "resolution", "as_of": as_of}], AS_OF
        ),
    )
    counted = [sale for sale in sales if sale["kind"] != "renewal"]
    first_sale = min((sale["occurred_at"] for sale in counted), default=None)
    expected = {}
    for unit in units:
        month = unit["month_start_date"]
        over = datetime.combine((month + 31 * DAY).replace(day=1), datetime.min.time())
        for landmark, horizon in [(-90, 90), *((near, far) for near in (0, 30) for far in (90, 180, 365))]:
            opens = unit["index_at"] + landmark * DAY
            if over + max(landmark + horizon, 0) * DAY + 2 * DAY > as_of:
                continue
            if landmark < 0 and (
                first_sale is None
                or datetime.combine(month, datetime.min.time()) + landmark * DAY < first_sale
            ):
                continue
            own = [
                sale
                for sale in counted
                if sale["customer_id"] == unit["customer_id"]
                and opens < sale["occurred_at"] <= opens + horizon * DAY
            ]
            key = (unit["unit_id"], landmark, horizon)
            expected[*key, "sale_count"] = len(own)
            if all(sale["net_margin_amount"] is not None for sale in own):
                expected[*key, "margin_amount"] = sum(sale["net_margin_amount"] for sale in own)
    assert {
        (row["unit_id"], row["landmark_days"], row["horizon_days"], row["outcome"]): row["outcome_value"]
        for row in found
    } == expected


VALUES = st.integers(-4, 12).map(float)


@st.composite
def compared(draw: st.DrawFn) -> list[Row]:
    """Return outcomes in strata of some exposed customers and some controls, a few of them the same people."""
    rows: list[Row] = []
    for stratum in range(draw(st.integers(1, 4))):
        for is_exposed, most in ((1, 5), (0, 9)):
            for _ in range(draw(st.integers(0, most))):
                rows.append(
                    {
                        "comparison_id": "q",
                        "unit_id": f"u{len(rows)}",
                        "customer_id": f"c{draw(st.integers(0, 30))}" if not is_exposed else f"e{len(rows)}",
                        "is_exposed": is_exposed,
                        "stratum": f"s{stratum}",
                        "outcome_value": draw(VALUES) + stratum,
                    }
                )
    return rows


@given(compared())
@settings(max_examples=60, deadline=None)
def test_stratified_effects_by_hand(rows: list[Row]) -> None:
    """The effect and its error, each customer counted once, in plain loops."""
    found = {
        row["method"]: row
        for row in builds.run_model("int_stratified_effects", int_comparison_outcomes=table(rows, OUTCOMES))
    }
    for method, cell_of in (("naive", lambda row: "all"), ("stratified", lambda row: row["stratum"])):
        cells: dict[str, list[Row]] = defaultdict(list)
        for row in rows:
            cells[cell_of(row)].append(row)
        comparable = [
            own
            for own in cells.values()
            if any(row["is_exposed"] for row in own)
            and sum(1 - row["is_exposed"] for row in own) >= MINIMUM_CONTROLS
        ]
        if not rows:
            assert not found
            continue
        if not comparable:
            assert found[method]["compared_count"] == 0
            assert found[method]["exposed_mean"] is None
            continue
        exposed = [
            (row, float(np.mean([one["outcome_value"] for one in own if not one["is_exposed"]])))
            for own in comparable
            for row in own
            if row["is_exposed"]
        ]
        effect = float(np.mean([row["outcome_value"] - mean for row, mean in exposed]))
        moved: dict[str, float] = defaultdict(float)
        for own in comparable:
            share = sum(row["is_exposed"] for row in own) / sum(1 - row["is_exposed"] for row in own)
            mean = float(np.mean([row["outcome_value"] for row in own if not row["is_exposed"]]))
            for row in own:
                moved[row["customer_id"]] += (
                    row["outcome_value"] - mean - effect
                    if row["is_exposed"]
                    else -share * (row["outcome_value"] - mean)
                )
        row = found[method]
        assert row["compared_count"] == len(exposed)
        assert close(row["exposed_mean"] - row["counterfactual_mean"], effect, 1e-9)
        assert close(
            row["standard_error"], math.sqrt(sum(one * one for one in moved.values())) / len(exposed), 1e-9
        )


@pytest.mark.parametrize("seed", range(3))
def test_stratified_effect_is_that_of_statsmodels(seed: int) -> None:
    """With one row per customer: the effect on the exposed by regression adjustment on strata, and its sandwich error."""
    rng = np.random.default_rng(seed)
    strata = np.repeat([0, 1, 2], 60)
    is_exposed = (rng.random(len(strata)) < np.array([0.2, 0.4, 0.6])[strata]).astype(int)
    outcome = rng.gamma(2.0, 3.0, len(strata)) + 2 * strata + is_exposed * (1 + strata)
    (found,) = (
        row
        for row in builds.run_model(
            "int_stratified_effects",
            int_comparison_outcomes=table(
                [
                    {
                        "comparison_id": "q",
                        "unit_id": f"u{number}",
                        "customer_id": f"c{number}",
                        "is_exposed": int(is_exposed[number]),
                        "stratum": f"s{strata[number]}",
                        "outcome_value": float(outcome[number]),
                    }
                    for number in range(len(strata))
                ],
                OUTCOMES,
            ),
        )
        if row["method"] == "stratified"
    )
    dummies = np.column_stack([strata == number for number in range(3)]).astype(float)
    treatment = Logit(is_exposed, dummies).fit(disp=0)
    expected = TreatmentEffect(OLS(outcome, dummies), is_exposed, results_select=treatment).ra(effect_group=1)
    frame = expected.summary_frame()
    assert close(found["exposed_mean"] - found["counterfactual_mean"], float(frame["coef"].iloc[0]), 1e-6)
    assert math.isclose(found["standard_error"], float(frame["std err"].iloc[0]), rel_tol=1e-3)


@given(compared(), st.data())
@settings(max_examples=60, deadline=None)
def test_matched_effects_by_hand(rows: list[Row], data: st.DataObject) -> None:
    """Means of neighbours, and the error of a match with replacement, in plain loops."""
    controls = [row["unit_id"] for row in rows if not row["is_exposed"]]
    chosen: dict[str, list[str]] = {
        row["unit_id"]: data.draw(st.lists(st.sampled_from(controls), max_size=2, unique=True))
        for row in rows
        if row["is_exposed"] and controls
    }
    found = builds.run_model(
        "int_matched_effects",
        int_comparison_outcomes=table(rows, OUTCOMES),
        int_comparison_matches=table(
            [
                {"unit_id": unit, "control_unit_id": control}
                for unit, own in chosen.items()
                for control in own
            ],
            {"unit_id": TEXT, "control_unit_id": TEXT},
        ),
    )
    value = {row["unit_id"]: row["outcome_value"] for row in rows}
    chosen = {unit: own for unit, own in chosen.items() if own}
    if not rows:
        assert not found
        return
    (row,) = found
    assert row["compared_count"] == len(chosen)
    if not chosen:
        assert row["standard_error"] is None
        return
    differences = [value[unit] - float(np.mean([value[one] for one in own])) for unit, own in chosen.items()]
    effect = float(np.mean(differences))
    weights: dict[str, list[float]] = defaultdict(list)
    noises: dict[str, list[float]] = defaultdict(list)
    for own in chosen.values():
        for control in own:
            weights[control].append(1 / len(own))
            if len(own) == 2:
                noises[control].append((value[own[0]] - value[own[1]]) ** 2 / 2)
    reuse = sum(
        (sum(own) ** 2 - sum(one * one for one in own)) * float(np.mean(noises[control]))
        for control, own in weights.items()
        if noises[control]
    )
    variance = sum((one - effect) ** 2 for one in differences) + reuse
    assert close(row["exposed_mean"] - row["counterfactual_mean"], effect, 1e-9)
    assert close(row["standard_error"], math.sqrt(variance) / len(differences), 1e-6)


@given(
    st.lists(
        st.tuples(st.sampled_from([date(2025, 1, 1), date(2025, 4, 1)]), st.integers(0, 6), st.booleans()),
        min_size=1,
        max_size=80,
    )
)
@settings(max_examples=40, deadline=None)
def test_health_is_held_against_scipy(customers: list[tuple[date, int, bool]]) -> None:
    """The area under the curve is the share of pairs in order of Mann and Whitney."""
    found = builds.run_model(
        "fct_health_validation",
        int_customer_health=table(
            [
                {"quarter_start_date": quarter, "health_points": 10 * points, "is_lost": is_lost}
                for quarter, points, is_lost in customers
            ],
            {"quarter_start_date": DATE, "health_points": INT, "is_lost": BOOL},
        ),
    )
    for row in found:
        quarter = row["quarter_start_date"]
        own = [one for one in customers if quarter in (None, one[0])]
        lost = [points for _, points, is_lost in own if is_lost]
        kept = [points for _, points, is_lost in own if not is_lost]
        assert (row["customer_count"], row["lost_count"]) == (len(own), len(lost))
        if min(len(lost), len(kept)) < MINIMUM_N:
            assert row["area_under_curve"] is None
            assert row["area_null_reason"]
            continue
        area = stats.mannwhitneyu(kept, lost).statistic / (len(kept) * len(lost))
        q1, q2 = area / (2 - area), 2 * area**2 / (1 + area)
        error = math.sqrt(
            (area * (1 - area) + (len(lost) - 1) * (q1 - area**2) + (len(kept) - 1) * (q2 - area**2))
            / (len(lost) * len(kept))
        )
        assert close(row["area_under_curve"], area)
        assert close(row["interval_low"], area - Z * error)


@given(
    st.lists(
        st.tuples(st.integers(0, 90), st.booleans(), st.integers(0, 6), st.integers(0, 10)),
        min_size=60,
        max_size=240,
        unique_by=lambda answer: answer[:3],
    )
)
@settings(max_examples=20, deadline=None)
def test_correlations_are_those_of_scipy(answers: list[tuple[int, bool, int, int]]) -> None:
    """Levels and changes of each customer, lag by lag."""
    scores: dict[bool, dict[tuple[int, int], float]] = {True: {}, False: {}}
    rows = []
    for customer, is_nps, quarter, score in answers:
        scores[is_nps][customer, quarter] = float(score)
        rows.append(
            {
                "instrument": "nps" if is_nps else "csat",
                "question_id": "company" if is_nps else "sat",
                "is_relationship": is_nps,
                "is_valid": True,
                "turned_score": score,
                "customer_id": f"c{customer}",
                "answer_date": date(2024 + quarter // 4, 1 + 3 * (quarter % 4), 20),
            }
        )
    found = builds.run_model(
        "fct_csat_nps_lags",
        fct_survey_answers=table(
            rows,
            {
                "instrument": TEXT,
                "question_id": TEXT,
                "is_relationship": BOOL,
                "is_valid": BOOL,
                "turned_score": AMOUNT,
                "customer_id": TEXT,
                "answer_date": DATE,
            },
        ),
    )

    def changed(levels: dict[tuple[int, int], float]) -> dict[tuple[int, int], float]:
        changes = {}
        for customer, quarter in levels:
            before = [other for who, other in levels if who == customer and other < quarter]
            if before:
                changes[customer, quarter] = levels[customer, quarter] - levels[customer, max(before)]
        return changes

    by_key = {(row["measure"], row["lag_quarters"]): row for row in found}
    for measure, of in (("level", dict), ("change", changed)):
        satisfied, recommending = of(scores[False]), of(scores[True])
        for lag in range(5):
            pairs = [
                (value, recommending[customer, quarter + lag])
                for (customer, quarter), value in satisfied.items()
                if (customer, quarter + lag) in recommending
            ]
            if not pairs:
                assert (measure, lag) not in by_key
                continue
            row = by_key[measure, lag]
            assert row["pair_count"] == len(pairs)
            x, y = zip(*pairs, strict=True)
            if len(pairs) < MINIMUM_RANKED or len(set(x)) == 1 or len(set(y)) == 1:
                assert row["correlation"] is None
                continue
            expected = stats.pearsonr(x, y)
            low, high = expected.confidence_interval(2 * stats.norm.cdf(Z) - 1)
            assert close(row["correlation"], expected.statistic)
            assert close(row["interval_low"], low)
            assert close(row["interval_high"], high)


QUARTERS: Sequence[date] = (date(2024, 1, 1), date(2024, 4, 1), date(2024, 7, 1), date(2024, 10, 1))


@given(
    st.lists(
        st.tuples(
            st.integers(0, 3),
            st.sampled_from(["promoter", "passive", "detractor"]),
            st.sampled_from(["a", "b"]),
            st.none() | st.booleans(),
            st.none() | st.integers(0, 20),
        ),
        min_size=40,
        max_size=120,
    )
)
@settings(max_examples=25, deadline=None)
def test_forecasts_by_hand(people: list[tuple[int, str, str, bool | None, int | None]]) -> None:
    """Each quarter from those that were over when it began, customer by customer."""
    following = (*QUARTERS[1:], date(2025, 1, 1))
    found = builds.run_model(
        "fct_nps_forecasts",
        int_recommender_quarters=table(
            [
                {
                    "question_id": "n",
                    "customer_id": f"c{number}",
                    "next_quarter_date": following[quarter],
                    "nps_group": group,
                    "tier": tier,
                    "is_retained": is_retained,
                    "sale_margin_amount": margin,
                }
                for number, (quarter, group, tier, is_retained, margin) in enumerate(people)
            ],
            {
                "question_id": TEXT,
                "customer_id": TEXT,
                "next_quarter_date": DATE,
                "nps_group": TEXT,
                "tier": TEXT,
                "is_retained": BOOL,
                "sale_margin_amount": AMOUNT,
            },
        ),
    )
    by_key = {(row["outcome"], row["forecast"]): row for row in found}
    for outcome, place in (("is_retained", 3), ("sale_margin_amount", 4)):
        known = [(*one[:3], float(one[place])) for one in people if one[place] is not None]  # type: ignore[arg-type]
        errors: dict[str, list[float]] = {"without the answer": [], "with the answer": []}
        for quarter, group, tier, value in known:
            base = [one for one in known if one[0] < quarter and one[2] == tier]
            alike = [one for one in base if one[1] == group]
            if alike:
                errors["without the answer"].append(value - float(np.mean([one[3] for one in base])))
                errors["with the answer"].append(value - float(np.mean([one[3] for one in alike])))
        for forecast, own in errors.items():
            if not own:
                assert (outcome, forecast) not in by_key
                continue
            row = by_key[outcome, forecast]
            assert row["customer_count"] == len(own)
            if len(own) < MINIMUM_RANKED:
                assert row["mean_absolute_error"] is None
                continue
            assert close(row["mean_absolute_error"], float(np.mean(np.abs(own))))
            assert close(row["root_mean_squared_error"], float(np.sqrt(np.mean(np.square(own)))))
