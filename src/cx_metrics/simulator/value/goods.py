"""Goods: what is sold for how much, by which department, in which season."""

from __future__ import annotations

import numpy as np

from cx_metrics.simulator import world
from cx_metrics.simulator.contacts.population import Population
from cx_metrics.simulator.frames import NONE, Array, Floats, Ints

KINDS = ("purchase", "donation", "ticket", "upgrade", "renewal", "refund")
PURCHASE, DONATION, TICKET, UPGRADE, RENEWAL, REFUND = range(6)
DEPARTMENTS = ("sales", "fundraising", "box_office", "online")
SALES, FUNDRAISING, BOX_OFFICE, ONLINE = range(4)

MARGINS = np.array([0.36, 0.94, 0.24, 0.52, 0.58, 0.0])
"""Contribution margin by kind, as a share of the amount."""
USUAL_PURCHASE, USUAL_GIFT = 38.0, 32.0
CHEAPEST_SEAT, SEAT_STEP = 18.0, 14.0
"""Prices in the reporting currency; seats come in five categories."""
LARGE_GIFTS, LARGE_FROM, LARGEST_GIFT = 0.012, 1_000.0, 25_000.0


def goods(
    population: Population, kind: int, customer: Ints, units: Ints, luck: Floats, uniform: Floats
) -> tuple[Ints, Ints, Array, Array]:
    """Return amounts in ten-thousandths, units, product lines and departments of sales of one kind."""
    level = np.array(world.PRICE_LEVEL)[population.customers["region"][customer]]
    standing = population.standing(customer)
    if kind == PURCHASE:
        price = USUAL_PURCHASE * np.exp(0.55 * luck + 0.45 * standing) * level
        product = np.where(uniform[1] < 0.55, world.DEVICES, population.customers["product"][customer])
        department = np.where(uniform[2] < 0.62, ONLINE, SALES)
        return cents(price * units), units, product, department
    product = np.full(len(customer), world.EVENTS)
    if kind == TICKET:
        price = (CHEAPEST_SEAT + SEAT_STEP * np.floor(uniform[1] * 5)) * np.exp(0.10 * standing) * level
        department = np.where(uniform[2] < 0.45, BOX_OFFICE, ONLINE)
        return cents(price) * units, units, product, department
    gift = USUAL_GIFT * np.exp(0.95 * luck + 0.25 * standing)
    large = LARGE_FROM * (1.0 - np.minimum(uniform[2] / LARGE_GIFTS, 0.999)) ** -0.9
    gift = np.where(uniform[2] < LARGE_GIFTS, np.minimum(large, LARGEST_GIFT), gift) * level
    gift = np.where(gift > 20, np.round(gift / 5) * 5, np.maximum(np.round(gift), 2.0))
    return cents(gift), np.full(len(customer), NONE), product, np.full(len(customer), FUNDRAISING)


def cents(amount: Floats) -> Ints:
    """Return money in ten-thousandths, rounded to hundredths."""
    return np.asarray(np.round(amount * 100).astype(np.int64) * 100)


def season(month: int) -> dict[int, float]:
    """Return factors on the rates of a month: gifts before the holidays, few events in summer."""
    gifts = {11: 1.6, 12: 2.6}.get(month, 0.80)
    seats = 0.6 if month in (7, 8) else 1.08
    return {PURCHASE: {11: 1.25, 12: 1.5}.get(month, 0.925), TICKET: seats, DONATION: gifts}
