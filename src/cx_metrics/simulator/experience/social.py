"""Public mentions on social networks: customers who post how they feel, others, bots, and reposts."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cx_metrics.simulator.columns import FLAG, INSTANT, TEXT, coded, ids, instants
from cx_metrics.simulator.contacts.records import Office
from cx_metrics.simulator.experience.experience import USUAL, Experience
from cx_metrics.simulator.finished import FinishedDay, Tables
from cx_metrics.simulator.frames import NONE, Frame, concat, cumulate, pick, take
from cx_metrics.simulator.settings import Stage

SCHEMAS: dict[str, pa.Schema] = {
    "social_mentions": pa.schema(
        [
            ("mention_id", TEXT),
            ("network", TEXT),
            ("author_id", TEXT),
            ("posted_at", INSTANT),
            ("stance", TEXT),
            ("is_repost", FLAG),
            ("is_bot", FLAG),
            ("query_version", TEXT),
        ]
    ),
}

NETWORKS = ("x", "facebook", "instagram", "reddit")
_NETWORK_SHARES = (0.46, 0.27, 0.15, 0.12)
_NETWORK_MOOD = np.array([-0.25, 0.0, 0.25, -0.15])
STANCES = ("promote", "neutral", "detract")
PROMOTE, NEUTRAL, DETRACT = range(3)
QUERIES = ("2023-11", "2024-07")
NEW_QUERY_SINCE = 170
"""Day on which the search was widened: it finds more posts, and more that take no side."""
MENTIONS_PER_CUSTOMER_YEAR = 0.08
WIDER, WIDER_NEUTRAL = 1.35, 0.20
FROM_CONTACTS, FROM_STRANGERS = 0.55, 0.20
"""Shares of posts by customers who were in touch that day, and by people who are no customers."""
BOTS, REPOSTS = 0.06, 0.15
BOT_ACCOUNTS = 12
NOT_JUDGED, NO_AUTHOR = 0.04, 0.01
DETRACTS_BELOW, PROMOTES_ABOVE = 3.35, 4.15

_FIELDS = dict.fromkeys(
    ("mention", "network", "author", "posted", "stance", "repost", "bot", "query"), "int64"
)
_STRANGERS, _ROBOTS = 10**9, 2 * 10**9
_PER_DAY = 10**6


class Social:
    """Listens to the networks."""

    def __init__(self, office: Office, experience: Experience) -> None:
        """Start with silence."""
        self.settings = office.settings
        self.population = office.population
        self.experience = experience
        self._rows: list[Frame] = []

    def one_day(self, day: FinishedDay) -> None:
        """Find the posts of a day."""
        if day.number < 0:
            return
        rng = self.settings.generator(Stage.SOCIAL, day.number)
        is_wide = day.number >= NEW_QUERY_SINCE
        rate = self.settings.customers * MENTIONS_PER_CUSTOMER_YEAR / 365 * (WIDER if is_wide else 1.0)
        posts = int(rng.poisson(rate))
        uniform = rng.random((9, posts))
        noise = rng.normal(0.0, 0.55, posts)
        strangers = rng.integers(0, 50_000, posts)
        known = max(self.population.known(day.number), 1)
        author = np.floor(uniform[0] * known).astype(np.int64)
        customers = day.records["customer"][day.records["customer"] != NONE]
        if len(customers):
            in_touch = customers[np.floor(uniform[0] * len(customers)).astype(np.int64)]
            author = np.where(uniform[1] < FROM_CONTACTS, in_touch, author)
        network = pick(cumulate(_NETWORK_SHARES), uniform[2])
        mood = self.experience.relation[author]
        is_stranger = uniform[1] > 1 - FROM_STRANGERS
        mood = np.where(is_stranger, USUAL, mood) + noise + _NETWORK_MOOD[network]
        stance = np.where(mood < DETRACTS_BELOW, DETRACT, np.where(mood > PROMOTES_ABOVE, PROMOTE, NEUTRAL))
        stance = np.where(is_wide & (uniform[3] < WIDER_NEUTRAL), NEUTRAL, stance)
        is_bot = uniform[4] < BOTS
        stance = np.where(is_bot, np.where(uniform[3] < 0.7, PROMOTE, DETRACT), stance)
        author = np.where(is_stranger, _STRANGERS + strangers, author)
        author = np.where(is_bot, _ROBOTS + strangers % BOT_ACCOUNTS, author)
        posted = (
            self.settings.period_start + day.number * 86400 + np.floor(86400 * uniform[5]).astype(np.int64)
        )
        self._rows.append(
            {
                "mention": day.number * _PER_DAY + np.arange(posts, dtype=np.int64),
                "network": network,
                "author": np.where(uniform[6] < NO_AUTHOR, NONE, author),
                "posted": posted,
                "stance": np.where(uniform[7] < NOT_JUDGED, NONE, stance),
                "repost": (uniform[8] < REPOSTS).astype(np.int64),
                "bot": is_bot.astype(np.int64),
                "query": np.full(posts, int(is_wide), dtype=np.int64),
            }
        )

    def drain(self) -> Tables:
        """Return the mentions since the last call."""
        frame = concat(self._rows, _FIELDS)
        self._rows = []
        frame = take(frame, frame["posted"] <= self.settings.known_until)
        network = coded(NETWORKS, frame["network"])
        present = np.ones(len(frame["mention"]), dtype=np.bool_)
        columns = {
            "mention_id": pc.binary_join_element_wise(network, ids("", frame["mention"], present, 10), ":"),
            "network": network,
            "author_id": ids("u", frame["author"], frame["author"] != NONE, digits=10),
            "posted_at": instants(frame["posted"]),
            "stance": coded(STANCES, frame["stance"]),
            "is_repost": pa.array(frame["repost"] == 1),
            "is_bot": pa.array(frame["bot"] == 1),
            "query_version": coded(QUERIES, frame["query"]),
        }
        return {"social_mentions": pa.table(columns, schema=SCHEMAS["social_mentions"])}

    def close(self) -> Tables:
        """Return nothing: all is known at once."""
        return {}
