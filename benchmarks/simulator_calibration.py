"""The simulated center next to published figures, and the picture of its arrivals.

    python benchmarks/simulator_calibration.py

Simulates a year at two sizes, measures it with plain SQL on the raw tables (not with the models, which it is
there to test), writes the table into docs/simulator.md between its two marks, and draws docs/arrivals.svg.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import altair as alt
import duckdb

from cx_metrics.simulator import simulate

PROJECT = Path(__file__).resolve().parent.parent
PAGE = PROJECT / "docs" / "simulator.md"
PICTURE = PROJECT / "docs" / "arrivals.svg"
BEGIN, END = "<!-- calibration: made by benchmarks/simulator_calibration.py -->", "<!-- calibration ends -->"
SIZES = (50_000, 200_000)


@dataclass(frozen=True)
class Measure:
    """One figure: how it is measured, how it is written, and what has been published about it."""

    name: str
    query: str
    form: str
    published: str


PER_CENT, SECONDS, POUNDS, POINTS = "{:.1%}", "{:.0f} s", "£{:.2f}", "{:+.0f}"

MEASURES = (
    Measure(
        "abandoned, of contacts that entered a live queue, without those under 5 s",
        """
        select count(*) filter (not answered and waited > 5) / count(*) filter (answered or waited > 5)
        from (
            select
                contact_id, bool_or(kind = 'talk') as answered,
                sum(epoch(s.ended_at) - epoch(s.started_at)) filter (kind = 'queue') as waited
            from contact_segments s join contacts c using (contact_id)
            where c.channel in ('voice', 'chat') and direction = 'inbound' and not coalesce(callback_accepted, false)
            group by contact_id having bool_or(kind = 'queue')
        )
        """,
        PER_CENT,
        "5.7 % in ICMI's worked example [S01]; about 20 % at the bank of 1999 (Brown et al. 2005)",
    ),
    Measure(
        "handle time of a call",
        """
        select sum(epoch(s.ended_at) - epoch(s.started_at)) / count(distinct coalesce(initial_contact_id, contact_id))
        from contact_segments s join contacts c using (contact_id)
        where kind in ('talk', 'hold', 'wrap') and channel = 'voice' and direction = 'inbound'
        """,
        SECONDS,
        "about six minutes, weak provenance [S62, S63]; 185 s at the bank of 1999",
    ),
    Measure(
        "occupancy",
        """
        select
            sum(epoch(ended_at) - epoch(started_at)) filter (state = 'contact')
            / sum(epoch(ended_at) - epoch(started_at)) filter (state in ('contact', 'available'))
        from agent_states
        """,
        PER_CENT,
        "48 to 87 %, mean 70.6 % [S61]; 83 % across the industry, not above 90 % [S04]",
    ),
    Measure(
        "settled at the first contact (truth)",
        "select avg(is_resolved::int) from truth_contacts where attempt = 0 and is_resolved is not null",
        PER_CENT,
        "41 to 94 %, mean 74 % [S36b]; 70 to 79 % is good [S37]; methods differ more than centers",
    ),
    Measure(
        "settled at the first contact, as customers say in the survey",
        "select avg(score) from survey_answers join survey_questions using (question_id) "
        "where instrument = 'first_contact_resolved'",
        PER_CENT,
        "67 % on average once [S37b]; 70 to 79 % is good [S37]",
    ),
    Measure(
        "contacts with another one for the same reason within 7 days",
        """
        select avg(coalesce(next_at <= ended_at + interval 7 day, false)::int)
        from (
            select ended_at, lead(started_at) over (partition by customer_id, reason_l2 order by started_at) as next_at
            from contacts join reasons using (reason_code)
            where direction = 'inbound' and customer_id like 'CU%' and initial_contact_id is null and channel <> 'self_service'
        )
        where ended_at < (select max(ended_at) - interval 7 day from contacts)
        """,
        PER_CENT,
        "below 10 % healthy, above 20 % systemic, one consultancy's view [S33f]",
    ),
    Measure(
        "bot sessions that the vendor calls resolved",
        "select avg(coalesce(vendor_outcome in ('resolved', 'assumed_resolved'), false)::int) from bot_sessions where not is_test",
        PER_CENT,
        "45 to 53 % in production [S46d], 59 and 67 % [S46b, S46c]: interested parties",
    ),
    Measure(
        "bot sessions that settled the matter (truth)",
        "select avg(is_truly_resolved::int) from truth_bot_sessions",
        PER_CENT,
        'self-service: 48.1 % "success", 23.4 % "deflection" [S47]',
    ),
    Measure(
        "CSAT, 4 and 5 of 5",
        "select avg((score >= 4)::int) from survey_answers where question_id = 'q_satisfaction' and score is not null",
        PER_CENT,
        "69 % in Delighted's own example [S64]",
    ),
    Measure(
        "NPS about the company",
        """
        select 100 * (avg((score >= 9)::int) - avg((score <= 6)::int))
        from survey_answers join survey_questions using (question_id)
        where instrument = 'nps' and is_relationship and scale_min = 0
        """,
        POINTS,
        "average firm about 5 to 10, an old figure [S71]",
    ),
    Measure(
        "CES, 5 to 7 of 7",
        "select avg((score >= 5)::int) from survey_answers join survey_questions using (question_id) "
        "where instrument = 'ces' and scale_max = 7 and score is not null",
        PER_CENT,
        "none found; Gartner counts 5 to 7 [S73]",
    ),
    Measure(
        "answers of delivered invitations",
        "select (select count(distinct invitation_id) from survey_answers) / count(*) filter (was_delivered) from survey_invitations",
        PER_CENT,
        "quality templates warn below 10 % [S90]",
    ),
    Measure(
        "agents who left within the year, of those there at its start and hired since, by head and year",
        """
        select
            count(*) filter (left_on is not null and leave_kind <> 'season_end') * 365.0
            / sum(date_diff('day', greatest(effective_from, date '2024-01-01'), least(coalesce(effective_to, until), until)))
        from agents, (select max(started_at)::date as until from contacts)
        where role = 'agent' and coalesce(effective_to, until) > date '2024-01-01'
        """,
        PER_CENT,
        "15 to 30 % [S52]; 30 to 45 % median, outsourcers 56 % and more [S55c, S55d]",
    ),
    Measure(
        "cost per handled contact, ledger in scope, January to November",
        """
        select
            (
                select sum(amount * case currency when 'GBP' then 1 when 'USD' then 0.79 else 0.86 end)
                from ledger_entries join ledger_accounts using (account_id)
                where is_in_scope and period_month < date '2024-12-01'
            )
            / (
                select count(distinct coalesce(initial_contact_id, contact_id)) from contacts
                where
                    started_at < timestamp '2024-12-01' and direction = 'inbound'
                    and contact_id in (select contact_id from contact_segments where kind in ('talk', 'message'))
            )
        """,
        POUNDS,
        "calls $5.25 to 8.01, e-mail $4.42, chat $3.82 [S103, S104]; small shops $8 and more [S105]",
    ),
    Measure(
        "subscriptions that ended within the year, of those at its start",
        """
        select
            (select count(*) from subscription_events where kind = 'end' and occurred_at >= timestamp '2024-01-01')
            / (select count(*) from subscriptions where started_on < date '2024-01-01')
        """,
        PER_CENT,
        "no neutral figure; offers accepted in 15 to 40 % of cancellations [S95]",
    ),
)


def connect(folder: Path) -> duckdb.DuckDBPyConnection:
    """Open a simulated folder: its tables as views, those of the truth with a prefix."""
    connection = duckdb.connect()
    for path in sorted(folder.rglob("*.parquet")):
        prefix = "truth_" if path.parent.name == "truth" else ""
        connection.execute(f"create view {prefix}{path.stem} as from '{path}'")
    return connection


def measured(connection: duckdb.DuckDBPyConnection) -> dict[str, float]:
    """Return the value of every measure."""
    found = {}
    for measure in MEASURES:
        row = connection.execute(measure.query).fetchone()
        assert row is not None
        found[measure.name] = float(row[0])
    return found


def table(values: list[dict[str, float]]) -> str:
    """Return the Markdown table."""
    sizes = " | ".join(f"{size:,} contacts" for size in SIZES)
    lines = [f"| | {sizes} | published |", "|---|" + "---:|" * len(SIZES) + "---|"]
    for measure in MEASURES:
        cells = " | ".join(measure.form.format(one[measure.name]) for one in values)
        lines.append(f"| {measure.name} | {cells} | {measure.published} |")
    return "\n".join(lines)


def draw(connection: duckdb.DuckDBPyConnection) -> None:
    """Draw arrivals per half hour over the local week, by channel."""
    rows = connection.execute(
        """
        select
            channel,
            (isodow(local) - 1) * 24 + hour(local) + minute(local) // 30 * 0.5 as hour_of_week,
            count(*) / (select date_diff('week', min(started_at), max(started_at)) from contacts) as contacts
        from (
            select c.channel, timezone(coalesce(q.timezone, 'Europe/London'), timezone('UTC', c.started_at)) as local
            from contacts c left join queues q using (queue_id) where direction = 'inbound' and initial_contact_id is null
        )
        group by all order by all
        """
    ).fetch_df()
    days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    chart = (
        alt.Chart(rows, width=860, height=260, title="Arrivals per half hour of the local week")
        .mark_area()
        .encode(
            x=alt.X("hour_of_week:Q")
            .scale(domain=[0, 168])
            .axis(values=list(range(0, 169, 24)), labelExpr=f"{days}[datum.value / 24]", title=None),
            y=alt.Y("contacts:Q").stack("zero").title("contacts per half hour, mean of the year"),
            color=alt.Color("channel:N").scale(scheme="tableau10").title(None),
        )
    )
    chart.save(PICTURE)


def main() -> None:
    """Simulate, measure, write and draw."""
    values = []
    for size in SIZES:
        with tempfile.TemporaryDirectory(prefix="cx_metrics_") as scratch:
            folder = Path(scratch) / "center"
            simulate(folder, contacts=size)
            connection = connect(folder)
            values.append(measured(connection))
            if size == SIZES[-1]:
                draw(connection)
            connection.close()
    page = PAGE.read_text("utf-8")
    before, rest = page.split(BEGIN)
    after = rest.split(END)[1]
    PAGE.write_text(f"{before}{BEGIN}\n{table(values)}\n{END}{after}", "utf-8")
    print(table(values))


if __name__ == "__main__":
    main()
