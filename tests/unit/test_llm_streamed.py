"""A streamed reply is the reply that the same endpoint would have given in one piece."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matrix_sim.llm.contracts import Finish, Reply, Usage
from matrix_sim.llm.json_body import UnreadableReply
from matrix_sim.llm.streamed import StreamedReply, StreamError
from matrix_sim.llm.wire import read_answer, read_reply
from tests.support.examples import examples
from tests.support.streams import chunks_of, cut, events

TEXTS = st.text(alphabet="ab漢🦊{}<think></think>\n\x00\ud83d", max_size=40)
USAGE = {"prompt_tokens": 3, "completion_tokens": 5, "prompt_tokens_details": {"cached_tokens": 1}}


def joined(*pieces: bytes) -> StreamedReply:
    reply = StreamedReply()
    for piece in pieces:
        reply.feed(piece)
    reply.end()
    return reply


def streamed(*pieces: bytes) -> tuple[Reply, int]:
    return read_answer(joined(*pieces).answer(), model="m", max_tokens=5)


def answer(finish: str | None = "stop", **message: str) -> dict[str, Any]:
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": finish}
    return {"model": "served", "choices": [choice], "usage": USAGE}


def delta(finish: str | None = None, **fields: Any) -> dict[str, Any]:
    return {"model": "served", "choices": [{"index": 0, "delta": fields, "finish_reason": finish}]}


@examples(400)
@given(
    message=st.fixed_dictionaries(
        {"content": TEXTS},
        optional={
            "reasoning_content": TEXTS,
            "reasoning": TEXTS,
            "thinking": TEXTS,
            "refusal": TEXTS,
        },
    ),
    finish=st.sampled_from(["stop", "length", "content_filter"]),
    usage=st.booleans(),
    size=st.integers(1, 9),
    line_end=st.sampled_from(["\n", "\r\n"]),
    places=st.lists(st.integers(0, 4000), max_size=40),
)
def test_a_stream_cut_anywhere_gives_the_reply_of_the_plain_answer(
    message: dict[str, str], finish: str, usage: bool, size: int, line_end: str, places: list[int]
) -> None:
    whole = answer(finish, **message) | {"usage": USAGE if usage else None}
    stream = events(chunks_of(whole, size), line_end=line_end)

    plain = read_reply(json.dumps(whole).encode(), model="m", max_tokens=5)

    assert streamed(*cut(stream, places)) == plain


def test_a_character_in_two_halves_is_put_together_again() -> None:
    reply, replaced = streamed(
        b'data: {"choices": [{"delta": {"content": "\\ud83e"}}]}\n\n'
        b'data: {"choices": [{"delta": {"content": "\\udd8a"}, "finish_reason": "stop"}]}\n\n'
    )
    assert (reply.text, replaced) == ("🦊", 0)


def test_parts_of_text_and_of_thinking_are_told_apart() -> None:
    thinking = [{"type": "thinking", "thinking": [{"type": "text", "text": "考え"}]}]
    text = [{"type": "text", "text": "答え"}]
    reply, _ = streamed(events([delta(content=thinking), delta("stop", content=text)]))
    assert (reply.reasoning, reply.text) == ("考え", "答え")


def test_usage_counts_where_it_comes_with_the_last_piece_too() -> None:
    last = delta("stop", content="い") | {"usage": USAGE}
    reply, _ = streamed(events([delta(content="あ") | {"usage": None}, last]))
    assert reply == Reply("あい", "", Finish.STOP, "served", Usage(3, 5, 1))


def test_usage_stays_where_a_later_piece_has_none() -> None:
    last = delta("stop", content="い") | {"usage": USAGE}
    reply, _ = streamed(events([last, {"choices": []}]))
    assert reply.usage == Usage(3, 5, 1)


def test_a_reply_is_complete_with_its_finish_reason_or_with_the_end_of_the_stream() -> None:
    begun = joined(events([delta(content="あ")], done=False))
    assert begun.begun and not begun.complete
    assert joined(events([delta("stop")], done=False)).complete
    assert joined(events([delta(content="あ")], done=True)).complete


def test_a_role_alone_is_no_beginning() -> None:
    assert not joined(events([delta(role="assistant", content="")], done=False)).begun


def test_a_last_event_that_was_cut_off_is_no_error_but_leaves_the_reply_incomplete() -> None:
    whole = events([delta(content="あ"), delta("stop")], done=False)
    assert not joined(whole[:-20]).complete


@pytest.mark.parametrize(
    ("stream", "status"),
    [
        (b'data: {"error": {"message": "no", "code": 429}}\n\n', 429),
        (b'data: {"error": {"message": "no", "code": "overloaded"}}\n\n', 500),
        (b'data: {"error": "no"}\n\n', 500),
        (b'event: error\ndata: {"message": "no", "code": 503}\n\n', 503),
        (b'error: {"message": "no", "code": 400}\n\n', 400),
    ],
)
def test_an_error_in_the_stream_has_the_status_that_it_names(stream: bytes, status: int) -> None:
    with pytest.raises(StreamError) as caught:
        joined(events([delta(content="あ")], done=False), stream)
    assert caught.value.status == status
    assert b"no" in caught.value.body


def test_what_is_no_chunk_is_told() -> None:
    with pytest.raises(UnreadableReply, match="a piece of the stream is no JSON"):
        joined(b"data: <html>\n\n", b"")
    with pytest.raises(UnreadableReply, match="no reply in the stream"):
        joined(b"data: [DONE]\n\n").answer()
