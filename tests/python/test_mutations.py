"""Plausible wrong versions of definitions, each of which a dbt unit test of its model must notice (M15 to M31, M41, M46 to M50).

A definition that can be written wrongly without a failing test is not guarded. Every mutation is a mistake that somebody makes.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import NamedTuple

import builds
import pytest
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner
from oracle import PROJECT, contract


class Mutation(NamedTuple):
    """A mistake: what it is, the model, what stands there and what somebody might write."""

    mistake: str
    model: str
    right: str
    wrong: str


MUTATIONS = [
    Mutation(
        "M16: neutral answers are dropped from the denominator",
        "fct_survey_answers",
        "then judged.turned_score >= judged.positive_min end as is_positive",
        "and not (judged.turned_score > judged.negative_max and judged.turned_score < judged.positive_min)\n"
        "            then judged.turned_score >= judged.positive_min end as is_positive",
    ),
    Mutation(
        "M17: recommendation from 1 to 10 is pooled with 0 to 10",
        "fct_survey_answers",
        "when is_on_foreign_scale then 'scale not used for the instrument'",
        "when 1 = 0 then 'scale not used for the instrument'",
    ),
    Mutation(
        "M17: passives are no answers",
        "fct_nps_groups",
        "count(*) as answer_count",
        "count(case when nps_group <> 'passive' then 1 end) as answer_count",
    ),
    Mutation(
        "M22: the zeros of failed criticals are in the score without criticals",
        "fct_qa_evaluations",
        "        score_excl_critical,\n        case when score_excl_critical is null",
        "        cast(case when is_critical_pass = false then 0 else score_excl_critical end as decimal(18, 6)) as score_excl_critical,\n"
        "        case when score_excl_critical is null",
    ),
    Mutation(
        "M22: targeted evaluations stand for the agent's work",
        "fct_qa_evaluations",
        "is_submitted and sampling = 'random' as is_counted",
        "is_submitted and sampling <> 'calibration' as is_counted",
    ),
    Mutation(
        "M23: a contact with a failed critical passes on its points",
        "fct_qa_csat_alignment",
        "when ranked_evaluations.is_critical_pass = false then false",
        "when 1 = 0 then false",
    ),
    Mutation(
        "M23: every item is tested as if it were the only one",
        "int_qa_item_effects",
        "* item_count / p_rank, 1))",
        "* 1, 1))",
    ),
    Mutation(
        "M04b: chats side by side are added up",
        "int_agent_day_seconds",
        "sum(case when is_contact then elapsed_seconds else 0 end) as occupied_seconds",
        "sum(case when is_contact then elapsed_seconds + case when is_other_channel then elapsed_seconds else 0 end else 0 end)"
        " as occupied_seconds",
    ),
    Mutation(
        "M15: attrition over who was there when the month began",
        "fct_attrition",
        "cast(leaver_count as {{ double_type() }}) / nullif(cast(mean_headcount as {{ double_type() }}), 0) as monthly_rate",
        "cast(leaver_count as {{ double_type() }}) / nullif(opening_count, 0) as monthly_rate",
    ),
    Mutation(
        "M15: who is employed for too short a time to tell counts as gone",
        "fct_hire_cohorts",
        "count(case when horizon_day < known_on then 1 end) as known_count",
        "count(*) as known_count",
    ),
    Mutation(
        "M21: a flag raised by the request itself is a warning",
        "fct_early_warnings",
        "coalesce(lead_seconds > 86400 and lead_seconds <= {{ horizon }}, false) as is_followed",
        "coalesce(lead_seconds <= {{ horizon }}, false) as is_followed",
    ),
    Mutation(
        "M21: who has asked to cancel is warned of still",
        "int_warning_observations",
        "and (leaves_at is null or leaves_at < happened_at)",
        "and 1 = 1",
    ),
    Mutation(
        "M25: a notice that was taken back is a cancellation",
        "int_cancellations",
        "(kind = 'cancel_notice' and coalesce(next_kind, 'end') = 'end')",
        "kind = 'cancel_notice'",
    ),
    Mutation(
        "M24: new customers enter the rate",
        "fct_customer_months",
        "case when is_mature and is_active_at_start then is_active_at_end end as is_retained",
        "case when is_mature then is_active_at_end end as is_retained",
    ),
    Mutation(
        "M25: a failed payment is churn before its grace is over",
        "int_customer_spans",
        "coalesce(end_reason = 'payment' and next_happened_at <= {{ seconds_after('happened_at', grace) }}, false)",
        "coalesce(end_reason = 'payment' and next_happened_at < happened_at, false)",
    ),
    Mutation(
        "M26: a customer counts from the start, in view or not",
        "fct_tenure_survival",
        "        entered_days as tenure_days,",
        "        0 * entered_days as tenure_days,",
    ),
    Mutation(
        "M27: who let the request go was saved",
        "fct_save_episodes",
        "kind_if_kept in ('fix', 'information', 'concession')\n        end as is_saved",
        "kind_if_kept in ('fix', 'information', 'concession', 'abandoned_request')\n        end as is_saved",
    ),
    Mutation(
        "M27: who is under notice at the horizon was kept",
        "int_save_episode_states",
        "and states.is_held and not states.is_under_notice then 1 else 0 end)",
        "and states.is_held then 1 else 0 end)",
    ),
    Mutation(
        "M27: a wish told again is another episode",
        "int_save_episodes",
        "when previous_requested_at is null or requested_at > {{ seconds_after('previous_requested_at', gap) }} then 1 else 0",
        "when previous_requested_at is null or requested_at > previous_requested_at then 1 else 0",
    ),
    Mutation(
        "M28: any later answer wins the customer over, not the next",
        "fct_recoveries",
        "rows between 1 following and unbounded following",
        "rows between 2 following and unbounded following",
    ),
    Mutation(
        "M29: a renewal within the grace is late",
        "fct_renewals",
        "and open_decisions.next_occurred_at <= {{ seconds_after('open_decisions.due_at', grace) }}",
        "and open_decisions.next_occurred_at <= open_decisions.due_at",
    ),
    Mutation(
        "M30: a sale exactly at the end of the window is out",
        "fct_revenue_influence",
        "on candidates.occurred_at <= {{ seconds_after",
        "on candidates.occurred_at < {{ seconds_after",
    ),
    Mutation(
        "M30: refunds leave the sale as it was",
        "int_transaction_amounts",
        "else sales.amount * exchange_rates.rate_to_reporting - refunded.refunded_amount",
        "else sales.amount * exchange_rates.rate_to_reporting",
    ),
    Mutation(
        "M30: an upgrade that was taken back counts whole",
        "fct_contact_expansions",
        "when price_at_end > price_before then price_at_end - price_before",
        "when price_at_end > price_before then price_after - price_before",
    ),
    Mutation(
        "M31: both ends of a month have rates of their own, so that currencies grow",
        "fct_subscription_months",
        "and moved.month_start_date = end_rates.date_day",
        "and cast(moved.ends_at as date) = end_rates.date_day",
    ),
    Mutation(
        "M46: tiers know what customers bought in the quarter",
        "fct_customer_value",
        "and month_amounts.month_start_date < quarters.quarter_start_date",
        "and month_amounts.month_start_date <= quarters.quarter_start_date",
    ),
    Mutation(
        "M48: a month sets the threshold that it is judged by",
        "int_lengthy_thresholds",
        "and cells.month_start_date > counted.month_start_date",
        "and cells.month_start_date >= counted.month_start_date",
    ),
    Mutation(
        "M48: hold makes a conversation lengthy",
        "int_conversations",
        "contacts.talk_seconds >= coalesce(thresholds.threshold_seconds, {{ 60 * var('lengthy_minutes') }}) as is_lengthy",
        "contacts.talk_seconds + coalesce(contacts.hold_seconds, 0)\n"
        "        >= coalesce(thresholds.threshold_seconds, {{ 60 * var('lengthy_minutes') }}) as is_lengthy",
    ),
    Mutation(
        "M48: callers who gave up while somebody was free are blamed on the conversation",
        "int_lengthy_abandons",
        "case when is_abandon = 1 and is_staffing_known = 1 and free_count = 0 then 1 else 0 end as is_at_capacity",
        "case when is_abandon = 1 and is_staffing_known = 1 then 1 else 0 end as is_at_capacity",
    ),
    Mutation(
        "M47: who is exposed later is never a control",
        "int_comparison_units",
        "or (is_exposed = 0 and (first_exposed_at is null or index_at < first_exposed_at))",
        "or (is_exposed = 0 and first_exposed_at is null)",
    ),
    Mutation(
        "M47: what happened before the contact is its outcome",
        "int_comparison_outcomes",
        "{%- set from_at = 'units.started_at' if landmark < 0 else 'units.index_at' %}",
        "{%- set from_at = 'units.started_at' %}",
    ),
    Mutation(
        "M47: a control of several months is several customers",
        "int_stratified_effects",
        "group by outcomes.comparison_id, outcomes.method, outcomes.customer_id",
        "group by outcomes.comparison_id, outcomes.method, outcomes.customer_id, outcomes.unit_id",
    ),
    Mutation(
        "M47: a control that stands in for several adds nothing to the error",
        "int_matched_effects",
        "sqrt(effects.squared_deviations + reuse.reuse_variance)",
        "sqrt(effects.squared_deviations)",
    ),
    Mutation(
        "M50: health knows results that became known in the quarter",
        "int_health_signals",
        "contact_results.known_at <= quarters.starts_at",
        "contact_results.ended_at <= quarters.starts_at",
    ),
    Mutation(
        "M50: customers of the same health are in order",
        "fct_health_validation",
        "- cast(customer_count - lost_count as {{ double_type() }}) / 2 as healthier_count",
        "- cast(0 as {{ double_type() }}) as healthier_count",
    ),
    Mutation(
        "M41: a claim is realised",
        "int_investment_months",
        "'finance_verified': ['finance_verified'],",
        "'finance_verified': ['claimed', 'finance_verified'],",
    ),
    Mutation(
        "M41: the month of crossing counts whole",
        "int_investment_crossings",
        "then period_before - amount_before / flow_amount * (period_number - period_before)",
        "then cast(period_number as {{ double_type() }})",
    ),
    Mutation(
        "M41: what is not recovered has the length of the record",
        "fct_investment_payback",
        "when {{ method }}.last_amount < 0 then 'not recovered by as_of'",
        "when 1 = 0 then 'not recovered by as_of'",
    ),
    Mutation(
        "M21: a forecast knows the quarter that it foretells",
        "fct_nps_forecasts",
        "and targets.next_quarter_date >= cells.known_from",
        "and targets.next_quarter_date <= cells.known_from",
    ),
]


def rounds() -> list[list[Mutation]]:
    """Return the mutations in groups in which each model is wrong once, so that a failing unit test says which one was seen."""
    groups: list[list[Mutation]] = []
    for mutation in MUTATIONS:
        group = next(
            (group for group in groups if mutation.model not in {each.model for each in group}), None
        )
        if group is None:
            groups.append([mutation])
        else:
            group.append(mutation)
    return groups


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a warehouse in which every relation is, without rows: a unit test asks them for the types of their columns."""
    return builds.build(tmp_path_factory.mktemp("mutations"), {name: [] for name in contract()})


@pytest.fixture(scope="module")
def noticed(warehouse: Path) -> dict[str, set[str]]:
    """Return, by mistake, the unit tests that failed on it."""
    return {
        mutation.mistake: failing
        for group in rounds()
        for mutation, failing in failing_tests(group, warehouse).items()
    }


def failing_tests(group: list[Mutation], warehouse: Path) -> dict[Mutation, set[str]]:
    """Write the mistakes into a copy of the project, and run the unit tests of their models there."""
    project = warehouse.parent / "project"
    shutil.rmtree(project, ignore_errors=True)
    for name in ("dbt_project.yml", "models", "macros", "seeds", "tests/generic", "profiles"):
        source = PROJECT / name
        target = project / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target)
        else:
            shutil.copy(source, target)
    for mutation in group:
        (file,) = project.glob(f"models/**/{mutation.model}.sql")
        sql = file.read_text(encoding="utf-8")
        assert sql.count(mutation.right) == 1, f"{mutation.model} does not say once: {mutation.right}"
        file.write_text(sql.replace(mutation.right, mutation.wrong), encoding="utf-8")
    command = [
        "test",
        "--select",
        *(f"test_type:unit,{mutation.model}" for mutation in group),
        *builds.arguments(warehouse.parent / "target", project),
    ]
    with builds.database_named(warehouse):
        outcome = dbtRunner().invoke(command)
    DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call]
    results = list(getattr(outcome.result, "results", []))
    assert results, f"no unit test ran: {outcome.exception}"
    broken = [result.node.name for result in results if str(result.status) == "error"]
    assert not broken, f"a mistake must be SQL that runs: {', '.join(broken)}"
    # unit_test.cx_metrics.model.name
    failed = {
        tuple(result.node.unique_id.split(".")[2:]) for result in results if str(result.status) == "fail"
    }
    return {mutation: {name for model, name in failed if model == mutation.model} for mutation in group}


@pytest.mark.parametrize("mistake", [mutation.mistake for mutation in MUTATIONS])
def test_mistake_is_noticed(noticed: dict[str, set[str]], mistake: str) -> None:
    assert noticed[mistake], f"no unit test notices it: {mistake}"
