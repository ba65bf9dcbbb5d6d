"""The stub's sentences and words: a data file a language."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

import orjson

from matrix_sim.errors import UsageError
from matrix_sim.llm.stub.english import English
from matrix_sim.llm.stub.japanese import Japanese
from matrix_sim.llm.stub.tongue import Tongue

_TONGUES: dict[str, type[Tongue]] = {"en": English, "ja": Japanese}


@dataclass(frozen=True, slots=True)
class Frames:
    """Lists of frames and words by name, as they stand in the data file, and their language."""

    lists: dict[str, Any]
    tongue: Tongue

    def __getitem__(self, name: str) -> Any:
        """One of the lists."""
        return self.lists[name]


@lru_cache
def load_frames(language: str) -> Frames:
    """The frames of a language.

    Raises:
        UsageError: the stub does not speak it.
    """
    tongue = _TONGUES.get(language)
    if tongue is None:
        spoken = " or ".join(f"'{known}'" for known in _TONGUES)
        raise UsageError(f"the stub has no sentences for language '{language}'; use {spoken}")
    file = resources.files(__package__).joinpath(f"frames.{language}.json")
    lists = orjson.loads(file.read_bytes())
    return Frames(lists, tongue(lists))
