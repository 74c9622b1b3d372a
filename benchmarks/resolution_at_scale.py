"""Build of the resolution and automation models at scale, next to one hand-written script; and one more day.

    python benchmarks/resolution_at_scale.py --contacts 1000000 --contacts 10000000

See at_scale.py for what is done; the script is reference_resolution.sql. Writes results/resolution_at_scale.md.

The script stores what the models store, and leaves to views what they leave to views; what it costs to read each mart once in full
is measured beside it. Seconds on a shared machine only inform: the seconds of the processor are less disturbed.
"""

from __future__ import annotations

from pathlib import Path

from at_scale import CONTACT_DELIVERIES, CONTACT_LISTS, Benchmark, Delivery, main

# the models that are measured; all that they read is the base
MEASURED = (
    "path:models/intermediate/resolution",
    "path:models/intermediate/automation",
    "path:models/marts/resolution",
    "path:models/marts/automation",
    "fct_survey_answers",
    "fct_contact_effort",
    "fct_contact_results",
    "fct_handle_time_bands",
    "fct_handle_time_results",
    "fct_handle_time_alerts",
    "fct_reason_complexity",
)
# read by fct_transfers alone, which neither is measured nor made by the script
NOT_MEASURED = ("int_bot_handoffs",)
# the marts that the script makes too, with their keys
COMPARED = {
    "marts.fct_contact_repeats": ("contact_id",),
    "marts.fct_repeat_contacts": ("contact_id",),
    "marts.fct_first_contact_resolution": ("contact_id", "window_hours"),
    "marts.fct_issues": ("issue_id",),
    "marts.fct_bot_attempts": ("attempt_id",),
    "marts.fct_bot_handoff_uplift": ("handoff_group_id",),
    "marts.fct_survey_answers": ("survey_answer_id",),
    "marts.fct_contact_effort": ("contact_id",),
    "marts.fct_contact_results": ("contact_id",),
    "marts.fct_handle_time_bands": ("queue_id", "reason_code", "channel", "effective_from"),
    "marts.fct_handle_time_results": ("contact_id",),
    "marts.fct_handle_time_alerts": ("queue_id", "week_start_date"),
    "marts.fct_reason_complexity": ("reason_code", "month_start_date"),
}
DELIVERIES = {
    **CONTACT_DELIVERIES,
    "subscriptions": Delivery("updated_at", "started_on"),
    "subscription_events": Delivery("occurred_at"),
    "survey_invitations": Delivery("sent_at"),
    "survey_answers": Delivery("updated_at"),
    "contact_sentiment": Delivery("scored_at"),
}
BENCHMARK = Benchmark(
    title="Resolution at scale",
    file=Path(__file__),
    script="reference_resolution.sql",
    page="resolution_at_scale.md",
    subject="resolution and automation, and those of contacts and experience that follow from them",
    measured=MEASURED,
    not_measured=NOT_MEASURED,
    selected=(),
    compared=COMPARED,
    deliveries=DELIVERIES,
    lists=(*CONTACT_LISTS, "survey_questions"),
    ratio_goal=1.3,
    memory_goal=8,
)

if __name__ == "__main__":
    main(BENCHMARK, __doc__)
