"""The guide docs/mapping.md: how to map a company's own tables, made from the raw contract alone."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

from cx_metrics.contract import Column, Table, load_contract

_INTRODUCTION = """\
# How to map your own data

<!-- Made by `cxm docs mapping` from models/staging/*/_raw_*.yml: change those files, not this page. -->

This page lists every table of the raw contract and how to fill each column. `cxm contract TABLE` shows the
same in the terminal, and `cxm template DIR` writes an empty file for every table.

## The rules

- **One file or many per table**, named after it: `contacts.csv`, `contacts.2024-01.csv.gz`,
  `contacts_part3.parquet`, or any file in a folder `contacts/`. CSV (`,` `;` tab or `|`, UTF-8, one header
  line), JSON lines (one object per line) and Parquet; the text formats also with `.gz`.
- **Instants** (`*_at`) are UTC timestamps, **days** (`*_on`, `*_date`) are local dates, `period_month` is the
  first of the month. **Money** is in the row's `currency`. **Durations** are never delivered: they follow
  from instants.
- **Column names** count exactly, in any case. An empty CSV field is null. A column that is not required may
  be absent.
- **Columns of your own** pass through under the name `x_<name>` and reach the marts.
- **The same key may be delivered many times**: the newest `updated_at` wins, older deliveries are counted.
- **A required table without a file** is a warning: the metrics that need it are null and say why. Without
  `contacts` nothing is loaded.
- **A bad line or row stops nothing**: it is set aside with the rule that it broke and its original text. A
  file that cannot be right (a required column missing, another kind of file, a column of a type that cannot
  fit) stops the load before anything is written.
"""


def mapping_guide(project: Path) -> str:
    """Write the guide from the raw contract of a project."""
    return render_guide(load_contract(project))


def render_guide(contract: dict[str, Table]) -> str:
    """Return the page as Markdown."""
    parts = [_INTRODUCTION, _overview(contract)]
    for domain, tables in groupby(contract.values(), key=lambda table: table.domain):
        parts.append(f"## {domain.capitalize()}\n")
        parts.extend(_section(table) for table in tables)
    return "\n".join(parts)


def _overview(contract: dict[str, Table]) -> str:
    lines = ["## All tables\n", "| table | domain | needed | key |", "|---|---|---|---|"]
    for table in contract.values():
        key = ", ".join(f"`{part}`" for part in table.key)
        lines.append(f"| [`{table.name}`](#{table.name}) | {table.domain} | {_needed(table)} | {key} |")
    return "\n".join(lines) + "\n"


def _needed(table: Table) -> str:
    if table.written_by_landing:
        return "written by landing"
    return "optional" if table.optional else "required"


def _section(table: Table) -> str:
    facts = [f"**Key** {', '.join(f'`{part}`' for part in table.key)}", f"**needed** {_needed(table)}"]
    if table.newest_by:
        facts.append(f"**newest delivery by** `{table.newest_by}`")
    if table.feed:
        facts.append(f"**feed** `{table.feed}`")
    lines = [
        f"### {table.name}\n",
        f"{table.description}\n",
        f"{' · '.join(facts)}\n",
        "| column | type | required | meaning | unit | how to map |",
        "|---|---|---|---|---|---|",
    ]
    lines += [_row(column) for column in table.columns]
    return "\n".join(lines) + "\n"


def _row(column: Column) -> str:
    meaning = column.description
    if column.accepted_values:
        meaning += f" One of: {', '.join(f'`{value}`' for value in column.accepted_values)}."
    cells = (
        f"`{column.name}`",
        column.data_type,
        "yes" if column.required else "",
        meaning,
        column.unit or "",
        column.mapping or "",
    )
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
