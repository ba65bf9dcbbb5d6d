"""How a model answers, learnt from a few of its replies, so that the stub can answer likewise.

What is asked in a society depends on what was answered: plans that end soon leave people idle,
long actions make long memories, replies that are no use are asked for again. The stub has ways
of its own; with a model's manner it says as much as the model did, and as often. Of rows of data
sets only how often replies are of no use is taken over: their texts have to pass checks.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

import orjson
from pydantic import BaseModel, ValidationError

from matrix_sim.llm.contracts import LLM, Finish, Reply, Request, Role
from matrix_sim.messages import TickReport
from matrix_sim.outlook.meter import Kind, dataset_of, kind_of
from matrix_sim.randomness import named_random
from matrix_sim.society.replies import ActReply, GoalReply, RouteReply
from matrix_sim.synthesis.replies import IntentReply, PairReply, RowReply, UserTurnReply

_SHAPES: dict[str, type[BaseModel]] = {"goal": GoalReply, "act": ActReply, "route": RouteReply}
_ROW_SHAPES: dict[str, type[BaseModel]] = {
    "intent": IntentReply,
    "user": UserTurnReply,
    "verdict": PairReply,
    "judge": RowReply,
}
"""Of the parts of a row."""


class Outcome(StrEnum):
    """What a reply is worth."""

    USABLE = "usable"
    CUT_OFF = "cut_off"
    EMPTY = "empty"
    MALFORMED = "malformed"
    FINAL = "final"
    """Refused, filtered, or too long a prompt: not asked for again."""


@dataclass(slots=True)
class Manner:
    """What was seen of a model's replies; draws are made from what was seen, evenly."""

    outcomes: dict[Kind, list[Outcome]] = field(default_factory=dict)
    lengths: dict[str, list[int]] = field(default_factory=dict)
    """Of texts, by the field that they stood in. In bytes, which tokens go by: a model may answer
    in another language than the stub, and with three times the characters."""
    plans: list[int] = field(default_factory=list)
    """Steps of a plan."""
    effects: list[str] = field(default_factory=list)
    """Of actions on the plan."""
    aware: list[int] = field(default_factory=list)
    """Per action and member that could have become aware of it: whether it did (0 or 1)."""

    def learn(self, request: Request, reply: Reply) -> None:
        """Take down one reply; vectors have no manner."""
        if request.role is Role.EMBEDDING:
            return
        kind = kind_of(request)
        outcome, value = _read(kind, reply)
        self.outcomes.setdefault(kind, []).append(outcome)
        if outcome is not Outcome.USABLE or dataset_of(kind):
            return
        if value is None:
            self._measure(f"prose of {kind[1]}", reply.text)
        match kind[1]:
            case "goal":
                self.plans.append(len(value["plan"]))
                for step in value["plan"]:
                    self._measure("plan", step)
                for name in ("personality", "life_goal"):
                    self._measure(name, value[name])
            case "act":
                self.effects.append(value["effect"])
                self._measure("action", value["action"])

    def hear(self, report: TickReport, members: int) -> None:
        """Take down who became aware of what in a tick of a group of so many."""
        told = [seen.action.order for d in report.deliveries for seen in d.observations]
        for action in (*report.actions, *(envelope.action for envelope in report.inbox)):
            others = members - (action.group == report.group)
            noticed = min(others, told.count(action.order))
            self.aware += [1] * noticed + [0] * (others - noticed)

    def _measure(self, name: str, text: str) -> None:
        self.lengths.setdefault(name, []).append(len(text.encode()))


def _read(kind: Kind, reply: Reply) -> tuple[Outcome, Any]:
    if reply.finish is Finish.LENGTH:
        return Outcome.CUT_OFF, None
    if reply.finish is not Finish.STOP:
        return Outcome.FINAL, None
    if not reply.text.strip():
        return Outcome.EMPTY, None
    what = kind[1].rpartition("/")[2]
    shape = (_ROW_SHAPES if dataset_of(kind) else _SHAPES).get(what)
    if shape is None:
        return Outcome.USABLE, None
    try:
        return Outcome.USABLE, shape.model_validate_json(reply.text).model_dump(mode="json")
    except ValidationError:
        return Outcome.MALFORMED, None


class Mannered:
    """An `LLM` whose replies are those behind it, in the manner of another model."""

    def __init__(self, llm: LLM, manner: Manner, seed: int) -> None:
        self._llm = llm
        self._manner = manner
        self._seed = seed

    async def complete(self, request: Request) -> Reply:
        """The reply, as the other model might have given it."""
        reply = await self._llm.complete(request)
        draw = named_random(self._seed, "manner", f"{request.address}#{request.attempt}")
        outcomes = self._manner.outcomes.get(kind_of(request))
        if not outcomes or reply.finish is not Finish.STOP:
            return reply
        match draw.choice(outcomes):
            case Outcome.CUT_OFF:
                return replace(reply, finish=Finish.LENGTH)
            case Outcome.EMPTY:
                return replace(reply, text="")
            case Outcome.MALFORMED:
                return replace(reply, text="[")
            case Outcome.FINAL:
                return replace(reply, finish=Finish.REFUSED)
        if dataset_of(kind_of(request)):
            return reply  # stretched or cut, it would be refused by checks of what is written
        return replace(reply, text=self._rewritten(request, reply.text, draw))

    def _rewritten(self, request: Request, text: str, draw: random.Random) -> str:
        what = kind_of(request)[1]
        if what not in _SHAPES:
            return self._resized(f"prose of {what}", text, draw)
        value = orjson.loads(text)
        match what:
            case "goal":
                plan = value["plan"]
                count = draw.choice(self._manner.plans)
                steps = [plan[number % len(plan)] for number in range(count)]
                value["plan"] = [self._resized("plan", step, draw) for step in steps]
                for name in ("personality", "life_goal"):
                    value[name] = self._resized(name, value[name], draw)
            case "act":
                value["effect"] = draw.choice(self._manner.effects)
                # Said is said: an idle turn of the stub becomes what the model did as often.
                value["action"] = self._resized("action", value["action"] or "…", draw)
            case "route" if self._manner.aware:
                members = _members(request)
                for entry in value["routes"]:
                    entry["aware"] = [m for m in members if draw.choice(self._manner.aware)]
                    # Few people have nobody to send on to: what none takes up, none sends on.
                    entry["forward"] = entry["forward"] if entry["aware"] else []
        return orjson.dumps(value).decode()

    def _resized(self, name: str, text: str, draw: random.Random) -> str:
        seen = self._manner.lengths.get(name)
        if not seen or not text:
            return text
        length, written = draw.choice(seen), text.encode()
        cut = (written * (length // len(written) + 1))[:length].decode("utf-8", "ignore")
        return cut or text[:1]  # nothing said would be another matter than little said


def _members(request: Request) -> list[str]:
    """The labels of those who may become aware of something, as the schema lists them."""
    if request.schema is None:
        return []
    entry = orjson.loads(request.schema.json_schema)["properties"]["routes"]["items"]
    return list(entry["properties"]["aware"]["items"].get("enum", ()))
