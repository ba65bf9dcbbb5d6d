"""The items of benchmarks as hashes: what they say is read once and not kept."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from matrix_sim.errors import UsageError
from matrix_sim.quality.gram_hashes import Hashes, gram_hashes
from matrix_sim.quality.keys import key_of

GRAM = 13
"""Characters. Of Japanese that is a clause; of English two or three words, and so an item counts
only with the share of its grams that the config asks for."""
_FRAME = 3
"""Items with the very same text that make it an instruction which any task may begin with."""


class Benchmarks:
    """Which items of benchmarks a row holds, and how much of each."""

    def __init__(self, files: Sequence[Path]) -> None:
        """Read the files.

        Raises:
            UsageError: one cannot be read; with file and line.
        """
        self._names: list[str] = []
        self._sizes: npt.NDArray[np.int64]
        self.notes: tuple[str, ...] = ()
        """What was left out, for people."""
        hashes: list[Hashes] = []
        for path in files:
            hashes += self._items_of(path)
        sizes = [len(of_item) for of_item in hashes]
        self._sizes = np.array(sizes, dtype=np.int64)
        grams = np.concatenate(hashes) if hashes else np.empty(0, dtype=np.uint64)
        items = np.repeat(np.arange(len(sizes), dtype=np.int32), sizes)
        order = np.argsort(grams, kind="stable")
        self._grams, self._items = grams[order], items[order]

    def __len__(self) -> int:
        """How many items there are."""
        return len(self._names)

    def most_like(self, texts: Iterable[str]) -> tuple[float, str]:
        """The item of which the texts hold the largest share, and the share.

        Args:
            texts: messages as they are.

        Returns:
            (0.0, "") where they hold nothing of any.
        """
        keys = [key for key in map(key_of, texts) if len(key) >= GRAM]
        if not keys or not len(self._grams):
            return 0.0, ""
        held = np.unique(np.concatenate([gram_hashes(key, GRAM) for key in keys]))
        first = np.searchsorted(self._grams, held, side="left")
        places = first[first < len(self._grams)]
        found = self._grams[places] == held[first < len(self._grams)]
        if not found.any():
            return 0.0, ""
        held = held[first < len(self._grams)][found]
        last = np.searchsorted(self._grams, held, side="right")
        pieces = zip(places[found], last, strict=True)
        items, counts = np.unique(
            np.concatenate([self._items[begin:end] for begin, end in pieces]), return_counts=True
        )
        shares = counts / self._sizes[items]
        best = int(np.argmax(shares))
        return float(shares[best]), self._names[int(items[best])]

    def _items_of(self, path: Path) -> Iterator[Hashes]:
        texts = Counter[str]()
        places: dict[str, str] = {}
        short = 0
        for place, text in _texts(path):
            key = key_of(text)
            if len(key) < GRAM:
                short += bool(key)
                continue
            texts[key] += 1
            places.setdefault(key, place)
        frames = [key for key, times in texts.items() if times >= _FRAME]
        if short:
            self._note(f"{path}: {short} texts of fewer than {GRAM} letters are not looked for")
        if frames:
            self._note(
                f"{path}: {len(frames)} texts that come {_FRAME} times or more, as instructions "
                "do, are not looked for"
            )
        for key, times in texts.items():
            if times < _FRAME:
                self._names.append(f"{path.name}, {places[key]}")
                yield np.unique(gram_hashes(key, GRAM))

    def _note(self, note: str) -> None:
        self.notes = (*self.notes, note)


def _texts(path: Path) -> Iterator[tuple[str, str]]:
    """The texts of a file, each with where it stands: a line of text, or a string in JSON."""
    try:
        whole = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise UsageError(
            f"{path}: the benchmark cannot be read ({error.strerror}); check the path"
        ) from error
    except UnicodeDecodeError as error:
        at = error.object[: error.start].count(b"\n") + 1
        raise UsageError(
            f"{path}, line {at}: the benchmark is not UTF-8; save it as UTF-8"
        ) from None
    kind = path.suffix.lower()
    if kind == ".json":
        yield from (("an item", text) for text in _strings(_parsed(path, 1, whole)))
        return
    for number, line in enumerate(whole.split("\n"), start=1):
        if line.strip() and kind == ".jsonl":
            fields = _parsed(path, number, line)
            yield from ((f"line {number}", text) for text in _strings(fields))
        elif line.strip():
            yield f"line {number}", line


def _parsed(path: Path, first: int, text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise UsageError(
            f"{path}, line {first + error.lineno - 1}: is no valid JSON ({error.msg} at character "
            f"{error.colno}); benchmarks are text, JSON or JSONL, told apart by the name's ending"
        ) from None
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path}, line {first}: is no JSON that can be read ({error})") from None


def _strings(value: Any) -> Iterator[str]:
    """All strings within it, in order."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, dict):
            waiting.extend(reversed(one.values()))
        elif isinstance(one, list):
            waiting.extend(reversed(one))
