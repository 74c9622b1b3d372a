"""Cost per contact next to the truth, and next to the three averages.

    python benchmarks/cost_against_truth.py

Simulates centers, loads and builds them, and holds every handled contact of a closed month against truth/: what its
agents, its outsourcer and its carrier cost. Beside the cost from the bottom up stand the averages per contact, per minute
and per customer, on the same contacts and with the same total (cost_comparison.py). Writes
results/cost_against_truth.md, the tables of docs/cost.md between their marks, and the picture docs/cost.svg.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import altair as alt
import pyarrow as pa
from cost_comparison import (
    AS_IT_COMES,
    AVERAGES,
    LOADED,
    MARTS,
    METHODS,
    OURS,
    REFERENCES,
    SHARES_OF_POOLS,
    STRAIGHT,
    Comparison,
    Group,
    Invoices,
    Judged,
    Method,
    Reference,
)
from measuring import table_row
from resolution_against_truth import END, MARK, build_marts

from cx_metrics.simulator import simulate

PROJECT = Path(__file__).resolve().parent.parent
RESULTS = PROJECT / "benchmarks" / "results" / "cost_against_truth.md"
PAGE = PROJECT / "docs" / "cost.md"
PICTURE = PROJECT / "docs" / "cost.svg"
GROUPS = {"queue": "queue_id", "reason": "reason_code"}


def scenarios(contacts: int) -> dict[str, dict[str, Any]]:
    """Return centers that differ from the first one in one thing: what the simulator is asked for, by their name."""
    return {
        "four times as many contacts": {"contacts": 4 * contacts},
        "none of the named effects": {"scenario": "plain"},
        "2 % of rows spoiled, 5 % late": {"defects": 0.02, "late": 0.05},
    }


def simulate_and_build(folder: Path, **arguments: Any) -> Comparison:
    """Simulate a center into a folder, load and build it there, and hold it against its truth."""
    simulate(folder / "data", **arguments)
    return Comparison(build_marts(folder, folder / "data", MARTS), folder / "data")


@dataclass(frozen=True)
class Results:
    """Everything that is reported. ``seeds`` are equally likely centers, one entry each; the others are one center.

    ``means`` are the true costs of a contact by reference, ``groups`` queues and reasons of the first center.
    """

    contacts: int
    judged_contacts: int
    seeds: list[dict[str, dict[str, Judged]]]
    means: list[dict[str, float]]
    bridges: list[list[tuple[str, float]]]
    agent_seconds: list[tuple[float, float, float]]
    groups: dict[str, list[Group]]
    outsourcers: list[Invoices]
    scenarios: dict[str, tuple[float, dict[str, Judged]]]


def run(contacts: int, seeds: int) -> Results:
    """Simulate, build and judge every center, one after the other."""
    found: list[dict[str, dict[str, Judged]]] = []
    means, bridges, seconds = [], [], []
    groups: dict[str, list[Group]] = {}
    others: dict[str, tuple[float, dict[str, Judged]]] = {}
    outsourcers: list[Invoices] = []
    judged_contacts = 0
    with tempfile.TemporaryDirectory(prefix="cx_metrics_") as scratch:
        for seed in range(1, seeds + 1):
            comparison = simulate_and_build(Path(scratch) / f"seed{seed}", contacts=contacts, seed=seed)
            found.append({one.name: comparison.all_judged(one) for one in REFERENCES})
            means.append({one.name: comparison.true_mean(one) for one in REFERENCES})
            bridges.append(comparison.bridge())
            seconds.append(comparison.agent_seconds())
            if seed == 1:
                judged_contacts = comparison.contacts()
                outsourcers = comparison.outsourcers()
                groups = {name: comparison.groups(column, LOADED) for name, column in GROUPS.items()}
            comparison.close()
            print(f"seed {seed}: done", flush=True)
        for name, arguments in scenarios(contacts).items():
            asked = {"contacts": contacts, **arguments}
            comparison = simulate_and_build(Path(scratch) / name.split()[0], **asked)
            others[name] = comparison.true_mean(LOADED), comparison.all_judged(LOADED)
            comparison.close()
            print(f"{name}: done", flush=True)
    return Results(contacts, judged_contacts, found, means, bridges, seconds, groups, outsourcers, others)


# How it is written.


def methods_table(results: Results, reference: Reference) -> str:
    """Return the methods next to a reference, averaged over the seeds."""
    lines = [
        table_row(
            (
                "a contact costs …",
                "mean",
                "off by, a contact",
                "mean of a queue",
                "mean of a reason",
                "correlation over contacts",
                "over reasons",
            )
        ),
        "|---|" + "---:|" * 6,
    ]
    for method in METHODS:
        if method is AS_IT_COMES and reference is LOADED:
            continue
        judged = [seed[reference.name][method.name] for seed in results.seeds]
        cells = (
            method.label,
            pounds(mean(one.mean for one in judged)),
            pounds(mean(one.of_contacts for one in judged)),
            pounds(mean(one.of_queues for one in judged)),
            pounds(mean(one.of_reasons for one in judged)),
            _correlation(one.correlation for one in judged),
            _correlation(one.correlation_of_reasons for one in judged),
        )
        lines.append(table_row(f"**{cell}**" if method is OURS else cell for cell in cells))
    lines.append(
        table_row(
            ("the truth", pounds(mean(one[reference.name] for one in results.means)), *("" for _ in range(5)))
        )
    )
    return "\n".join(lines)


def groups_table(results: Results, name: str) -> str:
    """Return queues or reasons of the first center: the true cost of a contact, and what each method makes of it."""
    lines = [
        table_row(
            (name, "contacts", "truth", OURS.label, *(one.label.removeprefix("average ") for one in AVERAGES))
        ),
        "|---|" + "---:|" * (3 + len(AVERAGES)),
    ]
    for group in results.groups[name]:
        amounts = (group.amounts[method.name] for method in (OURS, *AVERAGES))
        lines.append(
            table_row((group.name, f"{group.contacts:,}", pounds(group.truth), *map(pounds, amounts)))
        )
    return "\n".join(lines)


def full_table(results: Results, name: str) -> str:
    """Return queues or reasons of the first center: cost in full, and the averages that spread the same total."""
    columns = ("full", *(f"full_{average.name}" for average in AVERAGES))
    lines = [
        table_row((name, "contacts", "bottom-up", *(one.label.removeprefix("average ") for one in AVERAGES))),
        "|---|" + "---:|" * (2 + len(AVERAGES)),
    ]
    for group in sorted(results.groups[name], key=lambda one: -one.amounts["full"]):
        amounts = (group.amounts[column] for column in columns)
        lines.append(table_row((group.name, f"{group.contacts:,}", *map(pounds, amounts))))
    return "\n".join(lines)


def bridge_table(results: Results) -> str:
    """Return what leads from the true cost of a handled contact to the ledger, averaged over the seeds."""
    lines = ["| per handled contact | amount |", "|---|---:|"]
    total = 0.0
    for number, (name, _) in enumerate(results.bridges[0]):
        part = mean(bridge[number][1] for bridge in results.bridges)
        total += part
        lines.append(table_row((name, pounds(part))))
        if name == SHARES_OF_POOLS:
            lines.append(table_row(("**bottom-up cost of a handled contact**", f"**{pounds(total)}**")))
    lines.append(table_row(("**ledger in scope over handled contacts**", f"**{pounds(total)}**")))
    return "\n".join(lines)


def outsourcers_table(results: Results) -> str:
    """Return what the outsourcers of the first center cost from the bottom up, and what of their invoices that leaves open."""
    lines = [
        "| outsourcer, paid by | months | bottom-up | open | of it bonus and credit | the rest |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for one in results.outsourcers:
        amounts = (one.bottom_up, one.difference, one.bonus_and_credit, one.difference - one.bonus_and_credit)
        name = f"{one.vendor}, {one.payment_basis.replace('_', ' ')}"
        lines.append(table_row((name, str(one.months), *map(pounds, amounts))))
    return "\n".join(lines)


def scenarios_table(results: Results) -> str:
    """Return how far the methods are from the truth in other centers, in hundredths of the true cost."""
    first = results.means[0][LOADED.name], results.seeds[0][LOADED.name]
    centers = {"as it comes": first, **results.scenarios}
    lines = [table_row(("", *centers)), "|---|" + "---:|" * len(centers)]
    lines.append(table_row(("true cost of a contact", *(pounds(truth) for truth, _ in centers.values()))))
    for title, error in (("a queue's mean", "of_queues"), ("a contact", "of_contacts")):
        for method in (OURS, *AVERAGES):
            shares = (
                f"{getattr(judged[method.name], error) / truth:.0%}" for truth, judged in centers.values()
            )
            lines.append(table_row((f"{title} off by, {method.label}", *shares)))
    return "\n".join(lines)


def report(results: Results) -> str:
    """Return the page of results."""
    command = (
        f"python benchmarks/cost_against_truth.py --contacts {results.contacts} --seeds {len(results.seeds)}"
    )
    ours, truth, correlation = results.agent_seconds[0]
    return f"""# Cost against the truth

`{command}`: years of
simulated centers with all named effects. What the lines mean and what follows from them: [docs/cost.md](../../docs/cost.md).

![Cost per contact by queue and reason, and from the truth to the ledger](../../docs/cost.svg)

Amounts in GBP. The truth knows agents' pay with on-costs, what outsourcers are paid, and carriers; methods are compared in these
parts. Handled contacts of closed months, {results.judged_contacts:,} in the first center. "Off by" is the mean absolute error;
groups weigh as much as their contacts. Bottom-up and averages spread the true total of each month.

Agents' time first: {ours / 3600:,.0f} hours on contacts from the bottom up, {truth / 3600:,.0f} by the truth, correlation over contacts
{correlation:.4f}.

## Own agents' minutes bear breaks, sickness and leave

The truth with what own agents are paid for time in which nobody could reach them, spread evenly over their seconds: what the
bottom-up cost is meant to say.

{methods_table(results, LOADED)}

### By queue, first center

{groups_table(results, "queue")}

### By reason, first center

{groups_table(results, "reason")}

## Minutes at the straight hourly rate

The truth as the simulator writes it: nobody pays for breaks.

{methods_table(results, STRAIGHT)}

## With shares of pools

What the truth does not know: overtime premium, technology, supervision, planning, quality, licences, rent, head office. Cost in full beside
averages that spread the same total (fct_cost_comparison), first center.

{full_table(results, "queue")}

## From the truth to the ledger

{bridge_table(results)}

## What stays open of outsourcers' invoices

First center, closed months.

{outsourcers_table(results)}

## Other centers

Centers that differ from the first one in one thing.

{scenarios_table(results)}
"""


def pounds(amount: float) -> str:
    """Return an amount with two decimals; what rounds to nothing has no sign."""
    return f"{round(amount, 2) + 0.0:,.2f}"


def mean(values: Iterable[float]) -> float:
    """Return the mean of some values."""
    listed = list(values)
    return sum(listed) / len(listed)


def _correlation(values: Iterable[float | None]) -> str:
    known = [value for value in values if value is not None]
    return f"{round(mean(known), 2) + 0.0:.2f}" if known else "–"


# How it is drawn.

TRUTH, BOTTOM_UP = "#111111", "#1f5fa8"
_COLORS = {OURS.label: BOTTOM_UP, "average per minute": "#c8502f", "average per contact": "#7d8590"}
_SHAPES = {OURS.label: "circle", "average per minute": "diamond", "average per contact": "cross"}
_WIDTH, _LABELS, _ROW = 520, 310, 24
_DRAWN: tuple[Method, ...] = (OURS, *AVERAGES[:2])


def draw(results: Results) -> alt.VConcatChart:
    """Draw what a contact costs by queue and by reason, by each method and truly, and what leads from it to the ledger."""
    chart: alt.VConcatChart = (
        alt.vconcat(
            _groups_chart(results, "queue", has_legend=True),
            _groups_chart(results, "reason", has_legend=False),
            _bridge_chart(results),
            spacing=30,
        )
        .configure(font="Helvetica, Arial, sans-serif")
        .configure_view(stroke=None)
        .configure_axis(labelFontSize=12, domain=False, tickColor="#cccccc", gridColor="#eeeeee")
        .configure_title(
            fontSize=15, anchor="start", frame="bounds", subtitleFontSize=12, subtitleColor="#555555"
        )
    )
    return chart


def _edge() -> alt.Axis:
    """Return a vertical axis as wide as every other one, so that the charts stand below each other."""
    return alt.Axis(
        labelFontSize=12, labelLimit=_LABELS, minExtent=_LABELS, maxExtent=_LABELS, ticks=False, title=None
    )


def _groups_chart(results: Results, name: str, *, has_legend: bool) -> alt.LayerChart | alt.FacetChart:
    groups = results.groups[name]
    rows: list[dict[str, Any]] = [
        {
            "group": group.name,
            "method": method.label,
            "amount": group.amounts[method.name],
            "truth": group.truth,
        }
        for group in groups
        for method in reversed(_DRAWN)
    ]
    y = alt.Y("group:N").sort([group.name for group in groups]).axis(_edge())
    legend = alt.Legend(orient="top", title=None, labelFontSize=12, symbolSize=110) if has_legend else None
    labels = [method.label for method in _DRAWN]
    base = alt.Chart(pa.Table.from_pylist(rows), width=_WIDTH, height=_ROW * len(groups)).encode(y=y)
    largest = max(float(row[column]) for row in rows for column in ("amount", "truth"))
    scale = alt.Scale(domain=[0, largest * 1.05], nice=False)
    points = base.mark_point(size=90, filled=True, opacity=0.95).encode(
        x=alt.X("amount:Q").scale(scale).axis(format=".2f", title=None, tickCount=6),
        color=alt.Color("method:N")
        .scale(domain=labels, range=[_COLORS[one] for one in labels])
        .legend(legend),
        shape=alt.Shape("method:N")
        .scale(domain=labels, range=[_SHAPES[one] for one in labels])
        .legend(legend),
    )
    truth = base.mark_tick(thickness=3, size=20, color=TRUTH, opacity=1).encode(
        x=alt.X("truth:Q").scale(scale)
    )
    return alt.layer(truth, points).properties(
        title=alt.Title(
            f"What does a contact cost, by {name}?",
            subtitle="GBP for agents, outsourcers and carriers; black: the truth; averages spread the same total",
        )
    )


def _bridge_chart(results: Results) -> alt.LayerChart | alt.FacetChart:
    rows: list[dict[str, Any]] = []
    total = 0.0
    for number, (name, _) in enumerate(results.bridges[0]):
        part = mean(bridge[number][1] for bridge in results.bridges)
        rows.append(
            {
                "step": name,
                "start": total,
                "end": total + part,
                "amount": pounds(part),
                "is_contact": total == 0,
            }
        )
        total += part
    rows.append(
        {
            "step": "ledger over handled contacts",
            "start": 0.0,
            "end": total,
            "amount": pounds(total),
            "is_contact": False,
        }
    )
    for row in rows[1:-1]:
        row["is_contact"] = rows.index(row) <= [one["step"] for one in rows].index(SHARES_OF_POOLS)
    y = alt.Y("step:N").sort([str(row["step"]) for row in rows]).axis(_edge())
    base = alt.Chart(pa.Table.from_pylist(rows), width=_WIDTH, height=_ROW * len(rows)).encode(y=y)
    scale = alt.Scale(domain=[0, total * 1.1], nice=False)
    bars = base.mark_bar(size=15).encode(
        x=alt.X("start:Q").scale(scale).axis(format=".0f", title=None, tickCount=6),
        x2="end:Q",
        color=alt.condition("datum.is_contact", alt.value(BOTTOM_UP), alt.value("#b6bcc4")),
    )
    texts = base.mark_text(align="left", dx=5, fontSize=12).encode(
        x=alt.X("end:Q").scale(scale), text="amount:N"
    )
    return alt.layer(bars, texts).properties(
        title=alt.Title(
            "From what a contact truly cost to the ledger",
            subtitle="GBP per handled contact; blue: what the bottom-up cost of the contact holds",
        )
    )


def write(results: Results) -> None:
    """Write the page of results, the tables of the documentation, and the picture."""
    RESULTS.write_text(report(results), "utf-8")
    page = PAGE.read_text("utf-8")
    tables = {
        "against the truth": methods_table(results, LOADED),
        "straight rate": methods_table(results, STRAIGHT),
        "cost in full": full_table(results, "queue"),
        "from the truth to the ledger": bridge_table(results),
        "invoices": outsourcers_table(results),
        "other centers": scenarios_table(results),
    }
    for name, table in tables.items():
        before, rest = page.split(MARK.replace("resolution", "cost").format(name))
        after = rest.split(END.format(name))[1]
        page = (
            f"{before}{MARK.replace('resolution', 'cost').format(name)}\n{table}\n{END.format(name)}{after}"
        )
    PAGE.write_text(page, "utf-8")
    draw(results).save(PICTURE)


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--contacts", type=int, default=50_000, help="contact records of a center (default: 50,000)"
    )
    parser.add_argument("--seeds", type=int, default=3, help="equally likely centers (default: 3)")
    arguments = parser.parse_args()
    results = run(arguments.contacts, arguments.seeds)
    write(results)
    print(report(results))


if __name__ == "__main__":
    main()
