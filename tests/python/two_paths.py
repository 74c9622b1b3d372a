"""Two paths compared: what the models make of random centers, and an independent computation from the same rows.

`Paths` says which marts are compared and how they are computed a second time, a `World` what the centers of one build share. A
difference is made small by further builds, each of which tries every center that has one row or one value less, and is shown as
raw rows with what was expected.

CX_ORACLE_SEED is the seed of what is drawn, and CX_ORACLE_REPORTS how many differences are made small (1; each takes a minute).
"""

from __future__ import annotations

import json
import math
import os
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import builds
import oracle
import strategies
import yaml
from oracle import Decisions, MetricKey, MetricValue, RawRow, RawTables, Row

SEED = int(os.environ.get("CX_ORACLE_SEED", "20240331"))

_PREFIX = re.compile(r"x[0-9]{4}-")

_METRIC_KEY = ("metric_name", "grain", "period_start", "dimension", "dimension_value")
_METRIC_NUMBERS = ("numerator", "denominator", "n", "value", "interval_low", "interval_high")
_METRIC_STATES = ("null_reason", "is_mature")


@dataclass(frozen=True)
class World:
    """What the centers of one build share: decisions, watermarks and how the rows are delivered."""

    name: str
    is_typed: bool
    watermarks: Sequence[Row]
    variables: Callable[[Sequence[str]], Mapping[str, Any]] = lambda _: {}
    seeds: Callable[[Sequence[str]], dict[str, list[dict[str, str]]]] = lambda _: {}
    share: float = 1.0
    """How many centers it gets, as a share of the number of examples."""
    has_metrics: bool = True
    """Whether its metric values are built and compared as well; marts alone are built faster."""


@dataclass(frozen=True)
class Mart:
    """A mart that is compared: the kind of its rows, whose fields are the columns, and its key."""

    kind: type[Any]
    key: tuple[str, ...]


class Computed:
    """What the second path makes of raw rows."""

    as_of: datetime | None
    rows: Mapping[str, Iterable[Any]]
    """Rows by mart."""

    def metric_values(self) -> dict[MetricKey, MetricValue]:
        """Compute the metrics over these rows."""
        raise NotImplementedError


@dataclass(frozen=True)
class Paths:
    """The marts that are compared, their second computation, and the models to build for them alone."""

    marts: Mapping[str, Mart]
    compute: Callable[[RawTables, Decisions], Computed]
    select: str
    metric_dimensions: Sequence[str] | None = None
    """Dimensions whose metric values are compared; None for all."""


@dataclass(frozen=True)
class Difference:
    """One value on which the two paths do not agree."""

    prefix: str
    what: str
    key: str
    column: str
    expected: Any
    got: Any

    @property
    def kind(self) -> tuple[str, str]:
        """What is kept while a center is made smaller."""
        return self.what, self.column


@dataclass
class Built:
    """A world after its build: both paths' results."""

    world: World
    paths: Paths
    centers: Mapping[str, RawTables]
    computed: Computed
    database: Path

    def differences(self, marts: Iterable[str] | None = None) -> list[Difference]:
        """Compare marts (all by default), value by value."""
        found: list[Difference] = []
        for name in marts or self.paths.marts:
            mart = self.paths.marts[name]
            expected = {
                tuple(getattr(row, part) for part in mart.key): row for row in self.computed.rows[name]
            }
            got = {
                tuple(row[part] for part in mart.key): row
                for row in builds.rows_of(self.database, f"select * from marts.{name}")
            }
            found.extend(_compared(name, mart.kind, expected, got))
        return found

    def metric_problems(self) -> list[str]:
        """Compare metric values, one line for each that differs."""
        expected = self.computed.metric_values()
        names = {key[0] for key in expected}
        got = {}
        wanted = f"metric_name in {tuple(sorted(names))}"
        if self.paths.metric_dimensions is not None:
            wanted += f" and dimension in {tuple(self.paths.metric_dimensions)}"
        columns = ", ".join((*_METRIC_KEY, *_METRIC_NUMBERS, *_METRIC_STATES))
        for row in builds.rows_of(self.database, f"select {columns} from audit.metric_values where {wanted}"):
            start = None if row["grain"] == "all" else row["period_start"]
            got[row["metric_name"], row["grain"], start, row["dimension"], row["dimension_value"]] = row
        problems = []
        for key in sorted({*expected, *got}, key=str):
            if key not in expected or key not in got:
                problems.append(f"{key}: {'not expected' if key in got else 'missing'}")
            elif wrong := _wrong_parts(expected[key], got[key]):
                problems.append(f"{key}: {wrong}")
        if problems:
            counts = Counter(problem.split("'")[1] for problem in problems)
            problems.insert(0, f"{len(problems)} of {len(expected)} values differ: {dict(counts)}")
        return problems


def build(
    world: World,
    paths: Paths,
    centers: Mapping[str, RawTables],
    folder: Path,
    *,
    watermarks: Sequence[Row] = (),
    is_marts_only: bool = False,
) -> Built:
    """Build the models over centers by their prefix, and compute the same from the same rows."""
    raw = strategies.merged(centers)
    raw["feed_watermarks"] = list(watermarks or world.watermarks)
    if world.is_typed:
        raw = strategies.typed(raw)
    seeds, variables = world.seeds(list(centers)), world.variables(list(centers))
    decisions = Decisions.read(seeds, variables)
    select = paths.select if is_marts_only or not world.has_metrics else "*"
    database = builds.build(
        folder, raw, is_typed=world.is_typed, variables=variables, seeds=seeds, select=select
    )
    return Built(world, paths, centers, paths.compute(raw, decisions), database)


def prefixed(centers: Iterable[RawTables]) -> dict[str, RawTables]:
    """Number centers; the prefix of each stands before its ids."""
    return {f"x{number:04}-": center for number, center in enumerate(centers)}


def published_metrics(semantic_models: Iterable[str]) -> set[str]:
    """Return the names of the published metrics whose numerator stands in one of these semantic models."""
    manifest = json.loads((builds.target_path() / "semantic_manifest.json").read_text(encoding="utf-8"))
    models = {
        measure["name"]: model["name"]
        for model in manifest["semantic_models"]
        for measure in model["measures"]
    }
    metrics = {metric["name"]: metric for metric in manifest["metrics"]}
    wanted, published = set(semantic_models), set()
    for name, metric in metrics.items():
        if "version" in metric["config"]["meta"]:
            parameters = metric["type_params"]
            numerator = metrics[parameters["numerator"]["name"]] if metric["type"] == "ratio" else metric
            if models[numerator["type_params"]["measure"]["name"]] in wanted:
                published.add(name)
    return published


def _compared(
    what: str, kind: type[Any], expected: Mapping[Any, Any], got: Mapping[Any, Mapping[str, Any]]
) -> Iterable[Difference]:
    for key in sorted({*expected, *got}, key=str):
        text = " ".join(str(part) for part in key)
        found = _PREFIX.search(text)
        prefix = found.group() if found else ""
        if key not in expected or key not in got:
            yield Difference(prefix, what, text, "(row)", key in expected, key in got)
            continue
        for column in oracle.columns_of(kind):
            one, other = _comparable(getattr(expected[key], column)), _comparable(got[key][column])
            if one != other:
                yield Difference(prefix, what, text, column, one, other)


def _comparable(value: Any) -> Any:
    return Fraction(value) if isinstance(value, Decimal) else value


def _wrong_parts(expected: MetricValue, got: Mapping[str, Any]) -> str:
    wrong = []
    for name in _METRIC_NUMBERS:
        one, other = getattr(expected, name), got[name]
        # nothing to add up is null in one place and 0 in another
        if one == 0 and other is None and name in _METRIC_NUMBERS[:3]:
            continue
        if (one is None) != (other is None) or (
            one is not None and not math.isclose(one, other, rel_tol=1e-12, abs_tol=1e-15)
        ):
            wrong.append(f"{name} expected {one} got {other}")
    for name in _METRIC_STATES:
        if getattr(expected, name) != got[name]:
            wrong.append(f"{name} expected {getattr(expected, name)} got {got[name]}")
    return ", ".join(wrong)


# --- making a difference small enough to read ----------------------------------------------------------------


def report(built: Built, differences: Sequence[Difference], folder: Path) -> str:
    """Say what differs, and show the smallest center in which it does."""
    counts = Counter(difference.kind for difference in differences)
    lines = [f"{len(differences)} values differ (seed {SEED}, {built.world.name}):"]
    lines.extend(f"  {what}.{column}: {count}" for (what, column), count in counts.most_common())
    by_prefix: dict[str, list[Difference]] = defaultdict(list)
    for difference in differences:
        by_prefix[difference.prefix].append(difference)
    shown: set[tuple[str, str]] = set()
    most = int(os.environ.get("CX_ORACLE_REPORTS", "1"))
    for kind, _count in counts.most_common():
        prefixes = {d.prefix for d in differences if d.kind == kind and d.prefix in built.centers}
        if kind in shown or most == 0 or not prefixes:
            continue
        most -= 1
        prefix = min(
            sorted(prefixes),
            key=lambda prefix: sum(len(rows) for rows in built.centers[prefix].values()),
        )
        center, found = _smallest(built, prefix, kind, folder)
        shown.update(difference.kind for difference in found)
        lines.append(
            f"\nSmallest center with a different {kind[0]}.{kind[1]} (as_of {built.computed.as_of}):"
        )
        for table, rows in center.items():
            lines.extend(f"  {table}: {_only_known(row)}" for row in rows)
        for difference in found:
            lines.append(
                f"  {difference.what} {difference.key} {difference.column}: "
                f"expected {difference.expected!r}, got {difference.got!r}\n"
                f"    by definition: {_description(difference.what, difference.column)}"
            )
    return "\n".join(lines)


def _description(mart: str, column: str) -> str:
    """Return what the mart's document says about a column, or about the mart."""
    file = next((oracle.PROJECT / "models" / "marts").glob(f"*/{mart}.yml"))
    model = yaml.safe_load(file.read_text(encoding="utf-8"))["models"][0]
    descriptions = {item["name"]: item["description"] for item in model["columns"]}
    return " ".join(str(descriptions.get(column, model["description"])).split())


def _only_known(row: RawRow) -> dict[str, Any]:
    return {name: value for name, value in row.items() if value is not None}


def _smallest(
    built: Built, prefix: str, kind: tuple[str, str], folder: Path
) -> tuple[RawTables, list[Difference]]:
    """Take rows and values away while the same column differs; each build tries up to 200 smaller centers."""
    center = built.centers[prefix]
    # a smaller center keeps the as_of of all, also where that was somebody's newest change
    newest = {"complete_through": str(built.computed.as_of) if built.computed.as_of else None}
    as_of: list[Row] = [
        row if row["complete_through"] else {**row, **newest} for row in built.world.watermarks
    ] or [{"feed": "sms", **newest}]
    attempts = 0

    def failing(candidates: Sequence[RawTables]) -> list[list[Difference]]:
        nonlocal attempts
        attempts += 1
        # the number keeps the first letter of the prefix, and even and odd numbers their decisions
        numbered: dict[str, RawTables] = {
            f"x{2 * i + int(prefix[1:5]) % 2:04}-": c for i, c in enumerate(candidates)
        }
        if int(prefix[1:5]) % 2:
            numbered = {"x0000-": {}, **numbered}
        again = build(
            built.world,
            built.paths,
            numbered,
            folder / str(attempts),
            watermarks=as_of,
            is_marts_only=True,
        )
        found: dict[str, list[Difference]] = defaultdict(list)
        for difference in again.differences():
            found[difference.prefix].append(difference)
        return [
            found[name] if any(d.kind == kind for d in found[name]) else []
            for name in numbered
            if numbered[name]
        ]

    best = failing([center])[0]
    if not best:
        return center, [difference for difference in built.differences() if difference.prefix == prefix]
    for _round in range(8):
        steps = list(strategies.smaller_centers(center))[:200]
        results = failing([step.center for step in steps])
        useful = [(step.center, result) for step, result in zip(steps, results, strict=True) if result]
        if not useful:
            break
        # all of them at once, and the first half, quarter ... of them, the largest first
        combined = [
            _intersection(center, [smaller for smaller, _ in useful[: len(useful) >> i or 1]])
            for i in range(6)
        ]
        results = failing(combined)
        chosen = next(((c, r) for c, r in zip(combined, results, strict=True) if r), useful[0])
        center, best = chosen
    return center, best


def _intersection(whole: RawTables, parts: Sequence[RawTables]) -> dict[str, list[Row]]:
    """Return what is in all parts: rows that none left out, with the values that none took away."""
    result: dict[str, list[Row]] = {}
    for table, rows in whole.items():
        kept = []
        for row in rows:
            versions = [_version_of(row, part[table], rows) for part in parts]
            if all(version is not None for version in versions):
                kept.append(
                    {
                        name: value if all((v or {}).get(name) == value for v in versions) else None
                        for name, value in row.items()
                    }
                )
        result[table] = kept
    return result


def _version_of(row: RawRow, rows: Sequence[RawRow], whole: Sequence[RawRow]) -> RawRow | None:
    """Return the row as it is among `rows`: itself, or the one that has a value less; None where it was left out."""
    known = {id(other) for other in whole}
    for other in rows:
        if other is row:
            return other
    for other in rows:
        if id(other) not in known and sum(other[name] != value for name, value in row.items()) == 1:
            return other
    return None
