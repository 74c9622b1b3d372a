"""The queues of the simulator against queueing theory: Little's law, and the formulas of Erlang."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pytest

from cx_metrics.simulator import simulate
from cx_metrics.simulator.contacts import routing

LONG = 10**9


def served(arrivals: np.ndarray, work: np.ndarray, patience: np.ndarray, agents: int) -> routing.LiveLegs:
    """Run one queue around the clock with exponential work and patience, and nothing else going on."""
    rows = len(arrivals)
    draws = routing.LiveDraws(
        patience=patience.tolist(),
        ring=[0] * rows,
        mean=[1.0] * rows,
        noise=work.tolist(),
        hold=[0] * rows,
        wrap=[0] * rows,
        after=[routing.NOTHING] * rows,
        delay=[0] * rows,
        redial=[-1] * rows,
        takes_callback=[False] * rows,
        is_reached=[False] * rows,
        is_missed=[False] * rows,
    )
    crew = routing.Crew(list(range(agents)), [[(0, LONG)]] * agents, [1.0] * agents, [False] * agents)
    return routing.serve_live(
        arrivals.tolist(), draws, crew, closes=LONG, offer_after=LONG, offer_when=routing.NEVER
    )


def erlang_c(load: float, agents: int) -> float:
    blocked = 1.0
    for n in range(1, agents + 1):
        blocked = load * blocked / (n + load * blocked)
    return blocked / (1 - load / agents * (1 - blocked))


@pytest.mark.parametrize(("load", "agents"), [(4.0, 5), (8.0, 10), (2.0, 4)])
def test_patient_customers_wait_as_erlang_says(load: float, agents: int) -> None:
    rng = np.random.default_rng(5)
    rows, seconds = 30_000, 600.0
    arrivals = np.floor(np.cumsum(rng.exponential(seconds / load, rows))).astype(np.int64)
    work = np.maximum(8, rng.exponential(seconds, rows))
    legs = served(arrivals, work, np.full(rows, LONG), agents)
    waits = np.array(legs.exit) - np.array(legs.entered)
    share = erlang_c(load, agents)
    assert np.mean(waits > 0) == pytest.approx(share, abs=0.03)
    assert waits.mean() == pytest.approx(share * seconds / (agents - load), rel=0.15)


def test_impatient_customers_leave_as_the_balance_of_flows_says() -> None:
    """With exponential patience, as many leave as the number who wait times the rate at which each gives up."""
    rng = np.random.default_rng(6)
    rows, seconds, patience_mean, load, agents = 30_000, 600.0, 300.0, 6.0, 5
    arrivals = np.floor(np.cumsum(rng.exponential(seconds / load, rows))).astype(np.int64)
    work = np.maximum(8, rng.exponential(seconds, rows))
    patience = np.floor(rng.exponential(patience_mean, rows)).astype(np.int64)
    legs = served(arrivals, work, patience, agents)
    outcome = np.array(legs.outcome)
    waited = (np.array(legs.exit) - np.array(legs.entered)).sum()
    assert (outcome == routing.ABANDONED).sum() == pytest.approx(waited / patience_mean, rel=0.05)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out: Path = tmp_path_factory.mktemp("queues") / "center"
    simulate(out, contacts=60_000, days=60, scenario="plain")
    return out


def test_queues_obey_littles_law(folder: Path) -> None:
    """The number waiting, seen at moments that have nothing to do with the queue, is arrivals times wait."""
    rows = duckdb.sql(
        f"""
        with
            waits as (
                select queue_id, started_at, ended_at, epoch(ended_at) - epoch(started_at) as seconds
                from '{folder}/contact_segments.parquet'
                join '{folder}/queues.parquet' using (queue_id)
                where kind = 'queue' and channel in ('voice', 'chat') and ended_at is not null
            ),
            moments as (
                select unnest(generate_series(timestamp '2024-01-02 00:00:07', timestamp '2024-02-28', interval 61 second)) as moment
            ),
            seen as (select count(*) as number from waits join moments on moment >= started_at and moment < ended_at),
            queueing as (
                select count(*) as arrivals, avg(seconds) as mean_wait
                from waits where started_at between timestamp '2024-01-02' and timestamp '2024-02-28'
            )
        select number / (select count(*) from moments) as seen_at_random, arrivals / (57 * 86400.0) * mean_wait as by_law, number
        from seen, queueing
        """
    ).fetchall()
    seen, by_law, number = rows[0]
    assert number > 1500, "too few to judge"
    assert seen == pytest.approx(by_law, rel=4 / number**0.5)
