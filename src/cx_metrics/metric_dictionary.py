"""The metric dictionary docs/metrics.md, made from the metric cards that stand in the YAML beside the marts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

_INTRODUCTION = """\
# Metric dictionary

Made from the metric cards in the YAML beside the marts by `cxm docs metrics`; do not edit it here. Each metric is
one row set of `audit.metric_values`, one query of the semantic layer, and one row of `audit.dim_metric`. Sections such
as M05 or B.7 are those of the project's definitions.

- Parts are added up and then divided: rates are never averaged. Every rate carries n and its 95 % Wilson interval.
- A value that is not known is null, with its reason: `no_rows`, `no_denominator`, `below_minimum_n`, `not_known`.
- Anchor `business_date` is the local day of the contact's start in the queue's zone.
"""

_FIELDS = (
    ("Formula", "formula"),
    ("Unit", "unit"),
    ("Grain", "grain"),
    ("Anchor", "anchor"),
    ("Window", "window"),
    ("Left out", "exclusions"),
    ("Decided by", "configuration"),
    ("Owner, approver", None),
    ("Source", "source_section"),
    ("Change", "change_note"),
)


def read_metrics(project: Path) -> Iterator[dict[str, Any]]:
    """Yield the published metrics of the project, those whose meta holds a version, with the mart they stand beside."""
    for path in sorted(project.glob("models/**/*.yml")):
        for metric in (yaml.safe_load(path.read_text("utf-8")) or {}).get("metrics", []):
            if metric.get("config", {}).get("meta", {}).get("version"):
                yield {**metric, "mart": path.stem, "domain": path.parent.name}


def metric_dictionary(project: Path) -> str:
    """Write the dictionary: an overview table, then one card per metric, grouped by mart."""
    metrics = list(read_metrics(project))
    lines = [_INTRODUCTION, "| Metric | Name | Role | Family | Better | Mart |", "|---|---|---|---|---|---|"]
    for metric in metrics:
        meta = metric["config"]["meta"]
        lines.append(
            f"| [{metric['label']}](#{metric['name']}) | `{metric['name']}` | {meta['role']} | {meta['family']} "
            f"| {meta['direction']} | `{metric['mart']}` |"
        )
    for metric in metrics:
        lines += ["", *_card(metric)]
    return "\n".join(lines) + "\n"


def _card(metric: dict[str, Any]) -> Iterator[str]:
    meta = metric["config"]["meta"]
    yield f"## {metric['name']}"
    yield ""
    yield (
        f"**{metric['label']}**, version {meta['version']}, in force from {meta['effective_from']}. "
        f"{metric['description'].strip()}"
    )
    yield ""
    yield "| | |"
    yield "|---|---|"
    for title, field in _FIELDS:
        value = f"{meta['owner']}, {meta['approver']}" if field is None else meta.get(field)
        if isinstance(value, list):
            value = ", ".join(f"`{item}`" for item in value)
        if value:
            yield f"| {title} | {str(value).strip()} |"
