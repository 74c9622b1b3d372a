"""Cost per contact against the truth of a small simulated center: the benchmark cost_against_truth.py in small, with what
must come out of it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import builds
import pytest
from click.testing import CliRunner
from cost_comparison import (
    AS_IT_COMES,
    AVERAGES,
    LOADED,
    MARTS,
    METHODS,
    OURS,
    REFERENCES,
    STRAIGHT,
    Comparison,
    Judged,
)

from cx_metrics.cli import main
from cx_metrics.simulator import simulate

CONTACTS, DAYS = 12_000, 290
"""Nine months: both contracts of the first outsourcer, and all three bases of payment."""


OF_ANALYSES = ("fct_issue_costs", "fct_daily_drains", "dim_date")
"""What the analyses of cost read besides."""


@pytest.fixture(scope="module")
def center(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Comparison]:
    data = tmp_path_factory.mktemp("truth") / "data"
    simulate(data, contacts=CONTACTS, days=DAYS)

    def land(database: Path) -> None:
        result = CliRunner().invoke(main, ["load", str(data), "--database", str(database), "--quiet"])
        assert result.exit_code == 0, result.output

    database = builds.build_landed(
        tmp_path_factory.mktemp("center"),
        land,
        select=" ".join(f"+{mart}" for mart in (*MARTS, *OF_ANALYSES)),
    )
    comparison = Comparison(database, data)
    yield comparison
    comparison.close()


@pytest.fixture(scope="module")
def judged(center: Comparison) -> dict[str, dict[str, Judged]]:
    return {reference.name: center.all_judged(reference) for reference in REFERENCES}


def test_every_contact_has_its_truth(center: Comparison) -> None:
    ((costed, with_truth),) = center.rows(
        "select count(*), count(truths.contact_id) from marts.fct_costed_contacts left join truths using (contact_id) "
        "where is_costed_contact and is_final and cost_amount is not null"
    )
    assert costed == with_truth == center.contacts() > 6000
    ours, truth, correlation = center.agent_seconds()
    assert math.isclose(ours, truth, rel_tol=0.001)
    assert correlation > 0.999


def test_bottom_up_is_nearer_to_the_truth_than_every_average(judged: dict[str, dict[str, Judged]]) -> None:
    for reference in REFERENCES:
        found = judged[reference.name]
        ours = found[OURS.name]
        for average in AVERAGES:
            other = found[average.name]
            assert ours.of_contacts < other.of_contacts, (reference.name, average.name)
            assert ours.of_queues < other.of_queues, (reference.name, average.name)
            assert ours.of_reasons < other.of_reasons, (reference.name, average.name)
    ours, per_minute = judged[LOADED.name][OURS.name], judged[LOADED.name]["per_minute"]
    assert ours.of_queues < 0.3 * per_minute.of_queues
    assert ours.of_reasons < 0.02 * ours.mean
    assert ours.correlation is not None and ours.correlation > 0.95
    assert per_minute.correlation is not None and per_minute.correlation < 0.95


def test_every_queue_is_nearer_to_the_truth_than_by_the_average_per_contact(center: Comparison) -> None:
    groups = center.groups("queue_id", LOADED)
    assert len(groups) == 8
    for group in groups:
        assert abs(group.amounts[OURS.name] - group.truth) < 0.12 * group.truth, group.name
    worse = [
        g.name
        for g in groups
        if abs(g.amounts["per_contact"] - g.truth) < abs(g.amounts[OURS.name] - g.truth)
    ]
    assert len(worse) <= 1, worse


def test_all_methods_spread_the_same_total(center: Comparison, judged: dict[str, dict[str, Judged]]) -> None:
    for reference in REFERENCES:
        truth = center.true_mean(reference)
        for method in METHODS:
            if method is not AS_IT_COMES:
                assert math.isclose(judged[reference.name][method.name].mean, truth, rel_tol=1e-6), (
                    method.name
                )
    # paid breaks, sickness and leave are in our minutes, not in the simulator's
    assert judged[STRAIGHT.name][AS_IT_COMES.name].mean > 1.05 * center.true_mean(STRAIGHT)
    assert math.isclose(judged[LOADED.name][AS_IT_COMES.name].mean, center.true_mean(LOADED), rel_tol=0.01)


def test_payroll_ties_to_the_ledger_in_closed_months(center: Comparison) -> None:
    ((months,),) = center.rows(
        "select count(*) from marts.fct_ledger_reconciliation where pool = 'agent_pay' and is_month_over and ledger_amount > 0"
    )
    assert months >= 8
    assert center.payroll_differences() == {}
    ((off,),) = center.rows(
        """
        select max(abs(difference_amount))
        from marts.fct_ledger_reconciliation
        where is_month_over and pool in ('agent_pay', 'overtime_premium', 'on_costs')
        """
    )
    # days of pay are cut to the millionth, the payroll is rounded to the cent
    assert off < Decimal("0.05")


def test_the_bridge_from_the_truth_to_the_ledger_adds_up(center: Comparison) -> None:
    ((per_contact,),) = center.rows(
        """
        select sum(ledger_amount)::double / (
            select count(*)
            from parts
            where month_start_date in (
                select period_month
                from marts.fct_ledger_reconciliation
                where is_month_over and pool = 'agent_pay' and ledger_amount > 0
            )
        )
        from marts.fct_ledger_reconciliation
        where period_month in (
            select period_month
            from marts.fct_ledger_reconciliation
            where is_month_over and pool = 'agent_pay' and ledger_amount > 0
        )
        """
    )
    steps = center.bridge()
    assert math.isclose(sum(part for _, part in steps), per_contact, rel_tol=1e-6)
    assert all(part >= 0 for _, part in steps[:-1])


def test_invoices_of_outsourcers_differ_by_their_bonus(center: Comparison) -> None:
    found = {(one.vendor, one.payment_basis): one for one in center.outsourcers()}
    assert set(found) == {("bpo_1", "productive_hour"), ("bpo_2", "minute"), ("bpo_2", "contact")}
    for key, one in found.items():
        rest = abs(one.difference - one.bonus_and_credit)
        # shifts over the end of a month, and contacts that end in another one
        assert rest < 0.02 * one.bottom_up, key
    by_contact = found["bpo_2", "contact"]
    assert by_contact.months == 1
    assert by_contact.bonus_and_credit != 0
    assert abs(by_contact.difference - by_contact.bonus_and_credit) < 0.01


def analysed(center: Comparison, name: str) -> list[dict[str, Any]]:
    query = builds.compiled(name)
    names = [row[0] for row in center.rows(f"describe {query}")]
    return [dict(zip(names, row, strict=True)) for row in center.rows(query)]


def test_subsidies_are_paid_by_others(center: Comparison) -> None:
    found = analysed(center, "who_is_subsidised")
    assert {row["dimension"] for row in found} >= {"queue_id", "channel", "reason_code", "vendor_id"}
    for dimension in {row["dimension"] for row in found}:
        of_dimension = [row for row in found if row["dimension"] == dimension]
        total = sum(row["bottom_up_per_contact"] * row["contact_count"] for row in of_dimension)
        for average in ("contact", "minute", "customer"):
            assert abs(sum(row[f"subsidy_against_{average}_amount"] for row in of_dimension)) < 1e-4 * total
    verdicts = {row["dimension_value"]: row["verdict"] for row in found if row["dimension"] == "queue_id"}
    assert (verdicts["q_specialists"], verdicts["q_social"]) == (
        "carried by the others",
        "carries the others",
    )


def test_who_is_cheap_by_handle_time_is_ranked_by_issue(center: Comparison) -> None:
    found = analysed(center, "cheap_on_aht_dear_on_issue")
    assert {row["unit"] for row in found} == {"queue", "agent"}
    for row in found:
        assert row["contact_count"] >= 30 and row["issue_count"] >= row["resolved_issue_count"] > 0
        assert row["is_cheap_on_aht_dear_on_issue"] == (row["aht_quarter"] == 1 and row["cost_quarter"] == 4)
    # what all contacts took is what their reasons let expect
    queues = [row for row in found if row["unit"] == "queue"]
    expected = sum(row["aht_seconds"] * row["contact_count"] / row["aht_ratio"] for row in queues)
    assert math.isclose(
        sum(row["aht_seconds"] * row["contact_count"] for row in queues), expected, rel_tol=0.03
    )


def test_a_chain_takes_more_than_its_first_contact(center: Comparison) -> None:
    found = analysed(center, "first_contact_minutes_against_chain")
    assert len(found) > 15
    for row in found:
        assert 0 < row["first_contact_share_of_minutes"] <= 1
        if row["chain_cost_per_issue"] is not None:
            assert row["first_contact_cost_per_issue"] <= row["chain_cost_per_issue"]
            assert (row["contacts_per_issue"] > 1) == (row["repeated_issue_count"] > 0)


def test_drains_of_a_month_are_in_their_order(center: Comparison) -> None:
    found = analysed(center, "daily_drains_of_a_month")
    assert [row["drain_priority"] for row in found] == sorted(row["drain_priority"] for row in found)
    assert {row["drain"] for row in found} >= {
        "repeats",
        "long_holds",
        "failed_bot_sessions",
        "idle_above_plan",
    }
    assert len({row["month_start_date"] for row in found}) == 1
    assert 0 < sum(row["share_of_contacts_and_waiting"] for row in found) < 1
