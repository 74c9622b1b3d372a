"""First contact resolution and true deflection against the truth of a small simulated center: the benchmark
resolution_against_truth.py in small, with what must come out of it.
"""

from __future__ import annotations

import math
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import builds
import duckdb
import pytest
from click.testing import CliRunner
from resolution_against_truth import (
    DEGRADED_FROM,
    LOOKS_COMPLETE,
    MARTS,
    STOPPED_DAYS,
    WITHOUT_WATERMARK,
    published_without_calls,
    stop_the_telephone_feed,
)
from truth_comparison import DEFLECTION, FCR, SUBJECTS, Comparison, Judged, Subject

from cx_metrics.cli import main
from cx_metrics.semantic_layer import semantic_layer
from cx_metrics.simulator import simulate

CONTACTS, DAYS = 14_000, 320
"""Enough days after the one on which the bot's model gets worse."""


def built(folder: Path, data: Path) -> Path:
    def land(database: Path) -> None:
        result = CliRunner().invoke(main, ["load", str(data), "--database", str(database), "--quiet"])
        assert result.exit_code == 0, result.output

    return builds.build_landed(folder, land, select=" ".join(f"+{mart}" for mart in MARTS))


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("truth") / "data"
    simulate(folder, contacts=CONTACTS, days=DAYS)
    return folder


@pytest.fixture(scope="module")
def database(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(tmp_path_factory.mktemp("center"), data)


@pytest.fixture(scope="module")
def center(database: Path, data: Path) -> Iterator[Comparison]:
    comparison = Comparison(database, data)
    yield comparison
    comparison.close()


@pytest.fixture(scope="module")
def judged(center: Comparison) -> dict[str, dict[str, Judged]]:
    return {subject.name: center.all_judged(subject) for subject in SUBJECTS}


def test_what_is_compared_is_what_is_published(database: Path, judged: dict[str, dict[str, Judged]]) -> None:
    with semantic_layer(database=database, target_path=builds.target_path()) as layer:
        compared = 0
        for subject in SUBJECTS:
            for method in subject.methods:
                if method.metric:
                    ((published,),) = [row.values() for row in layer.query([method.metric]).to_pylist()]
                    assert math.isclose(published, judged[subject.name][method.name].value), method.metric
                    compared += 1
    assert compared == 4


def test_every_row_has_its_truth(center: Comparison) -> None:
    assert center.rows("select count(*) from attempts where found_session_count <> session_count") == [(0,)]
    ((contacts, with_truth),) = center.rows(
        "select count(*), count(first_contacts.contact_id) from marts.fct_first_contact_resolution as judged "
        "left join first_contacts on judged.contact_id = first_contacts.contact_id "
        "where judged.is_headline and judged.is_mature"
    )
    assert contacts == with_truth > 4000
    # what an agent of the first line settled and what the simulator's own count of first attempts says lie close together
    ((simulated,),) = center.rows(
        "select avg(is_resolved::int) from truth_contacts where attempt = 0 and is_resolved is not null"
    )
    ours, share, every, share_of_every = center.representative()
    assert 4000 < ours < every
    assert abs(share - share_of_every) < 0.02
    assert abs(share - simulated) < 0.15


def nearer_to_the_truth(subject: Subject, found: dict[str, Judged], names: set[str]) -> None:
    ours = found[subject.ours.name]
    for name in names:
        assert abs(ours.off) < abs(found[name].off), name
        assert ours.wrong < found[name].wrong, name


def test_first_contact_resolution_is_nearer_to_the_truth_than_short_cuts(
    judged: dict[str, dict[str, Judged]],
) -> None:
    found = judged[FCR.name]
    nearer_to_the_truth(
        FCR, found, {"agents_tick", "same_channel", "repeats_only", "one_day", "unidentified", "open_windows"}
    )
    # these come out near the truth for the wrong contacts: those who never called again make up for those who called about something else
    for name in ("any_reason", "thirty_days"):
        assert found["ours"].wrong < found[name].wrong, name
    assert found["any_reason"].wrong > 1.3 * found["ours"].wrong
    assert 0 < found["ours"].off < 0.10
    assert found["ours"].wrong < 0.12


def test_true_deflection_is_nearer_to_the_truth_than_short_cuts(judged: dict[str, dict[str, Judged]]) -> None:
    found = judged[DEFLECTION.name]
    nearer_to_the_truth(DEFLECTION, found, {"contained", "claimed", "claimed_no_return", "assumed_counts"})
    # the claim is nearly twice the truth, the project's own rate errs on the other side and by less
    assert found["claimed"].value > 1.5 * found["claimed"].truth
    assert -0.10 < found["ours"].off < 0
    # once evidence is asked for, how long nobody returned hardly matters in this world
    for name in ("evidence", "same_channel", "one_day"):
        assert abs(found["ours"].wrong - found[name].wrong) < 0.01, name


def test_the_gap_is_explained_to_the_last_contact(
    center: Comparison, judged: dict[str, dict[str, Judged]]
) -> None:
    for subject in SUBJECTS:
        gap = center.reasons_of_the_gap(subject)
        assert math.isclose(sum(gap.values()), judged[subject.name]["ours"].off, abs_tol=1e-9)
        largest = max(gap, key=lambda cause: abs(gap[cause]))
        assert abs(gap[largest]) > 0.6 * sum(abs(part) for part in gap.values())
        assert (
            largest
            == {
                FCR.name: "not settled, and the customer gave up",
                DEFLECTION.name: "settled, and nothing shows it",
            }[subject.name]
        )


def test_a_worse_model_moves_the_durable_rate_and_not_the_claim(center: Comparison) -> None:
    changes = {}
    for method in DEFLECTION.methods:
        before = center.judged(DEFLECTION, method, f"business_date < date '{DEGRADED_FROM}'")
        after = center.judged(DEFLECTION, method, f"business_date >= date '{DEGRADED_FROM}'")
        if before and after:
            changes[method.name] = after.value - before.value
            changes["truth"] = after.truth - before.truth if method is DEFLECTION.ours else changes["truth"]
    assert changes["truth"] < -0.08
    assert changes["ours"] < -0.06
    assert abs(changes["claimed"]) < 0.5 * abs(changes["ours"])
    assert abs(changes["contained"]) < 0.5 * abs(changes["ours"])


def test_open_windows_are_not_judged(center: Comparison) -> None:
    for subject in SUBJECTS:
        open_windows = next(method for method in subject.methods if method.name == "open_windows")
        assert center.judged(subject, open_windows) is not None
    assert center.judged(FCR, FCR.ours, "is_newest and not is_mature") is None
    newest = center.rows(
        "select count(*) from attempts where is_newest and is_published and ended_at > (select extracted_at - interval 9 day from extract)"
    )
    assert newest == [(0,)]


def test_a_stopped_feed_is_not_published_as_success(data: Path, tmp_path: Path) -> None:
    folder = tmp_path / "stopped"
    stop_the_telephone_feed(data, folder)
    database = built(tmp_path / "built", folder)
    with duckdb.connect(str(database), read_only=True) as connection:
        ((as_of, extracted_at),) = connection.execute(
            "select (select as_of from intermediate.int_as_of where domain = 'resolution'), max(complete_through) "
            "from staging.stg_feed_watermarks"
        ).fetchall()
    assert as_of == extracted_at - timedelta(days=STOPPED_DAYS)
    comparison = Comparison(database, folder)
    try:
        assert published_without_calls(comparison) == 0
        naive = {
            method.name: comparison.judged(subject, method, LOOKS_COMPLETE)
            for subject, method in WITHOUT_WATERMARK
        }
        first_contacts, assumed = naive["first_contacts"], naive["assumed_counts"]
        assert first_contacts and assumed
        assert first_contacts.rows > 100 and first_contacts.off > 0.05
        assert assumed.rows > 100 and assumed.off > 0.10
    finally:
        comparison.close()
    shutil.rmtree(folder)
