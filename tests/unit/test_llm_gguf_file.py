"""The head of a model file."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from matrix_sim.errors import UsageError
from matrix_sim.llm.gguf_file import read_gguf


def text(value: str) -> bytes:
    return struct.pack("<Q", len(value)) + value.encode()


def entry(name: str, kind: int, value: bytes) -> bytes:
    return text(name) + struct.pack("<I", kind) + value


def strings(*values: str) -> bytes:
    return struct.pack("<IQ", 8, len(values)) + b"".join(map(text, values))


ENTRIES = (
    entry("general.architecture", 8, text("llama")),
    entry("tokenizer.ggml.tokens", 9, strings("a", "bc", "")),
    entry("tokenizer.ggml.scores", 9, struct.pack("<IQff", 6, 2, 0.5, 1.5)),
    entry("llama.context_length", 4, struct.pack("<I", 4096)),
)


def head(*entries: bytes, magic: bytes = b"GGUF", version: int = 3) -> bytes:
    return magic + struct.pack("<IQQ", version, 7, len(entries)) + b"".join(entries)


def written(folder: Path, content: bytes) -> Path:
    path = folder / "model.gguf"
    path.write_bytes(content)
    return path


def test_it_tells_the_architecture_and_the_context(tmp_path: Path) -> None:
    file = read_gguf(written(tmp_path, head(*ENTRIES)))
    assert (file.architecture, file.trained_context, file.has_pooling) == ("llama", 4096, False)


def test_a_model_for_embeddings_says_how_it_pools(tmp_path: Path) -> None:
    pooling = entry("llama.pooling_type", 4, struct.pack("<I", 3))
    assert read_gguf(written(tmp_path, head(*ENTRIES, pooling))).has_pooling


@pytest.mark.parametrize("kept", range(4, len(head(*ENTRIES)), 7))
def test_a_head_that_was_cut_off_is_told(tmp_path: Path, kept: int) -> None:
    with pytest.raises(UsageError, match=r"model\.gguf is no model file .*it ends in its head"):
        read_gguf(written(tmp_path, head(*ENTRIES)[:kept]))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "it begins with b''"),
        (b"PK\x03\x04", "it begins with"),
        (head(version=1), "version 1 of the format"),
        (head(entry("x", 99, b"")), "99"),
        (head(struct.pack("<Q", 2**60)), "a text of 1152921504606846976 bytes"),
    ],
)
def test_what_is_no_model_file_is_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_gguf(written(tmp_path, content))
    assert reason in str(caught.value)


def test_a_file_that_is_not_there_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no file"):
        read_gguf(tmp_path / "none.gguf")
    with pytest.raises(UsageError, match="cannot be read"):
        read_gguf(tmp_path)
