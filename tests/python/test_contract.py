"""The raw contract read from YAML, and what is made from it: lists, templates and the mapping guide."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from cx_metrics.cli import main
from cx_metrics.contract import Column, deliverable, find_project_root, load_contract
from cx_metrics.errors import CxMetricsError
from cx_metrics.mapping_guide import mapping_guide, render_guide
from cx_metrics.pages import check_page, write_page

CONTRACT = load_contract()


def source_file(**table: object) -> str:
    """The YAML of a sources file with one table, made of a small good one and the changes given."""
    good: dict[str, object] = {
        "name": "things",
        "description": "One row  per thing.",
        "config": {"meta": {"optional": True, "key": ["thing_id"]}},
        "columns": [
            {"name": "thing_id", "data_type": "text", "config": {"meta": {"required": True}}},
            {
                "name": "kind",
                "data_type": "text",
                "description": "What it | is.",
                "config": {"meta": {"accepted_values": ["a", True], "unit": "1", "mapping": "From  there."}},
            },
            {"name": "amount", "data_type": "decimal(18, 4)"},
        ],
    }
    return yaml.safe_dump({"version": 2, "sources": [{"name": "raw", "tables": [{**good, **table}]}]})


def project(tmp_path: Path, *files: str) -> Path:
    (tmp_path / "dbt_project.yml").write_text("name: cx_metrics\n")
    for number, text in enumerate(files):
        folder = tmp_path / "models" / "staging" / f"domain{number}"
        folder.mkdir(parents=True)
        (folder / f"_raw_domain{number}.yml").write_text(text)
    return tmp_path


def test_the_contract_of_the_project_holds_every_domain_and_the_book_keeping() -> None:
    assert {"contacts", "agents", "ledger_entries", "feed_watermarks", "landing_rejects"} <= set(CONTRACT)
    assert "landing_rejects" not in deliverable(CONTRACT)
    contacts = CONTRACT["contacts"]
    assert (contacts.domain, contacts.key, contacts.newest_by) == ("contacts", ("contact_id",), "updated_at")
    assert not contacts.optional
    started = contacts.column("started_at")
    assert started is not None
    assert (started.required, started.data_type) == (True, "timestamp")


@pytest.mark.parametrize("table", CONTRACT.values(), ids=lambda table: table.name)
def test_every_table_and_column_says_what_it_means_and_how_to_fill_it(table: object) -> None:
    from cx_metrics.contract import Table

    assert isinstance(table, Table)
    assert table.description
    assert table.columns
    for column in table.columns:
        assert column.description, f"{table.name}.{column.name} has no description"
        assert column.mapping, f"{table.name}.{column.name} does not say how to fill it"
    required = {column.name for column in table.columns if column.required}
    assert set(table.key) <= required, f"{table.name}: a key column is not required"


def test_a_table_is_read_with_all_its_facts(tmp_path: Path) -> None:
    table = load_contract(project(tmp_path, source_file()))["things"]
    assert table.description == "One row per thing."
    assert table.columns[1] == Column(
        "kind", "text", False, "What it | is.", "1", ("a", "True"), "From there."
    )
    assert table.columns[2].data_type == "decimal(18,4)"
    assert (table.feed, table.newest_by, table.written_by_landing) == (None, None, False)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            source_file(columns=[{"name": "thing_id", "data_type": "varchar"}]),
            "models/staging/domain0/_raw_domain0.yml: things: column thing_id: data_type varchar is none of "
            "text, timestamp, date, boolean, integer, double, decimal(p,s)",
        ),
        (
            source_file(config={"meta": {"key": ["id"]}}),
            "models/staging/domain0/_raw_domain0.yml: things: its key or newest_by names id, "
            "which is no column of it",
        ),
        (
            source_file(columns=[{"name": "thing_id", "data_type": "text"}] * 2),
            "models/staging/domain0/_raw_domain0.yml: things: column thing_id is defined twice: keep one",
        ),
        (
            "sources: [{name: raw}]",
            "models/staging/domain0/_raw_domain0.yml: not in the form of a dbt sources file (at 'tables')",
        ),
    ],
)
def test_a_broken_contract_is_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(CxMetricsError) as error:
        load_contract(project(tmp_path, text))
    assert error.value.problems == (message,)


def test_yaml_that_cannot_be_read_is_named_on_one_line(tmp_path: Path) -> None:
    with pytest.raises(CxMetricsError) as error:
        load_contract(project(tmp_path, "sources: [\n"))
    assert error.value.problems[0].startswith(
        "models/staging/domain0/_raw_domain0.yml: cannot be read as YAML: "
    )
    assert "\n" not in error.value.problems[0]


def test_a_table_defined_twice_is_named(tmp_path: Path) -> None:
    with pytest.raises(CxMetricsError, match=r"domain1\.yml: table things is defined twice: keep one"):
        load_contract(project(tmp_path, source_file(), source_file()))


def test_a_project_without_contract_is_named(tmp_path: Path) -> None:
    with pytest.raises(CxMetricsError, match="the raw contract is missing"):
        load_contract(project(tmp_path))


def test_the_project_is_found_by_variable_by_folder_and_by_installation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "project").mkdir()
    elsewhere = project(tmp_path / "project", source_file())
    monkeypatch.delenv("CX_PROJECT_DIR", raising=False)
    inside = elsewhere / "models"
    monkeypatch.chdir(inside)
    assert find_project_root() == elsewhere.resolve()
    monkeypatch.chdir(tmp_path)
    assert (find_project_root() / "dbt_project.yml").is_file()
    monkeypatch.setenv("CX_PROJECT_DIR", str(elsewhere))
    assert find_project_root() == elsewhere.resolve()
    monkeypatch.setenv("CX_PROJECT_DIR", str(tmp_path))
    with pytest.raises(
        CxMetricsError, match=r"which holds no dbt_project\.yml: set it to the project's folder"
    ):
        find_project_root()


def test_contract_lists_the_tables_and_shows_one() -> None:
    listed = CliRunner().invoke(main, ["contract"])
    assert listed.exit_code == 0
    assert "contact_segments" in listed.stdout
    assert "landing_files" not in listed.stdout
    shown = CliRunner().invoke(main, ["contract", "contacts"])
    assert "channel (text, required)" in shown.stdout
    assert "One of: voice, chat" in shown.stdout
    assert "How to fill it: " in shown.stdout


def test_an_unknown_table_is_answered_with_the_nearest() -> None:
    result = CliRunner().invoke(main, ["contract", "contact"])
    assert (result.exit_code, result.stderr) == (
        1,
        "error: the contract has no table contact: did you mean contacts?\n",
    )
    result = CliRunner().invoke(main, ["template", "anywhere", "zzz"])
    assert result.stderr == "error: the contract has no table zzz: cxm contract lists them\n"


def test_template_writes_headers_and_leaves_files_alone(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "input"
    result = CliRunner().invoke(main, ["template", str(folder), "contacts", "agents"])
    assert result.exit_code == 0
    assert sorted(path.name for path in folder.iterdir()) == ["agents.csv", "contacts.csv"]
    header = (folder / "contacts.csv").read_text()
    assert header == ",".join(column.name for column in CONTRACT["contacts"].columns) + "\n"
    (folder / "contacts.csv").write_text("mine")
    again = CliRunner().invoke(main, ["template", str(folder)])
    assert "contacts.csv: is there already, left alone" in again.stdout
    assert (folder / "contacts.csv").read_text() == "mine"
    assert len(list(folder.iterdir())) == len(deliverable(CONTRACT))


def test_template_into_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = CliRunner().invoke(main, ["template", str(tmp_path / "file")])
    assert result.exit_code == 1
    assert result.stderr.endswith("cannot be written (File exists): name another folder\n")


def test_the_mapping_guide_holds_every_column_and_stays_a_table(tmp_path: Path) -> None:
    page = render_guide(CONTRACT)
    for table in CONTRACT.values():
        assert f"### {table.name}\n" in page
        for column in table.columns:
            assert f"| `{column.name}` | {column.data_type} |" in page
    small = render_guide(load_contract(project(tmp_path, source_file())))
    assert "| `kind` | text |  | What it \\| is. One of: `a`, `True`. | 1 | From there. |" in small


def test_the_mapping_guide_is_checked_against_the_contract(tmp_path: Path) -> None:
    root = project(tmp_path, source_file())
    with pytest.raises(CxMetricsError, match="run cxm docs mapping"):
        check_page(root, "mapping", mapping_guide)
    write_page(root, "mapping", mapping_guide)
    check_page(root, "mapping", mapping_guide)
    guide = root / "docs" / "mapping.md"
    guide.write_text(guide.read_text() + "x")
    with pytest.raises(CxMetricsError, match=r"docs/mapping\.md is out of date"):
        check_page(root, "mapping", mapping_guide)


def test_the_mapping_guide_of_the_project_is_up_to_date() -> None:
    result = CliRunner().invoke(main, ["docs", "mapping", "--check"])
    assert (result.exit_code, result.output) == (0, "docs/mapping.md is up to date\n")


def test_help_of_every_command_teaches_with_an_example() -> None:
    for command in (["load"], ["contract"], ["template"], ["docs", "mapping"]):
        result = CliRunner().invoke(main, [*command, "--help"])
        assert "Example" in result.stdout
        assert f"cxm {' '.join(command)}" in result.stdout
