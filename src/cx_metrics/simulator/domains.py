"""The parts of the company that keep books of their own, in the order in which they hear of a day.

Each may ask those before it: revenue asks relationships, coaching asks quality, finance asks everybody.
"""

from __future__ import annotations

from cx_metrics.simulator.automation.automation import Automation
from cx_metrics.simulator.contacts.records import Office
from cx_metrics.simulator.experience.experience import Experience
from cx_metrics.simulator.experience.sentiment import Sentiment
from cx_metrics.simulator.experience.social import Social
from cx_metrics.simulator.experience.surveys import Surveys
from cx_metrics.simulator.finance.finance import Finance
from cx_metrics.simulator.finished import Domain
from cx_metrics.simulator.quality.quality import Quality
from cx_metrics.simulator.retention.relationship import Relationships
from cx_metrics.simulator.value.campaigns import Campaigns
from cx_metrics.simulator.value.revenue import Revenue
from cx_metrics.simulator.workforce.coaching import Coaching


def domains_of(office: Office) -> list[Domain]:
    """Return all domains."""
    automation = Automation(office)
    finance = Finance(office, automation.technology.spent)
    return [*value_domains(office), automation, *experience_domains(office), finance]


def value_domains(office: Office) -> list[Domain]:
    """Return what customers hold and buy."""
    relationships, campaigns = Relationships(office), Campaigns(office)
    return [relationships, Revenue(office, relationships, campaigns), campaigns]


def experience_domains(office: Office) -> list[Domain]:
    """Return what follows from how contacts felt."""
    experience = Experience(office)
    surveys = Surveys(office, experience)
    quality = Quality(office, experience, surveys)
    sentiment, social = Sentiment(office, experience), Social(office, experience)
    return [experience, surveys, sentiment, social, quality, Coaching(office, quality)]
