"""Small columnar frames: a dict of equally long numpy arrays, which is all that the stages pass to each
other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Frame = dict[str, Array]
Fields = Mapping[str, str]

NONE = -1
"""Code of a missing value in every integer column."""

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def blank(fields: Fields, rows: int) -> Frame:
    """Return a frame of ``rows`` rows: numbers are NONE (missing), booleans are false."""
    frame: Frame = {}
    for name, kind in fields.items():
        column = np.empty(rows, dtype=kind)
        column.fill(False if kind == "bool" else NONE)
        frame[name] = column
    return frame


def size(frame: Mapping[str, Array]) -> int:
    """Return the number of rows."""
    return len(next(iter(frame.values())))


def take(frame: Mapping[str, Array], rows: Array) -> Frame:
    """Return the chosen rows; ``rows`` is a mask or an array of positions."""
    return {name: column[rows] for name, column in frame.items()}


def concat(frames: Iterable[Frame], fields: Fields) -> Frame:
    """Return the rows of all frames below each other, with the columns of ``fields``."""
    parts = [frame for frame in frames if size(frame)]
    if not parts:
        return blank(fields, 0)
    if len(parts) == 1:
        return parts[0]
    return {name: np.concatenate([part[name] for part in parts]) for name in fields}


def pick(cumulative: Array, draws: Floats) -> Ints:
    """Return for every draw in [0, 1) the position in a cumulative distribution that need not end at 1."""
    places: Ints = np.searchsorted(cumulative, draws * cumulative[-1], side="right").astype(np.int64)
    return np.minimum(places, len(cumulative) - 1)


def pick_rows(cumulative: Floats, rows: Array, draws: Floats) -> Ints:
    """As ``pick``, with one cumulative distribution (ending at 1) per row of a matrix."""
    places: Ints = (draws[:, None] >= cumulative[rows]).sum(axis=1).astype(np.int64)
    return np.asarray(np.minimum(places, cumulative.shape[1] - 1), dtype=np.int64)


def cumulate(weights: Sequence[float] | Floats) -> Floats:
    """Return the cumulative distribution of weights, ending at 1."""
    totals = np.cumsum(np.asarray(weights, dtype=np.float64))
    return np.asarray(totals / totals[-1], dtype=np.float64)


def chance(keys: Array, seed: int, salt: int) -> Floats:
    """Return a uniform number in [0, 1) per key, which depends on key, seed and salt alone.

    Used where a choice belongs to a record and must not depend on the records that happen to be written with
    it.
    """
    with np.errstate(over="ignore"):
        z = keys.astype(np.uint64) + np.uint64((seed * 1_000_003 + salt * 7919 + 1) & 0xFFFFFFFF) * _GOLDEN
        for _ in range(2):
            z = z + _GOLDEN
            z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
            z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
            z = z ^ (z >> np.uint64(31))
    return np.asarray((z >> np.uint64(11)).astype(np.float64) / float(1 << 53), dtype=np.float64)


def normal(keys: Array, seed: int, salt: int) -> Floats:
    """Return a standard normal number per key, which depends on key, seed and salt alone."""
    radius = np.sqrt(-2.0 * np.log1p(-chance(keys, seed, salt)))
    return np.asarray(radius * np.cos(2 * np.pi * chance(keys, seed, salt + 1000)))
