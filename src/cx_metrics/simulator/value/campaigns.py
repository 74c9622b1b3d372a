"""Campaigns: who is exposed to which, who buys because of it, and who gets in touch because of it.

The needs that a campaign causes (``campaign_demand``) come on top of all others; part of the contacts name the
campaign, the rest can only be found by comparison with customers who were not exposed.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from cx_metrics.simulator import world
from cx_metrics.simulator.buffers import Buffer
from cx_metrics.simulator.columns import (
    COUNT,
    DAY,
    FLAG,
    INSTANT,
    MONEY,
    MONEY_UNITS,
    TEXT,
    coded,
    contact_ids,
    counts,
    days,
    ids,
    instants,
    money,
    texts,
)
from cx_metrics.simulator.contacts.demand import NEED_FIELDS
from cx_metrics.simulator.contacts.records import Office
from cx_metrics.simulator.finished import FinishedDay, Tables
from cx_metrics.simulator.frames import NONE, Floats, Ints, blank, cumulate, pick
from cx_metrics.simulator.settings import Stage

SCHEMAS: dict[str, pa.Schema] = {
    "campaigns": pa.schema(
        [
            ("campaign_id", TEXT),
            ("name", TEXT),
            ("product_line_id", TEXT),
            ("starts_on", DAY),
            ("ends_on", DAY),
            ("budget", MONEY),
            ("currency", TEXT),
        ]
    ),
    "campaign_exposures": pa.schema([("campaign_id", TEXT), ("customer_id", TEXT), ("exposed_at", INSTANT)]),
}
TRUTH_SCHEMA = pa.schema(
    [
        ("contact_id", TEXT),
        ("campaign_id", TEXT),
        ("customer_id", TEXT),
        ("need_id", TEXT),
        ("attempt", COUNT),
        ("is_tagged", FLAG),
    ]
)
"""The contact records that would not be there without a campaign."""

WINDOW_DAYS = 14
TAGGED = 0.6
CALLS = 0.6
"""Share of the caused needs that come in by telephone."""
_REASONS = np.array([world.INFO, world.UPGRADE, world.REASON_CODES.index("OTHER")], dtype=np.int8)
_REASON_SHARES = cumulate([0.60, 0.20, 0.20])
_FIELDS = {"campaign": "int8", "customer": "int64", "at": "int64"}
_CAUSED_FIELDS = {
    "number": "int64",
    "campaign": "int8",
    "customer": "int64",
    "need": "int64",
    "attempt": "int64",
    "tagged": "bool",
    "at": "int64",
}


class Campaigns:
    """Exposes customers day by day and plans what follows."""

    def __init__(self, office: Office) -> None:
        """Start before all exposures."""
        self.office = office
        self.settings = office.settings
        self._seen = {
            code: np.zeros(len(office.population.active), dtype=np.bool_)
            for code, campaign in enumerate(world.CAMPAIGNS)
            if campaign.exposes
        }
        self._sales: dict[int, list[tuple[Ints, int]]] = {}
        self._needs = np.zeros(0, dtype=np.int64)
        self._need_campaign = np.zeros(0, dtype=np.int8)
        self._exposures = Buffer(_FIELDS)
        self._caused = Buffer(_CAUSED_FIELDS)

    def one_day(self, day: FinishedDay) -> None:
        """Expose customers to the campaigns of a day; find the contacts that earlier exposures led to."""
        self._find_contacts(day)
        for code, campaign in enumerate(world.CAMPAIGNS):
            if (
                campaign.exposes
                and campaign.ends is not None
                and campaign.starts <= day.number < campaign.ends
            ):
                share = campaign.exposes / (campaign.ends - campaign.starts)
                self._expose(day.number, code, campaign, share)

    def sales_on(self, number: int) -> tuple[Ints, Ints]:
        """Return who buys on a day because of which campaign, once."""
        planned = self._sales.pop(number, [])
        customer = np.concatenate([np.zeros(0, dtype=np.int64), *(part for part, _ in planned)])
        campaign = np.repeat([code for _, code in planned], [len(part) for part, _ in planned])
        return customer, campaign.astype(np.int64)

    def _expose(self, number: int, code: int, campaign: world.Campaign, share: float) -> None:
        """Expose a share of the customers to a campaign, each at most once."""
        population = self.office.population
        rng = self.settings.generator(Stage.CAMPAIGNS, number, code)
        known = population.known(number)
        drawn = rng.integers(0, known, int(rng.poisson(known * share)))
        customer = np.unique(drawn)
        customer = customer[~self._seen[code][customer] & population.active[customer]]
        rows = len(customer)
        uniform = rng.random((7, rows))
        at = (
            self.settings.period_start
            + number * 86400
            + 32_400
            + np.floor(uniform[0] * 32_400).astype(np.int64)
        )
        self._seen[code][customer] = True
        self._exposures.add(rows, campaign=code, customer=customer, at=at)
        buys = uniform[1] < campaign.sells
        when = number + 1 + np.floor(uniform[2] * WINDOW_DAYS).astype(np.int64)
        for day in np.unique(when[buys]).tolist():
            self._sales.setdefault(day, []).append((customer[buys & (when == day)], code))
        effect = self.settings.size_of("campaign_demand", number) if campaign.calls_for else None
        if effect is not None:
            asks = uniform[3] < effect
            self._cause_needs(number, code, campaign, customer[asks], uniform[4:, asks], rng)

    def _cause_needs(
        self,
        number: int,
        code: int,
        campaign: world.Campaign,
        customer: Ints,
        uniform: Floats,
        rng: np.random.Generator,
    ) -> None:
        """Plan the needs that a campaign causes."""
        people = self.office.population.customers
        rows = len(customer)
        region = people["region"][customer]
        voice, other = np.array(world.VOICE_DOOR)[region], np.array(world.OTHER_DOORS)[region, 0]
        needs = blank(NEED_FIELDS, rows)
        needs["door"] = np.where(uniform[0] < CALLS, voice, other).astype(np.int8)
        needs["customer"], needs["region"] = customer, region
        needs["reason"] = _REASONS[pick(_REASON_SHARES, uniform[1])]
        needs["product"][:] = people["product"][customer] if campaign.product is None else campaign.product
        needs["need"] = self.office.demand.new_needs(rows)
        needs["attempt"][:] = 0
        needs["campaign"] = np.where(uniform[2] < TAGGED, code, NONE).astype(np.int8)
        self._needs = np.concatenate([self._needs, needs["need"]])
        self._need_campaign = np.concatenate([self._need_campaign, np.full(rows, code, dtype=np.int8)])
        self.office.plan(
            needs, number + 1 + np.floor(rng.random(rows) ** 1.5 * (WINDOW_DAYS - 1)).astype(np.int64)
        )

    def _find_contacts(self, day: FinishedDay) -> None:
        """Note the delivered records about needs that a campaign caused; need numbers ascend."""
        if not len(self._needs):
            return
        records = day.records
        place = np.minimum(np.searchsorted(self._needs, records["need"]), len(self._needs) - 1)
        mine = (self._needs[place] == records["need"]) & day.is_delivered
        self._caused.add(
            int(mine.sum()),
            number=records["number"][mine],
            campaign=self._need_campaign[place[mine]],
            customer=records["customer"][mine],
            need=records["need"][mine],
            attempt=records["attempt"][mine],
            tagged=records["campaign"][mine] != NONE,
            at=records["started"][mine],
        )

    def drain(self) -> Tables:
        """Return exposures and caused contacts since the last call."""
        seen = self._exposures.drain(self.settings.known_until)
        caused = self._caused.drain(self.settings.known_until)
        exposures = {
            "campaign_id": coded(world.CAMPAIGN_IDS, seen["campaign"]),
            "customer_id": ids("CU", seen["customer"], seen["customer"] != NONE),
            "exposed_at": instants(seen["at"]),
        }
        truth = {
            "contact_id": contact_ids(caused["number"]),
            "campaign_id": coded(world.CAMPAIGN_IDS, caused["campaign"]),
            "customer_id": ids("CU", caused["customer"], caused["customer"] != NONE),
            "need_id": ids("N", caused["need"], caused["need"] != NONE),
            "attempt": counts(caused["attempt"]),
            "is_tagged": pa.array(caused["tagged"]),
        }
        return {
            "campaign_exposures": pa.table(exposures, schema=SCHEMAS["campaign_exposures"]),
            "truth/campaign_contacts": pa.table(truth, schema=TRUTH_SCHEMA),
        }

    def close(self) -> Tables:
        """Return what is left, and the campaigns that have begun."""
        begun = [campaign for campaign in world.CAMPAIGNS if campaign.starts < self.settings.days]
        first = self.settings.period_start // 86400
        budget = np.array(
            [round(campaign.budget * self.settings.customers) for campaign in begun], dtype=np.int64
        )
        ends = np.array([NONE if campaign.ends is None else first + campaign.ends - 1 for campaign in begun])
        product = np.array([NONE if campaign.product is None else campaign.product for campaign in begun])
        columns = {
            "campaign_id": texts([campaign.campaign_id for campaign in begun]),
            "name": texts([campaign.name for campaign in begun]),
            "product_line_id": coded(tuple(row[0] for row in world.PRODUCT_LINES), product),
            "starts_on": days(np.array([first + campaign.starts for campaign in begun])),
            "ends_on": days(ends, ends != NONE),
            "budget": money(budget * MONEY_UNITS),
            "currency": texts([world.CURRENCIES[0]] * len(begun)),
        }
        return {**self.drain(), "campaigns": pa.table(columns, schema=SCHEMAS["campaigns"])}
