"""The company that is simulated: its queues, reasons, product lines and code lists. Everything here is a
choice.

The world is a subscription business with customers in three regions. Everything that must be the same in
every simulation stands here as a constant; what differs between simulations is in ``settings``.
"""

from __future__ import annotations

from dataclasses import dataclass

IN_HOUSE = "in_house"

REGIONS = ("UK and Ireland", "North America", "Central Europe")
CURRENCIES = ("GBP", "USD", "EUR")
"""What customers of each region pay in; the first is the reporting currency."""
PRICE_LEVEL = (1.0, 1.25, 1.15)
"""Prices of each region in its own currency, relative to the first."""
REGION_SHARES = (0.40, 0.38, 0.22)
REGION_ZONES: tuple[tuple[tuple[str, float], ...], ...] = (
    (("Europe/London", 0.92), ("Europe/Dublin", 0.08)),
    (("America/New_York", 0.52), ("America/Chicago", 0.28), ("America/Los_Angeles", 0.20)),
    (("Europe/Berlin", 0.72), ("Europe/Vienna", 0.15), ("Europe/Zurich", 0.13)),
)

# Code lists. A column of a frame holds the position in its list.
CHANNELS = ("voice", "chat", "messaging", "email", "social", "sms", "video", "self_service")
VOICE, CHAT, MESSAGING, EMAIL, SOCIAL, SMS, VIDEO, SELF_SERVICE = range(8)
DIRECTIONS = ("inbound", "outbound", "internal")
INBOUND, OUTBOUND, INTERNAL = range(3)
METHODS = ("inbound", "transfer", "callback", "outbound", "monitor", "api")
BY_CUSTOMER, BY_TRANSFER, BY_CALLBACK, BY_AGENT, BY_MONITOR, BY_API = range(6)
PURPOSES = ("callback", "follow_up_answer", "courtesy", "survey", "sales", "collections")
TO_CALL_BACK, TO_FOLLOW_UP, TO_COURTESY, TO_SURVEY, TO_SALES, TO_COLLECT = range(6)
DISCONNECTS = ("customer", "agent", "telecom_problem", "other")
BY_CALLER, BY_STAFF, TELECOM_PROBLEM, OTHER_END = range(4)
IDENTITIES = ("crm", "authenticated", "verified", "caller_id", "none")
CRM, AUTHENTICATED, VERIFIED, CALLER_ID, NOT_IDENTIFIED = range(5)
KINDS = ("ivr", "bot", "queue", "ring", "talk", "hold", "wrap", "consult", "message")
IVR, BOT, QUEUE, RING, TALK, HOLD, WRAP, CONSULT, MESSAGE = range(9)
TRANSFERS = ("blind", "consult", "queue", "external", "escalation")
BLIND, CONSULTED, TO_QUEUE, EXTERNAL, ESCALATION = range(5)
EXCLUSIONS = ("spam", "wrong_number")
SPAM, WRONG_NUMBER = range(2)

# Ids that stand for no single person: the platform fills them in when it knows no better.
SHOWN_CUSTOMER, SHOWN_NOTHING, SHOWN_SWITCHBOARD, SHOWN_ANONYMOUS = range(4)
SWITCHBOARD_ID = "+442079460000"
ANONYMOUS_ID = "anonymous"


@dataclass(frozen=True)
class Program:
    """A line of service."""

    program_id: str
    name: str
    line_of_business: str


PROGRAMS = (
    Program("prg_care", "Customer care", "Subscriptions"),
    Program("prg_resolution", "Specialist resolution", "Subscriptions"),
    Program("prg_digital", "Digital care", "Direct sales"),
)

BUSINESS_PLAN = 2
DEVICES, EVENTS = 3, 4
PRODUCT_LINES = (
    ("pl_core", "Core plan", 0.46),
    ("pl_family", "Family plan", 0.22),
    ("pl_business", "Business plan", 0.12),
    ("pl_devices", "Devices and add-ons", 0.14),
    ("pl_events", "Tickets and events", 0.06),
)


@dataclass(frozen=True, kw_only=True)
class Campaign:
    """A campaign; ``starts`` and ``ends`` (exclusive) are days counted from the first day of the simulation.

    ``exposes`` is the share of customers who see it, a like share on each of its days; 0 for campaigns without a
    list of exposures. ``sells`` is the share of the exposed who buy because of it. ``calls_for`` is True where
    the campaign makes people get in touch. The budget is given per customer on the books.
    """

    campaign_id: str
    name: str
    product: int | None
    starts: int
    ends: int | None
    budget: float
    exposes: float = 0.0
    sells: float = 0.0
    calls_for: bool = False


SALES_CAMPAIGNS = ("cmp_spring_upgrade", "cmp_autumn_family")
"""Campaigns that sales calls and tracked numbers name: they run all the time."""

CAMPAIGNS = (
    Campaign(campaign_id=SALES_CAMPAIGNS[0], name="Spring upgrade", product=0, starts=-80, ends=None, budget=0.9),
    Campaign(campaign_id=SALES_CAMPAIGNS[1], name="Autumn family", product=1, starts=-20, ends=None, budget=0.6),
    Campaign(
        campaign_id="cmp_newsletter", name="Customer newsletter", product=None, starts=20, ends=27, budget=0.05,
        exposes=0.30,
    ),
    Campaign(campaign_id="cmp_brand", name="Brand on posters", product=None, starts=60, ends=90, budget=0.8),
    Campaign(
        campaign_id="cmp_gala", name="Members' gala", product=4, starts=100, ends=114, budget=0.4,
        exposes=0.20, sells=0.03, calls_for=True,
    ),
    Campaign(
        campaign_id="cmp_devices", name="New devices", product=3, starts=180, ends=201, budget=0.5,
        exposes=0.12, sells=0.02,
    ),
    Campaign(
        campaign_id="cmp_giving", name="Giving weeks", product=4, starts=300, ends=321, budget=0.2,
        exposes=0.15, sells=0.015,
    ),
)  # fmt: skip
CAMPAIGN_IDS = tuple(campaign.campaign_id for campaign in CAMPAIGNS)


@dataclass(frozen=True)
class Reason:
    """Why customers contact: its place in the reason tree, and how its contacts behave.

    ``talk`` multiplies the channel's talk time, ``resolve`` is the chance that one contact settles the matter
    with an average agent, ``weights`` are relative frequencies on live, written and self-service channels,
    ``transfer`` multiplies the chance of a transfer, ``complaint`` and ``cancel`` are chances per contact.
    """

    code: str
    level_1: str
    level_2: str
    is_failure: bool | None
    is_resolvable: bool | None
    repeat_window_days: int | None
    talk: float
    resolve: float
    weights: tuple[float, float, float]
    transfer: float = 1.0
    complaint: float = 0.02
    cancel: float = 0.01


REASONS = (
    Reason("BILL_EXPLAIN", "billing", "bill explanation", False, True, 35, 0.95, 0.80, (9, 8, 8), 0.8),
    Reason("BILL_WRONG", "billing", "wrong charge", True, True, 35, 1.15, 0.66, (8, 9, 2), 1.5, 0.08, 0.03),
    Reason("PAY_FAILED", "billing", "failed payment", True, True, None, 0.90, 0.78, (5, 4, 9), 0.7),
    Reason("REFUND", "billing", "refund", False, True, 35, 1.05, 0.68, (5, 8, 1), 1.2, 0.05, 0.02),
    Reason(
        "TECH_DOWN", "technical", "service down", True, False, None, 1.25, 0.60, (8, 5, 6), 1.6, 0.06, 0.02
    ),
    Reason(
        "TECH_QUALITY", "technical", "poor quality", True, True, None, 1.45, 0.58, (8, 6, 2), 2.0, 0.05, 0.03
    ),
    Reason("TECH_SETUP", "technical", "set-up help", False, True, None, 1.35, 0.74, (7, 5, 6), 1.3),
    Reason("LOGIN", "account", "login and password", True, True, None, 0.65, 0.85, (8, 6, 20), 0.5),
    Reason("DETAILS", "account", "change of details", False, True, None, 0.60, 0.92, (6, 7, 16), 0.4),
    Reason(
        "ORDER_STATUS", "orders", "where is my order", True, True, None, 0.60, 0.80, (9, 12, 20), 0.5, 0.03
    ),
    Reason("ORDER_CHANGE", "orders", "change an order", False, True, None, 0.85, 0.82, (5, 6, 4), 0.7),
    Reason("RETURN", "orders", "return or exchange", False, True, None, 0.90, 0.76, (5, 8, 3), 0.7, 0.03),
    Reason("UPGRADE", "sales", "upgrade", False, True, None, 1.20, 0.86, (5, 2, 1), 1.0),
    Reason("INFO", "sales", "product information", False, True, None, 0.75, 0.90, (6, 7, 2), 0.5),
    Reason("CANCEL", "retention", "cancel", False, True, None, 1.25, 0.80, (4, 3, 1), 1.7, 0.05, 0.92),
    Reason(
        "PRICE", "retention", "price complaint", False, True, None, 1.10, 0.72, (3, 3, 0), 1.4, 0.20, 0.25
    ),
    Reason("COMPLAINT", "complaints", "complaint", True, False, 30, 1.55, 0.55, (3, 5, 0), 2.2, 0.90, 0.08),
    Reason("OTHER", "other", "other", None, None, None, 0.80, 0.80, (4, 5, 2), 1.0),
)
REASON_CODES = tuple(reason.code for reason in REASONS)
PAY_FAILED = REASON_CODES.index("PAY_FAILED")
TECH_DOWN = REASON_CODES.index("TECH_DOWN")
UPGRADE = REASON_CODES.index("UPGRADE")
INFO = REASON_CODES.index("INFO")
REFUND = REASON_CODES.index("REFUND")
ORDER_STATUS = REASON_CODES.index("ORDER_STATUS")
ORDER_CHANGE = REASON_CODES.index("ORDER_CHANGE")
RETURN = REASON_CODES.index("RETURN")
CANCEL = REASON_CODES.index("CANCEL")
PRICE = REASON_CODES.index("PRICE")

WEEK = (1, 2, 3, 4, 5, 6, 7)
WORK_WEEK = (1, 2, 3, 4, 5)


@dataclass(frozen=True, kw_only=True)
class Door:
    """A way in: a queue, or (``queue_id`` empty) self-service of one region.

    ``hours`` are (weekdays, opening, closing) in local minutes; a closing above 1440 crosses midnight.
    ``holidays`` names the calendar, ``shape`` the daily arrival curve. ``share`` is the share of new needs
    that come in here, ``regions`` the mix of the customers' regions. ``bpo`` is the outsourcing slot, None in
    house.

    ``handle`` is the mean work in seconds: talk, or one message; ``wrap`` the after-contact work and
    ``patience`` the mean time that customers wait before they give up. ``inflow`` is contacts worked on per
    new need of this door, for the staffing forecast. ``sends_to`` is the queue that takes its transfers to
    specialists; on a platform with ``opens_records`` a transfer opens a new contact record.
    """

    queue_id: str = ""
    name: str
    team: str = ""
    site: str = ""
    zone: str
    channel: int
    program: int = 0
    tier: int = 1
    capacity: int = 1
    bpo: int | None = None
    hours: tuple[tuple[tuple[int, ...], int, int], ...]
    holidays: str
    shape: str
    share: float
    regions: tuple[float, float, float]
    handle: float = 0.0
    wrap: float = 0.0
    patience: float = 0.0
    inflow: float = 0.0
    sends_to: int | None = None
    opens_records: bool = False
    offers_callback: bool = False


LONDON, NEW_YORK, BERLIN = "Europe/London", "America/New_York", "Europe/Berlin"
_ALL_HOURS = ((WEEK, 0, 1440),)

DOORS = (
    Door(
        queue_id="q_uk_voice", name="UK care line", team="London care", site="London", zone=LONDON,
        channel=VOICE, hours=((WORK_WEEK, 540, 1080), ((6,), 600, 840)), holidays="uk", shape="line",
        share=0.215, regions=(1, 0, 0), handle=250, wrap=52, patience=450, inflow=1.20,
        sends_to=3, offers_callback=True,
    ),
    Door(
        queue_id="q_us_voice", name="US care line", team="US care", site="Manila", zone=NEW_YORK, bpo=0,
        channel=VOICE, hours=(((1, 2, 3, 4), 660, 1200), ((5, 6), 840, 1500)), holidays="us",
        shape="long_line", share=0.205, regions=(0, 1, 0), handle=254, wrap=48, patience=450, inflow=1.20,
        sends_to=3, opens_records=True, offers_callback=True,
    ),
    Door(
        queue_id="q_de_voice", name="German care line", team="German care", site="Leipzig", zone=BERLIN,
        bpo=1, channel=VOICE, hours=((WORK_WEEK, 540, 1020),), holidays="de", shape="line",
        share=0.115, regions=(0, 0, 1), handle=248, wrap=50, patience=520, inflow=1.21,
        sends_to=3,
    ),
    Door(
        queue_id="q_specialists", name="Specialists", team="London specialists", site="London", zone=LONDON,
        channel=VOICE, program=1, tier=2, hours=((WORK_WEEK, 600, 1140),), holidays="uk", shape="line",
        share=0.030, regions=(0.45, 0.30, 0.25), handle=330, wrap=80, patience=480, inflow=1.10,
    ),
    Door(
        queue_id="q_chat", name="Web chat", team="London chat", site="London", zone=LONDON,
        channel=CHAT, program=2, capacity=3, hours=((WORK_WEEK, 600, 1140),), holidays="uk", shape="evening",
        share=0.135, regions=(0.45, 0.35, 0.20), handle=420, wrap=35, patience=320, inflow=0.80,
    ),
    Door(
        queue_id="q_email", name="E-mail", team="London e-mail", site="London", zone=LONDON,
        channel=EMAIL, program=2, hours=((WORK_WEEK, 540, 1140),), holidays="uk", shape="written",
        share=0.115, regions=(0.40, 0.35, 0.25), handle=270, inflow=1.22,
    ),
    Door(
        queue_id="q_messaging", name="Messaging", team="Messaging", site="Leipzig", zone=BERLIN, bpo=1,
        channel=MESSAGING, program=2, capacity=4, hours=((WORK_WEEK, 540, 1020),), holidays="de",
        shape="evening", share=0.085, regions=(0.3, 0.0, 0.7), handle=95, inflow=0.92,
    ),
    Door(
        queue_id="q_social", name="Social care", team="Social care", site="Manila", zone=NEW_YORK, bpo=0,
        channel=SOCIAL, program=2, capacity=2, hours=(((1, 2, 3, 4), 660, 1200), ((5, 6), 840, 1440)),
        holidays="us", shape="evening", share=0.020, regions=(0.2, 0.8, 0.0), handle=150, inflow=1.10,
    ),
    Door(
        name="UK self-service", zone=LONDON, channel=SELF_SERVICE, hours=_ALL_HOURS, holidays="uk",
        shape="written", share=0.028, regions=(1, 0, 0),
    ),
    Door(
        name="US self-service", zone=NEW_YORK, channel=SELF_SERVICE, hours=_ALL_HOURS, holidays="us",
        shape="written", share=0.027, regions=(0, 1, 0),
    ),
    Door(
        name="Central European self-service", zone=BERLIN, channel=SELF_SERVICE, hours=_ALL_HOURS,
        holidays="de", shape="written", share=0.015, regions=(0, 0, 1),
    ),
)  # fmt: skip
QUEUES = tuple(door for door in DOORS if door.queue_id)
LIVE_LANES = (0, 1, 2, 4, 3)
"""Queues with a waiting customer, in an order in which transfers only ever go to a later one."""
DEFERRED_LANES = (5, 6, 7)
DESK = len(QUEUES)
"""Lane of the outbound desk, which has agents but no queue."""
SPECIALISTS = 3
BLENDS = {5: ((0, 3, 4), 0.7), 6: ((2,), 1.0), 7: ((1,), 1.0), DESK: ((0, 3, 4), 0.3)}
"""Live lanes whose agents do the written and outbound work between two contacts, and their share of that
time.
"""

VOICE_DOOR = (0, 1, 2)
"""The care line of each region."""
OTHER_DOORS = ((4, 5), (4, 5), (6, 5))
"""Where customers of each region turn to when they do not call."""

DESK_DOOR = Door(
    name="Outbound desk", team="Outbound desk", site="London", zone=LONDON, channel=VOICE,
    hours=((WORK_WEEK, 540, 1140),), holidays="uk", shape="line", share=0.0, regions=(1, 0, 0), handle=150,
)  # fmt: skip
LANES = (*QUEUES, DESK_DOOR)
