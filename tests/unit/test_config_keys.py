"""Keys from files, and where the paths of models start."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from matrix_sim.config import RunConfig
from matrix_sim.config.datasets import DatasetConfig
from matrix_sim.config.file import LoadedConfig, dump_config, load_config, with_environment
from matrix_sim.config.quality import QualityConfig
from matrix_sim.config.roles import entries_of, roles_in_use
from matrix_sim.errors import UsageError
from matrix_sim.llm.backends import key_of
from matrix_sim.llm.contracts import Role

KEY = "sk-known-7f3a91c2"
HEAD = "society: {ticks: 3}\n"
WITH_FILE = HEAD + (
    "models:\n  default: {base_url: 'http://h/v1', model: m, api_key_file: keys/mine}\n"
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder for a config that is not the one the command is started from."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    yield tmp_path


def hold(folder: Path, content: bytes, mode: int = 0o600) -> Path:
    path = folder / "keys" / "mine"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    path.chmod(mode)
    return path


def load(folder: Path, text: str) -> LoadedConfig:
    path = folder / "run.yaml"
    path.write_text(text, "utf-8")
    return load_config(path, (), {})


def refusal(folder: Path, text: str = WITH_FILE) -> str:
    with pytest.raises(UsageError) as caught:
        load(folder, text)
    return str(caught.value)


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n"])
def test_a_file_beside_the_config_holds_the_key(folder: Path, end: bytes) -> None:
    path = hold(folder, KEY.encode() + end)
    loaded = load(folder, WITH_FILE)
    model = loaded.config.models.default
    assert key_of(model, loaded.config.secrets) == KEY
    assert (model.api_key_file, loaded.notes) == (path, ())
    for text in (repr(loaded), loaded.config.model_dump_json(), dump_config(loaded.config)):
        assert KEY not in text


def test_the_config_that_a_run_keeps_finds_the_key_again(folder: Path) -> None:
    hold(folder, KEY.encode())
    config = load(folder, WITH_FILE).config
    (folder / "elsewhere" / "config.yaml").write_text(dump_config(config), "utf-8")
    again = load_config(folder / "elsewhere" / "config.yaml", (), {}).config
    assert key_of(again.models.default, again.secrets) == KEY


def test_a_config_from_python_finds_it_too(folder: Path) -> None:
    path = hold(folder, KEY.encode())
    model = {"base_url": "http://h/v1", "model": "m", "api_key_file": str(path)}
    config = RunConfig.model_validate({"society": {"ticks": 3}, "models": {"default": model}})
    loaded = with_environment(config, {})
    assert key_of(loaded.config.models.default, loaded.config.secrets) == KEY
    path.unlink()
    with pytest.raises(UsageError, match=r"default\.api_key_file: the file is not there"):
        with_environment(config, {})


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "is empty"),
        (b" \n\n", "is empty"),
        (KEY.encode() + b"\nsecond\n", "holds 2 lines; it must hold the key alone"),
        (b"OPENAI_API_KEY = " + KEY.encode(), "holds white space or characters outside ASCII"),
        ("sk-日本".encode(), "holds white space or characters outside ASCII"),
        (b"\xff\xfe", "holds white space or characters outside ASCII"),
        (b"k" * 20_000, "is longer than 16384 bytes"),
    ],
)
def test_a_file_that_holds_no_key_is_told_with_its_line(
    folder: Path, content: bytes, problem: str
) -> None:
    hold(folder, content)
    message = refusal(folder)
    assert f"line 3, models.default.api_key_file: the file {problem}" in message
    assert KEY not in message


def test_a_file_that_is_not_there_is_told_beside_everything_else(folder: Path) -> None:
    message = refusal(folder, WITH_FILE + "sede: 3\n")
    assert f"the file is not there (a relative path starts from {folder})" in message
    assert "sede: unknown key" in message


def test_a_folder_is_no_file(folder: Path) -> None:
    (folder / "keys" / "mine").mkdir(parents=True)
    assert "models.default.api_key_file: the file is a folder" in refusal(folder)


def test_a_key_in_place_of_its_file_is_refused_without_showing_it(folder: Path) -> None:
    message = refusal(folder, WITH_FILE.replace("keys/mine", KEY))
    assert "the file is not there" in message
    assert KEY not in message


@pytest.mark.parametrize("mode", [0o640, 0o604])
def test_a_file_that_others_can_read_is_noted(folder: Path, mode: int) -> None:
    path = hold(folder, KEY.encode(), mode)
    (note,) = load(folder, WITH_FILE).notes
    assert str(path) in note and "chmod 600" in note and KEY not in note


def test_a_variable_and_a_file_at_once_are_refused(folder: Path) -> None:
    hold(folder, KEY.encode())
    text = WITH_FILE.replace("api_key_file", "api_key_env: A_NAME, api_key_file")
    assert "give 'api_key_env' or 'api_key_file', not both" in refusal(folder, text)


def test_the_file_of_a_role_that_nobody_plays_is_not_read(folder: Path) -> None:
    text = WITH_FILE + "  agent: {stub: {}}\n  modulator: {stub: {}}\n"
    assert load(folder, text).config.secrets == {}


def test_model_files_of_all_roles_start_at_the_config(folder: Path) -> None:
    roles = ("default", "agent", "modulator", "anonymiser", "embedding")
    text = HEAD + "models:\n" + "".join(f"  {r}: {{gguf: m/{r}.gguf}}\n" for r in roles)
    models = load(folder, text).config.models
    assert [getattr(models, r).gguf for r in roles] == [folder / f"m/{r}.gguf" for r in roles]
    assert [getattr(models, r).label for r in roles] == [f"gguf:{r}.gguf" for r in roles]


def test_every_role_has_an_entry_and_only_those_that_somebody_asks_count() -> None:
    quality = QualityConfig.model_validate({"judge": {"enabled": True}})
    kinds = ("dialogue", "reason", "dpo")
    datasets = [DatasetConfig.model_validate({"kind": kind, "count": 1}) for kind in kinds]
    assert set(roles_in_use("llm", datasets, quality)) == set(Role)
    society = roles_in_use(None, (), quality)
    assert entries_of({"agent": {}, "anonymiser": {}}, society) == {
        Role.AGENT: "agent",
        Role.MODULATOR: "default",
        Role.EMBEDDING: "embedding",
    }


def test_the_key_file_of_a_role_that_a_data_set_asks_is_read(folder: Path) -> None:
    (folder / "keys").mkdir()
    (folder / "keys" / "mine").write_text("k")
    text = WITH_FILE + "  agent: {stub: {}}\n  modulator: {stub: {}}\n"
    text += "datasets: [{kind: sft, count: 1}]\n"
    assert len(load(folder, text).config.secrets) == 1


@pytest.mark.parametrize("stub", ["{reasoning: true}", "{faults: {server: 0.1}}"])
def test_what_the_stub_does_not_do_to_vectors_is_refused(folder: Path, stub: str) -> None:
    text = HEAD + f"models: {{default: {{stub: {{}}}}, embedding: {{stub: {stub}}}}}\n"
    assert "the stub gives vectors without 'faults' and without 'reasoning'" in refusal(
        folder, text
    )
