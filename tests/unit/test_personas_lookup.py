"""What stands at a path in a row: exact names first, then inside of objects, lists and texts."""

from __future__ import annotations

import ast
import json
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matrix_sim.personas.lookup import MISSING, look_up, structure
from tests.support.examples import examples

OBJECT = {"city": "広島", "job": {"title": "司書"}, "tags": ["本", "島"]}


@pytest.mark.parametrize("cell", [OBJECT, json.dumps(OBJECT), str(OBJECT), f"  {OBJECT}\n"])
def test_a_path_leads_into_objects_and_into_texts_that_hold_them(cell: object) -> None:
    assert look_up({"profile": cell}, "profile.city") == "広島"
    assert look_up({"profile": cell}, "profile.job.title") == "司書"
    assert look_up({"profile": cell}, "profile.tags") == ["本", "島"]
    assert look_up({"profile": cell}, "profile.town") is MISSING


def test_a_column_of_exactly_that_name_comes_first() -> None:
    fields = {"a.b.c": 1, "a.b": {"c": 2, "d": 3}, "a": {"b.d": 4, "b": {"c": 5, "e": 6}}}
    assert look_up(fields, "a.b.c") == 1
    assert look_up(fields, "a.b.d") == 3
    assert look_up(fields, "a.b.e") == 6
    assert look_up({"a": {"b.d": 4, "b": {"d": 5}}}, "a.b.d") == 4


def test_what_is_empty_is_there_all_the_same() -> None:
    assert look_up({"a": None}, "a") is None
    assert look_up({"a": None}, "a.b") is MISSING
    assert look_up({}, "a") is MISSING


def test_a_path_goes_through_the_objects_of_a_list() -> None:
    posts = [{"text": "一"}, {"at": 3}, {"text": "二"}]
    assert look_up({"posts": posts}, "posts.text") == ["一", "二"]
    assert look_up({"posts": json.dumps(posts)}, "posts.text") == ["一", "二"]
    assert look_up({"posts": posts}, "posts.mood") is MISSING


def test_lists_of_lists_without_end_hold_no_object() -> None:
    text = "[" * 900 + '{"city": "x"}' + "]" * 900
    assert look_up({"profile": json.loads(text)}, "profile.city") is MISSING
    assert look_up({"profile": text}, "profile.city") is MISSING


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[",
        "料理",
        "'料理'",
        "[料理]",
        "{1, 2}",
        "[1] と [2]",
        "[" * 4000 + "]" * 4000,
        f"[0x{'f' * 9000}]",
    ],
)
def test_a_text_that_holds_no_list_and_no_object_is_none(text: str) -> None:
    assert structure(text) is MISSING


@examples(200)
@given(st.lists(st.text(st.sampled_from("あa'\"\\ ,[]\n\u3000"), max_size=4), max_size=4))
def test_lists_come_back_from_python_and_from_json(items: list[str]) -> None:
    assert structure(str(items)) == items
    assert structure(json.dumps(items)) == items


@examples(300)
@given(st.text(st.sampled_from("a', \"\\[]"), max_size=10))
def test_the_short_way_reads_nothing_that_python_would_not(inner: str) -> None:
    text = f"['{inner}']"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            expected = ast.literal_eval(text)
        except (SyntaxError, ValueError):
            expected = MISSING
    assert structure(text) == expected
