"""The quality form: thirty items, and whether an agent did on a contact what each of them asks.

What an agent does follows from the agent's competencies and from chance; it depends on the record, the agent and
the item alone, so that experience and quality see the same conversation.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cx_metrics.simulator.frames import Array, Bools, Ints, chance, normal
from cx_metrics.simulator.settings import Settings

FORM_ID = "qf_conversation"
FORM_VERSIONS = ("1", "2")
SECOND_VERSION_SINCE = 190
"""Day from which evaluations use the second version of the form, which has other weights."""

COMPETENCIES = ("empathy", "judgment", "adaptability", "process", "compliance")
EMPATHY, JUDGMENT, ADAPTABILITY, PROCESS, COMPLIANCE = range(5)

COMPETENCE_SPREAD, HABIT_SPREAD = 0.40, 0.35
"""Standard deviations, in log odds, of an agent's competency and of the agent's habit with a single item."""

_SALT_DONE, _SALT_COMPETENCE, _SALT_HABIT = 300, 301, 302


@dataclass(frozen=True)
class FormItem:
    """An item: how often an average agent does it, how often it does not apply, and what the form makes of it.

    ``weights`` are those of the two versions of the form; ``matters`` tells whether it moves satisfaction.
    """

    label: str
    competency: int
    done: float
    weights: tuple[int, int]
    matters: bool = False
    skipped: float = 0.0
    points: int = 1
    critical: str | None = None


ITEMS = (
    FormItem("Greets and says who is speaking", PROCESS, 0.96, (3, 1)),
    FormItem("Verifies the customer as required", COMPLIANCE, 0.97, (5, 4), critical="compliance"),
    FormItem("Listens without interrupting", EMPATHY, 0.88, (3, 5), matters=True),
    FormItem("Acknowledges how the customer feels", EMPATHY, 0.84, (3, 6), matters=True, points=2),
    FormItem("Finds the real reason for the contact", JUDGMENT, 0.87, (4, 6), matters=True),
    FormItem("Asks questions that help", JUDGMENT, 0.90, (3, 3)),
    FormItem("Gives correct information", JUDGMENT, 0.92, (6, 8), matters=True, critical="customer"),
    FormItem("Gives complete information", JUDGMENT, 0.90, (4, 4), points=2),
    FormItem("Explains in plain words", EMPATHY, 0.91, (3, 3)),
    FormItem("Takes responsibility for the matter", EMPATHY, 0.86, (3, 6), matters=True),
    FormItem("Adapts to how the customer speaks", ADAPTABILITY, 0.88, (2, 3)),
    FormItem("Tries another way when the first does not help", ADAPTABILITY, 0.84, (3, 6), matters=True),
    FormItem("Offers another channel where it is better", ADAPTABILITY, 0.85, (2, 2), skipped=0.55),
    FormItem("Says what happens next", JUDGMENT, 0.84, (3, 6), matters=True),
    FormItem("Asks whether the matter is settled", EMPATHY, 0.86, (3, 6), matters=True),
    FormItem("Opens in the wording of the script", PROCESS, 0.94, (4, 1)),
    FormItem("Closes in the wording of the script", PROCESS, 0.92, (4, 1)),
    FormItem("Asks before putting on hold", PROCESS, 0.88, (2, 2), skipped=0.60),
    FormItem("Says why there is a hold", PROCESS, 0.86, (2, 2), skipped=0.60),
    FormItem("Announces the transfer", PROCESS, 0.90, (2, 2), skipped=0.85),
    FormItem("Reads the required notice", COMPLIANCE, 0.96, (5, 3), skipped=0.30, critical="compliance"),
    FormItem("Keeps other people's data to itself", COMPLIANCE, 0.99, (6, 5), critical="compliance"),
    FormItem("Follows the rules of refunds and credits", JUDGMENT, 0.94, (5, 3), skipped=0.60, critical="business"),
    FormItem("Books the right amount", PROCESS, 0.97, (5, 3), skipped=0.60, critical="business"),
    FormItem("Gives no promise that cannot be kept", JUDGMENT, 0.95, (4, 4), critical="customer"),
    FormItem("Writes notes that others can use", PROCESS, 0.88, (4, 2), points=2),
    FormItem("Chooses the right reason code", PROCESS, 0.87, (3, 1)),
    FormItem("Names the current offer", PROCESS, 0.80, (3, 1), skipped=0.50),
    FormItem("Uses the customer's name", EMPATHY, 0.82, (2, 1)),
    FormItem("Would have satisfied this customer", EMPATHY, 0.85, (0, 0)),
)  # fmt: skip
ITEM_IDS = tuple(f"QI{position + 1:02d}" for position in range(len(ITEMS)))
PREDICTION = len(ITEMS) - 1
"""The item in which the auditor predicts the customer's satisfaction; nobody performs it."""
ALL_ITEMS = np.arange(len(ITEMS), dtype=np.int64)
THAT_MATTER = np.array([position for position, item in enumerate(ITEMS) if item.matters], dtype=np.int64)
DONE = np.array([item.done for item in ITEMS])

_COMPETENCY = np.array([item.competency for item in ITEMS], dtype=np.int64)


def performed(settings: Settings, number: Array, agent: Array, items: Ints, spell: int = 0) -> Bools:
    """Tell for each record (rows) and item (columns) whether its agent did what the item asks.

    ``spell`` is 0 for the agent who finished the record, 1 for one who handed it on.
    """
    people, person = np.unique(agent, return_inverse=True)
    odds = np.log(DONE[items] / (1 - DONE[items])) + (
        COMPETENCE_SPREAD * normal(people[:, None] * 8 + _COMPETENCY[items], settings.seed, _SALT_COMPETENCE)
        + HABIT_SPREAD * normal(people[:, None] * 64 + items, settings.seed, _SALT_HABIT)
    )
    often = 1.0 / (1.0 + np.exp(-odds))
    draws = chance(number[:, None] * 64 + 32 * spell + items, settings.seed, _SALT_DONE)
    return np.asarray(draws < often[person], dtype=np.bool_)
