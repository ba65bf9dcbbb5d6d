"""A model that says what a test tells it to: an `LLM` and an `Endpoint` in one."""

from __future__ import annotations

import json
from collections.abc import Callable

from matrix_sim.llm.contracts import Finish, Reply, Request

Script = Callable[[Request], str | Reply | Exception]
"""From a request to a text, a whole reply, or what is raised."""


class ScriptedModel:
    """Answers by a script and keeps what it was asked."""

    def __init__(self, script: Script) -> None:
        self.identity = b"script"
        self.asked: list[Request] = []
        self._script = script

    async def complete(self, request: Request) -> Reply:
        self.asked.append(request)
        answer = self._script(request)
        if isinstance(answer, Exception):
            raise answer
        return reply(answer) if isinstance(answer, str) else answer

    async def send(self, request: Request, *, sending: int) -> Reply:
        return await self.complete(request)

    @property
    def addresses(self) -> list[str]:
        """What was asked, repeated questions with their attempt."""
        return [
            request.address + (f"#{request.attempt}" if request.attempt > 1 else "")
            for request in self.asked
        ]


def reply(text: str, finish: Finish = Finish.STOP) -> Reply:
    return Reply(text, "", finish, "script")


def parts(request: Request) -> tuple[str, int, int]:
    """Kind, agent or group, and tick, window or block of an address; -1 where it has none."""
    kind, who, *rest = request.address.split("/")
    return kind, int(who[1:]), int(rest[0][1:]) if rest else -1


def goal(*steps: str) -> str:
    return _json(personality="几帳面", life_goal="家計を整える", plan=steps or ("一", "二", "三"))


def act(action: str = "本を読む", effect: str = "keep", next_step: str = "") -> str:
    return _json(action=action, effect=effect, next_step=next_step)


def route(**routes: tuple[list[str], list[str]]) -> str:
    """`_1=(["m2"], ["n1"])`: action 1 is noticed by m2 and goes out to n1."""
    return _json(
        routes=[
            {"action": int(number.strip("_")), "aware": aware, "forward": forward}
            for number, (aware, forward) in routes.items()
        ]
    )


def _json(**fields: object) -> str:
    return json.dumps(fields, ensure_ascii=False)
