"""The world in which quality is compared with its oracle, built once: customers who come back, and people who judge their contacts.

CX_QUALITY_EXAMPLES is the number of centers per build (160). Most centers use the same form, so that its items have passes and fails.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

import hypothesis.strategies as st
import oracle
import quality_oracle
import strategies
import two_paths
from experience_oracle import Surveys
from oracle import Decisions, MetricKey, MetricValue, RawTables
from quality_oracle import Evaluations, QaAgreement, QaAlignment, QaEvaluation, QaItem, QaProgram
from resolution_oracle import Resolution
from resolution_strategies import Edges, customers_who_return
from strategies import Center, Draw, often, text_of
from two_paths import SEED, Built, Computed, Mart, Paths, World

EXAMPLES = int(os.environ.get("CX_QUALITY_EXAMPLES", "160"))

STATISTICS = {
    "fct_qa_csat_programs": (
        *(
            "alignment_kappa",
            "prediction_kappa",
            "rank_correlation",
            "qa_slope_per_month",
            "csat_slope_per_month",
        ),
    ),
    "fct_qa_items": tuple(
        f"{outcome}_{column}"
        for outcome in ("satisfied", "resolved")
        for column in ("difference", "standard_error", "p_value", "adjusted_p_value", "explained_share")
    ),
    "fct_qa_agreement": ("agreement_kappa",),
}
"""Columns that come from floating point, stored to the sixth digit."""


class Quality(Computed):
    """What evaluations say and customers answer, computed once more."""

    def __init__(self, raw: RawTables, decisions: Decisions) -> None:
        """Compute every mart."""
        self.decisions = decisions
        self.center = oracle.compute(raw, decisions)
        self.as_of = oracle.complete_through(self.center.staged, decisions, "quality")
        surveys = Surveys(self.center, decisions)
        evaluations = Evaluations(self.center, surveys, decisions)
        resolution = Resolution(self.center, decisions)
        self.rows = {
            "fct_qa_evaluations": evaluations.rows,
            "fct_qa_csat_alignment": evaluations.alignment,
            "fct_qa_csat_programs": quality_oracle.programs(evaluations, surveys, decisions),
            "fct_qa_items": quality_oracle.items(evaluations, resolution, decisions),
            "fct_qa_agreement": quality_oracle.agreement(evaluations),
        }

    def metric_values(self) -> dict[MetricKey, MetricValue]:
        """Compute the metrics over these rows."""
        values: dict[MetricKey, MetricValue] = {}
        for mart, group in METRIC_GROUPS.items():
            values.update(oracle.group_values(group, self.rows[mart], self.center, self.decisions))
        return values


METRIC_GROUPS = {
    "fct_qa_evaluations": quality_oracle.EVALUATION_GROUP,
    "fct_qa_csat_alignment": quality_oracle.ALIGNMENT_GROUP,
}
"""Metrics by the mart that they add up."""

PATHS = Paths(
    {
        "fct_qa_evaluations": Mart(QaEvaluation, ("evaluation_id",)),
        "fct_qa_csat_alignment": Mart(QaAlignment, ("contact_id",)),
        "fct_qa_csat_programs": Mart(QaProgram, ("program_id", "month_start_date")),
        "fct_qa_items": Mart(QaItem, ("form_id", "form_version", "item_id")),
        "fct_qa_agreement": Mart(QaAgreement, ("form_id", "form_version", "month_start_date")),
    },
    Quality,
    "+fct_qa_csat_programs +fct_qa_items +fct_qa_agreement",
)

# --- what is drawn -------------------------------------------------------------------------------------------

_ITEMS: tuple[tuple[str, str | None, str | None, str | None, str | None], ...] = (
    ("greets", "1", None, "empathy", None),
    ("asks", "2.5", None, "judgment", None),
    ("explains", "0.333333", None, "adaptability", "false"),
    ("ends", None, None, "empathy", None),
    ("identity", "3", "compliance", None, None),
    ("solution", "6", "customer", "judgment", None),
    ("notes", "0", "business", None, None),
    ("guess", "1", None, None, "true"),
)


def _add_form(center: Center, form_id: str) -> None:
    """List two versions of one form; the second has other weights, and one item less."""
    for version in ("1", "2"):
        for item_id, weight, critical_class, competency, is_guess in _ITEMS:
            if (version, item_id) != ("2", "ends"):
                center["qa_form_items"].append(
                    {
                        "form_id": form_id,
                        "form_version": version,
                        "item_id": item_id,
                        "label": f"{item_id} {version}",
                        "weight": "4" if (version, item_id) == ("2", "asks") else weight,
                        "critical_class": critical_class,
                        "competency": competency,
                        "is_predicted_satisfaction": is_guess,
                    }
                )


@st.composite
def judged_customers(draw: Draw, edges: Edges) -> Center:
    """Draw customers who come back, what they answer, and what evaluators find in their contacts."""
    center: Center = {
        **draw(customers_who_return(edges)),
        "qa_form_items": [],
        "qa_evaluations": [],
        "qa_answers": [],
    }
    # most use one form, some a small one of a few
    form_id = draw(often("form", *(f"form_{number}" for number in range(20)), weight=40))
    _add_form(center, form_id)
    if not center["survey_questions"]:
        center["survey_questions"].append(
            {"question_id": "satisfied", "instrument": "csat", "scale_min": "1", "scale_max": "5"}
        )
    records = [row["contact_id"] for row in center["contacts"]]
    instants = {row["contact_id"]: _instant(row["started_at"]) for row in center["contacts"]}
    # most contacts have somebody who says whether they were satisfied
    for number, contact_id in enumerate(records):
        if draw(often(True, False, weight=2)):
            later = timedelta(seconds=draw(st.sampled_from((3600, 7200, 86400, 14 * 86400))))
            center["survey_answers"].append(
                {
                    "response_id": f"b{number}",
                    "question_id": "satisfied",
                    "contact_id": contact_id,
                    "answered_at": text_of(draw, instants[contact_id] + later),
                    "score": draw(st.sampled_from(("5", "5", "4", "3", "2", "1"))),
                    "theme": draw(st.sampled_from((None, "price", "weather", "weather", "agent"))),
                }
            )
    is_calibrated = draw(often(False, True, weight=2))
    for number in range(draw(st.integers(4, 9))):
        contact_id = draw(often(draw(st.sampled_from(records)), "k99", None, weight=12))
        sampling = draw(st.sampled_from(("random", "random", "random", None, "targeted", "calibration")))
        # calibration is about the same contact
        if sampling == "calibration" or (is_calibrated and number < 3):
            contact_id, sampling = records[0], "calibration"
        at = instants.get(contact_id or "", instants[records[0]])
        submitted = at + timedelta(seconds=draw(st.sampled_from((1800, 7200, 86400, 40 * 86400))))
        _draw_evaluation(draw, center, f"v{number}", contact_id, form_id, sampling, submitted)
    return center


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=None)


def _draw_evaluation(
    draw: Draw,
    center: Center,
    evaluation_id: str,
    contact_id: str | None,
    form_id: str,
    sampling: str | None,
    at: datetime,
) -> None:
    evaluation = {
        "evaluation_id": evaluation_id,
        "contact_id": contact_id,
        "agent_id": draw(st.sampled_from(("a1", "a2", None))),
        "evaluator_id": draw(often("ann", "ben", "cal", None, weight=1)),
        "form_id": draw(often(form_id, None, weight=12)),
        "form_version": draw(st.sampled_from(("1", "1", "1", "2", "2", "3", None))),
        "sampling": sampling,
        "submitted_at": draw(often(text_of(draw, at), None, weight=12)),
        "minutes_spent": draw(st.sampled_from(("12.5", "30", "0", "7.0001", None))),
        "status": draw(often("submitted", None, "draft", "deleted", weight=8)),
        "updated_at": text_of(draw, at),
    }
    center["qa_evaluations"].append(evaluation)
    # a second file of it, older, newer or of the same time
    if draw(often(False, True, weight=5)):
        again = at + timedelta(seconds=draw(st.sampled_from((-1, 0, 1))))
        center["qa_evaluations"].append(
            {
                **evaluation,
                "minutes_spent": draw(st.sampled_from(("15", None))),
                "updated_at": draw(often(text_of(draw, again), None)),
            }
        )
    is_good = draw(st.booleans())
    is_flawless = draw(often(False, True, weight=2))
    for item_id in (*(item[0] for item in _ITEMS), "unheard"):
        if item_id == "unheard" and draw(often(True, False, weight=6)):
            continue
        most = draw(often("1", None, "3", "0", weight=8))
        usual = most or "1"
        points = draw(often(usual, "0", weight=6 if is_good else 1))
        if most != "0":
            points = draw(often(points, "1", "0.5", None, weight=10))
        center["qa_answers"].append(
            {
                "evaluation_id": evaluation_id,
                "item_id": item_id,
                "points": usual if is_flawless else points,
                "max_points": most,
                "is_not_applicable": draw(often(None, "false", "true", weight=6)),
            }
        )


# --- worlds --------------------------------------------------------------------------------------------------

_AS_OF = datetime(2024, 12, 3, 9, 30)

WORLDS: dict[str, tuple[World, Edges]] = {
    "few are enough, at the other end of the world": (
        World(
            "few are enough, at the other end of the world",
            True,
            (),
            lambda _: {
                "minimum_n_publish": 3,
                "qa_importance_minimum_fails": 3,
                "qa_trend_months": 4,
                "qa_pass_score": 0.5,
                "qa_target_score": 0.6,
                "csat_target_rate": 0.5,
                "qa_csat_gap_alarm": 0.3,
                "qa_importance_alpha": 0.4,
                "qa_short_form_share": 0.5,
                "long_wait_seconds": 20,
                "survey_close_days": 2,
                "reporting_timezone": "Australia/Lord_Howe",
                "business_day_start_hour": 4,
            },
            lambda _: {
                "triage_themes": [
                    {"theme": "weather", "triage_reason": "product"},
                    {"theme": "price", "triage_reason": "policy"},
                ]
            },
            has_metrics=False,
        ),
        Edges(_AS_OF, survey_close_days=2),
    ),
}
"""Worlds by name, each with the edges that its centers are drawn for."""


@cache
def built(name: str) -> Built:
    """Draw the centers of a world and build them all at once."""
    world, edges = WORLDS[name]
    seed = 1000 * SEED + 500 + list(WORLDS).index(name)
    centers = strategies.drawn(judged_customers(edges), round(EXAMPLES * world.share), seed)
    folder = Path(tempfile.mkdtemp(prefix="cx_metrics_quality_"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    result = two_paths.build(world, PATHS, two_paths.prefixed(centers), folder)
    counts = {mart: len(list(rows)) for mart, rows in result.computed.rows.items()}
    print(f"seed {SEED}: {len(centers)} centers, {counts}")
    return result
