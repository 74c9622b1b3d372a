"""Every edge case of the definitions has a dbt unit test: tests/edge_cases.yml says which, and this keeps the list true."""

from __future__ import annotations

import json
from collections import Counter
from functools import cache

import builds
import pytest
import yaml
from oracle import PROJECT

CASES = yaml.safe_load((PROJECT / "tests" / "edge_cases.yml").read_text(encoding="utf-8"))
NAMED = [
    (section, item["case"], unit_test)
    for section, items in CASES.items()
    for item in items
    for unit_test in item["unit_tests"]
]


@cache
def unit_tests() -> frozenset[str]:
    """Return the unit tests that dbt runs, as model.name."""
    manifest = json.loads((builds.target_path() / "manifest.json").read_text(encoding="utf-8"))
    return frozenset(f"{test['model']}.{test['name']}" for test in manifest["unit_tests"].values())


@pytest.mark.parametrize(("section", "case", "unit_test"), NAMED)
def test_edge_case_has_its_unit_test(section: str, case: str, unit_test: str) -> None:
    assert unit_test in unit_tests(), f"{section}, {case}: dbt has no unit test {unit_test}"


def test_every_case_is_listed_once_and_has_a_test() -> None:
    cases = [(section, item["case"]) for section, items in CASES.items() for item in items]
    twice = [case for case, count in Counter(cases).items() if count > 1]
    assert not twice
    without = [item["case"] for items in CASES.values() for item in items if not item["unit_tests"]]
    assert not without


def test_a_transfer_has_a_case_for_each_of_its_unit_tests() -> None:
    """The models that M14 alone decides: a new unit test there is a new edge case and belongs on the list."""
    own = {name for name in unit_tests() if name.startswith(("fct_transfers.", "int_contact_transfers."))}
    assert own <= {unit_test for _, _, unit_test in NAMED}
