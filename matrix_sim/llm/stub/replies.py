"""What the stub says: which sentences answer which question.

A reply is a function of (seed, address, attempt) and the prompt. It knows the fields of a
society's replies by name; any other schema is filled as well, in less fitting words. What data
sets are made with is answered in `synthesis`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import orjson

from matrix_sim.llm.contracts import Message, Request
from matrix_sim.llm.stub.draws import Draws
from matrix_sim.llm.stub.filling import ArrayShape, ObjectShape, Shape, shape_of
from matrix_sim.llm.stub.frames import Frames, load_frames
from matrix_sim.llm.stub.material import sections_of
from matrix_sim.llm.stub.pen import Pen
from matrix_sim.llm.stub.routes import route_entry, routes_for
from matrix_sim.llm.stub.scene import Scene
from matrix_sim.llm.stub.synthesis import Decided, SynthesisWriter
from matrix_sim.llm.stub.synthesis_call import synthesis_call
from matrix_sim.llm.stub.tongue import Told
from matrix_sim.text import clean_text, clip_to_tokens

_ADVANCING = ("advance",) * 46 + ("keep",) * 42 + ("revise",) * 10 + ("done",) * 2
_ANSWERING = ("keep",) * 80 + ("advance",) * 15 + ("revise",) * 5
_IDLE = 0.02
_ANSWERS = 0.8
"""Share of actions that answer an observation, where there is one."""
_TAKES_STEP = 0.75
"""Share of the others that take up the current step of the plan, where it is known."""
_PLAN_STEPS = (3, 6)
_CONDENSED_LINES = 3
_LINE_TOKENS = 90
_NULL = 0.2
"""How often a field that may be null is null."""


class StubWriter:
    """Writes the stub's replies in one language, from one seed.

    Raises:
        UsageError: the stub does not speak the language.
    """

    def __init__(self, seed: int, language: str) -> None:
        self._seed = seed
        self._frames = load_frames(language)
        self._synthesis = SynthesisWriter(seed, language)

    def write(self, request: Request) -> str:
        """The text of the reply: JSON for the schema that is asked for, else a few sentences."""
        hand = self._hand(request, "reply")
        schema, call = _schema_asked_for(request), synthesis_call(request.address)
        if call is not None:
            if schema is None:
                return self._synthesis.text(call, request)
            decided = Decided(self._synthesis.fields(call, request), hand)
            return orjson.dumps(shape_of(schema).fill("", decided, 0)).decode()
        if schema is None:
            return hand.free_text(request.address.partition("/")[0])
        return orjson.dumps(_filled(shape_of(schema), hand)).decode()

    def reasoning(self, request: Request) -> str:
        """A short thinking text; before an answer of a data set one that thinks about it."""
        call = synthesis_call(request.address)
        if call is not None:
            return self._synthesis.reasoning(call, request)
        return self._hand(request, "reasoning").pen.sentence("reasoning")

    def refusal(self, request: Request) -> str:
        """One sentence that declines."""
        return self._hand(request, "refusal").pen.sentence("refusals")

    def _hand(self, request: Request, purpose: str) -> _Hand:
        draws = Draws(self._seed, purpose, request.address, request.attempt)
        prompt = [m.content for m in request.messages if m.role == "user"]
        return _Hand(self._frames, draws, Scene(self._frames, prompt))


def structured(request: Request) -> bool:
    """Whether the reply has to be JSON."""
    return _schema_asked_for(request) is not None


def _schema_asked_for(request: Request) -> bytes | None:
    """The request's schema, or the one that a prompt for endpoints without schemas spells out."""
    if request.schema is not None:
        return request.schema.json_schema
    first: Sequence[Message] = request.messages[:1]
    for message in first:
        if message.role == "system" and "</schema>" in message.content:
            return sections_of([message.content])["schema"].encode()
    return None


def _filled(shape: Shape, hand: _Hand) -> Any:
    routes = shape.properties.get("routes") if isinstance(shape, ObjectShape) else None
    entry = route_entry(routes)
    if entry is None or not isinstance(shape, ObjectShape) or not isinstance(routes, ArrayShape):
        return shape.fill("", hand, 0)
    lines = hand.scene.lines("numbered_sections")
    heads = [line.partition(hand.frames.tongue.colon)[0] for line in lines]
    marks = tuple(hand.frames["foreign_marks"])
    decided = routes_for(entry, routes.most, heads, marks, hand, hand.draws)
    return {
        name: decided if name == "routes" else one.fill(name, hand, 1)
        for name, one in shape.properties.items()
    }


class _Hand:
    """Decides what goes into the fields of one reply."""

    def __init__(self, frames: Frames, draws: Draws, scene: Scene) -> None:
        self.frames = frames
        self.draws = draws
        self.scene = scene
        self.pen = Pen(frames, draws, scene)

    # Free text

    def free_text(self, kind: str) -> str:
        """What a call of this kind is answered with."""
        known = _FREE.get(kind)
        return known(self) if known is not None else self.pen.sentence("texts")

    def _summary(self) -> str:
        """Who wants what, what happened, what stands open; nobody is named."""
        lines = self.scene.lines("told_sections")
        told = self.scene.told(self.draws.sample(lines, 8))
        if not told:
            return self.pen.sentence("texts")
        first = told[0]
        others = [x for x in told if x.speaker != first.speaker] or told
        second = next((x for x in others if x.topic != first.topic), others[-1])
        slots = {"o": first.topic, "who": self.frames.tongue.known_as(first)}
        if second.topic != first.topic:
            slots["p"] = second.topic
        if second.speaker != first.speaker:
            slots["whom"] = self.frames.tongue.known_as(second)
        frames = "summaries" if second.speaker != first.speaker else "summaries_of_one"
        return self.pen.sentence(frames, **{slot: text for slot, text in slots.items() if text})

    def _condensed(self) -> str:
        """A few of the lines as they are: nothing is invented, names and numbers stay."""
        tongue, remembered = self.frames.tongue, self.scene.lines("remembered_sections")
        lines = [line for line in remembered if not line.startswith(tongue.remark)]
        places = sorted(self.draws.sample(range(len(lines)), _CONDENSED_LINES))
        kept = (clean_text(lines[place])[0].strip(tongue.margin) for place in places)
        text = "\n".join(tongue.bullet + clip_to_tokens(line, _LINE_TOKENS) for line in kept)
        return text or self.pen.sentence("texts")

    # A turn: what is answered or taken up, and what that does to the plan

    @cached_property
    def _idle(self) -> bool:
        return self.draws.chance(_IDLE)

    @cached_property
    def _answered(self) -> Told | None:
        lines = self.scene.lines("observed_sections")
        if not lines or not self.draws.chance(_ANSWERS):
            return None
        told = self.scene.told([self.draws.choice(lines)])
        return told[0] if told else None

    @cached_property
    def _effect(self) -> str:
        if self._idle or not self.scene.step:
            return "keep"
        return self.draws.choice(_ANSWERING if self._answered else _ADVANCING)

    def _action(self) -> str:
        if self._idle:
            return ""
        if self._answered:
            slots = {"o": self._answered.topic, "who": self.frames.tongue.called(self._answered)}
            return self.pen.sentence("answers", **{k: v for k, v in slots.items() if v})
        if self.scene.step and self.draws.chance(_TAKES_STEP):
            return self.pen.sentence("step_actions", step=self.scene.step)
        return self.pen.sentence("own_actions")

    def _next_step(self) -> str:
        return self.pen.sentence("plan") if self._effect == "revise" else ""

    # Fields (the `Hand` of `filling`)

    @property
    def full_stop(self) -> str:
        """What fills a text up to a length."""
        return self.frames.tongue.full_stop

    def text(self, field: str) -> str:
        """A text for a field of that name."""
        known = _FIELDS.get(field)
        if known is not None:
            return known(self)
        fields = self.frames["fields"]
        return self.pen.write(self.draws.choice(fields.get(field) or fields["text"]))

    def texts(self, field: str, least: int, most: int) -> list[str]:
        """Different texts; a plan has three to six steps, on different topics where it can."""
        low, high = _PLAN_STEPS if field == "plan" else (max(1, least), max(1, least) + 2)
        count = self.draws.between(min(max(low, least), most), min(max(high, least), most))
        frames = self.frames["plan"] if field == "plan" else self.frames["fields"]["text"]
        topics = self.draws.sample(self.scene.topics, count)
        written: dict[str, None] = {}
        for place, frame in enumerate(self.draws.sample(frames, count)):
            written[self.pen.write(frame, t=topics[place % len(topics)])] = None
        while len(written) < count:
            text = self.pen.write(self.draws.choice(frames))
            written[self.frames.tongue.again(text, len(written) + 1)] = None
        return list(written)

    def pick(self, field: str, options: Sequence[Any]) -> Any:
        """The effect on a plan as it usually is; any other choice by lot."""
        if field == "effect" and self._effect in options:
            return self._effect
        return self.draws.choice(options)

    def pick_some(self, field: str, options: Sequence[Any], least: int, most: int) -> list[Any]:
        """Different choices by lot, in the order of the options; repeated only if it must be."""
        count = self.draws.between(min(least, len(options)), min(most, len(options)))
        places = sorted(self.draws.sample(range(len(options)), count))
        picked = [options[place] for place in places]
        return picked + [self.draws.choice(options) for _ in range(least - len(picked))]

    def whole(self, field: str, low: int, high: int) -> int:
        """A number by lot."""
        return self.draws.between(low, high)

    def share(self, field: str) -> float:
        """A place between 0 and 1 by lot."""
        return self.draws.unit()

    def absent(self, field: str) -> bool:
        """A new step is there when the plan is revised; other fields are rarely null."""
        if field == "next_step":
            return self._effect != "revise"
        return self.draws.chance(_NULL)


_FIELDS: dict[str, Callable[[_Hand], str]] = {
    "action": _Hand._action,
    "next_step": _Hand._next_step,
    "summary": _Hand._summary,
}
_FREE: dict[str, Callable[[_Hand], str]] = {
    "summary": _Hand._summary,
    "condense": _Hand._condensed,
}
