"""The save rate next to the truth, and next to what vendors make of the same episodes (M27).

    python benchmarks/saves_against_truth.py

Simulates centers in which some customers who say that they will leave never meant it (`needless_offers`), and the same centers
without them, builds fct_save_episodes, and holds every eligible stated wish against truth/saves: was the customer saved by the
offer, and still there at the horizon? Writes results/saves_against_truth.md.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import duckdb
from measuring import RESULTS, centers_of
from resolution_against_truth import build_marts

from cx_metrics.simulator import simulate

PAGE = RESULTS / "saves_against_truth.md"
SCENARIOS = {
    "some never meant to leave (as in the example)": (),
    "everybody meant it (`--without needless_offers`)": ("needless_offers",),
}

WISHES = """
    select
        count(*),
        count(*) filter (where truth.is_saved_by_offer and episodes.is_active_60d),
        count(*) filter (where episodes.is_saved_60d),
        count(*) filter (where episodes.is_saved_60d and truth.is_saved_by_offer),
        count(*) filter (where episodes.is_active_60d),
        count(*) filter (where episodes.session_result in ('accepted', 'paused', 'abandoned')),
        count(*) filter (where episodes.session_result in ('accepted', 'paused')),
        coalesce(sum(episodes.recurring_amount) filter (where truth.is_saved_by_offer and episodes.is_active_60d), 0)::double,
        coalesce(sum(episodes.saved_recurring_amount), 0)::double,
        coalesce(sum(episodes.recurring_amount) filter (where episodes.is_active_60d), 0)::double
    from marts.fct_save_episodes as episodes
    inner join '{data}/truth/saves.parquet' as truth
        on
            episodes.contact_id = truth.contact_id
            and coalesce(episodes.subscription_id, truth.subscription_id) = truth.subscription_id
    where
        episodes.is_eligible
        and episodes.entry_door = 'stated_cancel_intent'
        and episodes.is_saved_60d is not null
"""


class Center(NamedTuple):
    """The eligible stated wishes of one center."""

    wishes: int
    truly_saved: int
    saved: int
    saved_and_truly: int
    active: int
    not_cancelled: int
    accepted: int
    truly_saved_amount: float
    saved_amount: float
    active_amount: float


def measured(folder: Path, seed: int, *, contacts: int, without: Sequence[str]) -> Center:
    """Simulate and build one center, and count its wishes."""
    data = folder / "data"
    simulate(data, contacts=contacts, seed=seed, without=tuple(without))
    database = build_marts(folder, data, ["fct_save_episodes"])
    with duckdb.connect(str(database), read_only=True) as connection:
        (row,) = connection.execute(WISHES.format(data=data)).fetchall()
    return Center(*row)


def spread(values: Sequence[float], percent: bool = True) -> str:
    """Return the mean of values, and their range."""
    mean, low, high = (
        f"{100 * value:.1f} %" if percent else f"{value:,.0f}"
        for value in (statistics.mean(values), min(values), max(values))
    )
    return f"{mean} ({low} to {high})"


def section(name: str, centers: Sequence[Center]) -> list[str]:
    """Return the tables of one scenario."""
    rates = {
        "**truth: saved by the offer, and still there after 60 days**": [one.truly_saved for one in centers],
        "`save_rate` (durable, 60 days)": [one.saved for one in centers],
        "still there after 60 days, whatever the reason": [one.active for one in centers],
        "did not cancel at once": [one.not_cancelled for one in centers],
        "took something, a pause too": [one.accepted for one in centers],
    }
    lines = [
        f"## {name[0].upper()}{name[1:]}",
        "",
        f"{sum(one.wishes for one in centers):,} wishes in {len(centers)} centers.",
        "",
        "| of eligible stated wishes | mean (range over centers) |",
        "|---|---:|",
    ]
    for label, counts in rates.items():
        shares = [count / one.wishes for count, one in zip(counts, centers, strict=True)]
        lines.append(f"| {label} | {spread(shares)} |")
    amounts = {
        "**truth: at stake with those saved by the offer and still there**": [
            one.truly_saved_amount for one in centers
        ],
        "`saved_recurring_amount` (gross)": [one.saved_amount for one in centers],
        "of all who are still there": [one.active_amount for one in centers],
    }
    lines += ["", "| recurring amount a month | mean (range over centers) |", "|---|---:|"]
    lines += [f"| {label} | {spread(values, percent=False)} |" for label, values in amounts.items()]
    made_the_difference = [one.saved_and_truly / one.saved for one in centers if one.saved]
    lines += [
        "",
        f"Of the saves that we count, {spread(made_the_difference)} would have left without the offer; the seed `save_increments` assumes",
        "50 % (25 to 75 %), which `net_saved_amount` is weighed by.",
        "",
    ]
    return lines


def main() -> None:
    """Simulate, build, compare, and write the page."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--contacts", type=int, default=20_000, help="contact records of a center (20000)")
    parser.add_argument("--seeds", type=int, default=20, help="centers of each scenario (20)")
    chosen = parser.parse_args()
    lines = [
        "# Saves against the truth",
        "",
        f"`python benchmarks/saves_against_truth.py --contacts {chosen.contacts} --seeds {chosen.seeds}`: a year of simulated centers",
        "each, with and without customers who say that they will leave and never meant it. What the lines mean:",
        "[docs/retention.md](../../docs/retention.md).",
        "",
    ]
    for name, without in SCENARIOS.items():
        of_center = partial(measured, contacts=chosen.contacts, without=without)
        lines += section(name, centers_of(name, chosen.seeds, of_center))
    PAGE.write_text("\n".join(lines), encoding="utf-8")
    print(f"written: {PAGE}")


if __name__ == "__main__":
    main()
