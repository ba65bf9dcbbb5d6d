"""`matrix-sim personas`: files of personas looked at, and converted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from matrix_sim.cli.main import main
from matrix_sim.config import PersonasConfig
from matrix_sim.export.personas import export_personas
from matrix_sim.personas.loading import load_personas
from matrix_sim.personas.model import Persona
from matrix_sim.personas.nemotron import SCHEMA
from tests.support.examples import examples

Output = pytest.CaptureFixture[str]

CSV = """姓,名,年齢,職業,profile,hobbies,自己紹介,score
架空,花子,41歳,司書,"{""city"": ""広島""}",本、島,本と島を愛する司書である。,1.5
架空,太郎,40代,漁師,"{""city"": ""尾道""}",釣り,海の上で一日を過ごす漁師である。,2
"""


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "people.csv"
    path.write_text(CSV, "utf-8")
    return path


def asked(capsys: Output, *arguments: str) -> Any:
    assert main(["personas", *arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def refused(capsys: Output, *arguments: str) -> str:
    assert main(["personas", *arguments]) == 2
    return capsys.readouterr().err


def personas_in(path: Path) -> tuple[Persona, ...]:
    return load_personas(PersonasConfig(source="table", path=path), 0, Path(), "ja").personas


def test_an_unknown_table_is_guessed_and_shown_as_it_would_be(table: Path, capsys: Output) -> None:
    assert main(["personas", "inspect", "people.csv"]) == 0
    said = capsys.readouterr().out
    assert "2 rows\n" in said
    assert "profile.city  text                     100%    region       広島" in said
    assert "not used: score" in said
    assert "1 of 2 rows cannot be read" in said
    assert f"1 x '年齢' is not a whole number of years ({table}, row 2 (line 3))" in said
    assert "名前：架空 花子\n    年齢：41歳" in said


def test_the_guess_can_be_put_into_a_config(table: Path, capsys: Output) -> None:
    guess = asked(capsys, "inspect", "people.csv")["suggestion"]
    assert guess["personas"]["fields"] == {
        "name": ["姓", "名"],
        "age": "年齢",
        "occupation": "職業",
        "region": "profile.city",
        "description": "自己紹介",
        "interests": {"columns": ["hobbies"], "separator": "、"},
    }
    main(["personas", "inspect", "people.csv"])
    said = capsys.readouterr().out
    pasted = yaml.safe_load(said[said.index("personas:\n") : said.index("\n\n1 of 2")])
    assert pasted == guess
    PersonasConfig.model_validate(pasted["personas"])


def test_a_mapping_of_ones_own_is_shown_and_not_guessed_over(table: Path, capsys: Output) -> None:
    found = asked(
        capsys,
        *("inspect", "people.csv", "--field", "description=自己紹介", "--field", "name=姓"),
        *("--field", "details=職業", "--field", "details=score"),
        *("--field", "interests={columns: [hobbies], separator: 、}"),
    )
    assert found["uses"] == {
        "name": ["姓"],
        "description": ["自己紹介"],
        "details": ["職業", "score"],
        "interests": ["hobbies"],
    }
    assert not found["suggestion_used"]
    assert found["readable"] == 2
    assert found["personas"][0]["interests"] == ["本", "島"]
    assert found["unused"] == ["名", "年齢", "profile", "profile.city"]


def test_where_no_name_speaks_of_a_description_the_longest_free_text_is_one(
    table: Path, capsys: Output
) -> None:
    row = {"職歴": "長い話。" * 20, "memo": "それより短い話。" * 5, "x": "短い。"}
    Path("a.jsonl").write_text(json.dumps(row), "utf-8")
    fields = asked(capsys, "inspect", "a.jsonl")["suggestion"]["personas"]["fields"]
    assert fields == {"description": "memo", "details": "職歴"}


def test_a_repeated_id_is_found_by_looking(table: Path, capsys: Output) -> None:
    Path("a.jsonl").write_text('{"id": "1", "description": "人。"}\n' * 2, "utf-8")
    (lost,) = asked(capsys, "inspect", "a.jsonl")["left_out"]
    assert (lost["reason"], lost["rows"]) == ("has the same id as another row", 1)


def test_the_nemotron_schema_is_known_by_its_columns(tmp_path: Path, capsys: Output) -> None:
    row = dict.fromkeys(SCHEMA.columns, "文。") | {"age": "41", "country": "日本"}
    row |= {name: "['本']" for name in SCHEMA.columns if name.endswith("_list")}
    rows = [{**row, "uuid": f"u{n}"} for n in range(30)]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "a.parquet")
    found = asked(capsys, "inspect", str(tmp_path / "a.parquet"), "--rows", "10")
    assert found["schema"] == "nvidia/Nemotron-Personas-Japan"
    assert (found["rows"], found["looked_at"], found["readable"]) == (30, 10, 10)
    assert found["unused"] == ["country"]
    assert found["suggestion"] is None
    main(["personas", "inspect", str(tmp_path / "a.parquet"), "--rows", "10"])
    assert "30 rows; what follows is of the first 10" in capsys.readouterr().out


def test_of_a_long_text_file_only_the_first_rows_are_spoken_of(
    tmp_path: Path, capsys: Output
) -> None:
    path = tmp_path / "a.jsonl"
    lines = [f'{{"id": "{n}", "description": "人。"}}\n' for n in range(20)]
    path.write_text("".join([*lines, "broken"]), "utf-8")
    assert main(["personas", "inspect", str(path), "--rows", "20"]) == 0
    said = capsys.readouterr().out
    assert "more than 20 rows; what follows is of the first 20" in said
    assert "All rows looked at can be read" in said
    assert asked(capsys, "inspect", str(path))["left_out"][0]["reason"] == "no valid JSON"


def test_nothing_in_a_file_steers_the_terminal_or_breaks_the_table(
    tmp_path: Path, capsys: Output
) -> None:
    path = tmp_path / "a.jsonl"
    evil = "\x1b[2J\u202e赤\r\nnot used: x"
    path.write_text(json.dumps({"id": evil, "description": evil, evil: evil}), "utf-8")
    assert main(["personas", "inspect", str(path)]) == 0
    said = capsys.readouterr().out
    assert not set("\x1b\u202e\r") & set(said)
    assert sum(line.startswith("not used") for line in said.splitlines()) == 1


def test_half_an_emoji_in_a_file_is_shown_as_replaced(tmp_path: Path, capsys: Output) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(r'{"id": "1", "description": "\ud83d", "\ud83d key": "\ud83d"}', "ascii")
    assert main(["personas", "inspect", str(path)]) == 0
    assert "not used: \N{REPLACEMENT CHARACTER} key" in capsys.readouterr().out
    assert asked(capsys, "inspect", str(path))["unused"] == ["\N{REPLACEMENT CHARACTER} key"]


def test_of_profiles_the_account_names_are_guessed_too(tmp_path: Path, capsys: Output) -> None:
    path = tmp_path / "p.csv"
    path.write_text("display_name,User Name,bio\n架空花子,kakuu_h,別名は kakuu_h。\n", "utf-8")
    found = asked(capsys, "inspect", str(path), "--source", "social")
    assert found["suggestion"]["personas"]["fields"] == {
        "name": "display_name",
        "handle": "User Name",
        "description": "bio",
    }
    assert found["personas"][0]["description"] == "別名は ［アカウント名］。"
    as_table = asked(capsys, "inspect", str(path), "--source", "table")["suggestion"]
    assert "handle" not in as_table["personas"]["fields"]


def test_looking_at_profiles_quotes_no_header_that_is_wrong(tmp_path: Path, capsys: Output) -> None:
    path = tmp_path / "headless.csv"
    path.write_text("1,神宮寺凛音,神宮寺凛音\n", "utf-8")
    said = refused(capsys, "inspect", str(path), "--source", "social", "--debug")
    assert "has columns with the same name" in said
    assert "神宮寺" not in said


def test_a_config_says_how_a_file_is_read(table: Path, capsys: Output) -> None:
    config = table.parent / "run.yaml"
    config.write_text(
        "society: {ticks: 3}\nmodels: {default: {stub: {}}}\nseed: 3\n"
        "personas: {source: table, path: elsewhere.csv, invalid: skip,\n"
        "  fields: {description: 自己紹介, age: 年齢}}\n",
        "utf-8",
    )
    found = asked(capsys, "convert", "people.csv", "out.jsonl", "--config", "run.yaml")
    assert (found["written"], found["rows"]) == (1, 2)
    assert found["left_out"][0]["reason"] == "'年齢' is not a whole number of years"
    assert personas_in(table.parent / "out.jsonl")[0].age == 41


def test_converting_chooses_by_seed_as_a_run_does(table: Path, capsys: Output) -> None:
    path = table.parent / "many.jsonl"
    rows = [{"id": f"p{n}", "description": "人。"} for n in range(50)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    asked(capsys, "convert", "many.jsonl", "out.jsonl", "--count", "5", "--seed", "3")
    config = PersonasConfig(source="table", path=path, count=5)
    assert (
        personas_in(table.parent / "out.jsonl") == load_personas(config, 3, Path(), "ja").personas
    )
    assert not (table.parent / "out.jsonl.part").exists()


def test_converting_says_that_no_model_has_looked(table: Path, capsys: Output) -> None:
    personas = {"source": "social", "path": "people.csv", "invalid": "skip", "anonymise": "llm"}
    config = {
        "personas": {**personas, "fields": {"description": "自己紹介"}},
        "society": {"ticks": 1},
        "models": {"default": {"stub": {}}},
    }
    (table.parent / "c.yaml").write_text(json.dumps(config), "utf-8")
    arguments = ("people.csv", "out.jsonl", "--config", "c.yaml")
    assert "only the rules have seen them" in asked(capsys, "convert", *arguments)["notes"][-1]
    assert main(["personas", "convert", *arguments]) == 0
    assert "note: only the rules have seen them" in capsys.readouterr().out


def test_converting_refuses_what_a_run_refuses_and_leaves_the_old_file(
    table: Path, capsys: Output
) -> None:
    out = table.parent / "out.jsonl"
    out.write_text("old", "utf-8")
    described = ("--field", "description=自己紹介")
    assert "'年齢' is '40代'" in refused(
        capsys, "convert", "people.csv", "out.jsonl", *described, "--field", "age=年齢"
    )
    assert "personas inspect' guesses which" in refused(
        capsys, "convert", "people.csv", "out.jsonl"
    )
    assert out.read_text("utf-8") == "old"
    assert "ends in .jsonl" in refused(capsys, "convert", "people.csv", "out.csv", *described)
    assert "no folder" in refused(capsys, "convert", "people.csv", "no/o.jsonl", *described)


@pytest.mark.parametrize(
    ("argument", "said"),
    [
        ("bio", "write NAME=COLUMN"),
        ("=bio", "unknown key"),
        ("descripton=bio", "did you mean 'description'?"),
        ("sex={columns: [a], separator: b}", "'sex' is one text and takes no separator"),
        ("age={columns: []}", "personas.fields.age.columns"),
    ],
)
def test_a_wrong_field_is_refused(table: Path, capsys: Output, argument: str, said: str) -> None:
    assert said in refused(capsys, "inspect", "people.csv", "--field", argument)


def test_the_hub_is_asked_for_by_a_prefix(
    table: Path, capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = table.parent / "people"
    folder.mkdir()
    lines = '{"id": "1", "description": "人。"}\n'
    (folder / "train.jsonl").write_text(lines, "utf-8")
    monkeypatch.setenv("HF_HOME", str(table.parent / "cache"))
    found = asked(capsys, "convert", f"hub:{folder}", "out.jsonl")
    assert (found["written"], found["rows"]) == (1, 1)
    assert asked(capsys, "inspect", f"hub:{folder}")["readable"] == 1


def text(least: int = 0) -> st.SearchStrategy[str]:
    """What a persona may hold: text without white space around it that UTF-8 can carry."""
    kept = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=8)
    awkward = st.sampled_from(["['a']", '{"a": 1}', "a,b", "3.0", "=1+1", "\u2028", '"', "# x"])
    return (kept | awkward).map(str.strip).filter(lambda each: len(each) >= least)


ITEMS = st.lists(text(1), max_size=3).map(tuple)
PEOPLE = st.lists(
    st.builds(
        Persona,
        id=text(1),
        name=text(),
        age=st.none() | st.integers(0, 130),
        sex=text(),
        marital_status=text(),
        education=text(),
        occupation=text(),
        region=text(),
        description=text(1),
        details=ITEMS,
        interests=ITEMS,
        skills=ITEMS,
        posts=ITEMS,
    ),
    min_size=1,
    max_size=4,
    unique_by=lambda each: each.id,
)


@examples(100)
@given(people=PEOPLE)
def test_personas_come_back_equal_from_what_is_written(
    tmp_path_factory: pytest.TempPathFactory, people: list[Persona]
) -> None:
    path = tmp_path_factory.mktemp("back") / "people.jsonl"
    export_personas(people, path)
    assert personas_in(path) == tuple(people)
