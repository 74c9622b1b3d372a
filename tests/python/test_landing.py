"""Landing: every good file lands, every bad one is named on one line, and every line is counted "
"exactly once."""

from __future__ import annotations

import gzip
import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cx_metrics.cli import main
from cx_metrics.console import Console, no_progress
from cx_metrics.contract import deliverable, load_contract
from cx_metrics.errors import CxMetricsError
from cx_metrics.landing import csv_files, load, load_folder
from cx_metrics.landing.database import (
    Database,
    InterruptedLoadError,
    explain,
    run_interruptibly,
    unchanged_on_error,
)
from cx_metrics.landing.files import SourceFile, looks_like, scan_file, table_of
from cx_metrics.landing.spool import LineNotes, Spool

CONTRACT = load_contract()
TABLES = list(deliverable(CONTRACT))
HEADER = "contact_id,channel,direction,started_at,updated_at"
ROW = "c1,voice,inbound,2024-01-02 03:04:05,2024-01-02 03:05:00"
ROW2 = "c2,chat,inbound,2024-01-03 03:04:05,2024-01-03 03:05:00"
CONTACTS = f"{HEADER}\n{ROW}\n{ROW2}\n"
AGENTS = "agent_id,effective_from\na1,2024-01-01\n"

Files = Mapping[str, str | bytes]


def as_bytes(content: str | bytes) -> bytes:
    return content.encode() if isinstance(content, str) else content


class Landing:
    """A folder of input and a database, with short ways to use them."""

    def __init__(self, root: Path) -> None:
        self.root, self.database = root, root / "warehouse.duckdb"
        self.runs = 0

    def write(self, files: Files) -> Path:
        self.runs += 1
        folder = self.root / f"input{self.runs}"
        for name, content in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(as_bytes(content))
        return folder

    def run(self, *args: str) -> Result:
        return CliRunner().invoke(main, ["load", "--database", str(self.database), *args])

    def load(self, files: Files, *args: str) -> Result:
        result = self.run(str(self.write(files)), *args)
        assert result.exit_code == 0, result.output
        return result

    def errors(self, files: Files, *args: str) -> list[str]:
        before = self.database.read_bytes() if self.database.exists() else None
        result = self.run(str(self.write(files)), *args)
        assert result.exit_code == 1, result.output
        after = self.database.read_bytes() if self.database.exists() else None
        assert before == after, "a failed load changed the database"
        assert result.stdout == ""
        return result.stderr.splitlines()

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.database), read_only=True) as connection:
            return connection.execute(sql).fetchall()

    def types(self, table: str) -> dict[str, str]:
        return {row[0]: row[1] for row in self.query(f"describe raw.{table}")}


@pytest.fixture
def landing(tmp_path: Path) -> Landing:
    return Landing(tmp_path)


def parquet(columns: Mapping[str, Any]) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(pa.table(dict(columns)), buffer)
    return buffer.getvalue()


def contacts_parquet(**columns: Any) -> bytes:
    rows = len(next(iter(columns.values()))) if columns else 1
    good = {
        "contact_id": pa.array([f"c{i}" for i in range(rows)]),
        "channel": pa.array(["voice"] * rows),
        "direction": pa.array(["inbound"] * rows),
        "started_at": pa.array([datetime(2024, 1, 2, 3, 4, 5)] * rows),
        "updated_at": pa.array([datetime(2024, 1, 2, 3, 5)] * rows),
    }
    return parquet({**good, **columns})


# Files and their tables


@pytest.mark.parametrize(
    ("stem", "table"),
    [
        ("contacts", "contacts"),
        ("Contacts", "contacts"),
        ("contacts.2024-01", "contacts"),
        ("contacts_part3", "contacts"),
        ("contacts2024", "contacts"),
        ("contacts (1)", "contacts"),
        ("contact_segments_1", "contact_segments"),
        ("agent_pay_rates", "agent_pay_rates"),
        ("agent_pay_rates-2", "agent_pay_rates"),
        ("agent_pay-2", "agent_pay"),
        ("agent_pay_rate", None),
        ("agent_payments", None),
        ("contactsold", None),
        ("contact", None),
        ("old_contacts", None),
    ],
)
def test_the_table_of_a_file_name(stem: str, table: str | None) -> None:
    assert table_of(stem, TABLES) == table


RECORD = dict(zip(HEADER.split(","), ROW.split(","), strict=True))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("contacts.csv", f"{HEADER}\n{ROW}\n"),
        ("contacts.csv", f"{HEADER}\n{ROW}"),
        ("contacts.csv", f"\ufeff{HEADER}\r\n{ROW}\r\n"),
        ("contacts.csv", f"{HEADER}\r{ROW}\r"),
        ("contacts.csv", f"\n\n{HEADER}\n\n{ROW}\n\n"),
        ("contacts.csv", f"{HEADER}\r\n{ROW}\n\r\n"),
        ("contacts.csv", f" {HEADER.upper().replace(',', ' , ')}\n{ROW}\n"),
        ("contacts.csv", f"{HEADER}\n".replace(",", ";") + f"{ROW}\n".replace(",", ";")),
        ("contacts.csv", f"{HEADER}\n".replace(",", "|") + f"{ROW}\n".replace(",", "|")),
        ("contacts.tsv", f"{HEADER}\n".replace(",", "\t") + f"{ROW}\n".replace(",", "\t")),
        ("contacts.csv", '"' + HEADER.replace(",", '","') + '"\n"' + ROW.replace(",", '", "') + '"\n'),
        ("CONTACTS.CSV", f"{HEADER}\n{ROW}\n"),
        ("contacts [1]*?.csv", f"{HEADER}\n{ROW}\n"),
        ("contacts.csv.gz", gzip.compress(f"{HEADER}\n{ROW}\n".encode())),
        ("contacts.csv.gz", gzip.compress(f"{HEADER}\n".encode()) + gzip.compress(f"{ROW}\n".encode())),
        ("contacts.jsonl", json.dumps(RECORD) + "\n"),
        ("contacts.ndjson", "\ufeff\n" + json.dumps(RECORD) + "\r\n\n"),
        ("contacts.json", json.dumps(RECORD)),
        ("contacts.jsonl.gz", gzip.compress(json.dumps(RECORD).encode())),
        ("contacts.parquet", parquet({name: pa.array([value]) for name, value in RECORD.items()})),
        ("contacts/part-0.csv", f"{HEADER}\n{ROW}\n"),
        ("export/contacts/month=2024-01/0.parquet", parquet({k: pa.array([v]) for k, v in RECORD.items()})),
        ("2024/contacts.csv", f"{HEADER}\n{ROW}\n"),
    ],
)
def test_the_same_row_lands_from_every_form(landing: Landing, name: str, content: str | bytes) -> None:
    landing.load({name: content})
    assert landing.query("select * from raw.contacts") == [(*ROW.split(","), 1)]
    assert list(landing.types("contacts").values()) == ["VARCHAR"] * 5 + ["BIGINT"]
    files = landing.query(
        "select table_name, file_name, mode, row_count, reject_count from raw.landing_files"
    )
    assert files == [("contacts", name, "replace", 1, 0)]


def test_texts_stay_as_written_and_empty_fields_are_null(landing: Landing) -> None:
    fields = 'c1," two\nlines ""quoted"", é ",  , NULL ,""'
    clean = 'c1," two\nlines ""quoted"", é ","  "," NULL ",'
    expected = ("c1", ' two\nlines "quoted", é ', "  ", " NULL ", None)
    for load_number, text in enumerate((fields, clean), start=1):
        landing.load({"contacts.csv": f"{HEADER}\n{text}\n"})
        assert landing.query("select * from raw.contacts") == [(*expected, load_number)]


def test_many_files_of_a_table_are_joined_by_name(landing: Landing) -> None:
    extra = "c3,voice,inbound,2024-01-02,2024-01-02,red"
    landing.load(
        {
            "contacts.1.csv": CONTACTS,
            "contacts.2.csv": f"{HEADER},Team Colour\n{extra}\n",
            "contacts.3.jsonl": json.dumps({**RECORD, "contact_id": "c4", "customer_id": "u1"}),
            "contacts.4.parquet": contacts_parquet(),
        }
    )
    rows = landing.query(
        "select contact_id, customer_id, x_team_colour, started_at from raw.contacts order by 1"
    )
    assert rows == [
        ("c0", None, None, "2024-01-02 03:04:05"),
        ("c1", None, None, "2024-01-02 03:04:05"),
        ("c2", None, None, "2024-01-03 03:04:05"),
        ("c3", None, "red", "2024-01-02"),
        ("c4", "u1", None, "2024-01-02 03:04:05"),
    ]
    assert landing.types("contacts")["started_at"] == "VARCHAR"


def test_readme_hidden_files_and_the_truth_are_left_out(landing: Landing) -> None:
    result = landing.load(
        {
            "contacts.csv": CONTACTS,
            "README.txt": "x",
            "notes.md": "x",
            ".hidden.csv": "x",
            "_SUCCESS": "",
            ".git/config": "x",
            "truth/contacts.csv": "x",
        }
    )
    assert "note: truth/ is left out: it holds the answers to check against, no input" in result.stderr
    assert landing.query("select count(*) from raw.contacts") == [(2,)]


def test_a_template_lands_as_empty_tables(landing: Landing) -> None:
    folder = landing.root / "template"
    CliRunner().invoke(main, ["template", str(folder)])
    result = landing.run(str(folder))
    assert (result.exit_code, result.stderr) == (0, "")
    assert {
        row[0] for row in landing.query("select table_name from duckdb_tables() where schema_name = 'raw'")
    } == {
        *TABLES,
        "landing_files",
        "landing_rejects",
        "landing_repairs",
    }
    assert landing.query("select sum(row_count), count(*) from raw.landing_files") == [(0, len(TABLES))]


# Files that stop the load


def excel() -> bytes:
    import zipfile

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as book:
        book.writestr("[Content_Types].xml", "<x/>")
        book.writestr("xl/workbook.xml", "<x/>")
    return buffer.getvalue()


def zipped() -> bytes:
    import zipfile

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("contacts.csv", CONTACTS)
    return buffer.getvalue()


PARQUET = contacts_parquet()
OK_CONTACTS = {"contacts.csv": CONTACTS}

BAD_FILES: list[tuple[str, Files, list[str]]] = [
    (
        "unknown name",
        {**OK_CONTACTS, "contact.csv": CONTACTS},
        [
            "contact.csv: no table of the contract has this name: did you mean contacts? Rename it, "
            "or move it "
            "away (cxm contract lists the tables)"
        ],
    ),
    (
        "unknown name far from any",
        {**OK_CONTACTS, "zzz.csv": CONTACTS},
        [
            "zzz.csv: no table of the contract has this name: name it after its table, or move it away "
            "(cxm contract lists the tables)"
        ],
    ),
    (
        "nearly another table",
        {**OK_CONTACTS, "agent_pay_rate.csv": "a,b\n"},
        [
            "agent_pay_rate.csv: no table of the contract has this name: did you mean "
            "agent_pay_rates? Rename "
            "it, or move it away (cxm contract lists the tables)"
        ],
    ),
    (
        "unknown ending",
        {**OK_CONTACTS, "agents.txt": AGENTS},
        [
            "agents.txt: ends in a way that cannot be read: cxm load reads .csv .tsv .jsonl .ndjson .json "
            ".parquet, the text formats also with .gz"
        ],
    ),
    (
        "an Excel workbook",
        {**OK_CONTACTS, "agents.xlsx": excel()},
        [
            "agents.xlsx: ends in a way that cannot be read and looks like an Excel workbook: save "
            "each sheet "
            "as CSV (UTF-8)"
        ],
    ),
    (
        "no contacts",
        {"agents.csv": AGENTS},
        ["{folder}: holds no file for contacts: add one (contacts.csv, contacts.parquet, ...)"],
    ),
    (
        "missing required column",
        {"contacts.csv": CONTACTS.replace("channel,", "chanel_x,")},
        ['contacts.csv: required column channel is missing: found "chanel_x", rename it to channel'],
    ),
    (
        "missing required column, other spelling",
        {"contacts.csv": CONTACTS.replace("contact_id", "ContactId")},
        ['contacts.csv: required column contact_id is missing: found "ContactId", rename it to contact_id'],
    ),
    (
        "missing required columns, nothing near",
        {"contacts.csv": "contact_id,channel,direction\n1,voice,inbound\n"},
        [
            "contacts.csv: required column started_at is missing: add it (cxm contract contacts "
            "tells how to fill it)",
            "contacts.csv: required column updated_at is missing: add it (cxm contract contacts "
            "tells how to fill it)",
        ],
    ),
    (
        "no header",
        {"contacts.csv": f"{ROW}\n{ROW2}\n"},
        [
            'contacts.csv: none of its columns is one of contacts (found "c1", "voice", "inbound", '
            '"2024-01-02 03:04:05"); required are contact_id, channel, direction, started_at, updated_at: '
            "rename the columns, or write the header line first"
        ],
    ),
    (
        "a column twice",
        {"contacts.csv": CONTACTS.replace(HEADER, f"{HEADER},Channel")},
        ["contacts.csv: column Channel is there twice: keep one of them"],
    ),
    (
        "two columns that become one",
        {"contacts.csv": f"{HEADER},my-team,my team\n"},
        ['contacts.csv: columns "my-team" and "my team" would both become x_my_team: rename one of them'],
    ),
    (
        "a column without a name",
        {"contacts.csv": f",{HEADER}\n0,{ROW}\n"},
        ["contacts.csv: column 1 has no name: name it, or remove it (pandas: index=False)"],
    ),
    (
        "empty file",
        {"contacts.csv": ""},
        ["contacts.csv: is empty (0 bytes) and has no header: write the header line, or remove the file"],
    ),
    (
        "only empty lines",
        {"contacts.csv": "\n\r\n\n"},
        ["contacts.csv: has no header, only empty lines: write the header line, or remove it"],
    ),
    (
        "broken quotes in the header",
        {"contacts.csv": f'"{HEADER}\n{ROW}\n'},
        ["contacts.csv: the quotes of its header do not match: mend its line 1"],
    ),
    (
        "header in another encoding",
        {"contacts.csv": f"{HEADER},größe\n".encode("latin-1")},
        ["contacts.csv: its header is not UTF-8: save the file as UTF-8"],
    ),
    (
        "binary data",
        {"contacts.csv": bytes(range(256)) * 4},
        [
            "contacts.csv: wrong kind of file, no text table: export the table as CSV (UTF-8) with a "
            "header line"
        ],
    ),
    (
        "one endless line",
        {"contacts.csv": b"x" * 300_000},
        [
            "contacts.csv: wrong kind of file, no text table: export the table as CSV (UTF-8) with a "
            "header line"
        ],
    ),
    (
        "JSON in a CSV file",
        {"contacts.csv": json.dumps(RECORD)},
        ["contacts.csv: wrong kind of file, looks like JSON: give it the ending .jsonl"],
    ),
    (
        "empty JSON file",
        {"contacts.jsonl": ""},
        [
            "contacts.jsonl: is empty (0 bytes) and has no record: deliver a CSV file with only its "
            "header, or "
            "remove the file"
        ],
    ),
    (
        "JSON file of empty lines",
        {"contacts.jsonl": "\n \n"},
        ["contacts.jsonl: has no record, only empty lines: export it again, or remove the file"],
    ),
    (
        "JSON array",
        {"contacts.json": json.dumps([RECORD])},
        [
            "contacts.json: wrong kind of file, one JSON array and no JSON lines: write one object per line "
            "(jq -c '.[]')"
        ],
    ),
    (
        "indented JSON",
        {"contacts.json": json.dumps(RECORD, indent=2)},
        ["contacts.json: wrong kind of file, indented JSON: write one object per line (jq -c .)"],
    ),
    (
        "CSV in a JSON file",
        {"contacts.jsonl": CONTACTS},
        [
            "contacts.jsonl: wrong kind of file, no JSON lines: write one object per line; a CSV "
            "file needs the "
            "ending .csv"
        ],
    ),
    (
        "no line of JSON is whole",
        {"contacts.jsonl": '{"contact_id": 1\n{"contact_id"\n'},
        ["contacts.jsonl: no line of it is a whole JSON object: write one object per line"],
    ),
    (
        "JSON without a required column",
        {"contacts.jsonl": json.dumps({**RECORD, "channel": None}).replace("channel", "chanel")},
        ['contacts.jsonl: required column channel is missing: found "chanel", rename it to channel'],
    ),
    (
        "JSON of types that never fit",
        {
            "contacts.jsonl": json.dumps(
                {**RECORD, "started_at": 1704164645, "channel": {"a": 1}, "is_test": []}
            )
        },
        [
            "contacts.jsonl: column started_at is a number where timestamp is wanted: write it as a "
            "timestamp in "
            "UTC, or as text such as 2024-01-31 08:00:00",
            "contacts.jsonl: column channel is a JSON object where text is wanted: write it as text "
            "(pandas turns "
            "whole numbers with gaps into floats: use Int64 or string)",
            "contacts.jsonl: column is_test is a JSON array where boolean is wanted: write it as a "
            "boolean, or as "
            "the text true or false",
        ],
    ),
    (
        "Parquet in a CSV file",
        {"contacts.csv": PARQUET},
        ["contacts.csv: wrong kind of file, looks like a Parquet file: give it the ending .parquet"],
    ),
    (
        "gzip in a CSV file",
        {"contacts.csv": gzip.compress(CONTACTS.encode())},
        ["contacts.csv: wrong kind of file, looks like a gzip file: add .gz to its name"],
    ),
    (
        "Excel in a CSV file",
        {"contacts.csv": excel()},
        ["contacts.csv: wrong kind of file, looks like an Excel workbook: save each sheet as CSV (UTF-8)"],
    ),
    (
        "zip in a CSV file",
        {"contacts.csv": zipped()},
        ["contacts.csv: wrong kind of file, looks like a zip archive: unpack it"],
    ),
    (
        "HTML in a CSV file",
        {"contacts.csv": "\n<!DOCTYPE html><html><body>Sign in</body></html>"},
        [
            "contacts.csv: wrong kind of file, looks like an HTML page: a failed download often is "
            "one; export "
            "the table again"
        ],
    ),
    (
        "XML in a CSV file",
        {"contacts.csv": "<?xml version='1.0'?><contacts/>"},
        ["contacts.csv: wrong kind of file, looks like an XML document: export it as CSV"],
    ),
    (
        "UTF-16 with its mark",
        {"contacts.csv": CONTACTS.encode("utf-16")},
        ["contacts.csv: wrong kind of file, looks like UTF-16 text: save it as UTF-8"],
    ),
    (
        "UTF-16 without its mark",
        {"contacts.csv": CONTACTS.encode("utf-16-be")},
        ["contacts.csv: wrong kind of file, looks like UTF-16 text or binary data: save it as UTF-8 text"],
    ),
    (
        "a workbook inside gzip",
        {"contacts.csv.gz": gzip.compress(excel())},
        [
            "contacts.csv.gz: wrong kind of file, inside its gzip looks like an Excel workbook: save "
            "each sheet "
            "as CSV (UTF-8)"
        ],
    ),
    (
        "no gzip",
        {"contacts.csv.gz": CONTACTS},
        [
            "contacts.csv.gz: wrong kind of file, ends in .gz and is no gzip: take .gz off its name, "
            "or compress it"
        ],
    ),
    (
        "empty gzip file",
        {"contacts.csv.gz": ""},
        ["contacts.csv.gz: is empty (0 bytes) and has no header: write the header line, or remove the file"],
    ),
    (
        "gzip cut off",
        {"contacts.csv.gz": gzip.compress(CONTACTS.encode())[:-12]},
        [
            "contacts.csv.gz: its gzip is cut off or damaged (Compressed file ended before the end-of-stream "
            "marker was reached): copy it again"
        ],
    ),
    (
        "Parquet in gzip",
        {"contacts.parquet.gz": gzip.compress(PARQUET)},
        ["contacts.parquet.gz: Parquet inside gzip: unpack it with gunzip, Parquet is compressed by itself"],
    ),
    (
        "CSV in a Parquet file",
        {"contacts.parquet": CONTACTS},
        [
            "contacts.parquet: wrong kind of file, no Parquet; looks like text or unknown data: a "
            "CSV file needs "
            "the ending .csv"
        ],
    ),
    (
        "zip in a Parquet file",
        {"contacts.parquet": zipped()},
        ["contacts.parquet: wrong kind of file, no Parquet; looks like a zip archive: unpack it"],
    ),
    (
        "empty Parquet file",
        {"contacts.parquet": ""},
        ["contacts.parquet: is empty (0 bytes), no Parquet file: export it again, or remove it"],
    ),
    (
        "Parquet of types that never fit",
        {
            "contacts.parquet": contacts_parquet(
                started_at=pa.array([1704164645]),
                ended_at=pa.array([{"at": 1}]),
                is_test=pa.array([1.5]),
                customer_id=pa.array([17.0]),
                queue_id=pa.array([b"x"]),
            )
        },
        [
            "contacts.parquet: column started_at is BIGINT where timestamp is wanted: write it as a "
            "timestamp in "
            "UTC, or as text such as 2024-01-31 08:00:00",
            'contacts.parquet: column ended_at is STRUCT("at" BIGINT) where timestamp is wanted: '
            "write it as a "
            "timestamp in UTC, or as text such as 2024-01-31 08:00:00",
            "contacts.parquet: column is_test is DOUBLE where boolean is wanted: write it as a "
            "boolean, or as the "
            "text true or false",
            "contacts.parquet: column customer_id is DOUBLE where text is wanted: write it as text "
            "(pandas turns "
            "whole numbers with gaps into floats: use Int64 or string)",
            "contacts.parquet: column queue_id is BLOB where text is wanted: write it as text "
            "(pandas turns whole "
            "numbers with gaps into floats: use Int64 or string)",
        ],
    ),
    (
        "a timestamp for a day",
        {
            **OK_CONTACTS,
            "agents.parquet": parquet(
                {"agent_id": pa.array(["a"]), "effective_from": pa.array([datetime(2024, 1, 1, 5)])}
            ),
        },
        [
            "agents.parquet: column effective_from is TIMESTAMP where date is wanted: write it as a "
            "date, or as "
            "text such as 2024-01-31"
        ],
    ),
]


@pytest.mark.parametrize(
    ("files", "lines"), [case[1:] for case in BAD_FILES], ids=[case[0] for case in BAD_FILES]
)
@pytest.mark.parametrize("loaded_before", [False, True])
def test_a_bad_file_stops_the_load_and_says_why(
    landing: Landing, files: Files, lines: list[str], loaded_before: bool
) -> None:
    if loaded_before:
        landing.load({"contacts.csv": f"{HEADER}\n"})
    errors = landing.errors(files)
    folder = str(landing.root / f"input{landing.runs}")
    assert sorted(errors) == sorted(f"error: {line.replace('{folder}', folder)}" for line in lines)


def test_a_cut_off_parquet_file_is_named(landing: Landing) -> None:
    (error,) = landing.errors({"contacts.parquet": PARQUET[:-10]})
    assert error.startswith("error: contacts.parquet: cannot be read as Parquet (")
    assert error.endswith("): export it again")


def test_parquet_that_is_damaged_inside_leaves_the_database_as_it_was(landing: Landing) -> None:
    landing.load(OK_CONTACTS)
    many = contacts_parquet(customer_id=pa.array([f"customer {i}" for i in range(5000)]))
    damaged = many[:100] + bytes(200) + many[300:]
    (error,) = landing.errors({"contacts.parquet": damaged, "agents.csv": AGENTS})
    assert "contacts.parquet" in error
    assert "export it again" in error
    assert landing.query("select count(*) from raw.contacts") == [(2,)]


def test_all_problems_of_all_files_are_told_at_once(landing: Landing) -> None:
    errors = landing.errors(
        {
            "kontacts.csv": CONTACTS,
            "agents.csv": "",
            "agent_pay.csv": "agent_id,regular_minutes\n",
            "customers.parquet": "x",
            "queues.csv": "queue_id,timezone\nq,UTC\n",
        }
    )
    assert [error.split(":")[1].strip() for error in errors] == [
        "kontacts.csv",
        "agent_pay.csv",
        "agents.csv",
        "customers.parquet",
    ]


def test_a_folder_that_is_none(landing: Landing) -> None:
    (landing.root / "empty").mkdir()
    (landing.root / "file.csv").write_text(CONTACTS)
    for name, ending in (
        ("missing", "missing: no such folder"),
        ("file.csv", "file.csv is a file: give the folder that holds it"),
        (
            "empty",
            "empty holds no file to load: cxm load reads .csv .tsv .jsonl .ndjson .json .parquet, "
            "the text formats "
            "also with .gz, named after a table (contacts.csv)",
        ),
    ):
        result = landing.run(str(landing.root / name))
        assert result.exit_code == 1
        assert result.stderr == f"error: {landing.root / ending}\n"
    result = landing.run("a", "b")
    assert result.stderr.startswith("error: more than one folder given: give one, or name the --connector")


def test_a_file_that_cannot_be_read_is_named(landing: Landing, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path, *_args: object, **_more: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    source = SourceFile(landing.root / "contacts.csv", "contacts.csv", "contacts", "csv", False)
    with pytest.raises(
        CxMetricsError, match=r"^contacts.csv: cannot be read \(Permission denied\): mend its perm"
    ):
        scan_file(source, no_progress)


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"%PDF-1.7", "a PDF document"),
        (b"BZh91AY", "a bzip2 file"),
        (b"\x28\xb5\x2f\xfd", "a Zstandard file"),
        (b"\xfd7zXZ\x00", "an xz file"),
        (b"SQLite format 3\0", "an SQLite database"),
        (b"ORC", "an ORC file"),
        (b"Obj\x01", "an Avro file"),
        (b"ARROW1", "an Arrow file"),
        (b"\xd0\xcf\x11\xe0\xa1", "an old Office document"),
        (b"12345678DUCK1234", "a DuckDB database"),
        (HEADER.encode(), None),
        (b"{}", None),
    ],
)
def test_what_a_file_looks_like(head: bytes, kind: str | None) -> None:
    looks = looks_like(head)
    assert (looks[0] if looks else None) == kind


# Lines that cannot become rows


def test_broken_lines_are_set_aside_and_the_rest_lands(landing: Landing) -> None:
    lines: list[str | bytes] = [
        HEADER,
        ROW,
        "too,few",
        ROW2,
        f"{ROW},too many",
        f"{ROW},",
        f'c3,"voice,inbound,{ROW}',
        ROW.replace("c1", "c4"),
        'c5,"voice"x,inbound,a,b',
        b"c6,voice,inbound,\xff,b",
        b"c7,voice,in\0bound,a,b",
        "c8,voice,in\rbound,a,b",
        ROW.replace("c1", "c9"),
    ]
    text = b"\n".join(as_bytes(line) for line in lines)
    result = landing.load({"contacts.csv": text})
    assert landing.query("select contact_id from raw.contacts order by 1") == [
        ("c1",),
        ("c2",),
        ("c4",),
        ("c9",),
    ]
    assert landing.query("select line_number, rule, original_text from raw.landing_rejects order by 1") == [
        (3, "wrong_number_of_fields", "too,few"),
        (5, "wrong_number_of_fields", f"{ROW},too many"),
        (6, "wrong_number_of_fields", f"{ROW},"),
        (7, "broken_quotes", f'c3,"voice,inbound,{ROW}'),
        (9, "broken_quotes", 'c5,"voice"x,inbound,a,b'),
        (10, "invalid_encoding", "c6,voice,inbound,\\xff,b"),
        (11, "nul_character", "c7,voice,in\\x00bound,a,b"),
        (12, "stray_carriage_return", "c8,voice,in\rbound,a,b"),
    ]
    assert landing.query("select row_count, reject_count from raw.landing_files") == [(4, 8)]
    assert (
        "rejected 3 x wrong_number_of_fields: contacts, contacts.csv (see raw.landing_rejects)"
        in result.stdout
    )


def test_a_record_over_several_lines_is_one_row_or_one_reject(landing: Landing) -> None:
    good = 'c1,"voice\n\n\nline",inbound,a,b'
    too_many = 'c2,"voice\nline",inbound,a,b,c'
    landing.load({"contacts.csv": "\r\n".join((HEADER, good, too_many, ROW2, ""))})
    assert landing.query("select contact_id, channel from raw.contacts order by 1") == [
        ("c1", "voice\n\n\nline"),
        ("c2", "chat"),
    ]
    assert landing.query("select line_number, rule, original_text from raw.landing_rejects") == [
        (6, "wrong_number_of_fields", too_many)
    ]


def test_a_stray_quote_does_not_swallow_the_lines_behind_it(landing: Landing) -> None:
    stray = 'c3,"voice,inbound,a,b'
    closing = 'c4,voice,inbound,a,b"'
    inches = 'c5,17" screen,inbound,a,b'
    lines = [HEADER, ROW, stray, *(ROW2.replace("c2", f"d{i}") for i in range(50)), closing, ROW2, inches]
    landing.load({"contacts.csv": "\n".join(lines)})
    assert landing.query("select count(*) from raw.contacts") == [(53,)]
    assert landing.query("select channel from raw.contacts where contact_id = 'c5'") == [('17" screen',)]
    assert landing.query("select line_number, rule, original_text from raw.landing_rejects order by 1") == [
        (3, "wrong_number_of_fields", stray),
        (54, "broken_quotes", closing),
    ]


def test_the_rest_of_a_record_with_broken_quotes_is_no_row(landing: Landing) -> None:
    pieces = ['c1,"voice', 'he said "stop" loudly",inbound,a,b', 'or",x,inbound,a,b']
    landing.load({"contacts.csv": "\n".join([HEADER, *pieces, ROW2])})
    assert landing.query("select contact_id from raw.contacts") == [("c2",)]
    assert landing.query("select line_number, rule from raw.landing_rejects order by 1") == [
        (2, "broken_quotes"),
        (3, "broken_quotes"),
        (4, "broken_quotes"),
    ]


def test_a_table_of_one_column_passes_over_empty_lines(landing: Landing) -> None:
    landing.load({**OK_CONTACTS, "programs.csv": 'program_id\np1\n\n""\np2\nx,y\n'})
    programs = landing.query("select program_id from raw.programs order by 1 nulls last")
    assert programs == [("p1",), ("p2",), (None,)]
    assert landing.query("select line_number, rule from raw.landing_rejects") == [
        (6, "wrong_number_of_fields")
    ]


def test_a_file_of_only_broken_lines_lands_no_row(landing: Landing) -> None:
    landing.load({"contacts.csv": f"{HEADER}\nx\ny\n"})
    assert landing.query("select count(*) from raw.contacts") == [(0,)]
    assert landing.query("select count(*) from raw.landing_rejects") == [(2,)]


def test_json_values_land_as_written_and_broken_lines_are_set_aside(landing: Landing) -> None:
    first = (
        '{"contact_id": 12345678901234567890123, "channel": "voice", "direction": "in\\u00e9", "Started_At": '
        '"2024-01-01", "updated_at": null, "is_test": true, "score": 1.50, "nested": {"b": [1.0, '
        'null, "é"]}, '
        '"big": 1e400, "nan": NaN}'
    )
    lines: list[str | bytes] = [
        first,
        '{"contact_id": "c2"',
        "[1, 2]",
        '"text"',
        '{"channel": "a", "Channel": "b"}',
        '{"channel": "a", "channel": "b"}',
        b'{"channel": "\xff"}',
        '{"channel": "\\ud800"}',
        '{"channel": "\\u0000"}',
        '{"channel": "a\tb"}',
        "",
        "{}",
        "[" * 100_000,
        '{"only_in_a_reject": "\\u0000"}',
    ]
    text = b"\n".join(as_bytes(line) for line in lines)
    landing.load({"contacts.jsonl": text})
    columns = (
        "contact_id, channel, direction, started_at, updated_at, is_test, x_score, x_nested, x_big, x_nan"
    )
    assert landing.query(f"select {columns} from raw.contacts order by 1 nulls last") == [
        (
            "12345678901234567890123",
            "voice",
            "iné",
            "2024-01-01",
            None,
            "true",
            "1.50",
            '{"b":[1.0,null,"é"]}',
            "1e400",
            "NaN",
        ),
        (None,) * 10,
    ]
    rejects = landing.query("select line_number, rule from raw.landing_rejects order by 1")
    assert rejects == [
        (2, "broken_json"),
        (3, "not_an_object"),
        (4, "not_an_object"),
        (5, "duplicate_key"),
        (6, "duplicate_key"),
        (7, "invalid_encoding"),
        (8, "invalid_encoding"),
        (9, "nul_character"),
        (10, "broken_json"),
        (13, "broken_json"),
        (14, "nul_character"),
    ]
    assert landing.query("select row_count, reject_count from raw.landing_files") == [(2, 11)]
    assert landing.query("select original_text from raw.landing_rejects where line_number = 7") == [
        ('{"channel": "\\xff"}',)
    ]
    assert "x_only_in_a_reject" not in landing.types("contacts")


PIECES = st.sampled_from(
    ["a", "b", ",", '"', "\n", "\r\n", "\r", " ", '""', "é", "x,y", '"q"', ";", "", "0", '" "', ' "', '"" ""']
)
VALUES = st.lists(PIECES, max_size=4).map("".join)
DAMAGE = st.tuples(
    st.floats(0, 1),
    st.sampled_from(["insert", "delete", "replace"]),
    st.sampled_from([b'"', b",", b"\n", b"\r", b"\xff", b"\0", b" ", b'""', b"\n\n", b'" "', b"a"]),
)


def damaged(body: bytes, damage: list[tuple[float, str, bytes]]) -> bytes:
    for where, how, piece in damage:
        at = int(where * len(body))
        if how == "insert":
            body = body[:at] + piece + body[at:]
        else:
            body = body[:at] + (piece if how == "replace" else b"") + body[at + 1 :]
    return body


def quoted_csv(rows: list[list[str]], quote_all: bool, line_end: str) -> bytes:
    def field(value: str) -> str:
        needs = quote_all or any(sign in value for sign in ',"\r\n') or value != value.strip(" ")
        return '"' + value.replace('"', '""') + '"' if needs else value

    return "".join(",".join(map(field, row)) + line_end for row in rows).encode()


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.lists(VALUES, min_size=3, max_size=3), max_size=6),
    damage=st.lists(DAMAGE, max_size=3),
    quote_all=st.booleans(),
    line_end=st.sampled_from(["\n", "\r\n"]),
)
def test_every_line_of_a_damaged_csv_file_is_counted_exactly_once(
    tmp_path: Path,
    rows: list[list[str]],
    damage: list[tuple[float, str, bytes]],
    quote_all: bool,
    line_end: str,
) -> None:
    header = b"program_id,name,line_of_business" + line_end.encode()
    body = damaged(quoted_csv(rows, quote_all, line_end), damage)
    path = tmp_path / "programs.csv"
    path.write_bytes(header + body)
    source = SourceFile(path, path.name, "programs", "csv", False)
    scan = scan_file(source, no_progress)
    head = csv_files.read_header(source, scan, CONTRACT["programs"])
    assert head.end == len(header)
    lines = list(csv_files.physical_lines(io.BytesIO(body), b"\n", "x"))
    records = list(csv_files.records(csv_files._Lines(lines), b",", 3))

    # The records and rejects, in order, are all lines of the file but the empty ones.
    at = 0
    for record in records:
        while not lines[at].strip(b"\r\n"):
            at += 1
        assert record.line_number == at + 1
        assert record.text == b"".join(lines[at : at + record.extent])
        at += record.extent
    assert not b"".join(lines[at:]).strip(b"\r\n")

    # Undamaged rows come back as they were.
    good = [
        tuple(field.decode() or None for field in record.fields)
        for record in records
        if record.fields is not None
    ]
    if not damage:
        assert good == [tuple(value or None for value in row) for row in rows if any(row) or len(row) > 1]
        assert len(good) == len(records)

    # Where DuckDB's reader is used, it gives the same rows.
    relation = csv_files.clean_relation(path, False, head)
    with duckdb.connect() as connection:
        counted = csv_files.count_if_clean(connection, relation, head, scan)
        if counted is not None:
            assert connection.execute(f"select * from {relation}").fetchall() == good
            assert len(good) == len(records) == counted

    # The whole way through the files on disk gives the same.
    spool, rejects = Spool(tmp_path, "rows", ()), LineNotes(tmp_path, "rejects")
    csv_files.split_file(source, scan, head, spool, rejects, no_progress)
    assert (spool.row_count, rejects.count) == (len(good), len(records) - len(good))


def test_a_plain_file_is_read_the_fast_way(tmp_path: Path) -> None:
    path = tmp_path / "programs.csv"
    path.write_bytes(quoted_csv([["program_id", "name"], ["p", 'a "quoted"\nname'], ["q", ""]], True, "\r\n"))
    source = SourceFile(path, path.name, "programs", "csv", False)
    scan = scan_file(source, no_progress)
    head = csv_files.read_header(source, scan, CONTRACT["programs"])
    with duckdb.connect() as connection:
        relation = csv_files.clean_relation(path, False, head)
        assert csv_files.count_if_clean(connection, relation, head, scan) == 2


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(count=st.integers(1, 12), damage=st.lists(DAMAGE, max_size=4), as_json=st.booleans())
def test_rows_and_rejects_are_the_lines_of_a_damaged_file(
    tmp_path: Path, count: int, damage: list[tuple[float, str, bytes]], as_json: bool
) -> None:
    rows = [{**RECORD, "contact_id": f"c{i}"} for i in range(count)]
    lines = [json.dumps(row) if as_json else ",".join(row.values()) for row in rows]
    body = damaged("".join(line + "\n" for line in lines).encode(), damage)
    folder = tmp_path / "input"
    folder.mkdir(exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    whole = json.dumps(RECORD) if as_json else f"{HEADER}\n{ROW}"
    (folder / f"contacts.{'jsonl' if as_json else 'csv'}").write_bytes(whole.encode() + b"\n" + body)
    database = tmp_path / "warehouse.duckdb"
    load_folder(folder, database=database)
    blank = b" \t\r" if as_json else b"\r"
    expected = 1 + sum(1 for line in body.split(b"\n") if line.strip(blank))
    with duckdb.connect(str(database)) as connection:
        (landed,) = connection.execute("select count(*) from raw.contacts").fetchall()[0]
        rejects = connection.execute("select original_text from raw.landing_rejects").fetchall()
        assert connection.execute("select row_count, reject_count from raw.landing_files").fetchall() == [
            (landed, len(rejects))
        ]
        # A record may hold line ends inside quotes; each of them is one physical line more.
        inside = connection.execute(
            "select coalesce(sum(len(t) - len(replace(t, chr(10), ''))), 0) from (select "
            "concat(contact_id, channel, direction, started_at, updated_at) as t from raw.contacts)"
        ).fetchall()[0][0]
    inside += sum(text.count("\n") for (text,) in rejects)
    assert landed + len(rejects) + inside >= expected
    if not inside:
        assert landed + len(rejects) == expected


def test_line_ends_in_quotes_survive_the_parallel_reader(landing: Landing) -> None:
    rows = 400_000
    folder = landing.root / "large"
    folder.mkdir()
    with duckdb.connect() as connection:
        connection.execute(
            f"copy (select 'c' || i as contact_id, 'voice' as channel, 'some, \"text\"' || chr(10) || "
            f"chr(10) || i as "
            f"direction, timestamp '2024-01-01' + to_seconds(i) as started_at, repeat('x', 60) as updated_at "
            f"from range({rows}) as t(i)) to '{folder / 'contacts.csv'}' (header)"
        )
    result = landing.run(str(folder))
    assert result.exit_code == 0
    assert landing.query(
        "select count(*), count(distinct contact_id), min(len(updated_at)) from raw.contacts"
    ) == [(rows, rows, 60)]
    assert landing.query("select count(*) from raw.landing_rejects") == [(0,)]
    assert landing.query(
        "select count(*) from raw.contacts where direction <> 'some, \"text\"' || chr(10) || chr(10) "
        "|| substr(contact_id, 2)"
    ) == [(0,)]


# Types of Parquet columns


def landed(landing: Landing, **columns: Any) -> dict[str, tuple[str, list[Any]]]:
    landing.load({"contacts.parquet": contacts_parquet(**columns)})
    types = landing.types("contacts")
    return {
        name: (
            types[name],
            [row[0] for row in landing.query(f"select {name} from raw.contacts order by contact_id")],
        )
        for name in columns
    }


def test_parquet_columns_land_in_their_contract_type(landing: Landing) -> None:
    from zoneinfo import ZoneInfo

    summer = datetime(2024, 7, 1, 12, tzinfo=ZoneInfo("Asia/Jerusalem"))
    found = landed(
        landing,
        customer_id=pa.array([17, None], pa.int64()),
        started_at=pa.array([summer, summer], pa.timestamp("us", "Asia/Jerusalem")),
        ended_at=pa.array([datetime(2024, 7, 1, 9), None], pa.timestamp("ns")),
        is_test=pa.array([True, None]),
        is_complaint=pa.array([1, 0], pa.int8()),
        applications_used=pa.array([3, None], pa.int64()),
        queue_id=pa.array([None, None], pa.float64()),
        reason_code=pa.array([None, None], pa.null()),
        updated_at=pa.array([date(2024, 7, 1), date(2024, 7, 2)]),
        channel=pa.array(["voice", "chat"]).dictionary_encode(),
    )
    assert found == {
        "customer_id": ("VARCHAR", ["17", None]),
        "started_at": ("TIMESTAMP", [datetime(2024, 7, 1, 9)] * 2),
        "ended_at": ("TIMESTAMP", [datetime(2024, 7, 1, 9), None]),
        "is_test": ("BOOLEAN", [True, None]),
        "is_complaint": ("VARCHAR", ["1", "0"]),
        "applications_used": ("INTEGER", [3, None]),
        "queue_id": ("VARCHAR", [None, None]),
        "reason_code": ("VARCHAR", [None, None]),
        "updated_at": ("VARCHAR", ["2024-07-01", "2024-07-02"]),
        "channel": ("VARCHAR", ["voice", "chat"]),
    }


def test_numbers_that_do_not_convert_land_as_text_to_be_judged_row_by_row(landing: Landing) -> None:
    whole = landed(landing, applications_used=pa.array([3.0, None]))
    assert whole == {"applications_used": ("INTEGER", [3, None])}
    for values, texts in (
        ([3.0, 2.5], ["3", "2.5"]),
        ([3.0, 1e300], ["3", "1e+300"]),
        ([3.0, float("nan")], ["3", "nan"]),
    ):
        assert landed(landing, applications_used=pa.array(values)) == {
            "applications_used": ("VARCHAR", texts)
        }
    large = landed(landing, applications_used=pa.array([3, 2**40]))
    assert large == {"applications_used": ("VARCHAR", ["3", str(2**40)])}
    amounts: list[tuple[pa.Array, str, list[object]]] = [
        (pa.array([1.25, None]), "DECIMAL(18,4)", [Decimal("1.2500"), None]),
        (pa.array([1.25, float("inf")]), "VARCHAR", ["1.25", "inf"]),
        (
            pa.array([Decimal("1.5"), Decimal("2")], pa.decimal128(38, 10)),
            "DECIMAL(18,4)",
            [Decimal("1.5"), 2],
        ),
        (pa.array([7, 2**62]), "VARCHAR", ["7", str(2**62)]),
        (pa.array([7, 8], pa.int32()), "DECIMAL(18,4)", [7, 8]),
    ]
    for numbers, kind, expected in amounts:
        ledger = {
            "entry_id": pa.array(["a", "b"]),
            "period_month": pa.array([date(2024, 1, 1)] * 2),
            "account_id": pa.array(["x", "x"]),
            "amount": numbers,
            "currency": pa.array(["EUR", "EUR"]),
        }
        landing.load({**OK_CONTACTS, "ledger_entries.parquet": parquet(ledger)})
        assert landing.types("ledger_entries")["amount"] == kind
        assert [
            row[0] for row in landing.query("select amount from raw.ledger_entries order by entry_id")
        ] == expected


def test_extra_parquet_columns_keep_their_types(landing: Landing) -> None:
    found = parquet(
        {
            **{name: pa.array([value]) for name, value in RECORD.items()},
            "Shift No.": pa.array([3]),
            "x_tags": pa.array([["a", "b"]]),
        }
    )
    landing.load({"contacts.parquet": found})
    types = landing.types("contacts")
    assert (types["x_shift_no_"], types["x_tags"]) == ("BIGINT", "VARCHAR")
    assert landing.query("select x_shift_no_, x_tags from raw.contacts") == [(3, "[a, b]")]


# Replace, append, all or nothing


def everything(landing: Landing) -> dict[str, list[tuple[Any, ...]]]:
    """Return the rows of every raw table but for the numbers of their loads."""
    names = landing.query("select table_name from duckdb_tables() where schema_name = 'raw' order by 1")
    columns = "columns(name -> name <> 'load_number')"
    return {name: sorted(landing.query(f"select {columns} from raw.{name}"), key=repr) for (name,) in names}


def load_numbers(landing: Landing) -> list[tuple[Any, ...]]:
    return landing.query("select load_number, count(*) from raw.contacts group by 1 order by 1")


def test_every_row_has_the_number_of_its_load(landing: Landing) -> None:
    """It grows from load to load, also over a load that replaces everything, so that a build sees that one."""
    landing.load({"contacts.csv": CONTACTS})
    landing.load({"contacts.csv": f"{HEADER}\n{ROW.replace('c1', 'c3')}\n"}, "--append")
    assert load_numbers(landing) == [(1, 2), (2, 1)]
    landing.load({"contacts.csv": CONTACTS, "agents.csv": AGENTS})
    assert load_numbers(landing) == [(3, 2)]
    assert landing.query("select distinct load_number from raw.landing_files") == [(3,)]


def test_rows_that_were_landed_before_loads_had_numbers_have_none(landing: Landing) -> None:
    landing.load({"contacts.csv": CONTACTS})
    with duckdb.connect(str(landing.database)) as connection:
        for table in ("contacts", "landing_files"):
            connection.execute(f"alter table raw.{table} drop column load_number")
    landing.load({"contacts.csv": f"{HEADER}\n{ROW.replace('c1', 'c3')}\n"}, "--append")
    assert load_numbers(landing) == [(1, 1), (None, 2)]


def test_a_files_own_load_number_is_one_of_the_companys_columns(landing: Landing) -> None:
    landing.load({"contacts.csv": f"{HEADER},load_number\n{ROW},77\n"})
    assert landing.query("select x_load_number, load_number from raw.contacts") == [("77", 1)]


def test_a_load_replaces_what_was_there_and_says_what_it_dropped(landing: Landing) -> None:
    landing.load({"contacts.csv": CONTACTS, "agents.csv": AGENTS})
    with duckdb.connect(str(landing.database)) as connection:
        connection.execute("create table raw.own_table as select 1 as one")
    result = landing.load({"contacts.csv": f"{HEADER}\n{ROW}\nbad\n"})
    assert "note: dropped from the database, this load has no file for them: agents" in result.stderr
    tables = everything(landing)
    assert set(tables) == {"contacts", "landing_files", "landing_rejects", "landing_repairs", "own_table"}
    assert len(tables["contacts"]) == len(tables["landing_files"]) == len(tables["landing_rejects"]) == 1
    again = landing.load({"contacts.csv": f"{HEADER}\n{ROW}\nbad\n"})
    assert "dropped" not in again.stderr
    assert everything(landing) == tables


def test_append_adds_and_skips_what_is_already_in(landing: Landing) -> None:
    landing.load({"contacts.csv": CONTACTS})
    second = {"contacts.csv": f"{HEADER}\n{ROW.replace('c1', 'c3')}\nbad\n", "agents.csv": AGENTS}
    landing.load(second, "--append")
    assert [row[0] for row in landing.query("select contact_id from raw.contacts order by 1")] == [
        "c1",
        "c2",
        "c3",
    ]
    files = landing.query(
        "select table_name, file_name, mode, row_count, reject_count from raw.landing_files order by all"
    )
    digest = landing.query(
        "select file_hash from raw.landing_files where row_count = 1 and reject_count = 1"
    )[0][0]
    assert files == [
        ("agents", "agents.csv", "append", 1, 0),
        ("contacts", "contacts.csv", "replace", 2, 0),
        ("contacts", f"contacts.csv@{digest[:8]}", "append", 1, 1),
    ]
    before = everything(landing)
    again = landing.load(second, "--append")
    assert "note: skipped contacts.csv: already loaded, same content" in again.stderr
    assert "nothing new to load" in again.stdout
    assert everything(landing) == before
    renamed = landing.load(
        {"contacts_copy.csv": CONTACTS, "queues.csv": "queue_id,timezone\nq,UTC\n"}, "--append"
    )
    assert "note: skipped contacts_copy.csv: already loaded, same content" in renamed.stderr
    assert landing.query("select count(*) from raw.contacts") == [(3,)]
    assert landing.query("select count(*) from raw.queues") == [(1,)]


def test_append_in_pieces_gives_the_same_rows_as_one_load(landing: Landing) -> None:
    pieces: list[Files] = [
        {"contacts.1.csv": CONTACTS, "agents.csv": AGENTS},
        {"contacts.2.csv": f"{HEADER},own\nc3,voice,inbound,x,y,z\nbad\n"},
        {"contacts.3.parquet": contacts_parquet(applications_used=pa.array([1, 2]))},
        {"contacts.4.csv": f"{HEADER},applications_used\nc9,voice,inbound,x,y,3\n"},
    ]
    for piece in pieces:
        landing.load(piece, "--append")
    appended = everything(landing)
    landing.load({name: content for piece in pieces for name, content in piece.items()})
    at_once = everything(landing)
    for table in ("contacts", "agents", "landing_rejects"):
        columns = sorted(landing.types(table))
        assert len(appended[table]) == len(at_once[table]), columns
    in_order = "select contact_id, started_at, applications_used, x_own from raw.contacts order by 1, 2"
    one = landing.query(in_order)
    landing.load(pieces[0])
    for piece in pieces[1:]:
        landing.load(piece, "--append")
    assert landing.query(in_order) == one
    assert landing.types("contacts")["started_at"] == "VARCHAR"


def test_append_widens_a_typed_table(landing: Landing) -> None:
    landing.load({"contacts.parquet": contacts_parquet()})
    assert landing.types("contacts")["started_at"] == "TIMESTAMP"
    landing.load(
        {"contacts.2.parquet": contacts_parquet(is_test=pa.array([True]), contact_id=pa.array(["n"]))},
        "--append",
    )
    assert landing.query("select contact_id, is_test, started_at from raw.contacts order by 1") == [
        ("c0", None, datetime(2024, 1, 2, 3, 4, 5)),
        ("n", True, datetime(2024, 1, 2, 3, 4, 5)),
    ]
    landing.load({"contacts.csv": f"{HEADER}\n{ROW}\n"}, "--append")
    assert landing.query("select contact_id, is_test, started_at from raw.contacts order by 1") == [
        ("c0", None, "2024-01-02 03:04:05"),
        ("c1", None, "2024-01-02 03:04:05"),
        ("n", True, "2024-01-02 03:04:05"),
    ]


def test_append_needs_contacts_from_somewhere(landing: Landing) -> None:
    (error,) = landing.errors({"agents.csv": AGENTS}, "--append")
    assert error.endswith("holds no file for contacts: add one (contacts.csv, contacts.parquet, ...)")
    landing.load(OK_CONTACTS)
    result = landing.load({"agents.csv": AGENTS}, "--append")
    warned = lacking(result.stderr)
    assert "contacts" not in warned and "agents" not in warned


def lacking(stderr: str) -> list[str]:
    """Read the tables of the one warning about required tables."""
    (warning,) = (line for line in stderr.splitlines() if line.startswith("warning: no file for required "))
    return warning.removeprefix("warning: no file for required ").split(":")[0].split(", ")


def test_required_tables_without_a_file_are_one_warning(landing: Landing) -> None:
    result = landing.load(OK_CONTACTS)
    required = [t.name for t in deliverable(CONTRACT).values() if not t.optional and t.name != "contacts"]
    assert lacking(result.stderr) == required
    assert "metrics that need them will be null; cxm template " in result.stderr


def test_two_files_of_the_same_content_are_both_landed(landing: Landing) -> None:
    landing.load({"contacts.csv": CONTACTS, "contacts_copy.csv": CONTACTS})
    assert landing.query("select count(*) from raw.contacts") == [(4,)]


def test_interrupting_leaves_the_database_as_it_was(
    landing: Landing, monkeypatch: pytest.MonkeyPatch
) -> None:
    original: Callable[..., None] = load._insert

    def stop_at_the_second(*args: Any, **more: Any) -> None:
        if args[1] == "agents":
            raise KeyboardInterrupt
        original(*args, **more)

    for loaded_before in (False, True):
        with monkeypatch.context() as patch:
            patch.setattr(load, "_insert", stop_at_the_second)
            files = {"contacts.csv": f"{HEADER}\n{ROW}\n", "agents.csv": AGENTS}
            before = landing.database.read_bytes() if loaded_before else None
            result = landing.run(str(landing.write(files)))
            assert result.exit_code == 130
            assert result.stderr == f"error: interrupted: {landing.database} is as it was\n"
            assert landing.database.exists() == loaded_before
            if loaded_before:
                assert landing.query("select count(*) from raw.contacts") == [(2,)]
                assert landing.database.read_bytes() == before
        landing.load(OK_CONTACTS)


def test_ctrl_c_stops_a_long_statement_at_once(tmp_path: Path) -> None:
    path = tmp_path / "warehouse.duckdb"
    endless = "insert into numbers select count(*) from range(1000000) as a(i), range(1000000) as b(j)"
    timer = threading.Timer(0.5, signal.raise_signal, [signal.SIGINT])
    with pytest.raises(InterruptedLoadError, match="is as it was"), unchanged_on_error(path) as database:
        database.connection().execute("create table numbers (i bigint)")
        timer.start()
        run_interruptibly(database.connection(), endless)
    assert not path.exists()


def test_ctrl_c_during_the_commit_comes_too_late(tmp_path: Path) -> None:
    path = tmp_path / "warehouse.duckdb"

    class SlowCommit:
        def execute(self, statement: str) -> None:
            assert statement == "commit"
            signal.raise_signal(signal.SIGINT)

    database = Database(path)
    database._connection = SlowCommit()  # type: ignore[assignment]
    database.commit()
    assert database.is_committed
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


def test_an_error_after_the_commit_does_not_undo_it(tmp_path: Path) -> None:
    path = tmp_path / "warehouse.duckdb"
    with pytest.raises(KeyboardInterrupt), unchanged_on_error(path) as database:
        database.connection().execute("begin; create table numbers as select 1 as i")
        database.commit()
        raise KeyboardInterrupt
    with duckdb.connect(str(path)) as connection:
        assert connection.execute("select count(*) from numbers").fetchall() == [(1,)]


def test_a_file_that_changes_during_the_load_is_noticed(
    landing: Landing, monkeypatch: pytest.MonkeyPatch
) -> None:
    landing.load(OK_CONTACTS)
    original: Callable[..., None] = load._insert

    def grow_first(*args: Any, **more: Any) -> None:
        with (landing.root / f"input{landing.runs}" / "contacts.csv").open("a") as file:
            file.write(f"{ROW2}\n")
        original(*args, **more)

    monkeypatch.setattr(load, "_insert", grow_first)
    (error,) = landing.errors({"contacts.csv": f"{HEADER}\n{ROW}\n"})
    assert error == "error: contacts.csv: changed while it was being loaded: run the load again"


# The database file


def test_a_database_in_use_is_named_with_its_user(landing: Landing) -> None:
    landing.load(OK_CONTACTS)
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            f"import duckdb; c = duckdb.connect({str(landing.database)!r}); print('open', "
            f"flush=True); input()",
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "open\n"
        result = landing.run(str(landing.write(OK_CONTACTS)))
        assert result.exit_code == 1
        assert result.stderr == (
            f"error: {landing.database}: is in use by PID {holder.pid}: close it there and run this again\n"
        )
    finally:
        holder.communicate("\n")


def test_a_file_that_is_no_database(landing: Landing) -> None:
    landing.database.write_text("something else" * 1000)
    (error,) = landing.errors(OK_CONTACTS)
    message = "is no DuckDB database: name another file in CX_DATABASE, or move this one away"
    assert error == f"error: {landing.database}: {message}"
    landing.database.unlink()
    landing.database.mkdir()
    result = landing.run(str(landing.write(OK_CONTACTS)))
    assert result.stderr == f"error: {landing.database}: {message}\n"


def test_a_folder_of_the_database_that_is_missing_or_closed(
    landing: Landing, monkeypatch: pytest.MonkeyPatch
) -> None:
    landing.database = landing.root / "missing" / "warehouse.duckdb"
    (error,) = landing.errors(OK_CONTACTS)
    folder = landing.database.parent
    assert (
        error
        == f"error: {landing.database}: its folder {folder} does not exist: create it, or set CX_DATABASE"
    )
    folder.mkdir()
    monkeypatch.setattr(os, "access", lambda _path, mode: mode != os.W_OK)
    (error,) = landing.errors(OK_CONTACTS)
    assert error == (
        f"error: {landing.database}: its folder cannot be written: mend its permissions, or set CX_DATABASE"
    )


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            'IO Error: Cannot open file "x.duckdb": Permission denied',
            "x.duckdb: cannot be written: mend its permissions, or set CX_DATABASE",
        ),
        (
            "Serialization Error: file was created with a newer version of DuckDB",
            "x.duckdb: was written by another version of DuckDB: open it with that version, or move it away",
        ),
        (
            'IO Error: Could not set lock on file "x.duckdb": Resource temporarily unavailable',
            "x.duckdb: is in use by another process: close it there and run this again",
        ),
        ("IO Error: No space left\non device", "x.duckdb: nothing was written: IO Error: No space left"),
    ],
)
def test_errors_of_the_database_become_one_line(text: str, line: str) -> None:
    assert explain(duckdb.IOException(text), Path("x.duckdb")) == line


def test_a_view_in_the_place_of_a_table_is_named(landing: Landing) -> None:
    with duckdb.connect(str(landing.database)) as connection:
        connection.execute("create schema raw; create view raw.contacts as select 1 as one")
    for more in ([], ["--append"]):
        (error,) = landing.errors(OK_CONTACTS, *more)
        assert error == "error: raw.contacts is a view: drop it, or name another file in CX_DATABASE"


def test_the_database_is_named_by_the_variable_or_its_default(
    landing: Landing, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = landing.write(OK_CONTACTS)
    monkeypatch.setenv("CX_PROJECT_DIR", str(Path(__file__).parents[2]))
    monkeypatch.chdir(landing.root)
    monkeypatch.setenv("CX_DATABASE", "named.duckdb")
    assert CliRunner().invoke(main, ["load", str(folder)]).exit_code == 0
    assert (landing.root / "named.duckdb").exists()
    monkeypatch.delenv("CX_DATABASE")
    assert CliRunner().invoke(main, ["load", str(folder)]).exit_code == 0
    assert (landing.root / "warehouse.duckdb").exists()


# What is shown


def test_the_summary_is_a_plain_table_where_nobody_watches(landing: Landing) -> None:
    result = landing.load({"contacts.csv": f"{CONTACTS}bad\n", "agents.csv": AGENTS})
    assert result.stdout.splitlines()[:3] == [
        "table     files  rows  rejected lines  repaired lines",
        "contacts      1     2               1               0",
        "agents        1     1               0               0",
    ]
    assert "\x1b" not in result.output


def test_quiet_prints_nothing(landing: Landing) -> None:
    assert landing.load(OK_CONTACTS, "--quiet").output == ""


def test_long_loads_tell_their_progress_on_plain_lines(capsys: pytest.CaptureFixture[str]) -> None:
    total = 100 * 1024 * 1024
    with Console().progress("loading", total) as advance:
        for _ in range(200):
            advance(total / 200)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) in (9, 10)
    assert lines[0] == "loading: 10 % of 105 MB"
    with Console().progress("loading", 1000) as advance:
        advance(1000)
    assert capsys.readouterr().err == ""


def test_a_terminal_gets_a_bar_and_a_drawn_table(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    console = Console()
    with console.progress("checking", 10) as advance:
        advance(10)
    console.table(("table", "rows"), [("[red]contacts", 1234)])
    shown = capsys.readouterr()
    assert "│ [red]contacts │ 1,234 │" in shown.out
    assert "checking" in shown.err


def test_progress_is_watched_during_a_long_statement(tmp_path: Path) -> None:
    def pause(number: int) -> int:
        time.sleep(1.0)
        return number

    told: list[float] = []
    with unchanged_on_error(tmp_path / "warehouse.duckdb") as database:
        connection = database.connection()
        connection.execute("set enable_progress_bar = true; set enable_progress_bar_print = false")
        connection.create_function("pause", pause)
        row = run_interruptibly(connection, "select pause(7)", told.append)
        assert row == (7,)
    assert told
    assert all(0 <= share <= 1 for share in told)
