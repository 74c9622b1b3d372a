"""What the raw contract itself expects of a raw table, derived from it when `cxm validate` runs and written down nowhere else."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from cx_metrics.contract import Column, Table
from cx_metrics.landing.columns import quoted
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


def typed_rows(table: Table, delivered: Mapping[str, str], zones: Sequence[str] = ()) -> str:
    """Return a select of a raw table's rows, each column in the contract's type, as staging reads them.

    `delivered` gives the DuckDB type of each column that is there, by lower-case name. Blank text is null, columns that
    were not delivered are null. Beside each column whose values can fail to be read stands `unreadable_<column>`: the
    value as delivered where it is not of the contract's type, else null; for time zones, where it is none of `zones`.
    """
    parts = []
    for column in table.columns:
        found = delivered.get(column.name)
        value = _typed(column, found)
        parts.append(f"{value} as {quoted(column.name)}")
        if found is None:
            continue
        text = f"nullif(trim(cast({quoted(column.name)} as varchar)), '')"
        if needs_reading(column, found):
            broken = f"{text} is not null and ({value}) is null"
            parts.append(f"case when {broken} then {text} end as {quoted('unreadable_' + column.name)}")
        elif is_zone(column) and zones:
            known = ", ".join("'" + zone.replace("'", "''") + "'" for zone in zones)
            broken = f"{text} not in ({known})"
            parts.append(f"case when {broken} then {text} end as {quoted('unreadable_' + column.name)}")
    return f"select {', '.join(parts)} from {RAW_SCHEMA}.{quoted(table.name)}"


def needs_reading(column: Column, found: str) -> bool:
    """Tell whether values of the delivered type `found` may fail to become the column's type."""
    return column.data_type != "text" and _engine_type(column) != found.upper()


def is_zone(column: Column) -> bool:
    """Tell whether the column holds names of time zones."""
    return column.name == "timezone"


def contract_expectations(table: Table, delivered: Mapping[str, str]) -> tuple[Expectation, ...]:
    """Return what the contract expects of a raw table: required columns, types, ranges, accepted values and its key."""
    expectations: list[Expectation] = []
    for column in table.columns:
        found = delivered.get(column.name)
        expectations.extend(_required(table, column))
        if found is not None:
            expectations.extend(_readable(table, column, found))
            expectations.extend(_accepted(table, column))
    expectations.append(_key(table))
    return tuple(expectations)


def _engine_type(column: Column) -> str:
    return _ENGINE_TYPES.get(column.data_type, column.data_type.upper())


def _typed(column: Column, found: str | None) -> str:
    """Return one column as SQL in the contract's type; the reading rules are those of macros/staging/parse_text.sql."""
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
            return (
                f"case when regexp_matches({text}, '([zZ]|[+-][0-9]{{2}}(:?[0-9]{{2}})?)$') and length({text}) > 16 "
                f"then try_cast(regexp_replace({text}, '([+-][0-9]{{2}})([0-9]{{2}})$', '\\1:\\2') as timestamptz) "
                f"at time zone 'UTC' else try_cast({text} as timestamp) end"
            )
        if column.data_type == "integer":
            return f"case when regexp_matches({text}, '^[+-]?[0-9]+$') then try_cast({text} as integer) end"
        return f"try_cast({text} as {wanted})"
    if column.data_type in ("timestamp", "date") and found == "TIMESTAMP WITH TIME ZONE":
        return f"cast({name} at time zone 'UTC' as {wanted})"
    return name if found == wanted else f"try_cast({name} as {wanted})"


def _quarantine(table: Table, rule: str) -> str:
    return f"Such rows are in no metric: the build puts them into audit.quarantined_rows ({table.name}, rule '{rule}')."


def _fill(table: Table, column: Column) -> str:
    return column.mapping or f"See cxm contract {table.name}."


def _required(table: Table, column: Column) -> list[Expectation]:
    if not column.required:
        return []
    return [
        Expectation(
            name=f"{column.name} is filled in every row",
            type="expect_column_values_to_not_be_null",
            kwargs={"column": column.name},
            severity="error",
            means=f"The contract requires {column.name}. {_quarantine(table, column.name + ': missing')}",
            remedy=f"Deliver {column.name} in every row. {_fill(table, column)}",
            from_contract=True,
        )
    ]


def _readable(table: Table, column: Column, found: str) -> list[Expectation]:
    expectations = []
    unreadable, rule = None, ""
    if needs_reading(column, found):
        unreadable, rule = f"a {column.data_type}", f"{column.name}: not a {column.data_type}"
    elif is_zone(column):
        unreadable, rule = "an IANA time zone", f"{column.name}: not an IANA zone"
    if unreadable:
        expectations.append(
            Expectation(
                name=f"{column.name} is {unreadable}",
                type="expect_column_values_to_be_null",
                kwargs={"column": f"unreadable_{column.name}"},
                severity="error",
                means=f"Values cannot be read as {unreadable}. {_quarantine(table, rule)}",
                remedy=f"Deliver {column.name} as {unreadable}. {_fill(table, column)}",
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
                + _quarantine(table, f"{column.name}: out of range"),
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
            kwargs={"column": column.name, "value_set": list(column.accepted_values)},
            severity="error",
            means=f"The source uses a value that is not mapped. {_quarantine(table, column.name + ': not accepted')}",
            remedy=f"Map it to one of {', '.join(column.accepted_values)}. {_fill(table, column)}",
            from_contract=True,
        )
    ]


def _key(table: Table) -> Expectation:
    key = ", ".join(table.key)
    if table.newest_by:
        means = f"Some keys were delivered more than once. The row with the newest {table.newest_by} counts, the others are superseded."
        remedy = "Nothing, where the source delivers changed rows again; else see why rows are delivered twice."
    else:
        means = "Some keys were delivered more than once, and nothing tells which row is the newest: one of them counts."
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
