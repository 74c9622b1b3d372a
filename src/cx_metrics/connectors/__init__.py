"""Connectors: each maps one platform's own files to tables of the raw contract.

A connector is a module with `NAME`, `DESCRIPTION` and `convert`. Nothing downstream of landing knows its
name. What it makes of one file depends on that file alone, so that months loaded one by one equal months
loaded together.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, cast

from cx_metrics.console import Advance
from cx_metrics.errors import CxMetricsError

CONNECTORS = {
    "anonymous_bank": "cx_metrics.connectors.anonymous_bank",
}
"""Name of each connector and the module that holds it."""


@dataclass(frozen=True, slots=True)
class LineNote:
    """A line of a file that was rejected or repaired: its table, its number from 1, the rule, its own
    text."""

    table: str
    line_number: int
    rule: str
    original_text: str


@dataclass(frozen=True, slots=True)
class ConvertedFile:
    """What a connector made of one file: a Parquet file per table, lines it could not map, lines it repaired.

    A line that could not be mapped stands in `rejects` once, under the one table that counts it.
    """

    source: Path
    tables: dict[str, Path]
    rejects: tuple[LineNote, ...] = ()
    repairs: tuple[LineNote, ...] = ()


@dataclass(frozen=True, slots=True)
class ConnectorResult:
    """What a connector made of all files, one entry per file."""

    files: tuple[ConvertedFile, ...]


class Connector(Protocol):
    """A module that converts one platform's files."""

    NAME: str
    DESCRIPTION: str

    def convert(self, files: Sequence[Path], out: Path, progress: Advance) -> ConnectorResult:
        """Write Parquet files in the contract's form below `out`.

        `progress` is told how many bytes of the files are done. Raises CxMetricsError with one line per file
        that is none of the platform's; a line that cannot be mapped is a reject and never an error.
        """
        ...


def get_connector(name: str) -> Connector:
    """Return the connector of that name; an unknown name raises CxMetricsError with the known ones."""
    if name not in CONNECTORS:
        raise CxMetricsError(f"no connector {name}: known are {', '.join(CONNECTORS)} (cxm load --help)")
    return cast(Connector, importlib.import_module(CONNECTORS[name]))
