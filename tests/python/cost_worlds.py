"""The worlds in which cost is compared with its oracle: random centers with people, pay, meters, contracts and a ledger, each built once.

Contacts are those of `strategies.centers`, which put a few agents into many contacts around one moment: month ends, clock changes. The
vars differ from world to world, so that few builds try them all. CX_COST_EXAMPLES is the number of centers of a build (40).
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import builds
import hypothesis.strategies as st
import strategies
import two_paths
from cost_oracle import Costs, PoolKey
from oracle import Decisions, Row
from strategies import Center, Draw, often, text_of, typed

EXAMPLES = int(os.environ.get("CX_COST_EXAMPLES", "40"))
SEED = two_paths.SEED
SELECT = "+fct_contact_costs +fct_capacity_costs +fct_ledger_reconciliation"

POOLS = (
    *("agent_pay", "overtime_premium", "on_costs", "supervision", "quality", "workforce_management"),
    *("telecom", "platform_licences", "ai_usage", "facilities", "corporate", "bpo_invoices", "projects"),
)
TRACED = ("agent_pay", "overtime_premium", "on_costs", "telecom", "ai_usage", "bpo_invoices")
CURRENCIES = ("GBP", "GBP", "GBP", "GBP", "EUR", "USD", None)


@st.composite
def centers_that_cost(draw: Draw) -> Center:
    """Draw a center, then who works there, what they are paid, what is metered and what the books say."""
    center: Center = draw(strategies.centers())
    contacts = typed(center)["contacts"]
    starts = sorted(row["started_at"] for row in contacts if row["started_at"] is not None)
    moment = starts[0] if starts else datetime(2024, 2, 29)
    days = sorted({start.date() for start in starts} | {moment.date()})
    for queue in center["queues"]:
        queue["concurrency_capacity"] = draw(st.sampled_from([None, "1", "2", "3", "5", "12"]))
    _draw_vendors(draw, center, moment.date())
    for agent in ("a1", "a2", "a3"):
        _draw_agent(draw, center, agent, moment, days)
    records = [row["contact_id"] for row in center["contacts"]]
    _draw_use(draw, center, records, starts or [moment])
    _draw_evaluations(draw, center, starts or [moment])
    _draw_ledger(draw, center, moment.date())
    return center


def _near(draw: Draw, day: date) -> date:
    return day + timedelta(days=draw(st.sampled_from((-40, -10, -1, 0, 0, 1, 10, 40))))


def _draw_vendors(draw: Draw, center: Center, day: date) -> None:
    center["vendors"] = [
        {"vendor_id": "v1", "kind": draw(often("bpo", None))},
        {"vendor_id": "v2", "kind": draw(often("bpo", "in_house", weight=4))},
    ]
    center["vendor_contracts"] = [
        {
            "vendor_id": vendor,
            "contract_version": f"c{number}",
            "effective_from": draw(st.sampled_from([None, str(_near(draw, day)), "2023-01-01"])),
            "effective_to": draw(often(None, str(_near(draw, day)), weight=4)),
            "payment_basis": draw(
                st.sampled_from(["productive_hour", "minute", "contact", "fte", "outcome"])
            ),
            "unit_price": draw(st.sampled_from(["0.55", "31.1234", "2500", "1"])),
            "currency": draw(st.sampled_from(CURRENCIES)),
        }
        for vendor in ("v1", "v2", "v3")
        for number in range(draw(often(1, 2, 0, weight=4)))
    ]


def _draw_agent(draw: Draw, center: Center, agent: str, moment: datetime, days: Sequence[date]) -> None:
    tables = ("agents", "agent_states", "agent_pay", "agent_pay_rates")
    for table in tables:
        center.setdefault(table, [])
    for since in draw(often(["2023-01-01"], [], ["2023-01-01", str(_near(draw, moment.date()))], weight=4)):
        center["agents"].append(
            {
                "agent_id": agent,
                "effective_from": since,
                "role": draw(often("agent", "supervisor", "back_office", None, weight=5)),
                "vendor_id": draw(st.sampled_from([None, None, None, "v1", "v1", "v2", "v3"])),
            }
        )
    if draw(often(True, False, weight=2)):
        _draw_states(draw, center, agent, moment)
    if draw(often(True, False, weight=5)):
        paid = {*days, *(_near(draw, day) for day in days)}
        for day in sorted(paid):
            center["agent_pay"].append(
                {
                    "agent_id": agent,
                    "work_date": str(day),
                    "regular_minutes": draw(st.sampled_from(["480", "7.5", "240", "0", None])),
                    "overtime_minutes": draw(st.sampled_from([None, None, "0", "60", "90.25"])),
                    "overtime_queue_id": draw(st.sampled_from([None, "q1", "q1", "q2", "q9"])),
                }
            )
    for since in draw(
        often(["2023-01-01"], [], ["2023-01-01", str(moment.date())], [str(moment.date())], weight=3)
    ):
        center["agent_pay_rates"].append(
            {
                "agent_id": agent,
                "effective_from": since,
                "hourly_rate": draw(often("12", "13.37", "25.4321", "0", None, weight=2)),
                "currency": draw(st.sampled_from(CURRENCIES)),
                "overtime_multiplier": draw(st.sampled_from(["1.5", "2", "1", "0.5", None])),
                "on_cost_rate": draw(st.sampled_from(["0.138", "0.25", "0", None])),
            }
        )


def _draw_states(draw: Draw, center: Center, agent: str, moment: datetime) -> None:
    """Draw a time sheet around the moment, with states that were never closed, overlap, or end before they begin."""
    at = moment + timedelta(seconds=draw(st.sampled_from((-7200, -1800, -900, 0, 0, 600))))
    for _ in range(draw(st.integers(1, 7))):
        state = draw(
            st.sampled_from(
                [
                    *("contact", "contact", "contact", "available", "available", "available"),
                    *("break", "offline", "meeting", "training", "coaching", "project", None),
                ]
            )
        )
        seconds = draw(st.sampled_from((1, 60, 600, 900, 1799, 1800, 3600, 7200, 100000)))
        end: datetime | None = at + timedelta(seconds=seconds + draw(often(0, 300, -30, weight=8)))
        if draw(often(False, True, weight=10)):
            end = draw(st.sampled_from((None, at - timedelta(seconds=5))))
        center["agent_states"].append(
            {
                "agent_id": agent,
                "started_at": text_of(draw, at + timedelta(microseconds=draw(often(0, 500000)))),
                "ended_at": text_of(draw, end),
                "state": state,
                "is_paid": draw(often(None, "true", "false", weight=6)),
            }
        )
        at += timedelta(seconds=seconds + draw(often(0, 60, weight=6)))


def _draw_use(draw: Draw, center: Center, records: Sequence[str], starts: Sequence[datetime]) -> None:
    def record() -> str | None:
        found: str | None = draw(st.sampled_from([None, "k99", *records]))
        return found

    center["bot_sessions"] = [
        {
            "session_id": f"b{number}",
            "contact_id": draw(often(record(), None)),
            "handed_off_contact_id": record(),
            "technology_id": "t1",
            "started_at": text_of(draw, draw(st.sampled_from(starts))),
        }
        for number in range(draw(st.integers(0, 3)))
    ]
    center["technology_rates"] = [
        {
            "technology_id": technology,
            "unit": unit,
            "effective_from": since,
            "unit_cost": draw(st.sampled_from(["0.000123", "0.1", "1.5", None])),
            "currency": draw(st.sampled_from(CURRENCIES)),
        }
        for technology, unit in (("t1", "token"), ("t1", "session"), ("t2", "minute"))
        for since in draw(st.sampled_from([["2023-01-01"], ["2023-01-01", str(starts[-1].date())], []]))
    ]
    center["technology_usage"] = [
        {
            "usage_id": f"u{number}",
            "technology_id": draw(st.sampled_from(["t1", "t1", "t2"])),
            "contact_id": draw(often(None, record(), weight=1)),
            "session_id": draw(st.sampled_from([None, "b0", "b1", "b2", "b9"])),
            "used_at": text_of(
                draw,
                draw(often(draw(st.sampled_from(starts)), None, starts[-1] + timedelta(days=35), weight=9)),
            ),
            "unit": draw(st.sampled_from(["token", "session", "minute"])),
            "quantity": draw(st.sampled_from(["1", "2.5", "1234", "0", None])),
        }
        for number in range(draw(st.integers(0, 5)))
    ]


def _draw_evaluations(draw: Draw, center: Center, starts: Sequence[datetime]) -> None:
    center["qa_evaluations"] = [
        {
            "evaluation_id": f"e{number}",
            "agent_id": draw(st.sampled_from(["a1", "a1", "a2", "a3", None])),
            "submitted_at": text_of(
                draw, draw(st.sampled_from(starts)) + timedelta(hours=draw(st.sampled_from((0, 1, 12, 30))))
            ),
            "status": draw(st.sampled_from(["submitted", None])),
        }
        for number in range(draw(st.integers(0, 3)))
    ]


def _draw_ledger(draw: Draw, center: Center, day: date) -> None:
    """Draw postings of the moment's month and the two around it, some as estimate, reversal and invoice."""
    center["ledger_accounts"] = []
    center["ledger_entries"] = []
    month = day.replace(day=1)
    months = [(month - timedelta(days=3)).replace(day=1), month, (month + timedelta(days=40)).replace(day=1)]

    def post(account: str, of: date, amount: str, on: date | None, vendor: str | None, currency: str) -> None:
        number = len(center["ledger_entries"])
        center["ledger_entries"].append(
            {
                "entry_id": f"l{number:03}",
                "period_month": str(of),
                "account_id": account,
                "vendor_id": vendor,
                "posted_on": None if on is None else str(on),
                "amount": amount,
                "currency": currency,
            }
        )

    for pool in draw(st.lists(st.sampled_from(POOLS), max_size=6, unique=True)):
        center["ledger_accounts"].append(
            {"account_id": pool, "pool": pool, "is_in_scope": draw(often("true", None, "false", weight=4))}
        )
        vendor = draw(often(None, "v1", weight=3 if pool != "bpo_invoices" else 1))
        currency = draw(often("GBP", "EUR", weight=3))
        if draw(often(False, True, weight=2)):
            # an estimate in the first month, taken back and invoiced in the second, which may have an estimate of its own
            estimate, last = months[0], months[1] + timedelta(days=27)
            post(pool, estimate, "100.50", estimate + timedelta(days=27), vendor, currency)
            post(pool, months[1], "-100.50", months[1] + timedelta(days=2), vendor, currency)
            if draw(st.booleans()):
                post(pool, months[1], "97.1234", months[1] + timedelta(days=4), vendor, currency)
            if draw(st.booleans()):
                end_of_month = (months[1] + timedelta(days=32)).replace(day=1) - timedelta(days=1)
                on = draw(st.sampled_from((end_of_month, last)))
                post(pool, months[1], "105", on, vendor, currency)
        else:
            for of in draw(st.lists(st.sampled_from(months), min_size=1, max_size=3)):
                large = "2345678.9" if pool in (*TRACED, "projects") else "55.5"
                amount = draw(st.sampled_from(["120", "33.3333", "7.01", "-2.5", "0", large]))
                on = draw(st.sampled_from([None, of, of + timedelta(days=14), of - timedelta(days=2)]))
                post(pool, of, amount, on, vendor, currency)
    if draw(often(False, True, weight=3)):
        post("nowhere", month, "11.11", month, None, draw(often("GBP", "XXX")))


# --- worlds --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class CostWorld:
    """What the centers of one build share."""

    name: str
    variables: Mapping[str, Any]
    is_typed: bool = False
    has_tariffs: bool = True
    pools: Sequence[Mapping[str, str]] = ()
    """Decisions on pools instead of the project's own."""
    share: float = 1.0


def _other_pools() -> list[dict[str, str]]:
    drivers = {
        "agent_pay": ("agent_time", "false", "traced"),
        "overtime_premium": ("overtime", "false", "traced"),
        "on_costs": ("agent_time", "false", "traced"),
        "telecom": ("channel_usage", "true", "traced"),
        "ai_usage": ("technology_usage", "true", "traced"),
        "bpo_invoices": ("contract", "true", "traced"),
        "supervision": ("direct_cost", "true", "cause_and_effect"),
        "workforce_management": ("evaluations", "true", "cause_and_effect"),
        "platform_licences": ("agent_time", "false", "cause_and_effect"),
        "quality": ("direct_cost", "false", "cause_and_effect"),
        "facilities": ("agent_time", "true", "cause_and_effect"),
        "corporate": ("agent_time", "true", "allocated"),
        "projects": ("none", "false", "traced"),
    }
    names = ("pool", "driver", "covers_outsourced", "evidence", "effective_from", "effective_to")
    return [
        {
            **dict(zip(names, (pool, *how, "1900-01-01", "2999-12-31"), strict=True)),
            "owner": "",
            "description": "",
        }
        for pool, how in drivers.items()
    ]


WORLDS = {
    world.name: world
    for world in (
        CostWorld("the project's decisions", {}),
        CostWorld(
            "by capacity, a share of paid minutes, absorbed, direct",
            {
                "concurrency_split": "capacity",
                "practical_capacity_mode": "ratio",
                "practical_capacity_ratio": 0.85,
                "unused_capacity_mode": "absorbed",
                "overtime_premium_mode": "direct",
                "reporting_timezone": "America/New_York",
                "business_day_start_hour": 4,
            },
            is_typed=True,
            pools=_other_pools(),
        ),
        CostWorld(
            "nothing shared, measured and absorbed",
            {
                "concurrency_split": "none",
                "unused_capacity_mode": "absorbed",
                "reporting_timezone": "Australia/Lord_Howe",
                "full_time_minutes_per_month": 9000,
                "auto_wrap_limit_seconds": 60,
            },
            share=0.5,
        ),
        CostWorld(
            "a share of paid minutes, direct, without tariffs, in euros",
            {
                "practical_capacity_mode": "ratio",
                "overtime_premium_mode": "direct",
                "reporting_currency": "EUR",
                "ledger_tolerance_amount": 0.4,
            },
            has_tariffs=False,
            share=0.5,
        ),
    )
}


def _tariffs() -> list[Row]:
    rows = (
        ("voice", "minute", "2023-01-01", "0.0123", "GBP"),
        ("voice", "minute", "2024-03-31", "0.02", "EUR"),
        ("voice", "contact", "2024-01-01", "0.05", None),
        ("chat", "contact", "2024-02-29", "0.333333", "USD"),
        ("email", "message", "2023-01-01", "0.1", "GBP"),
        ("sms", "message", "2023-01-01", "0.07", "XXX"),
        ("social", "contact", "2023-01-01", None, "GBP"),
    )
    names = ("channel", "unit", "effective_from", "unit_cost", "currency")
    return [dict(zip(names, row, strict=True)) for row in rows]


def _exchange_rates() -> list[Row]:
    rows = (
        ("EUR", "2023-01-01", "0.86"),
        ("EUR", "2024-02-29", "0.8531"),
        ("EUR", "2024-03-20", "0.851234"),
        ("EUR", "2024-10-27", "0.84"),
        ("GBP", "2023-01-01", "1.17"),
        ("USD", "2024-03-01", "0.79"),
        ("USD", "2024-06-03", "0"),
    )
    return [dict(zip(("currency", "rate_on", "rate_to_reporting"), row, strict=True)) for row in rows]


@dataclass
class BuiltCosts:
    """A world after its build."""

    world: CostWorld
    costs: Costs
    database: Path

    def rows(self, query: str) -> list[dict[str, Any]]:
        """Return rows of the build."""
        return builds.rows_of(self.database, query)


def _postings_that_tie(costs: Costs, currency: str) -> tuple[list[Row], list[Row]]:
    """Return accounts and postings that bring the ledger near to what some pools cost: to the cent, within tolerance, or not."""
    accounts = [{"account_id": f"tie-{pool}", "pool": pool} for pool in TRACED]
    entries: list[Row] = []
    keys: list[PoolKey] = sorted(key for key in costs.books if key[1] in TRACED)
    for number, key in enumerate(keys):
        month, pool, vendor = key
        off = (Fraction(0), Fraction(0), Fraction(3, 10), Fraction(7), None)[number % 5]
        if off is None:
            continue
        amount = costs.books[key].unexplained * -1 + off
        entries.append(
            {
                "entry_id": f"tie{number:04}",
                "period_month": str(month),
                "account_id": f"tie-{pool}",
                "vendor_id": None if vendor == "in_house" else vendor,
                "posted_on": str(month),
                "site": "tie",
                "amount": str(round(Decimal(amount.numerator) / Decimal(amount.denominator), 4)),
                "currency": currency,
            }
        )
    return accounts, entries


@cache
def built(name: str) -> BuiltCosts:
    """Draw the centers of a world and build them all at once."""
    world = WORLDS[name]
    seed = 7000 * SEED + list(WORLDS).index(name)
    drawn = strategies.drawn(centers_that_cost(), round(EXAMPLES * world.share), seed)
    raw = strategies.merged(two_paths.prefixed(drawn))
    raw["fx_rates"] = _exchange_rates()
    raw["channel_tariffs"] = _tariffs() if world.has_tariffs else []
    raw["feed_watermarks"] = [{"feed": "contacts", "complete_through": "2024-12-03 09:30:00"}]
    seeds = {"cost_pools": list(world.pools)} if world.pools else {}
    decisions = Decisions.read(seeds, world.variables)
    accounts, entries = _postings_that_tie(Costs(raw, decisions), decisions.variables["reporting_currency"])
    raw["ledger_accounts"].extend(accounts)
    raw["ledger_entries"].extend(entries)
    if world.is_typed:
        raw = strategies.typed(raw)
    folder = Path(tempfile.mkdtemp(prefix="cx_metrics_costs_"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    database = builds.build(
        folder, raw, is_typed=world.is_typed, variables=world.variables, seeds=seeds, select=SELECT
    )
    return BuiltCosts(world, Costs(raw, decisions), database)
