"""What carrying contacts costs: tariffs per channel, their use per month, and the exchange rates of every day."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pyarrow as pa

from cx_metrics.simulator import world
from cx_metrics.simulator.columns import DAY, TEXT, from_rows
from cx_metrics.simulator.finance.ledger import CARRIERS, TELEPHONY, Cause, cents, exact
from cx_metrics.simulator.finished import FinishedDay
from cx_metrics.simulator.frames import NONE, Array, Floats, Ints
from cx_metrics.simulator.settings import HISTORY_DAYS, Settings, Stage

PRICE = pa.decimal128(18, 6)
SCHEMAS: dict[str, pa.Schema] = {
    "channel_tariffs": pa.schema(
        [
            ("channel", TEXT),
            ("unit", TEXT),
            ("effective_from", DAY),
            ("unit_cost", PRICE),
            ("currency", TEXT),
        ]
    ),
    "fx_rates": pa.schema([("currency", TEXT), ("rate_on", DAY), ("rate_to_reporting", PRICE)]),
}

REPORTING = "GBP"
CURRENCIES = (REPORTING, "USD", "EUR")
_FIRST_RATE = (1.0, 0.79, 0.857)
_DAILY_CHANGE = (0.0, 0.0042, 0.0024)
_PULL = 0.01
"""Share of the way back to its first rate that a currency goes every day."""

MINUTE, MESSAGE, CONTACT = "minute", "message", "contact"
PRICES = (
    (world.VOICE, MINUTE, "GBP", 0.0250, 0.0270, TELEPHONY),
    (world.CHAT, CONTACT, "GBP", 0.0600, None, CARRIERS),
    (world.MESSAGING, MESSAGE, "USD", 0.0420, None, CARRIERS),
    (world.EMAIL, CONTACT, "GBP", 0.0120, None, CARRIERS),
    (world.SOCIAL, MESSAGE, "USD", 0.0150, None, CARRIERS),
    (world.SMS, MESSAGE, "USD", 0.0450, None, CARRIERS),
    (world.VIDEO, MINUTE, "GBP", 0.0060, None, CARRIERS),
    (world.SELF_SERVICE, CONTACT, "GBP", 0.0300, None, CARRIERS),
)
"""Channel, unit, currency, price, the price after the change (None: none), and the account it is booked on."""
_CHANGES_ON = (7, 1)
CARRIERS_BILL_TO = 25
"""Day of the month to which the carriers of chat and messages bill; telephony is billed by calendar month."""


def _moved(rates: Floats, surprise: Floats) -> Floats:
    """Return rates a day on: pulled towards where they began, and surprised by so many standard deviations."""
    drift = _PULL * (np.array(_FIRST_RATE) - rates)
    moved: Floats = np.round((rates + drift) * np.exp(surprise * np.array(_DAILY_CHANGE)), 6)
    return moved


class Exchange:
    """Rates of the day: a slow random walk that stays near where it began."""

    def __init__(self, settings: Settings) -> None:
        """Start before the first day."""
        self.settings = settings
        self._now = np.array(_FIRST_RATE)
        self._rates: list[tuple[object, ...]] = []
        self._year_before()

    def _year_before(self) -> None:
        """Note the rates of the year before the first day, in which customers bought already: the same walk, backwards."""
        rng = self.settings.generator(Stage.FINANCE, part=10)
        rates, before = np.array(_FIRST_RATE), []
        for surprise in rng.normal(0.0, 1.0, (HISTORY_DAYS, len(CURRENCIES))):
            rates = _moved(rates, surprise)
            before.append(rates)
        for number, known in enumerate(reversed(before), start=-HISTORY_DAYS):
            self._note(number, known)

    def _note(self, number: int, rates: Floats) -> None:
        on = self.settings.day(number)
        for name, rate in zip(CURRENCIES, rates.tolist(), strict=True):
            self._rates.append((name, on, exact(round(rate * 1_000_000), 6)))

    def one_day(self, number: int) -> None:
        """Move on by a day."""
        rng = self.settings.generator(Stage.FINANCE, number, 1)
        self._now = _moved(self._now, rng.normal(0.0, 1.0, len(CURRENCIES)))
        if number >= 0:
            self._note(number, self._now)

    def now(self) -> Floats:
        """Return what one unit of every currency is worth in the reporting currency today."""
        return self._now

    def drain(self) -> pa.Table:
        """Return the rates since the last call."""
        rows, self._rates = self._rates, []
        return from_rows(SCHEMAS["fx_rates"], rows)


class Tariffs:
    """Prices of channels, and how much of each was used."""

    def __init__(self, settings: Settings) -> None:
        """Start with nothing used."""
        self.settings = settings
        year = settings.start.year
        change = date(year, *_CHANGES_ON)
        self.changes_on = change if change > settings.start else date(year + 1, *_CHANGES_ON)
        self._change = (self.changes_on - settings.start).days
        self._old = np.array([round(price * 1_000_000) for _, _, _, price, _, _ in PRICES])
        self._new = np.array([round((new or price) * 1_000_000) for _, _, _, price, new, _ in PRICES])
        self._used = np.zeros((2, len(PRICES)), dtype=np.int64)

    def table(self) -> pa.Table:
        """Return the price list, with the change that has been announced."""
        rows = []
        first = self.settings.start - timedelta(days=365)
        for channel, unit, currency, price, new, _ in PRICES:
            for since, amount in ((first, price), (self.changes_on, new)):
                if amount is not None:
                    units = exact(round(amount * 1_000_000), 6)
                    rows.append((world.CHANNELS[channel], unit, since, units, currency))
        return from_rows(SCHEMAS["channel_tariffs"], rows)

    def use(self, day: FinishedDay, fx: Floats) -> Ints:
        """Count a day's use; return each record's cost in ten-thousandths of the reporting currency."""
        records = day.records
        amount = np.zeros(len(records["number"]))
        is_new = (records["started"] - self.settings.period_start) // 86400 >= self._change
        carried = (records["direction"] != world.INTERNAL) & (records["ended"] != NONE)
        for i, (channel, unit, currency, _, _, _) in enumerate(PRICES):
            mine = carried & (records["channel"] == channel)
            quantity = self._quantity(day, unit)
            price = np.where(is_new, self._new[i], self._old[i])
            divisor = 60 if unit == MINUTE else 1
            worth = quantity * price / (divisor * 100) * fx[CURRENCIES.index(currency)]
            amount += np.where(mine, worth, 0.0)
            if day.number >= 0:
                for version in (0, 1):
                    chosen = mine & (is_new == bool(version))
                    self._used[version, i] += int(quantity[chosen].sum())
        return np.asarray(np.rint(amount), dtype=np.int64)

    @staticmethod
    def _quantity(day: FinishedDay, unit: str) -> Array:
        """Return seconds, messages or contacts per record."""
        if unit == MINUTE:
            return np.asarray(np.maximum(day.records["ended"] - day.records["started"], 0))
        if unit == MESSAGE:
            return np.asarray(day.work["messages"])
        return np.ones(len(day.records["number"]), dtype=np.int64)

    def bill(self, account: str, currency: str) -> tuple[Cause, ...]:
        """Return what an account's carriers charge in a currency for what was used since the last bill."""
        causes = []
        for i, (channel, unit, paid_in, _, _, booked_on) in enumerate(PRICES):
            if booked_on != account or paid_in != currency:
                continue
            for version, prices in enumerate((self._old, self._new)):
                used = int(self._used[version, i])
                divisor = 60 if unit == MINUTE else 1
                name = f"{world.CHANNELS[channel]} at {prices[i] / 1_000_000:.4f} {currency}"
                charged = cents(used * int(prices[i]), divisor * 10_000)
                causes.append(Cause(name, used / divisor, unit, charged))
                self._used[version, i] = 0
        return tuple(causes)
