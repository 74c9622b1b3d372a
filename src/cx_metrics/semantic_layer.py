"""The semantic layer from Python: any published metric by any of its dimensions, computed by MetricFlow.

One question::

    from cx_metrics.semantic_layer import query_metrics

    rows = query_metrics(["service_level", "contacts_offered"], ["month", "channel"])
    # [{'month': datetime.date(2024, 1, 1), 'channel': 'chat', 'service_level': 0.83, 'contacts_offered': 5120}, ...]

Several, on one connection::

    with semantic_layer() as layer:
        table = layer.query(["aht_seconds"], ["week"], where={"channel": ["voice", "chat"]}, start=date(2024, 3, 1))
        table.to_pandas()

MetricFlow reads the definitions in `target/semantic_manifest.json`, which every dbt command writes; the query runs on
the DuckDB file, which is only read. `audit.metric_values` holds the same numbers as a plain table.
"""

from __future__ import annotations

import difflib
import json
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn

import duckdb
import pyarrow as pa
from metricflow.engine.metricflow_engine import (
    MetricFlowEngine,
    MetricFlowQueryRequest,
    OutputColumnOrderMode,
)
from metricflow.protocols.sql_client import SqlEngine
from metricflow.sql.render.duckdb_renderer import DuckDbSqlPlanRenderer
from metricflow_semantic_interfaces.type_enums.dimension_type import DimensionType
from metricflow_semantics.model.dbt_manifest_parser import parse_manifest_from_dbt_generated_manifest
from metricflow_semantics.model.semantic_manifest_lookup import SemanticManifestLookup

from cx_metrics.contract import find_project_root
from cx_metrics.errors import CxMetricsError, one_line
from cx_metrics.landing.database import database_path

GRAINS = ("day", "week", "month", "quarter", "year")
"""Periods that a query may group by, besides dimensions."""

_PERIOD = "metric_time__"

Value = str | int | float | bool | date | None
Filter = Mapping[str, Value | Sequence[Value]]
"""Dimensions and the value, or the values, that they may have; None is unknown."""


class SemanticLayer:
    """The metrics of one project over one database. Close it, or use it in a `with` statement."""

    def __init__(self, manifest: Path, database: Path) -> None:
        """Read the definitions and open the database for reading.

        Raises CxMetricsError where a file is missing or is not what it should be.
        """
        if not manifest.is_file():
            raise CxMetricsError(f"{manifest}: does not exist: run dbt parse in the project's folder")
        if not database.is_file():
            raise CxMetricsError(f"{database}: does not exist: run dbt build, or set CX_DATABASE")
        self._connection = _opened(database)
        try:
            definitions = _definitions(manifest, self._connection)
            self._engine = MetricFlowEngine(SemanticManifestLookup(definitions), _SqlDialect())
        except BaseException:
            self._connection.close()
            raise

    def __enter__(self) -> SemanticLayer:
        """Return the layer itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the database."""
        self.close()

    def close(self) -> None:
        """Close the database."""
        self._connection.close()

    def metrics(self) -> list[str]:
        """Return the names of all metrics, in order: published ones, and their numerators and denominators."""
        return sorted(metric.name for metric in self._engine.list_metrics(include_dimensions=False))

    def dimensions(self, metrics: str | Sequence[str]) -> list[str]:
        """Return the dimensions by which these metrics can be grouped together, periods left out.

        Raises CxMetricsError for a metric that does not exist.
        """
        return sorted({_short(name) for name in self._dimension_names(self._known_metrics(metrics))})

    def sql(
        self,
        metrics: str | Sequence[str],
        group_by: str | Sequence[str] = (),
        where: Filter | str | Sequence[str] = (),
        *,
        order_by: str | Sequence[str] = (),
        limit: int | None = None,
        start: date | None = None,
        end: date | None = None,
    ) -> str:
        """Return the SQL that `query` would run; the arguments are the same."""
        names = self._known_metrics(metrics)
        groups = {name: self._qualified(name, names) for name in _listed(group_by)}
        request = MetricFlowQueryRequest.create(
            metric_names=names,
            group_by_names=list(groups.values()),
            where_constraints=self._conditions(where, names),
            order_by_names=[self._order(name, names) for name in _listed(order_by)] or None,
            limit=limit,
            time_constraint_start=datetime.combine(start, time()) if start else None,
            time_constraint_end=datetime.combine(end, time()) if end else None,
            output_column_order_mode=OutputColumnOrderMode.INPUT_ORDER,
        )
        try:
            return str(self._engine.explain(request).sql_statement.sql)
        except Exception as error:  # MetricFlow has no common class of its errors
            raise CxMetricsError(f"MetricFlow cannot answer this: {one_line(str(error))}") from error

    def query(
        self,
        metrics: str | Sequence[str],
        group_by: str | Sequence[str] = (),
        where: Filter | str | Sequence[str] = (),
        *,
        order_by: str | Sequence[str] = (),
        limit: int | None = None,
        start: date | None = None,
        end: date | None = None,
    ) -> pa.Table:
        """Return metrics as an Arrow table: first the columns of `group_by`, as named there, then the metrics.

        `group_by` takes periods (day, week, month, quarter, year: the date of the first day) and dimensions of the
        metrics (`channel`, `queue_id`; see `dimensions`), also under MetricFlow's own names (`metric_time__month`,
        `contact__channel`). `where` is a mapping of dimensions to the value or values
        that they may have, or MetricFlow filters such as "{{ Dimension('contact__channel') }} = 'voice'".
        `order_by` names columns, with a minus before it for the largest first; without it rows are in the order of
        `group_by`. `start` and `end` are days, both included.

        Shares are 0 to 1, counts are whole, and a metric without a denominator is null. Small numbers are not
        suppressed here, as they are in audit.metric_values. Raises CxMetricsError for metrics and dimensions that
        do not exist or do not fit together.
        """
        groups = _listed(group_by)
        names = self._known_metrics(metrics)
        text = self.sql(
            names,
            groups,
            where,
            order_by=order_by or groups,
            limit=limit,
            start=start,
            end=end,
        )
        try:
            table: pa.Table = self._connection.execute(text).to_arrow_table()
        except duckdb.Error as error:
            raise CxMetricsError(f"the database cannot answer this, build it again: {error}") from error
        table = table.rename_columns([*groups, *names])
        for index, field in enumerate(table.schema):
            if _is_period(field.name):
                table = table.set_column(index, field.name, table.column(index).cast(pa.date32()))
            elif pa.types.is_decimal(field.type) and field.type.scale == 0:
                # a count, which DuckDB adds up in 128 bits
                table = table.set_column(index, field.name, table.column(index).cast(pa.int64()))
        return table

    def _known_metrics(self, metrics: str | Sequence[str]) -> list[str]:
        names = _listed(metrics)
        if not names:
            raise CxMetricsError("no metric named: name at least one")
        known = self.metrics()
        for name in names:
            if name not in known:
                _refuse("metric", name, known)
        return names

    def _dimension_names(self, metrics: Sequence[str]) -> list[str]:
        """Return MetricFlow's names of the dimensions that these metrics share, such as contact__channel."""
        found = self._engine.simple_dimensions_for_metrics(list(metrics))
        return sorted(
            {dimension.dunder_name for dimension in found if dimension.type is DimensionType.CATEGORICAL}
        )

    def _qualified(self, name: str, metrics: Sequence[str]) -> str:
        """Return MetricFlow's name of a dimension or period."""
        if _is_period(name):
            return f"metric_time__{name.removeprefix(_PERIOD)}"
        known = self._dimension_names(metrics)
        found = [group for group in known if name in (group, _short(group))]
        if not found:
            _refuse(f"dimension of {', '.join(metrics)}", name, [*GRAINS, *map(_short, known)])
        if len(found) > 1:
            raise CxMetricsError(f"dimension {name} is ambiguous here: write one of {', '.join(found)}")
        return found[0]

    def _order(self, name: str, metrics: Sequence[str]) -> str:
        sign, plain = ("-", name[1:]) if name.startswith("-") else ("", name)
        return sign + (plain if plain in metrics else self._qualified(plain, metrics))

    def _conditions(self, where: Filter | str | Sequence[str], metrics: Sequence[str]) -> list[str]:
        if not isinstance(where, Mapping):
            return _listed(where)
        conditions = []
        for name, wanted in where.items():
            if _is_period(name):
                raise CxMetricsError(f"where names the period {name}: give start and end instead")
            column = f"{{{{ Dimension('{self._qualified(name, metrics)}') }}}}"
            values = wanted if isinstance(wanted, Sequence) and not isinstance(wanted, str) else [wanted]
            literals = [_literal(value) for value in values if value is not None]
            choices = [f"{column} in ({', '.join(literals)})"] if literals else []
            if None in values:
                choices.append(f"{column} is null")
            conditions.append(f"({' or '.join(choices) or 'false'})")
        return conditions


def semantic_layer(
    project_dir: str | Path | None = None,
    database: str | Path | None = None,
    target_path: str | Path | None = None,
) -> SemanticLayer:
    """Open the semantic layer of a project.

    `project_dir` is found as every command finds it, `database` is the DuckDB file (CX_DATABASE by default), and
    `target_path` the folder of dbt's artefacts (`target` in the project). Raises CxMetricsError where one of them is
    missing.
    """
    project = Path(project_dir) if project_dir is not None else find_project_root()
    target = Path(target_path) if target_path is not None else project / "target"
    return SemanticLayer(target / "semantic_manifest.json", database_path(database))


def query_metrics(
    metrics: str | Sequence[str],
    group_by: str | Sequence[str] = (),
    where: Filter | str | Sequence[str] = (),
    *,
    order_by: str | Sequence[str] = (),
    limit: int | None = None,
    start: date | None = None,
    end: date | None = None,
    project_dir: str | Path | None = None,
    database: str | Path | None = None,
) -> list[dict[str, Any]]:
    """Answer one question: metrics as a list of rows, one dictionary each.

    The arguments are those of `SemanticLayer.query` and of `semantic_layer`, and so are the errors.
    """
    with semantic_layer(project_dir, database) as layer:
        table = layer.query(metrics, group_by, where, order_by=order_by, limit=limit, start=start, end=end)
        rows: list[dict[str, Any]] = table.to_pylist()
        return rows


@contextmanager
def _without_notes_on_measures() -> Iterator[None]:
    """Keep MetricFlow from a line of log for each measure with an expression that has a metric of its own."""
    log = logging.getLogger("metricflow_semantic_interfaces.transformations.fix_proxy_metrics")
    before = log.level
    log.setLevel(logging.ERROR)
    try:
        yield
    finally:
        log.setLevel(before)


class _SqlDialect:
    """What MetricFlow needs to know to write SQL for DuckDB. It runs nothing: `SemanticLayer` runs the SQL itself."""

    sql_engine_type = SqlEngine.DUCKDB

    def __init__(self) -> None:
        self.sql_plan_renderer = DuckDbSqlPlanRenderer()

    def query(self, stmt: str, sql_bind_parameter_set: object = None) -> NoReturn:
        raise NotImplementedError

    execute: Callable[..., NoReturn] = query
    dry_run: Callable[..., NoReturn] = query

    def close(self) -> None:
        """Do nothing."""

    def render_bind_parameter_key(self, bind_parameter_key: str) -> str:
        return f"${bind_parameter_key}"


def _opened(database: Path) -> duckdb.DuckDBPyConnection:
    try:
        return duckdb.connect(str(database), read_only=True)
    except duckdb.Error as error:
        raise CxMetricsError(
            f"{database}: cannot be read, perhaps a build is running or it is no DuckDB database: {error}"
        ) from error


def _definitions(manifest: Path, connection: duckdb.DuckDBPyConnection) -> Any:
    """Read the definitions, with the name that the database has now: it may be another file than that of the last build."""
    found = connection.execute("select current_database()").fetchone()
    assert found is not None
    try:
        document = json.loads(manifest.read_text(encoding="utf-8"))
        spines = document["project_configuration"]["time_spines"]
        for owner in [*document["semantic_models"], *spines]:
            relation = owner["node_relation"]
            parts = (found[0], relation["schema_name"], relation["alias"])
            relation["database"] = found[0]
            relation["relation_name"] = ".".join('"' + part.replace('"', '""') + '"' for part in parts)
        with _without_notes_on_measures():
            return parse_manifest_from_dbt_generated_manifest(json.dumps(document))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CxMetricsError(f"{manifest}: cannot be read, run dbt parse again: {error!r}") from error


def _listed(names: str | Iterable[str]) -> list[str]:
    return [names] if isinstance(names, str) else list(names)


def _is_period(name: str) -> bool:
    return name.removeprefix(_PERIOD) in GRAINS


def _short(dunder_name: str) -> str:
    return dunder_name.split("__")[-1]


def _literal(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    return "'" + str(value).replace("'", "''") + "'"


def _refuse(what: str, name: str, known: Sequence[str]) -> NoReturn:
    close = difflib.get_close_matches(name, known, n=1)
    advice = f"did you mean {close[0]}?" if close else f"there are {', '.join(known)}"
    raise CxMetricsError(f"{name} is no {what}: {advice}")
