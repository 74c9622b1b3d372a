"""The experience domain once more, in plain Python: which survey answers count, and what a contact cost the customer in effort.

The second path of M16 (as far as resolution and handle time need it) and of the observed effort of M18.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any

from oracle import Center, Contact, Decisions, Metric, MetricGroup, Row, business_day
from resolution_oracle import DIMENSIONS, ContactRepeat, Resolution, Session, over_at

# --- survey answers ------------------------------------------------------------------------------------------


@dataclass(kw_only=True)
class SurveyAnswer:
    """One answer as fct_survey_answers should show it."""

    response_id: str
    question_id: str
    instrument: str | None
    is_relationship: bool
    invitation_id: str | None
    customer_id: str | None
    contact_id: str | None
    is_contact_known: bool
    business_date: date | None
    answer_date: date | None
    answered_at: datetime | None
    channel: str | None
    queue_id: str | None
    program_id: str | None
    vendor_id: str | None
    reason_code: str | None
    product_line_id: str | None
    last_agent_id: str | None
    theme: str | None
    score: Fraction | None
    scale_min: Fraction | None
    scale_max: Fraction | None
    is_reversed: bool
    is_late: bool
    is_valid: bool = False
    invalid_reason: str | None = None
    revision_count: int | None = None
    turned_score: Fraction | None = None
    is_positive: bool | None = None
    is_negative: bool | None = None


class Surveys:
    """All answers of a center."""

    def __init__(self, center: Center, decisions: Decisions) -> None:
        """Judge every answer by itself, then against the others of its customer on the contact and question."""
        self.center = center
        self.decisions = decisions
        self.questions = {row["question_id"]: row for row in center.staged["survey_questions"]}
        self.invitations = {row["invitation_id"]: row for row in center.staged["survey_invitations"]}
        self.answers = [self._answer(row) for row in center.staged["survey_answers"]]
        changed_at = {
            (row["response_id"], row["question_id"]): row["updated_at"]
            for row in center.staged["survey_answers"]
        }

        def rank(answer: SurveyAnswer) -> tuple[Any, ...]:
            updated = changed_at[answer.response_id, answer.question_id] or datetime.min
            # without a time of the answer its last change is the best guess
            return answer.answered_at or updated, updated, answer.response_id

        in_force = [answer for answer in self.answers if answer.invalid_reason is None]
        for answer in in_force:
            others = [other for other in in_force if other is not answer and self._replace(answer, other)]
            if any(rank(other) > rank(answer) for other in others):
                answer.invalid_reason = "superseded by a later answer"
            else:
                answer.is_valid = True
                answer.revision_count = len(others)
                self._judge(answer)

    @staticmethod
    def _replace(one: SurveyAnswer, other: SurveyAnswer) -> bool:
        """Say whether one of two answers replaces the other; answers about no contact are each their own (M16)."""
        return one.contact_id is not None and (one.customer_id, one.contact_id, one.question_id) == (
            other.customer_id,
            other.contact_id,
            other.question_id,
        )

    def _answer(self, row: Row) -> SurveyAnswer:
        invitation = self.invitations.get(row["invitation_id"] or "", {})
        question = self.questions.get(row["question_id"], {})
        contact_id = self.center.contact_of(row["contact_id"] or invitation.get("contact_id"))
        contact = self.center.contacts.get(contact_id or "")
        answered_at: datetime | None = row["answered_at"]
        zone = contact.business_timezone if contact else self.decisions.variables["reporting_timezone"]
        closes_at = None
        if contact is not None:
            # an open contact is closed to answers by its start
            closes_at = (over_at(contact) or contact.started_at) + timedelta(
                days=self.decisions.variables["survey_close_days"]
            )
        answer = SurveyAnswer(
            response_id=row["response_id"],
            question_id=row["question_id"],
            instrument=question.get("instrument"),
            is_relationship=question.get("is_relationship") is True,
            invitation_id=row["invitation_id"],
            customer_id=row["customer_id"]
            or invitation.get("customer_id")
            or (contact.customer_id if contact else None),
            contact_id=contact_id,
            is_contact_known=contact is not None,
            business_date=contact.business_date if contact else None,
            answer_date=business_day(answered_at, zone, self.decisions) if answered_at else None,
            answered_at=answered_at,
            channel=contact.channel if contact else None,
            queue_id=contact.queue_id if contact else None,
            program_id=contact.program_id if contact else None,
            vendor_id=contact.vendor_id if contact else None,
            reason_code=contact.reason_code if contact else None,
            product_line_id=row["product_line_id"] or (contact.product_line_id if contact else None),
            last_agent_id=contact.last_agent_id if contact else None,
            theme=row["theme"],
            score=_fraction(row["score"]),
            scale_min=_fraction(question.get("scale_min")),
            scale_max=_fraction(question.get("scale_max")),
            is_reversed=question.get("is_reversed") is True,
            is_late=answered_at is not None and closes_at is not None and answered_at > closes_at,
        )
        answer.invalid_reason = self._problem(answer, contact)
        return answer

    def _problem(self, answer: SurveyAnswer, contact: Contact | None) -> str | None:
        """Return why an answer does not count by itself: the first that applies."""
        if answer.question_id not in self.questions:
            return "question not on the list"
        if answer.score is None:
            return "not answered"
        if answer.scale_min is None or answer.scale_max is None:
            return "scale of the question unknown"
        if not answer.scale_min <= answer.score <= answer.scale_max:
            return "outside the scale of the question"
        only = [row for row in self._scales(answer.instrument) if row["is_only_scale"] == "true"]
        if only and not any(_is_scale(row, answer) for row in only):
            return "scale not used for the instrument"
        if contact is not None and contact.exclusion_reason is not None:
            return "contact excluded"
        if contact is not None and answer.answered_at is not None and answer.answered_at < contact.started_at:
            return "answered before the contact"
        return "answered after the closing" if answer.is_late else None

    def _scales(self, instrument: str | None) -> list[Any]:
        return [row for row in self.decisions.seeds["instrument_scales"] if row["instrument"] == instrument]

    def _judge(self, answer: SurveyAnswer) -> None:
        assert answer.score is not None and answer.scale_min is not None and answer.scale_max is not None
        turned = answer.score
        if answer.is_reversed:
            turned = answer.scale_min + answer.scale_max - answer.score
        answer.turned_score = turned
        usual = next((row for row in self._scales(answer.instrument) if _is_scale(row, answer)), None)
        cut = _fraction(self.questions[answer.question_id]["positive_min"])
        if cut is None and usual is not None:
            cut = Fraction(usual["positive_min"])
        if cut is not None:
            answer.is_positive = turned >= cut
        if usual is not None:
            answer.is_negative = turned <= Fraction(usual["negative_max"])


def _is_scale(row: Any, answer: SurveyAnswer) -> bool:
    return (Fraction(row["scale_min"]), Fraction(row["scale_max"])) == (answer.scale_min, answer.scale_max)


def _fraction(value: Any) -> Fraction | None:
    return None if value is None else Fraction(value)


# --- observed effort -----------------------------------------------------------------------------------------


@dataclass(kw_only=True)
class ContactEffort:
    """One handled contact as fct_contact_effort should show it."""

    contact_id: str
    customer_id: str
    business_date: date
    channel: str
    queue_id: str | None
    program_id: str | None
    vendor_id: str | None
    reason_code: str | None
    product_line_id: str | None
    last_agent_id: str | None
    repeat_count: int | None
    transfer_count: int
    channel_switch_count: int | None
    long_wait_count: int | None
    effort_points: Fraction | None
    effort_null_reason: str | None


def contact_efforts(resolution: Resolution, decisions: Decisions) -> list[ContactEffort]:
    """Count what made each handled contact an effort (M18)."""
    return [
        _effort(repeat, resolution.sessions[repeat.contact_id], resolution, decisions)
        for repeat in resolution.repeats
    ]


def _effort(
    repeat: ContactRepeat, session: Session, resolution: Resolution, decisions: Decisions
) -> ContactEffort:
    repeat_count = channel_switch_count = None
    if repeat.is_reason_known:
        repeat_count = int(repeat.is_repeat is True)
        previous = resolution.previous(session)
        channel_switch_count = int(previous is not None and previous.first.channel != session.first.channel)
    waits = [_is_long_wait(piece, decisions.variables["long_wait_seconds"]) for piece in session.pieces]
    long_wait_count = None if None in waits else sum(wait is True for wait in waits)
    counts = {
        "repeat": repeat_count,
        "transfer": session.total("transfer_count"),
        "channel_switch": channel_switch_count,
        "long_wait": long_wait_count,
    }
    points = null_reason = None
    if not repeat.is_reason_known:
        null_reason = "reason unknown"
    elif long_wait_count is None:
        null_reason = "wait unknown"
    else:
        points = sum(
            (
                Fraction(row["weight"]) * (counts.get(row["driver"]) or 0)
                for row in decisions.seeds["observed_effort_drivers"]
                if row["is_delivered"] == "true"
            ),
            Fraction(0),
        )
    return ContactEffort(
        **{
            name: getattr(repeat, name)
            for name in ("contact_id", "customer_id", "business_date", *DIMENSIONS, "last_agent_id")
        },
        repeat_count=repeat_count,
        transfer_count=session.total("transfer_count"),
        channel_switch_count=channel_switch_count,
        long_wait_count=long_wait_count,
        effort_points=points,
        effort_null_reason=null_reason,
    )


def _is_long_wait(piece: Contact, limit: int) -> bool | None:
    """Say whether the customer waited long for one piece; None where nobody knows."""
    if piece.is_live:
        return None if piece.customer_wait_seconds is None else piece.customer_wait_seconds > limit
    return None if piece.is_responded_in_time is None else not piece.is_responded_in_time


# --- metrics -------------------------------------------------------------------------------------------------


def _is_judged_resolution_answer(row: SurveyAnswer) -> bool:
    return (
        row.instrument == "first_contact_resolved" and not row.is_relationship and row.is_positive is not None
    )


def _answers(instrument: str, span: tuple[int, int] | None = None) -> Callable[[SurveyAnswer], bool]:
    """Return which rows answer an item after a contact, on one scale where it is given."""

    def counts(row: SurveyAnswer) -> bool:
        return (
            row.is_valid
            and row.business_date is not None
            and not row.is_relationship
            and row.instrument == instrument
            and row.is_positive is not None
            and (span is None or (row.scale_min == span[0] and row.scale_max == span[1]))
        )

    return counts


def _share(answers: Callable[[SurveyAnswer], bool], holds: Callable[[SurveyAnswer], bool | None]) -> Metric:
    return Metric(
        lambda r: answers(r) and bool(holds(r)), answers, is_proportion=True, window_hours=_CLOSING_HOURS
    )


def _mean(
    answers: Callable[[SurveyAnswer], bool], value: Callable[[SurveyAnswer], Fraction | int | None]
) -> Metric:
    return Metric(lambda r: value(r) if answers(r) else 0, answers, window_hours=_CLOSING_HOURS)


def _balance(row: SurveyAnswer) -> int:
    """Return what an answer adds to a net promoter score: promoters, detractors, and passives between them (M17)."""
    return 100 if row.is_positive else -100 if row.is_negative else 0


def _is_good_or_bad(row: SurveyAnswer) -> bool:
    return _answers("csat")(row) and _known(row.scale_max) - _known(row.scale_min) == 1


def _known(value: Fraction | None) -> Fraction:
    assert value is not None
    return value


_CLOSING_HOURS = 336
_CSAT, _NPS, _CES = _answers("csat", (1, 5)), _answers("nps"), _answers("ces")

SURVEY_GROUP = MetricGroup(
    {
        "fcr_survey_rate": Metric(
            lambda r: _is_judged_resolution_answer(r) and r.is_positive,
            _is_judged_resolution_answer,
            is_proportion=True,
            window_hours=_CLOSING_HOURS,
        ),
        "csat_rate": _share(_CSAT, lambda r: r.is_positive),
        "csat_top_box_rate": _share(_CSAT, lambda r: r.turned_score == 5),
        "csat_negative_rate": _share(_CSAT, lambda r: r.is_negative),
        "csat_mean": _mean(_CSAT, lambda r: r.turned_score),
        "csat_rescaled_mean": _mean(_CSAT, lambda r: (_known(r.turned_score) - 1) / 4),
        "csat_good_rate": _share(_is_good_or_bad, lambda r: r.is_positive),
        "nps": _mean(_NPS, _balance),
        "ces_rate": _share(_CES, lambda r: r.is_positive),
        "ces_mean": _mean(_CES, lambda r: r.turned_score),
        "high_effort_rate": _share(_CES, lambda r: r.is_negative),
        "confident_rate": _share(_answers("confident"), lambda r: r.is_positive),
        "informed_rate": _share(_answers("informed"), lambda r: r.is_positive),
        "continue_rate": _share(_answers("intend_to_continue"), lambda r: r.is_positive),
        "renewal_confidence_rate": _share(_answers("renewal_confidence"), lambda r: r.is_positive),
    },
    (*DIMENSIONS, "question_id"),
    "experience",
)

EFFORT_GROUP = MetricGroup(
    {
        "observed_effort_index": Metric(lambda r: r.effort_points, lambda r: r.effort_points is not None),
    },
    DIMENSIONS,
    "resolution",
)
