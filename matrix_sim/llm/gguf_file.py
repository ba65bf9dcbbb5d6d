"""What a GGUF file says about the model in it, without loading it.

Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md (versions 2 and 3).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from matrix_sim.errors import UsageError

_MAGIC = b"GGUF"
_VERSIONS = (2, 3)
_FORMATS = {
    0: "<B",
    1: "<b",
    2: "<H",
    3: "<h",
    4: "<I",
    5: "<i",
    6: "<f",
    7: "<?",
    10: "<Q",
    11: "<q",
    12: "<d",
}
"""Types of one number each, as `struct` calls them."""
_TEXT, _LIST = 8, 9
_LONGEST_TEXT = 2**24
"""Above any chat template; a length beyond it is no length."""

Value = int | float | bool | str


@dataclass(frozen=True, slots=True)
class GgufFile:
    """A model file."""

    path: Path
    architecture: str
    trained_context: int | None
    """Tokens of the longest text that the model was trained with, if the file says."""
    has_pooling: bool
    """Whether the file says how a vector is made of a text: then it is a model for embeddings."""


def read_gguf(path: Path) -> GgufFile:
    """Read the head of a model file.

    Raises:
        UsageError: it is not there, cannot be read, or is no GGUF file.
    """
    try:
        with path.open("rb") as file:
            values = _values(file)
    except FileNotFoundError:
        raise UsageError(f"gguf: there is no file {path}") from None
    except OSError as error:
        raise UsageError(f"gguf: {path} cannot be read: {error.strerror}") from None
    except (ValueError, struct.error, KeyError) as error:
        raise UsageError(
            f"gguf: {path} is no model file that llama.cpp reads ({error}); was the download cut "
            "off? Models for llama.cpp end in .gguf"
        ) from None
    architecture = str(values.get("general.architecture", ""))
    context = values.get(f"{architecture}.context_length")
    return GgufFile(
        path,
        architecture,
        int(context) if isinstance(context, int) and context > 0 else None,
        f"{architecture}.pooling_type" in values,
    )


def _values(file: IO[bytes]) -> dict[str, Value]:
    magic = file.read(4)
    if magic != _MAGIC:
        raise ValueError(f"it begins with {magic!r} and not with {_MAGIC!r}")
    version = _number(file, "<I")
    if version not in _VERSIONS:
        raise ValueError(f"version {version} of the format; versions 2 and 3 are known")
    _number(file, "<Q")  # how many tensors
    values: dict[str, Value] = {}
    for _ in range(int(_number(file, "<Q"))):
        name = _text(file)
        value = _value(file, int(_number(file, "<I")))
        if value is not None:
            values[name] = value
    return values


def _value(file: IO[bytes], kind: int) -> Value | None:
    """The value; None for a list, which is skipped (a vocabulary, mostly)."""
    if kind == _TEXT:
        return _text(file)
    if kind != _LIST:
        return _number(file, _FORMATS[kind])
    inner, count = int(_number(file, "<I")), int(_number(file, "<Q"))
    if inner in _FORMATS:
        file.seek(count * struct.calcsize(_FORMATS[inner]), 1)
        return None
    for _ in range(count):
        _value(file, inner)
    return None


def _text(file: IO[bytes]) -> str:
    length = int(_number(file, "<Q"))
    if length > _LONGEST_TEXT:
        raise ValueError(f"a text of {length} bytes in its head")
    text = file.read(length)
    if len(text) < length:
        raise ValueError("it ends in its head")
    return text.decode("utf-8", "replace")


def _number(file: IO[bytes], form: str) -> int | float | bool:
    size = struct.calcsize(form)
    raw = file.read(size)
    if len(raw) < size:
        raise ValueError("it ends in its head")
    value: int | float | bool = struct.unpack(form, raw)[0]
    return value
