"""A whole society in English, and none of either language in the other's run."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from matrix_sim.config import Language
from matrix_sim.llm.contracts import Endpoint, Reply, Request
from matrix_sim.store.run_store import RunStore
from tests.support.deaths import ManyLives
from tests.support.small_world import everything, finished, scenario_bytes, small_config

JAPANESE_LETTER = re.compile("[\u3000-\u30ff\u4e00-\u9fff\uff00-\uffef]")
ENGLISH_SENTENCE = re.compile(r"\b(the|and|with|about|will|wrote)\b", re.IGNORECASE)
FAULTS = {"malformed": 0.1, "truncated": 0.05, "refused": 0.05, "empty": 0.05}


def rows(language: Language, **settings: Any) -> list[dict[str, Any]]:
    config = small_config(language=language, ticks=12, **settings)
    return [json.loads(line) for line in scenario_bytes(finished(config)[0], config).splitlines()]


def asked_in(language: Language) -> str:
    """Everything that the models of a run are asked and answer, with notes and repairs in it."""
    said: list[str] = []

    class Listening:
        def __init__(self, inner: Endpoint) -> None:
            self.identity, self._inner = inner.identity, inner

        async def send(self, request: Request, *, sending: int) -> Reply:
            reply = await self._inner.send(request, sending=sending)
            said.extend(message.content for message in request.messages)
            said.append(reply.text)
            return reply

    config = small_config(
        language=language,
        stub={"faults": FAULTS, "reasoning": True},
        ticks=18,
        memory={"tokens": 900, "block_tokens": 500},
    )
    finished(config, wrap=Listening)
    return "\n".join(said)


def test_an_english_society_makes_scenarios_of_its_own_people() -> None:
    made = rows("en")
    actions = [action["text"] for row in made for action in row["actions"]]
    speakers = {agent["speaker"] for row in made for agent in row["agents"]}

    assert len(made) == 12
    assert len({*actions}) > 0.9 * len(actions)
    assert all(2 <= len(re.findall(r"\.(?: |$)", row["summary"])) <= 3 for row in made)
    assert all(re.fullmatch(r"[A-Z][\w ]+ \(\d\d, [a-z ]+\)", speaker) for speaker in speakers)
    assert not any(speaker.split(" (")[0] in row["summary"] for row in made for speaker in speakers)


def test_no_japanese_letter_is_in_an_english_run() -> None:
    assert not JAPANESE_LETTER.search(asked_in("en"))


def test_no_english_sentence_is_in_a_japanese_run() -> None:
    said = re.sub(r"<schema>.*?</schema>|<error>.*?</error>", "", asked_in("ja"), flags=re.DOTALL)

    assert not ENGLISH_SENTENCE.search(said)


def test_a_group_of_the_english_society_is_introduced_by_what_it_shares() -> None:
    config = small_config(language="en")
    groups = finished(config)[0].events("group").values()
    introductions = [json.loads(body)["description"] for body in groups]

    assert all(text.startswith("People with ") for text in introductions)
    assert any("parish churches" in text for text in introductions)


@pytest.mark.parametrize("seed", [1, 2])
def test_the_same_bytes_come_of_an_english_run_whatever_happens_to_it(seed: int) -> None:
    faults = {"malformed": 0.1, "truncated": 0.05, "refused": 0.05}
    calm = small_config(language="en", stub={"faults": faults}, ticks=9)
    weather = {"rate_limited": 0.1, "server": 0.1}
    stub = {"faults": faults | weather, "latency": "lognormal:0.3:1.5", "slots": 5}
    rough = small_config(language="en", stub=stub, ticks=9)
    lives = ManyLives(rough).live_through([("journal.after_record", 40), ("tick.after_commit", 5)])
    again: RunStore = finished(calm, seed)[0]

    assert lives.deaths == 2
    assert everything(lives.store, rough) == everything(again, calm)
    assert everything(again, calm) == everything(finished(calm)[0], calm)
