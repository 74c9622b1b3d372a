"""The same models on every engine: DuckDB, Postgres and Spark build and test everything and agree row for row.

A failure here means that a model says something in SQL that engines read differently: a type that one of them
picks by itself, an order that leaves ties or nulls open, a function of one dialect. Mend the model, or give the
difference a macro in macros/engine.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
import small_center
from engines import PROJECT, DuckDB, Engine, Postgres, Rows, Spark

# one worker runs all of it, so that no engine is started twice
pytestmark = pytest.mark.xdist_group("engines")

ENGINES: dict[str, type[Engine]] = {engine.name: engine for engine in (DuckDB, Postgres, Spark)}
MODELS = sorted(
    f"{file.relative_to(PROJECT / 'models').parts[0]}.{file.stem}" for file in PROJECT.glob("models/**/*.sql")
)
RELATIVE_TOLERANCE = 1e-12

Relation = tuple[list[str], Rows]
Warehouse = dict[str, Relation]


@pytest.fixture(scope="module")
def engine_of(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Engine]]:
    """Give the engine of a name, started once and stopped at the end."""
    started: dict[str, Engine] = {}

    def start(name: str) -> Engine:
        if name not in started:
            started[name] = ENGINES[name](tmp_path_factory.mktemp(name))
        return started[name]

    try:
        yield start
    finally:
        for engine in started.values():
            engine.close()


@pytest.fixture(scope="module")
def warehouse_of(engine_of: Callable[[str], Engine]) -> Callable[[str], Warehouse]:
    """Give every relation that an engine builds from the small center, built and read once."""
    built: dict[str, Warehouse] = {}

    def build(name: str) -> Warehouse:
        if name not in built:
            engine = engine_of(name)
            engine.build(small_center.raw_tables())
            built[name] = {model: engine.read(model) for model in MODELS}
        return built[name]

    return build


@pytest.mark.parametrize("engine", ENGINES)
def test_every_model_builds_and_passes_its_tests(
    warehouse_of: Callable[[str], Warehouse], engine: str
) -> None:
    """All models, their contracts and all data tests; the warehouse is not empty."""
    warehouse = warehouse_of(engine)
    empty = [model for model, (_, rows) in warehouse.items() if not rows]
    assert not empty, f"the small center leaves these models without rows: {', '.join(empty)}"


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("engine", [name for name in ENGINES if name != DuckDB.name])
def test_rows_are_equal(warehouse_of: Callable[[str], Warehouse], engine: str, model: str) -> None:
    """The same columns and the same rows as on DuckDB; numbers by value, double precision to 1e-12."""
    columns, expected = warehouse_of(DuckDB.name)[model]
    other_columns, found = warehouse_of(engine)[model]
    assert other_columns == columns
    differences = _differences(columns, expected, found)
    assert not differences, f"{model} differs on {engine}:\n" + "\n".join(differences)


@pytest.mark.parametrize("engine", ENGINES)
def test_builds_without_rows(engine_of: Callable[[str], Engine], engine: str) -> None:
    """Every table there and empty: everything builds, tests pass, and metrics say that there are no rows."""
    engine_of(engine).build(small_center.empty_tables())
    columns, rows = engine_of(engine).read("audit.metric_values")
    assert rows
    assert {row[columns.index("null_reason")] for row in rows} == {"no_rows"}
    assert {row[columns.index("value")] for row in rows} == {None}


@pytest.mark.parametrize("engine", ENGINES)
def test_builds_without_optional_tables(engine_of: Callable[[str], Engine], engine: str) -> None:
    """A company that delivers required tables alone: everything builds and nothing of them is lost."""
    engine_of(engine).build(small_center.without_optional_tables())
    columns, rows = engine_of(engine).read("audit.load_reconciliation")
    by_table = {row[0]: dict(zip(columns, row, strict=True)) for row in rows}
    assert by_table["queue_hours"]["raw_rows"] == 0
    for row in by_table.values():
        assert row["raw_rows"] == row["staged_rows"] + row["superseded_rows"] + row["quarantined_rows"], row
    assert by_table["contacts"]["staged_rows"] > 0


def _differences(columns: list[str], expected: Rows, found: Rows) -> list[str]:
    """Describe up to ten rows that only one side has, and pairs of rows whose doubles differ."""
    left, right = (sorted(_comparable(columns, row) for row in rows) for rows in (expected, found))
    if [row.exact for row in left] != [row.exact for row in right]:
        only_left = Counter(row.exact for row in left) - Counter(row.exact for row in right)
        only_right = Counter(row.exact for row in right) - Counter(row.exact for row in left)
        return [
            f"{side}: {_readable(columns, exact)}"
            for side, rows in (("DuckDB only", only_left), ("not on DuckDB", only_right))
            for exact in sorted(rows)[:5]
        ]
    return [
        f"DuckDB {one.doubles} and {other.doubles}: {_readable(columns, one.exact)}"
        for one, other in zip(left, right, strict=True)
        if not all(map(_close, one.doubles, other.doubles))
    ][:10]


@dataclass(frozen=True, order=True)
class _ComparableRow:
    """A row in one form for all engines: all that must be equal, and apart from it the doubles."""

    exact: tuple[tuple[str, Any], ...]
    doubles: tuple[float, ...]


def _comparable(columns: list[str], row: tuple[Any, ...]) -> _ComparableRow:
    exact = tuple(_exact(column, value) for column, value in zip(columns, row, strict=True))
    return _ComparableRow(exact, tuple(value for value in row if isinstance(value, float)))


def _exact(column: str, value: Any) -> tuple[str, Any]:
    """Return the kind of a value and the value; integers and decimals are one kind."""
    if isinstance(value, float):
        return ("double", 0)
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return ("number", Decimal(value).normalize())
    if isinstance(value, str) and column == "original_text" and value.startswith("{"):
        # engines put other blanks into JSON
        return ("json", json.dumps(json.loads(value), sort_keys=True))
    return (type(value).__name__, value)


def _close(one: float, other: float) -> bool:
    return math.isclose(one, other, rel_tol=RELATIVE_TOLERANCE)


def _readable(columns: list[str], exact: tuple[tuple[str, Any], ...]) -> str:
    cells = zip(columns, exact, strict=True)
    return ", ".join(f"{column}={value[1]}" for column, value in cells if value[0] != "NoneType")
