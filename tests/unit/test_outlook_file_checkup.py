"""`check-models` of a model file: it is loaded and asked, as an endpoint is."""

from __future__ import annotations

from pathlib import Path

import pytest

from matrix_sim.config import ModelsConfig
from matrix_sim.errors import UsageError
from matrix_sim.llm.contracts import Message, Role
from matrix_sim.outlook.checkup import Checkup, Needs
from matrix_sim.outlook.file_checkup import check_up_files
from tests.support.model_file import make_model_file

ALL = (Role.AGENT, Role.MODULATOR, Role.EMBEDDING)
NEEDS = Needs((Message("user", "Who are you?"),), {Role.AGENT: 900}, lambda schema: schema)


def checked(file: Path, **embedding: object) -> list[Checkup]:
    llama = {"threads": 1, "slots": 1, "context_tokens": 1024}
    chat = {"gguf": file, "max_tokens": 64, "llama": llama}
    models = {"default": chat, "embedding": embedding or {"gguf": file, "llama": llama}}
    return check_up_files(ModelsConfig.model_validate(models), ALL, NEEDS)


def test_a_file_is_loaded_once_for_those_who_chat_and_once_for_vectors(tmp_path: Path) -> None:
    file = make_model_file(tmp_path / "tiny.gguf", context_tokens=2048)
    chat, vectors = checked(file)
    assert (chat.roles, chat.model, chat.address) == (ALL[:2], "gguf:tiny.gguf", str(file))
    said = {finding.check: finding for finding in chat.findings}
    assert said["loads"].mark == "ok"
    assert said["replies of a shape"].said == "by JSON schema: honoured"
    assert said["context"].said.startswith("1,024 tokens; needed: ")
    assert "key" not in said
    assert [finding.check for finding in vectors.findings] == ["loads", "vectors", "batches"]


def test_a_file_that_is_cut_off_is_wrong_in_the_words_of_llama_cpp(tmp_path: Path) -> None:
    file = make_model_file(tmp_path / "tiny.gguf", context_tokens=2048)
    file.write_bytes(file.read_bytes()[:100_000])
    (chat,) = checked(file, local=True)
    assert not chat.good
    (loads,) = chat.findings
    assert "not within the file bounds" in loads.said


def test_a_file_that_is_not_there_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"there is no file .*none\.gguf"):
        checked(tmp_path / "none.gguf", local=True)
