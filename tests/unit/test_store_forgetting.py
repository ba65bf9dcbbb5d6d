"""Texts that are forgotten are gone from the file, and what they cost is not."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from matrix_sim.llm.contracts import Role, StoredPrompt
from matrix_sim.store.run_store import RunStore
from matrix_sim.store.writes import ForgetTexts
from tests.support.store_samples import a_key, a_record, a_reply, an_open_call


def test_texts_of_one_role_leave_the_file_and_their_cost_stays(tmp_path: Path) -> None:
    said = [os.urandom(6000).hex() for _ in range(4)]
    tails = [os.urandom(6000) for _ in said]
    with RunStore.open(tmp_path, owner="test", create=True) as store:
        for number, (text, tail) in enumerate(zip(said, tails, strict=True)):
            role = Role.ANONYMISER if number else Role.AGENT
            prompt = StoredPrompt(None, 0, tail)
            store.apply([replace(an_open_call(number), role=role)])
            store.apply([replace(a_record(number, a_reply(text)), prompt=prompt)])
        before = store.usage()
        with closing(sqlite3.connect(store.path)) as reader:
            rows = reader.execute("SELECT reply FROM calls ORDER BY address").fetchall()
        replies = [reply for (reply,) in rows]
        store.apply([ForgetTexts(Role.ANONYMISER)])
        assert store.usage() == before
        assert store.reply(a_key(0)) == a_reply(said[0])
        assert store.prompt(a_key(1).request_hash) is None

    # A look at the middle is enough, and at no page's edge.
    kept = (tmp_path / "run.sqlite").read_bytes()
    assert not (tmp_path / "run.sqlite-wal").exists()
    for body in (*replies, *tails):
        expected = body in (replies[0], tails[0])
        assert (body[3000:3040] in kept) is expected
