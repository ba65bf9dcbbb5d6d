"""Japanese words: runs of one script, and parts of runs that stand alone elsewhere."""

from __future__ import annotations

import re
from collections.abc import Sequence

from matrix_sim.personas.model import Persona
from matrix_sim.society.homophily.profile import facts
from matrix_sim.society.homophily.wording import Lexicon, Wording

_VERBAL_NOUN = "[一-鿿々〆]{2,}[りきみけびちめ](?=[のとやをがはにでも]|[^ぁ-ん]|$)"
"""Kanji with the ending of a noun made from a verb: 町歩き, 段取り. Without it, a stump."""
_KANJI = f"{_VERBAL_NOUN}|[一-鿿々〆]+"
_KATAKANA, _LATIN = "[ァ-ヺー]+", "[A-Za-z][A-Za-z0-9+#.]*"
_RUN = re.compile(f"{_KANJI}|{_KATAKANA}|{_LATIN}")
_COMPOUND = re.compile(f"(?:{_KANJI}|{_KATAKANA}|{_LATIN})+")
_LONGEST_WORD = 12
"""Characters. A listed fact up to that long counts as a word itself (生け花, 街歩き)."""

_EMPTY = """
活用 操作 作成 管理 対応 参加 関連 基礎 基本 知識 能力 技術 業務 調整 計画
活動 体験 経験 実務 実行 実施 改善 支援 運営 運用 情報 研究 開発 地域 地元
近所 現在 以前 中心 重視 大切 得意 趣味 仕事 生活 日常 自分 作業 記録 週末
季節 大手 中堅 中小 引退 彼女 チーム スキル
"""
_EMPTY_WORDS = frozenset(_EMPTY.split())
"""Words that say that somebody does something, but not what."""


class JapaneseWords(Wording):
    """Words of people whose language is written without spaces."""

    def lexicon(self, personas: Sequence[Persona]) -> Lexicon:
        """Every run of one script that stands alone somewhere in the society's texts.

        That is the evidence that a part of a longer run is a word: 歴史 in 歴史小説 is, 史小 is
        not.
        """
        return Lexicon(
            frozenset(
                run
                for persona in personas
                for text in (*facts(persona), persona.description, *persona.details)
                for run in _RUN.findall(text)
                if len(run) > 1
            )
        )

    def words(self, persona: Persona, lexicon: Lexicon) -> tuple[str, ...]:
        """The words that the facts of a persona hold, each once, in order of appearance."""
        found: dict[str, None] = {}
        for fact in facts(persona):
            if 2 <= len(fact) <= _LONGEST_WORD:
                found[fact] = None
            for compound in _COMPOUND.findall(fact):
                runs = _RUN.findall(compound)
                for run in runs:
                    found.update(dict.fromkeys(_parts(run, lexicon.standing)))
                found.update(dict.fromkeys(_joined(runs)))
        return tuple(word for word in found if word not in _EMPTY_WORDS)

    def overlap(self, one: str, other: str) -> bool:
        """Whether one holds the other, or ends as the other begins."""
        return (
            one in other
            or other in one
            or any(
                first.endswith(second[:length])
                for first, second in ((one, other), (other, one))
                for length in range(2, min(len(one), len(other)))
            )
        )

    def tells(self, text: str, word: str) -> bool:
        """Whether the text holds it anywhere."""
        return word in text


def _parts(run: str, lexicon: frozenset[str]) -> list[str]:
    """The words of the lexicon within a run, itself among them; of a Latin run only itself."""
    if run.isascii():
        return [run] if 1 < len(run) <= _LONGEST_WORD else []
    return [
        run[start:end]
        for start in range(len(run) - 1)
        for end in range(start + 2, min(start + _LONGEST_WORD, len(run)) + 1)
        if run[start:end] in lexicon
    ]


def _joined(runs: Sequence[str]) -> list[str]:
    """Two or three neighbouring runs together: 電子カルテ of 電子カルテ操作."""
    together = ("".join(runs[k : k + n]) for n in (2, 3) for k in range(len(runs) - n + 1))
    return [word for word in together if len(word) <= _LONGEST_WORD]
