"""Outsourcers: what their contracts say, what they did in a month, what they charge for it, and what they report."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pyarrow as pa

from cx_metrics.simulator import world
from cx_metrics.simulator.columns import COUNT, DAY, MONEY, NUMBER, TEXT, from_rows
from cx_metrics.simulator.contacts.records import Office
from cx_metrics.simulator.experience.experience import feelings
from cx_metrics.simulator.finance.ledger import OUTSOURCERS, Bill, Cause, cents, exact
from cx_metrics.simulator.finished import FinishedDay
from cx_metrics.simulator.frames import NONE, Array, Floats, Ints, take
from cx_metrics.simulator.settings import Settings, Stage
from cx_metrics.simulator.workforce.time_sheets import Worked

RATE = pa.decimal128(18, 6)
SCHEMAS: dict[str, pa.Schema] = {
    "vendor_contracts": pa.schema(
        [
            ("vendor_id", TEXT),
            ("contract_version", TEXT),
            ("effective_from", DAY),
            ("effective_to", DAY),
            ("payment_basis", TEXT),
            ("unit_price", MONEY),
            ("currency", TEXT),
        ]
    ),
    "vendor_sla_terms": pa.schema(
        [
            ("vendor_id", TEXT),
            ("contract_version", TEXT),
            ("metric_name", TEXT),
            ("threshold", RATE),
            ("direction", TEXT),
            ("bonus_amount", MONEY),
            ("credit_amount", MONEY),
            ("minimum_n", COUNT),
        ]
    ),
    "vendor_reported_metrics": pa.schema(
        [("vendor_id", TEXT), ("period_month", DAY), ("metric_name", TEXT), ("reported_value", RATE)]
    ),
    "truth/vendor_metrics": pa.schema(
        [
            ("vendor_id", TEXT),
            ("period_month", DAY),
            ("metric_name", TEXT),
            ("units", COUNT),
            ("true_value", NUMBER),
            ("reported_value", NUMBER),
        ]
    ),
}

HOURS, MINUTES, CONTACTS = "productive_hour", "minute", "contact"


@dataclass(frozen=True)
class Contract:
    """A version of a contract; ``months`` after the first one it comes into force. The price is in hundredths."""

    months: int
    basis: str
    price: int


CONTRACTS = (
    ("USD", (Contract(0, HOURS, 1780), Contract(6, HOURS, 1840))),
    ("EUR", (Contract(0, MINUTES, 66), Contract(8, CONTACTS, 470))),
)
"""Currency and versions for the first and the second outsourcer. Paying for productive hours pays for waiting too,
the most common model (definitions M34: S115 V)."""

METRICS = ("service_level", "abandonment_rate", "csat_rate", "fcr_rate")
_IS_HIGHER = (True, False, True, True)
THRESHOLDS = ((0.74, 0.100, 0.55, 0.56), (0.72, 0.070, 0.58, 0.58))
_BONUS = (0.010, 0.000, 0.015, 0.010)
_CREDIT = (0.020, 0.015, 0.010, 0.000)
"""Bonus and credit of a month per metric, as shares of what the contracts were expected to cost in a month."""
_MINIMUM = 50
FLATTERY = (0.030, -0.012, 0.050, 0.060)
"""By how much a vendor's own report is better than the truth, on average: other exclusions, chosen surveys."""
_FLATTERY_SPREAD = 0.35
IN_TIME_SECONDS = {world.VOICE: 27, world.CHAT: 64}
"""Wait and ringing within which a contact counts as answered in time."""
_PLEASED = 3.5
_ESTIMATE_WITHIN = 0.03
_SHARE_COST = 1.15
"""Rough cost per contact record, in contract currency, that bonuses are set by."""


class Outsourcers:
    """The vendors that staff queues, month by month."""

    def __init__(self, office: Office) -> None:
        """Find out who works where."""
        self.office = office
        self.settings = office.settings
        slots = sorted({lane.bpo for lane in world.LANES if lane.bpo is not None})
        self.names = tuple(dict.fromkeys(self.settings.vendor_of(slot) for slot in slots))
        self.names = tuple(name for name in self.names if name != world.IN_HOUSE)
        self.of_lane = np.array([_place(self.names, self.settings, lane.bpo) for lane in world.LANES])
        self._reported: list[tuple[object, ...]] = []
        self._true: list[tuple[object, ...]] = []
        self._clear()

    def _clear(self) -> None:
        self._seconds = np.zeros((len(self.names), 2), dtype=np.int64)
        self._contacts = np.zeros(len(self.names), dtype=np.int64)
        self._good = np.zeros((len(self.names), len(METRICS)), dtype=np.int64)
        self._all = np.zeros((len(self.names), len(METRICS)), dtype=np.int64)

    def contract(self, vendor: int, month: date) -> tuple[str, Contract]:
        """Return the number and the terms of the version in force in a month."""
        since = (month.year - self.settings.start.year) * 12 + month.month - self.settings.start.month
        versions = CONTRACTS[vendor][1]
        at = max(i for i, version in enumerate(versions) if version.months <= max(since, 0))
        return str(at + 1), versions[at]

    def site(self, vendor: int) -> str | None:
        """Return where a vendor works, if it is one place."""
        places = {lane.site for lane, of in zip(world.LANES, self.of_lane, strict=True) if of == vendor}
        return places.pop() if len(places) == 1 else None

    def one_day(self, day: FinishedDay, worked: Worked) -> None:
        """Count a day's work: productive and handle seconds, contacts, and what the contract measures."""
        employer = self.of_lane[worked.lane]
        mine = employer != NONE
        np.add.at(self._seconds[:, 0], employer[mine], (worked.contact + worked.available)[mine])
        piece = day.pieces
        handled = np.isin(piece["kind"], (world.TALK, world.HOLD, world.WRAP, world.MESSAGE))
        handled &= (piece["agent"] != NONE) & (piece["queue"] != NONE)
        inside = day.records["number"][day.records["direction"] == world.INTERNAL]
        handled &= ~np.isin(piece["number"], inside)
        vendor = np.where(handled, self.of_lane[piece["queue"]], NONE)
        mine = vendor != NONE
        np.add.at(self._seconds[:, 1], vendor[mine], (piece["end"] - piece["start"])[mine])
        served = mine & np.isin(piece["kind"], (world.TALK, world.MESSAGE))
        served_by = np.unique(piece["number"][served] * len(METRICS) + vendor[served]) % len(METRICS)
        np.add.at(self._contacts, served_by, 1)
        self._measure(day)

    def _measure(self, day: FinishedDay) -> None:
        records, work = day.records, day.work
        last = np.where(work["lane"] != NONE, self.of_lane[work["lane"]], NONE)
        asked = np.where(records["queue"] != NONE, self.of_lane[records["queue"]], NONE)
        vendor = np.where(work["legs"] > 0, last, asked)
        chosen = (vendor != NONE) & (records["direction"] == world.INBOUND) & ~records["test"]
        chosen &= records["exclusion"] == NONE
        if not chosen.any():
            return
        few = replace(
            day, records=take(records, chosen), work=take(work, chosen), is_delivered=day.is_delivered[chosen]
        )
        vendor, records, work = vendor[chosen], few.records, few.work
        limit = np.array([IN_TIME_SECONDS.get(i, 0) for i in range(len(world.CHANNELS))])[records["channel"]]
        queued = np.isin(records["number"], day.pieces["number"][day.pieces["kind"] == world.QUEUE])
        live, served = (limit > 0) & queued, work["legs"] > 0
        pleased = feelings(self.settings, few)["satisfaction"] >= _PLEASED
        for i, (counts, good) in enumerate(
            (
                (live, served & (work["wait"] <= limit)),
                (live, ~served),
                (served & (records["resolved"] != NONE), pleased),
                (
                    served & (records["resolved"] != NONE),
                    (records["resolved"] == 1) & (records["attempt"] == 0),
                ),
            )
        ):
            np.add.at(self._all[:, i], vendor[counts], 1)
            np.add.at(self._good[:, i], vendor[counts & good], 1)

    def price_of_seconds(self, vendor: Ints, handles: Array, month: date) -> Floats:
        """Return what a second costs of people's work for contacts, in hundredths; 0 where it is paid otherwise.

        ``handles`` tells seconds of talk, hold, wrap-up and writing from ringing and the like.
        """
        price = np.zeros(len(vendor))
        for i in range(len(self.names)):
            _, terms = self.contract(i, month)
            mine = vendor == i
            if terms.basis == HOURS:
                price[mine] = terms.price / 3600
            elif terms.basis == MINUTES:
                price[mine & handles] = terms.price / 60
        return price

    def price_of_contact(self, vendor: int, month: date) -> float:
        """Return what a handled contact costs, in hundredths; 0 where it is paid otherwise."""
        _, terms = self.contract(vendor, month)
        return float(terms.price) if terms.basis == CONTACTS else 0.0

    def bills(self, month: date, number: int) -> list[Bill]:
        """Return a month's invoices with the estimates for the month's end, and take note of the reports."""
        bills = []
        for vendor, name in enumerate(self.names):
            currency = CONTRACTS[vendor][0]
            version, terms = self.contract(vendor, month)
            usage = self._usage(vendor, terms)
            rng = self.settings.generator(Stage.VENDORS, number, vendor)
            estimate = round(usage.cents * (1 + float(rng.uniform(-_ESTIMATE_WITHIN, _ESTIMATE_WITHIN))))
            settled = self._judge(vendor, name, month, version, rng)
            site = self.site(vendor)
            bills.append(Bill(month, OUTSOURCERS, name, site, currency, (usage,), estimate, settled))
        self._clear()
        return bills

    def _usage(self, vendor: int, terms: Contract) -> Cause:
        productive, handle = (int(seconds) for seconds in self._seconds[vendor])
        if terms.basis == CONTACTS:
            contacts = int(self._contacts[vendor])
            return Cause("handled contacts", contacts, "contact", contacts * terms.price)
        if terms.basis == MINUTES:
            return Cause("minutes of handling", handle / 60, "minute", cents(handle * terms.price, 60))
        return Cause("productive hours", productive / 3600, "hour", cents(productive * terms.price, 3600))

    def _judge(
        self, vendor: int, name: str, month: date, version: str, rng: np.random.Generator
    ) -> tuple[Cause, ...]:
        """Hold a month against the contract; note what is true and what the vendor reports."""
        settled = []
        draws = rng.normal(1.0, _FLATTERY_SPREAD, len(METRICS))
        for i, (metric, higher) in enumerate(zip(METRICS, _IS_HIGHER, strict=True)):
            units = int(self._all[vendor, i])
            if not units:
                continue
            value = int(self._good[vendor, i]) / units
            reported = round(min(1.0, max(0.0, value + FLATTERY[i] * max(0.1, float(draws[i])))), 4)
            self._reported.append((name, month, metric, exact(round(reported * 10_000), 4)))
            self._true.append((name, month, metric, units, value, reported))
            if units < _MINIMUM:
                continue
            limit = THRESHOLDS[vendor][i]
            attained = value >= limit if higher else value <= limit
            sum_in_cents = self.stake(vendor, i)[0 if attained else 1]
            if sum_in_cents:
                kind = "bonus" if attained else "credit"
                signed = sum_in_cents if attained else -sum_in_cents
                settled.append(Cause(f"{kind} for {metric}, contract {version}", 1.0, "month", signed))
        return tuple(settled)

    def stake(self, vendor: int, metric: int) -> tuple[int, int]:
        """Return bonus and credit of a month in cents, whole tens of the currency."""
        share = sum(
            lane.share for lane, of in zip(world.LANES, self.of_lane.tolist(), strict=True) if of == vendor
        )
        usual = self.settings.contacts_per_day * 30 * share * _SHARE_COST * 4
        bonus, credit = _BONUS[metric] * usual, _CREDIT[metric] * usual
        return round(bonus / 10) * 1000, round(credit / 10) * 1000

    def drain(self) -> dict[str, pa.Table]:
        """Return what was reported since the last call, and what is true."""
        tables = {
            "vendor_reported_metrics": from_rows(SCHEMAS["vendor_reported_metrics"], self._reported),
            "truth/vendor_metrics": from_rows(SCHEMAS["truth/vendor_metrics"], self._true),
        }
        self._reported, self._true = [], []
        return tables

    def contracts(self) -> dict[str, pa.Table]:
        """Return the contracts and what they promise; they were signed before the first day."""
        versions, terms = [], []
        for vendor, name in enumerate(self.names):
            currency, known = CONTRACTS[vendor]
            starts = [self._month(version.months) for version in known]
            for i, version in enumerate(known):
                until = starts[i + 1] if i + 1 < len(known) else None
                since = None if i == 0 else starts[i]
                price = exact(version.price, 2)
                versions.append((name, str(i + 1), since, until, version.basis, price, currency))
                for metric, metric_name in enumerate(METRICS):
                    bonus, credit = self.stake(vendor, metric)
                    terms.append(
                        (
                            name,
                            str(i + 1),
                            metric_name,
                            exact(round(THRESHOLDS[vendor][metric] * 1000), 3),
                            "higher" if _IS_HIGHER[metric] else "lower",
                            exact(bonus, 2) if bonus else None,
                            exact(credit, 2) if credit else None,
                            _MINIMUM,
                        )
                    )
        return {
            "vendor_contracts": from_rows(SCHEMAS["vendor_contracts"], versions),
            "vendor_sla_terms": from_rows(SCHEMAS["vendor_sla_terms"], terms),
        }

    def _month(self, later: int) -> date:
        start = self.settings.start
        months = start.month - 1 + later
        return date(start.year + months // 12, months % 12 + 1, 1)


def _place(names: tuple[str, ...], settings: Settings, slot: int | None) -> int:
    vendor = settings.vendor_of(slot)
    return names.index(vendor) if vendor in names else NONE
