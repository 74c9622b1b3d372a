"""The documents of staging models repeat the raw contract; this keeps the two from drifting apart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from cx_metrics.contract import load_contract

PROJECT = Path(__file__).resolve().parents[2]
STAGING = PROJECT / "models" / "staging"
MODELS = sorted(path.stem for path in STAGING.glob("*/stg_*.sql"))


def documents() -> dict[str, dict[str, Any]]:
    """Return what the YAML files beside the staging models say of each."""
    found: dict[str, dict[str, Any]] = {}
    for path in STAGING.glob("*/_*__models.yml"):
        for model in yaml.safe_load(path.read_text(encoding="utf-8"))["models"]:
            found[model["name"]] = model
    return found


@pytest.mark.parametrize("model", MODELS)
def test_columns_are_those_of_the_raw_contract(model: str) -> None:
    table = load_contract(PROJECT)[model.removeprefix("stg_")]
    documented = documents().get(model)
    assert documented is not None, f"{model} is described in no models/staging/<domain>/_<domain>__models.yml"
    expected = [
        (
            column.name,
            "string" if column.data_type == "text" else column.data_type,
            _words(column.description),
        )
        for column in table.columns
    ]
    found = [
        (column["name"], column["data_type"], _words(column["description"]))
        for column in documented["columns"]
    ]
    assert found[:-1] == expected
    assert found[-1][:2] == ("delivery_count", "bigint")


@pytest.mark.parametrize("model", MODELS)
def test_model_follows_the_raw_contract(model: str) -> None:
    table = model.removeprefix("stg_")
    tests = documents()[model]["data_tests"]
    assert {"follows_raw_contract": {"arguments": {"table": table}}} in tests


def _words(text: str) -> str:
    return " ".join(text.split())
