"""Two paths agree on when investments had paid for themselves (M41), on hypothesis-made cash flows."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import builds
from hypothesis import given, settings
from hypothesis import strategies as st
from model_inputs import AMOUNT, AS_OF, DATE, INT, MONEY, TEXT, table

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
@settings(max_examples=40, deadline=None)
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
                "unknown_so_far_count": INT,
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
