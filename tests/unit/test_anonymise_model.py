"""The model's look after the rules: it points, code replaces, and no start pays twice."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from matrix_sim.config.file import LoadedConfig, load_config
from matrix_sim.errors import RunFailure, UsageError
from matrix_sim.llm.contracts import EnvironmentalFailure, Finish, Hindrance, Request
from matrix_sim.llm.reply_terms import ReplyTerms
from matrix_sim.messages import Failure
from matrix_sim.personas.anonymise.close_look import look_closely
from matrix_sim.personas.anonymise.clues import Clue, without_clues
from matrix_sim.personas.model import Persona
from matrix_sim.personas.placeholders import placeholders
from matrix_sim.prompts.library import PromptLibrary
from matrix_sim.run_directory import open_run
from matrix_sim.store.run_store import RunStore
from tests.support.scripted_model import ScriptedModel, reply
from tests.support.scripted_server import Scripted, Seen, chat, error, served

PROMPTS = PromptLibrary("ja")
JA = placeholders("ja")
NOTHING = json.dumps({"found": []})
STREET = "たぬき通り七十七番地"


def told(text: str, *clues: tuple[str, str]) -> tuple[str, dict[str, int], int]:
    found = [Clue.model_validate({"text": t, "kind": k}) for t, k in clues]
    after = without_clues(Persona(id="x", description=text), found, JA)
    return after.persona.description, dict(after.counts), after.unknown


def test_clues_that_occur_are_replaced_wherever_they_stand() -> None:
    text = "たぬき通り七十七番地の店。たぬき通り七十七番地は坂の上"
    assert told(text, (STREET, "address")) == ("［住所］の店。［住所］は坂の上", {"address": 2}, 0)


def test_the_longer_clue_goes_first_and_its_placeholder_stays() -> None:
    text = "松竹梅小学校の松竹梅先生、連絡は［電話番号］"
    clues = (("松竹梅", "person"), ("松竹梅小学校", "school"), ("電話番号", "other"))
    clues += (("［電話番号］", "other"),)
    assert told(text, *clues) == (
        "［学校名］の［人の名前］先生、連絡は［電話番号］",
        {"person": 1, "school": 1},
        0,
    )


@pytest.mark.parametrize("clue", ["たぬき通り78番地", "", "、", "です", "7", "ab", "あ" * 81])
def test_what_the_model_spells_wrong_or_too_freely_does_no_harm(clue: str) -> None:
    text = f"7時です、ab。{'あ' * 90}"
    assert told(text, (clue, "other")) == (text, {}, 1)


def test_a_latin_clue_is_a_word_of_its_own() -> None:
    assert told("Ann met Annika", ("Ann", "person"))[0] == "［人の名前］ met Annika"


def people(count: int) -> list[Persona]:
    return [Persona(id=f"p{n}", description=f"{n}人目。{STREET}に住む") for n in range(count)]


def look(model: ScriptedModel, count: int, width: int = 4) -> Any:
    terms = ReplyTerms(200, 400)
    return asyncio.run(look_closely(model, PROMPTS, people(count), terms=terms, width=width))


def test_who_cannot_be_looked_at_is_left_out_and_counted() -> None:
    def script(request: Request) -> Any:
        number = int(request.address[-6:])
        if number == 1:
            return reply("できません", Finish.REFUSED)
        if number == 2:
            return "[["
        return json.dumps({"found": [{"text": STREET, "kind": "address"}]})

    result = look(ScriptedModel(script), 4)
    assert [p.description for p in result.personas] == [
        "0人目。［住所］に住む",
        "3人目。［住所］に住む",
    ]
    assert result.left_out == {Failure.MALFORMED: 1, Failure.REFUSED: 1}
    assert result.counts == {"address": 2}


def test_no_more_are_asked_about_at_once_than_may_be() -> None:
    under_way, most = 0, 0

    class Slow(ScriptedModel):
        async def complete(self, request: Request) -> Any:
            nonlocal under_way, most
            under_way += 1
            most = max(most, under_way)
            await asyncio.sleep(0)
            under_way -= 1
            return await super().complete(request)

    model = Slow(lambda _: NOTHING)
    assert len(look(model, 20, width=3).personas) == 20
    assert most == 3
    assert sorted(model.addresses) == [f"anonymise/p{n:06d}" for n in range(20)]


def test_a_failure_of_the_moment_begins_nothing_new_and_is_raised() -> None:
    def script(request: Request) -> Any:
        return (
            EnvironmentalFailure(Hindrance.SERVER, "down")
            if "p000002" in request.address
            else NOTHING
        )

    model = ScriptedModel(script)
    with pytest.raises(EnvironmentalFailure):
        look(model, 20, width=1)
    assert len(model.asked) == 3


def config(folder: Path, model: dict[str, Any], **personas: Any) -> LoadedConfig:
    rows = [
        {"name": "", "handle": f"someone_{n}", "posts": [], "description": p.description}
        for n, p in enumerate(people(9))
    ]
    source = folder / "profiles.jsonl"
    source.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    path = folder / "config.yaml"
    document = {
        "seed": 3,
        "personas": {"source": "social", "path": str(source), "anonymise": "llm"} | personas,
        "society": {"group_size": {"min": 2, "max": 4, "mean": 3}, "neighbours": 1, "ticks": 6},
        "models": {"default": {"stub": {}}, "anonymiser": model},
        "runtime": {"outage": {"give_up_after_s": 0.5}},
    }
    path.write_text(json.dumps(document), encoding="utf-8")
    return load_config(path, (), {})


def flaky(attempts: int) -> dict[str, Any]:
    stub = {"faults": {"server": 0.3}}
    return {"stub": stub, "retry": {"attempts": attempts, "first_wait_s": 0, "max_wait_s": 0}}


def test_a_start_that_failed_is_gone_on_with_and_pays_no_reply_twice(tmp_path: Path) -> None:
    run = tmp_path / "run"
    with pytest.raises(RunFailure, match="the same command goes on"):
        open_run(config(tmp_path, flaky(1)), run, owner="test")
    with RunStore.read_only(run) as store:
        first = store.usage()
        assert not store.events("member")
    assert 0 < first.replies < 9

    open_run(config(tmp_path, flaky(50)), run, owner="test")
    with RunStore.read_only(run) as store:
        usage = store.usage()
        assert usage.replies == 9
        assert usage.lost == first.lost
        assert len(store.events("member")) == 9


def test_the_same_people_come_of_an_interrupted_start(tmp_path: Path) -> None:
    members = []
    for name, starts in (("one", [50]), ("two", [1, 50])):
        run = tmp_path / name
        for attempts in starts:
            try:
                open_run(config(tmp_path, flaky(attempts)), run, owner="test")
            except RunFailure:
                assert attempts == 1
        with RunStore.read_only(run) as store:
            members.append(store.events("member"))
    assert members[0] == members[1]


def test_a_run_that_is_founded_asks_nothing_again(tmp_path: Path) -> None:
    loaded, run = config(tmp_path, {"stub": {}}), tmp_path / "run"
    assert open_run(loaded, run, owner="test").close_look is not None
    again = open_run(loaded, run, owner="test")
    assert again.close_look is None
    with RunStore.read_only(run) as store:
        assert store.usage().calls == 9


def finds_streets(seen: Seen) -> Scripted:
    return chat(json.dumps({"found": [{"text": STREET, "kind": "address"}]}))


def test_over_http_what_the_model_finds_is_neither_in_the_people_nor_left_in_the_store(
    tmp_path: Path,
) -> None:
    run = tmp_path / "run"
    with served(finds_streets) as url:
        opened = open_run(config(tmp_path, {"base_url": url, "model": "m"}), run, owner="test")
    assert opened.society.members[0].persona.description == "0人目。［住所］に住む"
    with RunStore.read_only(run) as store:
        assert store.usage().replies == 9
        assert store.usage().charged_tokens > 0
        assert not sqlite3.connect(store.path).execute("SELECT * FROM prompts").fetchall()
    assert STREET.encode() not in (run / "run.sqlite").read_bytes()
    kept = sqlite3.connect(run / "run.sqlite").execute("SELECT reply FROM calls").fetchall()
    assert len({bytes(body) for (body,) in kept}) == 1


def test_a_fork_asks_again_what_was_erased(tmp_path: Path) -> None:
    run, fork = tmp_path / "run", tmp_path / "fork"
    with served(finds_streets) as url:
        loaded = config(tmp_path, {"base_url": url, "model": "m"})
        open_run(loaded, run, owner="test")
        opened = open_run(loaded, run, owner="test", fork=fork)
    calls = sqlite3.connect(fork / "run.sqlite").execute("SELECT attempt, sends FROM calls")
    assert calls.fetchall() == [(1, 1)] * 9
    assert opened.society.members[0].persona.description == "0人目。［住所］に住む"


def test_a_model_that_is_of_no_use_ends_the_start_clearly(tmp_path: Path) -> None:
    model = {"stub": {"faults": {"refused": 1.0}}}
    with pytest.raises(RunFailure, match="no usable reply about anybody \\(refused 9\\)"):
        open_run(config(tmp_path, model), tmp_path / "run", owner="test")


def test_an_endpoint_that_is_down_leaves_a_start_that_can_be_repeated(tmp_path: Path) -> None:
    patience = {"attempts": 1}
    with served(lambda _: error(500, "down")) as url:
        loaded = config(tmp_path, {"base_url": url, "model": "m", "retry": patience})
        with pytest.raises(RunFailure, match="goes on there"):
            open_run(loaded, tmp_path / "run", owner="test")


def test_the_model_is_part_of_who_the_society_is_only_where_it_is_asked(tmp_path: Path) -> None:
    run = tmp_path / "run"
    open_run(config(tmp_path, {"stub": {}}, anonymise="rules"), run, owner="test")
    open_run(config(tmp_path, {"stub": {"reasoning": True}}, anonymise="rules"), run, owner="test")
    with pytest.raises(UsageError) as caught:
        open_run(config(tmp_path, {"stub": {}}), run, owner="test")
    assert 'personas.anonymise: unset -> "llm"' in str(caught.value)
    assert "models.anonymiser.model: unset" in str(caught.value)
    assert "prompt anonymise: new" in str(caught.value)
