"""Bad deliveries of the tables beside contacts and segments: rows that come twice, outdated, without a
required value, or with a reference to nothing.

Which rows are spoiled depends on the seed and the row's own key. What is peculiar to one domain (a survey
answered on the wrong scale) is spoiled there.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cx_metrics.contract import Table, load_contract
from cx_metrics.simulator.defects.contact_defects import TRUTH_SCHEMA
from cx_metrics.simulator.frames import Bools, Ints, chance
from cx_metrics.simulator.settings import Settings

DUPLICATE, STALE, MISSING, ORPHAN = "duplicate_delivery", "stale_delivery", "missing_required", "orphan_key"
ALWAYS_CLEAN = frozenset(
    (
        *("queues", "queue_hours", "queue_holidays", "programs", "vendors", "product_lines", "reasons"),
        *("feed_watermarks", "survey_questions", "qa_form_items", "ledger_accounts", "fx_rates"),
        *("channel_tariffs", "technology_rates", "agent_pay_rates", "vendor_contracts", "vendor_sla_terms"),
    )
)
"""Code lists and rates: a company that loses those has no contact center to measure."""
MONEY_TABLES = frozenset(("ledger_entries", "agent_pay", "transactions", "subscription_events"))
"""Tables whose rows only come twice: a lost row would be money that no cause explains."""
_REFERENCES = ("contact_id", "customer_id", "agent_id", "subscription_id", "invitation_id")
_SALT_ROW, _SALT_KIND, _SALT_COLUMN = 701, 702, 703
_SECOND = 1_000_000


def spoil_table(settings: Settings, name: str, table: pa.Table) -> tuple[pa.Table, pa.Table | None]:
    """Return the deliveries of a table's rows and the list of the spoiled ones (None where nothing is)."""
    if not settings.defects or name in ALWAYS_CLEAN or not table.num_rows:
        return table, None
    known = _contract()[name]
    keys = keys_of(table, known.key)
    code = text_codes(keys)
    dirty = is_spoiled_here(settings, keys)
    kind = chance(code, settings.seed, _SALT_KIND)
    which = chance(code, settings.seed, _SALT_COLUMN)
    required: list[str] = []
    references: list[str] = []
    if name not in MONEY_TABLES:
        required = [column.name for column in known.columns if column.required]
        references = [
            column for column in _REFERENCES if column in table.column_names and column not in known.key
        ]
    version = known.newest_by

    missing = dirty & (kind < 0.2) & (len(required) > 0)
    orphan = dirty & (kind >= 0.2) & (kind < 0.4) & (len(references) > 0)
    stale = dirty & (kind >= 0.4) & (kind < 0.7) & (version is not None)
    twice = dirty & ~missing & ~orphan & ~stale
    parts, truth = [], [_listed(name, keys, twice, DUPLICATE, "the same row was delivered twice")]
    parts.append(table.filter(pa.array(twice)))
    if version is not None:
        older = _shifted(table, version, -60 - np.floor(which * 600).astype(np.int64))
        parts.append(older.filter(pa.array(stale)))
        truth.append(_listed(name, keys, stale, STALE, "an older version was delivered as well"))
    for i, column in enumerate(required):
        hit = missing & (np.floor(which * len(required)).astype(np.int64) == i)
        table = _replaced(table, column, hit, None)
        truth.append(_listed(name, keys, hit, MISSING, f"{column} was delivered empty"))
    for i, column in enumerate(references):
        hit = orphan & (np.floor(which * len(references)).astype(np.int64) == i)
        hit &= np.asarray(pc.is_valid(table[column]).to_numpy(), dtype=np.bool_)
        nobody = pc.binary_join_element_wise("X", pc.utf8_slice_codeunits(table[column], 1), "")
        table = _replaced(table, column, hit, nobody)
        truth.append(_listed(name, keys, hit, ORPHAN, f"{column} names nothing that was ever delivered"))
    return pa.concat_tables([table, *parts]), pa.concat_tables(truth)


@lru_cache(maxsize=1)
def _contract() -> dict[str, Table]:
    return load_contract()


def keys_of(table: pa.Table, columns: tuple[str, ...]) -> pa.Array:
    """Return the keys of rows as the truth lists them, instants to the second."""
    parts = []
    for column in columns:
        values = table[column].combine_chunks()
        if pa.types.is_timestamp(values.type):
            values = values.cast(pa.timestamp("s"), safe=False)
        parts.append(values.cast(pa.string()))
    return pc.binary_join_element_wise(*parts, "|", null_handling="replace", null_replacement="")


def is_spoiled_here(settings: Settings, keys: pa.Array, upto: float = 1.0) -> Bools:
    """Tell which rows are spoiled as deliveries; with ``upto`` 2, also as many that are left to their domain."""
    if not len(keys):
        return np.zeros(0, dtype=np.bool_)
    draw = chance(text_codes(keys), settings.seed, _SALT_ROW)
    return np.asarray(draw < upto * settings.defects, dtype=np.bool_)


def text_codes(texts: pa.Array) -> Ints:
    """Return a whole number per text that depends on the text alone (FNV-1a over its bytes)."""
    fixed = np.char.encode(texts.to_numpy(zero_copy_only=False).astype(str), "utf-8")
    width = fixed.dtype.itemsize
    letters = fixed.view(np.uint8).reshape(len(fixed), width)
    code = np.full(len(fixed), 0xCBF29CE484222325, dtype=np.uint64)
    with np.errstate(over="ignore"):
        for position in range(width):
            letter = letters[:, position].astype(np.uint64)
            code = np.where(letter == 0, code, (code ^ letter) * np.uint64(0x100000001B3))
    return np.asarray((code >> np.uint64(1)).astype(np.int64))


def _replaced(table: pa.Table, column: str, rows: Bools, value: pa.Array | None) -> pa.Table:
    position = table.schema.get_field_index(column)
    field = table.schema.field(position)
    other = pa.scalar(None, field.type) if value is None else value
    return table.set_column(position, field, pc.if_else(pa.array(rows), other, table[column]))


def _shifted(table: pa.Table, column: str, seconds: Ints) -> pa.Table:
    position = table.schema.get_field_index(column)
    field = table.schema.field(position)
    moved = pc.add(table[column].cast(pa.int64()), pa.array(seconds * _SECOND)).cast(field.type)
    return table.set_column(position, field, moved)


def _listed(name: str, keys: pa.Array, rows: Bools, defect: str, description: str) -> pa.Table:
    chosen = keys.filter(pa.array(rows)).to_pylist()
    columns = [[name] * len(chosen), chosen, [defect] * len(chosen), [description] * len(chosen)]
    return pa.table([pa.array(column, pa.string()) for column in columns], schema=TRUTH_SCHEMA)
