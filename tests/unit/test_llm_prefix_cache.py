"""The model of an endpoint's prefix cache counts what a prompt shares with earlier ones."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from matrix_sim.llm.contracts import Message
from matrix_sim.llm.prefix_cache import PrefixCache
from matrix_sim.text import estimate_tokens


def chat(*texts: str) -> tuple[Message, ...]:
    return tuple(Message("user", text) for text in texts)


class SlowCache:
    """The same cache, by the book: whole prefixes as keys, ages as numbers."""

    def __init__(self, blocks: int, block_bytes: int) -> None:
        self.blocks, self.size, self.now = blocks, block_bytes, 0
        self.used: dict[bytes, int] = {}

    def uncached_tokens(self, messages: tuple[Message, ...]) -> int:
        text = "\0".join(f"{m.role}\0{m.content}" for m in messages).encode()
        prefixes = [text[:end] for end in range(self.size, len(text) + 1, self.size)]
        cached = 0
        while cached < len(prefixes) and prefixes[cached] in self.used:
            cached += 1
        for prefix in reversed(prefixes):
            self.now += 1
            self.used[prefix] = self.now
        while len(self.used) > self.blocks:
            del self.used[min(self.used, key=self.used.__getitem__)]
        return (len(text) - cached * self.size) // 3 + 1


PROMPTS = st.lists(
    st.lists(st.sampled_from(["あ", "い", "うえ" * 5]), max_size=12).map("".join), max_size=30
)


@given(PROMPTS, st.integers(1, 20), st.integers(1, 4))
def test_it_counts_as_the_book_says(prompts: list[str], blocks: int, block_tokens: int) -> None:
    cache = PrefixCache(blocks * block_tokens, block_tokens)
    slow = SlowCache(blocks, block_tokens * 3)
    for prompt in prompts:
        assert cache.uncached_tokens(chat(prompt)) == slow.uncached_tokens(chat(prompt))


def test_a_first_prompt_is_new_from_end_to_end() -> None:
    text = "初めての話。" * 50
    assert PrefixCache(10_000).uncached_tokens(chat(text)) >= estimate_tokens(text)


def test_a_prompt_that_grew_is_new_only_at_its_end() -> None:
    cache = PrefixCache(10_000)
    cache.uncached_tokens(chat("決まり" * 300, "昨日"))
    assert cache.uncached_tokens(chat("決まり" * 300, "昨日のことと今日のこと")) < 40


def test_a_change_at_the_beginning_makes_everything_new() -> None:
    cache = PrefixCache(10_000)
    first = cache.uncached_tokens(chat("あ" + "決まり" * 300))
    assert cache.uncached_tokens(chat("い" + "決まり" * 300)) == first


def test_what_was_not_used_for_long_is_thrown_out_from_its_end() -> None:
    cache = PrefixCache(capacity_tokens=64, block_tokens=16)
    old, other = chat("古" * 63), chat("他" * 48)
    whole = cache.uncached_tokens(old)
    cache.uncached_tokens(other)
    assert cache.uncached_tokens(old) == whole - 16
