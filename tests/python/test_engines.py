"""The same models on every engine: DuckDB, Postgres and Spark build and test everything and agree row for row.

A failure here means that a model says something in SQL that engines read differently: a type that one of them
picks by itself, an order that leaves ties or nulls open, a function of one dialect. Mend the model, or give the
difference a macro in macros/engine. What DuckDB means to do is read here as well: plans that would not end on a large center.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
import small_center
from engines import PROJECT, DuckDB, Engine, Postgres, Rows, Spark

# one worker runs all of it, so that no engine is started twice
pytestmark = pytest.mark.xdist_group("engines")

ENGINES: dict[str, type[Engine]] = {engine.name: engine for engine in (DuckDB, Postgres, Spark)}
SMALL_SPARK = "spark_small"
"""Spark takes minutes for all models: the suite builds some marts there and what they read, and all of them thoroughly."""
SPARK_MARTS = (
    "fct_first_contact_resolution",
    "fct_queue_intervals",
    "fct_survey_answers",
    "fct_save_episodes",
    "fct_tenure_survival",
    "fct_investment_payback",
)
# how a build was made, and what it touched: each engine has its own answer, and a full build touches nothing
ABOUT_THE_BUILD = re.compile(r"int_(build_scope|completed_build|changed_\w+|touched_\w+|delivered_\w+)")
MODELS = sorted(
    f"{file.relative_to(PROJECT / 'models').parts[0]}.{file.stem}"
    for file in PROJECT.glob("models/**/*.sql")
    if not ABOUT_THE_BUILD.fullmatch(file.stem)
)
FILES = {file.stem: file for file in PROJECT.glob("models/**/*.sql")}


def read_by(*models: str) -> set[str]:
    """Return models and the models that they read, over all steps, as far as their SQL names them."""
    read, found = set(models), [*models]
    while found:
        named = (
            set(re.findall(r"ref\('(\w+)'\)", FILES[found.pop()].read_text(encoding="utf-8"))) & FILES.keys()
        )
        found.extend(named - read)
        read |= named
    return read


SMALL = read_by(*SPARK_MARTS)
SMALL_MODELS = [name for name in MODELS if name.split(".")[1] in SMALL]
BUILDS = [DuckDB.name, Postgres.name, SMALL_SPARK, pytest.param(Spark.name, marks=pytest.mark.thorough)]
COMPARED = [
    *((Postgres.name, model) for model in MODELS),
    *((SMALL_SPARK, model) for model in SMALL_MODELS),
    *(pytest.param(Spark.name, model, marks=pytest.mark.thorough) for model in MODELS),
]
# how a plan writes two equal columns
EQUAL_KEYS = re.compile(r"\(\w+ = \w+\)")
RELATIVE_TOLERANCE = 1e-12
GENERIC_TESTS = ("test_type:generic",)

Relation = tuple[list[str], Rows]
Warehouse = dict[str, Relation]


@pytest.fixture(scope="module")
def engine_of(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Engine]]:
    """Give the engine of a name, started once and stopped at the end."""
    started: dict[str, Engine] = {}

    def start(name: str) -> Engine:
        if name not in started:
            engine = Spark if name == SMALL_SPARK else ENGINES[name]
            started[name] = engine(tmp_path_factory.mktemp(name))
        return started[name]

    try:
        yield start
    finally:
        for engine in started.values():
            engine.close()


@pytest.fixture(scope="module")
def warehouse_of(engine_of: Callable[[str], Engine]) -> Callable[[str], Warehouse]:
    """Give every relation that an engine builds from the small center, built and read once."""
    built: dict[str, Warehouse | None] = {}

    def build(name: str) -> Warehouse:
        if name not in built:
            built[name] = None
            engine = engine_of(name)
            # the project's own build runs unit tests on DuckDB, and on Spark they take minutes; dbt's generic tests would judge rows
            # that are compared with DuckDB's, where they have passed
            engine.build(
                small_center.raw_tables(),
                select=[f"+{mart}" for mart in SPARK_MARTS] if name == SMALL_SPARK else (),
                without=() if name == Postgres.name else ("unit_test",),
                exclude=() if name == DuckDB.name else GENERIC_TESTS,
            )
            models = SMALL_MODELS if name == SMALL_SPARK else MODELS
            built[name] = {model: engine.read(model) for model in models}
        warehouse = built[name]
        assert warehouse is not None, f"the build on {name} failed, see above"
        return warehouse

    return build


@pytest.mark.parametrize("engine", BUILDS)
def test_every_model_builds_and_passes_its_tests(
    warehouse_of: Callable[[str], Warehouse], engine: str
) -> None:
    """All models, their contracts and the invariants, on DuckDB all data tests, on rows for every model."""
    empty = [model for model, (_, rows) in warehouse_of(engine).items() if not rows]
    assert not empty, (
        f"without a row, so that nothing is compared: {', '.join(empty)}; extend small_center.py"
    )


def test_outer_joins_on_a_key_are_hashed(
    engine_of: Callable[[str], Engine], warehouse_of: Callable[[str], Warehouse]
) -> None:
    """No outer join on equal keys compares every row with every row, as DuckDB does where its condition holds an `or`.

    Such a join is quick on a small center and takes hours on ten million contacts. Write a bound that may be null as
    `coalesce(bound, cast('2999-12-31' as date))`, and move a condition on one side alone out of the join.
    """
    warehouse_of(DuckDB.name)
    engine = engine_of(DuckDB.name)
    slow, explained = [], 0
    for file in sorted((engine.folder / "target" / "compiled" / "cx_metrics" / "models").rglob("*.sql")):
        if file.parent.suffix == ".yml":
            continue  # a test, under the YAML that it stands in
        _, rows = engine.query("explain (format json) " + file.read_text("utf-8"))
        explained += 1
        slow += [f"{file.stem}: {condition}" for condition in _unhashed_conditions(json.loads(rows[0][1]))]
    assert explained >= len(MODELS)
    assert not slow, "\n".join(slow)


def test_an_outer_join_that_is_not_hashed_is_noticed(engine_of: Callable[[str], Engine]) -> None:
    """The reading of plans above sees the condition that it is there for, and no other."""
    spans = "select range as span_id, case when range % 2 = 0 then range end as ends_at from range(9)"
    joined = f"select * from ({spans}) as one left join ({spans}) as other on one.span_id = other.span_id and"
    for condition, is_noticed in (
        ("(one.ends_at is null or one.ends_at >= other.span_id)", True),
        ("coalesce(one.ends_at, 99) >= other.span_id", False),
    ):
        _, rows = engine_of(DuckDB.name).query(f"explain (format json) {joined} {condition}")
        assert bool(_unhashed_conditions(json.loads(rows[0][1]))) is is_noticed


@pytest.mark.parametrize(("engine", "model"), COMPARED)
def test_rows_are_equal(warehouse_of: Callable[[str], Warehouse], engine: str, model: str) -> None:
    """The same columns and the same rows as on DuckDB; numbers by value, double precision to 1e-12."""
    columns, expected = warehouse_of(DuckDB.name)[model]
    other_columns, found = warehouse_of(engine)[model]
    assert other_columns == columns
    differences = _differences(columns, expected, found)
    assert not differences, f"{model} differs on {engine}:\n" + "\n".join(differences)


@pytest.mark.parametrize(
    "engine", [DuckDB.name, Postgres.name, pytest.param(Spark.name, marks=pytest.mark.thorough)]
)
def test_builds_without_rows(engine_of: Callable[[str], Engine], engine: str) -> None:
    """Required tables empty, optional ones absent: everything builds, and metrics say that there are no rows."""
    # on Spark without data tests, which there take as long as the models
    without = ("unit_test", "test") if engine == Spark.name else ("unit_test",)
    engine_of(engine).build(small_center.empty_tables(), without=without, exclude=GENERIC_TESTS)
    columns, rows = engine_of(engine).read("audit.metric_values")
    assert rows
    assert {row[columns.index("null_reason")] for row in rows} == {"no_rows"}
    assert {row[columns.index("value")] for row in rows} == {None}


@pytest.mark.parametrize("engine", [DuckDB.name, Postgres.name])
def test_builds_without_optional_tables(engine_of: Callable[[str], Engine], engine: str) -> None:
    """A company that delivers required tables alone: everything builds, and none of its rows is lost."""
    engine_of(engine).build(small_center.required_tables(), exclude=GENERIC_TESTS)
    columns, rows = engine_of(engine).read("audit.load_reconciliation")
    by_table = {row[0]: dict(zip(columns, row, strict=True)) for row in rows}
    assert by_table["queue_hours"]["raw_rows"] == 0
    assert by_table["contacts"]["staged_rows"] > 0
    for row in by_table.values():
        assert row["raw_rows"] == row["staged_rows"] + row["superseded_rows"] + row["quarantined_rows"], row


def test_text_is_read_alike(engine_of: Callable[[str], Engine]) -> None:
    """DuckDB and Spark give the same value, or none, to a text. (Postgres takes typed raw columns only.)"""
    types = ("timestamp", "date", "boolean", "integer", "decimal(18,4)")
    parsed = (f"{{{{ parse_text('text_value', '{data_type}') }}}}" for data_type in types)
    values = ", ".join(f"('{text}')" for text in TEXTS)
    sql = f"select text_value, {', '.join(parsed)} from (values {values}) as texts (text_value)"
    on_duckdb, on_spark = (
        engine_of(name).query(engine_of(name).compile(sql))[1] for name in (DuckDB.name, Spark.name)
    )
    columns = ["text", *types]
    assert _differences(columns, on_duckdb, on_spark) == []


INSTANTS = """
2025-10-24 09:00:00|2025-10-24T09:00:00Z|2025-10-24T09:00:00z|2025-10-24 09:00:00+01:00|2025-10-24 09:00:00+0100
2025-10-24 09:00:00-05|2025-10-24T09:00:00.5+05:30|2025-10-24 09:00|2025-10-24T09:00Z|2025-10-24 09:00:00.123456
2025-10-24 09:00:00.1234567|2025-10-24|2025-1-2|2025-10-24 25:00:00|2025-10-24 09:60:00|2025-02-29|2025-13-01
2025|2025-10|20251024|24/10/2025|10/24/2025|09:00:00|T09:00|now|today|2025-10-24 09:00:00 UTC
2025-10-24 09:00:00 Europe/London|2025-10-24 09:00:00 PM|1761296400|0001-01-01
"""
OTHER_VALUES = """
true|TRUE|t|f|False|yes|no|y|N|1|0|2|on|off|null||+5|-5|01|5.|.5|5.5|1e3|1,000|0x10|2147483647|2147483648|-2147483648
99999999999999.9999|99999999999999.99995|1.00005|-1.00005|1d|1L|NaN| 5 |x
"""
TEXTS = re.split(r"[|\n]", INSTANTS.strip() + OTHER_VALUES.rstrip("\n"))


def test_the_comparison_sees_differences() -> None:
    """A value, a kind, a row too many and a row twice are differences; the order and the form of numbers are not."""
    columns, rows = ["name", "rate"], [("a", 0.1), ("b", None), ("b", None)]
    assert not _differences(columns, rows, [("b", None), ("a", 0.1 * (1 + 1e-14)), ("b", None)])
    assert not _differences(columns, [("a", 1)], [("a", Decimal("1.00"))])
    assert not _differences(["original_text"], [('{"a": "b"}',)], [('{"a":"b"}',)])
    assert _differences(columns, rows, [("a", 0.1 * (1 + 1e-9)), ("b", None), ("b", None)])
    assert _differences(columns, rows, rows[:2])
    assert _differences(columns, rows, [*rows, ("b", None)])
    assert _differences(columns, rows, [rows[0], rows[0], rows[1]])
    for one, other in ((1, "1"), (1, True), (1, 1.0), (None, 0), (date(2025, 1, 1), datetime(2025, 1, 1))):
        assert _differences(["value"], [(one,)], [(other,)]), (one, other)


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


def _unhashed_conditions(plan: list[dict[str, Any]]) -> list[str]:
    """Return the conditions of a plan's outer joins that hold a pair of equal keys and are compared row by row."""
    found = []
    for step in plan:
        information = step.get("extra_info", {})
        condition = str(information.get("Condition", ""))
        if (
            step["name"] == "BLOCKWISE_NL_JOIN"
            and information.get("Join Type") != "INNER"
            and EQUAL_KEYS.search(condition)
        ):
            found.append(condition)
        found += _unhashed_conditions(step.get("children", []))
    return found
