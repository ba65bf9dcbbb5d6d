"""Rows of any table as personas, by a mapping of columns to attributes."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from matrix_sim.config import PersonasConfig
from matrix_sim.errors import UsageError
from matrix_sim.personas.loading import PersonaSelection, load_personas
from matrix_sim.personas.model import Persona

Write = Callable[[Path, list[dict[str, Any]]], Path]


def write_jsonl(path: Path, rows: list[dict[str, Any]]) -> Path:
    path = path.with_suffix(".jsonl")
    path.write_text("".join(json.dumps(row, default=str) + "\n" for row in rows), "utf-8")
    return path


def write_csv(path: Path, rows: list[dict[str, Any]]) -> Path:
    path = path.with_suffix(".csv")
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def write_parquet(path: Path, rows: list[dict[str, Any]]) -> Path:
    path = path.with_suffix(".parquet")
    pq.write_table(pa.Table.from_pylist(rows), path)
    return path


FORMATS = [write_csv, write_jsonl, write_parquet]


def load(path: Path, fields: dict[str, Any] | None = None, **more: Any) -> PersonaSelection:
    data = {"source": "table", "path": path, "fields": fields or {}, **more}
    return load_personas(
        PersonasConfig.model_validate(data), seed=7, base_dir=path.parent, language="ja"
    )


def refusal(path: Path, fields: dict[str, Any] | None = None, **more: Any) -> str:
    with pytest.raises(UsageError) as error:
        load(path, fields, **more)
    return str(error.value)


def value(folder: Path, attribute: str, cell: Any, entry: Any = "cell") -> Any:
    """What a cell becomes in an attribute, by way of Parquet, which has the most types."""
    path = write_parquet(folder / "a", [{"id": "1", "description": "人。", "cell": cell}])
    return getattr(load(path, {attribute: entry}).personas[0], attribute)


ROW = {
    "user": "u1",
    "family": "架空",
    "given": "花子",
    "bio": "本と島を愛する。",
    "more": "図書館で働く。",
    "profile": {"city": "広島", "job.title": "司書"},
    "a.b": "女",
    "hobbies": ["版画", "味噌"],
    "skills": ["整理"],
    "age": 41,
}
MAPPING: dict[str, Any] = {
    "id": "user",
    "name": ["family", "given"],
    "description": ["bio", "more"],
    "details": ["more", "bio"],
    "region": "profile.city",
    "occupation": {"columns": ["profile.job.title"]},
    "sex": "a.b",
    "interests": "hobbies",
}


@pytest.mark.parametrize("write", FORMATS)
def test_a_mapping_makes_a_persona_of_a_row_in_every_format(tmp_path: Path, write: Write) -> None:
    selection = load(write(tmp_path / "a", [ROW]), MAPPING)
    assert selection.personas == (
        Persona(
            id="u1",
            name="架空 花子",
            age=41,
            sex="女",
            occupation="司書",
            region="広島",
            description="本と島を愛する。\n図書館で働く。",
            details=("図書館で働く。", "本と島を愛する。"),
            interests=("版画", "味噌"),
            skills=("整理",),
        ),
    )
    assert selection.ids_made == 0


@pytest.mark.parametrize("write", FORMATS)
def test_without_an_id_a_hash_of_the_row_stands_in_and_is_said(
    tmp_path: Path, write: Write
) -> None:
    rows = [{"bio": f"{number}番", "hobbies": ["本", "島"], "age": number} for number in range(30)]
    mapping = {"description": "bio", "interests": "hobbies"}
    forwards = load(write(tmp_path / "a", rows), mapping, count=5)
    backwards = load(write_jsonl(tmp_path / "b", rows[::-1]), mapping, count=5)
    assert forwards.personas == backwards.personas[::-1]
    assert forwards.ids_made == 5
    assert "rows without an id: 5" in forwards.notes[0]


def test_two_rows_that_say_the_same_are_refused_and_may_be_left_out(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a", [{"description": "人。", "age": age} for age in (1, 2, 1)])
    assert "row 3 (line 4): says the same as" in refusal(path)
    selection = load(path, invalid="skip")
    assert [person.age for person in selection.personas] == [1, 2]
    assert "left out: 1 x says the same as another row" in selection.notes[0]


def test_an_id_that_is_mapped_has_to_be_there(tmp_path: Path) -> None:
    path = write_jsonl(tmp_path / "a", [{"key": "", "description": "人。"}])
    assert "'key' is empty" in refusal(path, {"id": "key"})


def test_an_attribute_without_an_entry_takes_the_column_of_its_own_name(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a", [{"id": "1", "description": "人。", "region": "島"}])
    assert load(path).personas[0].region == "島"


def test_a_default_stands_in_for_what_is_not_there(tmp_path: Path) -> None:
    rows = [
        {"id": "1", "bio": "人。", "place": "", "more": {"age": None, "likes": []}},
        {"id": "2", "bio": "", "place": "島", "more": {"age": 41, "likes": ["本"]}},
    ]
    fields = {
        "description": {"columns": ["bio"], "default": "誰か。"},
        "region": {"columns": ["place"], "default": "日本"},
        "age": {"columns": ["more.age"], "default": "30"},
        "interests": {"columns": ["more.likes"], "default": "散歩"},
    }
    first, second = load(write_jsonl(tmp_path / "a", rows), fields).personas
    assert (first.region, first.age, first.interests) == ("日本", 30, ("散歩",))
    assert (second.region, second.age, second.interests) == ("島", 41, ("本",))
    assert (first.description, second.description) == ("人。", "誰か。")


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (3.0, "3"),
        (3.25, "3.25"),
        (float("nan"), ""),
        (7, "7"),
        (Decimal("3.50"), "3.50"),
        (date(2024, 5, 1), "2024-05-01"),
        (datetime(2024, 5, 1), "2024-05-01"),
        (datetime(2024, 5, 1, 9, 30), "2024-05-01 09:30:00"),
        (datetime(2024, 5, 1, tzinfo=UTC), "2024-05-01 00:00:00+00:00"),
        ("島".encode(), "島"),
        (UUID(int=1), str(UUID(int=1))),
        ("  島 ", "島"),
        (None, ""),
    ],
)
def test_whatever_type_a_format_gives_a_text_it_says_the_same(
    tmp_path: Path, cell: Any, text: str
) -> None:
    assert value(tmp_path, "region", cell) == text
    assert value(tmp_path, "details", cell) == ((text,) if text else ())


@pytest.mark.parametrize("cell", [True, b"\xff", ["a"], {"a": 1}])
def test_what_says_nothing_as_text_is_refused(tmp_path: Path, cell: Any) -> None:
    with pytest.raises(UsageError, match=r"row 1: 'cell' holds .*, which is no text"):
        value(tmp_path, "region", cell)


@pytest.mark.parametrize(
    "cell", [49, 49.0, "49", "49.0", "49歳", "満49才", "49 years", "49 yrs old"]
)
def test_ages_are_read_however_they_are_written(tmp_path: Path, cell: Any) -> None:
    assert value(tmp_path, "age", cell) == 49


@pytest.mark.parametrize("cell", ["40代", "40-49", 49.5, -1, 131, "1949-01-01"])
def test_what_is_no_age_is_refused(tmp_path: Path, cell: Any) -> None:
    with pytest.raises(UsageError, match=r"'cell' is .*(whole number of years|above 130)"):
        value(tmp_path, "age", cell)


@pytest.mark.parametrize(
    ("cell", "entry"),
    [
        (["本", None, "島"], "cell"),
        ('["本", "島"]', "cell"),
        ("['本', '島']", {"columns": ["cell"], "separator": ","}),
        ("本、島、", {"columns": ["cell"], "separator": "、"}),
        ("本 | 島", {"columns": ["cell"], "separator": "|"}),
    ],
)
def test_a_list_may_be_written_in_many_ways(tmp_path: Path, cell: Any, entry: Any) -> None:
    for attribute in ("interests", "skills", "posts", "details"):
        assert value(tmp_path, attribute, cell, entry) == ("本", "島")


def test_a_text_is_one_paragraph_but_no_list_of_interests(tmp_path: Path) -> None:
    assert value(tmp_path, "details", "本、島") == ("本、島",)
    assert value(tmp_path, "posts", "[注] 島") == ("[注] 島",)
    with pytest.raises(UsageError, match=r"'cell' holds '本、島', which is no list.*separator"):
        value(tmp_path, "interests", "本、島")


@pytest.mark.parametrize("write", FORMATS)
def test_a_column_that_is_not_there_is_named_with_key_and_closest_names(
    tmp_path: Path, write: Write
) -> None:
    message = refusal(write(tmp_path / "a", [ROW]), {**MAPPING, "interests": "hobies"})
    assert "no column 'hobies', which 'personas.fields.interests' names" in message
    assert "the closest are 'hobbies'" in message
    message = refusal(write(tmp_path / "a", [ROW]), {**MAPPING, "region": "profile.citty"})
    assert "'profile.citty', which 'personas.fields.region' names" in message
    assert "'profile.city'" in message


def test_a_field_that_only_a_late_row_has_is_no_unknown_column(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [{"id": str(n), "description": "人。"} for n in range(1500)]
    rows[-1]["town"] = "島"
    selection = load(write_jsonl(tmp_path / "a", rows), {"region": "town"})
    assert [person.region for person in selection.personas if person.region] == ["島"]


def test_each_shard_must_have_the_columns(tmp_path: Path) -> None:
    write_csv(tmp_path / "a", [{"id": "1", "bio": "人。"}])
    write_csv(tmp_path / "b", [{"id": "2", "boi": "人。"}])
    assert "b.csv: has no column 'bio'" in refusal(tmp_path, {"description": "bio"})


@pytest.mark.parametrize("write", FORMATS)
def test_a_table_without_description_says_how_to_map_one(tmp_path: Path, write: Write) -> None:
    message = refusal(write(tmp_path / "a", [{"id": "1", "bio": "人。"}]))
    assert "no column 'description', which every persona needs" in message
    assert "'personas.fields.description'" in message
    assert "'bio'" in message


def test_a_broken_row_matters_only_if_it_is_chosen(tmp_path: Path) -> None:
    rows = [{"description": f"{n}番", "age": "x" if n == 3 else n} for n in range(8)]
    path = write_csv(tmp_path / "a", rows)
    assert "row 4 (line 5): 'age' is 'x'" in refusal(path)
    for count in (1, 2):
        assert len(load(path, count=count).personas) == count


def test_unstorable_characters_are_replaced_and_counted_in_whatever_is_mapped(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"bio": "a\\u0000b", "l": ["\\ud800"], "id": "x\\u0000"}\n', "utf-8")
    selection = load(path, {"description": "bio", "interests": "l"})
    (person,) = selection.personas
    assert (person.id, person.description, person.interests) == ("x\ufffd", "a\ufffdb", ("\ufffd",))
    assert selection.replaced_characters == 3


def test_columns_whose_names_hold_dots_are_read_from_parquet(tmp_path: Path) -> None:
    rows = [{"id": "1", "text.ja": "人。", "text": {"ja": "違う。", "en": "x"}}]
    path = write_parquet(tmp_path / "a", rows)
    (person,) = load(path, {"description": "text.ja", "region": "text.en"}).personas
    assert (person.description, person.region) == ("人。", "x")


def test_whose_work_a_table_is_goes_with_it(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a", [{"id": "1", "description": "人。"}])
    assert str(path) in load(path).attribution
