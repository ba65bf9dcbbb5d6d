"""Prompts as they are in the middle of a run, and values for every template."""

from __future__ import annotations

from typing import Any

import pytest

from matrix_sim.llm.contracts import Message
from matrix_sim.messages import Action, ActionKind, Goal, Observation, ScenarioAction
from matrix_sim.personas.model import Persona
from matrix_sim.prompts.catalogue import TEMPLATES
from matrix_sim.prompts.library import PromptLibrary
from matrix_sim.quality.contracts import Turn
from matrix_sim.society.memory import MemoryItem

LIBRARIES = {language: PromptLibrary(language) for language in ("ja", "en")}


LIBRARY = LIBRARIES["ja"]


CHATS = tuple(name for name, spec in TEMPLATES.items() if spec.chat)


PIECES = tuple(name for name, spec in TEMPLATES.items() if not spec.chat)


in_both = pytest.mark.parametrize("language", LIBRARIES)


MISAKI = Persona(
    id="p1",
    name="田中みさき",
    age=35,
    sex="女",
    occupation="主婦",
    region="神奈川県川崎市",
    description="夫と小学生の娘との三人暮らし。食費を抑える工夫が好き。",
    details=("娘は人参が苦手で、毎晩の献立に頭を悩ませている。",),
    interests=("料理", "家庭菜園"),
    skills=("節約", "裁縫"),
    posts=("キャベツが半玉余った。今夜どうしよう。",),
)


MAYA = Persona(
    id="p2",
    name="Maya Okafor",
    age=41,
    occupation="librarian",
    region="Leeds, England",
    description="Lends out tools as well as books.",
    interests=("tool libraries", "crime novels"),
    posts=("The drill came back clean.",),
)


ICHIRO = "鈴木一郎（65歳・退職者）"


def act(language: str, **changed: Any) -> tuple[Message, ...]:
    """An act prompt as it is in the middle of a run."""
    library = LIBRARIES[language]
    seen = Action(3, 0, 2, ActionKind.PLAN, "土曜に公民館で漬物の会を開くと掲示板に書き込んだ。")
    plan = ("残り野菜を書き出す。", "一週間分の献立を作る。", "友人に試してもらう。")
    variables: dict[str, Any] = {
        "profile": library.text_of("profile", persona=MISAKI),
        "goal": Goal(0, "世話好きだが慎重。", "春までに献立を二週間分そろえる。", plan),
        "memory": (MemoryItem("", "私は冷蔵庫を開けて、人参三本を見つけた。"),),
        "recalled": (),
        "step": plan[1],
        "observations": (Observation(seen, ICHIRO),),
        "mode": "plan",
    }
    return library.render("act", **(variables | changed))


def situation(text: str) -> dict[str, Any]:
    """What somebody who asks brings along, with `text` in every place."""
    action = Action(3, 0, 2, ActionKind.PLAN, text or "動いた。")
    return {
        "profile": text,
        "goal": Goal(0, text, text, (text, text)),
        "summary": text,
        "did": (text, text),
        "seen": (Observation(action, text),),
        "requirement": text,
        "complexity": text,
        "style": text,
    }


NO_SCENE: dict[str, Any] = {"summary": "", "did": (), "seen": ()}
"""The part of a situation that is empty where a person alone is the ground."""


def user_turn(language: str, **changed: Any) -> tuple[Message, ...]:
    """The prompt for the second message of a user who may write three."""
    variables: dict[str, Any] = {
        "profile": LIBRARIES[language].text_of("profile", persona=MISAKI),
        "want": "余ったキャベツを使い切る三日分の献立がほしい。",
        "satisfied_when": "三日分の献立が挙がっている。",
        "style": "です・ます調。",
        "conversation": (Turn("user", "キャベツが余りました。"), Turn("assistant", "蒸します。")),
        "move": "具体的な例を求める。",
        "left": 2,
        "may_end": True,
    }
    return LIBRARIES[language].render("user_turn", **(variables | changed))


def values(text: str) -> dict[str, dict[str, Any]]:
    """Variables for every template, with `text` wherever a persona or a model may put some."""
    persona = Persona(
        id="p",
        name=text,
        age=35,
        sex=text,
        occupation=text,
        region=text,
        description=text or "人",
        details=(text,),
        interests=(text, text),
        skills=(text, text),
        posts=(text,),
    )
    goal = Goal(0, text, text, (text, text))
    items = (MemoryItem("", text, condensed=True), MemoryItem(text, text), MemoryItem("", text))
    action = Action(3, 0, 2, ActionKind.PLAN, text or "動いた。")
    conversation = (Turn("user", text), Turn("assistant", text))
    return {
        "goal": {"profile": text, "round": 1, "previous": goal, "memory": items},
        "act": {
            "profile": text,
            "goal": goal,
            "memory": items,
            "recalled": items,
            "step": text,
            "observations": (Observation(action, text),),
            "mode": "reaction",
        },
        "route": {
            "members": (("m1", text), ("m2", text)),
            "neighbours": (("n1", text),),
            "actions": ((1, text, text, "inbox", ""), (2, text, text, "", "m1")),
            "memory": (text, text),
            "recalled": (text,),
        },
        "summary": {"actions": (ScenarioAction(3, 2, text, ActionKind.PLAN, text),)},
        "condense": {"items": items, "speaker": text},
        "repair": {"error": text, "schema": text},
        "json_instruction": {"schema": text},
        "profile": {"persona": persona},
        "speaker": {"persona": persona},
        "group_description": {
            "ages": (30, 45),
            "regions": (text, text),
            "occupations": (text, text),
            "shared": (text, text),
        },
        "anonymise": {"texts": (text, text)},
        "reasoning_language": {"language": text},
        "instruction": situation(text) | {"task": text},
        "code_instruction": situation(text) | {"task": text, "code_language": text},
        "safety_instruction": situation(text) | {"risk": text, "degree": text},
        "intent": situation(text) | {"task": text},
        "user_turn": {
            "profile": text,
            "want": text,
            "satisfied_when": text,
            "style": text,
            "conversation": conversation,
            "move": text,
            "left": 2,
            "may_end": True,
        },
        "assistant": {},
        "safety_assistant": {},
        "judge_pair": {"conversation": conversation, "first": text, "second": text},
        "judge_row": {"conversation": conversation},
    }


def rendered(language: str, name: str, variables: dict[str, Any]) -> str:
    library = LIBRARIES[language]
    if name in CHATS:
        return library.render(name, **variables)[1].content
    return library.text_of(name, **variables)
