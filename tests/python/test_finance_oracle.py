"""Two paths agree on when investments had paid for themselves, and what product lines cost (M41, M42), on hypothesis-made data."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import builds
from hypothesis import given, settings
from hypothesis import strategies as st
from model_inputs import AMOUNT, AS_OF, BOOL, DATE, INT, MONEY, TEXT, table

Row = dict[str, Any]

MONTHS = [date(2024 + number // 12, number % 12 + 1, 1) for number in range(18)]
STATES = (None, "claimed", "ops_verified", "finance_verified", "reversed")
LEDGERS = {
    "claimed": {"claimed", "ops_verified", "finance_verified"},
    "ops_verified": {"ops_verified", "finance_verified"},
    "finance_verified": {"finance_verified"},
}
CALENDAR = [{"date_day": month, "month_start_date": month} for month in MONTHS]
RATE = 1.1
"""The default of the project: ten per cent a year."""


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["i", "j"]),
            st.integers(0, 15),
            st.sampled_from(["plan", "actual"]),
            st.sampled_from(["cost", "benefit"]),
            st.integers(-2, 9),
            st.sampled_from(STATES),
        ),
        max_size=24,
    ),
    st.integers(6, 17),
)
@settings(max_examples=20, deadline=None)
def test_payback_by_hand(flows: list[tuple[str, int, str, str, int, str | None]], known_months: int) -> None:
    """Every ledger is added up month by month with fractions, and watched for the sign of the sum."""
    as_of = datetime.combine(MONTHS[known_months], datetime.min.time())
    months = builds.run_model(
        "int_investment_months",
        stg_investment_cash_flows=table(
            [
                {
                    "investment_id": investment,
                    "period_month": MONTHS[month],
                    "scenario": scenario,
                    "kind": kind,
                    "amount": Decimal(amount),
                    "verification": state,
                }
                for investment, month, scenario, kind, amount, state in flows
            ],
            {
                "investment_id": TEXT,
                "period_month": DATE,
                "scenario": TEXT,
                "kind": TEXT,
                "amount": MONEY,
                "verification": TEXT,
            },
        ),
        dim_date=table(CALENDAR, {"date_day": DATE, "month_start_date": DATE}),
        int_as_of=table([{"domain": "cost", "as_of": as_of}], AS_OF),
    )
    expected: dict[tuple[str, str], dict[int, int]] = {}
    for ledger in ("plan", *LEDGERS):
        states = LEDGERS.get(ledger, LEDGERS["claimed"])
        own = [
            (investment, month, kind, amount)
            for investment, month, scenario, kind, amount, state in flows
            if scenario == ("plan" if ledger == "plan" else "actual")
            and (kind == "cost" or (state or "claimed") in states)
        ]
        if ledger != "plan":
            own = [flow for flow in own if flow[1] < known_months]
        if ledger in ("ops_verified", "finance_verified"):
            reviewed = max(
                (
                    month
                    for _, month, scenario, kind, _, state in flows
                    if scenario == "actual" and kind == "benefit" and state in states
                ),
                default=-1,
            )
            own = [flow for flow in own if flow[1] <= reviewed]
        for investment, month, kind, amount in own:
            sums = expected.setdefault((ledger, investment), {})
            sums[month] = sums.get(month, 0) + (amount if kind == "benefit" else -amount)
    found = {(row["ledger"], row["investment_id"], row["period_month"]): row for row in months}
    rows: list[Row] = []
    for (ledger, investment), sums in expected.items():
        first, last = min(sums), max(sums)
        total = 0
        for month in range(first, last + 1):
            total += sums.get(month, 0)
            row = found.pop((ledger, investment, MONTHS[month]))
            assert row["period_number"] == month - first
            assert row["net_amount"] == sums.get(month, 0)
            assert row["cumulative_amount"] == total
            rows.append(row)
            worth = sums.get(month, 0) * RATE ** (-(month - first) / 12)
            assert abs(float(row["discounted_net_amount"]) - worth) < 1e-6
    assert not found
    money = ("net_amount", "discounted_net_amount", "cumulative_amount", "cumulative_discounted_amount")
    crossings = builds.run_model(
        "int_investment_crossings",
        int_investment_months=table(
            [
                row | {name: Decimal(row[name]).quantize(Decimal("0.000001")) for name in money}
                for row in rows
            ],
            {
                "ledger": TEXT,
                "investment_id": TEXT,
                "period_number": INT,
                **dict.fromkeys(money, AMOUNT),
            },
        ),
    )
    by_key = {(row["method"], row["ledger"], row["investment_id"]): row for row in crossings}
    assert by_key.keys() == {(method, *key) for method in ("simple", "discounted") for key in expected}
    for (ledger, investment), sums in expected.items():
        first = min(sums)
        so_far = Fraction(0)
        crossed: list[Fraction] = []
        for month in range(first, max(sums) + 1):
            flow = sums.get(month, 0)
            if month > first and so_far < 0 <= so_far + flow:
                crossed.append(month - first - 1 - so_far / flow)
            so_far += flow
        row = by_key["simple", ledger, investment]
        assert row["crossing_count"] == len(crossed)
        for name, value in (
            ("first_crossing_months", crossed[0] if crossed else None),
            ("last_crossing_months", crossed[-1] if crossed else None),
        ):
            if value is None:
                assert row[name] is None
            else:
                assert abs(row[name] - float(value)) < 1e-9


LINES = ("tv", "broadband", None)


@given(
    st.lists(
        st.tuples(
            st.integers(0, 2),
            st.lists(st.sampled_from(LINES), min_size=1, max_size=4),
            st.none() | st.integers(0, 10**7),
        ),
        max_size=15,
    ),
    st.lists(
        st.tuples(
            st.integers(0, 2), st.sampled_from(LINES), st.integers(0, 3), st.none() | st.integers(0, 50)
        ),
        max_size=15,
    ),
)
@settings(max_examples=30, deadline=None)
def test_product_lines_by_hand(
    contacts: list[tuple[int, list[str | None], int | None]],
    held: list[tuple[int, str | None, int, int | None]],
) -> None:
    """Each contact is divided by the lines of its records, and each line by who holds it; a month loses nothing."""
    records: list[Row] = []
    links: list[Row] = []
    for number, (_, lines, _) in enumerate(contacts):
        for place, line in enumerate(lines):
            records.append({"contact_id": f"k{number}_{place}", "product_line_id": line})
            if len(lines) > 1:
                links.append({"contact_record_id": f"k{number}_{place}", "contact_id": f"k{number}_0"})
    named = builds.run_model(
        "int_contact_product_lines",
        stg_contacts=table(records, {"contact_id": TEXT, "product_line_id": TEXT}),
        int_contact_links=table(links, {"contact_record_id": TEXT, "contact_id": TEXT}),
    )
    found = builds.run_model(
        "fct_product_line_costs",
        fct_costed_contacts=table(
            [
                {
                    "contact_id": f"k{number}_0",
                    "business_date": MONTHS[month],
                    "cost_amount": None if cost is None else Decimal(cost).scaleb(-6),
                    "is_costed_contact": True,
                    "is_final": True,
                }
                for number, (month, _, cost) in enumerate(contacts)
            ],
            {
                "contact_id": TEXT,
                "business_date": DATE,
                "cost_amount": AMOUNT,
                "is_costed_contact": BOOL,
                "is_final": BOOL,
            },
        ),
        int_contact_product_lines=table(
            named, {"contact_id": TEXT, "product_line_id": TEXT, "line_number": INT, "line_count": INT}
        ),
        fct_subscription_months=table(
            [
                {
                    "subscription_id": f"s{number}",
                    "customer_id": f"c{customer}",
                    "month_start_date": MONTHS[month],
                    "product_line_id": line,
                    "is_active_at_start": True,
                    "start_amount": amount,
                }
                for number, (month, line, customer, amount) in enumerate(held)
            ],
            {
                "subscription_id": TEXT,
                "customer_id": TEXT,
                "month_start_date": DATE,
                "product_line_id": TEXT,
                "is_active_at_start": BOOL,
                "start_amount": AMOUNT,
            },
        ),
        int_transaction_amounts=table(
            [], {"occurred_on": DATE, "product_line_id": TEXT, "kind": TEXT, "net_amount": AMOUNT}
        ),
        dim_product_line=table([], {"product_line_id": TEXT, "name": TEXT}),
    )
    costs: dict[tuple[date, str], Fraction] = defaultdict(Fraction)
    unknown: dict[tuple[date, str], int] = defaultdict(int)
    for month, lines, cost in contacts:
        own = sorted({line for line in lines if line}) or ["(untagged)"]
        for line in own:
            costs[MONTHS[month], line] += Fraction(cost or 0, 10**6) / len(own)
            unknown[MONTHS[month], line] += cost is None
    months = {MONTHS[month] for month, _, _ in contacts}
    keys = costs.keys() | {
        (MONTHS[month], line or "(untagged)") for month, line, _, _ in held if MONTHS[month] in months
    }
    by_key = {(row["month_start_date"], row["product_line_id"]): row for row in found}
    assert by_key.keys() == keys
    for begun in months:
        whole = sum(Decimal(cost or 0).scaleb(-6) for month, _, cost in contacts if MONTHS[month] == begun)
        assert sum(row["cost_amount"] for key, row in by_key.items() if key[0] == begun) == whole
    for (begun, line), row in by_key.items():
        own_units = [one for one in held if MONTHS[one[0]] == begun and (one[1] or "(untagged)") == line]
        # each contact may be off by what is less than the last digit
        assert abs(Fraction(row["cost_amount"]) - costs[begun, line]) <= Fraction(len(contacts), 10**6)
        assert row["active_unit_count"] == len(own_units)
        assert row["active_customer_count"] == len({one[2] for one in own_units})
        if unknown[begun, line] or not own_units:
            assert row["cost_per_unit_amount"] is None
        else:
            assert abs(float(row["cost_per_unit_amount"]) - float(row["cost_amount"]) / len(own_units)) < 1e-6
