"""The general ledger: entries that are exactly the sum of their causes, accruals, reversals and invoices.

What a supplier's month cost is known when the month ends; the invoice comes weeks later. So the month closes with an
estimate, which is taken back when the invoice is posted: the difference falls into the later month.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

import pyarrow as pa

from cx_metrics.simulator.columns import DAY, FLAG, MONEY, NUMBER, TEXT, from_rows

SCHEMAS: dict[str, pa.Schema] = {
    "ledger_entries": pa.schema(
        [
            ("entry_id", TEXT),
            ("period_month", DAY),
            ("account_id", TEXT),
            ("vendor_id", TEXT),
            ("site", TEXT),
            ("posted_on", DAY),
            ("amount", MONEY),
            ("currency", TEXT),
        ]
    ),
    "ledger_accounts": pa.schema(
        [
            ("account_id", TEXT),
            ("name", TEXT),
            ("pool", TEXT),
            ("is_in_scope", FLAG),
            ("scope_reason", TEXT),
        ]
    ),
    "truth/ledger_causes": pa.schema(
        [("entry_id", TEXT), ("cause", TEXT), ("quantity", NUMBER), ("unit", TEXT), ("amount", MONEY)]
    ),
}

ACCOUNTS: tuple[tuple[str, str, str, bool, str | None], ...] = (
    ("5000", "Agents' pay", "agent_pay", True, None),
    ("5010", "Overtime premium", "overtime_premium", True, None),
    ("5020", "Employer's on-costs", "on_costs", True, None),
    ("5100", "Supervisors' pay", "supervision", True, None),
    ("5200", "Workforce planners' pay", "workforce_management", True, None),
    ("5210", "Quality auditors' pay", "quality", True, None),
    ("5300", "Telephony", "telecom", True, None),
    ("5310", "Chat and messaging carriers", "telecom", True, None),
    ("5400", "Contact platform licences", "platform_licences", True, None),
    ("5410", "Planning software", "workforce_management", True, None),
    ("5420", "Quality software", "quality", True, None),
    ("5500", "Bots and language models", "ai_usage", True, None),
    ("5600", "Rent and utilities", "facilities", True, "Share of the building by seats"),
    ("5700", "Head office charge", "corporate", True, "Finance, IT and personnel by head count"),
    ("5800", "Outsourcers", "bpo_invoices", True, None),
    ("5900", "Improvement projects", "projects", True, "Running cost of projects in the center"),
    ("5910", "Capitalised projects", "projects", False, "Capital expenditure: depreciated, not contact cost"),
    ("5920", "Shop refurbishment", "facilities", False, "Shops share the cost center, not the work"),
)
TELEPHONY, CARRIERS, LICENCES, PLANNING, QUALITY, AI, RENT, HEAD_OFFICE, OUTSOURCERS = (
    "5300", "5310", "5400", "5410", "5420", "5500", "5600", "5700", "5800",
)  # fmt: skip
PROJECTS, CAPITALISED, SHOPS = "5900", "5910", "5920"
REVERSED_ON, INVOICED_ON = 3, 12
"""Days of the next month on which estimates are taken back and invoices posted."""


@dataclass(frozen=True)
class Cause:
    """One reason for an amount, in whole cents: so much of a quantity."""

    name: str
    quantity: float
    unit: str
    cents: int


@dataclass(frozen=True)
class Bill:
    """What a supplier's month came to, in whole cents: invoiced in the next month, until then ``estimated``.

    ``settled`` is on the invoice too, but in no estimate: bonuses and credits.
    """

    month: date
    account: str
    vendor: str
    site: str | None
    currency: str
    causes: tuple[Cause, ...]
    estimated: int
    settled: tuple[Cause, ...] = ()


class Ledger:
    """Entries with their causes, in the order in which they are posted."""

    def __init__(self) -> None:
        """Start with an empty ledger."""
        self._count = 0
        self._entries: list[tuple[object, ...]] = []
        self._causes: list[tuple[object, ...]] = []
        self._open: list[Bill] = []

    def post(
        self,
        month: date,
        account: str,
        vendor: str,
        site: str | None,
        on: date,
        currency: str,
        causes: list[Cause],
    ) -> None:
        """Post the sum of causes, unless there are none."""
        known = [cause for cause in causes if cause.cents or cause.quantity]
        if not known:
            return
        self._count += 1
        entry = f"LE{self._count:07d}"
        total = sum(cause.cents for cause in known)
        self._entries.append((entry, month, account, vendor, site, on, exact(total, 2), currency))
        self._causes += [
            (entry, cause.name, cause.quantity, cause.unit, exact(cause.cents, 2)) for cause in known
        ]

    def accrue(self, bill: Bill, on: date) -> None:
        """Close the month with the estimate of a bill that is still to come."""
        if not any(cause.cents or cause.quantity for cause in bill.causes):
            return
        actual = sum(cause.cents for cause in bill.causes)
        error = Cause("error of the estimate", 0.0, "currency", bill.estimated - actual)
        self._open.append(bill)
        self.post(bill.month, bill.account, bill.vendor, bill.site, on, bill.currency, [*bill.causes, error])

    def settle(self, on: date) -> None:
        """Take back estimates and post invoices that are due on a day; both belong to the month of posting."""
        if on.day not in (REVERSED_ON, INVOICED_ON):
            return
        month = on.replace(day=1)
        for bill in self._open:
            if on.day == REVERSED_ON:
                back = Cause("estimate taken back", 0.0, "currency", -bill.estimated)
                self.post(month, bill.account, bill.vendor, bill.site, on, bill.currency, [back])
            if on.day == INVOICED_ON:
                causes = [*bill.causes, *bill.settled]
                self.post(month, bill.account, bill.vendor, bill.site, on, bill.currency, causes)
        if on.day == INVOICED_ON:
            self._open = []

    def drain(self) -> dict[str, pa.Table]:
        """Return the entries and causes since the last call."""
        tables = {
            "ledger_entries": from_rows(SCHEMAS["ledger_entries"], self._entries),
            "truth/ledger_causes": from_rows(SCHEMAS["truth/ledger_causes"], self._causes),
        }
        self._entries, self._causes = [], []
        return tables


def accounts() -> pa.Table:
    """Return the chart of accounts."""
    return from_rows(SCHEMAS["ledger_accounts"], list(ACCOUNTS))


def cents(amount: int, divisor: int) -> int:
    """Return amount / divisor in whole cents, halves rounded up."""
    return (2 * amount + divisor) // (2 * divisor)


def exact(units: int, digits: int) -> Decimal:
    """Return whole units of a power of ten as a decimal."""
    return Decimal(units).scaleb(-digits)


def ends_month(day: date) -> bool:
    """Tell whether a day is the last of its month."""
    return (day + timedelta(days=1)).day == 1
