"""Tables that stand in for what the models of retention, value and finance read: one place for the columns that two tests need."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa

TEXT, TIME, DATE, BOOL, INT = pa.string(), pa.timestamp("us"), pa.date32(), pa.bool_(), pa.int64()
MONEY, AMOUNT, DOUBLE = pa.decimal128(18, 4), pa.decimal128(18, 6), pa.float64()

Columns = dict[str, pa.DataType]

HORIZONS = (30, 60, 90)
"""Days after which saves are judged."""

CONTACTS: Columns = {
    "contact_id": TEXT,
    "customer_id": TEXT,
    "direction": TEXT,
    "channel": TEXT,
    "queue_id": TEXT,
    "program_id": TEXT,
    "vendor_id": TEXT,
    "reason_code": TEXT,
    "product_line_id": TEXT,
    "business_date": DATE,
    "started_at": TIME,
    "ended_at": TIME,
    "is_identified": BOOL,
    "is_abandoned": BOOL,
    "exclusion_reason": TEXT,
    "stated_cancel_intent": BOOL,
    "is_complaint": BOOL,
    "last_agent_id": TEXT,
}
REQUESTS: Columns = {
    "request_id": TEXT,
    "entry_door": TEXT,
    "customer_id": TEXT,
    "subscription_id": TEXT,
    "contact_id": TEXT,
    "product_line_id": TEXT,
    "requested_at": TIME,
    "business_date": DATE,
}
EPISODES: Columns = {
    "episode_id": TEXT,
    "customer_id": TEXT,
    "subscription_id": TEXT,
    "entry_door": TEXT,
    "opened_at": TIME,
    "closes_at": TIME,
    "business_date": DATE,
    "contact_id": TEXT,
    "last_contact_id": TEXT,
    "product_line_id": TEXT,
    "request_count": INT,
    "is_wish_to_cancel": BOOL,
    "is_notice_only": BOOL,
    "is_duplicate": BOOL,
}
EPISODE_OFFERS: Columns = {
    "episode_id": TEXT,
    "offer_count": INT,
    "accepted_offer_count": INT,
    "accepted_kind": TEXT,
    "concession_amount": AMOUNT,
}
EPISODE_STATES: Columns = {
    "episode_id": TEXT,
    "subscription_count": INT,
    "product_line_id": TEXT,
    "left_at": TIME,
    "is_given_up": BOOL,
    "end_reason": TEXT,
    "recurring_amount": AMOUNT,
    **{f"is_{what}_{days}d": BOOL for what in ("kept", "paused", "downgraded") for days in HORIZONS},
    "kept_recurring_amount": AMOUNT,
}
CUSTOMER_SPANS: Columns = {
    "customer_id": TEXT,
    "basis": TEXT,
    "span_number": INT,
    "active_from": TIME,
    "active_until": TIME,
    "end_reason": TEXT,
    "tenure_from": TIME,
}
MONTHS: Columns = {"month_start_date": DATE, "starts_at": TIME, "ends_at": TIME, "is_mature": BOOL}
SUBSCRIPTION_MONTHS: Columns = {
    "customer_id": TEXT,
    "subscription_id": TEXT,
    "month_start_date": DATE,
    "is_active_at_start": BOOL,
    "start_amount": AMOUNT,
    "end_amount": AMOUNT,
}
CUSTOMERS: Columns = {"customer_id": TEXT, "segment": TEXT, "region": TEXT, "is_staff": BOOL}
CANCELLATIONS: Columns = {
    "cancellation_id": TEXT,
    "customer_id": TEXT,
    "requested_at": TIME,
    "ended_at": TIME,
}
SALES: Columns = {
    "transaction_id": TEXT,
    "customer_id": TEXT,
    "kind": TEXT,
    "department": TEXT,
    "product_line_id": TEXT,
    "occurred_at": TIME,
    "net_amount": AMOUNT,
    "cause_contact_id": TEXT,
}
INFLUENCING_CONTACTS: Columns = {
    "contact_id": TEXT,
    "customer_id": TEXT,
    "contact_type": TEXT,
    "ended_at": TIME,
}
AS_OF: Columns = {"domain": TEXT, "as_of": TIME}
EXCLUSION_RULES: Columns = {"rule": TEXT, "effective_from": DATE, "effective_to": DATE}
INCREMENTS: Columns = {
    "entry_door": TEXT,
    "effective_from": DATE,
    "effective_to": DATE,
    "incremental_probability": AMOUNT,
}
MARGINS: Columns = {"product_line_id": TEXT, "is_all_products": BOOL, "margin_share": AMOUNT}
HANDLING: Columns = {"episode_id": TEXT, "contact_id": TEXT, "handling_amount": AMOUNT}
RESULTS: Columns = {"contact_id": TEXT, "is_solved": BOOL}


def table(rows: Iterable[Mapping[str, Any]], columns: Columns) -> pa.Table:
    """Return rows as a table of these columns; what a row does not name is null, what no column names is left out."""
    return pa.Table.from_pylist([dict(row) for row in rows], pa.schema(list(columns.items())))
