"""Profiles of a social network: what is read, and that nothing plain comes out, not in an error."""

from __future__ import annotations

import csv
import json
import traceback
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from matrix_sim.config import PersonasConfig
from matrix_sim.errors import UsageError
from matrix_sim.personas.anonymise import Kind
from matrix_sim.personas.loading import PersonaSelection, load_personas
from matrix_sim.personas.sampler.table_files import names_of

ROWS: list[dict[str, Any]] = [
    {
        "name": "神宮寺 凛音 / Rinne Jinguji",
        "handle": "@rinne_jgj",
        "description": "神宮寺です。喫茶店の店員。ＲＩＮＮＥと呼ばれます",
        "posts": ["連絡は090-0000-4321へ", "rinne_jgj の新しい絵"],
    },
    {"name": "", "handle": "@other_one", "description": "猫と暮らす。", "posts": []},
]


def write_jsonl(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows), "utf-8")
    return path


def load(path: Path, **config: Any) -> PersonaSelection:
    return load_personas(PersonasConfig(source="social", path=path, **config), 0, Path(), "ja")


def test_a_profile_becomes_a_persona_without_the_person(tmp_path: Path) -> None:
    selection = load(write_jsonl(tmp_path / "p.jsonl", ROWS))
    first = selection.personas[0]
    assert not set(first.name) & set("神宮寺凛音")
    assert first.description == "［氏名］です。喫茶店の店員。［氏名］と呼ばれます"
    assert first.posts == ("連絡は［電話番号］へ", "［アカウント名］ の新しい絵")
    assert selection.anonymised == {Kind.HANDLE: 1, Kind.PHONE: 1, Kind.NAME: 2}


def test_every_format_gives_the_same_people(tmp_path: Path) -> None:
    texts = [row | {"posts": repr(row["posts"])} for row in ROWS]
    with (tmp_path / "p.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, fieldnames=list(ROWS[0]))
        writer.writeheader()
        writer.writerows(texts)
    pq.write_table(pa.Table.from_pylist(ROWS), tmp_path / "p.parquet")
    expected = load(write_jsonl(tmp_path / "p.jsonl", ROWS)).personas
    assert load(tmp_path / "p.csv").personas == load(tmp_path / "p.parquet").personas == expected


def test_the_id_tells_nothing_but_what_the_persona_says(tmp_path: Path) -> None:
    renamed = [row | {"handle": f"@else_{n}"} for n, row in enumerate(ROWS)]
    renamed[0]["posts"] = ROWS[0]["posts"][:1]
    ids = [p.id for p in load(write_jsonl(tmp_path / "a.jsonl", ROWS)).personas]
    others = [p.id for p in load(write_jsonl(tmp_path / "b.jsonl", renamed)).personas]
    assert others[1] == ids[1]
    assert others[0] != ids[0]


def test_a_made_up_name_fits_age_and_sex_and_is_the_same_every_time(tmp_path: Path) -> None:
    rows = [ROWS[1] | {"age": 20, "sex": "女", "handle": f"h{n}"} for n in range(30)]
    for number, row in enumerate(rows):
        row["description"] = f"{number}匹の猫と暮らす。"
    path = write_jsonl(tmp_path / "p.jsonl", rows)
    names = [person.name for person in load(path).personas]
    assert names == [person.name for person in load(path).personas]
    assert {name.split()[1] for name in names} <= set(names_of("ja")["all"].given[-1][1]["woman"])
    assert len(set(names)) > 25


def test_profiles_of_which_no_name_is_known_are_told(tmp_path: Path) -> None:
    rows = [{"bio": f"{n}匹の猫と暮らす。", "user": f"u{n}"} for n in range(3)]
    path = write_jsonl(tmp_path / "p.jsonl", rows)
    (note,) = load(path, fields={"description": "bio"}).notes
    assert note.startswith("profiles without a name and an account name: 3; ")
    assert load(path, fields={"description": "bio", "handle": "user"}).notes == ()


def test_two_who_say_the_same_are_told_apart(tmp_path: Path) -> None:
    same = [ROWS[1], ROWS[1] | {"handle": "@third"}]
    one, two = (p.id for p in load(write_jsonl(tmp_path / "p.jsonl", same)).personas)
    assert two == f"{one}-2"


def test_columns_of_other_names_are_mapped(tmp_path: Path) -> None:
    row = {
        "who": "山田太郎",
        "x": "u1",
        "y": "u2_long",
        "bio": "山田です。34歳",
        "age": 34,
        "p": [],
    }
    mapping = {
        "name": "who",
        "handle": ["x", "y"],
        "description": "bio",
        "age": "age",
        "posts": "p",
    }
    (person,) = load(write_jsonl(tmp_path / "p.jsonl", [row]), fields=mapping).personas
    assert (person.description, person.age) == ("［氏名］です。34歳", 34)


def test_names_go_from_other_sources_too_if_asked(tmp_path: Path) -> None:
    plain = load_personas(PersonasConfig(count=9), 3, Path(), "ja").personas
    anonymised = load_personas(PersonasConfig(count=9, anonymise="rules"), 3, Path(), "ja")
    assert any(person.name for person in plain)
    for before, after in zip(plain, anonymised.personas, strict=True):
        assert after.name and not set(after.name.split()) & set(before.name.split())
        assert after.id != before.id
        assert after.age == before.age
    assert load_personas(PersonasConfig(count=9), 3, Path(), "ja").anonymised is None


SECRET = "神宮寺凛音"
BROKEN = {
    "text.jsonl": json.dumps({"name": [SECRET], "handle": "h", "description": "d", "posts": []}),
    "list.jsonl": json.dumps(
        {"name": "", "handle": "h", "description": "d", "posts": [], "interests": SECRET},
        ensure_ascii=False,
    ),
    "json.jsonl": f'{{"name": "{SECRET}", }}',
    "array.jsonl": f'["{SECRET}"]',
    "lacking.jsonl": json.dumps({SECRET: 1, "handle": "h"}, ensure_ascii=False),
    "twice.jsonl": "\n".join(
        [json.dumps({"name": "", "handle": SECRET, "description": "d", "posts": []})] * 2
    ),
    "twins.jsonl": "\n".join([json.dumps({"id": SECRET, "description": "d", "posts": []})] * 2),
    "age.jsonl": json.dumps({"age": SECRET, "handle": "h", "description": "d", "posts": []}),
    "object.jsonl": json.dumps({"name": {SECRET: SECRET}, "description": "d"}),
    "empty.jsonl": json.dumps({"name": SECRET, "handle": "h", "description": "", "posts": []}),
    "headless.csv": f"{SECRET},h,d,[]\n{SECRET},h,d,[]\n",
    "repeated.csv": f"{SECRET},{SECRET}\n",
    "quotation.csv": f'name,handle,description,posts\n"{SECRET},h,d,[]\n',
    "cells.csv": f"name,handle,description,posts\n{SECRET},h,d,[],x\n",
}


@pytest.mark.parametrize("file", BROKEN)
def test_no_error_quotes_a_profile(tmp_path: Path, file: str) -> None:
    (tmp_path / file).write_text(BROKEN[file], encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        load(tmp_path / file)
    assert file in str(caught.value)
    assert SECRET not in everything_told(caught.value)


@pytest.mark.parametrize("source", ["social", "table"])
def test_no_mapping_that_fails_quotes_a_profile(tmp_path: Path, source: str) -> None:
    path = write_jsonl(tmp_path / "p.jsonl", [{SECRET: SECRET, "description": "d"}])
    headless = tmp_path / "headless.csv"
    headless.write_text(f"{SECRET},d\n", encoding="utf-8")
    for file in (path, headless):
        config = {"fields": {"region": "city"}, "anonymise": "rules", "path": file}
        with pytest.raises(UsageError, match="city") as caught:
            load_personas(
                PersonasConfig.model_validate(config | {"source": source}), 0, Path(), "ja"
            )
        assert SECRET not in everything_told(caught.value)


def test_an_error_over_bytes_or_numbers_quotes_nothing_either(tmp_path: Path) -> None:
    latin = tmp_path / "latin.jsonl"
    latin.write_bytes(b'{"name": "Jinguji \xe9"}\n')
    age = write_jsonl(tmp_path / "age.jsonl", [ROWS[1] | {"age": SECRET}])
    for path, config in ((latin, {}), (age, {"fields": {"age": "age"}})):
        with pytest.raises(UsageError) as caught:
            load(path, **config)
        told = everything_told(caught.value)
        assert SECRET not in told
        assert "Jinguji" not in told


def test_the_look_for_nested_columns_quotes_nothing_either(tmp_path: Path) -> None:
    header = f"description,profile,{SECRET},{SECRET}"
    (tmp_path / "repeated.csv").write_text(f"{header}\nd,{{}},x,y\n", encoding="utf-8")
    with pytest.raises(UsageError, match="same name") as caught:
        load(tmp_path / "repeated.csv", fields={"region": "profile.city"})
    assert SECRET not in everything_told(caught.value)


def test_a_cell_outside_of_what_can_be_held_is_not_quoted_and_may_be_skipped(
    tmp_path: Path,
) -> None:
    late = pa.array([{"city": "x", "born": 2**63 - 1}, {"city": "y", "born": 1}]).cast(
        pa.struct([("city", pa.string()), ("born", pa.timestamp("us"))])
    )
    path = tmp_path / "p.parquet"
    pq.write_table(pa.table({"description": ["a", "b"], "profile": late}), path)
    fields = {"region": "profile.city"}
    assert len(load(path, fields=fields, invalid="skip").personas) == 1
    with pytest.raises(UsageError, match=r"row 1: .*it is not quoted"):
        load(path, fields=fields)


def everything_told(error: BaseException) -> str:
    """The traceback, and the representation of every error behind it with all that it holds."""
    told = traceback.format_exception(error)
    behind: BaseException | None = error
    while behind is not None:
        told.append(f"{behind!r} {behind.args!r} {vars(behind)!r}")
        told.append(str(getattr(behind, "doc", "")) + str(getattr(behind, "object", "")))
        behind = behind.__cause__ or behind.__context__
    return "\n".join(told)
