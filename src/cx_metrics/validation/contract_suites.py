"""What the raw contract itself expects of a raw table: derived when `cxm validate` runs, never written."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cx_metrics.contract import Column, Table
from cx_metrics.landing.columns import literal, quoted
from cx_metrics.validation.suites import RAW_SCHEMA, Expectation

FIRST_INSTANT = dt.datetime(1970, 1, 1)
LAST_INSTANT = dt.datetime(2199, 12, 31, 23, 59, 59)
_ENGINE_TYPES = {
    "text": "VARCHAR",
    "timestamp": "TIMESTAMP",
    "date": "DATE",
    "boolean": "BOOLEAN",
    "integer": "INTEGER",
    "double": "DOUBLE",
}


@dataclass(frozen=True, slots=True)
class _Form:
    """The form that a value must have: when it has it not, in words, and staging's name for the rule."""

    broken_when: str
    words: str
    rule: str


def typed_rows(table: Table, delivered: Mapping[str, str], zones: Sequence[str] = ()) -> str:
    """Return a select of a raw table's rows, each column in the contract's type, as staging reads them.

    `delivered` gives the DuckDB type of each column that is there, by lower-case name. Blank text is null,
    and so is a column that was not delivered. Beside a column whose values can fail to be read stand
    `delivered_<column>`, the text as delivered, and `unreadable_<column>`, that text where it is not of the
    contract's type or form. Time zones must be among `zones`, where there are any.
    """
    parts = []
    for column in table.columns:
        found = delivered.get(column.name)
        parts.append(f"{_typed(column, found)} as {quoted(column.name)}")
        form = _form(column, found, zones)
        if form:
            text = _text(column)
            parts.append(f"{text} as {quoted('delivered_' + column.name)}")
            parts.append(
                f"case when {form.broken_when} then {text} end as {quoted('unreadable_' + column.name)}"
            )
    return f"select {', '.join(parts)} from {RAW_SCHEMA}.{quoted(table.name)}"


def _form(column: Column, found: str | None, zones: Sequence[str]) -> _Form | None:
    """Return the form of a column's values; None where every delivered value has it."""
    if found is None:
        return None
    text = _text(column)
    if column.data_type != "text":
        if _engine_type(column) == found.upper():
            return None
        article = "an" if column.data_type.startswith("i") else "a"
        return _Form(
            f"{text} is not null and ({_typed(column, found)}) is null",
            f"{article} {column.data_type}",
            f"{column.name}: not a {column.data_type}",
        )
    if column.pattern:
        pattern = literal(f"^({column.pattern})$")
        words = column.unit or "of the right form"
        return _Form(f"not regexp_matches({text}, {pattern})", words, f"{column.name}: not {words}")
    if column.name == "timezone" and zones:
        known = ", ".join(literal(zone) for zone in zones)
        return _Form(f"{text} not in ({known})", "an IANA time zone", f"{column.name}: not an IANA zone")
    return None


def _text(column: Column) -> str:
    return f"nullif(trim(cast({quoted(column.name)} as varchar)), '')"


def contract_expectations(
    table: Table, delivered: Mapping[str, str], zones: Sequence[str] = ()
) -> tuple[Expectation, ...]:
    """Return what the contract expects of a table: required columns, types, ranges, values and its key."""
    expectations: list[Expectation] = []
    for column in table.columns:
        found = delivered.get(column.name)
        form = _form(column, found, zones)
        expectations.extend(_required(table, column, form))
        if found is not None:
            expectations.extend(_readable(table, column, form))
            expectations.extend(_accepted(table, column))
    expectations.append(_key(table))
    return tuple(expectations)


def _engine_type(column: Column) -> str:
    return _ENGINE_TYPES.get(column.data_type, column.data_type.upper())


def _typed(column: Column, found: str | None) -> str:
    """Return one column as SQL in the contract's type, read as macros/staging/parse_text.sql reads it."""
    wanted = _engine_type(column)
    if found is None:
        return f"cast(null as {wanted})"
    name = quoted(column.name)
    found = found.upper()
    if found == "VARCHAR":
        text = f"trim({name})"
        if column.data_type == "text":
            return f"nullif({text}, '')"
        if column.data_type == "timestamp":
            # A cast to timestamp ignores a zone at the end of the text; a cast to timestamptz honours it.
            has_zone = (
                f"regexp_matches({text}, '([zZ]|[+-][0-9]{{2}}(:?[0-9]{{2}})?)$') and length({text}) > 16"
            )
            with_zone = f"regexp_replace({text}, '([+-][0-9]{{2}})([0-9]{{2}})$', '\\1:\\2')"
            return (
                f"case when {has_zone} then try_cast({with_zone} as timestamptz) at time zone 'UTC' "
                f"else try_cast({text} as timestamp) end"
            )
        if column.data_type == "integer":
            return f"case when regexp_matches({text}, '^[+-]?[0-9]+$') then try_cast({text} as integer) end"
        return f"try_cast({text} as {wanted})"
    if column.data_type in ("timestamp", "date") and found == "TIMESTAMP WITH TIME ZONE":
        return f"cast({name} at time zone 'UTC' as {wanted})"
    return name if found == wanted else f"try_cast({name} as {wanted})"


def _quarantine(rule: str) -> str:
    return f"Such rows are in no metric: the build puts them into audit.quarantined_rows, rule '{rule}'."


def _fill(table: Table, column: Column) -> str:
    return column.mapping or f"See cxm contract {table.name}."


def _required(table: Table, column: Column, form: _Form | None) -> list[Expectation]:
    if not column.required:
        return []
    return [
        Expectation(
            name=f"{column.name} is filled in every row",
            type="expect_column_values_to_not_be_null",
            kwargs={"column": f"delivered_{column.name}" if form else column.name},
            severity="error",
            means=f"The contract requires {column.name}. {_quarantine(column.name + ': missing')}",
            remedy=f"Deliver {column.name} in every row. {_fill(table, column)}",
            from_contract=True,
        )
    ]


def _readable(table: Table, column: Column, form: _Form | None) -> list[Expectation]:
    expectations = []
    if form:
        expectations.append(
            Expectation(
                name=f"{column.name} is {form.words}",
                type="expect_column_values_to_be_null",
                kwargs={"column": f"unreadable_{column.name}"},
                severity="error",
                means=f"Values are not {form.words}. {_quarantine(form.rule)}",
                remedy=f"Deliver {column.name} as {form.words}. {_fill(table, column)}",
                from_contract=True,
            )
        )
    if column.data_type in ("timestamp", "date"):
        expectations.append(
            Expectation(
                name=f"{column.name} is between 1970 and 2199",
                type="expect_column_values_to_be_between",
                kwargs={"column": column.name, "min_value": FIRST_INSTANT, "max_value": LAST_INSTANT},
                severity="error",
                means="A default date of the source, or a wrong unit of time (milliseconds read as seconds). "
                + _quarantine(f"{column.name}: out of range"),
                remedy=f"Deliver null where {column.name} is not known. {_fill(table, column)}",
                from_contract=True,
            )
        )
    return expectations


def _accepted(table: Table, column: Column) -> list[Expectation]:
    if not column.accepted_values:
        return []
    return [
        Expectation(
            name=f"{column.name} is one of the contract's values",
            type="expect_column_values_to_be_in_set",
            kwargs={"column": column.name, "value_set": _values(column)},
            severity="error",
            means=f"A value is not mapped. {_quarantine(column.name + ': not accepted')}",
            remedy=f"Map it to one of {', '.join(column.accepted_values)}. {_fill(table, column)}",
            from_contract=True,
        )
    ]


def _values(column: Column) -> list[str] | list[int]:
    if column.data_type == "integer":
        return [int(value) for value in column.accepted_values]
    return list(column.accepted_values)


def _key(table: Table) -> Expectation:
    key = ", ".join(table.key)
    if table.newest_by:
        means = f"Keys were delivered more than once. The row with the newest {table.newest_by} counts."
        remedy = "Nothing, where the source delivers changed rows again; else see why it delivers rows twice."
    else:
        means = "Keys were delivered more than once, and nothing tells which row is the newest. One counts."
        remedy = "Deliver each key once, with its present values."
    one = len(table.key) == 1
    return Expectation(
        name=f"{key} is delivered once" if one else f"each {key} is delivered once",
        type="expect_column_values_to_be_unique" if one else "expect_compound_columns_to_be_unique",
        kwargs={"column": table.key[0]} if one else {"column_list": list(table.key)},
        severity="warn",
        means=means,
        remedy=remedy,
        from_contract=True,
    )
