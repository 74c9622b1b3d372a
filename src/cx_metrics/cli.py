"""The command line `cxm`: one small function per command, each importing what it runs only when it runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cx_metrics.simulator.command import simulate_command
from cx_metrics.validation.command import validate_command

if TYPE_CHECKING:
    from cx_metrics.console import Console
    from cx_metrics.landing import LoadResult
    from cx_metrics.pages import Render


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="cx_metrics")
def main() -> None:
    """Metrics of a contact center, from raw tables to numbers that can be traced to rows.

    \b
    A first run:
      cxm contract             which tables to deliver
      cxm template input       an empty CSV file for each of them
      cxm load input           land them in the database
      dbt build                build and test everything

    CX_DATABASE names the DuckDB file (warehouse.duckdb by default).
    """


@main.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="DIR | FILES...")
@click.option("--connector", metavar="NAME", help="Convert FILES of this platform: anonymous_bank.")
@click.option("--append", is_flag=True, help="Add to what is loaded; files that are already in are skipped.")
@click.option("--database", type=click.Path(path_type=Path), help="DuckDB file, instead of CX_DATABASE.")
@click.option("--quiet", is_flag=True, help="Print errors only.")
def load(
    paths: tuple[Path, ...], connector: str | None, append: bool, database: Path | None, quiet: bool
) -> None:
    """Load a folder of raw tables, or a platform's own files, into the raw schema.

    A file belongs to the table that it is named after: contacts.csv, contacts.2024-01.csv.gz,
    contacts_part3.parquet and contacts/part-0.parquet all hold contacts. Read are .csv .tsv .jsonl .ndjson
    .json .parquet, the text formats also with .gz.

    Everything is checked before anything is written, and it is written whole or not at all. A load replaces
    the raw tables; with --append it adds to them. A line that cannot become a row stops nothing: it is kept
    in raw.landing_rejects with its reason.

    \b
    Examples:
      cxm load input
      cxm load --append input/2024-02
      cxm load --connector anonymous_bank january.txt.gz february.txt.gz
    """
    from cx_metrics.console import Console
    from cx_metrics.errors import CxMetricsError
    from cx_metrics.landing import load_connector, load_folder

    console = Console(quiet)
    if connector is not None:
        result = load_connector(connector, paths, database=database, append=append, console=console)
    elif len(paths) > 1:
        raise CxMetricsError(
            "more than one folder given: give one, or name the --connector that reads these files"
        )
    else:
        result = load_folder(paths[0], database=database, append=append, console=console)
    _show(result, console)


def _show(result: LoadResult, console: Console) -> None:
    for note in result.notes:
        console.note(note)
    for skipped in result.skipped:
        console.note(f"skipped {skipped}")
    if result.tables:
        headers = ("table", "files", "rows", "rejected lines", "repaired lines")
        console.table(headers, [(t.table, t.files, t.rows, t.rejected, t.repaired) for t in result.tables])
    else:
        console.say("nothing new to load")
    for rule in result.rules:
        kept = "raw.landing_rejects" if rule.what == "rejected" else "raw.landing_repairs"
        console.say(f"{rule.what} {rule.count:,} x {rule.rule}: {rule.table}, {rule.file} (see {kept})")
    if result.dropped:
        console.note(
            f"dropped from the database, this load has no file for them: {', '.join(result.dropped)}"
        )
    for warning in result.warnings:
        console.warn(warning)


@main.command()
@click.argument("table", required=False)
def contract(table: str | None) -> None:
    """List the tables of the raw contract, or show one with how to fill each column.

    \b
    Examples:
      cxm contract
      cxm contract contacts
    """
    from cx_metrics.console import Console
    from cx_metrics.contract import deliverable, load_contract

    tables = deliverable(load_contract())
    console = Console()
    if table is None:
        rows = [
            (t.name, t.domain, "optional" if t.optional else "required", ", ".join(t.key))
            for t in tables.values()
        ]
        console.table(("table", "domain", "needed", "key"), rows)
        return
    chosen = tables[_known(table, list(tables))]
    console.say(
        f"{chosen.name} ({'optional' if chosen.optional else 'required'}, key {', '.join(chosen.key)})"
    )
    console.say(chosen.description)
    for column in chosen.columns:
        facts = [column.data_type, "required" if column.required else "may be absent"]
        facts += [column.unit] if column.unit else []
        console.say(f"\n{column.name} ({', '.join(facts)})")
        console.say(f"  {column.description}")
        if column.accepted_values:
            console.say(f"  One of: {', '.join(column.accepted_values)}")
        if column.mapping:
            console.say(f"  How to fill it: {column.mapping}")


@main.command()
@click.argument("folder", type=click.Path(path_type=Path), metavar="DIR")
@click.argument("tables", nargs=-1, metavar="[TABLE]...")
def template(folder: Path, tables: tuple[str, ...]) -> None:
    """Write an empty CSV file with its header for every table of the contract, or for those named.

    Files that are there already are left alone.

    \b
    Examples:
      cxm template input
      cxm template input contacts contact_segments customers
    """
    from cx_metrics.contract import deliverable, load_contract
    from cx_metrics.errors import CxMetricsError

    known = deliverable(load_contract())
    chosen = [_known(name, list(known)) for name in tables] or list(known)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        written = 0
        for name in chosen:
            path = folder / f"{name}.csv"
            if path.exists():
                click.echo(f"{path}: is there already, left alone")
                continue
            path.write_text(",".join(column.name for column in known[name].columns) + "\n", encoding="utf-8")
            written += 1
    except OSError as error:
        raise CxMetricsError(
            f"{folder}: cannot be written ({error.strerror}): name another folder"
        ) from error
    click.echo(f"{written} files written to {folder}; cxm contract TABLE tells how to fill them")


def _known(name: str, tables: list[str]) -> str:
    """Return the name if the contract has it, else raise with the nearest one."""
    import difflib

    from cx_metrics.errors import CxMetricsError

    if name in tables:
        return name
    near = difflib.get_close_matches(name.lower(), tables, n=1)
    hint = f"did you mean {near[0]}?" if near else "cxm contract lists them"
    raise CxMetricsError(f"the contract has no table {name}: {hint}")


@main.command()
@click.option("--database", type=click.Path(path_type=Path), help="DuckDB file, instead of CX_DATABASE.")
@click.option(
    "--picture", type=click.Path(path_type=Path), metavar="FILE.svg", help="Also write it as a picture."
)
def headline(database: Path | None, picture: Path | None) -> None:
    """Show the headline metrics of a built warehouse: over all time and in the two newest complete months.

    \b
    Examples:
      cxm headline
      CX_DATABASE=other.duckdb cxm headline --picture headline.svg
    """
    from cx_metrics.headline import print_headlines, read_headlines

    print_headlines(read_headlines(database), picture)


@main.group()
def docs() -> None:
    """Write the pages of docs/ that are made from the project itself."""


_check = click.option("--check", is_flag=True, help="Write nothing; fail when the page is out of date.")


@docs.command()
@_check
def mapping(check: bool) -> None:
    """Write docs/mapping.md, the guide to mapping your own tables, from the raw contract.

    \b
    Examples:
      cxm docs mapping
      cxm docs mapping --check
    """
    from cx_metrics.mapping_guide import mapping_guide

    _make_page("mapping", mapping_guide, check)


@docs.command()
@_check
def metrics(check: bool) -> None:
    """Write docs/metrics.md, the metric dictionary, from the metric cards beside the marts.

    \b
    Examples:
      cxm docs metrics
      cxm docs metrics --check
    """
    from cx_metrics.metric_dictionary import metric_dictionary

    _make_page("metrics", metric_dictionary, check)


def _make_page(page: str, render: Render, check: bool) -> None:
    from cx_metrics.contract import find_project_root
    from cx_metrics.pages import check_page, write_page

    if check:
        click.echo(f"{check_page(find_project_root(), page, render)} is up to date")
    else:
        click.echo(f"written: {write_page(find_project_root(), page, render)}")


main.add_command(simulate_command)
main.add_command(validate_command)
