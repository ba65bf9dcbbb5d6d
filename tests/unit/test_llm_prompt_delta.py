"""Prompts are stored small and read back whole."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matrix_sim.llm.contracts import Address, Message, Request, Role, StoredPrompt
from matrix_sim.llm.prompt_delta import LONGEST_CHAIN, PromptFamilies, decode
from matrix_sim.llm.request_hash import prompt_json, request_hash


class Rows:
    """A journal's prompts, the first of each hash first."""

    def __init__(self, families: PromptFamilies | None = None) -> None:
        self.families = families or PromptFamilies()
        self.stored: dict[bytes, StoredPrompt] = {}
        self.told: dict[bytes, bytes] = {}

    def add(self, address: str, *texts: str, written: bool = True) -> StoredPrompt:
        messages = tuple(Message("user", text) for text in texts)
        prompt = prompt_json(messages)
        key = request_hash(b"", Request(Address(address), Role.AGENT, messages, 64), prompt)
        encoded = self.families.encode(address, key, prompt)
        if written:
            self.stored.setdefault(key, encoded.stored)
            self.told[key] = prompt
            self.families.keep(encoded)
        return encoded.stored

    def chain(self, key: bytes | None) -> int:
        links = 0
        while key is not None:
            links, key = links + 1, self.stored[key].base
        return links

    def all_read_back(self) -> bool:
        return all(decode(self.stored.get, key) == told for key, told in self.told.items())


TEXTS = st.one_of(
    st.text(max_size=20),
    st.integers(0, 400).map(lambda n: "昨日のことを少しずつ思い出す。" * n),
    st.integers(0, 3).map(lambda n: "決まり" * 100 + "い" * n),
)
ADDRESSES = st.sampled_from(["act/a1/t1", "act/a1/t2", "act/a2/t1", "goal/a1", "goal/a2", "alone"])


@given(
    st.lists(st.tuples(ADDRESSES, st.lists(TEXTS, max_size=3), st.booleans()), max_size=40),
    st.sampled_from([0, 3000, 1 << 20]),
)
def test_whatever_was_written_can_be_read_back(
    calls: list[tuple[str, list[str], bool]], capacity: int
) -> None:
    rows = Rows(PromptFamilies(capacity))
    for address, texts, written in calls:
        rows.add(address, *texts, written=written)
    assert rows.all_read_back()
    assert all(rows.chain(key) <= LONGEST_CHAIN for key in rows.stored)


def test_a_prompt_that_grew_costs_what_grew() -> None:
    rows = Rows()
    text = "".join(f"{i}日目は畑に出て{i * 37 % 101}本の苗を植えた。" for i in range(200))
    rows.add("act/a1/t1", text)
    grown = rows.add("act/a1/t2", text + "夜は早く寝た。")
    assert grown.base is not None
    assert len(grown.tail) < 60


def test_a_family_without_a_prompt_borrows_the_rules_from_its_kind() -> None:
    rows = Rows()
    rules = "".join(f"決まりの{i}番目は{i * 37 % 101}を守ること。" for i in range(50))
    rows.add("act/a1/t1", rules + "人物一")
    assert rows.add("act/a2/t1", rules + "人物二").base is not None
    assert rows.add("route/g1/t1", rules + "人物三").base is None


def test_chains_are_cut_by_prompts_that_stand_alone() -> None:
    rows = Rows()
    stored = [rows.add(f"act/a1/t{i}", "同じ始まり" * 40 + "あ" * i) for i in range(40)]
    alone = [i for i, s in enumerate(stored) if s.base is None]
    assert alone == [0, LONGEST_CHAIN, 2 * LONGEST_CHAIN]


def test_a_new_process_starts_with_prompts_that_stand_alone() -> None:
    rows = Rows()
    rows.add("act/a1/t1", "同じ始まり" * 40)
    rows.families = PromptFamilies()
    assert rows.add("act/a1/t2", "同じ始まり" * 40 + "続き").base is None
    assert rows.all_read_back()


def test_a_repeated_question_does_not_build_on_itself() -> None:
    rows = Rows()
    rows.add("act/a1/t1", "同じ始まり" * 40)
    rows.add("act/a1/t2", "同じ始まり" * 40 + "続き")
    again = rows.add("act/a1/t2", "同じ始まり" * 40 + "続き")
    assert again == list(rows.stored.values())[1]


def test_memory_stays_within_its_bound() -> None:
    families = PromptFamilies(capacity_bytes=20_000)
    rows = Rows(families)
    for agent in range(100):
        rows.add(f"act/a{agent}/t1", f"{agent}" * 500)
    rows.add("act/a99/t2", "99" * 260)
    assert rows.add("act/a0/t2", "0" * 600).base is None
    assert families._held_bytes <= 20_000


def test_a_prompt_whose_base_is_lost_is_named() -> None:
    rows = Rows()
    rows.add("act/a1/t1", "同じ始まり" * 40)
    rows.add("act/a1/t2", "同じ始まり" * 40 + "続き")
    base, last = rows.stored
    del rows.stored[base]
    with pytest.raises(LookupError, match=f"{base.hex()}, which is not there"):
        decode(rows.stored.get, last)
