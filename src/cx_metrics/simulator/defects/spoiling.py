"""Which rows of a domain's tables are spoiled, and the list of them; what spoiling does is the domain's affair.

A row is spoiled at most once: ``deliveries`` takes those whose number is below the wanted share, domains take as
many of those above it.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cx_metrics.simulator.columns import texts
from cx_metrics.simulator.defects.contact_defects import TRUTH_SCHEMA
from cx_metrics.simulator.defects.deliveries import text_codes
from cx_metrics.simulator.frames import NONE, Bools, Floats, Ints, chance, cumulate, pick
from cx_metrics.simulator.settings import Settings

_SALT_ROW = 701
"""The draw by which ``deliveries`` picks rows."""
_SALT_KIND = 290


def keys_of(table: pa.Table, columns: tuple[str, ...]) -> pa.Array:
    """Return the keys of rows as the truth lists them."""
    parts = [pc.cast(table[column], pa.string()).combine_chunks() for column in columns]
    return parts[0] if len(parts) == 1 else pc.binary_join_element_wise(*parts, "|")


def spoiled(settings: Settings, keys: pa.Array, shares: Mapping[str, float]) -> Ints:
    """Return per row the position of its defect in ``shares``, NONE for the many that are as they should be."""
    if not len(keys):
        return np.zeros(0, dtype=np.int64)
    code = text_codes(np.asarray(keys.to_numpy(zero_copy_only=False), dtype=object))
    draw = _draw(settings, code)
    which = pick(cumulate(list(shares.values())), chance(code, settings.seed, _SALT_KIND))
    return np.where((draw >= settings.defects) & (draw < 2 * settings.defects), which, NONE)


def left_alone(settings: Settings, keys: pa.Array) -> Bools:
    """Tell which rows ``deliveries`` does not spoil."""
    if not len(keys):
        return np.zeros(0, dtype=np.bool_)
    code = text_codes(np.asarray(keys.to_numpy(zero_copy_only=False), dtype=object))
    return np.asarray(_draw(settings, code) >= settings.defects, dtype=np.bool_)


def _draw(settings: Settings, code: Ints) -> Floats:
    return chance(code, settings.seed, _SALT_ROW)


def listed(table: str, keys: pa.Array, defects: Ints, described: Mapping[str, str]) -> pa.Table:
    """Return the truth about spoiled rows: ``defects`` are positions in ``described``, NONE for sound rows."""
    rows = np.flatnonzero(defects != NONE)
    names, words = list(described), list(described.values())
    columns = {
        "table": texts([table] * len(rows)),
        "key": keys.take(pa.array(rows)),
        "defect": texts([names[code] for code in defects[rows].tolist()]),
        "description": texts([words[code] for code in defects[rows].tolist()]),
    }
    return pa.table(columns, schema=TRUTH_SCHEMA)
