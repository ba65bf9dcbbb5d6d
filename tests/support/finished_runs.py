"""Runs whose data sets are done, made up: for whoever takes rows from them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from matrix_sim.config import DatasetConfig, RunConfig
from matrix_sim.export.finished import FinishedDataset, FinishedRun
from matrix_sim.personas.model import Persona
from matrix_sim.quality.contracts import Turn, Verdict
from matrix_sim.society.society import Member, Society
from matrix_sim.synthesis.contracts import Candidate, Completion, Draw

PEOPLE = 12
QUESTION = "残り物の白菜で、今夜作れる「簡単な」料理を教えて。\n予算は¥500。"
ANSWER = "白菜と卵のスープはいかがですか？\n\n```text\n白菜 200g\n```"
THINKING = "相手は今夜の献立に困っている。\n材料は白菜だけだ。"
WORSE = "わかりません。"


def a_run(*datasets: FinishedDataset, **config: Any) -> FinishedRun:
    """A run with these data sets; by default of Nemotron's people."""
    values: dict[str, Any] = {
        "name": "ja-dialogue",
        "personas": {"source": "nemotron", "path": "/home/somebody/people.csv"},
        "society": {"ticks": 6},
        "models": {"default": {"stub": {}}},
    }
    society = Society(RunConfig.model_validate(values).society, people(), ())
    return FinishedRun(RunConfig.model_validate(values | config), society, "5" * 64, datasets)


def people(count: int = PEOPLE) -> tuple[Member, ...]:
    """Members by number."""
    return tuple(
        Member(n, Persona(id=f"p{n:04d}", description="料理が好きな人。"), f"人{n}")
        for n in range(count)
    )


def a_dataset(
    kind: str = "sft", candidates: Iterable[Candidate] | None = None, **more: Any
) -> FinishedDataset:
    """A data set; without candidates of one's own, with a row of each person."""
    config = DatasetConfig.model_validate({"kind": kind, "count": PEOPLE} | more)
    rows = (a_row(config, n) for n in range(PEOPLE)) if candidates is None else candidates
    return FinishedDataset(config, tuple(rows), "d" * 64, {"instruction": "1" * 64})


def a_row(
    config: DatasetConfig,
    number: int = 0,
    *,
    agent: int | None = None,
    question: str = QUESTION,
    answer: str = ANSWER,
    thinking: str = THINKING,
    **more: Any,
) -> Candidate:
    """An accepted candidate of a data set's kind; it thinks whether that is wanted or not."""
    turns: tuple[Turn, ...] = (Turn("user", f"{question}（{number}）"),)
    said = Turn("assistant", answer, thinking)
    if config.kind == "dialogue":
        turns += (said, Turn("user", "もっと簡単なのは？"), said)
    elif config.kind != "dpo":
        turns += (said,)
    pair = {"chosen": answer, "chosen_reasoning": thinking, "rejected": WORSE}
    values: dict[str, Any] = {
        "models": {"instructor": "qwen3-30b", "responder": "gpt-oss"},
        "labels": {},
        "verdicts": (),
        **(pair if config.kind == "dpo" else {}),
    }
    facets = {"task": "advice", "complexity": "simple", "style": "polite"}
    drawn_agent = number % PEOPLE if agent is None else agent
    return Candidate(
        dataset=config.label,
        draw=Draw(number, window=2, group=1, agent=drawn_agent, facets=facets),
        accepted=True,
        completion=Completion(turns=turns, **(values | more)),
        verdicts=(Verdict("length", True, ""), Verdict("language", True, "")),
    )


def refused(config: DatasetConfig, number: int, check: str) -> Candidate:
    """A candidate that a check did not let through."""
    draw = Draw(number, window=2, group=1, agent=0, facets={})
    verdict = Verdict(check, False, "「佐藤さん、頼むよ」は助手への言葉ではない")
    return Candidate(config.label, draw, False, None, verdicts=(verdict,))
