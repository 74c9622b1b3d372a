"""Domains that start from the finished contact, on ten million contacts: what their models take of a full build.

    python benchmarks/domains_at_scale.py experience --contacts 10000000
    python benchmarks/domains_at_scale.py value --contacts 10000000

Simulates a center of a million contacts a year, for as many years as the contacts need. Each evaluation is copied to further
evaluators until one contact in fifty has one, so that ten million contacts have 200,000 evaluations beside more than a million and a
half survey answers. Builds everything once and sets the models of the domains beside all. Writes results/experience_at_scale.md or
results/value_at_scale.md.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from pathlib import Path
from typing import NamedTuple

import duckdb
from at_scale import days_of
from measuring import (
    PROJECT,
    RESULTS,
    Run,
    dbt_command,
    load_command,
    machine,
    measure,
    models_of,
    no_core_dumps,
    total,
    warehouse_environment,
)

CONTACTS_PER_EVALUATION = 50


class Group(NamedTuple):
    """Domains that are measured together, and relations whose rows say how much there was to do."""

    title: str
    domains: tuple[str, ...]
    counted: tuple[str, ...]


GROUPS = {
    "experience": Group(
        "Surveys, sentiment, quality and workforce",
        ("experience", "quality", "workforce"),
        (
            "marts.fct_contacts",
            "marts.fct_survey_answers",
            "marts.fct_contact_sentiment",
            "marts.fct_qa_evaluations",
            "marts.fct_qa_csat_alignment",
            "marts.fct_agent_days",
            "intermediate.int_warning_observations",
        ),
    ),
    "value": Group(
        "Saves, retention, revenue and value",
        ("retention", "value"),
        (
            "marts.fct_contacts",
            "marts.dim_customer",
            "staging.stg_subscription_events",
            "intermediate.int_transaction_amounts",
            "marts.fct_save_episodes",
            "marts.fct_customer_months",
            "marts.fct_customer_value",
            "marts.fct_revenue_influence",
            "intermediate.int_comparison_units",
            "intermediate.int_comparison_outcomes",
        ),
    ),
}


def build(folder: Path, contacts: int) -> Run:
    """Simulate, unless the folder has the center already, load and build everything."""
    from cx_metrics.simulator import simulate

    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "center").exists():
        simulate(folder / "center", contacts=contacts, days=days_of(contacts))
    (folder / "warehouse.duckdb").unlink(missing_ok=True)
    environment = warehouse_environment(folder)
    measure("load", load_command(folder / "center"), environment)
    copy_evaluations(folder)
    measure("seeds", dbt_command(folder, "seed"), environment)
    return measure("all models", dbt_command(folder, "run"), environment)


def copy_evaluations(folder: Path) -> None:
    """Copy evaluations to further evaluators until there are enough of them."""
    with duckdb.connect(str(folder / "warehouse.duckdb")) as connection:
        row = connection.execute(
            "select (select count(*) from raw.contacts), (select count(*) from raw.qa_evaluations)"
        ).fetchone()
        assert row is not None
        contacts, evaluations = row
        copies = contacts // CONTACTS_PER_EVALUATION // max(evaluations, 1)
        for table, changed in (
            (
                "qa_evaluations",
                "evaluation_id || '-' || copy as evaluation_id, evaluator_id || '-' || copy as evaluator_id",
            ),
            ("qa_answers", "evaluation_id || '-' || copy as evaluation_id"),
        ):
            connection.execute(
                f"insert into raw.{table} by name select * exclude (copy) replace ({changed}) "
                f"from raw.{table} cross join range(1, {copies + 1}) as copies(copy)"
            )


def report(name: str, asked: int, folder: Path, run: Run) -> str:
    """Return the page of a group."""
    group = GROUPS[name]
    with duckdb.connect(str(folder / "warehouse.duckdb"), read_only=True) as connection:
        counts = {}
        for relation in group.counted:
            row = connection.execute(f"select count(*) from {relation}").fetchone()
            counts[relation] = row[0] if row else 0
    every_model = models_of(folder, run)
    own = {path.stem for domain in group.domains for path in PROJECT.glob(f"models/*/{domain}/*.sql")}
    models = {stem: model for stem, model in every_model.items() if stem in own}
    measured, everything = total(models.values()), total(every_model.values())
    slowest = sorted(models, key=lambda stem: -models[stem].processor_seconds)[:15]
    return "\n".join(
        (
            f"# {group.title} at scale",
            "",
            f"`python benchmarks/domains_at_scale.py {name} --contacts {asked}`, on {machine()}.",
            "",
            f"{len(models)} models of staging, intermediate and marts of these domains, of {len(every_model)} in a full build:",
            f"{measured.seconds:,.0f} seconds and {measured.processor_seconds:,.0f} of processor, "
            f"{100 * measured.processor_seconds / everything.processor_seconds:.0f} % of all. "
            f"Peak memory of the build {run.peak_gib:.1f} GiB.",
            "The machine was shared; seconds inform.",
            "",
            "| rows | |",
            "|---|---:|",
            *(f"| `{relation}` | {count:,} |" for relation, count in counts.items()),
            "",
            "| model, fifteen slowest | seconds | processor |",
            "|---|---:|---:|",
            *(
                f"| `{stem}` | {models[stem].seconds:,.1f} | {models[stem].processor_seconds:,.1f} |"
                for stem in slowest
            ),
            "",
        )
    )


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("group", choices=GROUPS, help="domains to measure")
    parser.add_argument("--contacts", type=int, default=1_000_000, help="contacts of the center")
    parser.add_argument("--folder", type=Path, help="keep files here and use those that are there already")
    arguments = parser.parse_args()
    no_core_dumps()
    folder = arguments.folder or Path(tempfile.mkdtemp(prefix="cx_metrics_"))
    page = report(arguments.group, arguments.contacts, folder, build(folder, arguments.contacts))
    print(page)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{arguments.group}_at_scale.md").write_text(page, "utf-8")
    if arguments.folder is None:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
