"""Build of the cost models at scale, next to one hand-written script; and one more day.

    python benchmarks/cost_at_scale.py --contacts 1000000 --contacts 10000000

See at_scale.py for what is done; the script is reference_cost.sql. Writes results/cost_at_scale.md.

The models keep the cost of contacts side by side and unfold it in views; the script stores the same tables. Of the other models only those
are made that cost reads, and those that are kept from build to build. Cost is made anew by whole months, so a day is a small part of a
long history and a large one of a short one. Seconds on a shared machine only inform: the seconds of the processor are less disturbed.
"""

from __future__ import annotations

from pathlib import Path

from at_scale import CONTACT_DELIVERIES, CONTACT_LISTS, Benchmark, Delivery, main

# the models that are measured; all that they read is the base
MEASURED = (
    "path:models/intermediate/cost",
    "path:models/marts/cost",
    "int_touched_cost_months",
)
BENCHMARK = Benchmark(
    title="Cost at scale",
    file=Path(__file__),
    script="reference_cost.sql",
    page="cost_at_scale.md",
    subject="cost",
    measured=MEASURED,
    not_measured=(),
    selected=("+int_completed_build", *(f"+{selector}" for selector in MEASURED)),
    compared={
        "intermediate.int_contact_cost_amounts": ("period_month", "contact_id", "vendor_id", "labour_pool"),
        "intermediate.int_contact_pool_amounts": ("period_month", "pool", "vendor_id"),
        "marts.fct_capacity_costs": (
            "period_month",
            "pool",
            "vendor_id",
            "queue_id",
            "kind",
            "activity",
            "interval_started_at",
        ),
        "marts.fct_minute_rates": ("period_month", "queue_id", "vendor_id"),
        "marts.fct_ledger_reconciliation": ("period_month", "pool", "vendor_id"),
    },
    deliveries={
        **CONTACT_DELIVERIES,
        # a state is delivered when it has ended, what belongs to a day when the day is over
        "agent_states": Delivery("coalesce(ended_at, started_at)"),
        "agent_pay": Delivery("work_date + interval 1 day"),
        "fx_rates": Delivery("rate_on + interval 1 day"),
        "ledger_entries": Delivery("posted_on + interval 1 day"),
        "qa_evaluations": Delivery("updated_at"),
        "technology_usage": Delivery("used_at"),
    },
    lists=(
        *CONTACT_LISTS,
        "agent_pay_rates",
        "channel_tariffs",
        "ledger_accounts",
        "technology_rates",
        "vendor_contracts",
    ),
    ratio_goal=1.4,
    memory_goal=10,
)

if __name__ == "__main__":
    main(BENCHMARK, __doc__)
