"""The quality domain once more, in plain Python: scores, critical errors, quality beside the customer, items, agreement of evaluators.

The second path of M22 and M23. Ranks, p values and their adjustment are those of SciPy.
"""

from __future__ import annotations

import itertools
import math
import statistics
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from typing import Any

from experience_oracle import SurveyAnswer, Surveys
from oracle import Center, Decisions, Metric, MetricGroup, Row, six_decimals, to_local
from resolution_oracle import Resolution
from scipy import stats

CLASSES = ("customer", "business", "compliance")
DIMENSIONS = (
    "channel",
    "queue_id",
    "program_id",
    "vendor_id",
    "reason_code",
    "form_id",
    "form_version",
    "team",
)


def cut(part: Fraction | int, whole: Fraction | int) -> Fraction | None:
    """Return a share, cut off at the millionth; None of nothing."""
    if whole == 0:
        return None
    return Fraction(math.floor(Fraction(part) / Fraction(whole) * 10**6), 10**6)


# --- evaluations (M22) ---------------------------------------------------------------------------------------


@dataclass(kw_only=True)
class QaAnswer:
    """One item of an evaluation as int_qa_answers should show it."""

    evaluation_id: str
    item_id: str
    critical_class: str | None
    competency: str | None
    is_predicted_satisfaction: bool
    is_on_form: bool
    weight: Fraction
    is_applicable: bool
    is_missing: bool
    points_share: Fraction | None
    is_passed: bool | None


@dataclass(kw_only=True)
class QaEvaluation:
    """One evaluation as fct_qa_evaluations should show it."""

    evaluation_id: str
    contact_id: str | None
    agent_id: str | None
    evaluator_id: str | None
    form_id: str | None
    form_version: str | None
    sampling: str
    is_sampling_assumed: bool
    submitted_at: datetime | None
    submitted_date: date | None
    contact_date: date | None
    channel: str | None
    queue_id: str | None
    program_id: str | None
    vendor_id: str | None
    reason_code: str | None
    team: str | None
    is_submitted: bool
    is_counted: bool
    not_counted_reason: str | None
    is_shared_contact: bool | None
    is_other_than_last_agent: bool
    minutes_spent: Fraction | None
    applicable_item_count: int
    missing_item_count: int
    unknown_item_count: int
    failed_item_count: int
    score_excl_critical: Fraction | None
    score_null_reason: str | None
    is_customer_critical_pass: bool | None
    is_business_critical_pass: bool | None
    is_compliance_critical_pass: bool | None
    is_critical_pass: bool | None
    score_autofail_zero: Fraction | None
    empathy_score: Fraction | None
    judgment_score: Fraction | None
    adaptability_score: Fraction | None
    is_satisfaction_predicted: bool | None

    @property
    def business_date(self) -> date | None:
        """The day of its metrics."""
        return self.submitted_date


@dataclass(kw_only=True)
class QaAlignment:
    """One contact as fct_qa_csat_alignment should show it."""

    evaluation_id: str
    contact_id: str
    contact_date: date | None
    month_start_date: date | None
    channel: str | None
    queue_id: str | None
    program_id: str | None
    vendor_id: str | None
    reason_code: str | None
    team: str | None
    form_id: str | None
    form_version: str | None
    score_excl_critical: Fraction | None
    is_critical_pass: bool | None
    is_passed: bool | None
    question_id: str
    turned_score: Fraction
    is_satisfied: bool
    is_dissatisfied: bool | None
    is_satisfaction_predicted: bool | None
    alignment: str | None
    is_aligned: bool | None
    is_prediction_right: bool | None
    theme: str | None
    triage_reason: str | None

    @property
    def business_date(self) -> date | None:
        """The day of its metrics."""
        return self.contact_date


class Evaluations:
    """All evaluations of a center, and the contacts that were answered as well."""

    def __init__(self, center: Center, surveys: Surveys, decisions: Decisions) -> None:
        """Judge every evaluation, then put it beside the customer's answer."""
        self.center = center
        self.decisions = decisions
        self.answers: dict[str, list[QaAnswer]] = defaultdict(list)
        by_id = {row["evaluation_id"]: row for row in center.staged["qa_evaluations"]}
        items = {
            (row["form_id"], row["form_version"], row["item_id"]): row
            for row in center.staged["qa_form_items"]
        }
        for row in center.staged["qa_answers"]:
            evaluation = by_id.get(row["evaluation_id"])
            if evaluation is not None:
                item = items.get((evaluation["form_id"], evaluation["form_version"], row["item_id"]))
                self.answers[row["evaluation_id"]].append(_qa_answer(row, item))
        self.rows = [self._evaluation(row) for row in by_id.values()]
        self.alignment = list(self._alignment(surveys))

    def _evaluation(self, row: Row) -> QaEvaluation:
        contact = self.center.contacts.get(self.center.contact_of(row["contact_id"]) or "")
        agent_id = row["agent_id"] or (contact.last_agent_id if contact else None)
        answers = self.answers[row["evaluation_id"]]
        applicable = [one for one in answers if one.is_applicable]
        score = _weighted(
            one for one in applicable if one.critical_class is None and not one.is_predicted_satisfaction
        )
        by_class = {
            name: [one.is_passed is True for one in applicable if one.critical_class == name]
            for name in CLASSES
        }
        passes = {name: all(judged) if judged else None for name, judged in by_class.items()}
        known = [one for one in passes.values() if one is not None]
        critical_pass = all(known) if known else None
        guesses = [
            one.is_passed for one in answers if one.is_predicted_satisfaction and one.is_passed is not None
        ]
        submitted_at: datetime | None = row["submitted_at"]
        sampling = row["sampling"] or "random"
        is_submitted = submitted_at is not None and row["status"] in (None, "submitted")
        reason = None if sampling == "random" else sampling
        return QaEvaluation(
            evaluation_id=row["evaluation_id"],
            contact_id=contact.contact_id if contact else None,
            agent_id=agent_id,
            evaluator_id=row["evaluator_id"],
            form_id=row["form_id"],
            form_version=row["form_version"],
            sampling=sampling,
            is_sampling_assumed=row["sampling"] is None,
            submitted_at=submitted_at,
            submitted_date=to_local(submitted_at, self.decisions.variables["reporting_timezone"]).date()
            if submitted_at
            else None,
            contact_date=contact.business_date if contact else None,
            channel=contact.channel if contact else None,
            queue_id=contact.queue_id if contact else None,
            program_id=contact.program_id if contact else None,
            vendor_id=contact.vendor_id if contact else None,
            reason_code=contact.reason_code if contact else None,
            team=None,
            is_submitted=is_submitted,
            is_counted=is_submitted and sampling == "random",
            not_counted_reason=reason if is_submitted else "not submitted",
            is_shared_contact=contact.agent_segment_count > 1 if contact else None,
            is_other_than_last_agent=contact is not None and agent_id != contact.last_agent_id,
            minutes_spent=None if row["minutes_spent"] is None else Fraction(row["minutes_spent"]),
            applicable_item_count=len(applicable),
            missing_item_count=sum(one.is_missing for one in answers),
            unknown_item_count=sum(not one.is_on_form for one in answers),
            failed_item_count=sum(
                not one.is_passed for one in applicable if not one.is_predicted_satisfaction
            ),
            score_excl_critical=score,
            score_null_reason="no item with a weight applied" if score is None else None,
            is_customer_critical_pass=passes["customer"],
            is_business_critical_pass=passes["business"],
            is_compliance_critical_pass=passes["compliance"],
            is_critical_pass=critical_pass,
            score_autofail_zero=Fraction(0) if critical_pass is False else score,
            empathy_score=_weighted(one for one in applicable if one.competency == "empathy"),
            judgment_score=_weighted(one for one in applicable if one.competency == "judgment"),
            adaptability_score=_weighted(one for one in applicable if one.competency == "adaptability"),
            is_satisfaction_predicted=any(guesses) if guesses else None,
        )

    def _alignment(self, surveys: Surveys) -> Iterable[QaAlignment]:
        evaluations: dict[str, list[QaEvaluation]] = defaultdict(list)
        for one in self.rows:
            if one.is_counted and one.contact_id is not None:
                evaluations[one.contact_id].append(one)
        answers: dict[str, list[SurveyAnswer]] = defaultdict(list)
        for answer in surveys.answers:
            if answer.contact_id is not None and is_satisfaction(answer):
                answers[answer.contact_id].append(answer)
        themes = {row["theme"]: row["triage_reason"] for row in self.decisions.seeds["triage_themes"]}
        for contact_id in evaluations.keys() & answers.keys():
            last = max(evaluations[contact_id], key=lambda one: (one.submitted_at, one.evaluation_id))
            answer = max(
                answers[contact_id],
                key=lambda one: (one.answered_at or datetime.min, f"{one.response_id}:{one.question_id}"),
            )
            yield self._aligned(last, answer, themes)

    def _aligned(self, evaluation: QaEvaluation, answer: SurveyAnswer, themes: dict[str, str]) -> QaAlignment:
        assert evaluation.contact_id is not None
        assert answer.turned_score is not None and answer.is_positive is not None
        score, satisfied = evaluation.score_excl_critical, answer.is_positive
        if evaluation.is_critical_pass is False:
            passed: bool | None = False
        else:
            passed = (
                None if score is None else score >= Fraction(str(self.decisions.variables["qa_pass_score"]))
            )
        names = {
            (True, True): "both good",
            (True, False): "quality good, customer not satisfied",
            (False, True): "quality not good, customer satisfied",
            (False, False): "neither",
        }
        triage = None
        if evaluation.failed_item_count == 0 and score is not None and answer.is_negative:
            waited = self.center.contacts[evaluation.contact_id].queue_seconds
            is_long = waited is not None and waited > self.decisions.variables["long_wait_seconds"]
            triage = themes.get(answer.theme or "") or ("wait" if is_long else "other")
        guess = evaluation.is_satisfaction_predicted
        day = evaluation.contact_date
        return QaAlignment(
            **{name: getattr(evaluation, name) for name in (*DIMENSIONS, "evaluation_id", "contact_date")},
            contact_id=evaluation.contact_id,
            month_start_date=day.replace(day=1) if day else None,
            score_excl_critical=score,
            is_critical_pass=evaluation.is_critical_pass,
            is_passed=passed,
            question_id=answer.question_id,
            turned_score=answer.turned_score,
            is_satisfied=satisfied,
            is_dissatisfied=answer.is_negative,
            is_satisfaction_predicted=guess,
            alignment=None if passed is None else names[passed, satisfied],
            is_aligned=None if passed is None else passed == satisfied,
            is_prediction_right=None if guess is None else guess == satisfied,
            theme=answer.theme,
            triage_reason=triage,
        )


def is_satisfaction(answer: SurveyAnswer) -> bool:
    """Say whether an answer is one about satisfaction with a contact that is good or not."""
    return (
        answer.instrument == "csat"
        and not answer.is_relationship
        and answer.is_valid
        and answer.is_positive is not None
    )


def _qa_answer(row: Row, item: Row | None) -> QaAnswer:
    form: Row = item or {}
    most = Fraction(1) if row["max_points"] is None else Fraction(row["max_points"])
    points = None if row["points"] is None else Fraction(row["points"])
    applies = row["is_not_applicable"] is not True
    is_judged = applies and points is not None and most > 0
    return QaAnswer(
        evaluation_id=row["evaluation_id"],
        item_id=row["item_id"],
        critical_class=form.get("critical_class"),
        competency=form.get("competency"),
        is_predicted_satisfaction=form.get("is_predicted_satisfaction") is True,
        is_on_form=item is not None,
        weight=Fraction(form.get("weight") or 0),
        is_applicable=is_judged,
        is_missing=applies and points is None,
        points_share=cut(points, most) if is_judged and points is not None else None,
        is_passed=points >= most if is_judged and points is not None else None,
    )


def _weighted(answers: Iterable[QaAnswer]) -> Fraction | None:
    """Return the share of points by the weights of the items that apply."""
    listed = list(answers)
    points = sum((six_decimals(one.weight * (one.points_share or 0)) for one in listed), Fraction(0))
    return cut(points, sum((one.weight for one in listed), Fraction(0)))


# --- programmes (M23) ----------------------------------------------------------------------------------------


@dataclass(kw_only=True)
class QaProgram:
    """One programme, or all, and month, or all time, as fct_qa_csat_programs should show it."""

    program_id: str
    month_start_date: date | None
    handled_contact_count: int
    evaluated_contact_count: int
    evaluation_count: int
    answer_count: int
    evaluated_share: Fraction | None
    qa_score: Fraction | None
    csat_rate: Fraction | None
    gap: Fraction | None
    gap_null_reason: str | None
    quadrant: str | None
    is_alarm: bool | None
    contact_count: int
    contact_null_reason: str | None
    aligned_share: Fraction | None
    alignment_kappa: float | None
    rank_correlation: float | None
    predicted_contact_count: int
    right_prediction_share: Fraction | None
    prediction_kappa: float | None
    qa_slope_per_month: float | None
    csat_slope_per_month: float | None
    is_both_high_and_improving: bool | None


def programs(evaluations: Evaluations, surveys: Surveys, decisions: Decisions) -> list[QaProgram]:
    """Put quality and satisfaction of every programme and month side by side."""
    contacts = evaluations.center.contacts
    scored = [
        one
        for one in evaluations.rows
        if one.is_counted and one.score_excl_critical is not None and one.contact_date is not None
    ]
    evaluated = {one.contact_id for one in scored}
    answers = [one for one in surveys.answers if is_satisfaction(one) and one.business_date is not None]
    handled = [
        one
        for one in contacts.values()
        if one.exclusion_reason is None and one.is_handled and one.direction != "internal"
    ]
    both = [one for one in evaluations.alignment if one.score_excl_critical is not None]

    def in_cell(program: str, month: date | None, row: Any, day: date | None) -> bool:
        return program in ("all", row.program_id or "(unknown)") and (
            month is None or (day is not None and day.replace(day=1) == month)
        )

    def scores_and_answers(program: str, month: date | None) -> tuple[list[Fraction], list[bool]]:
        return (
            [
                one.score_excl_critical or Fraction(0)
                for one in scored
                if in_cell(program, month, one, one.contact_date)
            ],
            [one.is_positive is True for one in answers if in_cell(program, month, one, one.business_date)],
        )

    days = [*(one.contact_date for one in scored), *(one.business_date for one in answers)]
    months = sorted({day.replace(day=1) for day in days if day is not None})
    rows = []
    ids = [*(one.program_id for one in scored), *(one.program_id for one in answers)]
    for name in sorted({"all", *(one or "(unknown)" for one in ids)}):
        by_month = {month: scores_and_answers(name, month) for month in months}
        for month in (None, *months):
            scores, said = scores_and_answers(name, month)
            if not scores and not said:
                continue
            ours = [one for one in handled if in_cell(name, month, one, one.business_date)]
            pairs = [one for one in both if in_cell(name, month, one, one.contact_date)]
            coverage = sum(one.contact_id in evaluated for one in ours), len(ours)
            row = _program(name, month, scores, said, coverage, pairs, decisions)
            if month is None:
                _add_trends(row, by_month, decisions)
            rows.append(row)
    return rows


def _program(
    program: str,
    month: date | None,
    scores: Sequence[Fraction],
    said: Sequence[bool],
    coverage: tuple[int, int],
    pairs: Sequence[QaAlignment],
    decisions: Decisions,
) -> QaProgram:
    variables = decisions.variables
    least = variables["minimum_n_publish"]
    target, csat_target, alarm = (
        Fraction(str(variables[name]))
        for name in ("qa_target_score", "csat_target_rate", "qa_csat_gap_alarm")
    )
    gap_reason = None
    if len(scores) < least:
        gap_reason = "too few evaluations"
    elif len(said) < least:
        gap_reason = "too few answers"
    score, rate, quadrant, is_alarm = None, None, None, None
    if gap_reason is None:
        score, rate = cut(sum(scores, Fraction(0)), len(scores)), cut(sum(said), len(said))
        assert score is not None and rate is not None
        quadrant = {
            (True, True): "both high",
            (True, False): "quality high, satisfaction low",
            (False, True): "quality low, satisfaction high",
            (False, False): "both low",
        }[score >= target, rate >= csat_target]
        is_alarm = quadrant == "quality high, satisfaction low" or score - rate > alarm
    passes = [(one.is_passed, one.is_satisfied) for one in pairs if one.is_passed is not None]
    guesses = [
        (one.is_satisfaction_predicted, one.is_satisfied)
        for one in pairs
        if one.is_satisfaction_predicted is not None
    ]
    is_enough = len(pairs) >= least
    return QaProgram(
        program_id=program,
        month_start_date=month,
        handled_contact_count=coverage[1],
        evaluated_contact_count=coverage[0],
        evaluation_count=len(scores),
        answer_count=len(said),
        evaluated_share=cut(*coverage),
        qa_score=score,
        csat_rate=rate,
        gap=score - rate if score is not None and rate is not None else None,
        gap_null_reason=gap_reason,
        quadrant=quadrant,
        is_alarm=is_alarm,
        contact_count=len(pairs),
        contact_null_reason=None if is_enough else "too few contacts with both",
        aligned_share=cut(sum(a == b for a, b in passes), len(passes)) if is_enough else None,
        alignment_kappa=cohens_kappa(passes) if is_enough else None,
        rank_correlation=_spearman(pairs) if is_enough else None,
        predicted_contact_count=len(guesses),
        right_prediction_share=cut(sum(a == b for a, b in guesses), len(guesses)) if is_enough else None,
        prediction_kappa=cohens_kappa(guesses) if is_enough else None,
        qa_slope_per_month=None,
        csat_slope_per_month=None,
        is_both_high_and_improving=None,
    )


def _add_trends(
    whole: QaProgram, months: dict[date, tuple[list[Fraction], list[bool]]], decisions: Decisions
) -> None:
    """Add the slopes of all time, each over the months that have enough of their own."""
    lows = []
    for number, column in enumerate(("qa_slope_per_month", "csat_slope_per_month")):
        points = []
        for month, found in months.items():
            values = [Fraction(value) for value in found[number]]
            value = cut(sum(values, Fraction(0)), len(values))
            if value is not None and len(values) >= decisions.variables["minimum_n_publish"]:
                points.append((12 * month.year + month.month, value))
        if len(points) >= decisions.variables["qa_trend_months"]:
            slope, low, _high = theil_sen(points, decisions.variables["wilson_z"])
            setattr(whole, column, slope)
            lows.append(low)
    if len(lows) == 2 and whole.gap_null_reason is None:
        # an end is stored to the sixth digit
        whole.is_both_high_and_improving = whole.quadrant == "both high" and min(lows) > 5e-7


def cohens_kappa(pairs: Sequence[tuple[bool | None, bool | None]]) -> float | None:
    """Return agreement beyond chance of two judgments, None where chance explains everything."""
    if not pairs:
        return None
    number = len(pairs)
    agreed = Fraction(sum(one == other for one, other in pairs), number)
    first = Fraction(sum(one is True for one, _ in pairs), number)
    second = Fraction(sum(other is True for _, other in pairs), number)
    chance = first * second + (1 - first) * (1 - second)
    return None if chance == 1 else float((agreed - chance) / (1 - chance))


def _spearman(pairs: Sequence[QaAlignment]) -> float | None:
    scores = [float(one.score_excl_critical or 0) for one in pairs]
    answers = [float(one.turned_score) for one in pairs]
    if len(set(scores)) == 1 or len(set(answers)) == 1:
        return None
    return float(stats.spearmanr(scores, answers).statistic)


def theil_sen(points: Sequence[tuple[int, Fraction]], z: float) -> tuple[float, float, float]:
    """Return the median slope of all pairs of months, and the ends of the interval around it (Sen)."""
    slopes = sorted(
        float(later - earlier) / (month - before)
        for (before, earlier), (month, later) in itertools.combinations(sorted(points), 2)
    )
    number = len(points)
    width = z * math.sqrt(number * (number - 1) * (2 * number + 5) / 18)
    low = max(round((len(slopes) - width) / 2) - 1, 0)
    high = min(round((len(slopes) + width) / 2), len(slopes) - 1)
    return statistics.median(slopes), slopes[low], slopes[high]


# --- items (M23) ---------------------------------------------------------------------------------------------


@dataclass(kw_only=True)
class QaItem:
    """One item of one form and version, or all versions, as fct_qa_items should show it."""

    form_id: str
    form_version: str | None
    item_id: str
    judged_count: int
    failed_count: int
    satisfied_known_passed_count: int = 0
    satisfied_known_failed_count: int = 0
    satisfied_share_of_passed: Fraction | None = None
    satisfied_share_of_failed: Fraction | None = None
    satisfied_difference: float | None = None
    satisfied_standard_error: float | None = None
    satisfied_p_value: float | None = None
    satisfied_adjusted_p_value: float | None = None
    satisfied_explained_share: float | None = None
    is_important_for_satisfied: bool | None = None
    resolved_known_passed_count: int = 0
    resolved_known_failed_count: int = 0
    resolved_share_of_passed: Fraction | None = None
    resolved_share_of_failed: Fraction | None = None
    resolved_difference: float | None = None
    resolved_standard_error: float | None = None
    resolved_p_value: float | None = None
    resolved_adjusted_p_value: float | None = None
    resolved_explained_share: float | None = None
    is_important_for_resolved: bool | None = None
    is_in_short_form: bool | None = None
    importance_null_reason: str | None = None


SETTLED = ("resolved", "repeated", "follow_up_needed", "escalated", "transferred")


def items(evaluations: Evaluations, resolution: Resolution, decisions: Decisions) -> list[QaItem]:
    """Compare what customers say, and whether they come back, after passes and after fails of every item."""
    satisfied = {one.evaluation_id: one.is_satisfied for one in evaluations.alignment}
    by_contact = {
        one.contact_id: one.outcome == "resolved"
        for one in resolution.first_contacts
        if one.is_headline and one.is_mature and one.is_eligible and one.outcome in SETTLED
    }
    judged: dict[tuple[str, str | None, str], list[tuple[bool, bool | None, bool | None]]] = defaultdict(list)
    for evaluation in evaluations.rows:
        if not evaluation.is_counted or evaluation.form_id is None:
            continue
        for answer in evaluations.answers[evaluation.evaluation_id]:
            if answer.is_applicable and answer.is_on_form and not answer.is_predicted_satisfaction:
                result = (
                    answer.is_passed is True,
                    satisfied.get(evaluation.evaluation_id),
                    by_contact.get(evaluation.contact_id or ""),
                )
                for version in (evaluation.form_version, "all"):
                    judged[evaluation.form_id, version, answer.item_id].append(result)
    forms: dict[tuple[str, str | None], list[QaItem]] = defaultdict(list)
    for (form_id, form_version, item_id), results in judged.items():
        forms[form_id, form_version].append(
            QaItem(
                form_id=form_id,
                form_version=form_version,
                item_id=item_id,
                judged_count=len(results),
                failed_count=sum(not passed for passed, *_ in results),
            )
        )
    for form in forms.values():
        form.sort(key=lambda item: item.item_id)
        for number, outcome in enumerate(("satisfied", "resolved"), start=1):
            found = {
                item.item_id: [
                    (result[0], result[number] is True)
                    for result in judged[item.form_id, item.form_version, item.item_id]
                    if result[number] is not None
                ]
                for item in form
            }
            _judge_together(form, outcome, found, decisions)
        _shorten(form, decisions)
    return [item for form in forms.values() for item in form]


def _judge_together(
    form: Sequence[QaItem], outcome: str, found: dict[str, list[tuple[bool, bool]]], decisions: Decisions
) -> None:
    """Test all items of a form on one outcome, and adjust what chance gives for how many there are."""
    least = decisions.variables["qa_importance_minimum_fails"]
    tested: list[QaItem] = []
    for item in form:
        passed = [has for was_passed, has in found[item.item_id] if was_passed]
        failed = [has for was_passed, has in found[item.item_id] if not was_passed]
        setattr(item, f"{outcome}_known_passed_count", len(passed))
        setattr(item, f"{outcome}_known_failed_count", len(failed))
        setattr(item, f"{outcome}_share_of_passed", cut(sum(passed), len(passed)))
        setattr(item, f"{outcome}_share_of_failed", cut(sum(failed), len(failed)))
        if len(passed) < least or len(failed) < least:
            continue
        good, bad = sum(passed) / len(passed), sum(failed) / len(failed)
        together = [*passed, *failed]
        share = sum(together) / len(together)
        spread = math.sqrt(share * (1 - share) * (1 / len(passed) + 1 / len(failed)))
        z = (good - bad) / spread if 0 < share < 1 else 0.0
        # the phi of a table of two by two is its correlation
        explained = z * z / len(together)
        error = math.sqrt(good * (1 - good) / len(passed) + bad * (1 - bad) / len(failed))
        setattr(item, f"{outcome}_difference", good - bad)
        setattr(item, f"{outcome}_standard_error", error)
        setattr(item, f"{outcome}_p_value", round(float(2 * stats.norm.sf(abs(z))), 6))
        setattr(item, f"{outcome}_explained_share", explained)
        tested.append(item)
    if tested:
        p_values = [getattr(item, f"{outcome}_p_value") for item in tested]
        for item, adjusted in zip(tested, stats.false_discovery_control(p_values), strict=True):
            setattr(item, f"{outcome}_adjusted_p_value", float(adjusted))
            is_sure = round(float(adjusted), 6) <= decisions.variables["qa_importance_alpha"]
            important = is_sure and getattr(item, f"{outcome}_difference") > 0
            setattr(item, f"is_important_for_{outcome}", important)


def _shorten(form: Sequence[QaItem], decisions: Decisions) -> None:
    """Keep the most telling important items until they explain their share of what all of these do."""
    least = decisions.variables["qa_importance_minimum_fails"]
    important = [item for item in form if item.is_important_for_satisfied]
    important.sort(key=lambda item: (-round(item.satisfied_explained_share or 0, 6), item.item_id))
    goal = decisions.variables["qa_short_form_share"] * sum(
        round(item.satisfied_explained_share or 0, 6) for item in important
    )
    before = 0.0
    kept = set()
    for item in important:
        if before < goal - 1e-9:
            kept.add(item.item_id)
        before += round(item.satisfied_explained_share or 0, 6)
    for item in form:
        if item.satisfied_difference is not None:
            item.is_in_short_form = item.item_id in kept
        elif item.satisfied_known_failed_count < least:
            item.importance_null_reason = "too few fails with an answer"
        else:
            item.importance_null_reason = "too few passes with an answer"


# --- agreement of evaluators (M22) ---------------------------------------------------------------------------


@dataclass(kw_only=True)
class QaAgreement:
    """One form, version and month of calibration as fct_qa_agreement should show it."""

    form_id: str | None
    form_version: str | None
    month_start_date: date
    contact_count: int
    item_count: int
    pair_count: int
    agreed_pair_count: int
    agreed_share: Fraction | None
    agreement_kappa: float | None
    kappa_null_reason: str | None


def agreement(evaluations: Evaluations) -> list[QaAgreement]:
    """Compare every two evaluators of one contact, item by item."""
    calibrations = [
        one
        for one in evaluations.rows
        if one.sampling == "calibration" and one.is_submitted and one.contact_id and one.evaluator_id
    ]
    # later judgments of the same evaluator replace earlier ones
    calibrations.sort(key=lambda one: (one.submitted_at, one.evaluation_id))
    judged: dict[tuple[Any, ...], dict[str, tuple[bool, date]]] = defaultdict(dict)
    for one in calibrations:
        for answer in evaluations.answers[one.evaluation_id]:
            if answer.is_applicable and not answer.is_predicted_satisfaction:
                assert one.evaluator_id is not None and one.submitted_date is not None
                key = one.form_id, one.form_version, one.contact_id, answer.item_id
                judged[key][one.evaluator_id] = answer.is_passed is True, one.submitted_date
    cells: dict[tuple[Any, ...], list[tuple[str, list[bool]]]] = defaultdict(list)
    for (form_id, form_version, contact_id, _item), by_evaluator in judged.items():
        if len(by_evaluator) > 1:
            month = max(day for _, day in by_evaluator.values()).replace(day=1)
            passes = [passed for passed, _ in by_evaluator.values()]
            cells[form_id, form_version, month].append((contact_id, passes))
    rows = []
    for (form_id, form_version, month), found in cells.items():
        pairs = [pair for _, passes in found for pair in itertools.combinations(passes, 2)]
        agreed = sum(one == other for one, other in pairs)
        pool = [passed for pair in pairs for passed in pair]
        share = Fraction(sum(pool), len(pool))
        chance = share**2 + (1 - share) ** 2
        rows.append(
            QaAgreement(
                form_id=form_id,
                form_version=form_version,
                month_start_date=month,
                contact_count=len({contact_id for contact_id, _ in found}),
                item_count=len(found),
                pair_count=len(pairs),
                agreed_pair_count=agreed,
                agreed_share=cut(agreed, len(pairs)),
                agreement_kappa=None
                if chance == 1
                else float((Fraction(agreed, len(pairs)) - chance) / (1 - chance)),
                kappa_null_reason="all judgments are alike" if chance == 1 else None,
            )
        )
    return rows


# --- metrics -------------------------------------------------------------------------------------------------


def _passes(column: str) -> Metric:
    return Metric(
        lambda r: r.is_counted and getattr(r, column) is True,
        lambda r: r.is_counted and getattr(r, column) is not None,
        is_proportion=True,
    )


def _mean(column: str, counts: Callable[[QaEvaluation], bool] = lambda _: True) -> Metric:
    def is_scored(row: QaEvaluation) -> bool:
        return row.is_counted and counts(row) and getattr(row, column) is not None

    return Metric(lambda r: getattr(r, column) if is_scored(r) else 0, is_scored)


def _is_timed(row: QaEvaluation) -> bool:
    return row.is_submitted and row.minutes_spent is not None and row.minutes_spent > 0


_CLOSING_HOURS = 336

EVALUATION_GROUP = MetricGroup(
    {
        "qa_score": _mean("score_excl_critical"),
        "qa_score_autofail": _mean("score_autofail_zero", lambda r: r.score_excl_critical is not None),
        "qa_critical_accuracy": _passes("is_critical_pass"),
        **{f"qa_{name}_critical_accuracy": _passes(f"is_{name}_critical_pass") for name in CLASSES},
        **{f"qa_{name}_score": _mean(f"{name}_score") for name in ("empathy", "judgment", "adaptability")},
        "audits_per_auditor_hour": Metric(
            lambda r: 60 if _is_timed(r) else 0, lambda r: r.minutes_spent if _is_timed(r) else 0
        ),
    },
    DIMENSIONS,
    "quality",
)

ALIGNMENT_GROUP = MetricGroup(
    {
        "qa_csat_gap": Metric(
            lambda r: 0 if r.score_excl_critical is None else r.score_excl_critical - int(r.is_satisfied),
            lambda r: r.score_excl_critical is not None,
            window_hours=_CLOSING_HOURS,
        ),
        "qa_csat_agreement_rate": Metric(
            lambda r: r.is_aligned is True,
            lambda r: r.is_aligned is not None,
            is_proportion=True,
            window_hours=_CLOSING_HOURS,
        ),
        "qa_prediction_accuracy": Metric(
            lambda r: r.is_prediction_right is True,
            lambda r: r.is_prediction_right is not None,
            is_proportion=True,
            window_hours=_CLOSING_HOURS,
        ),
    },
    DIMENSIONS,
    "quality",
)
