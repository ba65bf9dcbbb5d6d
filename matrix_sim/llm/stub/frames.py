"""The stub's sentences and words: a data file a language."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

import orjson

from matrix_sim.errors import UsageError
from matrix_sim.llm.stub.material import Vocabulary


@dataclass(frozen=True, slots=True)
class Frames:
    """Lists of frames and words by name, as they stand in the data file."""

    lists: dict[str, Any]
    vocabulary: Vocabulary

    def __getitem__(self, name: str) -> Any:
        """One of the lists."""
        return self.lists[name]


@lru_cache
def load_frames(language: str) -> Frames:
    """The frames of a language.

    Raises:
        UsageError: the stub does not speak it.
    """
    file = resources.files(__package__).joinpath(f"frames.{language}.json")
    if not file.is_file():
        raise UsageError(f"the stub has no sentences for language '{language}'; use 'ja'")
    lists = orjson.loads(file.read_bytes())
    words = [word for words in lists["words"].values() for word in words]
    vocabulary = Vocabulary(
        preferred_labels=frozenset(lists["preferred_labels"]),
        skipped_labels=frozenset(lists["skipped_labels"]),
        not_topics=frozenset(lists["not_topics"] + lists["not_topics_of_frames"] + words),
    )
    return Frames(lists, vocabulary)
