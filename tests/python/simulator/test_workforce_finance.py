"""Time sheets, pay and the ledger: they agree with the contacts, with each other, and with the truth to the cent."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from cx_metrics.contract import load_contract
from cx_metrics.simulator import world
from cx_metrics.simulator.contacts.center import Center
from cx_metrics.simulator.contacts.demand import Demand
from cx_metrics.simulator.contacts.population import Population
from cx_metrics.simulator.contacts.records import PIECE_FIELDS, Office
from cx_metrics.simulator.finance import ledger
from cx_metrics.simulator.finance.finance import SCHEMAS, Finance, _shared_seconds
from cx_metrics.simulator.finance.outsourcing import CONTRACTS, HOURS
from cx_metrics.simulator.frames import NONE
from cx_metrics.simulator.settings import WARM_UP_DAYS, Settings
from cx_metrics.simulator.workforce.payroll import OVERTIME_MULTIPLIER
from cx_metrics.simulator.workforce.roster import work_longer
from cx_metrics.simulator.workforce.workforce import AGENT, SUPERVISOR, Workforce

Row = dict[str, Any]
START = date(2024, 1, 1)
CUSTOMERS = 8_000
CENT = Decimal("0.01")


def settings_of(days: int, **other: Any) -> Settings:
    arguments: dict[str, Any] = {
        "contacts": None,
        "customers": CUSTOMERS,
        "days": days,
        "start": START,
        "seed": 3,
        "vendors": 2,
        "defects": 0.0,
        "late": 0.0,
        "file_format": "parquet",
        "scenario": "example",
        "without": (),
    }
    return Settings.of(**(arguments | other))


class Books:
    """A center that was run, with its books; tables as lists of rows."""

    def __init__(self, days: int, **other: Any) -> None:
        self.settings = settings_of(days, **other)
        population = Population(self.settings)
        demand = Demand(self.settings, population)
        self.workforce = Workforce(self.settings, demand)
        office = Office(self.settings, population, demand, self.workforce)
        center, finance = Center(office), Finance(office)
        self.contacts: dict[int, tuple[int, int, int]] = {}
        self.pieces: list[tuple[int, ...]] = []
        self.on_shift: set[tuple[int, int]] = set()
        self.inside: set[int] = set()
        parts: dict[str, list[pa.Table]] = defaultdict(list)
        for number in range(-WARM_UP_DAYS, days):
            day = center.one_day(number)
            finance.one_day(day)
            if number >= 0:
                self._note(day)
            if number == days - 1 or number % 20 == 19:
                for name, table in finance.drain().items():
                    parts[name].append(table)
        for name, table in finance.close().items():
            parts[name].append(table)
        self.tables = {name: pa.concat_tables(tables) for name, tables in parts.items()}

    def _note(self, day: Any) -> None:
        self.on_shift |= {(shift.person, day.number) for shift in self.workforce.sheet.shifts}
        delivered = day.is_delivered
        self.inside |= set(day.records["number"][day.records["direction"] == world.INTERNAL].tolist())
        for number, channel, started, ended in zip(
            *(day.records[name][delivered].tolist() for name in ("number", "channel", "started", "ended")),
            strict=True,
        ):
            self.contacts[number] = (channel, started, ended)
        piece = day.pieces
        chosen = (piece["agent"] != NONE) & np.isin(piece["kind"], (world.TALK, world.HOLD, world.WRAP))
        columns = (piece[name][chosen].tolist() for name in ("number", "agent", "start", "end"))
        self.pieces += [(*row, day.number) for row in zip(*columns, strict=True)]

    def rows(self, table: str) -> list[Row]:
        found: list[Row] = self.tables[table].to_pylist()
        return found


@lru_cache
def books(days: int = 100, **other: Any) -> Books:
    return Books(days, **other)


def seconds_of(at: datetime) -> float:
    return (at - datetime(1970, 1, 1)).total_seconds()


# The contract


def test_every_column_of_the_contract_is_there_in_its_order() -> None:
    contract = load_contract()
    for name, schema in SCHEMAS.items():
        if not name.startswith("truth/"):
            assert schema.names == [column.name for column in contract[name].columns], name


@pytest.mark.parametrize("table", sorted(SCHEMAS))
def test_tables_are_written_with_their_keys(table: str) -> None:
    found = books().tables[table]
    assert found.schema == SCHEMAS[table]
    assert found.num_rows > 0
    if table.startswith("truth/"):
        return
    known = load_contract()[table]
    keys = [tuple(row[column] for column in known.key) for row in found.to_pylist()]
    assert len(keys) == len(set(keys))
    for column in known.columns:
        if column.required:
            assert found[column.name].null_count == 0
        if column.accepted_values:
            values = set(pc.unique(found[column.name]).to_pylist()) - {None}
            assert values <= set(column.accepted_values)


# Time sheets


def test_states_follow_each_other_without_gap_or_overlap() -> None:
    of_agent: dict[str, list[Row]] = defaultdict(list)
    for row in books().rows("agent_states"):
        of_agent[row["agent_id"]].append(row)
    inner = 0
    for rows in of_agent.values():
        rows.sort(key=lambda row: row["started_at"])
        for before, after in pairwise(rows):
            assert before["started_at"] < before["ended_at"] <= after["started_at"]
            if after["started_at"] - before["ended_at"] < timedelta(hours=4):
                assert before["ended_at"] == after["started_at"]
                inner += 1
    assert inner > 1000
    assert {row["state"] for row in books().rows("agent_states")} >= {"contact", "available", "break"}
    assert all(row["is_paid"] or row["state"] in ("break", "offline") for row in books().rows("agent_states"))


def test_conversations_lie_within_time_on_contacts() -> None:
    spans: dict[int, list[tuple[float, float]]] = defaultdict(list)
    for row in books().rows("agent_states"):
        if row["state"] == "contact" and row["ended_at"] is not None:
            span = (seconds_of(row["started_at"]), seconds_of(row["ended_at"]))
            spans[int(row["agent_id"][1:])].append(span)
    checked = 0
    until = books().settings.known_until
    for _, agent, start, end, day in books().pieces:
        is_agent = books().workforce.role[agent] == AGENT
        if (agent, day) not in books().on_shift or not is_agent or end >= until - 86400:
            continue
        assert any(since <= start and end <= closes for since, closes in spans[agent])
        checked += 1
    assert checked > 2000


def test_pay_is_the_paid_time_of_own_staff() -> None:
    found = books()
    own = found.workforce.is_in_house(np.arange(len(found.workforce.role)))
    paid: dict[tuple[str, date], float] = defaultdict(float)
    for row in found.rows("agent_states"):
        if row["is_paid"] and row["ended_at"] is not None and own[int(row["agent_id"][1:])]:
            length = (row["ended_at"] - row["started_at"]).total_seconds()
            # All own sites are in London here, whose nights have no shifts.
            paid[row["agent_id"], row["started_at"].date()] += length / 60
    pay = {(row["agent_id"], row["work_date"]): row for row in found.rows("agent_pay")}
    assert all(own[int(agent[1:])] for agent, _ in pay)
    for (agent, day), minutes in paid.items():
        row = pay[agent, day]
        assert abs(float(row["regular_minutes"] + row["overtime_minutes"]) - minutes) <= 0.5
    without_states = [row for key, row in pay.items() if key not in paid]
    assert all(row["overtime_minutes"] == 0 for row in without_states)
    assert any(row["overtime_queue_id"] for row in pay.values())
    overtime = sum(row["overtime_minutes"] for row in pay.values())
    assert 0.005 < overtime / sum(row["regular_minutes"] for row in pay.values()) < 0.12


def rate_on(rates: dict[str, list[Row]], agent: str, day: date) -> Row:
    return max(
        (row for row in rates[agent] if row["effective_from"] <= day), key=lambda row: row["effective_from"]
    )


def test_payroll_in_the_ledger_is_minutes_times_rates() -> None:
    found = books()
    rates: dict[str, list[Row]] = defaultdict(list)
    for row in found.rows("agent_pay_rates"):
        rates[row["agent_id"]].append(row)
    straight: dict[date, Decimal] = defaultdict(Decimal)
    premium: dict[date, Decimal] = defaultdict(Decimal)
    on_costs: dict[date, Decimal] = defaultdict(Decimal)
    for row in found.rows("agent_pay"):
        rate = rate_on(rates, row["agent_id"], row["work_date"])
        month = row["work_date"].replace(day=1)
        pay = (row["regular_minutes"] + row["overtime_minutes"]) * rate["hourly_rate"] / 60
        extra = row["overtime_minutes"] * rate["hourly_rate"] / 60 * (rate["overtime_multiplier"] - 1)
        straight[month] += pay
        premium[month] += extra
        on_costs[month] += (pay + extra) * rate["on_cost_rate"]
    assert {rate["overtime_multiplier"] for rate in found.rows("agent_pay_rates")} == {
        Decimal(str(OVERTIME_MULTIPLIER))
    }
    booked: dict[tuple[str, date], Decimal] = defaultdict(Decimal)
    for row in found.rows("ledger_entries"):
        kind = {"5010": "premium", "5020": "on_costs"}.get(row["account_id"], "straight")
        if row["account_id"] in ("5000", "5010", "5020", "5100", "5200", "5210"):
            booked[kind, row["period_month"]] += row["amount"]
    for month in (date(2024, 1, 1), date(2024, 2, 1), date(2024, 3, 1)):
        assert abs(booked["straight", month] - straight[month]) <= CENT * 10
        assert abs(booked["premium", month] - premium[month]) <= CENT * 2
        assert abs(booked["on_costs", month] - on_costs[month]) <= CENT * 2
    assert ("straight", date(2024, 4, 1)) not in booked


# The ledger


def test_every_entry_is_the_sum_of_its_causes() -> None:
    found = books()
    causes: dict[str, Decimal] = defaultdict(Decimal)
    for row in found.rows("truth/ledger_causes"):
        causes[row["entry_id"]] += row["amount"]
    entries = found.rows("ledger_entries")
    assert {row["entry_id"]: row["amount"] for row in entries} == dict(causes)
    assert all(row["amount"] == row["amount"].quantize(CENT) for row in entries)
    accounts = {row["account_id"] for row in found.rows("ledger_accounts")}
    assert {row["account_id"] for row in entries} <= accounts
    assert all(row["posted_on"] >= row["period_month"] for row in entries)
    assert all(row["posted_on"].replace(day=1) == row["period_month"] for row in entries)


def test_estimates_are_taken_back_and_replaced_by_invoices() -> None:
    names: dict[str, set[str]] = defaultdict(set)
    for row in books().rows("truth/ledger_causes"):
        names[row["entry_id"]].add(row["cause"])
    estimates: dict[tuple[Any, ...], Row] = {}
    reversals: dict[tuple[Any, ...], Row] = {}
    invoices: dict[tuple[Any, ...], Row] = {}
    for row in books().rows("ledger_entries"):
        key: tuple[Any, ...] = (row["account_id"], row["vendor_id"], row["currency"])
        if "error of the estimate" in names[row["entry_id"]]:
            estimates[*key, row["period_month"]] = row
        elif names[row["entry_id"]] == {"estimate taken back"}:
            reversals[*key, (row["period_month"] - timedelta(days=1)).replace(day=1)] = row
        elif row["posted_on"].day == ledger.INVOICED_ON:
            invoices[*key, (row["period_month"] - timedelta(days=1)).replace(day=1)] = row
    closed = {key for key in estimates if key[3] < date(2024, 4, 1)}
    assert closed == set(reversals)
    assert {key for key in closed if key[3] < date(2024, 3, 1)} == set(invoices)
    assert {"5300", "5310", "5400", "5500", "5800"} <= {key[0] for key in closed}
    for key in closed:
        assert reversals[key]["amount"] == -estimates[key]["amount"]
        if key[3] == date(2024, 3, 1):
            continue
        invoice = float(invoices[key]["amount"])
        tolerance = 0.12 if key[0] == ledger.OUTSOURCERS else 0.032
        assert abs(float(estimates[key]["amount"]) - invoice) <= tolerance * invoice + 0.02


def test_telephony_is_what_was_used_at_the_price_of_the_day() -> None:
    found = books()
    prices = {(row["channel"], row["unit"]): row for row in found.rows("channel_tariffs")}
    assert sum(1 for row in found.rows("channel_tariffs") if row["channel"] == "voice") == 2
    entry = next(
        row["entry_id"]
        for row in found.rows("ledger_entries")
        if row["account_id"] == ledger.TELEPHONY and row["posted_on"] == date(2024, 2, 12)
    )
    causes = [row for row in found.rows("truth/ledger_causes") if row["entry_id"] == entry]
    minutes = Decimal(str(sum(row["quantity"] for row in causes)))
    price = min(row["unit_cost"] for row in found.rows("channel_tariffs") if row["channel"] == "voice")
    assert abs(minutes * price - sum(row["amount"] for row in causes)) <= CENT / 2 + Decimal("0.0001")
    first, last = seconds_of(datetime(2024, 1, 1)), seconds_of(datetime(2024, 2, 1))
    talked = sum(
        ended - started
        for channel, started, ended in found.contacts.values()
        if channel == world.VOICE and first <= started < last
    )
    assert float(minutes) == pytest.approx(talked / 60, rel=0.02)
    assert prices["messaging", "message"]["currency"] == "USD"


def test_invoices_of_outsourcers_follow_their_contracts() -> None:
    found = books()
    productive = 0.0
    own = found.workforce.is_in_house(np.arange(len(found.workforce.role)))
    home = {n: world.LANES[lane].bpo for n, lane in enumerate(found.workforce.first_lane.tolist())}
    for row in found.rows("agent_states"):
        person = int(row["agent_id"][1:])
        in_february = date(2024, 2, 1) <= row["started_at"].date() < date(2024, 3, 1)
        if row["state"] in ("contact", "available") and in_february and not own[person] and home[person] == 0:
            productive += (row["ended_at"] - row["started_at"]).total_seconds() / 3600
    entries = {row["entry_id"]: row for row in found.rows("ledger_entries")}
    february = [
        row
        for row in found.rows("truth/ledger_causes")
        if entries[row["entry_id"]]["vendor_id"] == "bpo_1"
        and entries[row["entry_id"]]["posted_on"] == date(2024, 3, 12)
    ]
    usage = next(row for row in february if row["cause"] == "productive hours")
    terms = found.rows("vendor_contracts")[0]
    assert (terms["payment_basis"], terms["currency"], CONTRACTS[0][1][0].basis) == (HOURS, "USD", HOURS)
    assert usage["quantity"] == pytest.approx(productive, rel=0.02)
    assert abs(Decimal(str(usage["quantity"])) * terms["unit_price"] - usage["amount"]) <= CENT
    settled = {row["cause"].split()[0] for row in found.rows("truth/ledger_causes")} & {"bonus", "credit"}
    assert settled
    for row in found.rows("truth/vendor_metrics"):
        better = row["reported_value"] - row["true_value"]
        assert better <= 1e-4 if row["metric_name"] == "abandonment_rate" else better >= -1e-4


def test_rates_of_exchange_move_slowly() -> None:
    rates: dict[str, list[float]] = defaultdict(list)
    for row in books().rows("fx_rates"):
        rates[row["currency"]].append(float(row["rate_to_reporting"]))
    assert set(rates["GBP"]) == {1.0} and len(rates["USD"]) == len(rates["EUR"]) == 365 + 100
    for name in ("USD", "EUR"):
        steps = np.abs(np.diff(np.log(rates[name])))
        assert 0 < steps.max() < 0.025


def test_contacts_cost_what_was_done_for_them() -> None:
    costs = books().rows("truth/contact_costs")
    assert {int(row["contact_id"][1:]) for row in costs} == set(books().contacts)
    served = [row for row in costs if row["agent_seconds"] > 0]
    # A contract per minute does not pay for a telephone that rings, or for listening in.
    paid = [row for row in served if row["agent_seconds"] > 90]
    paid = [row for row in paid if int(row["contact_id"][1:]) not in books().inside]
    assert all(row["agent_amount"] + row["vendor_amount"] > 0 for row in paid)
    alone = [row for row in costs if row["agent_seconds"] == 0]
    assert alone and all(row["agent_amount"] == row["vendor_amount"] == 0 for row in alone)
    assert all(min(row["agent_amount"], row["vendor_amount"], row["channel_amount"]) >= 0 for row in costs)
    mean = float(sum(row["agent_amount"] + row["vendor_amount"] for row in served)) / len(served)
    assert 1.0 < mean < 5.0


def test_chats_at_the_same_time_share_the_agent() -> None:
    rows = [(7, 0, 100), (7, 50, 150), (7, 50, 90), (8, 0, 10)]
    pieces = {name: np.zeros(len(rows), dtype=kind) for name, kind in PIECE_FIELDS.items()}
    pieces["agent"], pieces["start"], pieces["end"] = (np.array(column) for column in zip(*rows, strict=True))
    pieces["queue"][:] = next(i for i, lane in enumerate(world.LANES) if lane.channel == world.CHAT)
    shares = _shared_seconds(pieces)
    assert shares.tolist() == pytest.approx([50 + 40 / 3 + 5, 40 / 3 + 5 + 50, 40 / 3, 10])
    assert shares[:3].sum() == pytest.approx(150)


# The same arguments, more days, other settings


def test_the_same_arguments_give_the_same_rows() -> None:
    again = Books(35)
    for name, table in books(35).tables.items():
        assert table.equals(again.tables[name]), name


def test_more_days_only_add_rows() -> None:
    short, long = books(62), books(100)
    for name in SCHEMAS:
        known = {tuple(row.values()) for row in long.rows(name)}
        early = [row for row in short.rows(name) if "ended_at" not in row or row["ended_at"] is not None]
        missing = [row for row in early if tuple(row.values()) not in known]
        assert not missing, (name, missing[:3])
    until = short.settings.day(61)
    for name, column in (
        ("ledger_entries", "posted_on"),
        ("agent_pay", "work_date"),
        ("fx_rates", "rate_on"),
    ):
        late = sum(1 for row in long.rows(name) if row[column] <= until)
        assert late == len(short.rows(name)), name
        assert all(row[column] <= until for row in short.rows(name))
    known_until = short.settings.known_until
    assert all(seconds_of(row["started_at"]) < known_until for row in short.rows("agent_states"))


def test_without_outsourcers_everybody_is_on_the_payroll() -> None:
    found = books(35, vendors=0, customers=4_000)
    assert {row["currency"] for row in found.rows("agent_pay_rates")} == {"GBP", "USD", "EUR"}
    assert not found.rows("vendor_contracts") and not found.rows("vendor_reported_metrics")
    assert all(row["vendor_id"] == "in_house" for row in found.rows("ledger_entries"))
    assert all(row["vendor_amount"] == 0 for row in found.rows("truth/contact_costs"))


def test_spoiled_states_are_listed() -> None:
    clean, dirty = books(35), books(35, defects=0.05)
    listed = {row["key"]: row["defect"] for row in dirty.rows("truth/defects")}
    assert set(listed.values()) == {"never_ended", "overlapping"}
    before = {(row["agent_id"], row["started_at"]): row for row in clean.rows("agent_states")}
    changed = {
        f"{row['agent_id']}|{row['started_at']:%Y-%m-%d %H:%M:%S}"
        for row in dirty.rows("agent_states")
        if row != before[row["agent_id"], row["started_at"]]
    }
    assert changed == set(listed)


# Named effects


def absent_shares(without: tuple[str, ...]) -> dict[int, tuple[int, int]]:
    settings = settings_of(300, customers=150_000, without=without)
    workforce = Workforce(settings, Demand(settings, Population(settings)))
    shares = {}
    for day in range(-WARM_UP_DAYS, 275):
        workforce.roster(day, {})
        sheet = workforce.sheet
        extra = sum(1 for shift in sheet.shifts if shift.is_extra or shift.longer)
        shares[day] = (len(sheet.absent), len(sheet.absent) + len(sheet.shifts), extra)
    return {day: (absent, planned) for day, (absent, planned, _) in shares.items()} | {
        1000 + day: (extra, planned) for day, (_, planned, extra) in shares.items()
    }


def test_a_wave_of_sickness_is_covered_by_overtime() -> None:
    on, off = absent_shares(()), absent_shares(("overtime_month",))

    def share(found: dict[int, tuple[int, int]], days: range) -> float:
        return sum(found[day][0] for day in days) / sum(found[day][1] for day in days)

    before, during = range(0, 240), range(240, 270)
    assert [on[day] for day in before] == [off[day] for day in before]
    assert 0.03 < share(off, during) < 0.09
    assert share(on, during) > 2 * share(off, during)
    covered, usual = (share(found, range(1240, 1270)) for found in (on, off))
    assert covered > 1.7 * usual


def test_busy_lanes_lose_more_people_where_the_effect_is_on() -> None:
    leavers, factors = [], []
    for without in ((), ("occupancy_attrition",)):
        settings = settings_of(365, customers=800_000, without=without)
        workforce = Workforce(settings, Demand(settings, Population(settings)))
        gone = (workforce.left_on < 365) & (np.array(workforce.leave_kind) < 3)
        leavers.append(int(gone.sum()))
        factors.append(workforce.leave_factors(200))
    assert (factors[1] == 1).all() and factors[0].max() > 1.2
    assert leavers[0] > 1.15 * leavers[1]


def test_colleagues_work_longer_only_where_somebody_is_missing() -> None:
    here = [[(10, 18), (19, 26)], [(20, 30)]]
    assert work_longer(here, []) == [0, 0]
    assert work_longer(here, [[(14, 32)]]) == [4, 4]
    assert here == [[(10, 18), (19, 30)], [(16, 30)]]


def test_the_truth_about_people() -> None:
    found = books()
    people = found.rows("truth/agents")
    assert [row["agent_id"] for row in people] == sorted({row["agent_id"] for row in people})
    paid = {row["agent_id"] for row in found.rows("agent_pay")}
    assert (
        paid <= {row["agent_id"] for row in found.rows("agent_pay_rates")} <= {p["agent_id"] for p in people}
    )
    assert 0.2 <= max(row["base_leave_hazard"] for row in people) <= 0.5
    assert any(found.workforce.role[int(row["agent_id"][1:])] == SUPERVISOR for row in people)
