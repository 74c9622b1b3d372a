"""Named effects: causes of known size that can be switched off, so that an estimate can be held against them.

A scenario is a set of effects. ``example`` has all of them, ``plain`` none, and the name of an effect stands
for that effect alone. Days count from the first day of the simulation; an effect that begins after the last
day does nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from cx_metrics.errors import CxMetricsError

EXAMPLE, PLAIN = "example", "plain"


@dataclass(frozen=True)
class Effect:
    """One cause: what it does, how strongly (``size`` in ``unit``), and on which days (``until`` exclusive)."""

    name: str
    description: str
    size: float
    unit: str
    since: int | None = None
    until: int | None = None

    def is_active(self, day: int) -> bool:
        """Tell whether the effect works on a day."""
        return (self.since is None or day >= self.since) and (self.until is None or day < self.until)


EFFECTS = {
    effect.name: effect
    for effect in (
        Effect(
            "unresolved_churn",
            "A need that stays unresolved multiplies the daily chance of giving notice for 60 days",
            2.0,
            "hazard ratio",
        ),
        Effect(
            "lengthy_value",
            "A resolved conversation of 15 minutes or more raises what the customer buys in the next 365 days",
            0.15,
            "relative change of spend",
        ),
        Effect(
            "lengthy_selection",
            "Customers of high value talk longer, so that long conversations seem to raise value",
            0.12,
            "relative talk time per standard deviation of log value",
        ),
        Effect(
            "bot_degradation",
            "A new model makes the bot settle fewer sessions, while it claims as many as before",
            0.60,
            "factor on the chance that a session is settled",
            since=200,
        ),
        Effect(
            "agent_assist",
            "Assistance on the screen shortens conversations, team by team as it is rolled out",
            -0.06,
            "relative talk time",
        ),
        Effect(
            "overtime_month",
            "A wave of sickness that overtime has to cover",
            3.0,
            "factor on the share of absent agents",
            since=240,
            until=270,
        ),
        Effect(
            "channel_mix_shift",
            "Customers turn from the telephone to chat and messaging",
            0.25,
            "share of calls that become chats or messages",
            since=150,
        ),
        Effect(
            "campaign_demand",
            "A campaign makes exposed customers get in touch within 14 days",
            0.06,
            "additional needs per exposed customer",
            since=100,
            until=114,
        ),
        Effect(
            "vendor_quality_gap",
            "One outsourcer audits itself well while its customers are less satisfied",
            -0.45,
            "satisfaction, in points of five",
        ),
        Effect(
            "occupancy_attrition",
            "Agents of queues that are planned to be busy above 70 % of the time leave sooner, a month or more later",
            0.04,
            "relative change of the chance to leave per point of planned occupancy above 70",
        ),
        Effect(
            "quality_items",
            "Eight of thirty items of the quality form move satisfaction; the others do not",
            0.25,
            "satisfaction per item, in points of five",
        ),
        Effect(
            "needless_offers",
            "Some who say that they will cancel would have stayed without an offer",
            0.45,
            "share of stated cancellations",
        ),
        Effect(
            "response_bias",
            "Who is very pleased or displeased answers surveys more often",
            0.5,
            "log odds of an answer per point of satisfaction away from the middle",
        ),
    )
}


def effects_of(scenario: str, without: tuple[str, ...] = ()) -> frozenset[str]:
    """Return the names of a scenario's effects; raise CxMetricsError for a name that does not exist."""
    for name in (*without, *(() if scenario in (EXAMPLE, PLAIN) else (scenario,))):
        if name not in EFFECTS:
            known = ", ".join((EXAMPLE, PLAIN, *EFFECTS))
            raise CxMetricsError(f"no scenario or effect is named {name}: choose from {known}")
    if scenario == EXAMPLE:
        return frozenset(EFFECTS) - frozenset(without)
    return (frozenset() if scenario == PLAIN else frozenset((scenario,))) - frozenset(without)
