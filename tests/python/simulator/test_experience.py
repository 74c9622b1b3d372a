"""Experience and quality: feelings follow from causes, surveys and audits from feelings, each with its own losses."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from simulated import Warehouse

from cx_metrics.contract import load_contract
from cx_metrics.simulator import domains, run, simulate
from cx_metrics.simulator.experience import experience, responses, sentiment, social, surveys
from cx_metrics.simulator.quality import audits, form_items, quality
from cx_metrics.simulator.workforce import coaching

CONTRACT = load_contract()
SCHEMAS = surveys.SCHEMAS | sentiment.SCHEMAS | social.SCHEMAS | quality.SCHEMAS | coaching.SCHEMAS
TRUTH = experience.TRUTH_SCHEMAS | surveys.TRUTH_SCHEMAS | quality.TRUTH_SCHEMAS
SINCE = {
    "survey_invitations": "sent_at",
    "survey_answers": "updated_at",
    "contact_sentiment": "scored_at",
    "social_mentions": "posted_at",
    "qa_evaluations": "updated_at",
    "coaching_sessions": "held_at",
    "agent_feedback": "asked_at",
}
"""When the last thing known about a row happened."""


def only_experience(folder: Path, **arguments: Any) -> Warehouse:
    """Simulate with the domains that follow from how contacts felt, and no others."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run, "domains_of", domains.experience_domains)
        return Warehouse(folder, simulate(folder, **arguments))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("experience")


@pytest.fixture(scope="module")
def center(folder: Path) -> Iterator[Warehouse]:
    yield only_experience(folder / "center", contacts=12_000, days=210)


@pytest.fixture(scope="module")
def plain(folder: Path) -> Iterator[Warehouse]:
    """The same center for a while, without the three effects on experience."""
    without = ("quality_items", "vendor_quality_gap", "response_bias")
    yield only_experience(folder / "plain", customers=8_700, days=60, without=without)


@pytest.fixture(scope="module")
def same(folder: Path) -> Iterator[Warehouse]:
    yield only_experience(folder / "same", customers=8_700, days=60)


@pytest.fixture(scope="module")
def dirty(folder: Path) -> Iterator[Warehouse]:
    yield only_experience(folder / "dirty", customers=8_700, days=60, defects=0.08)


# The contract


@pytest.mark.parametrize("table", sorted(SCHEMAS))
def test_columns_and_keys_are_those_of_the_contract(center: Warehouse, table: str) -> None:
    known = CONTRACT[table]
    assert SCHEMAS[table].names == [column.name for column in known.columns]
    assert center.summary.rows[table] > 0
    for column in known.columns:
        if column.required:
            assert center.one(f"select count(*) from {table} where {column.name} is null") == 0
        if column.accepted_values:
            allowed = ", ".join(f"'{value}'" for value in column.accepted_values)
            center.none(f"select * from {table} where {column.name} not in ({allowed})")
    key = ", ".join(known.key)
    center.none(f"select {key} from {table} group by {key} having count(*) > 1")


@pytest.mark.parametrize(
    ("table", "column", "target", "other"),
    [
        ("survey_invitations", "contact_id", "contacts", "contact_id"),
        ("survey_invitations", "customer_id", "customers", "customer_id"),
        ("survey_answers", "contact_id", "contacts", "contact_id"),
        ("survey_answers", "customer_id", "customers", "customer_id"),
        ("survey_answers", "invitation_id", "survey_invitations", "invitation_id"),
        ("survey_answers", "question_id", "survey_questions", "question_id"),
        ("survey_answers", "product_line_id", "product_lines", "product_line_id"),
        ("contact_sentiment", "contact_id", "contacts", "contact_id"),
        ("qa_evaluations", "contact_id", "contacts", "contact_id"),
        ("qa_evaluations", "agent_id", "agents", "agent_id"),
        ("qa_evaluations", "evaluator_id", "agents", "agent_id"),
        ("qa_answers", "evaluation_id", "qa_evaluations", "evaluation_id"),
        ("qa_answers", "item_id", "qa_form_items", "item_id"),
        ("coaching_sessions", "agent_id", "agents", "agent_id"),
        ("coaching_sessions", "coach_id", "agents", "agent_id"),
        ("agent_feedback", "agent_id", "agents", "agent_id"),
        ("truth_contacts", "contact_id", "contacts", "contact_id"),
        ("truth_surveys", "invitation_id", "survey_invitations", "invitation_id"),
        ("truth_qa_answers", "evaluation_id", "qa_evaluations", "evaluation_id"),
    ],
)
def test_references_hold(center: Warehouse, table: str, column: str, target: str, other: str) -> None:
    center.none(f"select {column} from {table} where {column} not in (select {other} from {target})")


def test_only_what_happened_before_the_extract_is_known(center: Warehouse) -> None:
    until = center.summary.complete_through.replace(tzinfo=None)
    for table, column in SINCE.items():
        assert center.one(f"select max({column}) from {table}") <= until
    assert center.one("select max(answered_at) from survey_answers") <= until


def test_tests_spam_and_unknown_customers_are_left_alone(center: Warehouse) -> None:
    for table in ("survey_invitations", "contact_sentiment", "qa_evaluations"):
        center.none(
            f"select * from {table} join contacts using (contact_id) where is_test or source_exclusion is not null"
        )
    center.none(
        "select * from survey_invitations i join contacts c using (contact_id) "
        "where c.customer_id is distinct from i.customer_id"
    )
    center.none("select * from survey_invitations where customer_id is null")


def test_every_finished_record_has_a_truth(center: Warehouse) -> None:
    center.none(
        "select contact_id from contacts where ended_at is not null "
        "and contact_id not in (select contact_id from truth_contacts)"
    )
    center.none(
        "select * from truth_contacts where satisfaction not between 1 and 5 or effort not between 1 and 5"
    )
    center.none("select contact_id from truth_contacts group by 1 having count(*) > 1")


# Repeatable


def hashes(folder: Path) -> dict[str, str]:
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.rglob("*.parquet"))
    }


def test_the_same_arguments_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        only_experience(tmp_path / name, contacts=900, days=16, defects=0.1)
    assert hashes(tmp_path / "a") == hashes(tmp_path / "b")


def test_a_prefix_of_days_is_the_same(tmp_path: Path, same: Warehouse) -> None:
    short = only_experience(tmp_path / "short", customers=8_700, days=36)
    until = f"timestamp '{short.summary.complete_through:%Y-%m-%d %H:%M:%S}'"
    both = duckdb.connect()

    def rows(query: str) -> list[tuple[Any, ...]]:
        return both.sql(query).fetchall()

    for table in (*SCHEMAS, *TRUTH):
        both.execute(f"create or replace view short as from '{short.folder}/{table}.parquet'")
        both.execute(f"create or replace view long as from '{same.folder}/{table}.parquet'")
        if table == "qa_answers":
            # Answers change with a dispute that is settled after the extract, and the evaluation says so.
            late = (
                f"select evaluation_id from '{same.folder}/qa_evaluations.parquet' where updated_at > {until}"
            )
            assert rows(f"from short where evaluation_id not in ({late}) except from long") == []
            assert rows(f"select evaluation_id from short except from ({late})") != []
        elif table in SINCE:
            since, key = SINCE[table], ", ".join(CONTRACT[table].key)
            assert rows(f"select * from long where {since} <= {until} except from short") == [], table
            changed = "select * from short except from long"
            older = f"select * from ({changed}) s left join long l using ({key}) where l.{since} > s.{since}"
            assert len(rows(older)) == len(rows(changed)), table
        else:
            assert rows("from short except from long") == [], table


def test_one_day_writes_every_table(tmp_path: Path) -> None:
    day = only_experience(tmp_path / "day", contacts=60, days=1)
    assert set(SCHEMAS) | set(TRUTH) <= {
        *day.summary.rows,
        *(f"truth/{path.stem}" for path in (tmp_path / "day" / "truth").glob("*.parquet")),
    }


# Surveys


def test_invitations_follow_within_a_day_and_leave_a_month_of_rest(center: Warehouse) -> None:
    center.none(
        "select * from survey_invitations i join contacts c using (contact_id) "
        "where sent_at <= ended_at or sent_at > ended_at + interval 24 hour"
    )
    center.none(
        "select * from (select sent_at - lag(sent_at) over (partition by customer_id order by sent_at) as rest "
        "from survey_invitations) where rest < interval 30 day"
    )


def test_survey_rates_are_plausible(center: Warehouse) -> None:
    handled = center.one(
        "select count(distinct contact_id) from contacts join contact_segments using (contact_id) "
        "where direction = 'inbound' and kind in ('talk', 'message') and source_exclusion is null"
    )
    invited = center.one("select count(contact_id) from survey_invitations")
    assert 0.26 < invited / handled < 0.40
    answered = center.one(
        "select avg((invitation_id in (select invitation_id from survey_answers where invitation_id is not null))"
        "::int) from survey_invitations where was_delivered and contact_id is not null"
    )
    assert 0.14 < answered < 0.26
    csat = center.one(
        "select avg((score >= 4)::int) from survey_answers where question_id = 'q_satisfaction'"
    )
    assert 0.66 < csat < 0.84
    easy = center.one("select avg((score >= 5)::int) from survey_answers where question_id = 'q_easy'")
    assert 0.65 < easy < 0.88
    late = center.one(
        "select avg((answered_at > ended_at + interval 14 day)::int) from survey_answers "
        "join contacts using (contact_id)"
    )
    assert 0.005 < late < 0.06


def test_scores_stay_on_the_scale_of_their_question(center: Warehouse) -> None:
    center.none(
        "select * from survey_answers join survey_questions using (question_id) "
        "where score < scale_min or score > scale_max"
    )
    asked = {row[0] for row in center.all("select distinct question_id from survey_answers")}
    assert asked == {question for (question,) in center.all("select question_id from survey_questions")}
    center.none(
        "select * from survey_answers join survey_questions using (question_id) "
        "where is_relationship and contact_id is not null"
    )


def test_surveys_are_partial_revised_and_answered_twice(center: Warehouse) -> None:
    questions = dict(center.all("select response_id, count(*) from survey_answers group by 1"))
    assert min(questions.values()) == 1 and max(questions.values()) >= 5
    assert center.one("select count(*) from survey_answers where score is null") > 0
    assert (
        center.one("select count(*) from survey_answers where updated_at > answered_at + interval 1 hour") > 0
    )
    assert (
        center.one(
            "select count(*) from (select invitation_id from survey_answers where invitation_id is not null "
            "group by 1 having count(distinct response_id) > 1)"
        )
        > 0
    )


def test_answers_are_what_the_truth_says(center: Warehouse) -> None:
    """An answer that was not changed later is the one that the truth foretells."""
    agree = center.one(
        "select avg((a.score = t.score_if_asked)::int) from survey_answers a "
        "join truth_surveys t using (invitation_id, question_id) where t.answers"
    )
    assert agree > 0.95
    correlation = center.one(
        "select corr(a.score, t.satisfaction) from survey_answers a join truth_contacts t using (contact_id) "
        "where question_id = 'q_satisfaction'"
    )
    assert correlation > 0.75


# Effects


def test_quality_items_move_satisfaction_only_with_the_effect(same: Warehouse, plain: Warehouse) -> None:
    assert plain.one("select count(*) from truth_qa_items where moves_satisfaction") == 0
    assert plain.one("select max(abs(quality_items_effect)) from truth_contacts") == 0
    assert same.all("select distinct satisfaction_effect from truth_qa_items where moves_satisfaction") == [
        (0.25,)
    ]
    assert same.one("select count(*) from truth_qa_items where moves_satisfaction") == 2 * 8
    spread, mean = same.one(
        "select stddev(quality_items_effect), avg(quality_items_effect) from truth_contacts"
    )
    assert 0.15 < spread < 0.30 and abs(mean) < 0.06


def test_effects_add_up_to_the_difference_of_the_two_worlds(same: Warehouse, plain: Warehouse) -> None:
    both = duckdb.connect()
    for name, warehouse in (("with_", same), ("without", plain)):
        both.execute(f"create view {name} as from '{warehouse.folder}/truth/contacts.parquet'")
    rows, off = both.sql(
        "select count(*), max(abs(a.satisfaction - b.satisfaction - a.vendor_gap_effect - a.quality_items_effect)) "
        "from with_ a join without b using (contact_id) where a.satisfaction between 1.0001 and 4.9999 "
        "and b.satisfaction between 1.0001 and 4.9999"
    ).fetchone() or (0, 1.0)
    assert rows > 1000 and off < 1e-3
    assert both.sql("select distinct vendor_gap_effect from with_ order by 1").fetchall() == [
        (-0.45,),
        (0.0,),
        (None,),
    ]


def test_the_outsourcer_with_the_gap_audits_itself_well(same: Warehouse, plain: Warehouse) -> None:
    score = (
        "select avg(points / max_points) from qa_answers join qa_evaluations using (evaluation_id) "
        "join contacts using (contact_id) where queue_id = 'q_us_voice' and sampling = 'random'"
    )
    assert same.one(score) > plain.one(score) + 0.01
    feeling = "select avg(satisfaction) from truth_contacts join contacts using (contact_id) where queue_id = 'q_us_voice'"
    assert same.one(feeling) < plain.one(feeling) - 0.2


def test_without_response_bias_everybody_is_as_likely_to_answer(same: Warehouse, plain: Warehouse) -> None:
    assert (
        plain.one("select count(distinct chance_to_answer) from truth_surveys where contact_id is not null")
        == 2
    )
    low, middle = same.one(
        "select avg(chance_to_answer) filter (satisfaction < 1.8), "
        "avg(chance_to_answer) filter (satisfaction between 2.8 and 3.2) "
        "from truth_surveys join truth_contacts using (contact_id)"
    )
    assert low > 1.25 * middle


# Sentiment and mentions


def test_each_engine_keeps_to_its_scale_and_breaks_with_its_model(center: Warehouse) -> None:
    center.none("select * from contact_sentiment where engine = 'contact_lens' and abs(mean_score) > 5")
    center.none("select * from contact_sentiment where engine = 'genesys' and abs(mean_score) > 100")
    versions = center.all(
        "select engine, engine_version, count(*) from contact_sentiment group by all order by all"
    )
    assert [row[:2] for row in versions] == [
        ("contact_lens", "2023-10"),
        ("contact_lens", "2024-06"),
        ("genesys", "v3"),
        ("genesys", "v4"),
    ]
    shift = center.one(
        "select avg(b.mean_score - a.mean_score) from contact_sentiment a join contact_sentiment b using (contact_id) "
        "where a.engine_version = '2023-10' and b.engine_version = '2024-06'"
    )
    assert 0.2 < shift < 0.5
    assert (
        center.one("select count(*) from contact_sentiment where engine_version = 'v3' and has_confusion")
        == 0
    )


def test_mentions_have_bots_reposts_and_a_new_search(center: Warehouse) -> None:
    assert center.one("select count(distinct query_version) from social_mentions") == 2
    assert 0.02 < center.one("select avg(is_bot::int) from social_mentions") < 0.12
    assert 0.08 < center.one("select avg(is_repost::int) from social_mentions") < 0.22
    assert {row[0] for row in center.all("select distinct stance from social_mentions")} == {
        "promote",
        "neutral",
        "detract",
        None,
    }


# Quality


def test_evaluations_judge_somebody_who_was_on_the_contact(center: Warehouse) -> None:
    center.none(
        "select * from qa_evaluations e where not exists (select * from contact_segments s "
        "where s.contact_id = e.contact_id and s.agent_id = e.agent_id)"
    )
    center.none("select * from qa_evaluations where evaluator_id = agent_id")
    center.none(
        "select * from qa_evaluations where evaluator_id not in "
        "(select agent_id from agents where role in ('supervisor', 'back_office'))"
    )


def test_answers_fit_the_form(center: Warehouse) -> None:
    center.none("select * from qa_answers where points > max_points or points < 0")
    center.none("select * from qa_answers where is_not_applicable and points is not null")
    center.none(
        "select evaluation_id from qa_evaluations left join qa_answers using (evaluation_id) group by 1 "
        f"having count(item_id) <> {len(form_items.ITEMS)} and any_value(status) <> 'draft'"
    )
    center.none("select * from qa_evaluations where (submitted_at is null) <> (status = 'draft')")
    assert {row[0] for row in center.all("select distinct form_version from qa_evaluations")} == {"1", "2"}
    assert center.one("select count(*) from qa_form_items where is_predicted_satisfaction") == 2


def test_calibrations_are_done_by_different_people(center: Warehouse) -> None:
    assert center.one("select count(*) from qa_evaluations where sampling = 'calibration'") > 5
    center.none(
        "select contact_id from qa_evaluations where sampling = 'calibration' group by 1 "
        "having count(*) > count(distinct evaluator_id)"
    )


def test_audits_and_surveys_meet_on_the_same_contacts(center: Warehouse) -> None:
    audited = center.one("select count(*) from qa_evaluations where sampling <> 'calibration'")
    pairs = center.one(
        "select count(*) from qa_evaluations join survey_answers using (contact_id) "
        "where question_id in ('q_satisfaction', 'q_rating') and sampling <> 'calibration'"
    )
    assert audited > 250 and pairs > 0.2 * audited


def test_items_that_matter_show_in_the_truth(center: Warehouse) -> None:
    rows = center.all(
        "select t.moves_satisfaction, regr_slope(c.satisfaction, a.was_done::int) from truth_qa_answers a "
        "join qa_evaluations e using (evaluation_id) join truth_contacts c using (contact_id) "
        "join truth_qa_items t using (form_id, form_version, item_id) "
        f"where sampling = 'random' and item_id <> '{form_items.ITEM_IDS[form_items.PREDICTION]}' group by 1 order by 1"
    )
    (_, idle), (_, moving) = rows
    assert moving > idle + 0.1


def test_auditors_mostly_see_what_was_done(center: Warehouse) -> None:
    agree = center.one(
        "select avg(((a.points = a.max_points) = t.was_done)::int) from qa_answers a "
        "join truth_qa_answers t using (evaluation_id, item_id) where a.points is not null"
    )
    assert 0.88 < agree < 0.99


def test_performance_depends_on_record_agent_and_item_alone(center: Warehouse) -> None:
    """Two audits of one conversation judge the same behaviour."""
    item = form_items.ITEM_IDS[form_items.PREDICTION]
    center.none(
        "select contact_id, agent_id, item_id from truth_qa_answers join qa_evaluations using (evaluation_id) "
        f"where item_id <> '{item}' group by all having count(distinct was_done) > 1"
    )


# Coaching and engagement


def test_coaching_covers_most_agents_and_engagement_is_on_its_scale(center: Warehouse) -> None:
    held, agents = center.one("select count(held_at), count(distinct agent_id) from coaching_sessions")
    asked = center.one("select count(*) from agent_feedback")
    assert 0.5 < held / asked < 1.3 and agents > 3
    center.none("select * from agent_feedback where engagement_score not between 0 and 100")
    assert 0.5 < center.one("select count(engagement_score) / count(*) from agent_feedback") < 0.9
    center.none("select * from coaching_sessions where agent_id = coach_id or minutes <= 0")


# Defects


def test_every_spoiled_row_is_listed_once(dirty: Warehouse) -> None:
    tables = ", ".join(f"'{name}'" for name in SCHEMAS)
    dirty.none(
        f'select "table", key from truth_defects where "table" in ({tables}) group by all having count(*) > 1'
    )
    found = {
        row[0] for row in dirty.all(f'select distinct defect from truth_defects where "table" in ({tables})')
    }
    expected = {*responses.DEFECTS, *sentiment.DEFECTS, *quality.DEFECTS, *quality.ANSWER_DEFECTS}
    assert expected <= found


def test_spoiled_answers_are_as_the_truth_describes_them(same: Warehouse, dirty: Warehouse) -> None:
    outside = {
        row[0]
        for row in dirty.all(
            "select distinct response_id || '|' || question_id from survey_answers "
            "join survey_questions using (question_id) where score < scale_min or score > scale_max"
        )
    }
    listed = {row[0] for row in dirty.all("select key from truth_defects where defect = 'wrong_scale'")}
    assert outside == listed != set()
    above = dirty.one("select count(*) from qa_answers where points > max_points")
    assert above == dirty.one("select count(*) from truth_defects where defect = 'points_above_maximum'") > 0
    # What nobody spoiled is as it is in the clean center.
    both = duckdb.connect()
    both.execute(f"create view clean as from '{same.folder}/survey_answers.parquet'")
    both.execute(f"create view spoiled as from '{dirty.folder}/survey_answers.parquet'")
    both.execute(f"create view listed as from '{dirty.folder}/truth/defects.parquet'")
    lost = both.sql(
        "select count(*) from (select * from clean except select * from spoiled) "
        "where response_id || '|' || question_id not in (select key from listed where \"table\" = 'survey_answers')"
    ).fetchone()
    assert lost == (0,)


def test_audits_are_spread_as_the_constants_say(center: Warehouse) -> None:
    weeks = center.one(
        "select count(*) from (select distinct s.agent_id, date_trunc('week', c.started_at) from contact_segments s "
        "join contacts c using (contact_id) where s.kind in ('talk', 'message') and direction = 'inbound')"
    )
    random = center.one("select count(*) from qa_evaluations where sampling = 'random'")
    most = audits.RANDOM_PER_WEEK + audits.MATCHED_PER_WEEK
    assert 0.5 * audits.RANDOM_PER_WEEK < random / weeks < 1.1 * most
