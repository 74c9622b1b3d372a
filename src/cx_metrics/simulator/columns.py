"""From codes, seconds and whole numbers to the columns of the raw contract."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cx_metrics.simulator.frames import NONE, Array, Bools

TEXT, INSTANT, DAY, FLAG, COUNT = pa.string(), pa.timestamp("us"), pa.date32(), pa.bool_(), pa.int32()
MONEY = pa.decimal128(18, 4)
NUMBER = pa.float64()
MONEY_UNITS = 10_000
"""Money is counted in whole ten-thousandths of a currency unit."""


def contact_ids(number: Array) -> pa.Array:
    """Return the contact_id of record numbers."""
    return ids("C", number, np.ones(len(number), dtype=np.bool_))


def ids(prefix: str, number: Array, present: Bools, digits: int = 8) -> pa.Array:
    """Return ids such as C00000042; null where not present."""
    text = pc.utf8_lpad(pa.array(number, mask=~present).cast(pa.string()), digits, "0")
    return pc.binary_join_element_wise(prefix, text, "")


def coded(names: tuple[str, ...], codes: Array, present: Bools | None = None) -> pa.Array:
    """Return the names of codes; null for NONE and where not present."""
    missing = codes == NONE
    if present is not None:
        missing = missing | ~present
    return pa.array(names, pa.string()).take(pa.array(codes.astype(np.int32), mask=missing))


def instants(seconds: Array, present: Bools | None = None) -> pa.Array:
    """Return seconds since 1970 as UTC instants without a zone mark; null for NONE and where not present."""
    missing = seconds == NONE
    if present is not None:
        missing = missing | ~present
    return pa.array(seconds * 1_000_000, mask=missing).cast(INSTANT)


def flags(codes: Array, present: Bools | None = None) -> pa.Array:
    """Return 0 and 1 as false and true; null for NONE and where not present."""
    missing = codes == NONE
    if present is not None:
        missing = missing | ~present
    return pa.array(codes == 1, mask=missing)


def counts(values: Array, present: Bools | None = None) -> pa.Array:
    """Return whole numbers; null for NONE and where not present."""
    missing = values == NONE
    if present is not None:
        missing = missing | ~present
    return pa.array(values.astype(np.int32), mask=missing)


def from_rows(schema: pa.Schema, rows: list[tuple[Any, ...]]) -> pa.Table:
    """Return a table of rows of Python values."""
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(schema)
    return pa.table(
        [pa.array(list(column), type=field.type) for column, field in zip(columns, schema, strict=True)],
        schema=schema,
    )


def money(units: Array, present: Bools | None = None) -> pa.Array:
    """Return amounts, given in whole ten-thousandths, as exact decimals; null where not present."""
    low = np.ascontiguousarray(units, dtype=np.int64)
    words = np.empty((len(low), 2), dtype=np.int64)
    words[:, 0], words[:, 1] = low, low >> 63
    amounts = pa.Array.from_buffers(MONEY, len(low), [None, pa.py_buffer(words)])
    if present is None:
        return amounts
    return pc.if_else(pa.array(present), amounts, pa.scalar(None, MONEY))


def days(numbers: Array, present: Bools | None = None) -> pa.Array:
    """Return days since 1970 as dates; null where not present."""
    mask = None if present is None else ~present
    return pa.array(numbers.astype(np.int32), mask=mask).cast(DAY)


def numbers(values: Array, present: Bools | None = None) -> pa.Array:
    """Return floating numbers; null where not present."""
    return pa.array(values, pa.float64(), mask=None if present is None else ~present)


def texts(values: Array | list[str], present: Bools | None = None) -> pa.Array:
    """Return texts; null where not present."""
    return pa.array(values, pa.string(), mask=None if present is None else ~present)
