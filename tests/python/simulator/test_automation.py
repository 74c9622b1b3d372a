"""Bots, technologies and investments: what platforms say about sessions and what became of them, what the meters
count, and what the investments brought."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from cx_metrics.contract import load_contract
from cx_metrics.simulator import world
from cx_metrics.simulator.automation import automation, bots, investments, sessions, technology
from cx_metrics.simulator.automation.automation import Automation
from cx_metrics.simulator.contacts.center import Center
from cx_metrics.simulator.contacts.demand import Demand
from cx_metrics.simulator.contacts.population import Population
from cx_metrics.simulator.contacts.records import Office
from cx_metrics.simulator.effects import EFFECTS
from cx_metrics.simulator.settings import WARM_UP_DAYS, Settings
from cx_metrics.simulator.workforce.workforce import Workforce

CONTRACT = load_contract()
SCHEMAS = automation.SCHEMAS | technology.SCHEMAS | investments.SCHEMAS
TRUTHS = automation.TRUTH_SCHEMAS | investments.TRUTH_SCHEMAS
YEAR = 250
"""Days of the long run: the degradation begins on day 200."""
Row = dict[str, Any]


@dataclass
class Books:
    """What the domain wrote, the contact ids that are in the table of contacts, and the domain itself."""

    settings: Settings
    domain: Automation
    contacts: set[str] = field(default_factory=set)
    tables: dict[str, pa.Table] = field(default_factory=dict)

    def rows(self, table: str) -> list[Row]:
        found: list[Row] = self.tables[table].to_pylist()
        return found

    def sql(self, query: str) -> list[tuple[Any, ...]]:
        connection = duckdb.connect()
        for name, table in self.tables.items():
            connection.register(name.replace("truth/", "truth_"), table)
        return connection.execute(query).fetchall()

    @property
    def known_until(self) -> datetime:
        return datetime(1970, 1, 1) + timedelta(seconds=self.settings.known_until)


@lru_cache(maxsize=8)
def books(
    days: int = YEAR,
    *,
    customers: int = 4000,
    scenario: str = "bot_degradation",
    dirt: float = 0.0,
    often: int = 9,
) -> Books:
    settings = _settings(days=days, customers=customers, scenario=scenario, dirt=dirt)
    population = Population(settings)
    demand = Demand(settings, population)
    office = Office(settings, population, demand, Workforce(settings, demand))
    center, domain = Center(office), Automation(office)
    made, parts = Books(settings, domain), []
    for number in range(-WARM_UP_DAYS, days):
        day = center.one_day(number)
        made.contacts |= {f"C{n:08d}" for n in day.records["number"][day.is_delivered].tolist()}
        domain.one_day(day)
        if number % often == 0 or number == days - 1:
            parts.append(domain.drain())
    parts.append(domain.close())
    for name in {name for part in parts for name in part}:
        made.tables[name] = pa.concat_tables([part[name] for part in parts if name in part])
    return made


def _settings(scenario: str, days: int = 20, customers: int = 4000, dirt: float = 0.0) -> Settings:
    return Settings.of(
        contacts=None,
        customers=customers,
        days=days,
        start=date(2024, 1, 1),
        seed=3,
        vendors=2,
        defects=dirt,
        late=0.0,
        file_format="parquet",
        scenario=scenario,
        without=(),
    )


@pytest.fixture(scope="module")
def year() -> Books:
    return books()


# The contract


@pytest.mark.parametrize("table", sorted(SCHEMAS))
def test_tables_keep_the_contract(year: Books, table: str) -> None:
    contract = CONTRACT[table]
    assert SCHEMAS[table].names == [column.name for column in contract.columns]
    written = year.tables[table]
    assert written.schema == SCHEMAS[table] and written.num_rows
    keys = [tuple(row[name] for name in contract.key) for row in written.to_pylist()]
    assert len(set(keys)) == len(keys)
    kinds = {"text": "string", "timestamp": "timestamp[us]", "date": "date32[day]", "boolean": "bool"}
    for column in contract.columns:
        values = written[column.name]
        assert not (column.required and values.null_count), column.name
        assert str(values.type) == kinds.get(column.data_type, {"integer": "int32"}.get(
            column.data_type, column.data_type.replace("decimal(", "decimal128(").replace(",", ", ")
        )), column.name  # fmt: skip
        if column.accepted_values:
            found = set(values.unique().to_pylist()) - {None}
            assert found and found <= set(column.accepted_values), column.name


@pytest.mark.parametrize("table", sorted(TRUTHS))
def test_the_truth_has_its_columns(year: Books, table: str) -> None:
    assert year.tables[table].schema == TRUTHS[table] and year.tables[table].num_rows


def test_references_hold(year: Books) -> None:
    sold, meters = year.rows("bot_sessions"), year.rows("technology_usage")
    customers = year.settings.customers * 2
    session_ids = {row["session_id"] for row in sold}
    technologies = {row["technology_id"] for row in year.rows("technologies")}
    for row in sold:
        assert row["contact_id"] is None or row["contact_id"] in year.contacts
        assert row["handed_off_contact_id"] in (None, row["contact_id"])
        assert row["reason_code"] is None or row["reason_code"] in world.REASON_CODES
        assert row["customer_id"] is None or int(row["customer_id"][2:]) < customers
        assert row["technology_id"] in technologies
    for row in meters:
        assert row["technology_id"] in technologies
        assert (row["session_id"] is None) != (row["contact_id"] is None)
        assert row["session_id"] is None or row["session_id"] in session_ids
        assert row["contact_id"] is None or row["contact_id"] in year.contacts
    assert {row["session_id"] for row in year.rows("truth/bot_sessions")} == session_ids
    cases = {row["investment_id"] for row in year.rows("investments")}
    assert {row["investment_id"] for row in year.rows("investment_cash_flows")} == cases
    assert {row["technology_id"] for row in year.rows("investments")} <= technologies


def test_every_use_has_a_price(year: Books) -> None:
    missing = year.sql(
        """select technology_id, unit from technology_usage as used where not exists (
               select 1 from technology_rates as rates where rates.technology_id = used.technology_id
                 and rates.unit = used.unit and rates.effective_from <= used.used_at::date)"""
    )
    assert missing == []
    changed = year.sql(
        "select count(distinct effective_from), count(distinct currency) from technology_rates"
    )
    assert changed == [(2, 3)]


# What is known when


def test_nothing_is_known_after_the_extract(year: Books) -> None:
    for row in year.rows("bot_sessions"):
        assert row["started_at"] <= row["ended_at"] < row["updated_at"] <= year.known_until
    assert max(row["used_at"] for row in year.rows("technology_usage")) <= year.known_until
    last = year.settings.day(year.settings.days - 1)
    for row in year.rows("investment_cash_flows"):
        assert row["scenario"] == "plan" or row["period_month"] + timedelta(days=31) <= last
    assert all(row["approved_on"] <= last for row in year.rows("investments"))


def test_more_days_only_add_days() -> None:
    short, long = books(33, customers=9000), books(52, customers=9000)
    for table in ("technology_usage", "truth/investments", "investments", "technology_rates"):
        early, late = ({tuple(row.values()) for row in made.rows(table)} for made in (short, long))
        if table == "technology_usage":
            late = {row for row in late if row[4] <= short.known_until}
            assert early == late and len(early) > 1000
        assert early <= late
    first, then = ({row["session_id"]: row for row in made.rows("bot_sessions")} for made in (short, long))
    truth, later = (
        {row["session_id"]: row for row in made.rows("truth/bot_sessions")} for made in (short, long)
    )
    assert len(first) > 500
    changed = 0
    for name, row in first.items():
        assert truth[name] == later[name]
        if then[name] == row:
            continue
        # An outcome that silence makes, or a review, was still to come.
        assert then[name]["updated_at"] > short.known_until > row["updated_at"]
        open_now = {"vendor_outcome", "evidence", "updated_at"}
        assert {key: value for key, value in row.items() if key not in open_now} == {
            key: value for key, value in then[name].items() if key not in open_now
        }
        assert row["vendor_outcome"] in (None, then[name]["vendor_outcome"])
        assert row["evidence"] in (None, then[name]["evidence"])
        changed += 1
    assert 0 < changed < 0.2 * len(first)
    # What the longer run has besides became known later.
    assert all(row["updated_at"] > short.known_until for name, row in then.items() if name not in first)
    flows = [
        {tuple(list(row.values())[:-1]) for row in made.rows("investment_cash_flows")}
        for made in (short, long)
    ]
    assert flows[0] < flows[1]


def test_the_same_arguments_give_the_same_rows_however_often_they_are_fetched() -> None:
    once, again = books(20, often=9), books(20, often=2)
    assert once.tables.keys() == again.tables.keys()
    for name, table in once.tables.items():
        assert table.equals(again.tables[name]), name


def test_a_tiny_center_has_all_tables() -> None:
    tiny = books(1, customers=1)
    assert set(tiny.tables) == set(SCHEMAS) | set(TRUTHS)


# Sessions


def test_all_kinds_of_sessions_occur(year: Books) -> None:
    for condition in (
        "is_test",
        "turns = 0",
        "customer_id is null",
        "contact_id is null and intent_signal = 'implicit'",
        "not is_in_scope",
        "is_in_scope is null",
        "handoff_requested and handed_off_contact_id is null and vendor_outcome <> 'handed_off'",
        "handed_off_contact_id is not null and vendor_outcome = 'handed_off'",
        "vendor_outcome = 'resolved' and evidence is null",
        "channel = 'voice'",
        "channel = 'messaging'",
        "channel = 'self_service'",
    ):
        ((found,),) = year.sql(f"select count(*) from bot_sessions where {condition}")
        assert found > 5, condition
    ((versions,),) = year.sql("select count(distinct model_version) from bot_sessions")
    assert versions >= 4


def test_rates_are_plausible(year: Books) -> None:
    ((contained, claimed, settled, proven, assisted, unknown),) = year.sql(
        """select avg((not handoff_requested)::int), avg((vendor_outcome like '%resolved'
                and vendor_outcome <> 'unresolved')::int), avg(is_truly_resolved::int),
              avg((evidence is not null)::int) filter (is_truly_resolved),
              avg(would_have_been_assisted::int) filter (is_truly_resolved), avg((customer_id is null)::int)
           from bot_sessions join truth_bot_sessions using (session_id)
           where not is_test and turns > 0 and started_at < timestamp '2024-07-19'"""
    )
    assert 0.45 < contained < 0.65
    assert 0.40 < claimed < 0.60
    assert 0.25 < settled < 0.38 < claimed
    assert 0.70 < proven < 0.90
    assert 0.30 < assisted < 0.60
    assert 0.10 < unknown < 0.30
    wrong = year.sql(
        """select count(*) from bot_sessions join truth_bot_sessions using (session_id)
           where is_truly_resolved and (handoff_requested or returned or turns = 0)"""
    )
    assert wrong == [(0,)]
    ((would, would_not),) = year.sql(
        """select avg(would_have_been_assisted::int) filter (intent_signal = 'explicit'),
               avg(would_have_been_assisted::int) filter (intent_signal = 'implicit')
           from bot_sessions join truth_bot_sessions using (session_id) where not is_test and turns > 0"""
    )
    assert would > 0.9 and 0.3 < would_not < 0.7


def test_some_customers_try_more_than_once_within_half_an_hour(year: Books) -> None:
    clusters = year.sql(
        """select tries, count(*) from (
               select need_id, count(*) as tries, max(gap) as widest from (
                   select need_id, started_at - lag(ended_at) over (partition by need_id order by started_at) as gap,
                       contact_id, technology_id from bot_sessions join truth_bot_sessions using (session_id)
                   where need_id is not null)
               group by need_id having widest <= interval 30 minute) group by tries order by tries"""
    )
    found = dict(clusters)
    assert found[2] > 50 and found[3] > 5


def test_a_session_before_an_unsettled_contact_was_not_the_end(year: Books) -> None:
    ((back, stay),) = year.sql(
        """select avg(returned::int) filter (not is_truly_resolved), avg(returned::int) filter (is_truly_resolved)
           from bot_sessions join truth_bot_sessions using (session_id)
           where contact_id is not null and not is_test"""
    )
    assert 0.55 < back < 0.80 and stay == 0


# Effects


def test_the_degradation_spoils_exactly_some_sessions_and_no_others() -> None:
    effect = EFFECTS["bot_degradation"]
    rows = 4000
    keys, reason = np.arange(rows) * 64, np.arange(rows) % len(world.REASONS)
    channel = np.full(rows, world.CHAT)
    on, off = (_settings(scenario) for scenario in ("bot_degradation", "plain"))
    for day in (10, 199, 200, 260):
        at = np.full(rows, on.period_start + day * 86400 + 5)
        with_it, otherwise = bots.settle(on, keys, channel, reason, at)
        without, same = bots.settle(off, keys, channel, reason, at)
        assert (otherwise == without).all() and (same == without).all()
        assert not (with_it & ~without).any()
        share = with_it.sum() / without.sum()
        assert share == 1 if day < 200 else abs(share - effect.size) < 0.04


def test_the_degradation_shows_in_the_truth_and_not_in_what_the_vendor_says(year: Books) -> None:
    query = """select avg(is_truly_resolved::int), avg((vendor_outcome in ('resolved', 'assumed_resolved'))::int),
                   avg(returned::int), avg((evidence is not null)::int)
               from bot_sessions join truth_bot_sessions using (session_id)
               where turns > 0 and not is_test and not handoff_requested
               group by started_at >= timestamp '2024-07-19' order by started_at >= timestamp '2024-07-19'"""
    before, after = year.sql(query)
    plain_before, plain_after = books(scenario="plain").sql(query)
    assert before == plain_before
    settled, claimed, returned, proven = range(4)
    assert 0.50 < after[settled] / plain_after[settled] < 0.70
    assert abs(after[claimed] - plain_after[claimed]) < 0.03
    assert after[returned] > plain_after[returned] + 0.04
    assert after[proven] < plain_after[proven] - 0.06
    assert 0.85 < plain_after[settled] / plain_before[settled] < 1.15


def test_assistance_shortens_the_talk_of_teams_that_have_it() -> None:
    on, off = _settings("agent_assist"), _settings("plain")
    for lane, since in technology.ASSISTED_SINCE.items():
        assert technology.talk_factor(on, lane, since) == 1 + EFFECTS["agent_assist"].size
        assert technology.talk_factor(on, lane, since - 1) == technology.talk_factor(off, lane, since) == 1.0
    assert technology.is_assisted(np.array([0, 5, -1]), 200).tolist() == [True, False, False]


# Meters


def test_tokens_grow_faster_than_turns(year: Books) -> None:
    tokens = dict(
        year.sql(
            """select turns, min(quantity) from technology_usage join bot_sessions using (session_id)
               where unit = 'token' group by turns"""
        )
    )
    assert tokens[8] > 2 * tokens[4] > 4 * tokens[2] > 0


def test_the_vendor_bills_what_it_claims(year: Books) -> None:
    ((billed, claimed),) = year.sql(
        """select (select count(*) from technology_usage where unit = 'resolution'), count(*) filter (
               vendor_outcome in ('resolved', 'assumed_resolved') and not is_test)
           from bot_sessions where technology_id = 'tech_messaging_bot'"""
    )
    assert billed == claimed > 50


def test_the_meters_add_up_to_the_cost(year: Books) -> None:
    prices: dict[tuple[str, str], list[Row]] = {}
    for row in sorted(year.rows("technology_rates"), key=lambda row: row["effective_from"]):
        prices.setdefault((row["technology_id"], row["unit"]), []).append(row)
    total: dict[tuple[str, int, str], Decimal] = {}
    for row in year.rows("technology_usage"):
        day = row["used_at"].date()
        price = [one for one in prices[row["technology_id"], row["unit"]] if one["effective_from"] <= day][-1]
        key = (f"{day:%Y-%m}", technology.TECHNOLOGY_IDS.index(row["technology_id"]), price["currency"])
        total[key] = total.get(key, Decimal(0)) + row["quantity"] * price["unit_cost"]
    spent: Mapping[tuple[str, int, str], int] = year.domain.technology.spent
    assert {key: amount * 10**12 for key, amount in total.items() if amount} == dict(spent)


# Investments


def test_plans_are_approved_once_and_for_two_years(year: Books) -> None:
    for case in year.rows("investments"):
        months = {
            row["period_month"]
            for row in year.rows("investment_cash_flows")
            if row["investment_id"] == case["investment_id"] and row["scenario"] == "plan"
        }
        assert len(months) == investments.PLANNED_MONTHS
        assert min(months) == case["approved_on"].replace(day=1)
    short = {tuple(row.values()) for row in books(33, customers=9000).rows("investment_cash_flows")}
    assert sum(row[2] == "plan" for row in short) > 100


def test_realised_benefits_are_the_true_ones(year: Books) -> None:
    truth = {
        (row["investment_id"], row["period_month"]): (row["cash_benefit"], row["true_benefit"])
        for row in year.rows("truth/investments")
    }
    found: dict[tuple[str, date], dict[str, Decimal]] = {}
    for row in year.rows("investment_cash_flows"):
        if row["scenario"] == "actual" and row["kind"] == "benefit":
            found.setdefault((row["investment_id"], row["period_month"]), {})[row["line"]] = row["amount"]
    assert len(found) > 20
    for key, lines in found.items():
        cash = lines[investments.CASH_LINE]
        assert (cash, cash + lines[investments.FREED_LINE]) == truth[key]
    states = {row["verification"] for row in year.rows("investment_cash_flows") if row["kind"] == "benefit"}
    assert states == {"claimed", "ops_verified", "finance_verified", "reversed"}


def _benefits(made: Books, which: str, scenario: str) -> list[float]:
    rows = [
        row
        for row in made.rows("investment_cash_flows")
        if row["investment_id"] == which
        and row["scenario"] == scenario
        and row["line"] == investments.CASH_LINE
    ]
    return [float(row["amount"]) for row in sorted(rows, key=lambda row: row["period_month"])]


def test_the_bot_programme_misses_its_plan_when_the_model_gets_worse(year: Books) -> None:
    plan = _benefits(year, "inv_bots", "plan")[0]
    before, after = _benefits(year, "inv_bots", "actual")[:6], _benefits(year, "inv_bots", "actual")[6:]
    assert 0.8 < np.mean(before) / plan < 1.25
    assert np.mean(after) / plan < 0.85
    # Without its effect, assistance costs money and brings nothing.
    assert not any(_benefits(year, "inv_assist", "actual"))
    assert sum(_benefits(year, "inv_menus", "actual")) > 0


# Dirt


def test_every_spoiled_session_is_listed() -> None:
    clean, dirty = books(33, customers=9000), books(33, customers=9000, dirt=0.1)
    before = {row["session_id"]: row for row in clean.rows("bot_sessions")}
    after = {row["session_id"]: row for row in dirty.rows("bot_sessions")}
    listed = {row["key"]: row["defect"] for row in dirty.rows("truth/defects")}
    assert {name for name, row in after.items() if row != before[name]} == set(listed)
    assert set(listed.values()) == {automation.ENDED_EARLY, automation.UNKNOWN_LABEL}
    assert 0.05 < len(listed) / len(before) < 0.12
    assert all(row["ended_at"] >= row["started_at"] for name, row in after.items() if name not in listed)
    assert sessions.VENDOR_OUTCOMES[0] == "resolved"
