"""Refunds: which sales are taken back, after a contact about it or without one, in full or in part."""

from __future__ import annotations

import numpy as np

from cx_metrics.simulator import world
from cx_metrics.simulator.buffers import Pending
from cx_metrics.simulator.finished import FinishedDay
from cx_metrics.simulator.frames import NONE, Bools, Floats, Frame, chance, take
from cx_metrics.simulator.settings import Settings

REFUNDED = np.array([0.035, 0.006, 0.020, 0.010, 0.015, 0.0])
"""Share of sales that are taken back without a contact about it, by kind."""
REFUNDED_BEFORE = np.array([0.12, *REFUNDED[1:]])
"""The same before the simulation, where there are no contacts that could lead to refunds of purchases."""
REFUND_DAYS, FULL_REFUND = 45, 0.72
REFUND_AFTER_CONTACT, RECENT_DAYS = 0.55, 60
_SALE = {"named": "bool", "department": "int8", "product": "int8", "amount": "int64", "margin": "int64"}
"""What is remembered of a sale that may be paid back."""
_FIELDS = {**_SALE, "number": "int64", "customer": "int64", "at": "int64", "day": "int64"}
_NEVER = -(1 << 31)
_SALT_RETURN, _SALT_WHOLE, _SALT_PART = 146, 147, 148


class Refunds:
    """The newest purchase of every customer, and the refunds that are under way."""

    def __init__(self, settings: Settings, customers: int) -> None:
        """Start without purchases."""
        self.settings = settings
        self._recent = np.full(customers, NONE, dtype=np.int64)
        self._recent_day = np.full(customers, _NEVER, dtype=np.int32)
        self._recent_sale = {name: np.zeros(customers, dtype=kind) for name, kind in _SALE.items()}
        self._waiting = Pending(_FIELDS)

    def note(self, sale: Frame) -> None:
        """Remember the newest purchases of customers: they may be given back."""
        self._recent[sale["customer"]] = sale["number"]
        self._recent_day[sale["customer"]] = (sale["at"] - self.settings.period_start) // 86400
        for name, column in self._recent_sale.items():
            column[sale["customer"]] = sale[name]

    def after_contacts(self, day: FinishedDay) -> None:
        """Give money back where a contact about a refund or return was settled."""
        records = day.records
        asks = np.isin(records["reason"], (world.REFUND, world.RETURN)) & (records["resolved"] == 1)
        customer = np.unique(records["customer"][asks & (records["customer"] != NONE) & ~records["test"]])
        bought = (self._recent[customer] != NONE) & (self._recent_day[customer] >= day.number - RECENT_DAYS)
        bought &= self._recent_day[customer] < day.number
        customer = customer[bought]
        sale: Frame = {name: column[customer] for name, column in self._recent_sale.items()}
        sale["number"], sale["customer"] = self._recent[customer], customer
        sale["at"] = np.full(len(customer), self.settings.period_start + day.number * 86400 + 60_000)
        draw = chance(sale["number"], self.settings.seed, _SALT_RETURN)
        back = draw < REFUND_AFTER_CONTACT
        self.plan(sale, draw / 6, back)
        self._recent[customer[back]] = NONE

    def plan(self, sale: Frame, wait: Floats, chosen: Bools) -> None:
        """Let chosen sales be paid back later; ``wait`` is a draw in [0, 1) for how much later."""
        if not chosen.any():
            return
        back = take({name: sale[name] for name in (*_SALE, "number", "customer", "at")}, chosen)
        delay = 1 + np.floor(wait[chosen] ** 2 * REFUND_DAYS).astype(np.int64)
        whole = chance(back["number"], self.settings.seed, _SALT_WHOLE) < FULL_REFUND
        part = 0.2 + 0.6 * chance(back["number"], self.settings.seed, _SALT_PART)
        for name in ("amount", "margin"):
            in_part = np.round(back[name] * part / 100).astype(np.int64) * 100
            back[name] = np.where(whole, back[name], in_part)
        back["day"] = (back["at"] - self.settings.period_start) // 86400 + delay
        back["at"] = back["at"] + delay * 86400
        self._waiting.add(back)

    def due(self, day: int) -> Frame:
        """Return the refunds of a day, once; ``number`` is the sale that each takes back."""
        return self._waiting.due(day)
