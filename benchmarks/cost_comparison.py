"""Contacts of a simulated and built center, each with what it truly cost, from the bottom up, and by the three averages.

The rows come from the marts, the truth from truth/contact_costs of the simulated folder: agents' pay with on-costs for
their seconds on the contact, what the outsourcer is paid, what the carrier charges. Used by cost_against_truth.py and
its test.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

MARTS = (
    "fct_costed_contacts",
    "fct_contact_costs",
    "fct_cost_comparison",
    "fct_ledger_reconciliation",
    "fct_queue_intervals",
    "dim_queue",
    "dim_reason",
)
"""What has to be built."""


@dataclass(frozen=True)
class Method:
    """A way to say what a contact cost: a column of the table below, in the parts that the truth knows."""

    name: str
    label: str
    column: str


@dataclass(frozen=True)
class Reference:
    """What the methods are held against: the truth as the simulator has it, with pay by the straight hourly rate, or the
    same with what own agents are paid for breaks, sickness and leave on top, spread evenly over their seconds.
    """

    name: str
    label: str


STRAIGHT = Reference("straight", "agents' pay by the hour on the contact alone")
LOADED = Reference("loaded", "agents' pay with breaks, sickness and leave, spread evenly")
REFERENCES = (LOADED, STRAIGHT)

OURS = Method("bottom_up", "bottom-up", "bottom_up_amount")
AVERAGES = (
    Method("per_minute", "average per minute", "per_minute_amount"),
    Method("per_contact", "average per contact", "per_contact_amount"),
    Method("per_customer", "average per customer", "per_customer_amount"),
)
AS_IT_COMES = Method("as_it_comes", "bottom-up, as it comes", "direct_amount")
METHODS = (OURS, *AVERAGES, AS_IT_COMES)
"""All but the last spread the true total of each month, so that only the spread is judged."""


SHARES_OF_POOLS = "shares of supervision, quality, rent and others"
"""The last step of the bridge that a handled contact bears."""


@dataclass(frozen=True)
class Judged:
    """How near a method comes: its mean, the mean absolute error of a contact and of the means of queues and reasons
    (each group weighing as much as its contacts), all in the reporting currency, and how its amounts and the true
    ones move together over contacts (None where they are all the same) and over the means of reasons.
    """

    mean: float
    of_contacts: float
    of_queues: float
    of_reasons: float
    correlation: float | None
    correlation_of_reasons: float | None


@dataclass(frozen=True)
class Group:
    """A queue or a reason: its contacts, and what one of them costs on average by each method (see `groups`)."""

    name: str
    contacts: int
    truth: float
    amounts: dict[str, float]


@dataclass(frozen=True)
class Invoices:
    """Months of an outsourcer on one basis of payment, in the reporting currency."""

    vendor: str
    payment_basis: str
    months: int
    bottom_up: float
    difference: float
    bonus_and_credit: float


class Comparison:
    """One simulated and built center: its costed contacts in closed months, each with the truth about it."""

    def __init__(self, database: Path, folder: Path) -> None:
        """Read a built warehouse and the truth of the folder that it was loaded from."""
        self._connection = duckdb.connect(str(database), read_only=True)
        for name in ("contact_costs", "ledger_causes"):
            self._connection.execute(
                f"create temp view truth_{name} as from '{folder / 'truth' / name}.parquet'"
            )
        for statement in (_TRUTH, _DIRECT, _PARTS, _COSTED):
            self._connection.execute(statement)

    def close(self) -> None:
        """Close the database."""
        self._connection.close()

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query over the temporary tables below and the marts."""
        return self._connection.execute(query).fetchall()

    def contacts(self) -> int:
        """Return how many contacts are judged."""
        ((count,),) = self.rows("select count(*) from parts")
        return int(count)

    def true_mean(self, reference: Reference) -> float:
        """Return what a contact truly cost on average."""
        ((mean,),) = self.rows(f"select avg(true_amount) from costed where reference = '{reference.name}'")
        return float(mean)

    def judged(self, method: Method, reference: Reference) -> Judged:
        """Return how near a method comes to a reference."""
        ((mean, of_contacts, correlation),) = self.rows(
            f"""
            select
                avg({method.column}), avg(abs({method.column} - true_amount)),
                case when stddev_pop({method.column}) > 1e-6 then corr({method.column}, true_amount) end
            from costed
            where reference = '{reference.name}'
            """
        )
        of_groups: list[float] = []
        for group in ("queue_id", "reason_code"):
            ((error, correlation_of_groups),) = self.rows(
                f"""
                select sum(abs(amount - truth) * contacts) / sum(contacts), case when stddev_pop(amount) > 1e-6 then corr(amount, truth) end
                from (
                    select avg({method.column}) as amount, avg(true_amount) as truth, count(*) as contacts
                    from costed
                    where {group} is not null and reference = '{reference.name}'
                    group by {group}
                )
                """
            )
            of_groups.append(float(error))
        of_queues, of_reasons = of_groups
        return Judged(
            float(mean), float(of_contacts), of_queues, of_reasons, correlation, correlation_of_groups
        )

    def all_judged(self, reference: Reference) -> dict[str, Judged]:
        """Return how near each method comes to a reference, by its name."""
        return {method.name: self.judged(method, reference) for method in METHODS}

    def groups(self, column: str, reference: Reference) -> list[Group]:
        """Return queues (`queue_id`) or reasons (`reason_code`) with at least 30 contacts and the mean of each method,
        the dearest first. Beside the methods that spread the true total stands bottom-up cost in full (`full`) and the
        averages that spread the total of that (`full_per_contact` and so on), as fct_cost_comparison has them.
        """
        name = {"queue_id": "marts.dim_queue", "reason_code": "marts.dim_reason"}[column]
        label = {"queue_id": "names.name", "reason_code": "names.reason_code"}[column]
        averages = ", ".join(
            f"sum(bottom_up_amount - subsidy_against_{one}_amount)::double / sum(contact_count)"
            for one in ("minute", "contact", "customer")
        )
        methods = ", ".join(f"avg({method.column})" for method in METHODS)
        found = self.rows(
            f"""
            with

            direct as (
                select {column}, count(*) as contacts, avg(true_amount) as truth, [{methods}] as amounts
                from costed
                where {column} is not null and reference = '{reference.name}'
                group by {column}
            ),

            in_full as (
                select dimension_value, [sum(bottom_up_amount)::double / sum(contact_count), {averages}] as amounts
                from (
                    select *, bool_and(is_final) over (partition by month_start_date) as is_month_final
                    from marts.fct_cost_comparison
                    where dimension = '{column}'
                )
                where is_month_final
                group by dimension_value
            )

            select coalesce({label}, direct.{column}), direct.contacts, direct.truth, direct.amounts, in_full.amounts
            from direct
            inner join in_full on direct.{column} = in_full.dimension_value
            left join {name} as names on direct.{column} = names.{column}
            where direct.contacts >= 30
            order by direct.truth desc, direct.{column}
            """
        )
        full = ("full", *(f"full_{average.name}" for average in AVERAGES))
        return [
            Group(
                group,
                contacts,
                truth,
                {
                    **dict(zip((method.name for method in METHODS), amounts, strict=True)),
                    **dict(zip(full, of_full, strict=True)),
                },
            )
            for group, contacts, truth, amounts, of_full in found
        ]

    def bridge(self) -> list[tuple[str, float]]:
        """Return what leads from the true cost of a handled contact to the ledger over handled contacts, in closed months
        with a ledger: each step with its part, the truth first; they add up to the ledger.
        """
        ((contacts, *parts),) = self.rows(_BRIDGE)
        names = (
            "truth: agents, outsourcers, carriers",
            "breaks, sickness, leave in agents' minutes",
            "overtime premium",
            "bots and other technology",
            SHARES_OF_POOLS,
            "contacts not handled, internal, excluded",
            "waiting",
            "training, meetings, projects",
            "unowned and unallocated",
            "accruals, currency, difference",
        )
        return [(name, float(part) / contacts) for name, part in zip(names, parts, strict=True)]

    def outsourcers(self) -> list[Invoices]:
        """Return by vendor and basis of payment what its months cost from the bottom up, what of the ledger nothing explains,
        and what bonus and credit on its invoices come to; closed months whose invoice is there.
        """
        return [Invoices(*row) for row in self.rows(_OUTSOURCERS)]

    def agent_seconds(self) -> tuple[float, float, float]:
        """Return agents' seconds on all contacts, in all and by the truth, and their correlation over contacts."""
        ((ours, truth, correlation),) = self.rows(
            """
            select sum(agent_minutes) * 60, sum(truths.agent_seconds), corr(agent_minutes, truths.agent_seconds)
            from marts.fct_costed_contacts
            inner join truths using (contact_id)
            """
        )
        return float(ours), float(truth), float(correlation)

    def payroll_differences(self) -> dict[str, Decimal]:
        """Return by month and pool what payroll pools of the company's own staff differ by from the ledger, where that is
        not nothing to the cent; closed months only.
        """
        return {
            f"{month:%Y-%m} {pool}": difference
            for month, pool, difference in self.rows(
                """
                select period_month, pool, difference_amount
                from marts.fct_ledger_reconciliation
                where
                    is_month_over and vendor_id = 'in_house' and pool in ('agent_pay', 'overtime_premium', 'on_costs', 'supervision')
                    and status = 'open'
                order by period_month, pool
                """
            )
        }


# records of one contact are one; what outlives the extract has no truth
_TRUTH = """
create temp table truths as
select
    coalesce(links.contact_id, truth.contact_id) as contact_id,
    sum(truth.agent_seconds) as agent_seconds,
    sum(truth.agent_amount)::double as true_pay_amount,
    sum(truth.vendor_amount + truth.channel_amount)::double as true_other_amount
from truth_contact_costs as truth
left join intermediate.int_contact_links as links on truth.contact_id = links.contact_record_id
group by all
"""

# the parts that the truth knows: no premium, no technology, no pools, no on-costs of supervisors and the office
_DIRECT = """
create temp table direct as
with

on_costs as (
    select
        contact_time.contact_id,
        sum(contact_time.contact_units * costs.own_on_costs_amount::double / nullif(costs.labour_base_units, 0)) as on_cost_amount
    from intermediate.int_agent_contact_time as contact_time
    inner join intermediate.int_agent_month_costs as costs
        on contact_time.period_month = costs.period_month and contact_time.agent_id = costs.agent_id and costs.is_own_vendor
    group by all
),

components as (
    select
        contact_id,
        sum(cost_amount) filter (component like 'agent_%' and pool <> 'bpo_invoices')::double as pay_amount,
        sum(cost_amount) filter (pool = 'bpo_invoices' or component = 'channel_usage')::double as other_amount,
        sum(cost_amount) filter (component in ('overtime_premium', 'premium_on_costs'))::double as premium_amount,
        sum(cost_amount) filter (component = 'technology')::double as technology_amount
    from marts.fct_contact_costs
    group by all
)

select
    contact_id,
    coalesce(components.pay_amount, 0) + coalesce(on_costs.on_cost_amount, 0) as pay_amount,
    coalesce(components.other_amount, 0) as other_amount,
    coalesce(components.premium_amount, 0) as premium_amount,
    coalesce(components.technology_amount, 0) as technology_amount
from components
left join on_costs using (contact_id)
"""

# an average per customer is borne by the customer's contacts of the month; a contact of an unknown customer is one of its own
_PARTS = """
create temp table parts as
select
    contacts.contact_id, contacts.queue_id, contacts.reason_code, truths.true_pay_amount, truths.true_other_amount, direct.pay_amount,
    direct.other_amount, direct.pay_amount + direct.other_amount as direct_amount, direct.premium_amount, direct.technology_amount,
    contacts.cost_amount::double as full_amount, coalesce(contacts.handle_seconds, 0) as handle_seconds,
    date_trunc('month', contacts.business_date) as month_start_date,
    1 / count(*) over (
        partition by date_trunc('month', contacts.business_date), coalesce(contacts.customer_id, contacts.contact_id)
    ) as customer_share
from marts.fct_costed_contacts as contacts
inner join truths using (contact_id)
inner join direct using (contact_id)
where contacts.is_costed_contact and contacts.is_final and contacts.cost_amount is not null
"""

# every contact twice, once per reference
_COSTED = """
create temp table costed as
with

referred as (
    select *, 'straight' as reference, true_pay_amount + true_other_amount as true_amount
    from parts

    union all

    select
        *, 'loaded' as reference,
        true_pay_amount * sum(pay_amount) over of_month / sum(true_pay_amount) over of_month + true_other_amount as true_amount
    from parts
    window of_month as (partition by month_start_date)
)

select
    *,
    direct_amount * sum(true_amount) over of_month / sum(direct_amount) over of_month as bottom_up_amount,
    sum(true_amount) over of_month / count(*) over of_month as per_contact_amount,
    handle_seconds * sum(true_amount) over of_month / sum(handle_seconds) over of_month as per_minute_amount,
    customer_share * sum(true_amount) over of_month / sum(customer_share) over of_month as per_customer_amount
from referred
window of_month as (partition by reference, month_start_date)
"""

_BRIDGE = """
with

months as (
    select period_month
    from marts.fct_ledger_reconciliation
    where is_month_over
    group by period_month
    having sum(ledger_amount) filter (pool = 'agent_pay') > 0
),

contacts as (
    select
        count(*) as contacts, sum(true_pay_amount + true_other_amount) as truth,
        sum(direct_amount - true_pay_amount - true_other_amount) as loaded, sum(premium_amount) as premium,
        sum(technology_amount) as technology, sum(full_amount - direct_amount - premium_amount - technology_amount) as shared,
        sum(full_amount) as in_full
    from parts
    where month_start_date in (select period_month from months)
),

ledger as (
    select
        sum(contact_amount)::double as contact_amount, sum(unused_capacity_amount)::double as unused,
        sum(non_contact_amount)::double as non_contact, sum(unowned_amount + unallocated_amount)::double as unallocated,
        sum(variance_amount + difference_amount)::double as variance
    from marts.fct_ledger_reconciliation
    where period_month in (select period_month from months)
)

select
    contacts, truth, loaded, premium, technology, shared, contact_amount - in_full, unused, non_contact, unallocated, variance
from contacts
cross join ledger
"""

_OUTSOURCERS = """
with

invoices as (
    select
        entries.vendor_id, (date_trunc('month', entries.period_month) - interval 1 month)::date as period_month,
        entries.currency, coalesce(sum(causes.amount) filter (causes.unit = 'month'), 0)::double as bonus
    from truth_ledger_causes as causes
    inner join staging.stg_ledger_entries as entries using (entry_id)
    inner join intermediate.int_ledger_postings as postings using (entry_id)
    where postings.pool = 'bpo_invoices' and postings.is_settlement and entries.amount > 0
    group by all
)

select
    recon.vendor_id, terms.payment_basis, count(*), sum(recon.contact_amount + recon.capacity_amount)::double,
    sum(recon.difference_amount)::double, sum(invoices.bonus * rates.rate_to_reporting::double)
from marts.fct_ledger_reconciliation as recon
inner join invoices on recon.vendor_id = invoices.vendor_id and recon.period_month = invoices.period_month
inner join intermediate.int_month_exchange_rates as rates
    on invoices.currency = rates.currency and invoices.period_month = rates.period_month
inner join intermediate.int_vendor_terms as terms on recon.vendor_id = terms.vendor_id and recon.period_month = terms.period_month
where recon.pool = 'bpo_invoices' and recon.is_month_over
group by all
order by all
"""
