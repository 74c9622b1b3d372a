"""Comparisons of customers next to the truth: bias, coverage of the intervals, and false alarms (M47, M48).

    python benchmarks/comparisons_against_truth.py

Simulates centers in which lengthy conversations make customers buy more and unresolved contacts make them leave, and the same
centers without both, builds fct_comparison_effects, and holds every effect against what the cause did to the same customers
(truth/purchases, truth/churn). In both, customers of high value talk longer. Writes results/comparisons_against_truth.md.
"""

from __future__ import annotations

import argparse
import statistics
from collections import defaultdict
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import duckdb
from measuring import RESULTS, centers_of
from resolution_against_truth import build_marts

from cx_metrics.simulator import simulate

PAGE = RESULTS / "comparisons_against_truth.md"
CAUSES = ("lengthy_value", "unresolved_churn")
SCENARIOS: dict[str, tuple[str, ...]] = {
    "the causes at work": (),
    "without the causes": CAUSES,
}
QUESTIONS = {
    ("lengthy_interaction", "margin_amount"): "margin after a lengthy conversation",
    ("lengthy_interaction", "sale_count"): "sales after a lengthy conversation",
    ("unresolved_contact", "has_cancelled"): "cancellations after an unresolved contact",
}

# What the cause did within the window, for everybody who is compared: of the exposed, less of controls weighed to stand where they stand.
TRUTH = """
    with caused as (
        select
            'lengthy_interaction' as study,
            truth.customer_id,
            sales.occurred_at as happened_at,
            sales.net_margin_amount as margin_amount
        from '{data}/truth/purchases.parquet' as truth
        inner join intermediate.int_transaction_amounts as sales using (transaction_id)
        where truth.cause = 'lengthy_value'
        union all
        select 'unresolved_contact', customer_id, decided_at, null
        from '{data}/truth/churn.parquet'
        where is_caused_by_unresolved
    ),
    moved as (
        select
            outcomes.study, outcomes.outcome, outcomes.horizon_days, outcomes.stratum, outcomes.is_exposed, outcomes.unit_id,
            case outcomes.outcome
                when 'margin_amount' then coalesce(sum(caused.margin_amount), 0)
                when 'sale_count' then count(caused.happened_at)
                else least(count(caused.happened_at), 1)
            end as moved_by
        from intermediate.int_comparison_outcomes as outcomes
        inner join intermediate.int_comparison_units as units using (unit_id)
        left join caused
            on
                outcomes.study = caused.study
                and outcomes.customer_id = caused.customer_id
                and caused.happened_at > units.index_at
                and caused.happened_at <= units.index_at + to_days(outcomes.horizon_days::integer)
        where outcomes.landmark_days = 0
        group by 1, 2, 3, 4, 5, 6
    ),
    strata as (
        select
            study, outcome, horizon_days, stratum,
            sum(is_exposed) as exposed_count,
            avg(moved_by) filter (where is_exposed = 1) - avg(moved_by) filter (where is_exposed = 0) as difference
        from moved
        group by 1, 2, 3, 4
        having sum(is_exposed) > 0 and sum(1 - is_exposed) >= 5
    )
    select study, outcome, horizon_days, (sum(exposed_count * difference) / sum(exposed_count))::double as truth
    from strata
    group by 1, 2, 3
"""
EFFECTS = """
    select study, outcome, horizon_days, method, effect::double, interval_low::double, interval_high::double
    from marts.fct_comparison_effects
    where landmark_days = 0 and effect is not null
"""


class Estimate(NamedTuple):
    """One effect of one center, and the truth about it."""

    effect: float
    low: float
    high: float
    truth: float


Key = tuple[str, str, int, str]


def measured(
    folder: Path, seed: int, *, contacts: int, days: int, without: Sequence[str]
) -> dict[Key, Estimate]:
    """Simulate and build one center, and hold its effects against the truth."""
    data = folder / "data"
    simulate(data, contacts=contacts, days=days, seed=seed, without=tuple(without))
    database = build_marts(folder, data, ["fct_comparison_effects"])
    with duckdb.connect(str(database), read_only=True) as connection:
        rows = connection.execute(TRUTH.format(data=data)).fetchall()
        truth = {(study, outcome, horizon): value for study, outcome, horizon, value in rows}
        return {
            (study, outcome, horizon, method): Estimate(effect, low, high, truth[study, outcome, horizon])
            for study, outcome, horizon, method, effect, low, high in connection.execute(EFFECTS).fetchall()
            if (study, outcome) in QUESTIONS
        }


def section(name: str, centers: Sequence[dict[Key, Estimate]]) -> list[str]:
    """Return the table of one scenario."""
    gathered: dict[Key, list[Estimate]] = defaultdict(list)
    for center in centers:
        for key, estimate in center.items():
            gathered[key].append(estimate)
    lines = [
        f"## {name[0].upper()}{name[1:]}",
        "",
        "| question | window | method | truth | effect | bias (its error) | intervals that hold the truth | without 0 |",
        "|---|---:|---|---:|---:|---:|---:|---:|",
    ]
    methods = ["naive", "stratified", "matched"]
    for (study, outcome, horizon, method), estimates in sorted(
        gathered.items(), key=lambda item: (*item[0][:3], methods.index(item[0][3]))
    ):
        errors = [one.effect - one.truth for one in estimates]
        noise = statistics.stdev(errors) / len(errors) ** 0.5 if len(errors) > 1 else float("nan")
        holding = sum(one.low <= one.truth <= one.high for one in estimates)
        alarms = sum(one.low > 0 or one.high < 0 for one in estimates)
        lines.append(
            f"| {QUESTIONS[study, outcome]} | {horizon} d | {method} | {statistics.mean(one.truth for one in estimates):.4f} "
            f"| {statistics.mean(one.effect for one in estimates):.4f} | {statistics.mean(errors):+.4f} ({noise:.4f}) "
            f"| {holding} of {len(estimates)} | {alarms} of {len(estimates)} |"
        )
    return [*lines, ""]


def main() -> None:
    """Simulate, build, compare, and write the page."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--contacts", type=int, default=30_000, help="contact records of a center (30000)")
    parser.add_argument("--days", type=int, default=540, help="days of a center (540)")
    parser.add_argument("--seeds", type=int, default=20, help="centers of each scenario (20)")
    chosen = parser.parse_args()
    lines = [
        "# Comparisons against the truth",
        "",
        f"`python benchmarks/comparisons_against_truth.py --contacts {chosen.contacts} --days {chosen.days} --seeds {chosen.seeds}`:",
        "simulated centers in which lengthy conversations make customers buy more and unresolved contacts make them leave, and the same",
        "centers without both. In all of them customers of high value talk longer. Of 95 % intervals 19 in 20 should hold the truth;",
        "without the causes, an interval without 0 is a false alarm. What the methods are: [docs/value.md](../../docs/value.md).",
        "",
    ]
    for name, without in SCENARIOS.items():
        of_center = partial(measured, contacts=chosen.contacts, days=chosen.days, without=without)
        lines += section(name, centers_of(name, chosen.seeds, of_center))
    PAGE.write_text("\n".join(lines), encoding="utf-8")
    print(f"written: {PAGE}")


if __name__ == "__main__":
    main()
