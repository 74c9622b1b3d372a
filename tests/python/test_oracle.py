"""Two paths agree: what the models make of random raw data equals an independent computation from the same rows.

Hypothesis draws many small contact centers; one build takes all of them, and every contact, half hour and metric is
compared with `oracle.py`. A difference is made small by further builds, each of which tries every center that has one
row or one value less, and is shown as raw rows with what was expected.

CX_ORACLE_EXAMPLES is the number of centers per build (120), CX_ORACLE_SEED the seed of what is drawn, and
CX_ORACLE_REPORTS how many differences are made small (1; each takes a minute).
"""

from __future__ import annotations

import json
import math
import os
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import builds
import oracle
import pytest
import strategies
import yaml
from oracle import Contact, Decisions, MetricValue, QueueInterval, RawRow, RawTables, Row

EXAMPLES = int(os.environ.get("CX_ORACLE_EXAMPLES", "120"))
SEED = int(os.environ.get("CX_ORACLE_SEED", "20240331"))

_DAYS = {"effective_from": "1900-01-01", "effective_to": "2999-12-31"}


@dataclass(frozen=True)
class World:
    """What the centers of one build share: decisions, watermarks and how the rows are delivered."""

    name: str
    is_typed: bool
    watermarks: Sequence[Row]
    variables: Mapping[str, Any]
    seeds: Callable[[Iterable[str]], dict[str, list[dict[str, str]]]]
    share: float = 1.0
    """How many centers it gets, as a share of EXAMPLES."""


def _other_decisions(prefixes: Iterable[str]) -> dict[str, list[dict[str, str]]]:
    """Return decisions that change on a day and differ between queues and customers."""
    prefixes = list(prefixes)
    until, since = {"effective_to": "2024-03-30"}, {"effective_from": "2024-03-31"}
    before, after = {**_DAYS, **until}, {**_DAYS, **since}
    targets = [
        {"channel": channel, "queue_id": queue_id, **days, "clock": clock, **thresholds}
        for channel, clock, thresholds in (
            ("voice", "elapsed", _thresholds(21, 6)),
            ("chat", "elapsed", _thresholds(45, 0)),
            ("email", "business", _thresholds(3600, 0)),
            ("messaging", "elapsed", _thresholds(14400, 0)),
            ("sms", "business", _thresholds(14400, 0)),
            ("self_service", "elapsed", _thresholds(20, 5)),
        )
        for queue_id, days in (("any", _DAYS),)
    ]
    for prefix in prefixes:
        targets.append(
            {
                "channel": "voice",
                "queue_id": f"{prefix}q1",
                **before,
                "clock": "elapsed",
                **_thresholds(60, 5),
            }
        )
        targets.append(
            {"channel": "voice", "queue_id": f"{prefix}q1", **after, "clock": "elapsed", **_thresholds(5, 1)}
        )
    rules = (
        "test",
        "source",
        "monitor",
        "internal",
        "survey_call",
        "automated_outbound",
        "empty_bot_session",
    )
    return {
        "service_level_targets": targets,
        "exclusion_rules": [
            {
                "rule": rule,
                **(after if rule in ("test", "internal") else _DAYS),
                "owner": "",
                "description": "",
            }
            for rule in rules
        ],
        "denied_customer_ids": [
            {"customer_id": "0", **before, "reason": ""},
            *({"customer_id": f"{prefix}c1", **after, "reason": ""} for prefix in prefixes[::2]),
        ],
        "duration_limits": [
            {"channel": channel, **days, "longest_handle_seconds": limit}
            for channel in ("voice", "email")
            for days, limit in ((before, "60"), (after, "121"))
        ],
    }


def _thresholds(answer_within: int, short_abandon: int) -> dict[str, str]:
    return {
        "answer_within_seconds": str(answer_within),
        "short_abandon_seconds": str(short_abandon),
        "target_rate": "0.5",
    }


WORLDS = (
    World("the project's decisions, rows as text", False, (), {}, lambda _: {}),
    World(
        "other decisions, rows with types, watermarks",
        True,
        (
            {"feed": "contacts", "complete_through": "2024-10-27 02:00:00"},
            {"feed": "voice", "complete_through": None},
            {"feed": "finance", "complete_through": "2024-01-01 00:00:00"},
        ),
        {
            "business_day_start_hour": 4,
            "reporting_timezone": "Australia/Lord_Howe",
            "redial_window_minutes": 15,
            "auto_wrap_limit_seconds": 60,
            "minimum_n_publish": 3,
        },
        _other_decisions,
    ),
    World(
        "a quiet year's end",
        False,
        ({"feed": "contacts", "complete_through": "2024-12-31T12:00:00Z"},),
        {"reporting_timezone": "Asia/Kathmandu"},
        lambda _: {},
        share=0.5,
    ),
)


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
    centers: dict[str, RawTables]
    decisions: Decisions
    center: oracle.Center
    database: Path

    def differences(self) -> list[Difference]:
        """Compare contacts and half hours, value by value."""
        contacts = {
            row["contact_id"]: row
            for row in builds.rows_of(self.database, "select * from marts.fct_contacts")
        }
        intervals = {
            (row["queue_id"], row["interval_started_at"]): row
            for row in builds.rows_of(self.database, "select * from marts.fct_queue_intervals")
        }
        return [
            *_compared("fct_contacts", Contact, self.center.contacts, contacts),
            *_compared("fct_queue_intervals", QueueInterval, self.center.intervals, intervals),
        ]


def _compared(
    what: str, kind: type[Any], expected: Mapping[Any, Any], got: Mapping[Any, Mapping[str, Any]]
) -> Iterable[Difference]:
    for key in sorted({*expected, *got}, key=str):
        text = key if isinstance(key, str) else " ".join(str(part) for part in key)
        prefix = text.split("-")[0] + "-"
        if key not in expected or key not in got:
            yield Difference(prefix, what, text, "(row)", key in expected, key in got)
            continue
        for column in oracle.columns_of(kind):
            one, other = _comparable(getattr(expected[key], column)), _comparable(got[key][column])
            if one != other:
                yield Difference(prefix, what, text, column, one, other)


def _comparable(value: Any) -> Any:
    return Fraction(value) if isinstance(value, Decimal) else value


def _built(
    world: World,
    centers: Mapping[str, RawTables],
    folder: Path,
    watermarks: Sequence[Row] = (),
    select: str = "*",
) -> Built:
    raw = strategies.merged(centers)
    raw["feed_watermarks"] = list(watermarks or world.watermarks)
    if world.is_typed:
        raw = strategies.typed(raw)
    seeds = world.seeds(centers)
    decisions = Decisions.read(seeds, world.variables)
    database = builds.build(
        folder, raw, is_typed=world.is_typed, variables=world.variables, seeds=seeds, select=select
    )
    return Built(world, dict(centers), decisions, oracle.compute(raw, decisions), database)


@pytest.fixture(scope="module", params=WORLDS, ids=lambda world: world.name)
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Draw centers and build them all at once."""
    world: World = request.param
    centers = strategies.drawn(
        strategies.centers(), round(EXAMPLES * world.share), SEED + WORLDS.index(world)
    )
    prefixed: dict[str, RawTables] = {f"x{number:04}-": center for number, center in enumerate(centers)}
    result = _built(world, prefixed, tmp_path_factory.mktemp("oracle"))
    print(
        f"seed {SEED}: {len(centers)} centers, {len(result.center.contacts)} contacts, "
        f"{len(result.center.intervals)} half hours"
    )
    return result


def test_contacts_and_half_hours_equal_an_independent_computation(built: Built, tmp_path: Path) -> None:
    differences = built.differences()
    if differences:
        pytest.fail(_report(built, differences, tmp_path), pytrace=False)


def test_metrics_equal_an_independent_computation(built: Built) -> None:
    expected = oracle.metric_values(built.center, built.decisions)
    names = {key[0] for key in expected}
    got = {}
    for row in builds.rows_of(
        built.database, "select * from audit.metric_values where dimension in ('all', 'channel', 'queue_id')"
    ):
        if row["metric_name"] in names:
            start = None if row["grain"] == "all" else row["period_start"]
            got[row["metric_name"], row["grain"], start, row["dimension"], row["dimension_value"]] = row
    problems = []
    for key in sorted({*expected, *got}, key=str):
        if key not in expected or key not in got:
            problems.append(f"{key}: {'not expected' if key in got else 'missing'}")
        elif wrong := _wrong_parts(expected[key], got[key]):
            problems.append(f"{key}: {wrong}")
    counts = Counter(problem.split("'")[1] for problem in problems)
    assert not problems, "\n".join(
        [f"{len(problems)} of {len(expected)} values differ: {dict(counts)}", *problems[:20]]
    )


def _wrong_parts(expected: MetricValue, got: Mapping[str, Any]) -> str:
    wrong = []
    for name in ("numerator", "denominator", "n", "value", "interval_low", "interval_high"):
        one, other = getattr(expected, name), got[name]
        # nothing to add up is null in one place and 0 in another
        if one == 0 and other is None and name in ("numerator", "denominator", "n"):
            continue
        if (one is None) != (other is None) or (
            one is not None and not math.isclose(one, other, rel_tol=1e-12)
        ):
            wrong.append(f"{name} expected {one} got {other}")
    for name in ("null_reason", "is_mature"):
        if getattr(expected, name) != got[name]:
            wrong.append(f"{name} expected {getattr(expected, name)} got {got[name]}")
    return ", ".join(wrong)


def test_every_metric_of_the_domain_has_an_independent_computation() -> None:
    """A new metric over contacts, half hours or customers needs its second path in oracle.py."""
    manifest = json.loads((builds.target_path() / "semantic_manifest.json").read_text(encoding="utf-8"))
    models = {
        measure["name"]: model["name"]
        for model in manifest["semantic_models"]
        for measure in model["measures"]
    }
    metrics = {metric["name"]: metric for metric in manifest["metrics"]}
    published = set()
    for name, metric in metrics.items():
        if "version" in metric["config"]["meta"]:
            parameters = metric["type_params"]
            numerator = metrics[parameters["numerator"]["name"]] if metric["type"] == "ratio" else metric
            if models[numerator["type_params"]["measure"]["name"]] in ("contacts", "queue_intervals"):
                published.add(name)
    computed = {*oracle.CONTACT_METRICS, *oracle.INTERVAL_METRICS, *oracle.CUSTOMER_METRICS}
    assert published == computed


# --- making a difference small enough to read ----------------------------------------------------------------


def _report(built: Built, differences: Sequence[Difference], folder: Path) -> str:
    counts = Counter(difference.kind for difference in differences)
    lines = [f"{len(differences)} values differ (seed {SEED}, {built.world.name}):"]
    lines.extend(f"  {what}.{column}: {count}" for (what, column), count in counts.most_common())
    by_prefix: dict[str, list[Difference]] = defaultdict(list)
    for difference in differences:
        by_prefix[difference.prefix].append(difference)
    shown: set[tuple[str, str]] = set()
    most = int(os.environ.get("CX_ORACLE_REPORTS", "1"))
    for kind, _count in counts.most_common():
        if kind in shown or most == 0:
            continue
        most -= 1
        prefix = min(
            (difference.prefix for difference in differences if difference.kind == kind),
            key=lambda prefix: sum(len(rows) for rows in built.centers[prefix].values()),
        )
        center, found = _smallest(built, prefix, kind, folder)
        shown.update(difference.kind for difference in found)
        lines.append(f"\nSmallest center with a different {kind[0]}.{kind[1]} (as_of {built.center.as_of}):")
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
    as_of = [{"feed": "sms", "complete_through": str(built.center.as_of)}] if built.center.as_of else []
    attempts = 0

    def failing(candidates: Sequence[RawTables]) -> list[list[Difference]]:
        nonlocal attempts
        attempts += 1
        # the number keeps the first letter of the prefix, and even and odd numbers their decisions
        prefixed: dict[str, RawTables] = {
            f"x{2 * i + int(prefix[1:5]) % 2:04}-": c for i, c in enumerate(candidates)
        }
        if int(prefix[1:5]) % 2:
            prefixed = {"x0000-": {}, **prefixed}
        again = _built(built.world, prefixed, folder / str(attempts), as_of, "+fct_queue_intervals")
        found: dict[str, list[Difference]] = defaultdict(list)
        for difference in again.differences():
            found[difference.prefix].append(difference)
        return [
            found[name] if any(d.kind == kind for d in found[name]) else []
            for name in prefixed
            if prefixed[name]
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
