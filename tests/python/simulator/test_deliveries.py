"""Bad deliveries of any table: what is spoiled is listed, and nothing else differs from the clean table."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pyarrow as pa
import pytest

from cx_metrics.simulator.defects.deliveries import ALWAYS_CLEAN, MONEY_TABLES, spoil_table, text_codes
from cx_metrics.simulator.settings import Settings

ROWS = 4000


def settings(defects: float) -> Settings:
    return Settings.of(
        contacts=1000,
        customers=None,
        days=10,
        start=date(2024, 1, 1),
        seed=3,
        vendors=2,
        defects=defects,
        late=0.0,
        file_format="parquet",
        scenario="plain",
        without=(),
    )


def subscriptions(rows: int = ROWS) -> pa.Table:
    return pa.table(
        {
            "subscription_id": [f"SU{i:06d}" for i in range(rows)],
            "customer_id": [f"CU{i:06d}" for i in range(rows)],
            "product_line_id": ["pl_core"] * rows,
            "started_on": pa.array([date(2023, 1, 1)] * rows),
            "billing_period": ["month"] * rows,
            "updated_at": pa.array([datetime(2024, 1, 1, 12)] * rows, pa.timestamp("us")),
        }
    )


def test_the_truth_lists_every_spoiled_row_and_no_other() -> None:
    clean = subscriptions()
    table, truth = spoil_table(settings(0.2), "subscriptions", clean)
    assert truth is not None
    listed: dict[str, str] = dict(zip(truth["key"].to_pylist(), truth["defect"].to_pylist(), strict=True))
    assert 0.17 * ROWS < len(listed) < 0.23 * ROWS
    assert set(listed.values()) == {"duplicate_delivery", "stale_delivery", "missing_required", "orphan_key"}
    before: dict[str, dict[str, Any]] = {row["subscription_id"]: row for row in clean.to_pylist()}
    rows = table.to_pylist()
    changed = {
        before_id for before_id, row in zip(before, rows[:ROWS], strict=True) if before[before_id] != row
    }
    more = [row["subscription_id"] for row in rows[ROWS:]]
    assert changed == {key for key, defect in listed.items() if defect in ("missing_required", "orphan_key")}
    assert sorted(more) == sorted(
        key for key, defect in listed.items() if defect in ("duplicate_delivery", "stale_delivery")
    )
    for row in rows[ROWS:]:
        is_older = row["updated_at"] < before[row["subscription_id"]]["updated_at"]
        assert is_older == (listed[row["subscription_id"]] == "stale_delivery")


def test_the_same_rows_are_spoiled_whatever_comes_with_them() -> None:
    _, few = spoil_table(settings(0.3), "subscriptions", subscriptions(500))
    _, many = spoil_table(settings(0.3), "subscriptions", subscriptions(1500))
    assert few is not None and many is not None
    assert set(few["key"].to_pylist()) == {key for key in many["key"].to_pylist() if key < "SU000500"}


def test_money_only_comes_twice() -> None:
    rows = 2000
    entries = pa.table({"entry_id": [f"LE{i:05d}" for i in range(rows)], "account_id": ["a"] * rows})
    assert "ledger_entries" in MONEY_TABLES
    table, truth = spoil_table(settings(0.3), "ledger_entries", entries)
    assert truth is not None
    assert set(truth["defect"].to_pylist()) == {"duplicate_delivery"}
    assert table.num_rows == rows + truth.num_rows


@pytest.mark.parametrize("name", sorted(ALWAYS_CLEAN))
def test_code_lists_and_rates_stay_clean(name: str) -> None:
    table = subscriptions(10)
    assert spoil_table(settings(1.0), name, table) == (table, None)


def test_nothing_is_spoiled_unless_asked_for() -> None:
    table = subscriptions(10)
    assert spoil_table(settings(0.0), "subscriptions", table) == (table, None)


def test_codes_of_texts_depend_on_the_text_alone() -> None:
    texts = pa.array(["a", "ab", "b", "a", "ä"])
    codes = text_codes(texts)
    assert codes[0] == codes[3]
    assert len(set(codes.tolist())) == 4
    assert text_codes(pa.array(["a", "a much longer text beside it"]))[0] == codes[0]
