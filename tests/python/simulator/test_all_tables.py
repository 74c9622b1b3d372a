"""What holds for every table of the simulator: the contract, the same bytes, spoiled rows, and named effects."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest
from simulated import Warehouse

from cx_metrics.contract import load_contract
from cx_metrics.simulator import simulate
from cx_metrics.simulator.effects import EFFECTS

CONTRACT = {name: table for name, table in load_contract().items() if not table.written_by_landing}


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("all_tables")
    small: dict[str, Any] = {"contacts": 3000, "days": 45}
    # long enough for every effect to have begun
    long: dict[str, Any] = {"contacts": 12_000, "days": 290}
    simulate(root / "clean", **small)
    simulate(root / "dirty", **small, defects=0.1)
    simulate(root / "again", **small, defects=0.1)
    simulate(root / "example", **long)
    simulate(root / "plain", **long, scenario="plain")
    return {path.name: path for path in root.iterdir()}


def rows(query: str) -> list[tuple[Any, ...]]:
    return duckdb.sql(query).fetchall()


def test_every_table_of_the_contract_is_written(folders: dict[str, Path]) -> None:
    for name, table in CONTRACT.items():
        schema = pq.read_schema(folders["clean"] / f"{name}.parquet")
        assert set(schema.names) == {column.name for column in table.columns}, name


def test_the_same_arguments_give_the_same_bytes_in_every_file(folders: dict[str, Path]) -> None:
    def digests(folder: Path) -> dict[str, str]:
        return {
            str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(folder.rglob("*.parquet"))
        }

    assert digests(folders["dirty"]) == digests(folders["again"])


@pytest.mark.parametrize("name", sorted(CONTRACT))
def test_clean_rows_keep_the_contract(folders: dict[str, Path], name: str) -> None:
    table, path = CONTRACT[name], folders["example"] / f"{name}.parquet"
    if table.key:
        keys = ", ".join(table.key)
        assert rows(f"select {keys} from '{path}' group by all having count(*) > 1") == []
    for column in table.columns:
        if column.required:
            assert rows(f"select count(*) from '{path}' where {column.name} is null") == [(0,)], column.name
        if column.accepted_values:
            values = {
                value for (value,) in rows(f"select distinct cast({column.name} as varchar) from '{path}'")
            }
            assert values - {None} <= set(column.accepted_values), column.name
    assert rows(f"select count(*) > 0 from '{path}'") == [(True,)], "the example leaves no table empty"


@pytest.mark.parametrize("name", sorted(CONTRACT))
def test_every_spoiled_row_is_listed_and_no_other(folders: dict[str, Path], name: str) -> None:
    table = CONTRACT[name]
    clean, dirty = (folders[which] / f"{name}.parquet" for which in ("clean", "dirty"))
    truth = folders["dirty"] / "truth" / "defects.parquet"
    listed = {str(key) for (key,) in rows(f"select key from '{truth}' where \"table\" = '{name}'")}
    key = " || '|' || ".join(f"coalesce(cast({column} as varchar), '')" for column in table.key)
    changed = {
        str(row[0])
        for row in rows(
            f"""
            select {key} from (from '{clean}' except all from '{dirty}')
            union
            select {key} from (from '{dirty}' except all from '{clean}')
            where {" and ".join(f"{column} is not null" for column in table.key)}
            """
        )
    }
    assert changed == listed


EVIDENCE = {
    "unresolved_churn": "select count(*) from truth_churn where is_caused_by_unresolved",
    "lengthy_value": "select count(*) from truth_purchases where cause = 'lengthy_value'",
    "campaign_demand": "select count(*) from truth_campaign_contacts",
    "vendor_quality_gap": "select count(*) from truth_contacts where vendor_gap_effect <> 0",
    "quality_items": "select count(*) from truth_contacts where quality_items_effect <> 0",
    "needless_offers": "select count(*) from truth_saves where would_have_stayed",
    "occupancy_attrition": "select count(*) from truth_leave_hazards where leave_factor <> 1",
}
"""Rows of the truth that only exist where the effect is on."""

STRENGTH = {
    "lengthy_selection": """
        select corr(ln(yearly_value), ln(seconds)) from truth_customers
        join (
            select t.customer_id, epoch(s.ended_at) - epoch(s.started_at) as seconds
            from contact_segments s join truth_contacts t using (contact_id)
            join contacts c using (contact_id) where kind = 'talk' and c.direction = 'inbound'
        ) using (customer_id) where seconds > 0 and yearly_value > 0
    """,
    "bot_degradation": """
        select avg(is_truly_resolved::int) filter (started_at < timestamp '2024-07-19')
            - avg(is_truly_resolved::int) filter (started_at >= timestamp '2024-07-19')
        from truth_bot_sessions join bot_sessions using (session_id)
    """,
    "overtime_month": """
        select sum(overtime_minutes) filter (work_date between date '2024-08-28' and date '2024-09-26') / sum(overtime_minutes)
        from agent_pay
    """,
    "channel_mix_shift": """
        select avg((channel in ('chat', 'messaging'))::int) filter (started_at >= timestamp '2024-05-30')
            - avg((channel in ('chat', 'messaging'))::int) filter (started_at < timestamp '2024-05-30')
        from contacts where direction = 'inbound' and channel in ('voice', 'chat', 'messaging')
    """,
    "agent_assist": "select sum(saved_minutes) from truth_investments",
    "response_bias": """
        select avg(chance_to_answer) filter (abs(satisfaction - 3) > 1.2) - avg(chance_to_answer) filter (abs(satisfaction - 3) < 0.6)
        from truth_surveys join truth_contacts using (contact_id)
    """,
}
"""Measures that are clearly larger where the effect is on."""


def evidence(folder: Path, query: str) -> float:
    return float(Warehouse(folder).one(query) or 0)


def test_every_effect_has_its_evidence() -> None:
    assert set(EVIDENCE) | set(STRENGTH) == set(EFFECTS)


@pytest.mark.parametrize("effect", sorted(EVIDENCE))
def test_an_effect_that_is_off_is_absent_from_the_truth(folders: dict[str, Path], effect: str) -> None:
    assert evidence(folders["plain"], EVIDENCE[effect]) == 0
    if effect != "occupancy_attrition":  # a center as small as this one is nowhere busy enough
        assert evidence(folders["example"], EVIDENCE[effect]) > 0


@pytest.mark.parametrize("effect", sorted(STRENGTH))
def test_an_effect_that_is_on_can_be_measured(folders: dict[str, Path], effect: str) -> None:
    on, off = (evidence(folders[which], STRENGTH[effect]) for which in ("example", "plain"))
    assert on - off > {"lengthy_selection": 0.05, "overtime_month": 0.03, "agent_assist": 1.0}.get(
        effect, 0.02
    )


@pytest.mark.parametrize("which", ["example", "plain"])
def test_the_truth_says_which_effects_were_on(folders: dict[str, Path], which: str) -> None:
    on = dict(rows(f"select effect, is_on from '{folders[which] / 'truth' / 'effects.parquet'}'"))
    assert on == dict.fromkeys(EFFECTS, which == "example")


def test_the_ledger_is_the_sum_of_its_causes_to_the_cent(folders: dict[str, Path]) -> None:
    folder = folders["example"]
    assert (
        rows(
            f"""
        select coalesce(entry_id, ''), l.amount, c.amount
        from '{folder / "ledger_entries.parquet"}' l
        full join (
            select entry_id, sum(amount) as amount from '{folder / "truth" / "ledger_causes.parquet"}' group by entry_id
        ) c using (entry_id)
        where l.amount is distinct from c.amount
        """
        )
        == []
    )
