"""The command that makes people up, and the config that does."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from matrix_sim.cli.main import main
from matrix_sim.config import PersonasConfig
from matrix_sim.errors import UsageError
from matrix_sim.personas.loading import load_personas
from matrix_sim.personas.model import Persona


def sampled(*arguments: str, into: Path) -> list[Persona]:
    assert main(["personas", "sample", *arguments, "-o", str(into)]) == 0
    lines = into.read_text(encoding="utf-8").splitlines()
    return [Persona.model_validate(json.loads(line)) for line in lines]


def test_the_command_writes_one_person_a_line(tmp_path: Path) -> None:
    people = sampled("-n", "7", "--seed", "3", into=tmp_path / "people.jsonl")
    assert len(people) == 7
    assert [p.name for p in tmp_path.iterdir()] == ["people.jsonl"]
    assert "\\u" not in (tmp_path / "people.jsonl").read_text(encoding="utf-8")


def test_without_a_file_the_people_go_to_stdout(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written = sampled("-n", "3", "--language", "en", into=tmp_path / "people.jsonl")
    capsys.readouterr()
    assert main(["personas", "sample", "-n", "3", "--language", "en"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [Persona.model_validate_json(line) for line in lines] == written


def test_a_config_gives_the_people_that_the_command_gives(tmp_path: Path) -> None:
    people = sampled("-n", "5", "--seed", "9", "--language", "en", into=tmp_path / "p.jsonl")
    config = PersonasConfig(source="sampler", count=5)
    selection = load_personas(config, 9, tmp_path, "en")
    assert list(selection.personas) == people
    assert selection.source == "the sampler"


def test_the_people_of_a_file_can_be_recombined(tmp_path: Path) -> None:
    sampled("-n", "40", into=tmp_path / "given.jsonl")
    people = sampled(
        "-n", "80", "--like", str(tmp_path / "given.jsonl"), into=tmp_path / "new.jsonl"
    )
    config = PersonasConfig(source="sampler", count=80, like=Path("given.jsonl"))
    assert list(load_personas(config, 0, tmp_path, "ja").personas) == people


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("missing.csv", None, "there is no such file or folder"),
        ("other.csv", "a,b\n1,2\n", "has no column 'description', which every persona needs"),
        ("empty.csv", "", "is empty"),
    ],
)
def test_a_file_that_holds_no_people_is_refused(
    tmp_path: Path, name: str, content: str | None, said: str
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_text(content, encoding="utf-8")
    with pytest.raises(UsageError, match=said):
        load_personas(PersonasConfig(source="sampler", count=2, like=path), 0, tmp_path, "ja")


def test_a_file_that_cannot_be_written_is_an_error_of_usage(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = tmp_path / "nowhere" / "people.jsonl"
    assert main(["personas", "sample", "-n", "1", "-o", str(wrong)]) == 2
    assert "cannot be written" in capsys.readouterr().err
