"""The resolution domain once more, in plain Python: what customers did after a contact, and what that says of it.

The second path of M10 to M12b, as `oracle.py` is of the contacts: written from the definitions and the descriptions of the marts.
Every session (a contact with the reconnects that continue it) looks through all others of its customer; no order of events is
kept between them, so that nothing can go wrong in the keeping.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from fractions import Fraction
from functools import cached_property
from typing import Any

from oracle import (
    Center,
    Contact,
    Decisions,
    Metric,
    MetricGroup,
    Row,
    all_of,
    business_day,
    complete_through,
    elapsed,
    six_decimals,
)

CUT_OFF = ("telecom_problem", "other")
"""Ends of a live contact that the customer did not want (M10)."""


# --- sessions ------------------------------------------------------------------------------------------------


@dataclass(eq=False)
class Session:
    """A contact of a customer with the reconnects that continue it."""

    pieces: list[Contact]
    matter: str | None
    window_hours: int
    is_eligible: bool | None
    decisions: Decisions

    @property
    def first(self) -> Contact:
        """Its first piece, after which it is named."""
        return self.pieces[0]

    @property
    def session_id(self) -> str:
        """Id of its first piece."""
        return self.first.contact_id

    @property
    def customer_id(self) -> str:
        """The customer."""
        assert self.first.customer_id is not None
        return self.first.customer_id

    @property
    def started_at(self) -> datetime:
        """When it began."""
        return self.first.started_at

    @property
    def order(self) -> tuple[datetime, str]:
        """Order among the sessions of a customer: of two that begin together, the one with the smaller id is first."""
        return self.started_at, self.session_id

    @property
    def ended_at(self) -> datetime | None:
        """When the last piece was over; one that ended before it began ended when it began. None while one is open."""
        ends = [over_at(piece) for piece in self.pieces]
        known = [end for end in ends if end is not None]
        return max(known) if len(known) == len(ends) else None

    @cached_property
    def window_ends_at(self) -> datetime | None:
        """The last instant at which another contact repeats it."""
        return self.window_end(self.window_hours)

    def window_end(self, hours: int) -> datetime | None:
        """Return the last instant of a window after its end (B.4): so many hours later, or the last second of a local day."""
        end, zone = self.ended_at, self.first.business_timezone
        if end is None:
            return None
        if self.decisions.variables["repeat_window_clock"] == "elapsed":
            return end + timedelta(hours=hours)
        # a part of a day counts as a whole one
        last_day = business_day(end, zone, self.decisions) + timedelta(days=math.ceil(hours / 24))
        return _last_second_of(last_day, zone, self.decisions)

    def known(self, name: str) -> Any:
        """Return what the first piece that knows it says."""
        return next((getattr(piece, name) for piece in self.pieces if getattr(piece, name) is not None), None)

    @property
    def handled_pieces(self) -> list[Contact]:
        """The pieces that an agent handled."""
        return [piece for piece in self.pieces if piece.is_handled]

    @property
    def is_handled(self) -> bool:
        """Whether an agent handled any of it."""
        return bool(self.handled_pieces)

    @property
    def is_closed_without_reply(self) -> bool:
        """Whether the customer wrote and nobody answered: a thank-you (M12)."""
        return not self.first.is_live and self.first.contact_outcome == "closed_without_reply"

    @property
    def last(self) -> Contact:
        """The last piece that an agent handled, else the last piece: whose agent, queue and vendor ended it."""
        return (self.handled_pieces or self.pieces)[-1]

    @property
    def handle_seconds(self) -> int | None:
        """Agents' time; None where nobody handled it or the time of a handled piece is not known."""
        times = [piece.handle_seconds for piece in self.handled_pieces]
        known = [seconds for seconds in times if seconds is not None]
        return sum(known) if known and len(known) == len(times) else None

    def total(self, name: str) -> int:
        """Add something up over the pieces."""
        return sum(getattr(piece, name) for piece in self.pieces)

    def is_covered_by(self, other: Session) -> bool:
        """Say whether it began within the window after the other ended (B.4): (end, end + W]."""
        end, until = other.ended_at, other.window_ends_at
        return end is not None and until is not None and end < self.started_at <= until

    def is_beside(self, other: Session) -> bool:
        """Say whether it began while the other ran, or as it ended; an open one runs for ever."""
        end = other.ended_at
        return other.order < self.order and (end is None or self.started_at <= end)


def over_at(contact: Contact) -> datetime | None:
    """Return when a contact was over; one that ended before it began ended when it began (B.7)."""
    return None if contact.ended_at is None else max(contact.started_at, contact.ended_at)


def _last_second_of(day: date, zone: str, decisions: Decisions) -> datetime:
    """Return the last second of a local business day, by looking for it: where clocks change at night no formula is to be trusted."""
    noon = datetime.combine(day, time(12))
    instants = [noon + timedelta(hours=hours) for hours in range(-24, 49)]
    last_hour = instants[bisect_right(instants, day, key=lambda at: business_day(at, zone, decisions)) - 1]
    seconds = [last_hour + timedelta(seconds=second) for second in range(3600)]
    return seconds[bisect_right(seconds, day, key=lambda at: business_day(at, zone, decisions)) - 1]


class Resolution:
    """The resolution domain of a center, every mart as rows that carry the names of its columns."""

    def __init__(self, center: Center, decisions: Decisions) -> None:
        """Compute all of it."""
        self.center = center
        self.decisions = decisions
        self.as_of = complete_through(center.staged, decisions, "resolution")
        self.lag = timedelta(hours=decisions.variables["ingestion_lag_hours"])
        self.reasons = {row["reason_code"]: row for row in center.staged["reasons"]}
        self.sessions: dict[str, Session] = {}
        for session in self._sessions():
            self.sessions[session.session_id] = session
        self.by_customer: dict[str, list[Session]] = defaultdict(list)
        for session in self.sessions.values():
            self.by_customer[session.customer_id].append(session)
        self.exits = self._exits()
        self.follow_ups: dict[str, list[Contact]] = defaultdict(list)
        for contact in center.contacts.values():
            if self._is_a_persons(contact) and contact.purpose == "follow_up_answer":
                self.follow_ups[contact.customer_id or ""].append(contact)

        self.first_contacts = [row for session in self.handled for row in self._first_contact_rows(session)]
        self.repeats = [self._repeat_row(session) for session in self.handled]
        self.repeat_contacts = [
            self._repeat_contact_row(session)
            for session in self.sessions.values()
            if self.is_repeat(session) or self.is_parallel(session)
        ]
        self.issues = self._issue_rows()

    @property
    def handled(self) -> list[Session]:
        """The sessions that an agent handled."""
        return [session for session in self.sessions.values() if session.is_handled]

    @staticmethod
    def _is_a_persons(contact: Contact) -> bool:
        """Say whether a contact belongs to somebody who can be recognised and no rule leaves it out (B.3, B.6)."""
        return contact.is_identified and contact.exclusion_reason is None

    # M10: a contact within the grace after the customer's last one was cut off continues it
    def _sessions(self) -> Iterator[Session]:
        by_customer: dict[str, list[Contact]] = defaultdict(list)
        for contact in self.center.contacts.values():
            if self._is_a_persons(contact) and contact.direction == "inbound":
                by_customer[contact.customer_id or ""].append(contact)
        grace = timedelta(minutes=self.decisions.variables["reconnect_grace_minutes"])
        for contacts in by_customer.values():
            contacts.sort(key=lambda contact: (contact.started_at, contact.contact_id))
            pieces: list[list[Contact]] = []
            for number, contact in enumerate(contacts):
                last = contacts[number - 1] if number else None
                was_cut_off = last is not None and last.is_live and last.disconnect_reason in CUT_OFF
                ended_at = over_at(last) if last is not None else None
                if was_cut_off and ended_at and ended_at <= contact.started_at <= ended_at + grace:
                    pieces[-1].append(contact)
                else:
                    pieces.append([contact])
            yield from map(self._session, pieces)

    def _session(self, pieces: list[Contact]) -> Session:
        reason_code = next((piece.reason_code for piece in pieces if piece.reason_code is not None), None)
        day = pieces[0].business_date
        rule: Mapping[str, str] = (
            self.decisions.in_force("reason_rules", day, reason_code=reason_code) if reason_code else None
        ) or {}
        listed = self.reasons.get(reason_code or "")
        hours = self.decisions.variables["repeat_window_hours"]
        is_eligible: bool | None = None
        if listed is not None:
            if listed["repeat_window_days"] is not None:
                hours = 24 * listed["repeat_window_days"]
            # null on the list means true; who is not on the list has not been judged
            is_eligible = listed["is_first_contact_resolvable"] is not False
        if rule.get("repeat_window_hours"):
            hours = int(rule["repeat_window_hours"])
        if rule.get("is_first_contact_resolvable"):
            is_eligible = rule["is_first_contact_resolvable"] == "true"
        return Session(pieces, self.matter(reason_code), hours, is_eligible, self.decisions)

    def matter(self, reason_code: str | None) -> str | None:
        """Return on what two contacts must agree to be about the same matter; None where that is not known (M10)."""
        reason = self.reasons.get(reason_code or "", {})
        return {
            "any": "any",
            "reason_l1": reason.get("reason_l1") or reason_code,
            "reason_l2": reason.get("reason_l2") or reason.get("reason_l1") or reason_code,
            "reason_code": reason_code,
        }[self.decisions.variables["repeat_match"]]

    # B.5: a customer leaves at the end after which no subscription is held
    def _exits(self) -> dict[str, list[datetime]]:
        lives: dict[str, list[Subscription]] = defaultdict(list)
        events = self.center.staged["subscription_events"]
        for row in self.center.staged["subscriptions"]:
            if row["customer_id"] is not None:
                own = [event for event in events if event["subscription_id"] == row["subscription_id"]]
                lives[row["customer_id"]].append(Subscription(row["started_on"], own))
        exits: dict[str, list[datetime]] = {}
        for customer_id, subscriptions in lives.items():
            ends = sorted({end for subscription in subscriptions for end in subscription.ends})
            exits[customer_id] = [
                end
                for end in ends
                if any(subscription.is_held_before(end) for subscription in subscriptions)
                and not any(subscription.is_held_from(end) for subscription in subscriptions)
            ]
        return exits

    # --- what stands around a session ---

    def peers(self, session: Session) -> list[Session]:
        """Return the other sessions of the customer about the same matter, in the channels that count."""
        is_any_channel = self.decisions.variables["repeat_channel_scope"] == "any"
        return [
            other
            for other in self.by_customer[session.customer_id]
            if other is not session
            and session.matter is not None
            and other.matter == session.matter
            and (is_any_channel or other.first.channel == session.first.channel)
        ]

    def is_repeat(self, session: Session) -> bool:
        """Say whether it repeats another one (M11)."""
        return any(session.is_covered_by(other) for other in self.peers(session))

    def is_parallel(self, session: Session) -> bool:
        """Say whether it runs beside another one (M10)."""
        return any(session.is_beside(other) for other in self.peers(session))

    def previous(self, session: Session) -> Session | None:
        """Return the one before it where it repeats one or runs beside one: the one that ended last, else that began last."""
        if not self.is_repeat(session) and not self.is_parallel(session):
            return None
        peers = self.peers(session)
        return self._ended_last_before(session.started_at, peers) or max(
            (other for other in peers if other.order < session.order), key=lambda other: other.order
        )

    def issue_of(self, session: Session) -> Session:
        """Return the first session of its issue: from contact to contact back while each is covered by one before (B.1)."""
        before = [
            other for other in self.peers(session) if session.is_covered_by(other) or session.is_beside(other)
        ]
        return self.issue_of(min(before, key=lambda other: other.order)) if before else session

    @staticmethod
    def _next(after: datetime | None, others: Iterable[Session]) -> Session | None:
        """Return the first session that began after an instant."""
        later = [other for other in others if after is not None and other.started_at > after]
        return min(later, key=lambda other: other.order, default=None)

    def next_about_it(self, session: Session) -> Session | None:
        """Return the next session about the same matter that began after its end."""
        return self._next(session.ended_at, self.peers(session))

    def next_reopening(self, session: Session) -> Session | None:
        """Return the next one that is no thank-you (M12)."""
        return self._next(
            session.ended_at,
            (other for other in self.peers(session) if not other.is_closed_without_reply),
        )

    def next_follow_up(self, session: Session) -> Contact | None:
        """Return the next outbound contact with the answer: about the matter, or of unknown reason and after nothing nearer."""
        end = session.ended_at
        if end is None or session.matter is None:
            return None
        sessions = self.by_customer[session.customer_id]
        found = []
        for contact in self.follow_ups[session.customer_id]:
            # an answer may come in any channel
            matter = self.matter(contact.reason_code)
            is_about_it = matter == session.matter
            if matter is None:
                is_about_it = self._ended_last_before(contact.started_at, sessions) is session
            if contact.started_at > end and is_about_it:
                found.append((contact.started_at, matter is None, contact.contact_id, contact))
        return min(found, key=lambda item: item[:3])[3] if found else None

    @staticmethod
    def _ended_last_before(instant: datetime, sessions: Iterable[Session]) -> Session | None:
        """Return the session that ended last before an instant; of two, the one with the greater id."""
        ended = [
            (session.ended_at, session.session_id, session)
            for session in sessions
            if session.ended_at is not None and session.ended_at < instant
        ]
        return max(ended, key=lambda item: item[:2])[2] if ended else None

    def next_exit(self, session: Session) -> datetime | None:
        """Return when the customer left after its end."""
        end = session.ended_at
        exits = self.exits.get(session.customer_id, [])
        return min((left for left in exits if end is not None and left > end), default=None)

    def is_over(self, until: datetime | None) -> bool:
        """Say whether everything up to an instant is known (B.5): the delay of the feeds has passed as well."""
        return until is not None and self.as_of is not None and until + self.lag <= self.as_of

    # --- marts ---

    def is_index(self, session: Session) -> bool:
        """Say whether it is the first contact about a matter, handled by an agent (M10)."""
        return session.is_handled and not self.is_repeat(session) and not self.is_parallel(session)

    def _first_contact_rows(self, session: Session) -> Iterator[FirstContactResolution]:
        if not self.is_index(session):
            return
        standard = {int(row["window_hours"]) for row in self.decisions.seeds["repeat_windows"]}
        for hours in sorted({*standard, session.window_hours}):
            yield self._first_contact_row(session, hours)

    def _first_contact_row(self, session: Session, hours: int) -> FirstContactResolution:
        end = session.ended_at
        until = session.window_end(hours)
        is_mature = self.is_over(until)
        outcome, broken_at, breaking_contact_id = self._outcome(session, until, is_mature)
        is_judged = is_mature and outcome is not None
        other = self._next(end, (s for s in self.by_customer[session.customer_id] if s is not session))
        is_quiet = other is None or until is None or other.started_at > until
        reasons = {
            None: "reason unknown, so that no repeat can be recognised",
            "escalated": "escalated within the contact",
            "transferred": "transferred within the contact",
            "repeated": "contact about the same reason within the window",
            "follow_up_needed": "follow-up by an agent delivered the answer",
            "exited": "the last subscription of the customer ended within the window",
            "resolved": "window closed without another contact about the reason",
            "pending": "contact still open"
            if end is None
            else "window or the delay of its feeds not over yet",
        }
        return FirstContactResolution(
            **_dimensions(session),
            contact_id=session.session_id,
            window_hours=hours,
            ended_at=end,
            is_headline=hours == session.window_hours,
            window_ends_at=until,
            matures_at=None if until is None else until + self.lag,
            is_mature=is_mature,
            is_eligible=session.is_eligible,
            outcome=outcome,
            broken_at=broken_at,
            breaking_contact_id=breaking_contact_id,
            outcome_reason=reasons[outcome],
            is_one_contact_resolution=(outcome == "resolved" and is_quiet) if is_judged else None,
            is_first_point_resolution=(outcome == "resolved" and session.total("transfer_count") == 0)
            if is_judged
            else None,
        )

    def _outcome(
        self, session: Session, until: datetime | None, is_mature: bool
    ) -> tuple[str | None, datetime | None, str | None]:
        """Say what became of an index contact within a window, when, and by which contact: the earliest that happened."""
        if session.matter is None:
            return None, None, None
        if session.total("escalation_count") > 0:
            return "escalated", None, session.session_id
        if self.decisions.variables["transfer_breaks_fcr"] and session.total("transfer_count") > 0:
            return "transferred", None, session.session_id
        happened: list[tuple[datetime, int, str, str | None]] = []
        if (repeat := self.next_about_it(session)) is not None:
            happened.append((repeat.started_at, 0, "repeated", repeat.session_id))
        if (answer := self.next_follow_up(session)) is not None:
            happened.append((answer.started_at, 1, "follow_up_needed", answer.contact_id))
        if (left := self.next_exit(session)) is not None:
            happened.append((left, 2, "exited", None))
        in_time = [event for event in happened if until is not None and event[0] <= until]
        if in_time:
            at, _rank, outcome, contact_id = min(in_time, key=lambda event: event[:2])
            return outcome, at, contact_id
        return ("resolved" if is_mature else "pending"), None, None

    def _repeat_row(self, session: Session) -> ContactRepeat:
        end = session.ended_at
        is_known = session.matter is not None
        following, reopening = self.next_about_it(session), self.next_reopening(session)
        previous = self.previous(session)

        def is_followed(until: datetime | None, by: Session | None = following) -> bool | None:
            if not is_known or until is None or not self.is_over(until):
                return None
            return by is not None and by.started_at <= until

        is_mature = self.is_over(session.window_ends_at)
        by_next_day = None
        if is_known and end is not None and self.is_over(end + timedelta(hours=49)):
            zone = session.first.business_timezone
            next_day = business_day(end, zone, self.decisions) + timedelta(days=1)
            by_next_day = (
                following is not None and business_day(following.started_at, zone, self.decisions) <= next_day
            )
        null_reason = None
        if not is_known:
            null_reason = "reason unknown"
        elif end is None:
            null_reason = "contact still open"
        elif self.as_of is None:
            null_reason = "no watermark"
        elif not is_mature:
            null_reason = "window open"
        is_deferred = not session.first.is_live
        # M12: elapsed time, whatever the clock of repeats
        reopen_window = timedelta(hours=self.decisions.variables["reopen_window_hours"])
        reopen_until = None if end is None else end + reopen_window
        ticks = [piece.agent_logged_resolved for piece in session.pieces]
        hours_to_next = None
        if following is not None and end is not None:
            hours_to_next = six_decimals(Fraction(elapsed(end, following.started_at) or 0, 3600))
        return ContactRepeat(
            **_dimensions(session),
            contact_id=session.session_id,
            issue_id=self.issue_of(session).session_id,
            started_at=session.started_at,
            ended_at=end,
            piece_count=len(session.pieces),
            window_hours=session.window_hours,
            is_reason_known=is_known,
            is_repeat=self.is_repeat(session) if is_known else None,
            is_parallel=self.is_parallel(session),
            previous_contact_id=previous.session_id if previous else None,
            next_contact_id=following.session_id if following else None,
            hours_to_next=hours_to_next,
            matures_at=None if session.window_ends_at is None else session.window_ends_at + self.lag,
            is_mature=is_mature,
            is_repeated=is_followed(session.window_ends_at),
            is_repeated_24h=is_followed(session.window_end(24)),
            is_repeated_72h=is_followed(session.window_end(72)),
            is_repeated_168h=is_followed(session.window_end(168)),
            is_repeated_336h=is_followed(session.window_end(336)),
            is_repeated_720h=is_followed(session.window_end(720)),
            is_repeated_by_next_day=by_next_day,
            repeat_null_reason=null_reason,
            is_deferred=is_deferred,
            agent_message_count=self._agent_messages(session) if is_deferred else 0,
            is_reopened=is_followed(reopen_until, reopening) if is_deferred else None,
            is_agent_logged_resolved=next((tick for tick in reversed(ticks) if tick is not None), None),
        )

    def _agent_messages(self, session: Session) -> int:
        pieces = {piece.contact_id for piece in session.pieces}
        return sum(
            1
            for row in self.center.staged["contact_segments"]
            if row["kind"] == "message"
            and row["agent_id"] is not None
            and self.center.contact_of(row["contact_id"]) in pieces
        )

    def _repeat_contact_row(self, session: Session) -> RepeatContact:
        previous, first = self.previous(session), self.issue_of(session)
        assert previous is not None
        is_repeat = self.is_repeat(session)
        hours = None
        if is_repeat and previous.ended_at is not None:
            hours = six_decimals(Fraction(elapsed(previous.ended_at, session.started_at) or 0, 3600))
        return RepeatContact(
            contact_id=session.session_id,
            previous_contact_id=previous.session_id,
            first_contact_id=first.session_id,
            customer_id=session.customer_id,
            reason_code=session.known("reason_code"),
            channel=session.first.channel,
            queue_id=session.known("queue_id"),
            business_date=session.first.business_date,
            started_at=session.started_at,
            is_handled=session.is_handled,
            is_repeat=is_repeat,
            is_parallel=self.is_parallel(session),
            previous_channel=previous.first.channel,
            is_same_channel=previous.first.channel == session.first.channel,
            previous_business_date=previous.first.business_date,
            previous_ended_at=previous.ended_at,
            hours_between=hours,
            previous_agent_id=previous.last.last_agent_id,
            previous_queue_id=previous.last.queue_id,
            previous_vendor_id=previous.last.vendor_id,
            first_agent_id=first.last.last_agent_id,
            first_queue_id=first.last.queue_id,
            first_vendor_id=first.last.vendor_id,
        )

    def _issue_rows(self) -> list[Issue]:
        members: dict[str, list[Session]] = defaultdict(list)
        for session in self.sessions.values():
            members[self.issue_of(session).session_id].append(session)
        return [self._issue_row(sorted(sessions, key=lambda s: s.order)) for sessions in members.values()]

    def _issue_row(self, sessions: Sequence[Session]) -> Issue:
        first = sessions[0]
        # an open one ends last; of two, the one with the greater id
        last = max(sessions, key=lambda s: (s.ended_at or datetime.max, s.session_id))
        is_open = any(session.ended_at is None for session in sessions)
        ended_at = None if is_open else last.ended_at
        until = max(session.window_ends_at or datetime.min for session in sessions)
        is_mature = not is_open and self.is_over(until)
        pieces = [piece for session in sessions for piece in session.pieces]
        agents = {
            leg.agent_id
            for piece in pieces
            for leg in self.center.legs.get(piece.contact_id, [])
            if leg.has_conversation
        }
        channels = {session.first.channel for session in sessions}
        handled = [session for session in sessions if session.is_handled]
        times = [session.handle_seconds for session in handled]
        known_times = [seconds for seconds in times if seconds is not None]
        handle_seconds = sum(known_times) if known_times and len(known_times) == len(times) else None
        elapsed_seconds = business_seconds = None
        if ended_at is not None:
            elapsed_seconds = business_seconds = elapsed(first.started_at, ended_at)
            if hours := self.center.hours.get(first.known("queue_id") or ""):
                business_seconds = hours.open_seconds(first.started_at, ended_at)
        is_judged = is_mature and first.matter is not None
        is_resolved, why = self._is_resolved(last, until, is_open=is_open, is_mature=is_mature)
        return Issue(
            **{name: value for name, value in _dimensions(first).items() if name != "last_agent_id"},
            issue_id=first.session_id,
            first_contact_id=first.session_id,
            last_contact_id=last.session_id,
            started_at=first.started_at,
            ended_at=ended_at,
            contact_count=len(sessions),
            handled_contact_count=len(handled),
            agent_segment_count=sum(session.total("agent_segment_count") for session in sessions),
            agent_count=len(agents),
            channel_count=len(channels),
            transfer_count=sum(session.total("transfer_count") for session in sessions),
            escalation_count=sum(session.total("escalation_count") for session in sessions),
            handle_seconds=handle_seconds,
            agent_minutes=None if handle_seconds is None else six_decimals(Fraction(handle_seconds, 60)),
            elapsed_seconds=elapsed_seconds,
            business_seconds=business_seconds,
            matures_at=None if is_open else until + self.lag,
            is_mature=is_mature,
            is_reopened=any(map(self.is_repeat, sessions)) if is_judged else None,
            is_seamless=(len(sessions), len(agents), len(channels)) == (1, 1, 1)
            if is_judged and agents
            else None,
            is_resolved=is_resolved,
            resolution_reason=why,
        )

    def _is_resolved(
        self, last: Session, until: datetime, *, is_open: bool, is_mature: bool
    ) -> tuple[bool | None, str]:
        if last.matter is None:
            return None, "reason unknown"
        if is_open:
            return None, "a contact is still open"
        if not is_mature:
            return None, "window or the delay of its feeds not over yet"
        answer, left = self.next_follow_up(last), self.next_exit(last)
        if answer is not None and answer.started_at <= until:
            return True, "follow-up by an agent delivered the answer"
        if left is not None and left <= until:
            return None, "the customer left within the window"
        if not last.is_handled:
            return None, "no agent handled the last contact"
        if last.total("escalation_count") > 0:
            return False, "the last contact was escalated"
        return True, "quiet for the whole window"


class Subscription:
    """When a subscription was held: from a start or reactivation on until an end, the end itself not included."""

    def __init__(self, started_on: date | None, events: Iterable[Row]) -> None:
        """Keep its starts and ends. Without a start event it runs from its first day, without either from ever."""
        events = list(events)
        ends = {event["occurred_at"] for event in events if event["kind"] == "end"}
        starts = {event["occurred_at"] for event in events if event["kind"] in ("start", "reactivation")}
        if not any(event["kind"] == "start" for event in events):
            starts.add(datetime.combine(started_on, time()) if started_on else datetime.min)
        # an end and a start at one instant leave it as it was
        self.ends, self.starts = ends - starts, starts - ends

    def is_held_before(self, instant: datetime) -> bool:
        """Say whether it is held until an instant: the last thing that happened before was a start."""
        last_start = max((start for start in self.starts if start < instant), default=None)
        last_end = max((end for end in self.ends if end < instant), default=None)
        return last_start is not None and (last_end is None or last_end < last_start)

    def is_held_from(self, instant: datetime) -> bool:
        """Say whether it is held from an instant on."""
        return instant in self.starts or (self.is_held_before(instant) and instant not in self.ends)


def _dimensions(session: Session) -> dict[str, Any]:
    """Return what every mart says of a session's place."""
    with_queue = next((piece for piece in session.pieces if piece.queue_id is not None), None)
    return {
        "customer_id": session.customer_id,
        "business_date": session.first.business_date,
        "channel": session.first.channel,
        "queue_id": with_queue.queue_id if with_queue else None,
        "program_id": with_queue.program_id if with_queue else None,
        "vendor_id": with_queue.vendor_id if with_queue else None,
        "reason_code": session.known("reason_code"),
        "product_line_id": session.known("product_line_id"),
        "last_agent_id": session.last.last_agent_id,
    }


# --- rows ----------------------------------------------------------------------------------------------------


@dataclass(kw_only=True)
class FirstContactResolution:
    """One index contact and window as fct_first_contact_resolution should show it."""

    contact_id: str
    window_hours: int
    customer_id: str
    business_date: date
    channel: str
    queue_id: str | None
    program_id: str | None
    vendor_id: str | None
    reason_code: str | None
    product_line_id: str | None
    last_agent_id: str | None
    ended_at: datetime | None
    is_headline: bool
    window_ends_at: datetime | None
    matures_at: datetime | None
    is_mature: bool
    is_eligible: bool | None
    outcome: str | None
    broken_at: datetime | None
    breaking_contact_id: str | None
    outcome_reason: str
    is_one_contact_resolution: bool | None
    is_first_point_resolution: bool | None


@dataclass(kw_only=True)
class ContactRepeat:
    """One handled contact as fct_contact_repeats should show it."""

    contact_id: str
    issue_id: str
    customer_id: str
    business_date: date
    channel: str
    queue_id: str | None
    program_id: str | None
    vendor_id: str | None
    reason_code: str | None
    product_line_id: str | None
    last_agent_id: str | None
    started_at: datetime
    ended_at: datetime | None
    piece_count: int
    window_hours: int
    is_reason_known: bool
    is_repeat: bool | None
    is_parallel: bool
    previous_contact_id: str | None
    next_contact_id: str | None
    hours_to_next: Fraction | None
    matures_at: datetime | None
    is_mature: bool
    is_repeated: bool | None
    is_repeated_24h: bool | None
    is_repeated_72h: bool | None
    is_repeated_168h: bool | None
    is_repeated_336h: bool | None
    is_repeated_720h: bool | None
    is_repeated_by_next_day: bool | None
    repeat_null_reason: str | None
    is_deferred: bool
    agent_message_count: int
    is_reopened: bool | None
    is_agent_logged_resolved: bool | None


@dataclass(kw_only=True)
class RepeatContact:
    """One repeat or parallel contact as fct_repeat_contacts should show it."""

    contact_id: str
    previous_contact_id: str
    first_contact_id: str
    customer_id: str
    reason_code: str | None
    channel: str
    queue_id: str | None
    business_date: date
    started_at: datetime
    is_handled: bool
    is_repeat: bool
    is_parallel: bool
    previous_channel: str
    is_same_channel: bool
    previous_business_date: date
    previous_ended_at: datetime | None
    hours_between: Fraction | None
    previous_agent_id: str | None
    previous_queue_id: str | None
    previous_vendor_id: str | None
    first_agent_id: str | None
    first_queue_id: str | None
    first_vendor_id: str | None


@dataclass(kw_only=True)
class Issue:
    """One issue as fct_issues should show it."""

    issue_id: str
    customer_id: str
    reason_code: str | None
    business_date: date
    channel: str
    queue_id: str | None
    program_id: str | None
    vendor_id: str | None
    product_line_id: str | None
    first_contact_id: str
    last_contact_id: str
    started_at: datetime
    ended_at: datetime | None
    contact_count: int
    handled_contact_count: int
    agent_segment_count: int
    agent_count: int
    channel_count: int
    transfer_count: int
    escalation_count: int
    handle_seconds: int | None
    agent_minutes: Fraction | None
    elapsed_seconds: int | None
    business_seconds: int | None
    matures_at: datetime | None
    is_mature: bool
    is_reopened: bool | None
    is_seamless: bool | None
    is_resolved: bool | None
    resolution_reason: str


# --- metrics -------------------------------------------------------------------------------------------------

DIMENSIONS = ("channel", "queue_id", "program_id", "vendor_id", "reason_code", "product_line_id")

LONGEST_WINDOW_HOURS = 35 * 24
"""A period of rates by a reason's own window is complete when the longest window in use has closed for it."""


def _rate(numerator: Any, denominator: Any, window_hours: int = 0) -> Metric:
    return Metric(
        lambda row: denominator(row) and numerator(row),
        denominator,
        is_proportion=True,
        window_hours=window_hours,
    )


def _is_headline(row: FirstContactResolution) -> bool:
    return row.is_headline and row.is_mature


def _in_gross(row: FirstContactResolution) -> bool:
    return _is_headline(row) and row.outcome is not None


def _in_net(row: FirstContactResolution) -> bool:
    return _in_gross(row) and row.is_eligible is True and row.outcome != "exited"


FIRST_CONTACT_GROUP = MetricGroup(
    {
        "fcr_rate": _rate(lambda r: r.outcome == "resolved", _in_net, LONGEST_WINDOW_HOURS),
        "fcr_gross_rate": _rate(lambda r: r.outcome == "resolved", _in_gross, LONGEST_WINDOW_HOURS),
        "one_contact_resolution_rate": _rate(
            lambda r: r.is_one_contact_resolution, _in_net, LONGEST_WINDOW_HOURS
        ),
        "first_point_resolution_rate": _rate(
            lambda r: r.is_first_point_resolution, _in_net, LONGEST_WINDOW_HOURS
        ),
        "fcr_exited_share": _rate(lambda r: r.outcome == "exited", _in_gross, LONGEST_WINDOW_HOURS),
        "fcr_mature_share": _rate(lambda r: r.is_mature, lambda r: r.is_headline),
    },
    DIMENSIONS,
    "resolution",
)


def _share_of_known(name: str, window_hours: int) -> Metric:
    return _rate(lambda r: getattr(r, name), lambda r: getattr(r, name) is not None, window_hours)


REPEAT_GROUP = MetricGroup(
    {
        "repeat_rate_forward": _share_of_known("is_repeated", LONGEST_WINDOW_HOURS),
        "repeat_rate_forward_24h": _share_of_known("is_repeated_24h", 24),
        "repeat_rate_forward_30d": _share_of_known("is_repeated_720h", 720),
        "next_day_repeat_rate": _share_of_known("is_repeated_by_next_day", 49),
        "repeat_share_backward": _rate(lambda r: r.is_repeat, lambda r: r.is_reason_known),
        "reopen_rate": _share_of_known("is_reopened", 336),
        "fcr_ticket_rate": _rate(
            lambda r: r.is_reopened is False and r.agent_message_count == 1,
            lambda r: r.is_reopened is not None,
            336,
        ),
        "fcr_agent_logged_rate": _share_of_known("is_agent_logged_resolved", 0),
        "repeat_reason_coverage_rate": _rate(lambda r: r.is_reason_known, lambda r: True),
    },
    DIMENSIONS,
    "resolution",
)

ISSUE_GROUP = MetricGroup(
    {
        "seamless_issue_share": _share_of_known("is_seamless", LONGEST_WINDOW_HOURS),
        "handle_seconds_per_issue": Metric(
            lambda r: r.handle_seconds if r.is_reopened is not None else None,
            lambda r: all_of(r.is_reopened is not None, r.handle_seconds is not None),
            window_hours=LONGEST_WINDOW_HOURS,
        ),
    },
    DIMENSIONS,
    "resolution",
)
