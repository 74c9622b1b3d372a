"""Items of a quality form next to the truth: does the proposed short form keep those that move satisfaction?

    python benchmarks/qa_items_against_truth.py

Simulates centers, builds all of them in one warehouse, each with a form of its own, and holds the items that a short form
should keep (int_qa_item_effects, fct_qa_items) against truth/qa_items. A small center has few contacts that are both evaluated
and answered, so centers are also put together, two, five, ten at a time and all of them: their passes and fails are added up,
and the model's own SQL judges the sums. Beside the short form stand the usual ways to choose items, on the same contacts.
Writes results/qa_items_against_truth.md.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import yaml
from measuring import table_row
from resolution_against_truth import build_marts

from cx_metrics.simulator import simulate

PROJECT = Path(__file__).resolve().parent.parent
RESULTS = PROJECT / "benchmarks" / "results" / "qa_items_against_truth.md"
GROUP_SIZES = (1, 2, 5, 10, 20)
TEN = 10
"""As many items as the short form in the question "which 10 of our 30 matter?" has."""

OWN_IDS = (
    *("contact_id", "initial_contact_id", "customer_id", "evaluation_id", "response_id", "invitation_id"),
    *("subscription_id", "event_id", "session_id", "handed_off_contact_id", "form_id"),
)
"""Ids that are a center's own; queues, agents, reasons and questions are called the same in all of them."""
PER_CENTER = (
    *("contacts", "contact_segments", "customers", "survey_invitations", "survey_answers"),
    *(
        "subscriptions",
        "subscription_events",
        "bot_sessions",
        "qa_form_items",
        "qa_evaluations",
        "qa_answers",
    ),
)
SHARED = (
    "queues",
    "queue_hours",
    "queue_holidays",
    "agents",
    "reasons",
    "vendors",
    "survey_questions",
    "feed_watermarks",
)
"""Raw tables that are put together, and those of which the first center's are enough."""

Row = dict[str, Any]
COUNTS = ("passed_count", "failed_count", "passed_with_outcome_count", "failed_with_outcome_count")


@dataclass(frozen=True)
class Item:
    """One item in one center: its weight, whether it truly moves satisfaction, and passes and fails by the customer's answer."""

    item_id: str
    weight: float
    matters: bool
    counts: tuple[int, ...]


@dataclass(frozen=True)
class CenterFound:
    """What one simulated center shows: its items, and the contacts that were evaluated and answered."""

    items: list[Item]
    answered: int


def simulate_all(folder: Path, contacts: int, seeds: int) -> Path:
    """Simulate centers and put their raw tables into one folder, the seed before the ids of each, and return it."""
    data = folder / "data"
    data.mkdir(parents=True)
    for seed in range(1, seeds + 1):
        simulate(folder / f"seed{seed:02}", contacts=contacts, seed=seed)
        print(f"seed {seed}: simulated", flush=True)
    connection = duckdb.connect()
    for table in (*PER_CENTER, *SHARED):
        parts = []
        for seed in range(1, (seeds if table in PER_CENTER else 1) + 1):
            file = folder / f"seed{seed:02}" / f"{table}.parquet"
            names = [name for name, *_ in connection.execute(f"describe from '{file}'").fetchall()]
            own = [f"'s{seed:02}-' || {name} as {name}" for name in names if name in OWN_IDS]
            changed = f"replace ({', '.join(own)})" if own else ""
            parts.append(f"select * {changed} from '{file}'")
        together = " union all by name ".join(parts)
        connection.execute(f"copy ({together}) to '{data / table}.parquet' (format parquet)")
    connection.close()
    return data


def found_in(folder: Path, data: Path, seeds: int) -> tuple[list[CenterFound], str]:
    """Build all centers at once, and return what each shows and the SQL that judges items."""
    database = build_marts(folder, data, ["fct_qa_items"])
    connection = duckdb.connect(str(database), read_only=True)
    rows = connection.execute(
        f"""
        with truth as (
            select item_id, bool_or(moves_satisfaction) as matters
            from '{folder}/seed01/truth/qa_items.parquet'
            group by item_id
        ),

        form as (
            select form_id, item_id, cast(max(weight) as double) as weight
            from staging.stg_qa_form_items
            where not coalesce(is_predicted_satisfaction, false)
            group by form_id, item_id
        )

        select
            form.form_id,
            form.item_id,
            form.weight,
            truth.matters,
            {", ".join(f"coalesce(results.{one}, 0)" for one in COUNTS)}
        from form
        inner join truth using (item_id)
        left join intermediate.int_qa_item_results as results
            on
                results.form_id = form.form_id
                and results.item_id = form.item_id
                and results.form_version = 'all'
                and results.outcome = 'satisfied'
        order by form.form_id, form.item_id
        """
    ).fetchall()
    answered = dict(
        connection.execute(
            "select form_id, count(*) from marts.fct_qa_csat_alignment group by all"
        ).fetchall()
    )
    connection.close()
    (compiled,) = (folder / "target" / "compiled").rglob("int_qa_item_effects.sql")
    centers = []
    for form_id in sorted({row[0] for row in rows}):
        items = [
            Item(item_id, weight or 0.0, matters, tuple(counts))
            for form, item_id, weight, matters, *counts in rows
            if form == form_id
        ]
        centers.append(CenterFound(items, answered.get(form_id, 0)))
    assert len(centers) == seeds
    return centers, compiled.read_text(encoding="utf-8")


def put_together(centers: Sequence[CenterFound]) -> CenterFound:
    """Add up centers as if they were one."""
    by_item = [one for center in centers for one in center.items]
    names = sorted({one.item_id for one in by_item})
    items = []
    for name in names:
        same = [one for one in by_item if one.item_id == name]
        counts = tuple(sum(column) for column in zip(*(one.counts for one in same), strict=True))
        items.append(Item(name, same[0].weight, same[0].matters, counts))
    return CenterFound(items, sum(center.answered for center in centers))


def effects(sql: str, center: CenterFound) -> list[Row]:
    """Return what the model makes of the items of a center."""
    rows = [
        {
            "form_id": "form",
            "form_version": "all",
            "item_id": one.item_id,
            "outcome": "satisfied",
            **dict(zip(COUNTS, one.counts, strict=True)),
        }
        for one in center.items
    ]
    connection = duckdb.connect()
    connection.execute("attach ':memory:' as warehouse")
    connection.execute("create schema warehouse.intermediate")
    connection.register("given_rows", pa.Table.from_pylist(rows))
    connection.execute("create table warehouse.intermediate.int_qa_item_results as select * from given_rows")
    found: list[Row] = connection.execute(sql).to_arrow_table().to_pylist()
    connection.close()
    return found


def _short_form(found: list[Row], _: CenterFound) -> set[str]:
    return {row["item_id"] for row in found if row["is_in_short_form"]}


def _one_by_one(found: list[Row], _: CenterFound) -> set[str]:
    return {row["item_id"] for row in found if row["p_value"] <= _alpha() and row["outcome_difference"] > 0}


def _largest_differences(found: list[Row], _: CenterFound) -> set[str]:
    ranked = sorted(found, key=lambda row: (-row["outcome_difference"], row["item_id"]))
    return {row["item_id"] for row in ranked[:TEN]}


def _heaviest(_: list[Row], center: CenterFound) -> set[str]:
    ranked = sorted(center.items, key=lambda one: (-one.weight, one.item_id))
    return {one.item_id for one in ranked[:TEN]}


WAYS: dict[str, Callable[[list[Row], CenterFound], set[str]]] = {
    "`is_in_short_form`": _short_form,
    "each item by itself, p at most 0.05": _one_by_one,
    "ten largest differences": _largest_differences,
    "ten heaviest weights": _heaviest,
}
"""Ways to choose items, the project's own first."""


def _alpha() -> float:
    project = yaml.safe_load((PROJECT / "dbt_project.yml").read_text(encoding="utf-8"))
    return float(project["vars"]["qa_importance_alpha"])


@dataclass(frozen=True)
class Chosen:
    """What one way chose from one group of centers."""

    size: int
    way: str
    answered: int
    judged: int
    right: int
    false: int


def judge(sql: str, centers: Sequence[CenterFound]) -> list[Chosen]:
    """Choose items in every group of centers, in every way."""
    found: list[Chosen] = []
    for size in sorted({*(one for one in GROUP_SIZES if one < len(centers)), len(centers)}):
        for first in range(0, len(centers) - size + 1, size):
            group = put_together(centers[first : first + size])
            rows = effects(sql, group)
            true_items = {one.item_id for one in group.items if one.matters}
            for way, choose in WAYS.items():
                chosen = choose(rows, group)
                found.append(
                    Chosen(
                        size,
                        way,
                        group.answered,
                        len(rows),
                        len(chosen & true_items),
                        len(chosen - true_items),
                    )
                )
    return found


def report(contacts: int, sql: str, centers: Sequence[CenterFound]) -> str:
    """Return the page of results."""
    found = judge(sql, centers)
    first = centers[0].items
    truly = sum(one.matters for one in first)
    return f"""# Items of the quality form against the truth

`python benchmarks/qa_items_against_truth.py --contacts {contacts} --seeds {len(centers)}`: a year of
simulated centers each, with all named effects. {truly} of {len(first)} items truly move satisfaction, each by 0.25 of the five points;
auditors overlook failures and fail what was done. What the lines mean: [docs/quality.md](../../docs/quality.md).

A center of {contacts:,} contacts a year has {centers[0].answered} that were evaluated at random and answered (first one). Larger ones are
made by putting centers together. An item is judged from {_minimum()} passes and {_minimum()} fails on.

{groups_table(found)}

"Matter" and "do not" are items chosen, on average of the groups; in brackets the least and the most.

## Item by item, all {len(centers)} centers together

{items_table(sql, put_together(centers))}
"""


def groups_table(found: Sequence[Chosen]) -> str:
    """Return how many items each way chooses, by the size of the group of centers."""
    lines = [
        "| centers together | groups | contacts with both | items judged | chosen by | matter | do not |",
        "|---:|---:|---:|---:|---|---:|---:|",
    ]
    for size in sorted({one.size for one in found}):
        for way in WAYS:
            same = [one for one in found if one.size == size and one.way == way]
            cells = (
                str(size),
                str(len(same)),
                f"{_mean(one.answered for one in same):,.0f}",
                f"{_mean(one.judged for one in same):.1f}",
                way,
                _with_range([one.right for one in same]),
                _with_range([one.false for one in same]),
            )
            is_ours = way == next(iter(WAYS))
            lines.append(table_row(f"**{cell}**" if is_ours else cell for cell in cells))
    return "\n".join(lines)


def items_table(sql: str, center: CenterFound) -> str:
    """Return every item: whether it matters, and what the model says of it."""
    rows = {row["item_id"]: row for row in effects(sql, center)}
    lines = [
        "| item | matters | fails with an answer | difference | p, adjusted | short form |",
        "|---|---|---:|---:|---:|---|",
    ]
    for one in sorted(center.items, key=lambda item: (not item.matters, item.item_id)):
        row = rows.get(one.item_id)
        judged = (
            ("–", "–", "not judged")
            if row is None
            else (
                f"{100 * row['outcome_difference']:+.1f} points",
                f"{row['adjusted_p_value']:.4f}",
                "keeps" if row["is_in_short_form"] else "",
            )
        )
        lines.append(table_row((one.item_id, "yes" if one.matters else "", f"{one.counts[1]:,}", *judged)))
    return "\n".join(lines)


def _minimum() -> int:
    project = yaml.safe_load((PROJECT / "dbt_project.yml").read_text(encoding="utf-8"))
    return int(project["vars"]["qa_importance_minimum_fails"])


def _with_range(values: Sequence[int]) -> str:
    if len(values) == 1:
        return str(values[0])
    return f"{_mean(values):.1f} ({min(values)}–{max(values)})"


def _mean(values: Iterable[float]) -> float:
    listed = list(values)
    return sum(listed) / len(listed)


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--contacts", type=int, default=20_000, help="contacts of each center in a year")
    parser.add_argument("--seeds", type=int, default=20, help="centers")
    parser.add_argument("--out", type=Path, default=RESULTS, help="the page that is written")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="cx_metrics_") as scratch:
        data = simulate_all(Path(scratch), arguments.contacts, arguments.seeds)
        centers, sql = found_in(Path(scratch), data, arguments.seeds)
    arguments.out.write_text(report(arguments.contacts, sql, centers), encoding="utf-8")


if __name__ == "__main__":
    main()
