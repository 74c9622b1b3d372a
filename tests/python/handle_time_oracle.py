"""Handle time against what came of it, once more in plain Python: results of contacts, healthy bands, and who is in them (M02)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from experience_oracle import SurveyAnswer
from oracle import Decisions, Metric, MetricGroup, complete_through
from resolution_oracle import (
    DIMENSIONS,
    LONGEST_WINDOW_HOURS,
    ContactRepeat,
    FirstContactResolution,
    Resolution,
    Session,
)


@dataclass(kw_only=True)
class ContactResult:
    """One handled contact as fct_contact_results should show it."""

    contact_id: str
    customer_id: str
    business_date: date
    quarter_start_date: date
    channel: str
    queue_id: str | None
    program_id: str | None
    vendor_id: str | None
    reason_code: str | None
    product_line_id: str | None
    last_agent_id: str | None
    handle_seconds: int | None
    transfer_count: int
    escalation_count: int
    is_solved: bool | None
    ended_at: datetime | None
    is_mature: bool
    is_repeated: bool | None
    is_repeated_24h: bool | None
    is_first_contact_resolved: bool | None
    is_satisfied: bool | None
    is_dissatisfied: bool | None
    known_at: datetime | None
    is_known: bool
    as_of: datetime | None


@dataclass(kw_only=True)
class HandleTimeBand:
    """One band as fct_handle_time_bands should show it."""

    queue_id: str | None
    reason_code: str
    channel: str
    effective_from: date
    effective_before: date
    known_after: datetime
    known_until: datetime
    queue_contact_count: int
    channel_contact_count: int
    band_level: str | None
    band_contact_count: int | None
    low_seconds: int | None
    high_seconds: int | None
    band_null_reason: str | None


@dataclass(kw_only=True)
class HandleTimeResult:
    """One handled contact as fct_handle_time_results should show it."""

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
    handle_seconds: int | None
    band_level: str | None
    low_seconds: int | None
    high_seconds: int | None
    band_result: str | None
    is_known: bool
    is_solved: bool | None
    is_repeated_24h: bool | None
    is_satisfied: bool | None
    is_dissatisfied: bool | None
    is_failed: bool | None
    is_rushed_failure: bool | None
    is_healthy: bool | None
    is_healthy_without_survey: bool | None
    result_null_reason: str | None


class HandleTimes:
    """Results, bands and judgements of a center."""

    def __init__(self, resolution: Resolution, answers: Iterable[SurveyAnswer], decisions: Decisions) -> None:
        """Compute all of it."""
        self.resolution = resolution
        self.answers = list(answers)
        self.decisions = decisions
        self.variables = decisions.variables
        self.as_of = self._as_of()
        self.headlines = {row.contact_id: row for row in resolution.first_contacts if row.is_headline}
        self.results = [
            self._contact_result(repeat, resolution.sessions[repeat.contact_id])
            for repeat in resolution.repeats
        ]
        self.bands = self._bands()
        self.judged = [self._judged(result) for result in self.results]

    def _as_of(self) -> datetime | None:
        """Return the lower as_of of resolution and surveys; surveys without a watermark hold nothing back."""
        staged = self.resolution.center.staged
        surveys = complete_through(staged, self.decisions, "experience")
        contacts = self.resolution.as_of
        return contacts if contacts is None or surveys is None else min(contacts, surveys)

    def _contact_result(self, repeat: ContactRepeat, session: Session) -> ContactResult:
        pieces = {piece.contact_id for piece in session.pieces}
        # whether an answer is positive is null on those that do not count
        satisfaction = [
            answer
            for answer in self.answers
            if answer.contact_id in pieces
            and answer.instrument == "csat"
            and not answer.is_relationship
            and answer.is_positive is not None
        ]
        negatives = [answer.is_negative for answer in satisfaction if answer.is_negative is not None]
        headline = self.headlines.get(repeat.contact_id)
        known_at = None
        if session.ended_at is not None and session.window_ends_at is not None:
            closing = timedelta(days=self.variables["survey_close_days"])
            known_at = max(session.window_ends_at, session.ended_at + closing) + self.resolution.lag
        quarter = date(repeat.business_date.year, (repeat.business_date.month - 1) // 3 * 3 + 1, 1)
        return ContactResult(
            **{
                name: getattr(repeat, name)
                for name in ("contact_id", "customer_id", "business_date", *DIMENSIONS, "last_agent_id")
            },
            quarter_start_date=quarter,
            handle_seconds=session.handle_seconds,
            transfer_count=session.total("transfer_count"),
            escalation_count=session.total("escalation_count"),
            is_solved=self._is_solved(repeat, session, headline),
            ended_at=session.ended_at,
            is_mature=repeat.is_mature,
            is_repeated=repeat.is_repeated,
            is_repeated_24h=repeat.is_repeated_24h,
            is_first_contact_resolved=headline.outcome == "resolved"
            if headline is not None
            and headline.is_mature
            and headline.is_eligible
            and headline.outcome not in (None, "exited")
            else None,
            is_satisfied=all(answer.is_positive for answer in satisfaction) if satisfaction else None,
            is_dissatisfied=any(negatives) if negatives else None,
            known_at=known_at,
            is_known=known_at is not None and self.as_of is not None and known_at <= self.as_of,
            as_of=self.as_of,
        )

    def _is_solved(
        self, repeat: ContactRepeat, session: Session, headline: FirstContactResolution | None
    ) -> bool | None:
        """Say whether a contact solved the matter: a first one by its outcome, a later one by what followed."""
        if not repeat.is_mature or not repeat.is_reason_known:
            return None
        if headline is not None:
            return None if headline.outcome == "exited" else headline.outcome == "resolved"
        if repeat.is_repeated or session.total("escalation_count") > 0:
            return False
        # who left can no longer come back
        left, until = self.resolution.next_exit(session), session.window_ends_at
        return None if left is not None and until is not None and left <= until else True

    def _bands(self) -> dict[tuple[str | None, str, str, date], HandleTimeBand]:
        bands = {}
        for result in self.results:
            if result.reason_code is not None:
                cell = (result.queue_id, result.reason_code, result.channel, result.quarter_start_date)
                if cell not in bands:
                    bands[cell] = self._band(*cell)
        return bands

    def _band(
        self, queue_id: str | None, reason_code: str, channel: str, effective_from: date
    ) -> HandleTimeBand:
        known_until = datetime.combine(effective_from, time()) - timedelta(days=1)
        known_after = known_until - timedelta(days=self.variables["healthy_band_days"])
        of_channel = [
            result
            for result in self.results
            if (result.reason_code, result.channel) == (reason_code, channel)
            and result.known_at is not None
            and known_after < result.known_at <= known_until
            and result.is_solved
            and result.is_satisfied
            and result.handle_seconds is not None
        ]
        of_queue = [r for r in of_channel if queue_id is not None and r.queue_id == queue_id]
        least = self.variables["minimum_n_band"]
        why = None
        base: Sequence[ContactResult] = ()
        level = None
        if self.as_of is None or self.as_of < known_until:
            why = "days before the quarter not complete"
        elif not of_channel:
            why = "no resolved and satisfied contact before the quarter"
        elif len(of_queue) >= least:
            level, base = "queue", of_queue
        elif len(of_channel) >= least:
            level, base = "channel", of_channel
        else:
            why = "too few resolved and satisfied contacts before the quarter"
        times = sorted(result.handle_seconds or 0 for result in base)
        return HandleTimeBand(
            queue_id=queue_id,
            reason_code=reason_code,
            channel=channel,
            effective_from=effective_from,
            effective_before=(effective_from + timedelta(days=100)).replace(day=1),
            known_after=known_after,
            known_until=known_until,
            queue_contact_count=len(of_queue),
            channel_contact_count=len(of_channel),
            band_level=level,
            band_contact_count=len(base) if level else None,
            low_seconds=_percentile(times, self.variables["healthy_band_low_percent"]) if level else None,
            high_seconds=_percentile(times, self.variables["healthy_band_high_percent"]) if level else None,
            band_null_reason=why,
        )

    def _judged(self, result: ContactResult) -> HandleTimeResult:
        band = None
        if result.reason_code is not None:
            band = self.bands[result.queue_id, result.reason_code, result.channel, result.quarter_start_date]
        place = None
        if band is not None and band.band_level is not None and result.handle_seconds is not None:
            assert band.low_seconds is not None and band.high_seconds is not None
            if result.handle_seconds < band.low_seconds:
                place = "below"
            else:
                place = "above" if result.handle_seconds > band.high_seconds else "in"
        why = None
        if result.reason_code is None:
            why = "reason unknown"
        elif result.handle_seconds is None:
            why = "handle time unknown"
        elif band is not None and band.band_null_reason is not None:
            why = band.band_null_reason
        elif not result.is_known:
            why = "window or closing of the survey not over yet"
        elif result.is_solved is None:
            why = "customer left within the window"
        has_failed = result.is_repeated_24h is True or not result.is_solved or result.is_dissatisfied is True
        worked = place == "in" and result.is_solved is True
        return HandleTimeResult(
            **{
                name: getattr(result, name)
                for name in ("contact_id", "customer_id", "business_date", *DIMENSIONS, "last_agent_id")
            },
            handle_seconds=result.handle_seconds,
            band_level=band.band_level if band else None,
            low_seconds=band.low_seconds if band else None,
            high_seconds=band.high_seconds if band else None,
            band_result=place,
            is_known=result.is_known,
            is_solved=result.is_solved,
            is_repeated_24h=result.is_repeated_24h,
            is_satisfied=result.is_satisfied,
            is_dissatisfied=result.is_dissatisfied,
            is_failed=has_failed if why is None else None,
            is_rushed_failure=(has_failed and place == "below") if why is None else None,
            is_healthy=(worked and result.is_satisfied is not False) if why is None else None,
            is_healthy_without_survey=worked if why is None else None,
            result_null_reason=why,
        )


def _percentile(times: Sequence[int], percent: int) -> int:
    """Return the smallest time that this share of them does not exceed."""
    return times[max(math.ceil(percent * len(times) / 100), 1) - 1]


def _of_results(numerator: str) -> Metric:
    return Metric(
        lambda r: getattr(r, numerator) is True,
        _has_result,
        is_proportion=True,
        window_hours=LONGEST_WINDOW_HOURS,
    )


def _has_result(row: HandleTimeResult) -> bool:
    return row.result_null_reason is None


def _in_place(place: str) -> Metric:
    return Metric(
        lambda r: _has_result(r) and r.band_result == place,
        _has_result,
        is_proportion=True,
        window_hours=LONGEST_WINDOW_HOURS,
    )


HANDLE_TIME_GROUP = MetricGroup(
    {
        "healthy_aht_share": _of_results("is_healthy"),
        "healthy_aht_share_without_survey": _of_results("is_healthy_without_survey"),
        "rushed_failure_rate": _of_results("is_rushed_failure"),
        "below_band_share": _in_place("below"),
        "above_band_share": _in_place("above"),
        "handle_time_band_coverage": Metric(
            lambda r: r.is_known and _has_result(r),
            lambda r: r.is_known,
            is_proportion=True,
            window_hours=LONGEST_WINDOW_HOURS,
        ),
    },
    (*DIMENSIONS, "band_level"),
    "resolution",
)
