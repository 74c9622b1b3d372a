"""The value domain: relationships, revenue and campaigns, which hear of each other within a day."""

from __future__ import annotations

from cx_metrics.simulator.campaigns import Campaigns
from cx_metrics.simulator.finished import Domain
from cx_metrics.simulator.records import Office
from cx_metrics.simulator.relationship import Relationships
from cx_metrics.simulator.revenue import Revenue


def value_domains(office: Office) -> list[Domain]:
    """Return the three in the order in which they hear of a day."""
    relationships, campaigns = Relationships(office), Campaigns(office)
    return [relationships, Revenue(office, relationships, campaigns), campaigns]
