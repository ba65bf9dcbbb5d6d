"""Server-sent events are the same events, however the bytes were cut and the lines end."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matrix_sim.llm.server_events import ServerEvent, ServerEvents
from tests.support.examples import examples
from tests.support.streams import cut


def read(*pieces: bytes) -> list[ServerEvent]:
    events = ServerEvents()
    found = [event for piece in pieces for event in events.feed(piece)]
    return [*found, *events.end()]


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_an_event_ends_with_an_empty_line_whatever_lines_end_in(end: bytes) -> None:
    stream = b"data: a" + end + end + b"event: error" + end + b"data:b" + end + end
    assert read(stream) == [ServerEvent("", b"a"), ServerEvent("error", b"b")]


def test_comments_and_fields_that_nobody_asked_for_are_passed_over() -> None:
    stream = b": ping\n\nid: 7\nretry: 10\ndata: a\n: in between\ndata: b\n\n:\n\n"
    assert read(stream) == [ServerEvent("", b"a\nb")]


def test_the_last_event_needs_no_empty_line() -> None:
    assert read(b"data: a\n\nda", b"ta: b") == [ServerEvent("", b"a"), ServerEvent("", b"b")]


def test_a_byte_order_mark_is_no_part_of_the_first_line() -> None:
    assert read(b"\xef\xbb\xbfdata: a\n\n") == [ServerEvent("", b"a")]


def test_an_error_in_a_field_of_its_own_is_an_event_of_that_name() -> None:
    assert read(b'error: {"code": 500}\n\n') == [ServerEvent("error", b'{"code": 500}')]


@examples(300)
@given(
    texts=st.lists(st.text(alphabet="a漢:\u2028 ", min_size=1, max_size=6), max_size=5),
    end=st.sampled_from([b"\n", b"\r\n", b"\r"]),
    places=st.lists(st.integers(0, 400), max_size=30),
)
def test_no_cut_changes_an_event(texts: list[str], end: bytes, places: list[int]) -> None:
    twice = b": ping%b" + 2 * b"data: %b%b" + b"%b"
    stream = b"".join(twice % (end, t, end, t, end, end) for t in map(str.encode, texts))
    assert read(*cut(stream, places)) == [
        ServerEvent("", f"{text}\n{text}".encode()) for text in texts
    ]
