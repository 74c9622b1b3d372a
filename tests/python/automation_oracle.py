"""The automation domain once more, in plain Python: what became of those who tried a bot first (M08).

The second path of the deflection ladder. Every attempt looks through all contacts of its customer; what is not known stays None.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction

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
)
from resolution_oracle import Resolution


@dataclass(eq=False)
class BotSession:
    """One session of somebody with a bot."""

    row: Row
    business_date: date
    is_identified: bool
    exclusion_reason: str | None
    own_contact_id: str | None
    handed_off_contact_id: str | None
    channel: str | None

    @property
    def session_id(self) -> str:
        """Its id."""
        return str(self.row["session_id"])

    @property
    def started_at(self) -> datetime:
        """When it began."""
        started: datetime = self.row["started_at"]
        return started

    @property
    def ended_at(self) -> datetime | None:
        """When it was over; one that ended before it began ended when it began (B.7)."""
        ended: datetime | None = self.row["ended_at"]
        return None if ended is None else max(ended, self.started_at)

    @property
    def order(self) -> tuple[datetime, str]:
        """Order among sessions."""
        return self.started_at, self.session_id

    @property
    def is_claimed(self) -> bool:
        """Whether the vendor would bill it as resolved."""
        return self.row["vendor_outcome"] in ("resolved", "assumed_resolved")


@dataclass(kw_only=True)
class BotAttempt:
    """One attempt as fct_bot_attempts should show it."""

    attempt_id: str
    customer_id: str | None
    is_identified: bool
    technology_id: str | None
    channel: str | None
    reason_code: str | None
    model_version: str | None
    intent_signal: str
    business_date: date
    started_at: datetime
    ended_at: datetime | None
    session_count: int
    turn_count: int | None
    exclusion_reason: str | None
    is_in_scope: bool | None
    is_eligible: bool | None
    is_handoff_requested: bool | None
    is_handed_off: bool
    is_contained: bool | None
    is_abandoned: bool | None
    vendor_outcome: str | None
    vendor_resolved_session_count: int
    is_vendor_resolved: bool | None
    evidence_class: str | None
    has_evidence: bool
    is_resolved: bool | None
    return_contact_id: str | None
    return_channel: str | None
    returned_at: datetime | None
    is_returned: bool | None
    is_returned_24h: bool | None
    is_returned_72h: bool | None
    any_return_contact_id: str | None
    any_return_channel: str | None
    any_returned_at: datetime | None
    is_returned_any_reason: bool | None
    is_durably_resolved: bool | None
    is_durably_resolved_24h: bool | None
    is_durably_resolved_72h: bool | None
    is_durably_resolved_any_reason: bool | None
    is_retained: bool | None
    retained_null_reason: str
    assisted_probability: Fraction | None
    assisted_probability_source: str | None
    avoided_contact_share: Fraction | None
    avoided_contact_share_low: Fraction | None
    avoided_contact_share_high: Fraction | None
    avoided_contact_null_reason: str | None
    highest_rung: int | None
    leak: str
    leak_contact_id: str | None
    leak_channel: str | None
    handed_off_contact_id: str | None
    handed_off_channel: str | None
    is_handoff_answered: bool | None
    handoff_handle_seconds: int | None
    handoff_sentiment_engine: str | None
    handoff_sentiment_engine_version: str | None
    handoff_sentiment_shift: Fraction | None
    matures_at: datetime | None
    is_mature: bool
    is_mature_24h: bool
    is_mature_72h: bool


class Automation:
    """Bot sessions and attempts of a center."""

    def __init__(self, resolution: Resolution, decisions: Decisions) -> None:
        """Compute all of it."""
        self.center: Center = resolution.center
        self.resolution = resolution
        self.decisions = decisions
        self.variables = decisions.variables
        self.as_of = complete_through(self.center.staged, decisions, "automation")
        self.lag = timedelta(hours=self.variables["ingestion_lag_hours"])
        self.window = timedelta(hours=self.variables["deflection_window_hours"])
        self.staff = {row["customer_id"] for row in self.center.staged["customers"] if row["is_staff"]}
        self.sessions = [self._session(row) for row in self.center.staged["bot_sessions"]]
        clusters = list(self._clusters())
        self.asked_at = self._asked_at(clusters)
        self.attempts = [self._attempt(sessions) for sessions in clusters]

    def _session(self, row: Row) -> BotSession:
        day = business_day(row["started_at"], self.variables["reporting_timezone"], self.decisions)
        own_contact_id = self.center.contact_of(row["contact_id"])
        own = self.center.contacts.get(own_contact_id or "")
        handed_off = self.center.contact_of(row["handed_off_contact_id"])
        # an agent who answers in the session's own contact took over, whatever the bot's log says
        if handed_off is None and own is not None and own.is_handled:
            answered_at = own.answered_at or row["started_at"]
            handed_off = own_contact_id if answered_at >= row["started_at"] else None
        met = {
            "test": row["is_test"] is True,
            "staff": row["customer_id"] in self.staff,
            "empty_bot_session": row["turns"] == 0,
        }
        excluded = next(
            (
                rule
                for rule, is_met in met.items()
                if is_met and self.decisions.in_force("exclusion_rules", day, rule=rule)
            ),
            None,
        )
        return BotSession(
            row=row,
            business_date=day,
            is_identified=row["customer_id"] is not None
            and not self.decisions.is_denied(row["customer_id"], day),
            exclusion_reason=excluded or (own.exclusion_reason if own else None),
            own_contact_id=own_contact_id,
            handed_off_contact_id=handed_off,
            channel=row["channel"] or (own.channel if own else None),
        )

    # M08: sessions of one customer belong together while the next starts within the gap after all before have ended
    def _clusters(self) -> Iterator[list[BotSession]]:
        gap = timedelta(minutes=self.variables["attempt_cluster_gap_minutes"])
        persons: dict[str, list[BotSession]] = defaultdict(list)
        for session in self.sessions:
            if session.is_identified and session.exclusion_reason is None:
                persons[session.row["customer_id"]].append(session)
            else:
                yield [session]
        for sessions in persons.values():
            left = sorted(sessions, key=lambda session: session.order)
            while left:
                cluster = [left.pop(0)]
                while left and any(
                    left[0].started_at <= (other.ended_at or other.started_at) + gap for other in cluster
                ):
                    cluster.append(left.pop(0))
                yield cluster

    # --- returns ---

    @staticmethod
    def _asked_at(clusters: Iterable[Sequence[BotSession]]) -> dict[str, datetime]:
        """Return when contacts were asked for that an attempt ran in or was handed to: as its first session ended."""
        asked: dict[str, datetime] = {}
        for sessions in clusters:
            first_end = _first_end(sessions)
            if first_end is None or not _can_return(sessions[0]):
                continue
            for session in sessions:
                for contact_id in (session.own_contact_id, session.handed_off_contact_id):
                    if contact_id is not None:
                        asked[contact_id] = min(first_end, asked.get(contact_id, first_end))
        return asked

    def _returns(
        self, sessions: Sequence[BotSession], ended_at: datetime | None
    ) -> tuple[Contact | None, Contact | None]:
        """Return the first contact after an attempt about one of its reasons, and the first about anything."""
        first_end = _first_end(sessions)
        if ended_at is None or first_end is None or not _can_return(sessions[0]):
            return None, None
        last = ended_at + max(timedelta(hours=72), self.window)
        found = [
            contact
            for contact in self.center.contacts.values()
            if contact.customer_id == sessions[0].row["customer_id"]
            and contact.is_identified
            and contact.direction == "inbound"
            and contact.exclusion_reason is None
            # what was asked for before is no return: neither for who asked nor for who tried again meanwhile
            and first_end < self.asked_at.get(contact.contact_id, contact.started_at)
            and first_end < contact.started_at <= last
            and (self.variables["confirmation_counts"] or not self._is_confirmation(contact))
        ]
        matched = [contact for contact in found if self._is_about(contact, sessions)]
        return _first(matched), _first(found)

    def _is_confirmation(self, contact: Contact) -> bool:
        """Say whether a contact only asks whether something went through."""
        return (contact.reason_code or "").lower() in self.variables["confirmation_reasons"]

    def _is_about(self, contact: Contact, sessions: Sequence[BotSession]) -> bool:
        """Say whether a contact is about one of the matters of an attempt, in any channel (M08)."""
        if self.variables["repeat_match"] == "any" or self._is_confirmation(contact):
            return True
        reasons = [s.row["reason_code"] for s in sessions if s.row["reason_code"] is not None]
        if not reasons:
            return True
        return contact.reason_code is not None and any(
            self._matter(reason) == self._matter(contact.reason_code) for reason in reasons
        )

    def _matter(self, reason_code: str) -> str:
        """Return the level of a reason on which two contacts must agree."""
        reason = self.resolution.reasons.get(reason_code, {})
        level_1 = reason.get("reason_l1") or reason_code
        levels = {
            "reason_code": reason_code,
            "reason_l1": level_1,
            "reason_l2": reason.get("reason_l2") or level_1,
        }
        return str(levels[self.variables["repeat_match"]])

    # --- the ladder ---

    def _attempt(self, sessions: Sequence[BotSession]) -> BotAttempt:
        first, last = sessions[0], sessions[-1]
        ends = [session.ended_at for session in sessions]
        known_ends = [end for end in ends if end is not None]
        ended_at = max(known_ends) if len(known_ends) == len(ends) else None
        turns = [session.row["turns"] for session in sessions]
        signals = {session.row["intent_signal"] for session in sessions}
        vendor_words = [session.row["vendor_outcome"] for session in sessions]
        handed_off_contact_id = next(
            (s.handed_off_contact_id for s in sessions if s.handed_off_contact_id is not None), None
        )
        handed_off = self.center.contacts.get(handed_off_contact_id or "")
        scopes = [session.row["is_in_scope"] for session in sessions]
        is_requested = _any_of(
            True if session.row["vendor_outcome"] == "handed_off" else session.row["handoff_requested"]
            for session in sessions
        )
        exclusion_reason = first.exclusion_reason
        is_in_scope = _any_of(scopes)

        evidence = last.row["evidence"]
        evidence_class = evidence or ("vendor_assumed" if last.is_claimed else None)
        is_abandoned = all_of(
            evidence is None,
            None if ended_at is None else last.row["vendor_outcome"] == "abandoned",
        )
        is_contained = all_of(
            handed_off_contact_id is None,
            None if is_requested is None else not is_requested,
            True if ended_at is not None else None,
        )
        is_eligible = all_of(exclusion_reason is None, is_in_scope, first.is_identified)
        counts_as_evidence = evidence is not None or (
            self.variables["assumed_counts"] and evidence_class is not None
        )
        is_settled = all_of(is_eligible, is_contained, None if is_abandoned is None else not is_abandoned)
        is_resolved = all_of(is_settled, counts_as_evidence)

        matched, anything = self._returns(sessions, ended_at)

        def is_over(window: timedelta) -> bool:
            return (
                ended_at is not None and self.as_of is not None and ended_at + window + self.lag <= self.as_of
            )

        def came_back(contact: Contact | None, window: timedelta) -> bool | None:
            if ended_at is None or not _can_return(first):
                return None
            if contact is not None and contact.started_at <= ended_at + window:
                return True
            return False if is_over(window) else None

        def lasts(returned: bool | None) -> bool | None:
            # silence that the vendor takes for success never gets this far
            return all_of(is_settled, evidence is not None, None if returned is None else not returned)

        day, three_days = timedelta(hours=24), timedelta(hours=72)
        is_returned = came_back(matched, self.window)
        is_durable = lasts(is_returned)

        leak = "none"
        if exclusion_reason is not None:
            leak = "excluded"
        elif is_in_scope is None:
            leak = "scope_unknown"
        elif not is_in_scope:
            leak = "out_of_scope"
        elif not first.is_identified:
            leak = "unidentified"
        elif handed_off_contact_id is not None:
            leak = "handed_off"
        elif is_requested:
            leak = "handoff_refused"
        elif ended_at is None:
            leak = "pending"
        elif is_contained is None:
            leak = "handoff_unknown"
        elif is_abandoned:
            leak = "abandoned"
        elif evidence is None:
            leak = "no_evidence"
        elif is_returned:
            leak = "circled_back"
        elif is_durable is None:
            leak = "pending"

        rung: int | None = None
        if exclusion_reason is None:
            rungs = [
                is_eligible,
                is_contained,
                None if is_abandoned is None else not is_abandoned,
                is_resolved,
                is_durable,
            ]
            rung = next((number for number, reached in enumerate(rungs) if not reached), 5)
        leak_contact = None
        leak_contact_id = None
        if leak == "handed_off":
            leak_contact_id, leak_contact = handed_off_contact_id, handed_off
        elif leak == "circled_back" and matched is not None:
            leak_contact_id, leak_contact = matched.contact_id, matched
        engine, version, shift = self._sentiment(handed_off_contact_id)
        intent_signal = next((s for s in ("explicit", "implicit") if s in signals), "none")
        assisted = self._assisted(first, intent_signal)
        not_avoided_reason = None
        if exclusion_reason is not None:
            not_avoided_reason = "excluded"
        elif is_durable is None:
            not_avoided_reason = "durable resolution not known"
        elif is_durable and assisted is None:
            not_avoided_reason = "no probability for the intent"

        def avoided(column: str) -> Fraction | None:
            if not_avoided_reason is not None:
                return None
            return Fraction(assisted[column]) if is_durable and assisted is not None else Fraction(0)

        return BotAttempt(
            attempt_id=first.session_id,
            customer_id=first.row["customer_id"],
            is_identified=first.is_identified,
            technology_id=first.row["technology_id"],
            channel=first.channel,
            reason_code=next(
                (s.row["reason_code"] for s in sessions if s.row["reason_code"] is not None), None
            ),
            model_version=first.row["model_version"],
            intent_signal=intent_signal,
            business_date=first.business_date,
            started_at=first.started_at,
            ended_at=ended_at,
            session_count=len(sessions),
            turn_count=None if None in turns else sum(turns),
            exclusion_reason=exclusion_reason,
            is_in_scope=is_in_scope,
            is_eligible=is_eligible,
            is_handoff_requested=is_requested,
            is_handed_off=handed_off_contact_id is not None,
            is_contained=is_contained,
            is_abandoned=is_abandoned,
            vendor_outcome=last.row["vendor_outcome"],
            vendor_resolved_session_count=sum(session.is_claimed for session in sessions),
            is_vendor_resolved=None
            if all(word is None for word in vendor_words)
            else any(session.is_claimed for session in sessions),
            evidence_class=evidence_class,
            has_evidence=evidence is not None,
            is_resolved=is_resolved,
            return_contact_id=matched.contact_id if matched else None,
            return_channel=matched.channel if matched else None,
            returned_at=matched.started_at if matched else None,
            is_returned=is_returned,
            is_returned_24h=came_back(matched, day),
            is_returned_72h=came_back(matched, three_days),
            any_return_contact_id=anything.contact_id if anything else None,
            any_return_channel=anything.channel if anything else None,
            any_returned_at=anything.started_at if anything else None,
            is_returned_any_reason=came_back(anything, self.window),
            is_durably_resolved=is_durable,
            is_durably_resolved_24h=lasts(came_back(matched, day)),
            is_durably_resolved_72h=lasts(came_back(matched, three_days)),
            is_durably_resolved_any_reason=lasts(came_back(anything, self.window)),
            is_retained=None,
            retained_null_reason="retention of the customer is not measured yet",
            assisted_probability=Fraction(assisted["probability"]) if assisted else None,
            assisted_probability_source=assisted["source"] if assisted else None,
            avoided_contact_share=avoided("probability"),
            avoided_contact_share_low=avoided("low_probability"),
            avoided_contact_share_high=avoided("high_probability"),
            avoided_contact_null_reason=not_avoided_reason,
            highest_rung=rung,
            leak=leak,
            leak_contact_id=leak_contact_id,
            leak_channel=leak_contact.channel if leak_contact else None,
            handed_off_contact_id=handed_off_contact_id,
            handed_off_channel=handed_off.channel if handed_off else None,
            is_handoff_answered=handed_off.is_handled if handed_off else None,
            handoff_handle_seconds=handed_off.handle_seconds if handed_off else None,
            handoff_sentiment_engine=engine,
            handoff_sentiment_engine_version=version,
            handoff_sentiment_shift=shift,
            matures_at=None if ended_at is None else ended_at + self.window + self.lag,
            is_mature=is_over(self.window),
            is_mature_24h=is_over(day),
            is_mature_72h=is_over(three_days),
        )

    def _assisted(self, first: BotSession, intent_signal: str) -> Mapping[str, str] | None:
        """Return what is decided of the contact that an attempt would have become (L7, M09): of its bot, else of any."""
        rows = (
            self.decisions.in_force(
                "assisted_contact_probabilities",
                first.business_date,
                technology_id=technology_id,
                intent_signal=intent_signal,
            )
            for technology_id in (first.row["technology_id"], "any")
        )
        return next((row for row in rows if row is not None), None)

    def _sentiment(self, contact_id: str | None) -> tuple[str | None, str | None, Fraction | None]:
        """Return engine, version and the customer's shift in a contact: both quarters by one engine in one version (M20)."""
        scored = [
            row
            for row in self.center.staged["contact_sentiment"]
            if contact_id is not None
            and self.center.contact_of(row["contact_id"]) == contact_id
            and row["first_quarter_score"] is not None
            and row["last_quarter_score"] is not None
        ]
        if not scored:
            return None, None, None
        # of several engines the first by name, of it the last version, and of several records the first
        engine = min(row["engine"] for row in scored)
        scored = [row for row in scored if row["engine"] == engine]
        version = max(row["engine_version"] for row in scored)
        row = min(
            (row for row in scored if row["engine_version"] == version), key=lambda row: row["contact_id"]
        )
        shift = Fraction(row["last_quarter_score"]) - Fraction(row["first_quarter_score"])
        return row["engine"], row["engine_version"], shift


def _first_end(sessions: Sequence[BotSession]) -> datetime | None:
    """Return the first end of an attempt, from where on a contact is a new one; None while a session is open."""
    ends = [session.ended_at for session in sessions]
    known = [end for end in ends if end is not None]
    return min(known) if len(known) == len(ends) else None


def _can_return(session: BotSession) -> bool:
    """Say whether returns are looked for: of a person who can be recognised, after an attempt that counts."""
    return session.is_identified and session.exclusion_reason is None


def _any_of(parts: Iterable[bool | None]) -> bool | None:
    """Say whether any part holds: True where one does, None where one is unknown and none holds."""
    known = list(parts)
    if any(known):
        return True
    return None if None in known else False


def _first(contacts: Sequence[Contact]) -> Contact | None:
    return min(contacts, key=lambda contact: (contact.started_at, contact.contact_id), default=None)


# --- metrics -------------------------------------------------------------------------------------------------


def _counts(row: BotAttempt) -> bool:
    return row.exclusion_reason is None and row.ended_at is not None


def _is_eligible(row: BotAttempt) -> bool:
    return row.is_eligible is True and row.ended_at is not None


def _of_all(name: str) -> Metric:
    return Metric(lambda r: _counts(r) and getattr(r, name), _counts, is_proportion=True)


def _of_eligible(name: str) -> Metric:
    return Metric(lambda r: _is_eligible(r) and getattr(r, name), _is_eligible, is_proportion=True)


def _of_mature(name: str, maturity: str, window_hours: int, condition: str = "is_eligible") -> Metric:
    def is_counted(row: BotAttempt) -> bool:
        return _is_eligible(row) and getattr(row, maturity) and getattr(row, condition) is True

    return Metric(
        lambda r: is_counted(r) and getattr(r, name),
        is_counted,
        is_proportion=True,
        window_hours=window_hours,
    )


def _is_estimated(row: BotAttempt) -> bool:
    return _is_eligible(row) and row.is_mature and row.assisted_probability is not None


def _avoided(name: str) -> Metric:
    # an estimate is no count of what happened: it has a range of its own instead of an interval
    return Metric(lambda r: getattr(r, name) if _is_estimated(r) else None, _is_estimated, window_hours=168)


BOT_GROUP = MetricGroup(
    {
        "bot_containment_rate": _of_eligible("is_contained"),
        "bot_containment_rate_raw": _of_all("is_contained"),
        "apparent_deflection_rate": Metric(
            lambda r: _is_eligible(r) and r.is_contained, _counts, is_proportion=True
        ),
        "vendor_claimed_resolution_rate": _of_all("is_vendor_resolved"),
        "bot_evidenced_resolution_rate": _of_eligible("is_resolved"),
        "true_deflection_rate": _of_mature("is_durably_resolved", "is_mature", 168),
        "true_deflection_rate_any_reason": _of_mature("is_durably_resolved_any_reason", "is_mature", 168),
        "true_deflection_rate_24h": _of_mature("is_durably_resolved_24h", "is_mature_24h", 24),
        "true_deflection_rate_72h": _of_mature("is_durably_resolved_72h", "is_mature_72h", 72),
        "bot_return_rate": _of_mature("is_returned", "is_mature", 168, condition="is_contained"),
        "avoided_contact_rate": _avoided("avoided_contact_share"),
        "avoided_contact_rate_low": _avoided("avoided_contact_share_low"),
        "avoided_contact_rate_high": _avoided("avoided_contact_share_high"),
        "avoided_contact_coverage": Metric(
            _is_estimated,
            lambda r: _is_eligible(r) and r.is_mature,
            is_proportion=True,
            window_hours=168,
        ),
        "bot_escalation_rate": _of_eligible("is_handed_off"),
        "bot_identity_coverage": _of_all("is_identified"),
    },
    ("technology_id", "channel", "reason_code", "model_version", "intent_signal"),
    "automation",
)
