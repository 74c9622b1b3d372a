"""The raw contract: which tables a company hands over, read from `models/staging/<domain>/_raw_<domain>.yml`.

Those files are dbt sources and the only truth about the contract; nothing here repeats a table or a column.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from cx_metrics.errors import CxMetricsError

DOMAINS = (
    "contacts",
    "resolution",
    "automation",
    "cost",
    "experience",
    "quality",
    "workforce",
    "retention",
    "value",
    "finance",
    "audit",
)
"""The domains in the order in which people read them."""

DATA_TYPES = ("text", "timestamp", "date", "boolean", "integer", "double")
_DECIMAL = re.compile(r"decimal\((\d+),(\d+)\)")


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a raw table.

    `data_type` is one of `DATA_TYPES` or `decimal(p,s)`; `unit`, `pattern` (a regular expression for the
    whole value) and `mapping` are None where the contract says nothing; `accepted_values` is empty where any
    value is.
    """

    name: str
    data_type: str
    required: bool = False
    description: str = ""
    unit: str | None = None
    accepted_values: tuple[str, ...] = ()
    mapping: str | None = None
    pattern: str | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """One raw table: its key in order, the column whose newest value wins, its feed and its columns."""

    name: str
    domain: str
    description: str
    optional: bool
    key: tuple[str, ...]
    newest_by: str | None
    feed: str | None
    written_by_landing: bool
    columns: tuple[Column, ...]

    def column(self, name: str) -> Column | None:
        """Return the column of that name, None where the contract has none."""
        return next((column for column in self.columns if column.name == name), None)


def find_project_root() -> Path:
    """Return the folder that holds dbt_project.yml.

    Looked for in this order: CX_PROJECT_DIR, the current directory and those above it, the repository that
    this package is installed from (editable installs). Raises CxMetricsError where none has it.
    """
    marker = "dbt_project.yml"
    named = os.environ.get("CX_PROJECT_DIR")
    if named:
        root = Path(named).expanduser()
        if (root / marker).is_file():
            return root.resolve()
        raise CxMetricsError(
            f"CX_PROJECT_DIR is {named}, which holds no {marker}: set it to the project's folder"
        )
    here = Path.cwd()
    package = Path(__file__).resolve()
    for folder in (here, *here.parents, *package.parents[2:3]):
        if (folder / marker).is_file():
            return folder.resolve()
    raise CxMetricsError(
        f"no {marker} in {here} or above it: go to the project's folder, or set CX_PROJECT_DIR to it"
    )


def load_contract(project_dir: Path | None = None) -> dict[str, Table]:
    """Read the contract of a project (the one found by `find_project_root` by default).

    Returns the tables by name, ordered by domain and then as written. Raises CxMetricsError where a file
    cannot be read or contradicts itself.
    """
    root = project_dir if project_dir is not None else find_project_root()
    files = sorted(root.glob("models/staging/*/_raw_*.yml"), key=_domain_order)
    if not files:
        raise CxMetricsError(
            f"{root} has no models/staging/<domain>/_raw_<domain>.yml: the raw contract is missing"
        )
    tables: dict[str, Table] = {}
    for file in files:
        for table in _read(file, root):
            if table.name in tables:
                raise CxMetricsError(
                    f"{file.relative_to(root)}: table {table.name} is defined twice: keep one"
                )
            tables[table.name] = table
    return tables


def deliverable(contract: dict[str, Table]) -> dict[str, Table]:
    """Return the tables that a company delivers: all but the book-keeping that landing writes itself."""
    return {name: table for name, table in contract.items() if not table.written_by_landing}


def _domain_order(file: Path) -> tuple[int, str]:
    domain = file.parent.name
    return (DOMAINS.index(domain) if domain in DOMAINS else len(DOMAINS), str(file))


def _read(file: Path, root: Path) -> list[Table]:
    place = file.relative_to(root).as_posix()
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        document = yaml.load(file.read_text(encoding="utf-8"), Loader=loader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise CxMetricsError(f"{place}: cannot be read as YAML: {error}") from error
    try:
        found = [table for source in document["sources"] for table in source["tables"]]
        return [_table(table, file.parent.name, place) for table in found]
    except (KeyError, TypeError, AttributeError) as error:
        raise CxMetricsError(f"{place}: not in the form of a dbt sources file (at {error})") from error


def _table(raw: dict[str, Any], domain: str, place: str) -> Table:
    meta = raw["config"]["meta"]
    name = str(raw["name"])
    columns = tuple(_column(column, f"{place}: {name}") for column in raw["columns"])
    names = [column.name for column in columns]
    key = tuple(str(part) for part in meta["key"])
    newest_by = meta.get("newest_by")
    for needed in (*key, *([newest_by] if newest_by else [])):
        if needed not in names:
            raise CxMetricsError(
                f"{place}: {name}: its key or newest_by names {needed}, which is no column of it"
            )
    for column_name in names:
        if names.count(column_name) > 1:
            raise CxMetricsError(f"{place}: {name}: column {column_name} is defined twice: keep one")
    return Table(
        name=name,
        domain=domain,
        description=" ".join(str(raw.get("description", "")).split()),
        optional=bool(meta.get("optional", False)),
        key=key,
        newest_by=newest_by,
        feed=meta.get("feed"),
        written_by_landing=bool(meta.get("written_by_landing", False)),
        columns=columns,
    )


def _column(raw: dict[str, Any], place: str) -> Column:
    meta = (raw.get("config") or {}).get("meta") or {}
    name = str(raw["name"])
    data_type = str(raw["data_type"]).replace(" ", "").lower()
    if data_type not in DATA_TYPES and not _DECIMAL.fullmatch(data_type):
        known = ", ".join(DATA_TYPES)
        raise CxMetricsError(
            f"{place}: column {name}: data_type {data_type} is none of {known}, decimal(p,s)"
        )
    unit, mapping, pattern = meta.get("unit"), meta.get("mapping"), meta.get("pattern")
    return Column(
        name=name,
        data_type=data_type,
        required=bool(meta.get("required", False)),
        description=" ".join(str(raw.get("description", "")).split()),
        unit=None if unit is None else str(unit),
        accepted_values=tuple(str(value) for value in meta.get("accepted_values") or ()),
        mapping=None if mapping is None else " ".join(str(mapping).split()),
        pattern=None if pattern is None else str(pattern),
    )
