"""How a contact felt: the satisfaction and effort that surveys, sentiment, quality and churn all follow from.

Both are latent: only ``truth/`` shows them. They follow from what happened (settled or not, the wait, hand-overs,
earlier attempts, who served) and from a disposition that belongs to the customer.
"""

from __future__ import annotations

import numpy as np

from cx_metrics.simulator import world
from cx_metrics.simulator.finished import FinishedDay
from cx_metrics.simulator.frames import NONE, Array, Floats, Frame, chance
from cx_metrics.simulator.settings import Settings

_SALT_MOOD, _SALT_DISPOSITION, _SALT_EFFORT = 61, 62, 63
_SLOTS_WITH_GAP = (0,)
"""Outsourcing slots whose customers are less satisfied than their audits say."""


def normal(keys: Array, seed: int, salt: int) -> Floats:
    """Return a standard normal number per key, which depends on key, seed and salt alone."""
    radius = np.sqrt(-2.0 * np.log1p(-chance(keys, seed, salt)))
    return np.asarray(radius * np.cos(2 * np.pi * chance(keys, seed, salt + 1000)))


def feelings(settings: Settings, day: FinishedDay) -> Frame:
    """Return ``satisfaction`` and ``effort`` per record, both continuous on a scale from 1 to 5.

    A record that a later one continues (``resolved`` is NONE) is felt as if it were not settled yet; only the
    last record of a contact should be asked about.
    """
    records, work = day.records, day.work
    person = np.maximum(records["customer"], 0)
    resolved = records["resolved"] == 1
    minutes = work["wait"] / 60.0
    again = np.minimum(records["attempt"], 4)
    moves = np.minimum(np.maximum(work["legs"] - 1, 0), 3)
    mood = 0.60 * normal(records["number"], settings.seed, _SALT_MOOD)
    disposition = 0.35 * normal(person, settings.seed, _SALT_DISPOSITION)
    live = np.isin(records["channel"], (world.VOICE, world.CHAT))
    satisfaction = (
        np.where(resolved, 4.35, 2.75)
        + mood
        + disposition
        - np.where(live, 0.06 * np.minimum(minutes, 15.0), 0.0)
        - 0.25 * again
        - 0.20 * moves
        - 0.002 * np.minimum(work["hold"], 600)
    )
    gap = settings.size_of("vendor_quality_gap", day.number)
    if gap is not None:
        slot = np.array([-1 if lane.bpo is None else lane.bpo for lane in world.LANES])
        satisfaction += np.where(
            (work["lane"] != NONE) & np.isin(slot[work["lane"]], _SLOTS_WITH_GAP), gap, 0.0
        )
    effort = (
        1.6
        + np.where(resolved, 0.0, 1.1)
        + 0.55 * again
        + 0.40 * moves
        + np.where(live, 0.05 * np.minimum(minutes, 20.0), 0.0)
        + 0.45 * normal(records["number"], settings.seed, _SALT_EFFORT)
    )
    return {
        "satisfaction": np.clip(satisfaction, 1.0, 5.0),
        "effort": np.clip(effort, 1.0, 5.0),
    }
