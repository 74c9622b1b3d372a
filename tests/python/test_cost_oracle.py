"""Two paths agree on what it cost: every contact, half hour of capacity and pool of the ledger, compared with `cost_oracle.py`.

Amounts of the models are cut at the millionth along a running line, the oracle's are exact: a row may be a few millionths off, and what a
pool sums to may not be off at all.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import cost_worlds
import pytest
from cost_worlds import WORLDS, BuiltCosts

FEW_MILLIONTHS = Fraction(12, 10**6)
CENT = Fraction(1, 100)

CONTACT_KEY = ("contact_id", "component", "pool", "vendor_id", "period_month")
CAPACITY_KEY = ("period_month", "pool", "vendor_id", "queue_id", "kind", "activity", "interval_started_at")
POOL_KEY = ("period_month", "pool", "vendor_id")


@pytest.fixture(params=WORLDS)
def built(request: pytest.FixtureRequest) -> BuiltCosts:
    """Give each world."""
    return cost_worlds.built(request.param)


def amounts(rows: list[dict[str, Any]], key: tuple[str, ...], column: str) -> dict[Any, Fraction]:
    """Return a column by key, without what is not known."""
    return {
        tuple(row[part] for part in key): Fraction(row[column]) for row in rows if row[column] is not None
    }


def problems(expected: Mapping[Any, Fraction], got: Mapping[Any, Fraction]) -> list[str]:
    """Return a line for each amount that differs by more than cuts may; a row that is not there has none."""
    wrong = []
    for key in sorted({*expected, *got}, key=str):
        one, other = expected.get(key, Fraction(0)), got.get(key, Fraction(0))
        if abs(one - other) > FEW_MILLIONTHS:
            wrong.append(f"{[str(part) for part in key]}: expected {float(one):.6f} got {float(other):.6f}")
    return [f"{len(wrong)} of {len(expected)} differ", *wrong[:25]] if wrong else []


def test_contacts_cost_what_an_independent_computation_says(built: BuiltCosts) -> None:
    rows = built.rows("select * from marts.fct_contact_costs")
    assert not (wrong := problems(built.costs.contacts, amounts(rows, CONTACT_KEY, "cost_amount"))), (
        "\n".join(wrong)
    )


def test_what_no_price_is_known_for_costs_null_and_says_why(built: BuiltCosts) -> None:
    rows = built.rows("select * from marts.fct_contact_costs where component like 'agent_%'")
    priced = {key for key, amount in built.costs.contacts.items() if amount}
    unpriced = {tuple(row[part] for part in CONTACT_KEY) for row in rows if row["cost_amount"] is None}
    assert unpriced == built.costs.unpriced - priced
    assert all((row["cost_amount"] is None) == (row["cost_null_reason"] is not None) for row in rows)


def test_capacity_costs_what_an_independent_computation_says(built: BuiltCosts) -> None:
    rows = built.rows("select * from marts.fct_capacity_costs")
    wrong = problems(built.costs.capacity, amounts(rows, CAPACITY_KEY, "cost_amount"))
    assert not wrong, "\n".join(wrong)
    wrong = problems(built.costs.minutes, amounts(rows, CAPACITY_KEY, "agent_minutes"))
    assert not wrong, "\n".join(wrong)


BOOKS = {
    "contact_amount": "contact",
    "unused_capacity_amount": "unused_capacity",
    "non_contact_amount": "non_contact",
    "unowned_amount": "unowned",
    "unallocated_amount": "unallocated",
    "ledger_amount": "ledger",
    "out_of_scope_amount": "out_of_scope",
    "accrual_amount": "accrual",
    "currency_amount": "currency",
    "cut_off_amount": "cut_off",
}


def test_the_ledger_reconciles_as_an_independent_computation_says(built: BuiltCosts) -> None:
    rows = {
        tuple(row[part] for part in POOL_KEY): row
        for row in built.rows("select * from marts.fct_ledger_reconciliation")
    }
    books = built.costs.books
    assert sorted(rows, key=str) == sorted(books, key=str)
    wrong = [
        f"{key} {column}: expected {float(getattr(books[key], name)):.6f} got {row[column]}"
        for key, row in rows.items()
        for column, name in BOOKS.items()
        # every one of some hundred rows may be cut
        if abs(Fraction(row[column]) - getattr(books[key], name)) > Fraction(1, 1000)
    ]
    assert not wrong, "\n".join(wrong[:25])
    states = {key: built.costs.status(of) for key, of in books.items()}
    assert {key: row["status"] for key, row in rows.items()} == states


# --- what always holds, whatever the center -------------------------------------------------------------------


def test_the_identity_holds_to_the_last_digit(built: BuiltCosts) -> None:
    parts = ("contact", "capacity", "unallocated", "variance", "difference")
    sums: dict[Any, list[Fraction]] = defaultdict(lambda: [Fraction(0)] * 2)
    for row in built.rows("select * from marts.fct_ledger_reconciliation"):
        assert sum(row[f"{part}_amount"] for part in parts) == row["ledger_amount"]
        sums[tuple(row[part] for part in POOL_KEY)] = [
            Fraction(row["contact_amount"]),
            Fraction(row["capacity_amount"] + row["unallocated_amount"]),
        ]
    for number, mart in enumerate(("fct_contact_costs", "fct_capacity_costs")):
        got = amounts(
            built.rows(
                "select period_month, pool, vendor_id, sum(cost_amount) as amount "
                f"from marts.{mart} group by all having sum(cost_amount) <> 0"
            ),
            POOL_KEY,
            "amount",
        )
        assert got == {key: both[number] for key, both in sums.items() if both[number]}


def test_the_payroll_is_carried_whole_and_once(built: BuiltCosts) -> None:
    """What agents are paid, their on-costs, overtime premium and its on-costs: nothing lost, nothing doubled."""
    costs = built.costs
    paid: dict[tuple[Any, str], Fraction] = defaultdict(Fraction)
    for agent, day, pay in costs.pay_days:
        labour = costs.labour[day.replace(day=1), agent]
        if pay["straight"] is not None and not labour.is_outsourced:
            month = day.replace(day=1)
            paid[month, "overtime_premium"] += pay["premium"]
            paid[month, "on_costs"] += pay["on_costs"] + pay["premium_on_costs"]
            if labour.role == "agent":
                paid[month, "agent_pay"] += pay["straight"]
    carried: dict[tuple[Any, str], Fraction] = defaultdict(Fraction)
    for mart in ("fct_contact_costs", "fct_capacity_costs"):
        for row in built.rows(
            f"select period_month, pool, sum(cost_amount) as amount from marts.{mart} "
            "where pool in ('agent_pay', 'overtime_premium', 'on_costs') group by all"
        ):
            carried[row["period_month"], row["pool"]] += Fraction(row["amount"] or 0)
    assert {key: amount for key, amount in carried.items() if amount} == {
        key: amount for key, amount in paid.items() if amount
    }


def test_shared_pools_are_the_ledger(built: BuiltCosts) -> None:
    """Nothing is left of a pool that is shared out, but where its postings add up to less than was traced."""
    for row in built.rows(
        "select * from marts.fct_ledger_reconciliation where pool in "
        "('supervision', 'workforce_management', 'platform_licences', 'facilities', 'quality', 'corporate')"
    ):
        whole = row["contact_amount"] + row["capacity_amount"] + row["unallocated_amount"]
        if row["ledger_amount"] >= whole:
            assert row["difference_amount"] == 0, row
            assert row["status"] == "reconciled"


def test_no_cost_is_negative(built: BuiltCosts) -> None:
    """Only what the ledger itself takes back is below zero."""
    assert built.rows("select * from marts.fct_contact_costs where cost_amount < 0") == []
    assert (
        built.rows(
            "select * from marts.fct_capacity_costs where cost_amount < 0 and pool not in ('projects', 'unknown')"
        )
        == []
    )


REACHED: dict[str, set[Any]] = {
    "component": {
        *("agent_ring", "agent_talk", "agent_hold", "agent_message", "agent_consult", "agent_wrap"),
        *("vendor_fee", "on_costs", "premium_on_costs", "overtime_premium", "channel_usage", "technology"),
        *("supervision", "workforce_management", "platform_licences", "facilities", "quality", "corporate"),
    },
    "activity": {
        *("available", "contact without a record", "meeting", "training", "coaching", "project"),
        *("paid without any time recorded", "nobody to share it", "overtime of a day without contacts"),
        *("use without a contact", "projects", "account without a pool"),
    },
    "basis": {"productive_hour", "minute", "contact", "fte", "outcome", None},
    "status": {"reconciled", "within_tolerance", "open"},
}


@pytest.mark.parametrize("what", REACHED)
def test_random_centers_reach_every_kind_of_cost(what: str) -> None:
    """What no center shows is compared with nothing."""
    reached: Counter[Any] = Counter()
    for world in WORLDS:
        costs = cost_worlds.built(world).costs
        if what == "component":
            reached.update(key[1] for key, amount in costs.contacts.items() if amount)
        elif what == "activity":
            reached.update(key[5] for key, amount in costs.capacity.items() if amount)
        elif what == "basis":
            reached.update(labour.basis for labour in costs.labour.values() if labour.used)
        else:
            reached.update(costs.status(of) for of in costs.books.values())
    assert set(reached) >= REACHED[what]
