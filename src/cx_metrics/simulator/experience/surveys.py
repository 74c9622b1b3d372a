"""Surveys: who is invited, who answers and when, and what they say.

Feelings become answers in three steps, each of which loses something: an invitation (a share of known customers, with
a month of rest), an answer (more often of the very pleased and the displeased), and single questions (people break
off). What those who stay silent would have said is in the truth.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa

from cx_metrics.simulator import world
from cx_metrics.simulator.columns import (
    FLAG,
    INSTANT,
    NUMBER,
    TEXT,
    coded,
    ids,
    instants,
    numbers,
)
from cx_metrics.simulator.contacts.records import Office
from cx_metrics.simulator.experience.experience import Experience, asked_about
from cx_metrics.simulator.experience.questions import (
    COMPANY,
    FORM_OF_LANE,
    MAIN,
    QUESTIONS,
    QUESTIONS_SCHEMA,
    answers,
    questions_table,
)
from cx_metrics.simulator.experience.responses import (
    ANSWERS_SCHEMA,
    answer_lag,
    answers_table,
    ids_of,
    respond,
    spoil_answers,
)
from cx_metrics.simulator.finished import FinishedDay, Tables
from cx_metrics.simulator.frames import NONE, Frame, Ints, blank, chance, concat, size, take

SCHEMAS: dict[str, pa.Schema] = {
    "survey_questions": QUESTIONS_SCHEMA,
    "survey_invitations": pa.schema(
        [
            ("invitation_id", TEXT),
            ("customer_id", TEXT),
            ("contact_id", TEXT),
            ("sent_at", INSTANT),
            ("was_delivered", FLAG),
        ]
    ),
    "survey_answers": ANSWERS_SCHEMA,
}
TRUTH_SCHEMAS: dict[str, pa.Schema] = {
    "truth/surveys": pa.schema(
        [
            ("invitation_id", TEXT),
            ("contact_id", TEXT),
            ("customer_id", TEXT),
            ("question_id", TEXT),
            ("score_if_asked", NUMBER),
            ("chance_to_answer", NUMBER),
            ("answers", FLAG),
        ]
    ),
}
"""Every invitation with what the customer says, or would have said, to the first question."""

INVITED = 0.42
"""Share of conversations after which a survey goes out, before the rest period; about a third with it."""
REST_SECONDS = 30 * 86400
"""No customer is invited twice within 30 days (definitions.md M16)."""
REACHED = 0.97
ANSWER_ODDS = -1.42
"""Log odds of an answer by a customer who is one point from the middle of satisfaction."""
ODDS_OF_FORM = np.array([0.0, 0.35, -0.25])
WAVE_MONTHS, WAVE_DAYS = (2, 5, 8, 11), (11, 20)
"""Relationship waves run on these days of these months."""
WAVE_SHARE, WAVE_SHARE_SEEN, SEEN_DAYS = 0.03, 0.20, 180
"""Share of customers per wave: of all, and of those in touch within the last SEEN_DAYS days."""

_WAVE_KEYS = 10**9
_SALT_INVITED, _SALT_SENT, _SALT_REACHED, _SALT_ANSWERS, _SALT_WAVE = 230, 231, 232, 233, 240

_ASKED = {
    "key": "int64",
    "day": "int64",
    "number": "int64",
    "customer": "int64",
    "lane": "int64",
    "form": "int64",
    "segment": "int64",
    "product": "int64",
    "attempt": "int64",
    "resolved": "int64",
    "moves": "int64",
    "wait": "int64",
    "sent": "int64",
    "reached": "bool",
    "satisfaction": "float64",
    "effort": "float64",
    "relation": "float64",
    "gap": "float64",
    "odds": "float64",
    "score": "float64",
    "answers": "bool",
}


class Surveys:
    """Sends invitations after conversations and in quarterly waves, and collects the answers.

    ``answered`` holds, for the contacts of the day, when the first answer will come in.
    """

    def __init__(self, office: Office, experience: Experience) -> None:
        """Start with nobody invited."""
        self.settings = office.settings
        self.population = office.population
        self.experience = experience
        self._invited_at: Ints = np.full(len(experience.relation), -REST_SECONDS, dtype=np.int64)
        self._invitations: list[Frame] = []
        self._has_questions = False
        self.answered: Frame = {}

    def one_day(self, day: FinishedDay) -> None:
        """Invite customers of the day's conversations, and the sample of a wave."""
        after_contacts = self._after_contacts(day)
        self._invited_at[after_contacts["customer"]] = after_contacts["sent"]
        of_wave = self._wave(day.number)
        self._invited_at[of_wave["customer"]] = of_wave["sent"]
        invited = concat([after_contacts, of_wave], _ASKED)
        self.answered = {"number": invited["number"][:0], "answered": invited["sent"][:0]}
        if not size(invited):
            return
        told = take(invited, invited["answers"] & (invited["number"] != NONE))
        answered = told["sent"] + answer_lag(told["key"], self.settings.seed)
        self.answered = {"number": told["number"], "answered": answered}
        self._invitations.append(invited)

    def _after_contacts(self, day: FinishedDay) -> Frame:
        records, seed = day.records, self.settings.seed
        number = records["number"]
        known = (records["shown"] == world.SHOWN_CUSTOMER) & (records["customer"] != NONE)
        rows = np.flatnonzero(asked_about(day) & known & (chance(number, seed, _SALT_INVITED) < INVITED))
        rows = rows[np.lexsort((number[rows], records["ended"][rows]))]
        # The first conversation of a customer on a day counts, and only after the rest period.
        rows = np.sort(rows[np.unique(records["customer"][rows], return_index=True)[1]])
        # Mostly within the hour, always within a day (definitions.md M16).
        delay = 300 + 84_000 * chance(number[rows], seed, _SALT_SENT) ** 6
        sent = records["ended"][rows] + np.floor(delay).astype(np.int64)
        rested = sent - self._invited_at[records["customer"][rows]] >= REST_SECONDS
        rows, sent = rows[rested], sent[rested]
        asked = blank(_ASKED, len(rows))
        for name in ("number", "customer", "product", "attempt", "resolved"):
            asked[name] = records[name][rows].astype(np.int64)
        for name in ("satisfaction", "effort", "gap"):
            asked[name] = self.experience.today[name][rows]
        asked["key"] = asked["number"].copy()
        asked["day"][:] = day.number
        asked["lane"] = day.work["lane"][rows].astype(np.int64)
        asked["form"] = FORM_OF_LANE[asked["lane"]]
        asked["moves"] = np.maximum(day.work["legs"][rows] - 1, 0)
        asked["wait"] = day.work["wait"][rows]
        asked["sent"] = sent
        return self._completed(asked)

    def _wave(self, number: int) -> Frame:
        """Return the customers who are asked about the company today."""
        today = self.settings.day(number)
        first, last = WAVE_DAYS
        if number < 0 or today.month not in WAVE_MONTHS or not first <= today.day <= last:
            return blank(_ASKED, 0)
        wave = wave_of(today)
        # The sample of a wave is spread over its days.
        spread = range(today.day - first, self.population.known(number), last - first + 1)
        people = np.arange(spread.start, spread.stop, spread.step, dtype=np.int64)
        keys = wave * _WAVE_KEYS + people
        seen = self.experience.seen[people] >= number - SEEN_DAYS
        sent = self.settings.period_start + number * 86400 + 32_400 + people % 3600
        chosen = chance(keys, self.settings.seed, _SALT_WAVE) < np.where(seen, WAVE_SHARE_SEEN, WAVE_SHARE)
        chosen &= sent - self._invited_at[people] >= REST_SECONDS
        rows, keys, sent = people[chosen], keys[chosen], sent[chosen]
        asked = blank(_ASKED, len(rows))
        asked["key"], asked["customer"], asked["sent"] = keys, rows, sent
        asked["form"][:], asked["day"][:] = COMPANY, number
        asked["product"] = self.population.customers["product"][rows].astype(np.int64)
        for name in ("attempt", "moves", "wait"):
            asked[name][:] = 0
        asked["resolved"][:] = 1
        asked["satisfaction"] = self.experience.relation[rows]
        asked["effort"][:] = 2.0
        asked["gap"][:] = 0.0
        return self._completed(asked)

    def _completed(self, asked: Frame) -> Frame:
        """Fill in what invitations of all forms have: what is delivered, and who answers."""
        seed, keys = self.settings.seed, asked["key"]
        asked["segment"] = self.population.customers["segment"][asked["customer"]].astype(np.int64)
        asked["relation"] = self.experience.relation[asked["customer"]]
        asked["reached"] = chance(keys, seed, _SALT_REACHED) < REACHED
        bias = self.settings.size_of("response_bias") or 0.0
        extremity = np.abs(asked["satisfaction"] - 3.0)
        odds = ANSWER_ODDS + ODDS_OF_FORM[asked["form"]] + bias * (extremity - 1.0)
        asked["odds"] = 1.0 / (1.0 + np.exp(-odds))
        asked["answers"] = asked["reached"] & (chance(keys, seed, _SALT_ANSWERS) < asked["odds"])
        return asked

    def drain(self) -> Tables:
        """Return invitations and answers since the last call, those known at the extract."""
        invited = concat(self._invitations, _ASKED)
        self._invitations = []
        for form, question in enumerate(MAIN):
            rows = np.flatnonzero(invited["form"] == form)
            invited["score"][rows] = answers(self.settings, take(invited, rows), question)
        given = respond(self.settings, invited)
        invited = take(invited, invited["sent"] <= self.settings.known_until)
        given = take(given, given["updated"] <= self.settings.known_until)
        tables: dict[str, pa.Table] = {}
        if not self._has_questions:
            tables["survey_questions"] = questions_table()
            self._has_questions = True
        tables["survey_invitations"] = _invitations_table(invited)
        tables["truth/surveys"] = _truth_table(invited)
        if self.settings.defects:
            tables["survey_answers"], tables["truth/defects"] = spoil_answers(self.settings, given)
        else:
            tables["survey_answers"] = answers_table(given)
        return tables

    def close(self) -> Tables:
        """Return nothing: answers after the extract are not known."""
        return {}


def wave_of(today: date) -> int:
    """Return the number of the quarterly wave of a date."""
    return today.year * 4 + (today.month - 1) // 3


def _invitations_table(invited: Frame) -> pa.Table:
    columns = {
        "invitation_id": ids_of("SI", invited["key"]),
        "customer_id": ids_of("CU", invited["customer"]),
        "contact_id": ids("C", invited["number"], invited["number"] != NONE),
        "sent_at": instants(invited["sent"]),
        "was_delivered": pa.array(invited["reached"]),
    }
    return pa.table(columns, schema=SCHEMAS["survey_invitations"])


def _truth_table(invited: Frame) -> pa.Table:
    main = np.array(MAIN, dtype=np.int64)[np.maximum(invited["form"], 0)]
    columns = {
        "invitation_id": ids_of("SI", invited["key"]),
        "contact_id": ids("C", invited["number"], invited["number"] != NONE),
        "customer_id": ids_of("CU", invited["customer"]),
        "question_id": coded(tuple(question.question_id for question in QUESTIONS), main),
        "score_if_asked": numbers(invited["score"]),
        "chance_to_answer": numbers(invited["odds"].round(6)),
        "answers": pa.array(invited["answers"]),
    }
    return pa.table(columns, schema=TRUTH_SCHEMAS["truth/surveys"])
