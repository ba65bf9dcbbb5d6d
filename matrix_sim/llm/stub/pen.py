"""Sentences: a drawn frame, its slots filled from the scene and the word lists."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from matrix_sim.llm.stub.draws import Draws
from matrix_sim.llm.stub.frames import Frames


class Subject(Protocol):
    """What sentences are about."""

    @property
    def topics(self) -> Sequence[str]:
        """Phrases; never empty."""
        ...

    @property
    def step(self) -> str:
        """The current step of a plan, or nothing."""
        ...


class Known:
    """Topics that were found already (a `Subject`)."""

    step = ""

    def __init__(self, topics: Sequence[str]) -> None:
        self.topics = topics


class Pen:
    """Writes the sentences of one reply."""

    def __init__(self, frames: Frames, draws: Draws, scene: Subject) -> None:
        self._frames = frames
        self._draws = draws
        self._scene = scene

    def sentence(self, frames: str, **slots: str) -> str:
        """One of the frames of that name; slots that are not given are drawn."""
        return self.write(self._draws.choice(self._frames[frames]), **slots)

    def write(self, frame: str, **slots: str) -> str:
        """This frame, filled."""
        return self._frames.tongue.finished(frame.format_map(_Slots(self, slots)))

    def word(self, slot: str, taken: dict[str, str]) -> str:
        """What a slot holds that nobody gave.

        t, u, o, p: a topic each, all different; s: the topic of the current step; who, whom: a
        person; anything else: a word of the list of that name.
        """
        if slot == "s":
            step = self._scene.step
            return next((topic for topic in self._scene.topics if topic in step), "") or self.word(
                "t", taken
            )
        if slot in ("t", "u", "o", "p"):
            used = set(taken.values())
            free = [topic for topic in self._scene.topics if topic not in used]
            words: Sequence[str] = free or self._frames["default_topics"]
        elif slot in ("who", "whom"):
            words = self._frames["default_speakers"]
        else:
            words = self._frames["words"][slot]
        return self._draws.choice(words)


class _Slots(dict[str, str]):
    """The slots of one sentence: each is drawn when the frame first asks for it."""

    def __init__(self, pen: Pen, given: dict[str, str]) -> None:
        super().__init__(given)
        self._pen = pen

    def __missing__(self, slot: str) -> str:
        self[slot] = word = self._pen.word(slot, self)
        return word
