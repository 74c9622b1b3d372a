"""Satisfaction of those who answered next to what everybody would have said: how biased is it, and what does weighting do?

    python benchmarks/survey_bias_against_truth.py

Simulates centers, builds each, and holds the rates of fct_survey_representation, as answered and with channels weighted by their
contacts, against truth/surveys: the score that each invited customer would have given. The truth of a month weights channels by
their contacts, with everybody's score in place of the answers. Writes results/survey_bias_against_truth.md.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import duckdb
from measuring import table_row
from resolution_against_truth import build_marts

from cx_metrics.simulator import simulate

PROJECT = Path(__file__).resolve().parent.parent
RESULTS = PROJECT / "benchmarks" / "results" / "survey_bias_against_truth.md"
QUESTION = "q_satisfaction"

ASKED = """
    create temp table asked as
    select
        date_trunc('month', contacts.business_date) as month_start_date,
        contacts.channel,
        truth.score_if_asked >= questions.positive_min as is_positive,
        truth.answers
    from '{data}/truth/surveys.parquet' as truth
    left join intermediate.int_contact_links as links on truth.contact_id = links.contact_record_id
    inner join marts.fct_contacts as contacts on coalesce(links.contact_id, truth.contact_id) = contacts.contact_id
    inner join '{data}/survey_questions.parquet' as questions using (question_id)
    where
        truth.question_id = '{question}'
        and contacts.exclusion_reason is null
        and contacts.is_handled
"""

BY_MONTH = """
    with true_channels as (
        select month_start_date, channel, avg(is_positive::int) as true_rate
        from asked
        group by all
    ),

    truths as (
        select
            shown.month_start_date,
            sum(shown.handled_contact_count * true_channels.true_rate) / sum(shown.handled_contact_count) as true_rate
        from marts.fct_survey_representation as shown
        inner join true_channels using (month_start_date, channel)
        where shown.question_id = '{question}' and shown.answer_count > 0
        group by all
    )

    select
        shown.answer_count,
        cast(shown.positive_rate as double),
        cast(shown.weighted_positive_rate as double),
        truths.true_rate
    from marts.fct_survey_representation as shown
    inner join truths using (month_start_date)
    where shown.question_id = '{question}' and shown.channel = 'all'
    order by month_start_date
"""

BY_CHANNEL = """
    select
        channel,
        count(*),
        avg(answers::int),
        avg(is_positive::int),
        avg(is_positive::int) filter (where answers)
    from asked
    group by channel
    order by channel
"""


class Month(NamedTuple):
    """One month of a center: answers, the rate as answered, the weighted one, and the truth."""

    answers: int
    answered: float
    weighted: float
    truth: float


class Channel(NamedTuple):
    """One channel of a center over all months."""

    name: str
    asked: int
    response_rate: float
    truth: float
    answered: float


def measured(folder: Path, contacts: int, seed: int) -> tuple[list[Month], list[Channel]]:
    """Simulate and build one center, and return its months and channels."""
    data = folder / "data"
    simulate(data, contacts=contacts, seed=seed)
    database = build_marts(folder, data, ["fct_survey_representation"])
    with duckdb.connect(str(database), read_only=True) as connection:
        connection.execute(ASKED.format(data=data, question=QUESTION))
        months = connection.execute(BY_MONTH.format(question=QUESTION)).fetchall()
        channels = connection.execute(BY_CHANNEL).fetchall()
    return [Month(*row) for row in months], [Channel(*row) for row in channels]


def report(contacts: int, centers: Sequence[tuple[list[Month], list[Channel]]]) -> str:
    """Return the page."""
    months = [month for found, _ in centers for month in found]
    lines = [
        "# Satisfaction of those who answered against the truth",
        "",
        f"{len(centers)} centers of {contacts:,} contacts, seeds 1 to {len(centers)}"
        " (`python benchmarks/survey_bias_against_truth.py`): a year of simulated centers",
        f"each. The truth is the share of satisfied customers had everybody who was asked answered (`{QUESTION}`), channels weighted"
        " by their",
        f"contacts. {len(months)} months with {statistics.mean(month.answers for month in months):,.0f} answers on average.",
        "",
        "| rate of a month | mean difference from the truth | mean absolute difference | closer to the truth |",
        "|---|---:|---:|---:|",
    ]
    answered = [100 * (month.answered - month.truth) for month in months]
    weighted = [100 * (month.weighted - month.truth) for month in months]
    for name, one, other in (
        ("as answered (`positive_rate`)", answered, weighted),
        ("channels weighted (`weighted_positive_rate`)", weighted, answered),
    ):
        closer = sum(abs(mine) < abs(theirs) for mine, theirs in zip(one, other, strict=True))
        lines.append(
            table_row(
                (
                    name,
                    f"{statistics.mean(one):+.2f} points (standard error {statistics.stdev(one) / len(one) ** 0.5:.2f})",
                    f"{statistics.mean(abs(value) for value in one):.2f} points",
                    f"{closer} months",
                )
            )
        )
    lines += [
        "",
        "What is left after weighting is within channels: there the satisfied answer more often or less often than the others, and no",
        "weight by channel can mend that.",
        "",
        "| channel | asked | answered | satisfied, of all asked | satisfied, of those who answered |",
        "|---|---:|---:|---:|---:|",
    ]
    by_name: dict[str, list[Channel]] = {}
    for _, channels in centers:
        for channel in channels:
            by_name.setdefault(channel.name, []).append(channel)
    for name, same in sorted(by_name.items()):
        asked = sum(one.asked for one in same)
        answers = sum(one.asked * one.response_rate for one in same)
        lines.append(
            table_row(
                (
                    name,
                    f"{asked:,}",
                    f"{100 * answers / asked:.1f} %",
                    f"{100 * sum(one.asked * one.truth for one in same) / asked:.1f} %",
                    f"{100 * sum(one.asked * one.response_rate * one.answered for one in same) / answers:.1f} %",
                )
            )
        )
    return "\n".join(lines) + "\n"


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--contacts", type=int, default=50_000, help="contacts of each center in a year")
    parser.add_argument("--seeds", type=int, default=5, help="centers")
    parser.add_argument("--out", type=Path, default=RESULTS, help="the page that is written")
    arguments = parser.parse_args()
    centers = []
    for seed in range(1, arguments.seeds + 1):
        with tempfile.TemporaryDirectory(prefix="cx_metrics_") as scratch:
            centers.append(measured(Path(scratch), arguments.contacts, seed))
        print(f"seed {seed}: done", flush=True)
    arguments.out.write_text(report(arguments.contacts, centers), encoding="utf-8")


if __name__ == "__main__":
    main()
