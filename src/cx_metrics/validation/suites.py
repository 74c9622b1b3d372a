"""The suites of `expectations/*.yml`: one file per table, each expectation with its severity and remedy."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import yaml

from cx_metrics.errors import CxMetricsError, one_line

Severity = Literal["error", "warn"]
Layer = Literal["raw", "marts", "all"]

RAW_SCHEMA = "raw"
SCHEMAS = (RAW_SCHEMA, "staging", "intermediate", "marts", "scorecards", "audit")
"""The schemas that a suite may judge, in the order of the data's way."""

_REFERENCE = re.compile(r"\{(\w+)\.(\w+)\}")
_VAR = "var"


@dataclass(frozen=True, slots=True)
class Expectation:
    """One expectation on one table.

    `type` and `kwargs` are Great Expectations' own. `severity` is `error` (the numbers are wrong, or the data
    breaks the contract) or `warn` (look at it). `means` tells what a failure means, `remedy` what to do.
    `needs` names other tables, as schema.table, that its query reads.
    """

    name: str
    type: str
    kwargs: dict[str, Any]
    severity: Severity
    means: str
    remedy: str
    needs: tuple[str, ...] = ()
    from_contract: bool = False


@dataclass(frozen=True, slots=True)
class Suite:
    """The expectations on one table (schema.table); `derived` are columns added to it, as SQL by name."""

    table: str
    about: str
    derived: dict[str, str] = field(default_factory=dict)
    expectations: tuple[Expectation, ...] = ()

    @property
    def schema(self) -> str:
        """The schema of the table."""
        return self.table.partition(".")[0]

    @property
    def name(self) -> str:
        """The name of the table without its schema."""
        return self.table.partition(".")[2]

    def belongs_to(self, layer: Layer) -> bool:
        """Tell whether the table is in the layer: `raw` is the raw schema, `marts` all that is built."""
        return layer == "all" or (layer == "raw") == (self.schema == RAW_SCHEMA)


def read_suites(root: Path) -> list[Suite]:
    """Read every suite of the project in `root`, in the order of their files.

    `{var.name}` in any text stands for that var of dbt_project.yml, so that a threshold has one home;
    `{schema.table}` in a query stands for that table. Raises CxMetricsError where a file is no suite.
    """
    variables = _variables(root)
    files = sorted((root / "expectations").glob("*.yml"))
    if not files:
        raise CxMetricsError(f"{root} has no expectations/*.yml: the suites are missing")
    return [_suite(file, file.relative_to(root).as_posix(), variables) for file in files]


def references(query: str) -> tuple[str, ...]:
    """Return the tables that a query names as {schema.table}, each once."""
    return tuple(dict.fromkeys(f"{schema}.{name}" for schema, name in _REFERENCE.findall(query)))


def replace_references(query: str, relations: dict[str, str]) -> str:
    """Return the query with each {schema.table} replaced by its relation."""
    return _REFERENCE.sub(lambda match: relations[f"{match[1]}.{match[2]}"], query)


def _variables(root: Path) -> dict[str, Any]:
    document = _load(root / "dbt_project.yml", "dbt_project.yml")
    variables = document.get("vars") or {}
    return dict(variables)


def _load(file: Path, place: str) -> dict[str, Any]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        document = yaml.load(file.read_text(encoding="utf-8"), Loader=loader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise CxMetricsError(f"{place}: cannot be read as YAML: {error}") from error
    if not isinstance(document, dict):
        raise CxMetricsError(f"{place}: is empty, or no mapping of names to values")
    return document


def _suite(file: Path, place: str, variables: dict[str, Any]) -> Suite:
    document = _fill(_load(file, place), variables, place)
    _check_keys(document, place, needed={"table", "about", "expectations"}, allowed={"derived"})
    table = str(document["table"])
    if file.name != f"{table}.yml":
        raise CxMetricsError(f"{place}: is on table {table}: name the file {table}.yml")
    if table.partition(".")[0] not in SCHEMAS:
        raise CxMetricsError(f"{place}: table {table} is in none of the schemas {', '.join(SCHEMAS)}")
    expectations = tuple(_expectation(raw, place) for raw in document["expectations"] or ())
    names = [expectation.name for expectation in expectations]
    for name in names:
        if names.count(name) > 1:
            raise CxMetricsError(f"{place}: two expectations are named '{name}': name each differently")
    return Suite(table, one_line(str(document["about"])), dict(document.get("derived") or {}), expectations)


def _expectation(raw: Any, place: str) -> Expectation:
    if not isinstance(raw, dict):
        raise CxMetricsError(f"{place}: an expectation is no mapping: {raw}")
    place = f"{place}: {raw.get('name', 'an expectation without a name')}"
    _check_keys(raw, place, needed={"name", "type", "severity", "means", "remedy"}, allowed={"kwargs"})
    if raw["severity"] not in ("error", "warn"):
        raise CxMetricsError(f"{place}: severity is {raw['severity']}: write error or warn")
    kwargs = dict(raw.get("kwargs") or {})
    query = str(kwargs.get("unexpected_rows_query", ""))
    return Expectation(
        name=one_line(str(raw["name"])),
        type=str(raw["type"]),
        kwargs=kwargs,
        severity=raw["severity"],
        means=one_line(str(raw["means"])),
        remedy=one_line(str(raw["remedy"])),
        needs=references(query),
    )


def _check_keys(raw: dict[str, Any], place: str, needed: set[str], allowed: set[str]) -> None:
    missing = [key for key in sorted(needed) if raw.get(key) in (None, "")]
    if missing:
        raise CxMetricsError(f"{place}: has no {', '.join(missing)}: write it")
    unknown = sorted(set(raw) - needed - allowed)
    if unknown:
        raise CxMetricsError(
            f"{place}: {', '.join(unknown)} is not known: use {', '.join(sorted(needed | allowed))}"
        )


def _fill(value: Any, variables: dict[str, Any], place: str) -> Any:
    """Replace {var.name} everywhere; a text that is nothing but one reference takes the var's own type."""
    if isinstance(value, dict):
        return {key: _fill(inner, variables, place) for key, inner in value.items()}
    if isinstance(value, list):
        return [_fill(inner, variables, place) for inner in value]
    if not isinstance(value, str):
        return value
    for name in _named_vars(value):
        if name not in variables:
            raise CxMetricsError(f"{place}: dbt_project.yml has no var {name}: add it, or mend the name")
    whole = _REFERENCE.fullmatch(value)
    if whole and whole[1] == _VAR:
        return variables[whole[2]]
    return _REFERENCE.sub(
        lambda match: str(variables[match[2]]) if match[1] == _VAR else match[0],
        value,
    )


def _named_vars(text: str) -> Iterator[str]:
    return (name for kind, name in _REFERENCE.findall(text) if kind == _VAR)
