"""The survey questions, who is asked which, and what somebody with given feelings answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from cx_metrics.simulator import world
from cx_metrics.simulator.columns import FLAG, NUMBER, TEXT, from_rows
from cx_metrics.simulator.experience.experience import USUAL
from cx_metrics.simulator.frames import Array, Bools, Floats, Frame, chance, normal
from cx_metrics.simulator.settings import Settings

QUESTIONS_SCHEMA = pa.schema(
    [
        ("question_id", TEXT),
        ("instrument", TEXT),
        ("scale_min", NUMBER),
        ("scale_max", NUMBER),
        ("positive_min", NUMBER),
        ("is_reversed", FLAG),
        ("is_relationship", FLAG),
    ]
)


@dataclass(frozen=True)
class Question:
    """A question and its scale; without an instrument it measures nothing that a metric uses."""

    question_id: str
    instrument: str | None
    lowest: float | None
    highest: float | None
    positive: float | None
    is_reversed: bool = False
    is_relationship: bool = False


QUESTIONS = (
    Question("q_satisfaction", "csat", 1, 5, 4),
    Question("q_satisfaction_product", "csat", 1, 5, 4),
    Question("q_rating", "csat", 0, 1, 1),
    Question("q_recommend", "nps", 0, 10, 9),
    Question("q_recommend_ten", "nps", 1, 10, 9),
    Question("q_recommend_company", "nps", 0, 10, 9, is_relationship=True),
    Question("q_easy", "ces", 1, 7, 5),
    Question("q_effort", "ces", 1, 5, 4, is_reversed=True),
    Question("q_confident", "confident", 1, 5, 4),
    Question("q_informed", "informed", 1, 5, 4),
    Question("q_continue", "intend_to_continue", 1, 5, 4),
    Question("q_renewal", "renewal_confidence", 1, 5, 4),
    Question("q_renewal_company", "renewal_confidence", 1, 5, 4, is_relationship=True),
    Question("q_first_contact", "first_contact_resolved", 0, 1, 1),
    Question("q_found_us", None, None, None, None),
)
(
    SATISFACTION,
    PRODUCT,
    RATING,
    RECOMMEND,
    RECOMMEND_TEN,
    RECOMMEND_COMPANY,
    EASY,
    EFFORT,
    CONFIDENT,
    INFORMED,
    CONTINUE,
    RENEWAL,
    RENEWAL_COMPANY,
    FIRST_CONTACT,
    FOUND_US,
) = range(len(QUESTIONS))
MAIN = (SATISFACTION, RATING, RECOMMEND_COMPANY)
"""The first question of each form."""

CONVERSATION, WRITTEN_RATING, COMPANY = range(3)
"""The forms: after a call, chat or e-mail; after messaging and social care; about the company as a whole."""

CUTS = (1.75, 2.40, 3.00, 4.05)
"""Satisfaction from which the second to fifth of five points are ticked."""
GOOD_SINCE = 2.90
ANSWER_NOISE = 0.45
OLD_EFFORT_LANE, OLD_EFFORT_UNTIL = 1, 180
"""The US line asks the reversed effort question until this day."""
OLD_RECOMMEND_LANE, OLD_RECOMMEND_UNTIL = 2, 120
"""The German line asks for recommendation from 1 to 10 until this day."""

_SALT_NOISE, _SALT_MODULE, _SALT_PICK = 210, 211, 212
_PRODUCT_QUALITY = np.array([0.10, 0.15, -0.10, -0.35, 0.25])
"""How much more satisfied than others the users of each product line are with it."""


def questions_table() -> pa.Table:
    """Return all questions."""
    rows = [
        (
            question.question_id,
            question.instrument,
            question.lowest,
            question.highest,
            question.positive,
            question.is_reversed,
            question.is_relationship,
        )
        for question in QUESTIONS
    ]
    return from_rows(QUESTIONS_SCHEMA, list(rows))


def order_of(settings: Settings, asked: Frame) -> list[tuple[int, Bools]]:
    """Return the questions in the order in which they are asked, with who of the invited is asked each."""
    form, lane, day = asked["form"], asked["lane"], asked["day"]
    module = chance(asked["key"], settings.seed, _SALT_MODULE)
    talk = form == CONVERSATION
    old_effort = talk & (lane == OLD_EFFORT_LANE) & (day < OLD_EFFORT_UNTIL)
    recommends = talk & (module < 0.45)
    old_recommend = recommends & (lane == OLD_RECOMMEND_LANE) & (day < OLD_RECOMMEND_UNTIL)
    trusts = talk & (module >= 0.45) & (module < 0.80)
    business = asked["segment"] > 0
    return [
        (SATISFACTION, talk),
        (RATING, form == WRITTEN_RATING),
        (RECOMMEND_COMPANY, form == COMPANY),
        (EASY, talk & ~old_effort),
        (EFFORT, old_effort),
        (FIRST_CONTACT, talk),
        (RECOMMEND, recommends & ~old_recommend),
        (RECOMMEND_TEN, old_recommend),
        (CONFIDENT, trusts),
        (INFORMED, trusts),
        (CONTINUE, trusts),
        (PRODUCT, talk & (module >= 0.80) & (asked["product"] >= 0)),
        (RENEWAL, talk & business),
        (RENEWAL_COMPANY, (form == COMPANY) & business),
        (FOUND_US, form == COMPANY),
    ]


def answers(settings: Settings, asked: Frame, question: int) -> Floats:
    """Return what those who are asked answer, on the question's own scale."""
    keys = asked["key"] * 32 + question
    if question == FOUND_US:
        return np.asarray(np.floor(1 + 4 * chance(keys, settings.seed, _SALT_PICK)))
    if question == FIRST_CONTACT:
        first_time = (asked["resolved"] == 1) & (asked["attempt"] == 0)
        says_yes = chance(keys, settings.seed, _SALT_PICK) < np.where(first_time, 0.96, 0.14)
        return np.asarray(says_yes, dtype=np.float64)
    noise = normal(keys, settings.seed, _SALT_NOISE)
    return np.asarray(_ON_SCALE[question](asked, noise), dtype=np.float64)


def _five(value: Floats) -> Floats:
    return np.asarray(1.0 + np.digitize(value, CUTS))


def _whole(lowest: int, highest: int, value: Floats) -> Floats:
    return np.asarray(np.clip(np.rint(value), lowest, highest), dtype=np.float64)


FORM_OF_LANE = np.array(
    [
        WRITTEN_RATING if lane.channel in (world.MESSAGING, world.SOCIAL) else CONVERSATION
        for lane in world.LANES
    ],
    dtype=np.int64,
)
"""The form that follows a contact of each lane."""

_ON_SCALE: dict[int, Callable[[Frame, Floats], Array]] = {
    SATISFACTION: lambda f, noise: _five(f["satisfaction"] + ANSWER_NOISE * noise),
    PRODUCT: lambda f, noise: _five(
        USUAL + _PRODUCT_QUALITY[f["product"]] + 0.35 * (f["satisfaction"] - USUAL) + 0.60 * noise
    ),
    RATING: lambda f, noise: f["satisfaction"] + ANSWER_NOISE * noise >= GOOD_SINCE,
    RECOMMEND: lambda f, noise: _whole(
        0, 10, 8.1 + 1.6 * (f["satisfaction"] - USUAL) + 0.9 * (f["relation"] - USUAL) + 1.3 * noise
    ),
    RECOMMEND_TEN: lambda f, noise: _whole(
        1, 10, 8.2 + 1.5 * (f["satisfaction"] - USUAL) + 0.8 * (f["relation"] - USUAL) + 1.3 * noise
    ),
    RECOMMEND_COMPANY: lambda f, noise: _whole(0, 10, 7.7 + 2.6 * (f["relation"] - USUAL) + 1.4 * noise),
    EASY: lambda f, noise: _whole(1, 7, 6.4 - 1.05 * (f["effort"] - 1) + 0.8 * noise),
    EFFORT: lambda f, noise: _whole(1, 5, f["effort"] + 0.5 * noise),
    CONFIDENT: lambda f, noise: _five(
        f["satisfaction"] + np.where(f["resolved"] == 1, 0.15, -0.45) + 0.50 * noise
    ),
    INFORMED: lambda f, noise: _five(f["satisfaction"] - 0.25 * (f["effort"] - 2) + 0.50 * noise),
    CONTINUE: lambda f, noise: _five(0.5 * (f["satisfaction"] + f["relation"]) + 0.25 + ANSWER_NOISE * noise),
    RENEWAL: lambda f, noise: _five(
        0.25 * f["satisfaction"] + 0.75 * f["relation"] + 0.15 + ANSWER_NOISE * noise
    ),
    RENEWAL_COMPANY: lambda f, noise: _five(f["relation"] + 0.15 + ANSWER_NOISE * noise),
}
"""Answers from feelings; ``noise`` is standard normal."""
