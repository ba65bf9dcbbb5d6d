"""Small values to put into a run store."""

from __future__ import annotations

import hashlib
import zlib

from matrix_sim.llm.contracts import (
    CallKey,
    Finish,
    OpenCall,
    RecordCall,
    Reply,
    Role,
    StoredPrompt,
    Usage,
)
from matrix_sim.messages import (
    Action,
    ActionKind,
    AgentStep,
    Delivery,
    Envelope,
    Observation,
    PlanEffect,
    Scenario,
    ScenarioAction,
    TickReport,
)


def a_key(number: int = 0) -> CallKey:
    address = f"act/a{number:05d}/t0001"
    return CallKey(address, 1, hashlib.sha256(address.encode()).digest())


def an_open_call(number: int = 0, reserved_tokens: int = 1000) -> OpenCall:
    return OpenCall(a_key(number), Role.AGENT, reserved_tokens)


def a_reply(text: str = "駅前の図書館で、家計簿の本を借りた。") -> Reply:
    return Reply(text, "", Finish.STOP, "stub", Usage(300, 40, 100))


def a_record(number: int = 0, reply: Reply | None = None) -> RecordCall:
    prompt = StoredPrompt(None, 0, zlib.compress(f"質問 {number}".encode()))
    return RecordCall(a_key(number), reply or a_reply(), prompt, uncached_tokens=120, sendings=1)


def an_action(tick: int, group: int, agent: int = 0, text: str = "本を読む") -> Action:
    return Action(tick, group, agent, ActionKind.PLAN, text)


def an_envelope(tick: int, group: int, target: int) -> Envelope:
    return Envelope(target, 0, an_action(tick, group), "佐藤さん（司書）")


def a_report(
    group: int = 0,
    tick: int = 0,
    *,
    text: str = "本を読む",
    sends_to: tuple[int, ...] = (),
    round_: int = 0,
    quiescent: bool = False,
) -> TickReport:
    action = an_action(tick, group, text=text)
    observation = Observation(action, "佐藤さん（司書）")
    step = AgentStep(
        action=action,
        mode=ActionKind.PLAN,
        observed=(observation,),
        effect=PlanEffect.ADVANCE,
        revised_step=None,
        has_next=True,
    )
    return TickReport(
        group=group,
        tick=tick,
        round=round_,
        steps=(step,),
        inbox=(),
        deliveries=(Delivery(1, (observation,)),),
        envelopes=tuple(an_envelope(tick, group, target) for target in sends_to),
        quiescent=quiescent,
    )


def a_scenario(window: int = 0, group: int = 0, summary: str = "二人は本の話をした。") -> Scenario:
    action = ScenarioAction(0, 0, "佐藤さん（司書）", ActionKind.PLAN, "本を読む")
    return Scenario(window, group, (action,), summary)
