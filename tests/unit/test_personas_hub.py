"""Data sets of the Hugging Face hub, by way of `datasets`, which takes a folder for a data set."""

from __future__ import annotations

import json
import sys
import traceback
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from matrix_sim.config import PersonasConfig
from matrix_sim.errors import UsageError
from matrix_sim.personas.loading import PersonaSelection, load_personas
from matrix_sim.personas.nemotron import SCHEMA

ROWS = [
    {"key": f"k{n}", "bio": f"{n}番。", "profile": {"city": "広島"}, "tags": ["本", "島"], "age": n}
    for n in range(40)
]
FIELDS = {"id": "key", "description": "bio", "region": "profile.city", "interests": "tags"}


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HOME", str(tmp_path / "cache"))


def data_set(folder: Path, rows: list[dict[str, Any]], suffix: str) -> Path:
    folder.mkdir()
    if suffix == "parquet":
        pq.write_table(pa.Table.from_pylist(rows), folder / "train.parquet", row_group_size=9)
    else:
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        (folder / "train.jsonl").write_text(lines, "utf-8")
    return folder


def load(hub: dict[str, Any], **more: Any) -> PersonaSelection:
    data = {"source": "table", "hub": hub, **more}
    return load_personas(PersonasConfig.model_validate(data), 7, Path(), "ja")


@pytest.mark.parametrize("suffix", ["parquet", "jsonl"])
def test_a_data_set_gives_the_same_personas_as_its_files(tmp_path: Path, suffix: str) -> None:
    folder = data_set(tmp_path / "people", ROWS, suffix)
    streamed = load({"id": str(folder)}, fields=FIELDS, count=6)
    path = folder / f"train.{suffix}"
    config = {"source": "table", "path": path, "fields": FIELDS, "count": 6}
    from_file = load_personas(PersonasConfig.model_validate(config), 7, Path(), "ja")
    assert streamed.personas == from_file.personas
    assert streamed.rows_seen == 40
    assert streamed.source == f"{folder} (train) of the Hugging Face hub"


def test_the_nemotron_schema_is_read_from_the_hub_too(tmp_path: Path) -> None:
    row = dict.fromkeys(SCHEMA.columns, "文。") | {"age": "41", "country": "日本"}
    row |= {name: "['本']" for name in SCHEMA.columns if name.endswith("_list")}
    folder = data_set(tmp_path / "people", [row], "parquet")
    (person,) = load({"id": str(folder)}, source="nemotron").personas
    assert (person.age, person.skills, len(person.details)) == (41, ("本",), 9)


def test_a_broken_row_is_named_by_data_set_and_number(tmp_path: Path) -> None:
    rows = [*ROWS[:20], {**ROWS[20], "bio": ""}]
    folder = data_set(tmp_path / "people", rows, "parquet")
    with pytest.raises(UsageError, match=r"people, row 21: 'bio' is empty"):
        load({"id": str(folder)}, fields=FIELDS)
    assert len(load({"id": str(folder)}, fields=FIELDS, invalid="skip").personas) == 20


def test_unknown_columns_are_refused_as_in_a_file(tmp_path: Path) -> None:
    folder = data_set(tmp_path / "people", ROWS, "jsonl")
    with pytest.raises(UsageError, match=r"no column 'boi', which 'personas\.fields\.description'"):
        load({"id": str(folder)}, fields={"description": "boi"})


@pytest.mark.parametrize("wrong", [{"split": "tset"}, {"name": "other"}])
def test_what_the_hub_does_not_have_is_said_with_what_to_check(
    tmp_path: Path, wrong: dict[str, str]
) -> None:
    folder = data_set(tmp_path / "people", ROWS, "parquet")
    with pytest.raises(UsageError, match=r"people: cannot be read.*check 'personas\.hub'"):
        load({"id": str(folder), **wrong}, fields=FIELDS)


def test_without_the_package_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(UsageError, match=r"pip install 'matrix-sim\[hf\]'"):
        load({"id": "owner/name"})


SECRET = "神宮寺凛音"


def test_of_people_no_error_of_the_hub_quotes_a_name(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "people"
    folder.mkdir()
    for name, row in (("a", {}), ("b", {SECRET: "x"})):
        text = json.dumps({"id": name, "description": "d", **row}, ensure_ascii=False)
        (folder / f"{name}.jsonl").write_text(text + "\n", "utf-8")
    with pytest.raises(UsageError, match=r"cannot be read.*\(CastError\)") as caught:
        load({"id": str(folder)}, source="social")
    told = traceback.format_exception(caught.value)
    assert SECRET not in "".join([*told, *capfd.readouterr()])
    with pytest.raises(UsageError, match=SECRET):
        load({"id": str(folder)}, source="table")


def test_what_the_hub_does_not_have_is_said_of_people_too(tmp_path: Path) -> None:
    folder = data_set(tmp_path / "people", ROWS, "parquet")
    with pytest.raises(UsageError, match="tset"):
        load({"id": str(folder), "split": "tset"}, source="social", fields=FIELDS)
