"""Calls, replies and prompts: the first write wins, and nothing is paid unseen."""

import hashlib
import random
import zlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from matrix_sim.errors import RunFailure
from matrix_sim.llm.contracts import (
    CallKey,
    Finish,
    Message,
    OpenCall,
    RecordCall,
    Reply,
    Role,
    StoredPrompt,
    Usage,
)
from matrix_sim.llm.prompt_delta import PromptFamilies
from matrix_sim.llm.request_hash import prompt_json
from matrix_sim.store.failures import StoreConflict
from matrix_sim.store.run_store import RunStore
from tests.support.store_samples import a_key, a_record, a_reply, an_open_call


@pytest.fixture
def store() -> Iterator[RunStore]:
    with RunStore.in_memory() as store:
        yield store


def test_a_new_call_is_reserved_and_has_no_reply(store: RunStore) -> None:
    assert store.apply([an_open_call()]) == [None]
    assert store.reply(a_key()) is None
    assert store.usage().lost == 1


def test_the_first_reply_wins(store: RunStore) -> None:
    first, second = a_reply("一番目"), a_reply("二番目")
    answers = store.apply([an_open_call(), a_record(reply=first), a_record(reply=second)])
    assert answers == [None, first, first]
    assert store.reply(a_key()) == first


def test_a_call_with_a_reply_is_not_reserved_again(store: RunStore) -> None:
    store.apply([an_open_call(), a_record()])
    assert store.apply([an_open_call()]) == [a_reply()]
    assert store.usage().lost == 0


def test_another_attempt_and_another_request_are_other_calls(store: RunStore) -> None:
    store.apply([an_open_call(), a_record()])
    again = replace(a_key(), attempt=2)
    changed = replace(a_key(), request_hash=b"x" * 32)
    assert store.apply([OpenCall(k, Role.AGENT, 10) for k in (again, changed)]) == [None, None]


def test_a_reply_to_a_call_that_was_never_opened_is_refused(store: RunStore) -> None:
    with pytest.raises(StoreConflict, match=r"act/a00000/t0001.*never opened"):
        store.apply([a_record()])


def test_a_reservation_that_was_lost_is_charged_beside_the_reply(store: RunStore) -> None:
    store.apply([an_open_call(0, reserved_tokens=1000)])
    store.apply([an_open_call(0, reserved_tokens=1000), a_record(0)])
    store.apply([an_open_call(1, reserved_tokens=500)])
    usage = store.usage()
    assert (usage.calls, usage.replies, usage.lost) == (2, 1, 2)
    assert usage.charged_tokens == 300 + 40 + 1000 + 500


def test_usage_is_told_by_role_and_finish(store: RunStore) -> None:
    refused = replace(a_reply(), finish=Finish.REFUSED)
    route = CallKey("route/g0001/t0001", 1, b"r" * 32)
    prompt = StoredPrompt(None, 0, zlib.compress(b"[]"))
    store.apply(
        [
            an_open_call(0),
            a_record(0),
            an_open_call(1),
            replace(a_record(1, refused), sendings=3),
            OpenCall(route, Role.MODULATOR, 70),
            RecordCall(route, Reply("", "", Finish.LENGTH, "m", Usage(9, 8, 7)), prompt, 6, 1),
        ]
    )
    agent, modulator = store.usage().roles
    assert (agent.role, agent.calls, agent.sendings) == (Role.AGENT, 2, 4)
    assert agent.finishes == ((Finish.REFUSED, 1), (Finish.STOP, 1))
    assert (agent.prompt_tokens, agent.completion_tokens) == (600, 80)
    assert (agent.cached_tokens, agent.uncached_tokens) == (200, 240)
    assert (modulator.role, modulator.charged_tokens) == (Role.MODULATOR, 17)
    assert modulator.finishes == ((Finish.LENGTH, 1),)


def test_a_prompt_is_put_together_from_what_it_builds_on(store: RunStore) -> None:
    families = PromptFamilies()
    text, prompts = "設定。" * 100, []
    for tick in range(5):
        text += f"{tick} 日目の出来事。"
        prompt = prompt_json((Message("user", text),))
        key = CallKey(f"act/a00001/t{tick:04d}", 1, hashlib.sha256(prompt).digest())
        encoded = families.encode(key.address, key.request_hash, prompt)
        store.apply(
            [OpenCall(key, Role.AGENT, 1), RecordCall(key, a_reply(), encoded.stored, 1, 1)]
        )
        families.keep(encoded)
        prompts.append((key.request_hash, prompt))
    assert [store.prompt(request_hash) for request_hash, _ in prompts] == [p for _, p in prompts]


def record_prompt(store: RunStore, request_hash: bytes, base: bytes) -> None:
    key = CallKey("act/a00001/t0001", 1, request_hash)
    stored = StoredPrompt(base, 1, zlib.compress(b"..."))
    store.apply([OpenCall(key, Role.AGENT, 1), RecordCall(key, a_reply(), stored, 1, 1)])


def test_a_prompt_whose_base_is_missing_says_so(store: RunStore) -> None:
    record_prompt(store, b"a" * 32, b"b" * 32)
    with pytest.raises(RunFailure, match="is not there"):
        store.prompt(b"a" * 32)


def test_prompts_that_build_on_each_other_say_so(store: RunStore) -> None:
    record_prompt(store, b"a" * 32, b"b" * 32)
    record_prompt(store, b"b" * 32, b"a" * 32)
    with pytest.raises(RunFailure, match="builds on it"):
        store.prompt(b"a" * 32)


def test_an_unknown_prompt_is_none(store: RunStore) -> None:
    assert store.prompt(b"x" * 32) is None


def test_every_text_comes_back(store: RunStore) -> None:
    text = '𠮷野家 "👩‍👧‍👦"\n\\ か\u3099 \u2028'
    store.apply([an_open_call(), a_record(reply=a_reply(text))])
    assert store.reply(a_key()) == a_reply(text)


KANA = [chr(code) for code in range(0x3042, 0x3094)]
KANJI = [chr(code) for code in range(0x4E00, 0x4E00 + 600)]


def noise(lot: random.Random, characters: int) -> str:
    """Random characters compress worse than any Japanese prose."""
    return "".join(lot.choices(KANA, k=characters * 2 // 3) + lot.choices(KANJI, k=characters // 3))


def test_a_hundred_thousand_calls_stay_under_two_hundred_megabytes(tmp_path: Path) -> None:
    lot = random.Random(7)
    families = PromptFamilies()
    agents, ticks = 250, 20
    rules = noise(lot, 600)
    prompts = [rules + noise(lot, 900) for _ in range(agents)]
    replies = [a_reply(noise(lot, 400)) for _ in range(500)]
    with RunStore.open(tmp_path / "run", owner="test", create=True) as store:
        for tick in range(ticks):
            openings, records = [], []
            for agent in lot.sample(range(agents), agents):
                prompts[agent] += noise(lot, 90)
                prompt = prompt_json((Message("user", prompts[agent]),))
                request_hash = hashlib.sha256(prompt).digest()
                key = CallKey(f"act/a{agent:05d}/t{tick:04d}", 1, request_hash)
                encoded = families.encode(key.address, request_hash, prompt)
                families.keep(encoded)
                openings.append(OpenCall(key, Role.AGENT, 7000))
                records.append(RecordCall(key, lot.choice(replies), encoded.stored, 500, 1))
            store.apply(openings)
            store.apply(records)
    assert len(prompts[0].encode()) > 6000
    calls = agents * ticks
    size = (tmp_path / "run" / "run.sqlite").stat().st_size
    print(f"{size / calls * 0.1:.0f} MB for 100,000 calls")
    assert size / calls * 100_000 < 200e6
