"""`matrix-sim bench policies`: the same config under different policies, side by side."""

from __future__ import annotations

from pathlib import Path

import pytest

from matrix_sim.cli.policies_bench import all_pairs, compare_policies, table
from tests.support.small_run import GROUPS, PEOPLE, embedded_stub, write_config

pytestmark = [pytest.mark.ray, pytest.mark.usefixtures("own_ray")]


def test_each_pair_of_policies_is_a_row_of_its_own_figures(tmp_path: Path) -> None:
    config, said = write_config(tmp_path, embedded_stub()), list[str]()
    pairs = [("homophily", "hybrid"), ("none", "llm")]
    hybrid, alone = compare_policies(config, ["society.ticks=3"], pairs, said.append)
    assert said == ["1 of 2: homophily, hybrid", "2 of 2: none, llm"]
    assert (hybrid.summary.groups, alone.summary.groups) == (GROUPS, PEOPLE)
    assert hybrid.as_dict()["actions"] == hybrid.summary.actions > 0
    head, line, *rows = [
        [cell.strip() for cell in row.strip("|").split("|")]
        for row in table([hybrid, alone]).splitlines()
    ]
    assert set(line) == {"---"}
    first, second = (dict(zip(head, row, strict=True)) for row in rows)
    assert (first["routing"], first["actions"]) == ("hybrid", str(hybrid.summary.actions))
    assert first["spared"].endswith("%")
    assert (second["groups"], second["reactions"], second["spared"]) == (str(PEOPLE), "0%", "-")
    assert second["likeness (strangers)"].startswith("- (")


def test_every_communication_is_compared_with_every_routing() -> None:
    assert len(set(all_pairs())) == 12
    assert ("random", "broadcast") in all_pairs()
