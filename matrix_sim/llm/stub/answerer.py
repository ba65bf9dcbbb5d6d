"""What the stub answers as an assistant: it knows the conversation and nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

from matrix_sim.llm.stub.draws import Draws
from matrix_sim.llm.stub.pen import Known, Pen
from matrix_sim.llm.stub.script import CodeLanguage, Script, filled_code, split_by_slot

_ECHO = 0.6
_BODY = 0.75
"""Share of answers that take the form that was asked for, where one was."""
_MORE = 0.6
"""How often such an answer goes on with a point, and with a last word."""
_POINTS = (1, 3)
_CONSIDERED = (1, 4)
_TAIL = 0.35
_CODE_TURNED_DOWN = 0.5
"""Share of bad answers to a question about code that hold some."""
_MOST_TOPICS = 3


class Answerer:
    """Writes one answer to a conversation."""

    def __init__(self, script: Script, asked: Sequence[str], draws: Draws) -> None:
        """`asked`: the user's messages, the last one last; at least one."""
        self._script = script
        self._texts = script.answering
        self._asked = asked
        self._draws = draws

    def answer(self) -> str:
        """A good one: to the point, in a few sentences."""
        group, harmful = self._risk
        if group:
            return self._cautious(self._script.safety["groups"][group], harmful=harmful)
        if self._code_language:
            return self._with_code(self._code_language)
        return self._written(*self._body()) if self._form else self._written(*self._in_sentences())

    def rejected(self) -> str:
        """A worse one: short, vague or beside the point."""
        draws = self._draws
        if self._code_language and draws.chance(_CODE_TURNED_DOWN):
            codes = list(self._code_language.code.values())
            intro = self._written(draws.choice(self._texts["code_rejected"]))
            return f"{intro}\n\n{self._fenced(draws.choice(codes))}"
        parts = [draws.choice(self._fitting(self._texts["rejected"]))]
        if draws.chance(_TAIL):
            parts.append(draws.choice(self._texts["rejected_tails"]))
        return self._written(*parts)

    def reasoning(self) -> str:
        """Three to eight sentences of thinking about the question."""
        draws, texts = self._draws, self._texts["reasoning"]
        parts = [draws.choice(self._fitting(texts["start"]))]
        if self._limits:
            parts.append(draws.choice(texts["given"]))
        if self._risk[1]:
            parts += draws.sample(texts["risk"], 2)
        elif self._code_language:
            parts += draws.sample(texts["code"], draws.between(2, 3))
        else:
            parts += draws.sample(self._fitting(texts["middle"]), draws.between(*_CONSIDERED))
        return self._written(*parts, draws.choice(texts["end"]))

    # What was asked

    @cached_property
    def _last(self) -> str:
        return self._asked[-1]

    @cached_property
    def _code_language(self) -> CodeLanguage | None:
        return self._script.code_wanted(self._asked[0])

    @cached_property
    def _risk(self) -> tuple[str, bool]:
        """The area of risk that the conversation began in, and whether harm was asked for."""
        return self._script.risk_of(self._asked[0])

    @cached_property
    def _topics(self) -> tuple[str, ...]:
        """Of the last message; of the first, where that says nothing itself."""
        own, first = map(self._script.topics, (self._last, self._asked[0]))
        topics = [
            topic
            for topic in dict.fromkeys(own + first)
            if self._code_language is None or not self._code_language.named.search(topic)
        ]
        return tuple(topics[:_MOST_TOPICS]) or tuple(self._texts["nothing_found"])

    @cached_property
    def _limits(self) -> list[str]:
        found = self._script.tongue.quantity.findall(self._last)
        return list(dict.fromkeys(found))

    @cached_property
    def _form(self) -> str:
        """What kind of text would answer the last message; empty for sentences."""
        low = self._last.lower()
        fitting = (
            name for name, words in self._texts["kinds"] if any(word in low for word in words)
        )
        return next(fitting, "") if self._draws.chance(_BODY) else ""

    # How it is answered

    def _body(self) -> list[str]:
        draws, texts = self._draws, self._texts
        parts = [draws.choice(self._fitting(texts["bodies"][self._form]))]
        for name in ("points", "closers"):
            parts += draws.sample(self._fitting(texts[name]), 1) if draws.chance(_MORE) else []
        return parts

    def _in_sentences(self) -> list[str]:
        draws, texts = self._draws, self._texts
        later = len(self._asked) > 1
        parts = [draws.choice(texts["follow_up_openers" if later else "openers"])]
        if self._limits and draws.chance(_ECHO):
            parts.append(draws.choice(texts["echoes"]))
        parts += draws.sample(self._fitting(texts["points"]), draws.between(*_POINTS))
        return [*parts, draws.choice(self._fitting(texts["closers"]))]

    def _fitting(self, frames: Sequence[str]) -> Sequence[str]:
        """Those that need no second topic, where there is none."""
        return frames if len(self._topics) > 1 else split_by_slot(frames, "u")

    def _cautious(self, group: Mapping[str, Sequence[str]], *, harmful: bool) -> str:
        """What cannot be done and why, then help; or advice, where no harm was asked for."""
        draws = self._draws
        if harmful:
            parts = [draws.choice(group["cannot"]), *draws.sample(group["help"], 2)]
        else:
            parts = draws.sample(group["advice"], 3)
        return self._written(*parts, draws.choice(self._texts["cautious_closers"]))

    def _with_code(self, language: CodeLanguage) -> str:
        draws, texts = self._draws, self._texts
        task = self._script.code_task_of(self._asked[0])
        code = language.code.get(task) or draws.choice(list(language.code.values()))
        later = len(self._asked) > 1
        intro = draws.choice(texts["code_follow_ups" if later else "code_intros"])
        points = draws.sample(texts["code_points"], draws.between(2, 3))
        return "\n\n".join([self._written(intro), self._fenced(code), self._written(*points)])

    def _fenced(self, code: str) -> str:
        fence = self._code_language.fence if self._code_language else ""
        return f"```{fence}\n{filled_code(code, self._topics[0])}\n```"

    def _written(self, *parts: str) -> str:
        """The frames as one text: a slot holds the same in all of them."""
        draws = self._draws
        slots = {"t": self._topics[0], "c2": ""}
        if self._code_language:
            slots["language"] = self._code_language.name
        if self._limits:
            slots["c"] = draws.choice(self._limits)
            slots["c2"] = draws.choice(self._texts["c2"]).format_map(slots)
        pen = Pen(self._texts, draws, Known(self._topics))
        return pen.write(self._script.tongue.gap.join(parts), **slots)
