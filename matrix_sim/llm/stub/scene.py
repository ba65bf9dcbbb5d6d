"""What one prompt says, read only as far as a reply needs it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from matrix_sim.llm.stub.frames import Frames
from matrix_sim.llm.stub.material import sections_of, topics_of
from matrix_sim.llm.stub.tongue import Told


class Scene:
    """The sections of a prompt, by what they are good for."""

    def __init__(self, frames: Frames, prompt: Sequence[str]) -> None:
        self._frames = frames
        self._prompt = prompt

    @cached_property
    def _sections(self) -> dict[str, str]:
        return sections_of(self._prompt)

    def lines(self, kind: str) -> list[str]:
        """The lines of the first section of this kind that is there and not empty."""
        for name in self._frames[kind]:
            if lines := [x for x in self._sections.get(name, "").splitlines() if x.strip()]:
                return lines
        return []

    @cached_property
    def topics(self) -> tuple[str, ...]:
        """What this person is busy with; else what the prompt speaks of; never empty."""
        own = [self._sections[x] for x in self._frames["own_sections"] if x in self._sections]
        for text in own or self._sections.values() or self._prompt[-1:]:
            if found := topics_of(text, self._frames.tongue):
                return found
        return tuple(self._frames["default_topics"])

    @cached_property
    def step(self) -> str:
        """The current step of the plan in the form that frames take it in, or nothing."""
        lines = self.lines("step_sections")
        return self._frames.tongue.step(lines[0]) if lines else ""

    def told(self, lines: Sequence[str]) -> list[Told]:
        """Those of the lines that say what somebody is busy with."""
        told = (self._frames.tongue.told(line) for line in lines)
        return [one for one in told if one.topic]
