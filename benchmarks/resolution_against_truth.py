"""First contact resolution and true deflection next to the truth, and next to the usual short cuts.

    python benchmarks/resolution_against_truth.py

Simulates centers, loads and builds them, and holds every first contact about a matter, and every attempt with a bot,
against truth/: whether it settled the matter. Beside the project's own judgement stand those of the short cuts, on
the same contacts (truth_comparison.py). Writes results/resolution_against_truth.md, the tables of docs/resolution.md
between their marks, and the picture docs/resolution.svg.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Literal

import altair as alt
import duckdb
import pyarrow as pa
from measuring import table_row
from truth_comparison import DEFLECTION, FCR, SUBJECTS, Comparison, Judged, Method, Subject

from cx_metrics.simulator import simulate
from cx_metrics.simulator.effects import EFFECTS
from cx_metrics.simulator.settings import CONTACTS_PER_CUSTOMER_YEAR

PROJECT = Path(__file__).resolve().parent.parent
RESULTS = PROJECT / "benchmarks" / "results" / "resolution_against_truth.md"
PAGE = PROJECT / "docs" / "resolution.md"
PICTURE = PROJECT / "docs" / "resolution.svg"
MARK, END = "<!-- {}: made by benchmarks/resolution_against_truth.py -->", "<!-- {} ends -->"

MARTS = (
    "fct_first_contact_resolution",
    "fct_contact_repeats",
    "fct_bot_attempts",
    "fct_survey_answers",
    "dim_reason",
)
"""What has to be built."""

FIRST_DAY = date(2024, 1, 1)
DEGRADED_FROM = FIRST_DAY + timedelta(days=EFFECTS["bot_degradation"].since or 0)
STOPPED_DAYS = 30
"""How long before the extract the telephone feed stops, in the scenario in which it does."""


def scenarios(contacts: int) -> dict[str, dict[str, Any]]:
    """Return centers that differ from the first one in one thing: what the simulator is asked for, by their name."""
    return {
        "the bot's model stays as it was": {"without": ("bot_degradation",)},
        "customers call three times as often": {
            "customers": max(50, round(contacts / CONTACTS_PER_CUSTOMER_YEAR / 3))
        },
        "2 % of rows spoiled, 5 % late": {"defects": 0.02, "late": 0.05},
    }


def simulate_and_build(folder: Path, **arguments: Any) -> Comparison:
    """Simulate a center into a folder, load and build it there, and hold it against its truth."""
    data = folder / "data"
    simulate(data, **arguments)
    return build(folder, data)


def build(folder: Path, data: Path) -> Comparison:
    """Load and build the raw tables of a simulated folder, and hold them against their truth."""
    return Comparison(build_marts(folder, data, MARTS), data)


def build_marts(folder: Path, data: Path, marts: Iterable[str]) -> Path:
    """Load the raw tables of a simulated folder, build marts and all that they need, and return the database."""
    database = folder / "warehouse.duckdb"
    environment = {**os.environ, "CX_DATABASE": str(database)}
    scripts = Path(sys.executable).parent
    places = ["--target-path", str(folder / "target"), "--log-path", str(folder / "logs")]
    needed = [f"+{mart}" for mart in marts]
    _run([str(scripts / "cxm"), "load", str(data), "--quiet"], environment)
    _run(
        [
            *(
                str(scripts / "dbt"),
                "build",
                "--quiet",
                "--resource-type",
                "seed",
                "--resource-type",
                "model",
            ),
            *("--select", *needed, "resource_type:seed", *places),
        ],
        environment,
    )
    return database


def stop_the_telephone_feed(data: Path, out: Path) -> None:
    """Copy a simulated folder as if calls had stopped to arrive some days before the extract, and the feed said so."""
    shutil.copytree(data, out)
    connection = duckdb.connect()
    ((stopped_at,),) = connection.execute(
        f"select max(complete_through) - interval {STOPPED_DAYS} day from '{data}/feed_watermarks.parquet'"
    ).fetchall()
    lost = f"select contact_id from '{data}/contacts.parquet' where channel = 'voice' and updated_at > timestamp '{stopped_at}'"
    for table in ("contacts", "contact_segments"):
        connection.execute(
            f"copy (from '{data}/{table}.parquet' where contact_id not in ({lost})) to '{out}/{table}.parquet' (format parquet)"
        )
    connection.execute(
        f"copy (from '{data}/feed_watermarks.parquet' union all by name "
        f"select 'voice' as feed, timestamp '{stopped_at}' as complete_through) to '{out}/feed_watermarks.parquet' (format parquet)"
    )


LOOKS_COMPLETE = f"""
    ended_at > (select extracted_at - interval {STOPPED_DAYS} day from extract)
    and matures_at <= (select extracted_at from extract)
    and channel <> 'voice'
"""
"""What is over by the clock of the other feeds, of the days for which calls are missing."""

WITHOUT_WATERMARK = (
    (
        FCR,
        Method(
            "first_contacts",
            "first contact resolution: no repeat was seen",
            "outcome in ('resolved', 'pending')",
            rows="is_identified and is_eligible and outcome <> 'exited'",
        ),
    ),
    (
        DEFLECTION,
        Method(
            "assumed_counts",
            "deflection: silence counts as evidence, and no return was seen",
            "is_contained and not is_abandoned and evidence_class is not null and not coalesce(is_returned, false)",
            rows="true",
        ),
    ),
    (
        DEFLECTION,
        Method(
            "evidence",
            "deflection: evidence, and no return was seen",
            "is_resolved and not coalesce(is_returned, false)",
            rows="true",
        ),
    ),
)
"""How those days are judged where nobody looks at the watermark of the telephone."""


def published_without_calls(comparison: Comparison) -> int:
    """Return how many contacts and attempts of the days without calls the project's own metrics judge."""
    counts = [comparison.judged(subject, subject.ours, LOOKS_COMPLETE) for subject in SUBJECTS]
    return sum(one.rows for one in counts if one is not None)


def _run(command: Sequence[str], environment: dict[str, str]) -> None:
    """Run a command; raise CalledProcessError, with its output shown, where it fails."""
    done = subprocess.run(
        command, cwd=PROJECT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
    )
    if done.returncode:
        sys.stderr.write(done.stdout.decode(errors="replace"))
        done.check_returncode()


@dataclass(frozen=True)
class Results:
    """Everything that is reported. ``seeds`` are equally likely centers, one entry each; the others are one center."""

    contacts: int
    seeds: list[dict[str, dict[str, Judged]]]
    gaps: dict[str, list[dict[str, float]]]
    months: list[list[tuple[date, float, float, float, float]]]
    representative: list[tuple[int, float, int, float]]
    spared_agents: list[float]
    scenarios: dict[str, dict[str, dict[str, Judged]]]
    after_degradation: dict[str, tuple[Judged, Judged]]
    published_without_calls: int
    without_watermark: dict[str, Judged]


def run(contacts: int, seeds: int) -> Results:
    """Simulate, build and judge every center, one after the other."""
    found: list[dict[str, dict[str, Judged]]] = []
    gaps: dict[str, list[dict[str, float]]] = {subject.name: [] for subject in SUBJECTS}
    months, representative, spared = [], [], []
    since = f"business_date >= date '{DEGRADED_FROM}'"
    degraded: dict[str, Judged] = {}
    healthy: dict[str, Judged] = {}
    others: dict[str, dict[str, dict[str, Judged]]] = {}
    with tempfile.TemporaryDirectory(prefix="cx_metrics_") as scratch:
        for seed in range(1, seeds + 1):
            folder = Path(scratch) / f"seed{seed}"
            comparison = simulate_and_build(folder, contacts=contacts, seed=seed)
            found.append({subject.name: comparison.all_judged(subject) for subject in SUBJECTS})
            for subject in SUBJECTS:
                gaps[subject.name].append(comparison.reasons_of_the_gap(subject))
            months.append(comparison.by_month())
            representative.append(comparison.representative())
            spared.append(comparison.spared_agents())
            if seed == 1:
                degraded = _after(comparison, since)
                stop_the_telephone_feed(folder / "data", Path(scratch) / "stopped" / "data")
            comparison.close()
            print(f"seed {seed}: done", flush=True)
        for name, arguments in scenarios(contacts).items():
            comparison = simulate_and_build(Path(scratch) / name.split()[-1], contacts=contacts, **arguments)
            others[name] = {subject.name: comparison.all_judged(subject) for subject in SUBJECTS}
            if "without" in arguments:
                healthy = _after(comparison, since)
            comparison.close()
            print(f"{name}: done", flush=True)
        comparison = build(Path(scratch) / "stopped", Path(scratch) / "stopped" / "data")
        stopped = {}
        for subject, method in WITHOUT_WATERMARK:
            one = comparison.judged(subject, method, LOOKS_COMPLETE)
            assert one is not None, "the center is too small for a stopped feed"
            stopped[method.label] = one
        published = published_without_calls(comparison)
        comparison.close()
    pairs = {name: (healthy[name], degraded[name]) for name in healthy if name in degraded}
    return Results(contacts, found, gaps, months, representative, spared, others, pairs, published, stopped)


def _after(comparison: Comparison, since: str) -> dict[str, Judged]:
    judged = {method.name: comparison.judged(DEFLECTION, method, since) for method in DEFLECTION.methods}
    return {name: one for name, one in judged.items() if one is not None}


# How it is written.


def methods_table(results: Results, subject: Subject) -> str:
    """Return the methods of a subject next to the truth, averaged over the seeds."""
    last = "correlation over reasons" if subject is FCR else "when the model got worse"
    lines = [
        table_row(
            (
                "settled is …",
                "rate",
                "truth",
                "off by, points",
                f"over {len(results.seeds)} centers",
                "judged wrongly",
                last,
            )
        ),
        "|---|" + "---:|" * 6,
    ]
    for method in in_order(results, subject):
        judged = [seed[subject.name][method.name] for seed in results.seeds]
        offs = sorted(one.off for one in judged)
        if subject is FCR:
            known = [one.correlation for one in judged if one.correlation is not None]
            closing = f"{mean(known):.2f}" if known else "–"
        else:
            without, with_it = results.after_degradation[method.name]
            closing = points(with_it.value - without.value)
        cells = (
            f"`{method.label}`" if method is subject.ours else method.label,
            f"{mean(one.value for one in judged):.1%}",
            f"{mean(one.truth for one in judged):.1%}",
            points(mean(offs)),
            f"{points(offs[0])} to {points(offs[-1])}",
            f"{mean(one.wrong for one in judged):.1%}",
            closing,
        )
        lines.append(table_row(f"**{cell}**" if method is subject.ours else cell for cell in cells))
    if subject is DEFLECTION:
        without, with_it = results.after_degradation[subject.ours.name]
        lines.append(table_row(("the truth", *("" for _ in range(5)), points(with_it.truth - without.truth))))
    return "\n".join(lines)


def gap_table(results: Results, subject: Subject) -> str:
    """Return what the project's own rate and the truth differ by, averaged over the seeds, the largest cause first."""
    gaps = results.gaps[subject.name]
    causes = {cause: mean(gap.get(cause, 0.0) for gap in gaps) for gap in gaps for cause in gap}
    lines = [f"| {subject.title}: cause | points |", "|---|---:|"]
    for cause, part in sorted(causes.items(), key=lambda item: (-abs(item[1]), item[0])):
        lines.append(table_row((cause, points(part, 2))))
    lines.append(
        table_row((f"**`{subject.ours.label}` minus the truth**", f"**{points(sum(causes.values()), 2)}**"))
    )
    return "\n".join(lines)


def scenarios_table(results: Results) -> str:
    """Return by how much some methods are off in centers that differ from the first one in one thing."""
    shown = {
        FCR: ("ours", "agents_tick", "same_channel", "any_reason"),
        DEFLECTION: ("ours", "assumed_counts", "contained", "claimed"),
    }
    centers = {"as it comes": results.seeds[0], **results.scenarios}
    lines = [table_row(("off by, points", *centers)), "|---|" + "---:|" * len(centers)]
    for subject, names in shown.items():
        for method in (method for method in subject.methods if method.name in names):
            offs = (points(judged[subject.name][method.name].off) for judged in centers.values())
            label = f"`{method.label}`" if method is subject.ours else method.label
            lines.append(table_row((label, *offs)))
    return "\n".join(lines)


def stopped_table(results: Results) -> str:
    """Return what is made of the days for which calls are missing."""
    lines = [
        "| nobody looks at the watermark | rate | truth | off by, points | judged |",
        "|---|---:|---:|---:|---:|",
    ]
    for label, one in results.without_watermark.items():
        lines.append(
            table_row((label, f"{one.value:.1%}", f"{one.truth:.1%}", points(one.off), f"{one.rows:,}"))
        )
    lines.append(
        table_row(
            ("`fcr_rate`, `true_deflection_rate`", "–", "–", "–", f"{results.published_without_calls:,}")
        )
    )
    return "\n".join(lines)


def in_order(results: Results, subject: Subject) -> list[Method]:
    """Return the methods that judged something in every center, by how rightly they judged, the best first; those that
    judge other rows than the project's own metric come last, for they are held against another truth.
    """
    shown = [
        method
        for method in subject.methods
        if all(method.name in seed[subject.name] for seed in results.seeds)
    ]
    return sorted(
        shown,
        key=lambda method: (
            method.rows != subject.ours.rows,
            mean(seed[subject.name][method.name].wrong for seed in results.seeds),
        ),
    )


def report(results: Results) -> str:
    """Return the page of results."""
    judged, share, every, share_of_every = results.representative[0]
    command = f"python benchmarks/resolution_against_truth.py --contacts {results.contacts} --seeds {len(results.seeds)}"
    return f"""# Resolution and deflection against the truth

`{command}`: years of simulated
centers with all named effects. What the lines mean and what follows from them: [docs/resolution.md](../../docs/resolution.md).

## First contact resolution

{methods_table(results, FCR)}

Last column: correlation of the rate with the true one over reasons. The first center has {judged:,} first contacts that are judged,
and {share:.1%} of them were settled; of all {every:,}, customers and reasons that nobody recorded included, {share_of_every:.1%} were.

{gap_table(results, FCR)}

## True deflection

{methods_table(results, DEFLECTION)}

Last column: points by which the rate changes from {DEGRADED_FROM:%d %B %Y} on where the bot's model gets worse, against the same center
where it does not. Settled, and an agent spared: {mean(results.spared_agents):.1%} of eligible attempts.

{gap_table(results, DEFLECTION)}

## Other centers

Centers that differ from the first one in one thing.

{scenarios_table(results)}

## The telephone feed stops

Calls of the last {STOPPED_DAYS} days are missing, and the feed's watermark says so. First contacts and attempts outside the
telephone whose windows are over by the clock of the other feeds:

{stopped_table(results)}
"""


def points(share: float, digits: int = 1) -> str:
    """Return a difference of shares in points with its sign; what rounds to nothing has none."""
    rounded = round(100 * share, digits)
    return f"{rounded:+.{digits}f}" if rounded else f"{0:.{digits}f}"


def mean(values: Iterable[float]) -> float:
    """Return the mean of some values."""
    listed = list(values)
    return sum(listed) / len(listed)


# How it is drawn.

OURS, SHORT_CUT, TRUTH, CLAIM = "#1f5fa8", "#7d8590", "#111111", "#c8502f"
_WIDTH, _LABELS, _ROW, _BARS = 430, 350, 24, 150


def draw(results: Results) -> alt.VConcatChart:
    """Draw each method from the truth to its rate with the share that it judges wrongly, and how the rates of deflection
    follow a model that gets worse.
    """
    chart: alt.VConcatChart = (
        alt.vconcat(
            *(_methods_chart(results, subject) for subject in SUBJECTS), _months_chart(results), spacing=30
        )
        .configure(font="Helvetica, Arial, sans-serif")
        .configure_view(stroke=None)
        .configure_axis(labelFontSize=12, domain=False, tickColor="#cccccc", gridColor="#eeeeee")
        .configure_title(
            fontSize=15, anchor="start", frame="bounds", subtitleFontSize=12, subtitleColor="#555555"
        )
    )
    return chart


def _edge(**more: Any) -> alt.Axis:
    """Return a vertical axis as wide as every other one, so that the charts stand below each other."""
    return alt.Axis(
        labelFontSize=12, labelLimit=_LABELS, minExtent=_LABELS, maxExtent=_LABELS, ticks=False, **more
    )


def _methods_chart(results: Results, subject: Subject) -> alt.HConcatChart:
    rows: list[dict[str, Any]] = []
    for method in in_order(results, subject):
        judged = [seed[subject.name][method.name] for seed in results.seeds]
        wrong = mean(one.wrong for one in judged)
        rows.append(
            {
                "method": method.label,
                "truth": mean(one.truth for one in judged),
                "rate": mean(one.value for one in judged),
                "off": points(mean(one.off for one in judged)),
                "wrong": wrong,
                "wrong_share": f"{wrong:.0%}",
                "is_ours": method is subject.ours,
            }
        )
    height = _ROW * len(rows)
    rates = [row[name] for row in rows for name in ("rate", "truth")]
    scale = alt.Scale(domain=[min(rates) - 0.06, max(rates) + 0.06], nice=False)
    is_ours = f"datum.value == '{subject.ours.label}'"
    labels = _edge(
        labelColor={"condition": {"test": is_ours, "value": OURS}, "value": "#333333"},
        labelFontWeight={"condition": {"test": is_ours, "value": "bold"}, "value": "normal"},
    )
    y = alt.Y("method:N").sort([row["method"] for row in rows]).title(None)
    color = alt.condition("datum.is_ours", alt.value(OURS), alt.value(SHORT_CUT))
    rate = alt.X("rate:Q").scale(scale).axis(format=".0%", title=None, tickCount=6)
    base = alt.Chart(pa.Table.from_pylist(rows), width=_WIDTH, height=height).encode(y=y.axis(labels))
    truth = alt.X("truth:Q").scale(scale)
    parts = [
        base.mark_rule(size=4, opacity=0.5).encode(x=truth, x2="rate:Q", color=color),
        base.mark_tick(thickness=4, size=20, color=TRUTH, opacity=1).encode(x=truth),
        base.mark_circle(size=120, opacity=1).encode(x=rate, color=color),
    ]
    sides: tuple[tuple[str, Literal["left", "right"], int], ...] = (
        ("datum.rate >= datum.truth", "left", 9),
        ("datum.rate < datum.truth", "right", -9),
    )
    for side, align, shift in sides:
        text = base.transform_filter(side).mark_text(align=align, dx=shift, fontSize=12, fontWeight="bold")
        parts.append(text.encode(x=rate, text="off:N", color=color))
    title = alt.Title(
        f"{subject.title}: how far is each method from the truth?",
        subtitle="black: the truth; dot: the rate; points between them",
    )
    bars = alt.Chart(pa.Table.from_pylist(rows), width=_BARS, height=height).encode(
        x=alt.X("wrong:Q").axis(None).scale(domain=[0, 0.3]), y=y.axis(None)
    )
    wrong = bars.mark_bar(size=13, opacity=0.6).encode(color=color) + bars.mark_text(
        align="left", dx=4, fontSize=12
    ).encode(text="wrong_share:N")
    return alt.hconcat(
        alt.layer(*parts).properties(title=title),
        wrong.properties(title=alt.Title("judged wrongly", fontSize=13, frame="group", offset=6)),
        spacing=24,
    )


def _months_chart(results: Results) -> alt.LayerChart | alt.FacetChart:
    names = ("truly settled", "true_deflection_rate", "contained", "resolved by the vendor's word")
    colors = (TRUTH, OURS, SHORT_CUT, CLAIM)
    rows: list[dict[str, Any]] = []
    for parts in zip(*results.months, strict=True):
        middle = parts[0][0].replace(day=15).isoformat()
        for number, name in enumerate(names, start=1):
            rows.append(
                {"day": middle, "name": name, "value": mean(float(str(part[number])) for part in parts)}
            )
    ends = sorted(rows[-len(names) :], key=lambda row: float(row["value"]))
    places: list[dict[str, Any]] = []
    for row in ends:
        lowest = places[-1]["value"] + 0.045 if places else 0.0
        places.append({**row, "value": max(float(row["value"]), lowest)})
    scale = alt.Scale(domain=list(names), range=list(colors))
    year = [day.isoformat() for day in (FIRST_DAY, FIRST_DAY.replace(month=12, day=31))]
    x = (
        alt.X("day:T")
        .axis(format="%b", title=None, grid=False, tickCount="month", labelAlign="left")
        .scale(domain=year)
    )
    y = alt.Y("value:Q").axis(_edge(format=".0%", title=None)).scale(domain=[0, 0.6])
    color = alt.Color("name:N").scale(scale).legend(None)
    lines = (
        alt.Chart(pa.Table.from_pylist(rows), width=_WIDTH, height=210)
        .mark_line(strokeWidth=3)
        .encode(x=x, y=y, color=color)
    )
    labels = alt.Chart(pa.Table.from_pylist(places)).mark_text(
        align="left", dx=8, fontSize=12, fontWeight="bold"
    )
    worse = alt.Chart(
        pa.Table.from_pylist([{"day": DEGRADED_FROM.isoformat(), "text": "the bot's model gets worse"}])
    )
    return alt.layer(
        lines,
        labels.encode(x=x, y=y, color=color, text="name:N"),
        worse.mark_rule(strokeDash=[4, 4], color="#555555").encode(x=x),
        worse.mark_text(align="left", dx=6, y=10, fontSize=12, color="#555555").encode(x=x, text="text:N"),
    ).properties(title="Deflection by month: the claim does not notice that the bot's model got worse")


def write(results: Results) -> None:
    """Write the page of results, the tables of the documentation, and the picture."""
    RESULTS.write_text(report(results), "utf-8")
    page = PAGE.read_text("utf-8")
    tables = {
        "first contact resolution": methods_table(results, FCR),
        "causes of the gap": f"{gap_table(results, FCR)}\n\n{gap_table(results, DEFLECTION)}",
        "true deflection": methods_table(results, DEFLECTION),
        "other centers": scenarios_table(results),
        "stopped feed": stopped_table(results),
    }
    for name, table in tables.items():
        before, rest = page.split(MARK.format(name))
        after = rest.split(END.format(name))[1]
        page = f"{before}{MARK.format(name)}\n{table}\n{END.format(name)}{after}"
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
