"""`check-models`: what is found at an endpoint, and what to do about it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from pydantic import SecretStr

from matrix_sim.cli.check_models import check_all
from matrix_sim.config import ModelConfig
from matrix_sim.config.file import LoadedConfig, load_values
from matrix_sim.llm.contracts import Message, Role
from matrix_sim.llm.preflight import Place
from matrix_sim.outlook.checkup import Checkup, Finding, Needs, Thinking, check_up
from matrix_sim.outlook.needs import needs_of
from tests.support.scripted_server import Scripted, Seen, chat, error, models, serving

KEY = "sk-do-not-show-me"
NEEDS = Needs(
    question=(Message("user", "x" * 89),),  # 30 estimated tokens, and 30 is what `chat` counts
    largest_prompts={Role.AGENT: 3000, Role.MODULATOR: 2000},
    json_instruction=lambda schema: f"Answer in the shape {schema}",
    in_prose=(Role.RESPONDER, Role.REASONER),
    thinking=Thinking(("reason", "talk"), (Message("user", "Think of a number"),)),
)
Talk = Callable[[Mapping[str, Any]], Scripted]


def asked_for(body: Mapping[str, Any]) -> str:
    """How a shape is asked for in this request: schema, json, prompt, or not at all."""
    form = body.get("response_format", {}).get("type")
    if form is not None:
        return {"json_schema": "schema", "json_object": "json"}[form]
    return "prompt" if "Answer in the shape" in body["messages"][0]["content"] else ""


def obedient(body: Mapping[str, Any]) -> Scripted:
    return chat(json.dumps({"answer": "quartz"}) if asked_for(body) else "5")


def checked(
    talk: Talk = obedient,
    *,
    listed: Scripted | None = None,
    roles: tuple[Role, ...] = (Role.AGENT, Role.MODULATOR),
    props: Scripted | None = None,
    **settings: object,
) -> Checkup:
    def get(seen: Seen) -> Scripted:
        if seen.path == "/props":
            return props or error(404, "no such thing")
        return listed or models({"id": "qwen", "max_model_len": 8192})

    async def checking() -> Checkup:
        async with serving(lambda seen: talk(seen.body), get) as server:
            values = {"base_url": server.base_url, "model": "qwen", "api_key_env": "SOME_KEY"}
            model = ModelConfig.model_validate(values | settings)
            place = Place(model, server.base_url, roles)
            return await check_up(place, {"SOME_KEY": SecretStr(KEY)}, NEEDS)

    return asyncio.run(checking())


def finding(checkup: Checkup, check: str) -> Finding:
    return next(found for found in checkup.findings if found.check == check)


def test_an_endpoint_that_gives_what_a_run_needs_has_nothing_to_do() -> None:
    checkup = checked()
    assert checkup.good
    assert {found.mark for found in checkup.findings} == {"ok"}
    assert finding(checkup, "key").said == "accepted (SOME_KEY)"
    assert "8,192 tokens; needed: about 3,000" in finding(checkup, "context").said


def test_a_key_that_is_not_taken_ends_the_look_and_is_not_shown() -> None:
    checkup = checked(listed=error(401, f"who is {KEY}?"))
    assert [(f.check, f.mark) for f in checkup.findings] == [("reachable", "ok"), ("key", "wrong")]
    assert finding(checkup, "key").todo == "check the value of SOME_KEY"
    assert KEY not in str(checkup)


def test_a_model_that_is_unknown_is_told_with_what_to_do() -> None:
    checkup = checked(lambda _: error(404, "no model qwen"), listed=models("other"))
    assert finding(checkup, "model").mark == "wrong"
    assert "'qwen'" in finding(checkup, "model").todo
    assert finding(checkup, "model").said.endswith("no model qwen (its list: other)")


def test_an_answer_that_is_no_reply_says_what_to_look_at() -> None:
    found = finding(checked(lambda _: Scripted(body=b"<html>Welcome</html>")), "answers")
    assert (found.mark, found.said.endswith("the body is no JSON")) == ("wrong", True)
    assert "base_url" in found.todo


@pytest.mark.parametrize("status", [400, 429, 500])
def test_every_refusal_is_told_whole_and_with_what_to_do(status: int) -> None:
    found = finding(checked(lambda _: error(status, "no; not now")), "answers")
    assert found.said.endswith("no; not now")
    assert found.todo


def test_a_name_that_the_server_takes_without_listing_it_is_pointed_out() -> None:
    checkup = checked(listed=models("other"))
    assert checkup.good
    assert finding(checkup, "model").mark == "note"
    assert (
        "is not in the list (other), but 'served-model' answers" in finding(checkup, "model").said
    )


def test_a_schema_that_is_ignored_is_wrong_and_the_way_that_works_is_named() -> None:
    def by_words_only(body: Mapping[str, Any]) -> Scripted:
        return obedient(body) if asked_for(body) == "prompt" else chat("5")

    found = finding(checked(by_words_only), "replies of a shape")
    assert (found.mark, found.todo) == ("wrong", "set 'structured: prompt'")
    assert "by JSON schema: ignored ('5')" in found.said


def test_a_shape_with_an_answer_that_it_does_not_allow_is_not_honoured() -> None:
    def free(body: Mapping[str, Any]) -> Scripted:
        return chat('{"answer": "5"}')

    assert finding(checked(free), "replies of a shape").mark == "wrong"


def test_a_schema_that_is_refused_is_no_matter_where_auto_may_find_another_way() -> None:
    def json_mode(body: Mapping[str, Any]) -> Scripted:
        refused = error(400, "response_format json_schema is not supported")
        return refused if asked_for(body) == "schema" else obedient(body)

    assert finding(checked(json_mode), "replies of a shape").mark == "note"
    strict = finding(checked(json_mode, structured="schema"), "replies of a shape")
    assert (strict.mark, strict.todo) == ("wrong", "set 'structured: json'")


def test_a_model_that_follows_no_shape_is_wrong() -> None:
    found = finding(checked(lambda _: chat("5")), "replies of a shape")
    assert found.mark == "wrong"
    assert "no other way works" in found.said


def test_no_room_for_a_reply_is_told_apart_from_disobedience() -> None:
    def thinking_too_long(body: Mapping[str, Any]) -> Scripted:
        return chat("", "length", reasoning="Let me see") if asked_for(body) else chat("5")

    found = finding(checked(thinking_too_long), "replies of a shape")
    assert found.mark == "wrong"
    assert "raise 'max_tokens'" in found.todo


@pytest.mark.parametrize(
    ("reply", "where"),
    [
        (chat("5", reasoning_content="hm"), "in 'reasoning_content'"),
        (chat("5", reasoning="hm"), "in 'reasoning'"),
        (chat("<think>hm</think>5"), "in the text"),
    ],
)
def test_thinking_is_found_wherever_it_stands(reply: Scripted, where: str) -> None:
    def talk(body: Mapping[str, Any]) -> Scripted:
        return obedient(body) if asked_for(body) else reply

    assert finding(checked(talk), "thinking").said == f"found {where}"


def test_thinking_that_is_asked_for_and_does_not_come_is_wrong() -> None:
    told = {"enabled": True}
    found = finding(checked(reasoning=told, preset="qwen3"), "thinking")
    assert found.mark == "wrong"
    assert "preset" in found.todo


def test_a_reasoner_without_thinking_is_wrong_where_a_data_set_keeps_it() -> None:
    found = finding(checked(roles=(Role.REASONER,)), "thinking")
    assert found.mark == "wrong"
    assert (
        found.said == "none, though it is part of 'reason' and 'talk': every row would be refused"
    )
    assert "models.reasoner" in found.todo and "--reasoning-parser" in found.todo
    forbidden = checked(roles=(Role.REASONER,), reasoning={"enabled": False}, preset="qwen3")
    assert "and 'reasoning.enabled' forbids it" in finding(forbidden, "thinking").said
    assert finding(checked(roles=(Role.RESPONDER,)), "thinking").mark == "ok"


def test_a_reasoner_is_asked_as_a_row_asks_it_with_all_of_its_room() -> None:
    def thoughtful(body: Mapping[str, Any]) -> Scripted:
        asked = body["messages"][-1]["content"] == "Think of a number"
        long = body["max_tokens"] == 1024
        return chat("5", reasoning="hm") if asked and long else obedient(body)

    checkup = checked(thoughtful, roles=(Role.AGENT, Role.REASONER))
    assert finding(checkup, "thinking").said == "found in 'reasoning'"


def test_a_model_that_is_asked_in_prose_alone_need_not_know_of_shapes() -> None:
    prose = checked(lambda _: chat("5", reasoning="hm"), roles=(Role.RESPONDER, Role.REASONER))
    assert prose.good
    assert finding(prose, "replies of a shape").said == "none is needed"
    for role in (Role.USER, Role.JUDGE, Role.INSTRUCTOR, Role.AGENT):
        roles = (Role.RESPONDER, role)
        found = finding(checked(lambda _: chat("5"), roles=roles), "replies of a shape")
        assert found.mark == "wrong"


DATASETS = [
    {"kind": "dialogue", "count": 2},
    {"kind": "dpo", "count": 2},
    {"kind": "reason", "count": 2},
]


def config_of(*datasets: Mapping[str, object], **models: Mapping[str, object]) -> LoadedConfig:
    return load_values(
        {
            "personas": {"count": 4},
            "society": {"ticks": 3},
            "models": {"default": {"stub": {}}, "rejected": {"stub": {}}, **models},
            "datasets": list(datasets),
        },
        (),
        {},
    )


def test_what_data_sets_ask_for_is_known_from_a_few_of_their_rows() -> None:
    thinking = {"stub": {"reasoning": True}}
    needs = needs_of(config_of(*DATASETS, reasoner=thinking))
    made = {Role.INSTRUCTOR, Role.USER, Role.RESPONDER, Role.REASONER, Role.REJECTED, Role.JUDGE}
    assert made < {role for role, tokens in needs.largest_prompts.items() if tokens > 100}
    assert set(needs.in_prose) == {Role.RESPONDER, Role.REASONER, Role.REJECTED}
    assert needs.thinking.datasets == ("reason",)
    assert [m.role for m in needs.thinking.question] == ["system", "user"]
    assert Role.INSTRUCTOR in needs_of(config_of(DATASETS[1])).in_prose  # no intent is asked for


def test_a_stub_that_gives_no_thinking_is_wrong_where_a_data_set_keeps_it() -> None:
    def good(*datasets: Mapping[str, object], **models: Mapping[str, object]) -> bool:
        return all(one.good for one in check_all(config_of(*datasets, **models)))

    assert not good(*DATASETS)
    assert good(*DATASETS, reasoner={"stub": {"reasoning": True}})
    assert good(*DATASETS[:2])


def test_missing_counts_are_pointed_out() -> None:
    def uncounted(body: Mapping[str, Any]) -> Scripted:
        reply = json.loads(obedient(body).body)
        return Scripted(body=json.dumps(reply | {"usage": None}).encode())

    assert finding(checked(uncounted), "usage").mark == "note"


def test_a_context_that_is_too_short_is_wrong_and_says_what_is_needed() -> None:
    short = models({"id": "qwen", "max_model_len": 4000})
    found = finding(checked(listed=short), "context")
    assert found.mark == "wrong"
    assert "4,000 tokens; needed: about 3,000 for the longest prompt and 1,024" in found.said


def test_the_context_of_a_slot_counts_before_what_the_list_says() -> None:
    props = Scripted(body=b'{"default_generation_settings": {"n_ctx": 2048}}')
    assert finding(checked(props=props), "context").said.startswith("2,048 tokens")


def test_a_context_that_nobody_tells_is_unknown() -> None:
    entry = {"id": "qwen", "meta": {"n_ctx_train": 32768}}
    found = finding(checked(listed=models(entry)), "context")
    assert (found.mark, found.said[:28]) == ("note", "unknown (trained for 32,768)")


def test_the_endpoints_own_count_of_tokens_decides_how_long_the_longest_prompt_is() -> None:
    def dear(body: Mapping[str, Any]) -> Scripted:
        reply = json.loads(obedient(body).body)
        reply["usage"]["prompt_tokens"] = 90
        return Scripted(body=json.dumps(reply).encode())

    assert "needed: about 9,000" in finding(checked(dear), "context").said


def test_streams_are_looked_at_where_they_are_asked_for() -> None:
    assert all(found.check != "streaming" for found in checked().findings)
    assert finding(checked(stream=True), "streaming").mark == "wrong"

    def streaming(body: Mapping[str, Any]) -> Scripted:
        events = b'data: {"usage": {"completion_tokens": 1}}\n\ndata: [DONE]\n\n'
        return Scripted(body=events) if body.get("stream") else obedient(body)

    assert finding(checked(streaming, stream=True), "streaming").said == "works, with usage"


def vectors(alone: float) -> Talk:
    """Embeddings in two dimensions; a text alone leans by `alone` from what it is in a batch."""

    def embed(body: Mapping[str, Any]) -> Scripted:
        texts = body["input"]
        row = [1.0, alone if len(texts) == 1 else 0.0]
        data = [{"index": index, "embedding": row} for index in range(len(texts))]
        return Scripted(body=json.dumps({"data": data}).encode())

    return embed


def test_batches_of_embeddings_are_compared_with_single_ones() -> None:
    right = checked(vectors(0.0), roles=(Role.EMBEDDING,))
    assert finding(right, "vectors").said == "2 numbers a text"
    assert finding(right, "batches").mark == "ok"
    assert finding(checked(vectors(0.5), roles=(Role.EMBEDDING,)), "batches").mark == "note"
