"""Subscriptions, saves, revenue and campaigns of the simulator: every story is whole, every cause is in the truth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from simulated import Warehouse

from cx_metrics.contract import load_contract
from cx_metrics.simulator import domains, run, simulate
from cx_metrics.simulator.contacts.demand import Demand
from cx_metrics.simulator.contacts.population import Population
from cx_metrics.simulator.defects import value_defects
from cx_metrics.simulator.effects import EFFECTS
from cx_metrics.simulator.retention import relationship, saves, subscriptions
from cx_metrics.simulator.settings import Settings
from cx_metrics.simulator.value import campaigns, goods, revenue
from cx_metrics.simulator.world import VOICE_DOOR

CONTRACT = load_contract()
SCHEMAS = {
    **subscriptions.SCHEMAS,
    "save_offers": saves.SCHEMA,
    "transactions": revenue.SCHEMA,
    **campaigns.SCHEMAS,
}
TRUTH = {
    **{name.removeprefix("truth/"): schema for name, schema in relationship.TRUTH_SCHEMAS.items()},
    "saves": saves.TRUTH_SCHEMA,
    "purchases": revenue.TRUTH_SCHEMA,
    "campaign_contacts": campaigns.TRUTH_SCHEMA,
}
SIZE: dict[str, Any] = {"contacts": 8000, "days": 130, "seed": 3}
START = "timestamp '2024-01-01'"


@pytest.fixture(scope="module", autouse=True)
def _only_this_domain() -> Iterator[None]:
    patch = pytest.MonkeyPatch()
    patch.setattr(run, "domains_of", domains.value_domains)
    yield
    patch.undo()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    out = tmp_path_factory.mktemp("value") / "world"
    return Warehouse(out, simulate(out, **SIZE))


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    out = tmp_path_factory.mktemp("value") / "plain"
    return Warehouse(out, simulate(out, **SIZE, scenario="plain"))


def rows_of(folder: Path, table: str) -> Counter[tuple[Any, ...]]:
    return Counter(tuple(row.values()) for row in pq.read_table(folder / f"{table}.parquet").to_pylist())


# The contract


@pytest.mark.parametrize("table", sorted(SCHEMAS))
def test_tables_keep_the_contract(world: Warehouse, table: str) -> None:
    columns = {column.name: column for column in CONTRACT[table].columns}
    assert SCHEMAS[table].names == list(columns)
    assert pq.read_schema(world.folder / f"{table}.parquet").equals(SCHEMAS[table])
    world.none(f"select 1 from {table} group by {', '.join(CONTRACT[table].key)} having count(*) > 1")
    for name, column in columns.items():
        if column.required:
            world.none(f"select {name} from {table} where {name} is null")
        if column.accepted_values:
            found = {value for (value,) in world.all(f"select distinct {name} from {table}")} - {None}
            assert found <= set(column.accepted_values), name


@pytest.mark.parametrize("table", sorted(TRUTH))
def test_truth_tables_are_there(world: Warehouse, plain: Warehouse, table: str) -> None:
    for folder in (world.folder, plain.folder):
        assert pq.read_schema(folder / "truth" / f"{table}.parquet").equals(TRUTH[table])


def test_references_hold(world: Warehouse) -> None:
    for table, column, target, key in (
        ("subscriptions", "customer_id", "customers", "customer_id"),
        ("subscriptions", "product_line_id", "product_lines", "product_line_id"),
        ("subscription_events", "subscription_id", "subscriptions", "subscription_id"),
        ("save_offers", "subscription_id", "subscriptions", "subscription_id"),
        ("save_offers", "contact_id", "contacts", "contact_id"),
        ("transactions", "customer_id", "customers", "customer_id"),
        ("transactions", "referred_by_customer_id", "customers", "customer_id"),
        ("transactions", "is_caused_by_contact_id", "contacts", "contact_id"),
        ("transactions", "refunds_transaction_id", "transactions", "transaction_id"),
        ("contacts", "campaign_id", "campaigns", "campaign_id"),
        ("campaign_exposures", "campaign_id", "campaigns", "campaign_id"),
        ("campaign_exposures", "customer_id", "customers", "customer_id"),
        ("truth_saves", "contact_id", "contacts", "contact_id"),
        ("truth_campaign_contacts", "contact_id", "contacts", "contact_id"),
        ("truth_purchases", "transaction_id", "transactions", "transaction_id"),
        ("truth_purchases", "contact_id", "contacts", "contact_id"),
        ("truth_churn", "subscription_id", "subscriptions", "subscription_id"),
    ):
        world.none(
            f"""select {column} from {table}
                where {column} is not null and {column} not in (select {key} from {target})"""
        )
    world.none(
        "select customer_id from customers where customer_id not in (select customer_id from subscriptions)"
    )


# Same arguments, same rows; more days, the same first days


def test_the_same_arguments_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        simulate(tmp_path / name, contacts=300, days=6)
    for path in (tmp_path / "a").rglob("*.parquet"):
        assert path.read_bytes() == (tmp_path / "b" / path.relative_to(tmp_path / "a")).read_bytes()


def test_more_days_only_add_days(tmp_path: Path) -> None:
    simulate(tmp_path / "short", customers=2000, days=107)
    summary = simulate(tmp_path / "long", customers=2000, days=125)
    short, long = (Warehouse(tmp_path / name, summary) for name in ("short", "long"))
    known = "timestamp '2024-04-17 00:05:00'"
    for table, at in (
        ("subscription_events", "occurred_at"),
        ("transactions", "updated_at"),
        ("campaign_exposures", "exposed_at"),
        ("truth_churn", "decided_at"),
    ):
        query = f"from {table} where {at} <= {known} order by all"
        assert short.all(query) == long.all(query), table
        assert short.one(f"select count(*) from {table}") == len(short.all(query)) > 30
    for table in ("save_offers", "truth_saves", "truth_purchases", "truth_campaign_contacts"):
        early, late = (rows_of(w.folder, table.replace("truth_", "truth/")) for w in (short, long))
        assert early <= late, table
    early, late = (rows_of(w.folder, "subscriptions") for w in (short, long))
    changed = early - late
    at = SCHEMAS["subscriptions"].names.index("updated_at")
    newer = {row[0]: row for row in late}
    for row in changed:
        assert newer[row[0]][:at] == row[:at] and newer[row[0]][at] > row[at]


def test_nothing_after_the_extract_is_known(world: Warehouse) -> None:
    until = f"timestamp '{world.summary.complete_through.replace(tzinfo=None)}'"
    for table, column in (
        ("subscription_events", "occurred_at"),
        ("subscriptions", "updated_at"),
        ("transactions", "updated_at"),
        ("transactions", "occurred_at"),
        ("campaign_exposures", "exposed_at"),
    ):
        assert world.one(f"select max({column}) <= {until} from {table}"), column


def test_the_truth_lists_every_bad_row(tmp_path: Path) -> None:
    for name, defects in (("clean", 0.0), ("dirty", 0.25)):
        simulate(tmp_path / name, contacts=700, days=20, defects=defects)
    listed = pq.read_table(tmp_path / "dirty" / "truth" / "defects.parquet").to_pylist()
    for table, words in value_defects.WORDS.items():
        keys = [row["key"] for row in listed if row["table"] == table]
        assert len(keys) == len(set(keys))
        changed = rows_of(tmp_path / "dirty", table) - rows_of(tmp_path / "clean", table)
        names = {str(row[0]) for row in changed} - {"None"}
        assert names <= set(keys), table
        assert {row["defect"] for row in listed if row["table"] == table} >= set(words), table


# Lives of subscriptions


def test_every_life_begins_once_and_makes_sense(world: Warehouse) -> None:
    lives = """select *, row_number() over life as nth, lag(kind) over life as before,
                   lag(occurred_at) over life as at_before
               from subscription_events window life as (partition by subscription_id order by event_id)"""
    world.none(f"select * from ({lives}) where (kind = 'start') <> (nth = 1)")
    world.none(f"select * from ({lives}) where occurred_at < at_before")
    world.none(f"select * from ({lives}) where before = 'end' and kind <> 'reactivation'")
    world.none(f"select * from ({lives}) where kind = 'reactivation' and before <> 'end'")
    world.none(
        f"select * from ({lives}) where before = 'cancel_notice' and kind not in ('end', 'cancel_withdrawn')"
    )
    world.none(f"select * from ({lives}) where kind = 'cancel_withdrawn' and before <> 'cancel_notice'")
    world.none(f"select * from ({lives}) where before = 'pause' and kind <> 'resume'")
    world.none(
        f"""select * from ({lives}) where kind = 'end' and before not in ('cancel_notice', 'payment_failed')
            and end_reason not in ('deceased', 'fraud', 'business_closed')"""
    )
    world.none(
        """select subscription_id from subscriptions join subscription_events using (subscription_id)
           where kind = 'start' and started_on <> occurred_at::date"""
    )
    world.none(
        """select subscription_id from subscriptions join subscription_events using (subscription_id)
           group by all having updated_at < max(occurred_at)"""
    )


def test_ends_take_effect_when_the_notice_says(world: Warehouse) -> None:
    world.none(
        """select * from (
               select *, lag(kind) over life as before, lag(effective_on) over life as announced,
                   lag(end_reason) over life as reason
               from subscription_events window life as (partition by subscription_id order by event_id))
           where kind = 'end' and before = 'cancel_notice'
             and (effective_on <> announced or occurred_at::date <> effective_on or end_reason <> reason)"""
    )
    assert world.one("select count(*) from subscription_events where kind = 'end'") > 100


def test_amounts_follow_the_events(world: Warehouse) -> None:
    world.none(
        """select * from subscription_events
           where (kind in ('end', 'pause') and recurring_amount_after <> 0)
              or (kind in ('start', 'renewal', 'resume', 'reactivation', 'expansion', 'contraction')
                  and coalesce(recurring_amount_after, 0) < 3)
              or ((recurring_amount_after is null) <> (currency is null))
              or ((end_reason is null) <> (kind not in ('end', 'cancel_notice')))"""
    )
    world.none(
        """with amounts as (
               select *, lag(recurring_amount_after) over (partition by subscription_id order by event_id) as before
               from subscription_events where recurring_amount_after is not null)
           select * from amounts where (kind = 'expansion' and recurring_amount_after < before)
              or (kind = 'contraction' and recurring_amount_after > before)
              or (kind = 'renewal' and recurring_amount_after <> before)"""
    )
    assert world.one("select count(*) from subscription_events where is_contractual_escalator") > 0


def test_terms_follow_each_other(world: Warehouse) -> None:
    world.none(
        """select * from (
               select *, lag(decision_due_on) over (partition by subscription_id order by event_id) as due
               from subscription_events where kind in ('start', 'renewal', 'reactivation'))
           where kind = 'renewal' and (effective_on <> due or decision_due_on <= effective_on)"""
    )
    world.none(
        """select * from subscription_events join subscriptions using (subscription_id)
           where kind in ('start', 'renewal', 'reactivation')
             and ((decision_due_on is null) <> (billing_period = 'month'))"""
    )
    # No term runs out without a word: a renewal, an end, or a life that is over.
    until = f"date '{world.summary.complete_through.date()}'"
    world.none(
        f"""with due as (
                select subscription_id, decision_due_on, event_id from subscription_events
                where decision_due_on < {until} - 1)
            select * from due where not exists (
                select 1 from subscription_events as later where later.subscription_id = due.subscription_id
                  and later.event_id > due.event_id and later.kind in ('renewal', 'end', 'reactivation')
                  and coalesce(later.effective_on, later.occurred_at::date) <= due.decision_due_on + 1)"""
    )


def test_all_kinds_of_events_occur(world: Warehouse) -> None:
    kinds = {
        kind
        for (kind,) in world.all(f"select distinct kind from subscription_events where occurred_at > {START}")
    }
    assert kinds == set(subscriptions.KINDS)
    reasons = {kind for (kind,) in world.all("select distinct end_reason from subscription_events")} - {None}
    assert {"voluntary", "payment", "deceased", "moved"} <= reasons <= set(subscriptions.END_REASONS)
    automatic = world.one("select avg(is_automatic::int) from subscription_events where kind = 'renewal'")
    assert 0.65 < automatic < 0.80


def test_a_few_customers_bring_half_and_churn_is_plausible(world: Warehouse) -> None:
    share = world.one(
        """with customer as (
               select customer_id, sum(recurring_amount_after) as amount
               from subscription_events join subscriptions using (subscription_id)
               where kind = 'start' group by 1),
           ranked as (select amount, percent_rank() over (order by amount desc) as place from customer)
           select sum(amount) filter (place <= 0.05) / sum(amount) from ranked"""
    )
    assert 0.35 < share < 0.65
    ended, there = world.one(
        f"""with lives as (
                select subscription_id, min(occurred_at) filter (kind = 'start') as since,
                    min(occurred_at) filter (kind = 'end') as until
                from subscription_events group by 1)
            select count(*) filter (until >= {START}), count(*) from lives
            where since < {START} and (until is null or until >= {START})"""
    )
    assert 0.12 < ended / there * 365 / SIZE["days"] < 0.24


def test_who_left_makes_no_new_needs(world: Warehouse) -> None:
    late = world.one(
        """with gone as (
               select customer_id, max(occurred_at) as left_at,
               from subscription_events join subscriptions using (subscription_id)
               group by 1 having bool_and(subscription_id in (
                   select subscription_id from subscription_events where kind = 'end'))
                 and bool_and(kind <> 'reactivation'))
           select count(*) filter (contacts.started_at > left_at + interval 36 day) from gone
           join contacts using (customer_id)"""
    )
    assert late == 0


# Saves


def test_offers_are_made_by_agents_who_heard_the_wish(world: Warehouse) -> None:
    world.none(
        """select offer_id from save_offers join contacts using (contact_id)
           where stated_cancel_intent is not true or is_test or source_exclusion is not null"""
    )
    world.none(
        """select offer_id from save_offers join contacts using (contact_id)
           join subscriptions using (subscription_id)
           where contacts.customer_id like 'CU%' and contacts.customer_id <> subscriptions.customer_id"""
    )
    kinds = {kind for (kind,) in world.all("select distinct kind from save_offers")}
    assert kinds == set(saves.OFFERS)
    world.none("select * from save_offers where (amount > 0) <> (kind in ('discount', 'credit'))")
    assert world.one("select count(*) from save_offers where contact_id is null") > 0


def test_needless_offers_are_in_the_truth_only_when_on(world: Warehouse, plain: Warehouse) -> None:
    share = "select avg(would_have_stayed::int) from truth_saves where contact_id is not null"
    assert 0.30 < world.one(share) < 0.55
    assert plain.one(share) == 0
    world.none(
        "select * from truth_saves where is_saved_by_offer and (would_have_stayed or not was_accepted)"
    )
    accepted = world.one(
        """select avg(was_accepted::int) from truth_saves
           where contact_id is not null and was_attempted and not would_have_stayed"""
    )
    assert 0.15 < accepted < 0.45
    # Who would have stayed stays; who meant it and took no offer goes.
    meant = world.one(
        """with wishes as (
               select subscription_id, contacts.ended_at, would_have_stayed, was_accepted
               from truth_saves join contacts using (contact_id) where subscription_id is not null)
           select avg((exists (select 1 from subscription_events as notice
               where notice.subscription_id = wishes.subscription_id and kind = 'cancel_notice'
                 and occurred_at between ended_at and ended_at + interval 5 minute))::int)
           from wishes where not would_have_stayed and was_accepted is not true"""
    )
    assert meant == 1.0


def test_unresolved_needs_cause_churn_only_when_on(world: Warehouse, plain: Warehouse) -> None:
    caused = "select count(*) from truth_churn where is_caused_by_unresolved"
    assert world.one(caused) > 0
    assert plain.one(caused) == 0
    world.none("select * from truth_churn where is_caused_by_unresolved <> (unresolved_need_id is not null)")


def test_silent_leavers_are_the_majority(world: Warehouse) -> None:
    silent, all_ = world.one(
        f"""select count(*) filter (path = 'silent'), count(*) from truth_churn
            where end_reason = 'voluntary' and decided_at > {START}"""
    )
    assert 0.5 < silent / all_ < 0.95


# Revenue


def test_refunds_take_back_no_more_than_was_paid(world: Warehouse) -> None:
    world.none("select * from transactions where (kind = 'refund') <> (refunds_transaction_id is not null)")
    world.none("select * from transactions where amount <= 0 or margin_amount < 0 or margin_amount > amount")
    world.none(
        """select sale.transaction_id from transactions as sale
           join transactions as refund on refund.refunds_transaction_id = sale.transaction_id
           group by sale.transaction_id, sale.amount, sale.occurred_at, sale.kind, sale.customer_id, sale.currency
           having sum(refund.amount) > sale.amount or min(refund.occurred_at) <= sale.occurred_at
               or count(*) > 1 or sale.kind = 'refund' or any_value(refund.currency) <> sale.currency
               or any_value(refund.customer_id) is distinct from sale.customer_id"""
    )
    share = world.one("select count(*) filter (kind = 'refund') / count(*) from transactions")
    assert 0.01 < share < 0.10


def test_sales_stand_where_they_belong(world: Warehouse) -> None:
    departments = dict(
        world.all("select kind, list(distinct department order by department) from transactions group by 1")
    )
    assert departments["donation"] == ["fundraising"] and departments["ticket"] == ["box_office", "online"]
    assert set(departments) == set(goods.KINDS)
    world.none(
        "select * from transactions where kind = 'ticket' and (units is null or product_line_id <> 'pl_events')"
    )
    world.none(
        """select transaction_id from transactions join customers using (customer_id)
           where occurred_at < created_at"""
    )
    largest, usual = world.one("select max(amount), median(amount) from transactions where kind = 'donation'")
    assert largest > 20 * usual
    assert world.one("select count(*) from transactions where customer_id is null") > 10
    assert world.one("select count(referred_by_customer_id) from transactions") > 5
    world.none(
        """select customer_id from transactions where referred_by_customer_id is not null and customer_id is not null
           group by 1 having count(*) > 1"""
    )
    assert (
        world.one(f"select count(*) from transactions where occurred_at < {START} - interval 300 day") > 200
    )


def test_yearly_renewals_are_paid(world: Warehouse) -> None:
    renewed = f"select count(*) from subscription_events where kind = 'renewal' and occurred_at > {START}"
    paid = f"select count(*) from transactions where kind = 'renewal' and occurred_at > {START}"
    assert world.one(renewed) == world.one(paid) > 50


def test_sales_in_contacts_come_after_them(world: Warehouse) -> None:
    world.none(
        """select transaction_id from transactions join contacts on contact_id = is_caused_by_contact_id
           where occurred_at < contacts.ended_at or is_test
              or (contacts.customer_id like 'CU%' and contacts.customer_id <> transactions.customer_id)"""
    )
    assert world.one("select count(is_caused_by_contact_id) from transactions") > 20
    world.none(
        """select transaction_id from transactions full join truth_purchases using (transaction_id)
           where (is_caused_by_contact_id is not null) <> coalesce(cause = 'sold_in_contact', false)"""
    )


def test_orders_come_before_questions_about_them(world: Warehouse) -> None:
    share = world.one(
        """select avg(exists (select 1 from transactions where transactions.customer_id = contacts.customer_id
               and kind = 'purchase' and occurred_at between started_at - interval 17 day and started_at)::int)
           from contacts where reason_code = 'ORDER_STATUS' and customer_id like 'CU%'"""
    )
    assert share > 0.45


def test_lengthy_value_is_there_only_when_on(world: Warehouse, plain: Warehouse) -> None:
    caused = "select count(*) from truth_purchases where cause = 'lengthy_value'"
    assert world.one(caused) > 0
    assert plain.one(caused) == 0
    world.none(
        """select * from truth_purchases join transactions using (transaction_id)
           join contacts on contacts.contact_id = truth_purchases.contact_id
           where cause = 'lengthy_value' and occurred_at < contacts.ended_at"""
    )


def test_high_value_talks_longer_only_when_on(world: Warehouse, plain: Warehouse) -> None:
    def correlation(warehouse: Warehouse) -> float:
        return float(
            warehouse.one(
                """select corr(ln(seconds), ln(yearly_value)) from (
                       select contact_id, sum(date_diff('second', started_at, ended_at)) as seconds
                       from contact_segments where kind = 'talk' group by 1)
                   join contacts using (contact_id) join truth_customers using (customer_id)
                   where seconds > 30 and direction = 'inbound'"""
            )
        )

    assert correlation(world) > 0.08
    assert abs(correlation(plain)) < 0.06


# Campaigns


def test_campaign_demand_is_there_only_when_on(world: Warehouse, plain: Warehouse) -> None:
    exposed = world.one("select count(*) from campaign_exposures where campaign_id = 'cmp_gala'")
    needs = world.one("select count(distinct need_id) from truth_campaign_contacts")
    assert 0.02 < needs / exposed < 0.10
    assert plain.one("select count(*) from truth_campaign_contacts") == 0
    assert plain.one("select count(*) from campaign_exposures") > 100
    tagged, untagged = world.one(
        "select count(*) filter (is_tagged), count(*) filter (not is_tagged) from truth_campaign_contacts"
    )
    assert tagged > 0 and untagged > 0
    world.none(
        """select contact_id from truth_campaign_contacts as caused join contacts using (contact_id)
           where is_tagged <> (contacts.campaign_id is not null)
              or is_tagged and caused.campaign_id <> contacts.campaign_id"""
    )
    world.none(
        """select contact_id from truth_campaign_contacts as caused join contacts using (contact_id)
           join campaign_exposures as seen
             on seen.customer_id = caused.customer_id and seen.campaign_id = caused.campaign_id
           where started_at < exposed_at"""
    )


def test_campaigns_have_begun(world: Warehouse) -> None:
    last = f"date '{world.summary.complete_through.date()}'"
    world.none(f"select * from campaigns where starts_on >= {last} or ends_on < starts_on or budget <= 0")
    world.none(
        """select campaign_id from campaign_exposures join campaigns using (campaign_id)
           where exposed_at::date < starts_on or exposed_at::date > ends_on"""
    )
    assert world.one("select count(*) from campaigns") == 5


def test_calls_turn_into_chats_and_messages() -> None:
    since = EFFECTS["channel_mix_shift"].since
    assert since is not None
    calls = {}
    for scenario in ("plain", "channel_mix_shift"):
        settings = request(scenario)
        expected = Demand(settings, Population(settings)).expected
        before, after = expected(since - 7).sum(axis=1), expected(since).sum(axis=1)
        calls[scenario] = [float(rates[list(VOICE_DOOR)].sum()) for rates in (before, after)]
        chats = [float(rates[[4, 6]].sum()) for rates in (before, after)]
        assert (chats[1] > 1.4 * chats[0]) == (scenario == "channel_mix_shift")
    assert calls["plain"][0] == calls["channel_mix_shift"][0]
    assert abs(calls["channel_mix_shift"][1] / calls["plain"][1] - 0.75) < 0.02


def request(scenario: str) -> Settings:
    return Settings.of(
        contacts=5000,
        customers=None,
        days=160,
        start=date(2024, 1, 1),
        seed=1,
        vendors=2,
        defects=0.0,
        late=0.0,
        file_format="parquet",
        scenario=scenario,
        without=(),
    )
