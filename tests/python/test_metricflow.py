"""Two paths agree: `audit.metric_values` has what MetricFlow answers, for every metric, dimension and grain.

A few thousand random contacts over two months are built once; then MetricFlow is asked for every published metric, and
for the numerators and denominators, of which small rates publish only those.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import builds
import pyarrow as pa
import pytest
import strategies
from oracle import RawRow, RawTables

from cx_metrics.errors import CxMetricsError
from cx_metrics.semantic_layer import SemanticLayer, query_metrics, semantic_layer

GRAINS = ("day", "week", "month", "all")
FIRST_DAY = date(2024, 2, 20)
DAYS = 60

Key = tuple[str, str, date | None, str, str]
"""Metric, grain, first day of the period (None for all time), dimension, its value."""


def _two_months(center_count: int, copies: int) -> dict[str, list[RawRow]]:
    """Return many copies of random centers, spread over two months; they share queues, reasons and product lines."""
    prefixed: dict[str, RawTables] = {}
    for number, center in enumerate(strategies.drawn(strategies.centers(), center_count, 1)):
        began = min(
            datetime.fromisoformat(row["started_at"]).date()
            for row in center["contacts"]
            if row["started_at"] and row["started_at"][:2] == "20"
        )
        for copy in range(copies):
            day = (number * 7 + copy * 13) % DAYS
            later = strategies.shifted(center, (FIRST_DAY - began).days + day)
            prefixed[f"n{number}c{copy}-"] = later
    tables = strategies.merged(prefixed)
    shared = ("queue_id", "program_id", "vendor_id", "reason_code", "product_line_id")
    return {
        table: [
            {name: value.split("-")[-1] if name in shared and value else value for name, value in row.items()}
            for row in rows
        ]
        for table, rows in tables.items()
    }


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the two months."""
    return builds.build(tmp_path_factory.mktemp("metricflow"), _two_months(60, 12))


@pytest.fixture(scope="module")
def layer(database: Path) -> Iterator[SemanticLayer]:
    """Open the semantic layer over them."""
    with semantic_layer(database=database, target_path=builds.target_path()) as opened:
        yield opened


def test_metric_values_are_what_metricflow_answers(database: Path, layer: SemanticLayer) -> None:
    metrics = builds.rows_of(
        database, "select metric_name, numerator, denominator, dimensions from audit.dim_metric"
    )
    published: dict[Key, dict[str, Any]] = {}
    for row in builds.rows_of(database, "select * from audit.metric_values"):
        start = None if row["grain"] == "all" else row["period_start"]
        published[row["metric_name"], row["grain"], start, row["dimension"], row["dimension_value"]] = row

    problems: list[str] = []
    compared: set[Key] = set()
    for dimensions, together in _askable_together(layer, metrics):
        for dimension in ("all", *dimensions):
            for grain in GRAINS:
                groups = [name for name in (grain, dimension) if name != "all"]
                for name, answers in _answers(layer, together, groups).items():
                    for group, answer in answers.items():
                        start = group[0] if grain != "all" else None
                        value = "all" if dimension == "all" else group[-1] or "(unknown)"
                        key = (name, grain, start, dimension, value)
                        compared.add(key)
                        if problem := _difference(published.get(key), answer):
                            problems.append(f"{key}: {problem}")
    for key in published.keys() - compared:
        if published[key]["value"] is not None or published[key]["null_reason"] is None:
            problems.append(f"{key}: MetricFlow has no such group, metric_values has {published[key]}")

    assert len(compared) > 10_000
    assert {key[0] for key in compared} == {metric["metric_name"] for metric in metrics}
    assert not problems, f"{len(problems)} of {len(compared)} values differ:\n" + "\n".join(problems[:20])


def _askable_together(
    layer: SemanticLayer, metrics: list[dict[str, Any]]
) -> list[tuple[tuple[str, ...], list[dict[str, Any]]]]:
    """Put metrics together that share all their dimensions: those of one mart."""
    groups: dict[tuple[str, ...], list[list[dict[str, Any]]]] = defaultdict(list)
    for metric in metrics:
        dimensions = tuple(metric["dimensions"].split(", ")) if metric["dimensions"] else ()
        for group in groups[dimensions]:
            names = [group[0]["metric_name"], metric["metric_name"]]
            if layer.dimensions(names) == sorted(dimensions):
                group.append(metric)
                break
        else:
            groups[dimensions].append([metric])
    return [(dimensions, group) for dimensions, parts in groups.items() for group in parts]


def _answers(
    layer: SemanticLayer, metrics: list[dict[str, Any]], groups: list[str]
) -> dict[str, dict[tuple[Any, ...], dict[str, Any]]]:
    """Ask MetricFlow for metrics and their parts in one query; return the answers by metric and group."""
    names = [metric["metric_name"] for metric in metrics]
    parts = {part for metric in metrics for part in (metric["numerator"], metric["denominator"]) if part}
    table = layer.query([*names, *sorted(parts)], groups)
    answers: dict[str, dict[tuple[Any, ...], dict[str, Any]]] = {name: {} for name in names}
    for row in table.to_pylist():
        group = tuple(row[name] for name in groups)
        for metric in metrics:
            denominator = metric["denominator"]
            answers[metric["metric_name"]][group] = {
                "value": row[metric["metric_name"]],
                "numerator": row[metric["numerator"]],
                "denominator": row[denominator] if denominator else None,
            }
    return answers


def _difference(published: dict[str, Any] | None, answer: dict[str, Any]) -> str:
    if published is None:
        # a group of only one of the two marts that a metric divides
        return "" if answer["value"] is None else f"MetricFlow has {answer}, metric_values has no row"
    parts = ["numerator", "denominator"]
    if published["null_reason"] != "below_minimum_n":
        parts.append("value")
    wrong = [
        f"{part} {published[part]}, MetricFlow {answer[part]}"
        for part in parts
        if not _equal(published[part], answer[part])
    ]
    if (published["value"] is None) != (published["null_reason"] is not None):
        wrong.append(f"value {published['value']} with null_reason {published['null_reason']}")
    return ", ".join(wrong)


def _equal(one: Any, other: Any) -> bool:
    if one is None or other is None:
        return one is None and other is None
    return math.isclose(float(one), float(other), rel_tol=1e-12, abs_tol=0.0)


def test_every_dimension_of_a_metric_can_be_asked_for(database: Path, layer: SemanticLayer) -> None:
    for metric in builds.rows_of(database, "select metric_name, dimensions from audit.dim_metric"):
        offered = metric["dimensions"].split(", ") if metric["dimensions"] else []
        assert sorted(offered) == layer.dimensions(metric["metric_name"])


def test_columns_are_named_as_asked_and_rows_are_in_order(layer: SemanticLayer) -> None:
    table = layer.query(["service_level", "contacts_offered"], ["month", "channel"])
    assert table.column_names == ["month", "channel", "service_level", "contacts_offered"]
    assert table.schema.types == [pa.date32(), pa.string(), pa.float64(), pa.int64()]
    rows = [(row["month"], row["channel"]) for row in table.to_pylist()]
    assert rows == sorted(rows)
    by_own_names = layer.query(
        ["service_level", "contacts_offered"], ["metric_time__month", "contact__channel"]
    )
    assert by_own_names.column_names[:2] == ["metric_time__month", "contact__channel"]
    assert by_own_names.rename_columns(table.column_names).equals(table)
    busiest = layer.query("contacts_offered", "channel", order_by="-contacts_offered", limit=2).to_pylist()
    assert len(busiest) == 2
    assert busiest[0]["contacts_offered"] >= busiest[1]["contacts_offered"]


def test_filters_take_values_lists_and_unknown(layer: SemanticLayer) -> None:
    by_channel = {
        row["channel"]: row["contacts_offered"]
        for row in layer.query("contacts_offered", "channel").to_pylist()
    }
    both = layer.query("contacts_offered", where={"channel": ["voice", "chat"]}).to_pylist()
    assert both == [{"contacts_offered": by_channel["voice"] + by_channel["chat"]}]
    raw_filter = "{{ Dimension('contact__channel') }} = 'voice'"
    assert layer.query("contacts_offered", where=raw_filter).to_pylist() == [
        {"contacts_offered": by_channel["voice"]}
    ]

    by_queue = {row["queue_id"]: row for row in layer.query("contacts_handled", "queue_id").to_pylist()}
    unknown = layer.query("contacts_handled", where={"queue_id": [None, "q1"]}).to_pylist()[0]
    assert (
        unknown["contacts_handled"] == by_queue[None]["contacts_handled"] + by_queue["q1"]["contacts_handled"]
    )
    nobody = layer.query("contacts_handled", where={"queue_id": "it's none"}).to_pylist()
    assert nobody == [{"contacts_handled": None}]


def test_start_and_end_are_days_and_both_included(layer: SemanticLayer) -> None:
    every_day = {
        row["day"]: row["contacts_handled"] for row in layer.query("contacts_handled", "day").to_pylist()
    }
    start, end = date(2024, 3, 1), date(2024, 3, 31)
    some = layer.query("contacts_handled", "day", start=start, end=end).to_pylist()
    assert [row["day"] for row in some] == [day for day in sorted(every_day) if start <= day <= end]
    assert {row["day"]: row["contacts_handled"] for row in some}.items() <= every_day.items()


def test_one_question_needs_one_call(
    database: Path, layer: SemanticLayer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    project = tmp_path / "project"
    (project / "target").mkdir(parents=True)
    manifest = builds.target_path() / "semantic_manifest.json"
    (project / "target" / "semantic_manifest.json").write_bytes(manifest.read_bytes())
    # a file that has been renamed since the definitions were written
    renamed = tmp_path / "it's another.duckdb"
    renamed.write_bytes(database.read_bytes())
    monkeypatch.setenv("CX_DATABASE", str(renamed))
    rows = query_metrics("aht_seconds", "channel", {"channel": "voice"}, project_dir=project)
    assert rows == layer.query("aht_seconds", "channel", {"channel": "voice"}).to_pylist()


@pytest.mark.parametrize(
    ("metrics", "groups", "where", "message"),
    [
        ("servicelevel", (), {}, "servicelevel is no metric: did you mean service_level?"),
        ((), (), {}, "no metric named: name at least one"),
        ("service_level", "chanel", {}, "chanel is no dimension of service_level: did you mean channel?"),
        (
            "contacts_per_customer",
            "channel",
            {},
            "channel is no dimension of contacts_per_customer: there are day, week, month, quarter, year",
        ),
        (
            "service_level",
            (),
            {"month": "2024-01"},
            "where names the period month: give start and end instead",
        ),
        ("service_level", (), "no filter {{", "MetricFlow cannot answer this:"),
    ],
)
def test_mistakes_are_explained_in_one_line(
    layer: SemanticLayer, metrics: Any, groups: Any, where: Any, message: str
) -> None:
    with pytest.raises(CxMetricsError) as raised:
        layer.query(metrics, groups, where)
    assert raised.value.message.startswith(message)
    assert "\n" not in raised.value.message


def test_missing_files_are_explained(tmp_path: Path, database: Path) -> None:
    with pytest.raises(CxMetricsError, match=r"semantic_manifest\.json: does not exist: run dbt parse"):
        semantic_layer(tmp_path, database)
    with pytest.raises(CxMetricsError, match=r"none\.duckdb: does not exist: run dbt build"):
        semantic_layer(database=tmp_path / "none.duckdb", target_path=builds.target_path())
    broken = tmp_path / "broken.duckdb"
    broken.write_text("no database")
    with pytest.raises(CxMetricsError, match="perhaps a build is running or it is no DuckDB database"):
        semantic_layer(database=broken, target_path=builds.target_path())
    (tmp_path / "semantic_manifest.json").write_text("{")
    with pytest.raises(CxMetricsError, match="cannot be read, run dbt parse again"):
        semantic_layer(database=database, target_path=tmp_path)
