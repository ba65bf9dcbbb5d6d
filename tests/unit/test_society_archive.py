"""What is recalled of what was condensed: by relevance and recency, and not too much."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from matrix_sim.society.archive import Archive
from matrix_sim.society.memory import MemoryItem
from tests.support.examples import examples

TEXTS = ("漬物の塩", "図書館の棚", "駅前の花壇", "電車の遅れ", "漬物の樽")


def archive(*texts: str, limit: int = 10) -> Archive:
    return Archive(limit).keep(MemoryItem("", text) for text in texts)


def recalled(of: Archive, *cues: str, most: int = 2) -> list[str]:
    return [item.text for item in of.recall(cues, most)]


def test_what_bears_on_a_cue_is_recalled_in_the_order_in_which_it_happened() -> None:
    assert recalled(archive(*TEXTS), "漬物を漬ける") == ["漬物の塩", "漬物の樽"]
    assert recalled(archive(*TEXTS), "花壇の水やり", "図書館") == ["図書館の棚", "駅前の花壇"]


def test_of_things_as_relevant_the_newer_is_recalled() -> None:
    twice = archive("漬物の塩を量った", "駅前の花壇", "漬物の塩を量った")
    (item,) = twice.recall(["漬物の塩"], 1)
    assert item is twice.items[2]


def test_what_is_much_more_relevant_is_recalled_though_it_is_old() -> None:
    old = archive("漬物の塩", *(f"漬物と電車と駅前と図書館の話{n}" for n in range(8)))
    assert recalled(old, "漬物の塩", most=1) == ["漬物の塩"]


def test_nothing_is_recalled_where_nothing_bears_on_the_cues() -> None:
    assert recalled(archive(*TEXTS), "サッカーの試合") == []
    assert recalled(archive(*TEXTS)) == []
    assert recalled(archive(*TEXTS), "漬物", most=0) == []


@examples(100)
@given(st.lists(st.sampled_from(TEXTS), max_size=30), st.integers(0, 6), st.integers(0, 4))
def test_an_archive_keeps_the_newest_and_recalls_no_more_than_asked(
    texts: list[str], limit: int, most: int
) -> None:
    whole = archive(*texts, limit=limit)
    one_by_one = Archive(limit)
    for text in texts:
        one_by_one = one_by_one.keep([MemoryItem("", text)])
    assert whole == one_by_one
    assert [item.text for item in whole.items] == texts[max(0, len(texts) - limit) :]
    found = recalled(whole, "漬物", "図書館", most=most)
    assert len(found) <= most
    assert set(found) <= set(texts)
