"""Bad rows of subscriptions, offers and transactions: wrong signs, lost links, words that nobody knows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cx_metrics.simulator.defects.deliveries import keys_of
from cx_metrics.simulator.defects.spoiling import listed, spoiled
from cx_metrics.simulator.finished import Tables
from cx_metrics.simulator.frames import NONE, Bools
from cx_metrics.simulator.settings import Settings

UNKNOWN_EVENT, UNKNOWN_SALE, UNKNOWN_OFFER = "trial_converted", "gift_card", "voucher"
WORDS = {
    "subscription_events": {
        "unknown_kind": f"kind was delivered as {UNKNOWN_EVENT}",
        "yearly_amount": "the recurring amount was delivered per year instead of per month",
        "no_effective_day": "effective_on was lost",
    },
    "save_offers": {
        "unknown_kind": f"kind was delivered as {UNKNOWN_OFFER}",
        "answer_lost": "was_accepted was lost",
    },
    "transactions": {
        "unknown_kind": f"kind was delivered as {UNKNOWN_SALE}",
        "negative_refund": "the refund was delivered with minus signs",
        "link_lost": "refunds_transaction_id was lost",
        "amount_lost": "amount and margin were lost",
    },
}
"""Defects by table, and what the truth says about each; equally many rows are drawn for each, and those that cannot
have it stay sound."""
_KEYS = {"subscription_events": "event_id", "save_offers": "offer_id", "transactions": "transaction_id"}


def with_defects(settings: Settings, tables: Tables) -> Tables:
    """Return tables with the wanted share of bad rows, and the truth about them."""
    if not settings.defects:
        return tables
    result, truth = dict(tables), []
    for name, words in WORDS.items():
        table = tables.get(name)
        if table is None or not table.num_rows:
            continue
        keys = keys_of(table, (_KEYS[name],))
        which = spoiled(settings, keys, dict.fromkeys(words, 1.0))
        for position, defect in enumerate(words):
            hit = (which == position) & _able(table, defect)
            which = np.where((which == position) & ~hit, NONE, which)
            table = _spoil(name, table, defect, hit)
        result[name] = table
        truth.append(listed(name, keys, which, words))
    return {**result, "truth/defects": pa.concat_tables(truth)} if truth else result


def _able(table: pa.Table, defect: str) -> Bools:
    """Tell which rows can have a defect."""
    column = {
        "yearly_amount": "recurring_amount_after",
        "no_effective_day": "effective_on",
        "negative_refund": "refunds_transaction_id",
        "link_lost": "refunds_transaction_id",
    }.get(defect)
    if column is None:
        return np.ones(table.num_rows, dtype=np.bool_)
    able = np.asarray(pc.is_valid(table[column]).to_numpy(), dtype=np.bool_)
    if defect == "yearly_amount":
        amount = np.asarray(pc.cast(table[column], pa.float64()).fill_null(0.0).to_numpy())
        able &= amount > 0
    return able


def _spoil(name: str, table: pa.Table, defect: str, hit: Bools) -> pa.Table:
    changes: dict[str, Any] = {}
    if defect == "unknown_kind":
        word = {"subscription_events": UNKNOWN_EVENT, "save_offers": UNKNOWN_OFFER}.get(name, UNKNOWN_SALE)
        changes["kind"] = pa.scalar(word, pa.string())
    elif defect == "yearly_amount":
        changes["recurring_amount_after"] = _times(table["recurring_amount_after"], 12)
    elif defect == "negative_refund":
        changes = {column: _times(table[column], -1) for column in ("amount", "margin_amount")}
    else:
        columns = {
            "no_effective_day": ("effective_on",),
            "answer_lost": ("was_accepted",),
            "link_lost": ("refunds_transaction_id",),
            "amount_lost": ("amount", "margin_amount"),
        }[defect]
        changes = {column: pa.scalar(None, table.schema.field(column).type) for column in columns}
    for column, value in changes.items():
        position = table.schema.get_field_index(column)
        table = table.set_column(
            position, table.schema.field(position), pc.if_else(pa.array(hit), value, table[column])
        )
    return table


def _times(amounts: pa.ChunkedArray, factor: int) -> pa.ChunkedArray:
    """Return amounts times a whole number, exactly."""
    return pc.cast(pc.multiply(amounts, pa.scalar(factor, pa.decimal128(4, 0))), amounts.type)
