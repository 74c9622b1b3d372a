"""A small contact center, written by hand: some 340 records of contacts that stand on the edges of every rule.

It is the input on which all engines must agree row for row. Instants are UTC. The spans of a contact are written
in a short form, in seconds from its start: `queue 0-20, talk 20-95.5 ann >blind, wrap 96-? ann @uk_sales` is a
wait, a talk of ann, who transfers it, and ann's wrap-up for queue uk_sales, which never closed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
from engines import PROJECT

from cx_metrics.contract import Table, load_contract

Row = dict[str, Any]

_SPAN = re.compile(
    r"(?P<kind>\w+) (?P<start>-?[\d.]+)-(?P<end>-?[\d.]+|\?)"
    r"(?: (?P<agent>\w+))?(?: @(?P<queue>\w+))?(?: >(?P<transfer>\w+))?"
)

FRIDAY = "2025-10-24"
"""The day of contacts that need no special day: a Friday on which London is an hour ahead of UTC."""


def raw_tables() -> dict[str, pa.Table]:
    """Return the raw tables of the small center in the contract's types; required tables without rows are there too."""
    rows = raw_rows()
    contract = load_contract(PROJECT)
    unknown = rows.keys() - contract.keys()
    assert not unknown, f"the contract has no table {', '.join(sorted(unknown))}"
    return {
        name: as_delivered(table, rows.get(name, []))
        for name, table in contract.items()
        if name in rows or not table.optional
    }


def empty_tables() -> dict[str, pa.Table]:
    """Return every required table, typed and without a row."""
    return {
        name: as_delivered(table, []) for name, table in load_contract(PROJECT).items() if not table.optional
    }


def required_tables() -> dict[str, pa.Table]:
    """Return the small center of a company that delivers nothing but the required tables."""
    contract = load_contract(PROJECT)
    return {name: table for name, table in raw_tables().items() if not contract[name].optional}


def as_delivered(table: Table, rows: list[Row]) -> pa.Table:
    """Return rows of a raw table in the contract's types, in an order that is neither that of time nor of keys."""
    fields = [pa.field(column.name, _arrow_type(column.data_type)) for column in table.columns]
    names = {field.name for field in fields}
    for row in rows:
        # a company's own columns; what a row does not name was not known
        fields.extend(pa.field(name, pa.string()) for name in row if name not in names)
        names.update(row)
    decimals = {field.name for field in fields if pa.types.is_decimal(field.type)}
    rows = [
        {
            name: Decimal(str(value)) if name in decimals and value is not None else value
            for name, value in row.items()
        }
        for row in rows
    ]
    shuffled = sorted(rows, key=lambda row: str(row)[::-1])
    return pa.Table.from_pylist(shuffled, schema=pa.schema(fields))


def _arrow_type(data_type: str) -> pa.DataType:
    if decimal := re.fullmatch(r"decimal\((\d+),(\d+)\)", data_type):
        return pa.decimal128(int(decimal[1]), int(decimal[2]))
    types = {
        "text": pa.string(),
        "timestamp": pa.timestamp("us"),
        "date": pa.date32(),
        "boolean": pa.bool_(),
        "integer": pa.int32(),
        "double": pa.float64(),
    }
    return types[data_type]


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _day(text: str) -> date:
    return date.fromisoformat(text)


class _Center:
    """Collects contact records and their segments."""

    def __init__(self) -> None:
        self.contacts: list[Row] = []
        self.segments: list[Row] = []

    def contact(
        self,
        contact_id: str | None,
        start: str,
        spans: str = "",
        *,
        ended: float | None = None,
        is_open: bool = False,
        **columns: Any,
    ) -> None:
        """Add a record; it ends after `ended` seconds, by default with its last span but wrap-up."""
        started_at = _instant(start if " " in start else f"{FRIDAY} {start}")
        found = [match.groupdict() for match in _SPAN.finditer(spans)]
        assert len(found) == (spans.count(",") + 1 if spans else 0), spans
        ends = [float(span["end"]) for span in found if span["end"] != "?" and span["kind"] != "wrap"]
        if ended is None:
            ended = max(ends, default=0.0)
        row: Row = {
            "contact_id": contact_id,
            "channel": "voice",
            "direction": "inbound",
            "queue_id": "uk_voice",
            "started_at": started_at,
            "ended_at": None if is_open else started_at + timedelta(seconds=ended),
            "updated_at": started_at + timedelta(hours=3),
        }
        self.contacts.append(row | columns)
        for number, span in enumerate(found, start=1):
            end = None if span["end"] == "?" else started_at + timedelta(seconds=float(span["end"]))
            self.segments.append(
                {
                    "contact_id": contact_id,
                    "segment_number": number,
                    "kind": span["kind"],
                    "agent_id": span["agent"],
                    "queue_id": span["queue"],
                    "started_at": started_at + timedelta(seconds=float(span["start"])),
                    "ended_at": end,
                    "transfer_kind": span["transfer"],
                    "updated_at": started_at + timedelta(hours=3),
                }
            )


def raw_rows() -> dict[str, list[Row]]:
    """Return the rows of the small center by raw table; what a row does not name was not delivered."""
    center = _Center()
    _service_level(center)
    _handling(center)
    _transfers(center)
    _local_time(center)
    _outcomes(center)
    _exclusions(center)
    _stitched(center)
    _identity_and_redials(center)
    _deferred(center)
    _resolution(center)
    _judged(center)
    _at_risk(center)
    _bots(center)
    _deliveries(center)
    retention, value = _retention(), _value()
    return {
        "contacts": center.contacts,
        "contact_segments": center.segments,
        **_organisation(),
        **_people(),
        **_automation(),
        **_experience(),
        **retention,
        **{table: retention.get(table, []) + rows for table, rows in value.items()},
        **_book_keeping(),
        **_work_time(),
        **_feedback_and_coaching(),
        **_quality(),
        **_metered_use(),
        **_ledger(),
        **_mentions(),
        **_investments(),
    }


def _service_level(center: _Center) -> None:
    """Waits around the answer threshold (20 s on voice, 60 s on chat) and around short abandons (5 s)."""
    for seconds in (19, 20, 21):
        center.contact(
            f"answered_after_{seconds}",
            "08:05:00",
            f"ivr 0-9, queue 9-{9 + seconds}, talk {9 + seconds}-130 ann, wrap 130-150 ann",
            reason_code="bill",
            product_line_id="broadband",
        )
        center.contact(
            f"chat_after_{seconds + 40}",
            "20:00:00",
            f"queue 0-{seconds + 40}, talk 70-300 dev",
            channel="chat",
            queue_id="uk_night",
        )
    for seconds in (4, 5, 6):
        center.contact(
            f"abandoned_after_{seconds}", "08:20:00", f"queue 0-{seconds}", disconnect_reason="customer"
        )
    center.contact("abandoned_after_20", "08:31:00", "queue 0-20")
    center.contact("abandoned_after_21", "08:32:00", "queue 0-21", reason_code="bill")
    center.contact("ring_is_waiting", "08:40:00", "queue 0-12, ring 12-20 ann, talk 20-80 ann")
    center.contact("rung_and_left", "08:41:00", "ring 0-12 ann")
    center.contact("not_queued", "08:42:00", "ivr 0-10, talk 10-50 ann")
    center.contact("left_in_ivr", "08:43:00", "ivr 0-31")
    center.contact("wait_never_closed", "08:44:00", "queue 0-?", ended=50)
    center.contact("negative_wait", "08:45:00", "queue 30-10, talk 40-90 ann")
    center.contact(
        "queued_after_talk", "08:46:00", "talk 0-40 ann >queue, queue 40-90 @uk_sales, talk 90-120 bob"
    )
    center.contact("queue_of_segment", "08:47:00", "queue 0-5 @uk_sales, talk 5-65 bob", queue_id=None)
    center.contact("queue_of_agent", "08:48:00", "talk 5-65 bob @uk_sales", queue_id=None)
    center.contact("no_queue", "08:49:00", "talk 5-65 bob", queue_id=None)
    center.contact("unknown_queue", "08:50:00", "queue 0-5, talk 5-65 bob", queue_id="closed_last_year")
    center.contact("quarantined_queue", "08:51:00", "queue 0-5, talk 5-65 bob", queue_id="atlantis")


def _handling(center: _Center) -> None:
    """Talk, hold and wrap-up of agents: several agents, overlaps, and times that are not valid."""
    spans = {
        "transferred": "queue 0-9, talk 9-70 ann >blind, talk 75-200 bob, wrap 200-230 bob",
        "escalated": "queue 0-9, talk 9-70 ann >escalation, talk 75-200 cyd, wrap 70-100 ann",
        "transferred_out": "queue 0-9, talk 9-70 ann >external",
        "there_and_back": "talk 0-30 ann >consult, talk 30-60 bob >queue, talk 60-90 ann",
        "consulted": "talk 0-100 ann, consult 40-70 bob",
        "hold_inside_talk": "talk 0-100 ann, hold 40-60 ann",
        "hold_beside_talk": "talk 0-40 ann, hold 40-161 ann, talk 161-700 ann, wrap 700-730 ann",
        "long_hold_share": "talk 0-40 ann, hold 40-51 ann",
        "overlapping_talk": "talk 0-60 ann, talk 30-90 ann, talk 40-50 ann, wrap 80-100 ann",
        "span_twice": "talk 0-60 ann, talk 0-60 ann, hold 10-20 ann, hold 15-30 ann",
        "negative_talk": "queue 0-5, talk 50-20 ann, wrap 50-60 ann",
        "talk_never_closed": "queue 0-5, talk 5-? ann, wrap 50-60 ann",
        "never_closed_and_negative": "queue 0-5, talk 5-? ann, talk 50-40 bob",
        "wrap_never_closed": "talk 0-60 ann, wrap 60-? ann",
        "wrap_alone": "queue 0-8, wrap 8-20 ann",
        "no_time_at_all": "queue 0-8, talk 8-8 ann",
        "unknown_agent": "queue 0-8, talk 8-60, wrap 60-70",
        "unknown_beside_known": "talk 0-60 ann, talk 0-50, talk 0-40 bob",
        "over_long": "queue 0-8, talk 8-4000 ann",
        "over_half_hours": "queue 0-590, talk 590-4310 bob, wrap 4310-4400 bob",
        "to_the_half_hour": "talk 0-540 ann",
    }
    for number, (contact_id, text) in enumerate(spans.items()):
        center.contact(
            contact_id, f"09:{21 + number % 2}:00", text, reason_code="fault", applications_used=number % 4
        )
    center.contact(
        "parts_of_seconds", "09:00:00.250001", "queue 0-4.9, talk 4.9-64.75 ann, wrap 65.2-70.700001 ann"
    )
    center.contact("open_call", "2025-11-03 09:10:00", "queue 0-5, talk 5-? ann", is_open=True)
    center.contact("open_in_queue", "2025-11-03 09:11:00", "queue 0-?", is_open=True)
    center.segments.append(
        {
            "contact_id": "never_delivered",
            "segment_number": 1,
            "kind": "talk",
            "agent_id": "ann",
            "queue_id": "uk_voice",
            "started_at": _instant("2025-10-24 09:50:00"),
            "ended_at": _instant("2025-10-24 09:55:00"),
        }
    )


def _transfers(center: _Center) -> None:
    """Hand-overs that go up, back and out, and those that put a wrong menu choice right just in time or just not."""
    spans = {
        "back_to_menu": "talk 0-70 ann >blind, ivr 70-90, queue 90-100 @uk_sales, talk 100-160 bob @uk_sales",
        "left_in_menu": "talk 0-60 ann >blind, ivr 60-80",
        "back_from_queue": "talk 0-60 ann >queue, queue 60-70, talk 70-90 ann",
        "lost_in_queue": "talk 0-60 ann >queue, queue 60-95 @uk_sales",
        "noted_on_wrap": "talk 0-60 ann, talk 65-90 bob, wrap 70-100 ann >consult",
        "twice_in_a_row": "talk 0-60 ann >blind, talk 60-80 bob >blind, talk 80-90 eve",
    }
    for contact_id, text in spans.items():
        center.contact(contact_id, "09:25:00", text, reason_code="bill")
    for seconds in (120, 121):
        answered, left = 9, 9 + seconds
        center.contact(
            f"moved_after_{seconds}",
            "09:26:00",
            f"ivr 0-5, queue 5-{answered}, talk {answered}-{left} ann >blind, "
            f"queue {left}-{left + 9} @us_voice, talk {left + 9}-{left + 60} bob @us_voice",
        )
    center.contact(
        "to_higher_tier",
        "13:30:00",
        "ivr 0-5, queue 5-9, talk 9-70 ann >queue, queue 70-80 @uk_sales, talk 80-140 bob @uk_sales",
        queue_id="us_voice",
    )
    center.contact("to_supervisor", "2025-11-01 10:00:00", "talk 0-60 ann, talk 60-90 cyd")
    center.contact("called_back_twice", "14:30:00", "queue 0-70", callback_accepted=True)
    for number, agent in enumerate(("ann", "bob"), start=1):
        center.contact(
            f"called_back_twice_{number}",
            f"14:3{number}:30",
            f"ring 0-5 {agent}, talk 5-25 {agent}",
            direction="outbound",
            initial_contact_id="called_back_twice",
            initiation_method="callback",
            purpose="callback",
        )


def _local_time(center: _Center) -> None:
    """Midnight, opening hours, and the nights on which clocks change."""
    short = "queue 0-10, talk 10-70 ann"
    starts = {
        # London, one hour ahead of UTC: opens 08:00, closes 18:00 on this Friday
        "before_opening": ("2025-10-24 06:59:59", "uk_voice"),
        "at_opening": ("2025-10-24 07:00:00", "uk_voice"),
        "in_both_openings": ("2025-10-24 10:30:00", "uk_voice"),
        "before_closing": ("2025-10-24 16:59:59.999999", "uk_voice"),
        "at_closing": ("2025-10-24 17:00:00", "uk_voice"),
        "on_saturday": ("2025-10-25 08:00:00", "uk_voice"),
        "on_closed_sunday": ("2025-10-26 10:00:00", "uk_voice"),
        "on_holiday": ("2025-10-27 10:00:00", "uk_voice"),
        # New York, without opening hours; midnight, and the hour that comes twice and the one that never comes
        "before_midnight": ("2025-10-25 03:59:59", "us_voice"),
        "at_midnight": ("2025-10-25 04:00:00", "us_voice"),
        "new_york_repeated_1": ("2025-11-02 05:30:00", "us_voice"),
        "new_york_repeated_2": ("2025-11-02 06:30:00", "us_voice"),
        "new_york_before_gap": ("2025-03-09 06:59:59", "us_voice"),
        "new_york_after_gap": ("2025-03-09 07:00:00", "us_voice"),
        # London, with hours that begin in the hour that comes twice (October) or never (March)
        "london_repeated_1": ("2025-10-26 00:30:00", "uk_sunday"),
        "london_repeated_2": ("2025-10-26 01:30:00", "uk_sunday"),
        "london_before_gap": ("2025-03-30 00:59:59", "uk_sunday"),
        "london_after_gap": ("2025-03-30 01:00:00", "uk_sunday"),
        "london_in_hours": ("2025-03-30 02:59:59", "uk_sunday"),
        # Lord Howe Island changes by half an hour
        "lord_howe_before_gap": ("2025-10-04 15:29:59", "lord_howe"),
        "lord_howe_after_gap": ("2025-10-04 15:30:00", "lord_howe"),
        "lord_howe_repeated_1": ("2025-04-05 14:45:00", "lord_howe"),
        "lord_howe_repeated_2": ("2025-04-05 15:15:00", "lord_howe"),
        # Kathmandu is 5:45 ahead, so its half hours are not those of UTC
        "kathmandu_before": ("2025-10-24 08:14:59", "kathmandu"),
        "kathmandu_at": ("2025-10-24 08:15:00", "kathmandu"),
    }
    for contact_id, (start, queue_id) in starts.items():
        center.contact(contact_id, start, short, queue_id=queue_id)
    # London, open from 20:00 to 06:00: two rows of opening hours a day
    for contact_id, start in {
        "night_begins": "2025-10-24 19:00:00",
        "night_before_midnight": "2025-10-24 22:59:59",
        "night_at_midnight": "2025-10-24 23:00:00",
        "night_before_end": "2025-10-25 04:59:59",
        "night_end": "2025-10-25 05:00:00",
        "night_of_25_hours": "2025-10-26 05:30:00",
    }.items():
        center.contact(contact_id, start, "queue 0-30, talk 30-90 dev", queue_id="uk_night", channel="chat")


def _outcomes(center: _Center) -> None:
    """Outcomes that segments decide, outcomes that the platform states, and contradictions between the two."""
    talk, wait = "queue 0-15, talk 15-75 ann", "queue 0-45"
    for outcome, spans in {
        "answered": talk,
        "abandoned": wait,
        "callback": wait,
        "voicemail": wait,
        "flow_out": wait,
        "self_served": "ivr 0-60",
    }.items():
        center.contact(f"stated_{outcome}", "11:00:00", spans, source_outcome=outcome)
    center.contact("stated_answered_alone", "11:05:00", wait, source_outcome="answered")
    center.contact("stated_abandoned_with_talk", "11:06:00", talk, source_outcome="abandoned")
    center.contact("stated_voicemail_with_talk", "11:07:00", talk, source_outcome="voicemail")
    center.contact("stated_answered_without_segments", "11:08:00", ended=60, source_outcome="answered")
    center.contact("no_segments", "11:09:00", ended=60)
    center.contact("no_segments_open", "2025-11-03 11:09:00", is_open=True)
    center.contact("bot_alone", "11:10:00", "bot 0-40", channel="chat", queue_id="uk_night")
    center.contact("bot_and_queue", "20:10:00", "bot 0-40, queue 40-110", channel="chat", queue_id="uk_night")
    center.contact("self_service", "11:12:00", "bot 0-40", channel="self_service", queue_id=None)
    center.contact("self_service_ivr", "11:13:00", "ivr 0-40", channel="self_service", queue_id=None)
    center.contact("callback_offered", "11:14:00", wait, callback_offered=True, callback_accepted=False)
    center.contact("callback_never_tried", "11:15:00", wait, callback_offered=True, callback_accepted=True)
    center.contact(
        "outbound_reached",
        "11:16:00",
        "ring 0-14 ann, talk 14-80 ann, wrap 80-95 ann",
        direction="outbound",
        initiation_method="outbound",
        purpose="courtesy",
    )
    center.contact(
        "outbound_not_reached",
        "11:17:00",
        "ring 0-25 ann",
        direction="outbound",
        initiation_method="outbound",
    )
    center.contact("video", "11:18:00", "queue 0-60, talk 60-6000 ann", channel="video")


def _exclusions(center: _Center) -> None:
    """One contact for each exclusion rule, and some that meet several or none."""
    talk = "queue 0-15, talk 15-75 ann"
    rules: dict[str, Row] = {
        "test": {"is_test": True},
        "not_a_test": {"is_test": False},
        "spam": {"source_exclusion": "Spam"},
        "test_and_spam": {"is_test": True, "source_exclusion": "spam"},
        "monitored": {"initiation_method": "monitor"},
        "internal": {"direction": "internal"},
        "staff": {"customer_id": "staff"},
        "survey": {"direction": "outbound", "purpose": "survey"},
        "sales": {"direction": "outbound", "purpose": "sales"},
        "collections": {"direction": "outbound", "purpose": "collections"},
        "inbound_survey": {"purpose": "survey"},
    }
    for contact_id, columns in rules.items():
        center.contact(f"excluded_{contact_id}", "12:00:00", talk, **columns)
    center.contact("machine_outbound", "12:05:00", "ring 0-20", direction="outbound", initiation_method="api")
    center.contact("machine_outbound_joined", "12:06:00", talk, direction="outbound", initiation_method="api")
    center.contact("empty_bot", "12:07:00", "bot 0-0", channel="self_service", queue_id=None)


def _stitched(center: _Center) -> None:
    """Contacts of several records: transfers, callbacks, and chains that platforms get wrong."""
    center.contact(
        "several",
        "13:00:00",
        "queue 0-10, talk 10-60 ann >blind",
        reason_code=None,
        is_complaint=False,
        customer_id=None,
        identity_confidence="none",
        disconnect_reason="agent",
    )
    center.contact(
        "several_2",
        "13:01:00",
        "queue 0-30 @uk_sales, talk 30-90 bob >escalation",
        queue_id="uk_sales",
        initial_contact_id="several",
        initiation_method="transfer",
        customer_id="cus_1",
        identity_confidence="crm",
        reason_code="bill",
        is_complaint=True,
    )
    center.contact(
        "several_3",
        "13:02:30",
        "queue 0-5, talk 5-65 cyd, wrap 65-95 cyd",
        queue_id="us_voice",
        initial_contact_id="several_2",
        initiation_method="transfer",
        customer_id="cus_2",
        identity_confidence="caller_id",
        reason_code="fault",
        disconnect_reason="customer",
        agent_logged_resolved=True,
    )
    center.contact(
        "its_own_first", "13:05:00", "queue 0-5, talk 5-65 ann", initial_contact_id="its_own_first"
    )
    center.contact(
        "of_missing_first", "13:06:00", "queue 0-5, talk 5-65 ann", initial_contact_id="missing_first"
    )
    center.contact("circle_1", "13:07:00", "queue 0-5, talk 5-65 ann", initial_contact_id="circle_2")
    center.contact("circle_2", "13:08:00", "queue 0-5, talk 5-65 bob", initial_contact_id="circle_1")
    center.contact("one_still_open", "13:09:00", "queue 0-5, talk 5-65 ann >blind")
    center.contact(
        "one_still_open_2",
        "13:10:05",
        "queue 0-5, talk 5-? bob",
        is_open=True,
        initial_contact_id="one_still_open",
        initiation_method="transfer",
    )
    # two records that began at the same instant, with the same segment numbers
    center.contact(
        "same_instant_b",
        "13:11:00",
        "queue 0-7 @uk_sales, talk 7-60 bob @uk_sales",
        queue_id=None,
        initial_contact_id="same_instant_a",
        initiation_method="transfer",
    )
    center.contact(
        "same_instant_a", "13:11:00", "queue 0-9 @uk_voice, talk 7-60 ann @uk_voice", queue_id=None
    )
    for contact_id, attempts in {
        "callback_reached": ["ring 0-15 ann, talk 15-95 ann, wrap 95-110 ann"],
        "callback_not_reached": ["ring 0-25 ann"],
        "callback_reached_later": ["ring 0-25 ann", "ring 0-10 bob, talk 10-40 bob"],
    }.items():
        center.contact(
            contact_id,
            "14:00:00",
            "queue 0-70",
            callback_offered=True,
            callback_accepted=True,
            customer_id="cus_3",
        )
        for number, spans in enumerate(attempts, start=1):
            center.contact(
                f"{contact_id}_{number}",
                f"14:{10 * number}:00",
                spans,
                direction="outbound",
                initial_contact_id=contact_id,
                initiation_method="callback",
                purpose="callback",
            )


def _identity_and_redials(center: _Center) -> None:
    """Redials just inside, at and just outside the window of 30 minutes, and customers who cannot be recognised."""
    for seconds in (1799, 1800, 1801):
        customer_id = f"redials_after_{seconds}"
        later = _instant(f"{FRIDAY} 10:00:40") + timedelta(seconds=seconds)
        center.contact(f"{customer_id}_1", "10:00:00", "queue 0-40", customer_id=customer_id)
        center.contact(f"{customer_id}_2", str(later), "queue 0-12, talk 12-60 ann", customer_id=customer_id)
    for number, spans in enumerate(
        ("queue 0-40", "queue 0-30", "ivr 0-20", "queue 0-12, talk 12-60 ann"), start=1
    ):
        for customer_id in ("redials_often", "anonymous", "0"):
            center.contact(f"{customer_id}_{number}", f"15:{10 * number}:00", spans, customer_id=customer_id)
    center.contact("no_customer_1", "15:00:00", "queue 0-40")
    center.contact(
        "customer_not_in_customers", "15:01:00", "queue 0-10, talk 10-50 ann", customer_id="cus_unknown"
    )
    # two contacts of one customer at the same instant
    center.contact("twin_a", "15:05:00", "queue 0-40", customer_id="twin")
    center.contact("twin_b", "15:05:00", "queue 0-40, talk 40-60 ann", customer_id="twin")


def _deferred(center: _Center) -> None:
    """E-mails to Kolkata (open 09:30-18:30 on weekdays; threshold 24 business hours) and other slow channels."""
    # a Thursday's noon there; 24 business hours later is Tuesday 18:00, over a weekend and a holiday
    start = "2025-10-23 06:30:00"
    due = (
        86400
        + _seconds_closed("2025-10-23 18:30", "2025-10-24 09:30")
        + _seconds_closed("2025-10-24 18:30", "2025-10-28 09:30")
    )
    for name, seconds in {"early": due - 1, "on_time": due, "late": due + 1}.items():
        center.contact(
            f"email_{name}",
            start,
            f"message {seconds}-{seconds + 300} eve",
            channel="email",
            queue_id="in_email",
        )
    replies = {
        "on_saturday": ("2025-10-25 06:00:00", "message 172800-173000 eve"),
        "at_night": ("2025-10-23 20:00:00", "message 3600-3700 eve"),
        "by_system": ("2025-10-23 06:30:00", "message 5-6, message 7200-7500 eve, message 90000-90100 eve"),
        "over_two_days": ("2025-10-20 06:30:00", "message 3600-200000 eve"),
        "in_the_first_days": ("2025-03-07 06:30:00", "message 100-200 eve"),
    }
    for name, (start_of_one, spans) in replies.items():
        center.contact(f"email_{name}", start_of_one, spans, channel="email", queue_id="in_email")
    center.contact(
        "email_without_queue", start, "message 86401-86500 eve @in_email", channel="email", queue_id=None
    )
    center.contact(
        "email_always_open", start, "message 86401-86500 eve", channel="email", queue_id="us_voice"
    )
    center.contact("email_closed_unanswered", start, ended=5000, channel="email", queue_id="in_email")
    center.contact("email_pending", "2025-11-03 06:30:00", is_open=True, channel="email", queue_id="in_email")
    center.contact("email_overdue", start, is_open=True, channel="email", queue_id="in_email")
    center.contact(
        "email_out", start, "message 0-60 eve", channel="email", queue_id="in_email", direction="outbound"
    )
    center.contact("email_with_bot", start, "bot 0-60", channel="email", queue_id="in_email")
    for seconds in (14399, 14400, 14401):
        center.contact(
            f"message_after_{seconds}",
            start,
            f"message {seconds}-{seconds + 60} dev",
            channel="messaging",
            queue_id="us_voice",
        )
    center.contact("social_post", start, "message 60-120 eve", channel="social", queue_id="in_email")
    center.contact("sms", start, "message 60-120 eve", channel="sms", queue_id="in_email")


def _resolution(center: _Center) -> None:
    """Repeats around the end of their window, and what else follows a first contact."""
    talk = "queue 0-10, talk 10-100 ann"
    first = _instant("2025-10-06 09:00:00")
    week = timedelta(days=7, seconds=100)
    for name, later in {
        "before_week": week - timedelta(seconds=1),
        "at_week": week,
        "after_week": week + timedelta(seconds=1),
        "parallel": timedelta(seconds=60),
        "at_once": timedelta(seconds=100),
        "next_day": timedelta(hours=20),
    }.items():
        center.contact(f"{name}_1", str(first), talk, customer_id=f"cus_{name}", reason_code="bill")
        center.contact(f"{name}_2", str(first + later), talk, customer_id=f"cus_{name}", reason_code="bill")
    for customer_id, reasons in {"other_reason": ("bill", "fault"), "no_reason": ("bill", None)}.items():
        for number, reason in enumerate(reasons):
            start = str(first + timedelta(days=number))
            center.contact(
                f"{customer_id}_{number}", start, talk, customer_id=customer_id, reason_code=reason
            )
    center.contact(
        "cut_off_1",
        str(first),
        talk,
        customer_id="cus_cut",
        reason_code="bill",
        disconnect_reason="telecom_problem",
    )
    for number, minutes in enumerate((3, 9), start=2):
        start = str(first + timedelta(seconds=100, minutes=minutes))
        center.contact(f"cut_off_{number}", start, talk, customer_id="cus_cut", reason_code="bill")
    center.contact("promised_1", str(first), talk, customer_id="cus_promised", reason_code="fault")
    center.contact(
        "promised_2",
        str(first + timedelta(days=1)),
        "ring 0-9 ann, talk 9-99 ann",
        customer_id="cus_promised",
        reason_code="fault",
        direction="outbound",
        initiation_method="outbound",
        purpose="follow_up_answer",
    )
    center.contact("leaves_1", str(first), talk, customer_id="cus_leaves", reason_code="bill")
    center.contact(
        "asked_above",
        str(first),
        "talk 0-50 ann >escalation, talk 50-90 cyd",
        customer_id="cus_above",
        reason_code="bill",
    )
    center.contact("still_open", "2025-11-02 09:00:00", talk, customer_id="cus_late_call", reason_code="bill")
    for number, (day, spans) in enumerate(
        (
            (0, "message 600-900 eve"),
            (9, "message 700-950 eve, message 90000-90300 eve"),
            (30, "message 60-90 eve"),
        )
    ):
        start = str(_instant("2025-09-01 06:30:00") + timedelta(days=day))
        center.contact(
            f"ticket_{number}",
            start,
            spans,
            channel="email",
            queue_id="in_email",
            customer_id="cus_writes",
            reason_code="bill",
        )


JUDGED = [f"judged_{month}_{number:02}" for month in range(3, 9) for number in range(1, 12)]
"""Contacts that are both evaluated and answered: eleven in each of six months, so that a trend and the importance of an item are known."""
SUBSCRIBED = 40
"""So many of their customers hold a subscription."""


def _judged(center: _Center) -> None:
    """Contacts of half a year for quality beside the customer."""
    for contact_id in JUDGED:
        month, number = (int(part) for part in contact_id.split("_")[1:])
        center.contact(
            contact_id,
            f"2025-{month:02}-05 10:{number:02}:00",
            "queue 0-10, talk 10-100 ann",
            customer_id=f"cus_{contact_id}",
            reason_code="bill",
        )


WORTH = [f"worth_{number:02}" for number in range(12)]
"""Customers with prices, at risk one after the other, who buy, refer, renew and leave: what `_value` says of them."""


def _at_risk(center: _Center) -> None:
    """Contacts of customers who want to leave, complain or are called to buy, and the same again at the edge of the gap."""
    talk = "queue 0-10, talk 10-400 ann"
    for number, customer_id in enumerate(WORTH):
        start = _instant("2025-05-06 09:00:00") + timedelta(days=number)
        columns: Row = {"customer_id": customer_id, "reason_code": "bill"}
        center.contact(
            f"{customer_id}_asks",
            str(start),
            "queue 0-10, talk 10-1100 ann" if number in (5, 8) else talk,
            stated_cancel_intent=None if number == 1 else number % 3 != 2,
            is_complaint=number % 3 == 2,
            **columns | ({"reason_code": "cancel"} if number == 1 else {}),
        )
        again = start + timedelta(days=30, seconds=number % 2)
        center.contact(f"{customer_id}_again", str(again), talk, stated_cancel_intent=True, **columns)
        # every third has a lengthy conversation, at the threshold and beyond
        plain = talk if number % 3 else f"queue 0-10, talk 10-{910 + 100 * number} ann"
        center.contact(f"{customer_id}_plain", str(start + timedelta(days=100)), plain, **columns)
    center.contact(
        "sells",
        "2025-06-02 09:00:00",
        "ring 0-9 ann, talk 9-99 ann",
        customer_id=WORTH[0],
        direction="outbound",
        initiation_method="outbound",
        purpose="sales",
    )
    center.contact(
        "hangs_up", "2025-06-03 09:00:00", "queue 0-50", customer_id=WORTH[1], stated_cancel_intent=True
    )


def _value() -> dict[str, list[Row]]:
    """What the customers of WORTH hold, take, buy and give back; amounts in three currencies, one without a rate."""
    events: list[Row] = []
    offers: list[Row] = []
    sales: list[Row] = []

    def event(subscription: str, kind: str, at: str | datetime, **columns: Any) -> None:
        number = len(events)
        occurred = _instant(at) if isinstance(at, str) else at
        row = {"event_id": f"worth_{number:03}", "subscription_id": subscription, "kind": kind}
        events.append(row | {"occurred_at": occurred} | columns)

    def offer(contact_id: str | None, subscription: str | None, kind: str | None, **columns: Any) -> None:
        row = {"offer_id": f"offer_{len(offers)}", "contact_id": contact_id, "subscription_id": subscription}
        offers.append(row | {"kind": kind} | columns)

    def sale(customer_id: str | None, kind: str | None, at: str | datetime | None, **columns: Any) -> None:
        occurred = _instant(at) if isinstance(at, str) else at
        row = {"transaction_id": f"sale_{len(sales):02}", "customer_id": customer_id, "kind": kind}
        sales.append(row | {"occurred_at": occurred, "updated_at": occurred} | columns)

    for number, customer_id in enumerate(WORTH):
        asked = _instant("2025-05-06 09:00:00") + timedelta(days=number)
        currency = ("GBP", "EUR", "USD", None)[number % 4]
        price = 10 + number / 3
        event(
            customer_id,
            "start",
            "2024-05-20 00:00:00",
            recurring_amount_after=round(price, 4),
            currency=currency,
            decision_due_on=_day("2025-05-20"),
        )
        if number % 4 != 3:
            event(customer_id, "renewal", "2025-05-19 12:00:00", is_automatic=number % 2 == 0)
        if number % 3 == 0:
            event(
                customer_id,
                "contraction",
                asked + timedelta(days=1),
                recurring_amount_after=8,
                currency=currency,
            )
        if number % 5 == 1:
            event(
                customer_id, "pause", asked + timedelta(days=10), recurring_amount_after=0, currency=currency
            )
        if number % 4 == 2:
            event(
                customer_id,
                "cancel_notice",
                asked + timedelta(hours=1),
                end_reason="moved" if number == 6 else "voluntary",
            )
            left = asked + timedelta(days=60, seconds=number - 6)
            event(customer_id, "end", left, recurring_amount_after=0)
            event(
                customer_id,
                "reactivation",
                left + timedelta(days=40),
                recurring_amount_after=9,
                currency=currency,
            )
        if number % 4 == 1:
            event(customer_id, "end", asked + timedelta(days=80), end_reason="payment")
            event(customer_id, "reactivation", asked + timedelta(days=100 + 10 * (number % 3)))
        event(
            customer_id,
            "expansion",
            asked + timedelta(days=105),
            recurring_amount_after=round(price + 3.3333, 4),
            currency=currency,
            is_contractual_escalator=number % 6 == 0,
        )
        if number % 2:
            event(f"{customer_id}_more", "start", "2025-02-01 00:00:00", recurring_amount_after=0)
            event(
                f"{customer_id}_more",
                "renewal",
                "2025-03-01 00:00:00",
                recurring_amount_after=7,
                currency="GBP",
            )
        kind = (None, "fix", "information", "discount", "credit", "pause")[number % 6]
        offer(
            f"{customer_id}_asks",
            None if number % 5 == 0 else customer_id,
            kind,
            amount=None if number == 4 else 3.5,
            currency=currency,
            was_accepted=None if number == 7 else number % 4 != 2,
        )
        sale(
            customer_id,
            "purchase",
            asked + timedelta(days=14, seconds=400),
            amount=33.3333,
            currency=currency,
            margin_amount=11.1111,
            department="online",
            product_line_id="lights",
            units=1,
        )
        sale(
            customer_id,
            "renewal",
            asked + timedelta(days=20),
            amount=120,
            currency=currency,
            margin_amount=70,
            department="sales",
        )
        sale(
            customer_id,
            "ticket",
            asked + timedelta(days=101, hours=2),
            amount=25,
            margin_amount=None if number == 3 else 5,
            department="box_office",
        )
    offer(None, WORTH[2], "discount", amount=6, was_accepted=True)
    offer("sells", WORTH[0], "information", amount=0, was_accepted=False)
    offer(None, None, "fix", was_accepted=True)
    sale(
        WORTH[0],
        "refund",
        "2025-07-01 00:00:00",
        amount=10,
        currency="GBP",
        margin_amount=3,
        refunds_transaction_id="sale_00",
    )
    sale(WORTH[4], "refund", "2025-07-01 00:00:00", amount=4000, refunds_transaction_id="sale_12")
    sale(None, "donation", "2025-07-01 00:00:00", amount=50, department="fundraising")
    sale("anonymous", "donation", "2025-07-01 00:00:00", amount=50)
    sale("worth_friend", "purchase", "2025-06-20 00:00:00", amount=12.5, referred_by_customer_id=WORTH[0])
    sale("worth_friend", "purchase", "2025-06-30 00:00:00", amount=12.5)
    sale(
        "worth_friend",
        "purchase",
        "2025-07-20 00:00:00",
        amount=12.5,
        is_caused_by_contact_id=f"{WORTH[0]}_plain",
    )
    sale(
        "worth_buyer", "upgrade", "2025-08-16 09:01:00", amount=7, is_caused_by_contact_id=f"{WORTH[2]}_plain"
    )
    sale("worth_dark", "purchase", "2025-06-20 00:00:00", amount=None)
    subscriptions = [
        *((customer_id, customer_id, "lights") for customer_id in WORTH),
        *((f"{customer_id}_more", customer_id, "sound") for customer_id in WORTH[1::2]),
    ]
    return {
        "subscriptions": [
            {"subscription_id": name, "customer_id": owner, "product_line_id": line}
            for name, owner, line in subscriptions
        ],
        "subscription_events": events,
        "save_offers": offers,
        "transactions": sales,
    }


def _bots(center: _Center) -> None:
    """Contacts around the bot's sessions, which `_automation` lists."""
    columns: Row = {"channel": "chat", "queue_id": "uk_night", "reason_code": "bill"}
    for month in (7, 8, 9):
        for day in range(1, 13):
            spans = f"queue 0-30, talk 30-{200 + 10 * day} dev"
            center.contact(
                f"direct_{month}_{day}",
                f"2025-{month:02d}-{day:02d} 20:00:00",
                spans,
                customer_id=f"cus_direct_{day}",
                **columns,
            )
    center.contact(
        "bot_gave_up",
        "2025-10-07 20:00:00",
        "bot 0-60, queue 60-80, talk 80-300 dev",
        customer_id="cus_handed",
        **columns,
    )
    center.contact("bot_settled", "2025-10-07 20:10:00", "bot 0-60", customer_id="cus_settled", **columns)
    center.contact("bot_seemed", "2025-10-07 20:20:00", "bot 0-60", customer_id="cus_returns", **columns)
    center.contact(
        "came_back",
        "2025-10-09 09:00:00",
        "queue 0-10, talk 10-90 ann",
        customer_id="cus_returns",
        reason_code="bill",
    )


def _automation() -> dict[str, list[Row]]:
    """Sessions with a bot: one of each fate."""
    start = _instant("2025-10-07 20:00:00")

    def session(number: int, minutes: float, customer_id: str | None, **columns: Any) -> Row:
        began = start + timedelta(minutes=minutes)
        return {
            "session_id": f"session_{number:02d}",
            "customer_id": customer_id,
            "technology_id": "tech_bot",
            "channel": "chat",
            "reason_code": "bill",
            "started_at": began,
            "ended_at": began + timedelta(seconds=60),
            "turns": 4,
            "is_in_scope": True,
            "handoff_requested": False,
            "vendor_outcome": "resolved",
            "intent_signal": "explicit",
            "model_version": "v1",
            "is_test": False,
            "updated_at": began + timedelta(days=1),
        } | columns

    handed: Row = {"handoff_requested": True, "vendor_outcome": "handed_off"}
    return {
        "technologies": [{"technology_id": "tech_bot", "name": "Bot", "kind": "bot"}],
        "bot_sessions": [
            session(
                1, 0, "cus_handed", contact_id="bot_gave_up", handed_off_contact_id="bot_gave_up", **handed
            ),
            session(2, 10, "cus_settled", contact_id="bot_settled", evidence="task_completed"),
            session(
                3,
                20,
                "cus_returns",
                contact_id="bot_seemed",
                evidence="customer_confirmed",
                model_version="v2",
            ),
            session(4, 30, "cus_assumed", vendor_outcome="assumed_resolved"),
            session(5, 31, "cus_gone", vendor_outcome="abandoned", intent_signal="implicit"),
            session(6, 32, "cus_refused", handoff_requested=True, vendor_outcome="unresolved"),
            session(7, 33, "cus_tries"),
            session(8, 60, "cus_tries", evidence="reviewed"),
            session(9, 95, "cus_tries", evidence="reviewed"),
            session(10, 34, None, evidence="task_completed"),
            session(11, 35, "cus_scope", is_in_scope=False),
            session(12, 36, "cus_scope_unknown", is_in_scope=None),
            session(13, 37, "cus_greeted", turns=0),
            session(14, 38, "cus_tests", is_test=True),
            session(15, 39, "staff", evidence="task_completed"),
            session(16, 38_000, "cus_pending", evidence="task_completed"),
            session(17, 40, "cus_came_for_help", evidence="reviewed", intent_signal="implicit"),
            session(18, 41, "cus_just_looked", evidence="reviewed", intent_signal="none"),
        ],
        "contact_sentiment": [
            {
                "contact_id": "bot_gave_up",
                "engine": "lens",
                "engine_version": version,
                "mean_score": -1.0,
                "first_quarter_score": -2.5,
                "last_quarter_score": last,
                "has_frustration": True,
                "scored_at": _instant("2025-10-07 21:00:00"),
            }
            for version, last in (("1", 0.5), ("2", 1.25))
        ],
    }


def _experience() -> dict[str, list[Row]]:
    """Answers that count, and one for each reason why another does not."""
    contact_end = _instant("2025-10-06 09:01:40")

    def answer(
        number: int, question_id: str, contact_id: str | None, score: float | None, **columns: Any
    ) -> Row:
        at = contact_end + columns.pop("later", timedelta(hours=2))
        return {
            "response_id": f"response_{number:02d}",
            "question_id": question_id,
            "contact_id": contact_id,
            "score": score,
            "answered_at": at,
            "updated_at": at,
        } | columns

    def since_contact_end(judged: str) -> timedelta:
        month = int(judged.split("_")[1])
        return _instant(f"2025-{month:02}-06 09:00:00") - contact_end

    closing = timedelta(days=14)
    return {
        "survey_questions": [
            {
                "question_id": "sat",
                "instrument": "csat",
                "scale_min": 1.0,
                "scale_max": 5.0,
                "positive_min": 4.0,
                "is_reversed": False,
            },
            {
                "question_id": "fcr",
                "instrument": "first_contact_resolved",
                "scale_min": 0.0,
                "scale_max": 1.0,
                "positive_min": 1.0,
            },
            {"question_id": "recommend", "instrument": "nps", "scale_min": 0.0, "scale_max": 10.0},
            {
                "question_id": "nps",
                "instrument": "nps",
                "scale_min": 1.0,
                "scale_max": 10.0,
                "is_relationship": True,
            },
            {
                "question_id": "easy",
                "instrument": "ces",
                "scale_min": 1.0,
                "scale_max": 5.0,
                "is_reversed": True,
            },
            {"question_id": "agreed", "instrument": "ces", "scale_min": 1.0, "scale_max": 7.0},
            {
                "question_id": "company",
                "instrument": "nps",
                "scale_min": 0.0,
                "scale_max": 10.0,
                "is_relationship": True,
            },
        ],
        "survey_invitations": [
            {
                "invitation_id": "inv_1",
                "customer_id": "cus_at_week",
                "contact_id": "at_week_1",
                "sent_at": contact_end,
                "was_delivered": True,
            }
        ],
        "survey_answers": [
            answer(1, "sat", "before_week_1", 5.0, customer_id="cus_before_week"),
            answer(1, "fcr", "before_week_1", 1.0, customer_id="cus_before_week"),
            answer(2, "sat", None, 2.0, invitation_id="inv_1"),
            answer(3, "sat", "next_day_1", 4.0, customer_id="cus_next_day"),
            answer(4, "sat", "next_day_1", 1.0, customer_id="cus_next_day", later=timedelta(hours=3)),
            answer(5, "sat", "after_week_1", 6.0, customer_id="cus_after_week"),
            answer(6, "sat", "parallel_1", 3.0, customer_id="cus_parallel", later=closing),
            answer(
                7, "sat", "at_once_1", 3.0, customer_id="cus_at_once", later=closing + timedelta(seconds=1)
            ),
            answer(8, "nps", None, 9.0, customer_id="cus_1"),
            answer(9, "easy", "leaves_1", 2.0, customer_id="cus_leaves"),
            answer(10, "sat", "leaves_1", None, customer_id="cus_leaves"),
            answer(11, "unknown", "leaves_1", 4.0, customer_id="cus_leaves"),
            *(
                answer(
                    100 + number,
                    "recommend",
                    contact_id,
                    float(number % 11),
                    customer_id=f"cus_{contact_id}",
                    later=since_contact_end(contact_id),
                    theme=("price", None)[number % 2],
                )
                for number, contact_id in enumerate(JUDGED)
            ),
            *(
                answer(
                    200 + number,
                    "agreed",
                    contact_id,
                    float(1 + number % 7),
                    customer_id=f"cus_{contact_id}",
                    later=since_contact_end(contact_id),
                )
                for number, contact_id in enumerate(JUDGED[:SUBSCRIBED])
            ),
            # customers with prices say how satisfied they are, and quarter after quarter how likely to recommend the company
            *(
                answer(
                    300 + number,
                    "sat",
                    f"{customer_id}_asks",
                    1.0 + number % 5,
                    customer_id=customer_id,
                    later=_instant("2025-05-20 09:00:00") - contact_end,
                )
                for number, customer_id in enumerate(WORTH)
            ),
            *(
                answer(
                    320 + 12 * quarter + number,
                    "company",
                    None,
                    float((number * 3 + quarter) % 11),
                    customer_id=customer_id,
                    later=_instant(day) - contact_end,
                )
                for quarter, day in enumerate(("2024-11-10", "2025-02-10", "2025-05-12", "2025-08-12"))
                for number, customer_id in enumerate(WORTH)
            ),
            # most of those whose item was passed are satisfied, and some of the others
            *(
                answer(
                    20 + number,
                    "sat",
                    contact_id,
                    4.0 + (number % 3 == 1) if number % 10 in (0, 1, 3, 6, 7, 9) else 1.0 + number % 3,
                    customer_id=f"cus_{contact_id}",
                    later=since_contact_end(contact_id),
                    theme=("price", "waiting", None)[number % 3],
                )
                for number, contact_id in enumerate(JUDGED)
            ),
        ],
    }


def _retention() -> dict[str, list[Row]]:
    """A customer whose only subscription ends two days after a first contact, one who comes back, and what some pay."""
    events = [
        ("leaves", "start", "2024-01-01 00:00:00"),
        ("leaves", "end", "2025-10-08 12:00:00"),
        ("stays", "start", "2024-01-01 00:00:00"),
        ("stays", "end", "2025-10-07 12:00:00"),
        ("stays", "reactivation", "2025-10-07 13:00:00"),
    ]
    # of the judged contacts' customers some ask to cancel a month later, some of these take it back, and the others go
    for number, contact_id in enumerate(JUDGED[:SUBSCRIBED]):
        month = int(contact_id.split("_")[1]) + 1
        if number % 3 == 0:
            events.append((contact_id, "cancel_notice", f"2025-{month:02}-0{1 + number % 7} 10:00:00"))
            kind = "cancel_withdrawn" if number % 2 else "end"
            events.append((contact_id, kind, f"2025-{month:02}-2{number % 7} 10:00:00"))
    # in three currencies, one without a rate, and a cut that is known before it counts
    amounts = [
        ("leaves", "start", "2024-01-01 00:00:00", None, 19.99, "GBP"),
        ("at_week", "start", "2024-01-01 00:00:00", None, 10.0001, "EUR"),
        ("at_week", "contraction", "2025-10-07 12:00:00", "2025-10-13", 7.5, "EUR"),
        ("next_day", "start", "2024-01-01 00:00:00", None, 33.3333, None),
        ("other_reason", "start", "2024-01-01 00:00:00", None, 5.0, "USD"),
    ]
    return {
        "subscriptions": [
            {"subscription_id": "leaves", "customer_id": "cus_leaves", "started_on": _day("2024-01-01")},
            {"subscription_id": "stays", "customer_id": "cus_before_week", "started_on": _day("2024-01-01")},
            {"subscription_id": "at_week", "customer_id": "cus_at_week"},
            {"subscription_id": "next_day", "customer_id": "cus_next_day"},
            {"subscription_id": "other_reason", "customer_id": "other_reason"},
            *(
                {
                    "subscription_id": contact_id,
                    "customer_id": f"cus_{contact_id}",
                    "started_on": _day("2024-01-01"),
                }
                for contact_id in JUDGED[:SUBSCRIBED]
            ),
        ],
        "subscription_events": [
            {
                "event_id": f"event_{number}",
                "subscription_id": subscription,
                "kind": kind,
                "occurred_at": _instant(at),
            }
            for number, (subscription, kind, at) in enumerate(events)
        ]
        + [
            {
                "event_id": f"amount_{number}",
                "subscription_id": subscription,
                "kind": kind,
                "occurred_at": _instant(at),
                "effective_on": None if effective is None else _day(effective),
                "recurring_amount_after": amount,
                "currency": currency,
            }
            for number, (subscription, kind, at, effective, amount, currency) in enumerate(amounts)
        ],
        "fx_rates": [
            {"currency": "EUR", "rate_on": _day("2025-10-01"), "rate_to_reporting": 0.853333},
            {"currency": "EUR", "rate_on": _day("2025-10-08"), "rate_to_reporting": 0.861001},
            {"currency": "EUR", "rate_on": _day("2025-10-09"), "rate_to_reporting": None},
            {"currency": "GBP", "rate_on": _day("2025-10-01"), "rate_to_reporting": 1.0},
            {"currency": "USD", "rate_on": _day("2026-01-01"), "rate_to_reporting": 0.77},
            {"currency": None, "rate_on": _day("2025-10-01"), "rate_to_reporting": 2.0},
        ],
    }


def _seconds_closed(closing: str, opening: str) -> int:
    return int((_instant(opening) - _instant(closing)).total_seconds())


def _deliveries(center: _Center) -> None:
    """Rows delivered more than once, and rows that go to quarantine."""
    talk = "queue 0-10, talk 10-70 ann"
    newest = _instant("2025-10-25 00:00:00")
    # the newest of three deliveries wins, whatever the order
    center.contact("thrice", "10:20:00", talk, reason_code="bill", updated_at=_instant("2025-10-24 20:00:00"))
    center.contact("thrice", "10:20:00", reason_code="fault", updated_at=newest)
    center.contact("thrice", "10:20:00", reason_code=None, updated_at=_instant("2025-10-24 12:00:00"))
    # ties of updated_at: the other columns decide, in the same order everywhere, nulls last
    center.contact("tie_of_null", "10:21:00", talk, customer_id=None, updated_at=newest)
    center.contact("tie_of_null", "10:21:00", customer_id="cus_1", updated_at=newest)
    center.contact("tie_of_letters", "10:22:00", talk, reason_code="Zoll", updated_at=newest)
    center.contact("tie_of_letters", "10:22:00", reason_code="apple", updated_at=newest)
    center.contact("tie_of_letters", "10:22:00", reason_code="Äpfel", updated_at=newest)
    center.contact("tie_of_boolean", "10:23:00", talk, is_complaint=True, ended=80, updated_at=newest)
    center.contact("tie_of_boolean", "10:23:00", is_complaint=False, ended=80, updated_at=newest)
    center.contact("the_same_twice", "10:24:00", talk)
    center.contact("the_same_twice", "10:24:00", ended=70)
    center.segments.extend([dict(row) for row in center.segments if row["contact_id"] == "the_same_twice"])
    first = next(row for row in center.segments if row["contact_id"] == "thrice")
    center.segments.append(
        first | {"ended_at": first["ended_at"] + timedelta(seconds=5), "updated_at": newest}
    )
    center.segments.append(first | {"ended_at": None, "updated_at": None})
    # quarantined: one row for each rule, and one whose good delivery stays
    center.contact("bad_channel", "10:30:00", channel="fax")
    center.contact("bad_direction", "10:30:00", direction="sideways")
    center.contact(None, "10:30:00", customer_id='says "hello", \\ and\nmore')
    center.contact("  ", "10:30:00")
    center.contact("no_channel", "10:30:00", channel=None)
    center.contact("too_early", "1969-12-31 23:59:59")
    center.contact("too_late", "10:30:00", updated_at=_instant("2200-01-01 00:00:00"))
    center.contact("thrice", "10:20:00", channel="telex", updated_at=_instant("2025-10-26 00:00:00"))
    center.segments.extend(
        [
            {"contact_id": "thrice", "segment_number": 7, "kind": "dance", "started_at": newest},
            {"contact_id": "thrice", "segment_number": None, "kind": "talk", "started_at": newest},
            {"contact_id": "thrice", "segment_number": 8, "kind": "talk", "started_at": None},
        ]
    )
    # blanks around values, and the company's own columns
    center.contact(" blanks ", "10:31:00", ended=60, channel=" voice ", customer_id="   ", x_region="north")
    center.contact("own_columns", "10:32:00", talk, x_region="São Paulo", Loyalty="gold")


def _organisation() -> dict[str, list[Row]]:
    zones: Mapping[str, Row] = {
        "uk_voice": {
            "timezone": "Europe/London",
            "program_id": "consumer",
            "vendor_id": "in_house",
            "channel": "voice",
        },
        "uk_sales": {
            "timezone": "Europe/London",
            "program_id": "consumer",
            "vendor_id": "calls_ltd",
            "tier": 2,
        },
        "uk_night": {
            "timezone": "Europe/London",
            "program_id": "consumer",
            "vendor_id": "in_house",
            "channel": "chat",
        },
        "uk_sunday": {"timezone": "Europe/London", "channel": "voice"},
        "us_voice": {
            "timezone": "America/New_York",
            "program_id": "business",
            "vendor_id": "calls_ltd",
            "channel": "voice",
            "tier": 1,
            "concurrency_capacity": 1,
        },
        "in_email": {
            "timezone": "Asia/Kolkata",
            "program_id": "business",
            "vendor_id": "calls_ltd",
            "channel": "email",
        },
        "lord_howe": {"timezone": "Australia/Lord_Howe", "channel": "voice"},
        "kathmandu": {"timezone": "Asia/Kathmandu", "channel": "voice", "x_floor": "3"},
        "atlantis": {"timezone": "Europe/Atlantis", "channel": "voice"},
        "nowhere": {"timezone": None},
    }
    queues = [
        {"queue_id": queue_id, "name": queue_id.replace("_", " ")} | row for queue_id, row in zones.items()
    ]
    queues.append({"queue_id": "lord_howe", "name": "delivered twice", "timezone": "Australia/Lord_Howe"})
    hours: list[tuple[str, tuple[int, ...], str, str | None]] = [
        ("uk_voice", (1, 2, 3, 4, 5), "08:00", "12:00"),
        ("uk_voice", (1, 2, 3, 4, 5), "11:00", "18:00"),
        ("uk_voice", (6,), "09:00", "13:00"),
        ("uk_night", (1, 2, 3, 4, 5, 6, 7), "20:00", "24:00"),
        ("uk_night", (1, 2, 3, 4, 5, 6, 7), "00:00", "06:00"),
        ("uk_sunday", (7,), "01:30", "04:00"),
        ("uk_sunday", (6,), "22:00", None),
        ("in_email", (1, 2, 3, 4, 5), "09:30", "18:30"),
        ("lord_howe", (7,), "02:15", "03:00"),
        ("lord_howe", (6, 7), "01:45", "02:00"),
        ("queue_of_old", (1,), "08:00", "09:00"),
        # quarantined: a weekday that there is not, and times in another form
        ("uk_voice", (0, 8), "06:00", "07:00"),
        ("uk_voice", (7,), "6:00", "07:00"),
        ("uk_voice", (7,), "24:00", None),
        ("uk_voice", (7,), "06:00", "24:01"),
        ("uk_voice", (7,), "06:00", "7 pm"),
    ]
    return {
        "queues": queues,
        "queue_hours": [
            {"queue_id": queue_id, "weekday": weekday, "opens_at": opens_at, "closes_at": closes_at}
            for queue_id, weekdays, opens_at, closes_at in hours
            for weekday in weekdays
        ],
        "queue_holidays": [
            {"queue_id": "uk_voice", "holiday_on": _day("2025-10-27"), "name": "A Monday off"},
            {"queue_id": "in_email", "holiday_on": _day("2025-10-27"), "name": None},
            {"queue_id": "in_email", "holiday_on": _day("1969-10-27"), "name": "too early"},
        ],
        "programs": [
            {"program_id": "consumer", "name": "Consumer", "line_of_business": "retail"},
            {"program_id": "business", "name": "Business", "line_of_business": None},
        ],
        "vendors": [
            {"vendor_id": "in_house", "name": "Own staff", "kind": "in_house"},
            {"vendor_id": "calls_ltd", "name": "Calls", "kind": "bpo"},
            {"vendor_id": "unsure", "name": "Unsure", "kind": "friend"},
        ],
        "product_lines": [{"product_line_id": "broadband", "name": "Broadband"}],
        "reasons": [
            {
                "reason_code": "bill",
                "reason_l1": "Money",
                "reason_l2": "Bill",
                "is_failure_demand": False,
                "is_first_contact_resolvable": True,
                "repeat_window_days": 7,
            },
            {"reason_code": "fault", "reason_l1": "Service", "reason_l2": "Fault", "is_failure_demand": True},
        ],
    }


def _people() -> dict[str, list[Row]]:
    def agent(agent_id: str, start: str, end: str | None, **columns: Any) -> Row:
        dates = {"effective_from": _day(start), "effective_to": None if end is None else _day(end)}
        return {"agent_id": agent_id, "role": "agent", "hired_on": _day("2024-01-08")} | dates | columns

    def customer(customer_id: str, created: str | None, **columns: Any) -> Row:
        return {
            "customer_id": customer_id,
            "created_at": None if created is None else _instant(created),
        } | columns

    return {
        "agents": [
            # two teams one after the other, left open; rows that overlap; a gap; one who left
            agent("ann", "2024-01-08", None, team="north", site="Leeds", vendor_id="in_house"),
            agent("ann", "2025-10-24", None, team="south", site="Leeds", vendor_id="in_house"),
            agent("bob", "2024-01-08", "2025-12-31", team="sales", vendor_id="calls_ltd"),
            agent("bob", "2025-10-01", "2025-11-30", team="late sales", vendor_id="calls_ltd"),
            agent("cyd", "2024-01-08", "2025-03-31", team="second line", role="supervisor"),
            agent("cyd", "2025-11-01", None, team="second line", role="supervisor"),
            agent(
                "dev",
                "2024-01-08",
                "2025-10-25",
                team="night",
                left_on=_day("2025-10-25"),
                leave_kind="voluntary",
            ),
            agent("eve", "2024-01-08", None, team="mail", x_shift="early"),
            agent("eve", "2024-01-08", None, team="mail", x_shift="early"),
            agent("fay", "2024-01-08", None, team="mail", leave_kind="fired"),
        ],
        "customers": [
            customer("cus_1", "2020-05-05 05:05:05.5", segment="gold", region="north", has_sla_contract=True),
            customer("cus_2", "2025-10-23 23:30:00", segment="silver", timezone="Asia/Kolkata"),
            customer("cus_3", None, account_id="acc_1", journey_stage="renewal"),
            customer("cus_3", None, account_id="acc_2", updated_at=_instant("2025-10-01 00:00:00")),
            customer("cus_late", "2026-05-01 00:00:00"),
            customer("cus_silent", None),
            customer("staff", "2020-01-01 00:00:00", is_staff=True),
            customer("redials_often", "2025-10-24 15:00:00", is_staff=False),
            customer("cus_of_atlantis", "2020-01-01 00:00:00", timezone="Europe/Atlantis"),
            customer("cus_of_old", "1869-01-01 00:00:00"),
        ],
    }


def _book_keeping() -> dict[str, list[Row]]:
    lines = [
        ("contacts", 3, "wrong number of fields"),
        ("contacts", 9, "invalid encoding"),
        ("agents", 2, "broken quotes"),
    ]
    return {
        "feed_watermarks": [
            {"feed": "contacts", "complete_through": _instant("2025-11-03 18:00:00")},
            {"feed": "voice", "complete_through": _instant("2025-11-03 12:00:00")},
            {"feed": "email", "complete_through": None},
            {"feed": "finance", "complete_through": _instant("2025-10-31 00:00:00")},
            {"feed": "weather", "complete_through": _instant("2025-10-01 00:00:00")},
        ],
        "landing_rejects": [
            {
                "table_name": table,
                "file_name": f"{table}.csv",
                "line_number": line,
                "rule": rule,
                "original_text": "a,b",
            }
            for table, line, rule in lines
        ],
    }


def _work_time() -> dict[str, list[Row]]:
    """States, paid minutes and rates of ann, bob, cyd and dev, in whatever form they may come."""

    def state(agent_id: str | None, start: str, end: str | None, name: str | None, **columns: Any) -> Row:
        return {
            "agent_id": agent_id,
            "started_at": _instant(f"{FRIDAY} {start}"),
            "ended_at": None if end is None else _instant(f"{FRIDAY} {end}"),
            "state": name,
        } | columns

    def pay(agent_id: str | None, day: str | None, regular: float | None, **columns: Any) -> Row:
        work_date = None if day is None else _day(day)
        return {"agent_id": agent_id, "work_date": work_date, "regular_minutes": regular} | columns

    def rate(agent_id: str, start: str, hourly: float | None, **columns: Any) -> Row:
        return {"agent_id": agent_id, "effective_from": _day(start), "hourly_rate": hourly} | columns

    return {
        "agent_states": [
            state("ann", "07:55:00", "08:00:00", "available"),
            state("ann", "08:00:00", "11:30:00.5", "contact"),
            state("ann", "11:30:00.5", "12:00:00", "break", is_paid=False),
            # never closed, the next one ends it; without a next one; overlapping; unknown; ends before it starts
            state("ann", "12:00:00", None, "training"),
            state("ann", "12:30:00", None, "available"),
            state("bob", "08:00:00", "09:00:00", "available", is_paid=True),
            state("bob", "08:30:00", "09:30:00", "meeting"),
            state("bob", "09:30:00", "10:00:00", None),
            state("cyd", "10:00:00", "09:00:00", "project"),
            state("dev", "19:00:00", "19:00:00", "offline"),
            # delivered open, then closed: the greater end wins; the same twice
            state("dev", "20:00:00", None, "contact"),
            state("dev", "20:00:00", "20:45:00", "contact"),
            state("eve", "08:00:00", "16:00:00", "coaching"),
            state("eve", "08:00:00", "16:00:00", "coaching"),
            # quarantined
            state("ann", "14:00:00", "14:05:00", "lunch"),
            state(None, "14:00:00", "14:05:00", "available"),
            {"agent_id": "ann", "started_at": None, "state": "available"},
            state("ann", "15:00:00", None, "available", ended_at=_instant("2200-01-01 00:00:00")),
        ],
        "agent_pay": [
            pay("ann", FRIDAY, 480.0),
            pay("ann", "2025-10-06", 450.25, overtime_minutes=30.5, overtime_queue_id="uk_voice"),
            pay("bob", FRIDAY, 0.0, overtime_minutes=120.0),
            # unknown pay, a person whom nobody knows, corrected by a second delivery
            pay("cyd", FRIDAY, None),
            pay("nobody", FRIDAY, 60.0),
            pay("dev", FRIDAY, 400.0),
            pay("dev", FRIDAY, 420.0),
            # quarantined
            pay(None, FRIDAY, 60.0),
            pay("ann", None, 60.0),
            pay("ann", "1969-12-31", 60.0),
        ],
        "agent_pay_rates": [
            rate("ann", "2024-01-08", 14.5, overtime_multiplier=1.5, on_cost_rate=0.2215),
            rate("ann", "2025-10-24", 15.2375, overtime_multiplier=1.5, on_cost_rate=0.2215),
            rate("cyd", "2024-01-08", 21.0, currency="EUR", on_cost_rate=0.0),
            rate("dev", "2025-10-25", None, currency="USD"),
            rate("eve", "2024-01-08", 13.0),
            rate("eve", "2024-01-08", 13.5),
            # quarantined
            rate("fay", "2200-01-01", 13.0),
        ],
    }


def _feedback_and_coaching() -> dict[str, list[Row]]:
    def session(number: int, agent_id: str | None, held: str | None, minutes: float | None) -> Row:
        return {
            "coaching_id": f"coaching_{number}",
            "agent_id": agent_id,
            "coach_id": "cyd",
            "held_at": None if held is None else _instant(held),
            "minutes": minutes,
        }

    def asked(number: int, agent_id: str | None, score: float | None, **columns: Any) -> Row:
        row = {"feedback_id": f"feedback_{number}", "agent_id": agent_id, "engagement_score": score}
        return row | {"asked_at": _instant("2025-10-20 08:00:00")} | columns

    return {
        "coaching_sessions": [
            session(1, "ann", "2025-10-21 10:00:00", 30.0),
            session(2, "bob", "2025-10-21 11:00:00", None),
            session(3, None, "2025-10-22 10:00:00", 45.5),
            # planned, then held
            session(4, "dev", None, 20.0),
            session(4, "dev", "2025-10-23 19:00:00", 20.0),
            session(5, "eve", None, None),
            session(6, "eve", "1969-10-23 19:00:00", 20.0),
        ],
        "agent_feedback": [
            asked(1, "ann", 0.0, theme="tools"),
            asked(2, "bob", 100.0),
            asked(3, "cyd", None),
            asked(4, None, 62.5, theme="shifts"),
            asked(5, "dev", 40.0, asked_at=None),
            asked(5, "dev", 40.0),
            asked(6, "eve", 50.0, asked_at=_instant("2200-01-01 00:00:00")),
        ],
    }


def _quality() -> dict[str, list[Row]]:
    """Two versions of a form, and evaluations by both: disputed, drafted, targeted, calibrated, of unknown forms."""

    def item(version: str, item_id: str, weight: float | None, **columns: Any) -> Row:
        key = {"form_id": "voice", "form_version": version, "item_id": item_id}
        return key | {"label": item_id.title(), "weight": weight} | columns

    def evaluation(number: int, contact_id: str | None, version: str | None, **columns: Any) -> Row:
        return {
            "evaluation_id": f"evaluation_{number}",
            "contact_id": contact_id,
            "agent_id": "ann",
            "evaluator_id": "cyd",
            "form_id": None if version is None else "voice",
            "form_version": version,
            "sampling": "random",
            "submitted_at": _instant("2025-10-27 09:00:00"),
            "minutes_spent": 12.5,
            "status": "submitted",
            "updated_at": _instant("2025-10-27 09:00:00"),
        } | columns

    def answer(
        number: int, item_id: str | None, points: float | None, most: float | None, **columns: Any
    ) -> Row:
        row = {"evaluation_id": f"evaluation_{number}", "item_id": item_id}
        return row | {"points": points, "max_points": most} | columns

    disputed = _instant("2025-10-29 09:00:00")
    return {
        "qa_form_items": [
            item("1", "greeting", 10.0, competency="empathy"),
            item("1", "identity", 30.0, critical_class="compliance"),
            item("1", "solution", 60.0, critical_class="customer"),
            item("2", "greeting", 0.0),
            item("2", "manner", 66.666667),
            item("2", "solution", 33.333333, critical_class="business"),
            item("2", "satisfied", None, is_predicted_satisfaction=True),
            item("2", "satisfied", None, is_predicted_satisfaction=True, label="Would be satisfied"),
            # quarantined
            item("2", "identity", 10.0, critical_class="legal"),
        ],
        "qa_evaluations": [
            # the score after the dispute counts, whatever the order
            evaluation(1, "answered_after_19", "1", minutes_spent=14.0, updated_at=disputed),
            evaluation(1, "answered_after_19", "1"),
            evaluation(2, "answered_after_20", "2", sampling="targeted"),
            evaluation(3, "answered_after_21", "2", agent_id=None, status="draft", submitted_at=None),
            evaluation(4, None, None, sampling=None, evaluator_id=None, minutes_spent=None),
            evaluation(5, "before_week_1", "2", status=None, updated_at=None),
            # three calibrate one contact, of whom one does it twice
            *(
                evaluation(number, "answered_after_19", "1", sampling="calibration", evaluator_id=evaluator)
                for number, evaluator in ((6, "cyd"), (7, "dee"), (8, "eli"), (9, "eli"))
            ),
            # quarantined: the older delivery of a good evaluation stays
            evaluation(2, "answered_after_20", "2", sampling="picked", updated_at=disputed),
            *(evaluation(number, contact_id, "2") for number, contact_id in enumerate(JUDGED, start=20)),
            # once more, by a supervisor: the customer counts once
            evaluation(99, JUDGED[0], "2", submitted_at=disputed),
        ],
        "qa_answers": [
            answer(1, "greeting", 1.0, 1.0),
            answer(1, "identity", 0.0, 1.0),
            answer(1, "solution", 3.5, 5.0),
            answer(2, "greeting", None, 1.0),
            answer(2, "solution", None, 1.0, is_not_applicable=True),
            answer(2, "satisfied", 1.0, None),
            answer(5, "solution", 2.0, 0.0),
            answer(5, "solution", 2.5, 0.0),
            answer(5, "an item of no form", 1.0, 1.0),
            answer(10, "solution", 1.0, 1.0),
            answer(5, None, 1.0, 1.0),
            *(answer(number, "greeting", float(number > 6), 1.0) for number in range(6, 10)),
            *(answer(number, "identity", 1.0, 1.0) for number in range(6, 9)),
            *(
                answer(20 + number, "manner", 1.0 if number % 2 else (number % 4) / 4, 1.0)
                for number in range(66)
            ),
            *(answer(20 + number, "solution", float(number % 9 > 0), 1.0) for number in range(66)),
            *(answer(20 + number, "satisfied", float(number % 4 > 1), 1.0) for number in range(66)),
            answer(99, "manner", 1.0, 1.0),
        ],
    }


def _metered_use() -> dict[str, list[Row]]:
    """Metered use with and without a contact, a price or a time; prices that change, of technologies and channels."""

    def use(
        number: int, technology: str | None, unit: str | None, quantity: float | None, **columns: Any
    ) -> Row:
        row = {"usage_id": f"use_{number}", "technology_id": technology, "unit": unit, "quantity": quantity}
        return row | {"used_at": _instant(f"{FRIDAY} 08:05:00")} | columns

    def rate(technology: str, unit: str, start: str, cost: float | None, **columns: Any) -> Row:
        return {
            "technology_id": technology,
            "unit": unit,
            "effective_from": _day(start),
            "unit_cost": cost,
        } | columns

    def tariff(channel: str, unit: str, start: str, cost: float | None, **columns: Any) -> Row:
        return {
            "channel": channel,
            "unit": unit,
            "effective_from": _day(start),
            "unit_cost": cost,
        } | columns

    return {
        "technology_usage": [
            use(1, "tech_bot", "session", 1.0, session_id="session_01"),
            use(2, "tech_bot", "token", 0.012345, session_id="session_01", used_at=None),
            use(3, "assistant", "minute", 2.5, contact_id="answered_after_19"),
            use(4, "assistant", "minute", None, contact_id="answered_after_20"),
            use(5, None, "message", 3.0),
            use(6, "assistant", None, 1.0),
            # counted again
            use(7, "assistant", "minute", 1.0, contact_id="answered_after_21"),
            use(7, "assistant", "minute", 1.5, contact_id="answered_after_21"),
            # quarantined
            use(8, "assistant", "hour", 1.0),
            use(9, "assistant", "minute", 1.0, used_at=_instant("1969-12-31 23:59:59")),
        ],
        "technology_rates": [
            rate("tech_bot", "session", "2025-01-01", 0.05),
            rate("tech_bot", "session", "2025-10-24", 0.045, currency="USD"),
            rate("tech_bot", "token", "2025-01-01", 2.5, currency="EUR"),
            rate("assistant", "minute", "2025-01-01", None),
            rate("assistant", "minute", "2025-11-01", 0.000001),
            rate("assistant", "hour", "2025-01-01", 1.0),
        ],
        "channel_tariffs": [
            tariff("voice", "minute", "2025-01-01", 0.012),
            tariff("voice", "minute", "2025-10-24", 0.0135, currency="EUR"),
            tariff("voice", "contact", "2025-01-01", 0.1),
            tariff("sms", "message", "2025-01-01", 0.0),
            tariff("email", "contact", "2025-01-01", None),
            tariff("fax", "minute", "2025-01-01", 1.0),
            tariff("voice", "hour", "2025-01-01", 1.0),
        ],
    }


def _ledger() -> dict[str, list[Row]]:
    def entry(entry_id: str, account_id: str | None, amount: float | None, **columns: Any) -> Row:
        return {
            "entry_id": entry_id,
            "period_month": _day("2025-10-01"),
            "account_id": account_id,
            "amount": amount,
            "currency": "GBP",
        } | columns

    def contract(version: str, start: str | None, end: str | None, **columns: Any) -> Row:
        return {
            "vendor_id": "calls_ltd",
            "contract_version": version,
            "effective_from": None if start is None else _day(start),
            "effective_to": None if end is None else _day(end),
        } | columns

    return {
        "ledger_entries": [
            entry("wages", "6000", 12345.67, site="Leeds", posted_on=_day("2025-10-31")),
            entry("reversal", "6000", -45.6701, posted_on=_day("2025-11-03")),
            entry("invoice", "6500", 9876.5, vendor_id="calls_ltd", currency="USD"),
            entry("rent", "7000", 0.0),
            # an account that nobody mapped, and one posting in two versions
            entry("lost", "9999", 77.7),
            entry("carrier", "6200", 310.0, currency="EUR"),
            entry("carrier", "6200", 301.0, currency="EUR"),
            # quarantined
            entry("no_amount", "6000", None),
            entry("no_account", None, 1.0),
            entry("no_currency", "6000", 1.0, currency=None),
            entry("no_month", "6000", 1.0, period_month=None),
        ],
        "ledger_accounts": [
            {"account_id": "6000", "name": "Wages", "pool": "agent_pay"},
            {"account_id": "6200", "name": None, "pool": "telecom", "is_in_scope": True},
            {
                "account_id": "6500",
                "name": "Outsourcing",
                "pool": "bpo_invoices",
                "scope_reason": "all of it",
            },
            {"account_id": "7000", "name": "Rent", "pool": "facilities", "is_in_scope": False},
            {"account_id": "7000", "name": "Rent", "pool": "facilities", "is_in_scope": True},
            {"account_id": "8000", "name": "Parties", "pool": "parties"},
            {"account_id": "8100", "name": "Various", "pool": None},
        ],
        "vendor_contracts": [
            contract("1", None, "2025-10-24", payment_basis="minute", unit_price=0.42, currency="USD"),
            contract("2", "2025-10-24", None, payment_basis="outcome", unit_price=3.1415),
            contract("3", "2025-12-01", None),
            contract("4", "2026-01-01", None, payment_basis="goodwill"),
        ],
    }


def _mentions() -> dict[str, list[Row]]:
    def mention(number: int, stance: str | None, **columns: Any) -> Row:
        row = {"mention_id": f"mention_{number}", "network": "bluesky", "author_id": "author_1"}
        posted_at = _instant(f"{FRIDAY} 10:00:00") + timedelta(hours=number)
        return row | {"stance": stance, "posted_at": posted_at, "query_version": "1"} | columns

    return {
        "social_mentions": [
            mention(1, "promote"),
            mention(2, "detract", author_id=None),
            mention(3, "neutral", is_repost=True, query_version="2"),
            mention(4, None, network=None, is_bot=True),
            mention(5, "promote", posted_at=None),
            mention(5, "detract", posted_at=None),
            mention(6, "annoyed"),
            mention(7, "promote", mention_id=None),
        ]
    }


def _investments() -> dict[str, list[Row]]:
    """Investments that pay, sink again, never pay, or have an unknown amount; campaigns with and without an end."""

    def flows(
        investment: str, scenario: str, first: str, *amounts: float | None, state: str | None
    ) -> list[Row]:
        start = _day(first)
        return [
            {
                "investment_id": investment,
                "period_month": date(
                    start.year + (start.month - 1 + number) // 12, (start.month - 1 + number) % 12 + 1, 1
                ),
                "scenario": scenario,
                "kind": "benefit" if amount is None or amount > 0 else "cost",
                "line": "all",
                "amount": None if amount is None else abs(amount),
                "verification": state,
            }
            for number, amount in enumerate(amounts)
            if amount != 0
        ]

    return {
        "investments": [
            {
                "investment_id": "pays",
                "technology_id": "bot",
                "name": "Bot",
                "approved_on": _day("2024-11-30"),
            },
            {"investment_id": "sinks", "technology_id": None, "name": None, "approved_on": None},
        ],
        "investment_cash_flows": [
            *flows("pays", "plan", "2025-01-01", -9, 3, 0, 4, 3, state=None),
            *flows("pays", "actual", "2025-01-01", -9.5, 3, 0, 7, 1, state="finance_verified"),
            *flows("sinks", "plan", "2024-12-01", -4, 8, 1, 1, 1, state="claimed"),
            *flows("sinks", "actual", "2024-12-01", -4, 5, -3, 1, -2, 0.5, 0.5, state="finance_verified"),
            *flows("sinks", "actual", "2025-09-01", 3, 3, 3, state="ops_verified"),
            *flows("unnamed", "actual", "2025-03-01", -1, None, state="claimed"),
            *flows("unnamed", "actual", "2025-05-01", 1, state="reversed"),
        ],
        "campaigns": [
            {
                "campaign_id": "gala",
                "name": "Gala",
                "product_line_id": "broadband",
                "starts_on": _day("2025-10-01"),
            },
            {"campaign_id": "spring", "starts_on": None, "budget": 10.5, "currency": "EUR"},
        ],
        "campaign_exposures": [
            {"campaign_id": "gala", "customer_id": "cus_1", "exposed_at": _instant("2025-10-02 10:00:00")},
            {"campaign_id": "gala", "customer_id": None, "exposed_at": _instant("2025-10-02 10:00:00")},
            {"campaign_id": "spring", "customer_id": "cus_2", "exposed_at": _instant("2025-10-03 10:00:00")},
        ],
    }
