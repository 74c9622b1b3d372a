"""Which rows of a domain's tables are spoiled, and the list of them; what spoiling does is the domain's affair.

A row is spoiled at most once: ``deliveries`` takes those whose number is below the wanted share, domains take as
many of those above it.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from cx_metrics.simulator.columns import texts
from cx_metrics.simulator.defects.contact_defects import TRUTH_SCHEMA
from cx_metrics.simulator.defects.deliveries import is_spoiled_here, text_codes
from cx_metrics.simulator.frames import NONE, Bools, Ints, chance, cumulate, pick
from cx_metrics.simulator.settings import Settings

_SALT_KIND = 290


def spoiled(settings: Settings, keys: pa.Array, shares: Mapping[str, float]) -> Ints:
    """Return per row the position of its defect in ``shares``, NONE for the many that are as they should be."""
    if not len(keys):
        return np.zeros(0, dtype=np.int64)
    which = pick(cumulate(list(shares.values())), chance(text_codes(keys), settings.seed, _SALT_KIND))
    mine = is_spoiled_here(settings, keys, upto=2.0) & left_alone(settings, keys)
    return np.where(mine, which, NONE)


def left_alone(settings: Settings, keys: pa.Array) -> Bools:
    """Tell which rows ``deliveries`` does not spoil."""
    return ~is_spoiled_here(settings, keys)


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
