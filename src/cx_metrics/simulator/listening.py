"""The domains that follow from how contacts felt: experience, surveys, sentiment, social, quality and coaching."""

from __future__ import annotations

from cx_metrics.simulator.coaching import Coaching
from cx_metrics.simulator.experience import Experience
from cx_metrics.simulator.finished import Domain
from cx_metrics.simulator.quality import Quality
from cx_metrics.simulator.records import Office
from cx_metrics.simulator.sentiment import Sentiment
from cx_metrics.simulator.social import Social
from cx_metrics.simulator.surveys import Surveys


def listening_domains(office: Office) -> list[Domain]:
    """Return the domains in the order in which they hear of a day: each may ask those before it."""
    experience = Experience(office)
    surveys = Surveys(office, experience)
    quality = Quality(office, experience, surveys)
    return [
        experience,
        surveys,
        Sentiment(office, experience),
        Social(office, experience),
        quality,
        Coaching(office, quality),
    ]
