"""What somebody of the stub's asks an assistant: the first message, and what lies behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

from matrix_sim.llm.stub.draws import Draws
from matrix_sim.llm.stub.material import topics_of
from matrix_sim.llm.stub.pen import Pen
from matrix_sim.llm.stub.script import Script

_FROM_SCENARIO = 0.65
"""Share of requests that are about what was done or seen, where there is any."""
_OF_OTHERS = 0.3
"""Share of those that are about what others did."""
_BACKGROUND, _CONDITION, _CONDITION_FIRST = 0.6, 0.6, 0.3
_LONGEST_REQUIREMENT = 80
"""Bytes of one that is mentioned as it is."""
_SHORTEST_NAME = 2
_GAPS = {"keywords": " ", "list": "\n", "memo": "\n", "phone": "\n", "pasted": "\n\n"}
"""What stands between the parts of a message, where it is not what the language has."""
_BARE = ("rewrite", "calc", "draft")
"""Tasks that bring their own conditions."""
_SPOKEN = ("plain", "phone", "keywords", "memo")
_SOME_ROWS = 3
_WHOLE = {"keywords", "memo", "list", "mail", "pasted", "student", "dialect"}
"""Registers whose frames are messages as they are."""
_INTRODUCED = ("mail", "pasted", "student")
"""Those of them that may have a background before it."""


class Matter:
    """What a prompt of the synthesis offers to ask about (a `Subject`)."""

    step = ""

    def __init__(self, script: Script, sections: Mapping[str, str], draws: Draws) -> None:
        self._script = script
        self._sections = sections
        self._draws = draws

    def told(self, section: str) -> str:
        """The text of a section, or an empty one."""
        return self._sections.get(section, "")

    @cached_property
    def topics(self) -> tuple[str, ...]:
        """What the person is busy with."""
        for section in ("persona", "plan", "goal"):
            if found := self._unnamed(topics_of(self.told(section), self._script.tongue)):
                return found
        return tuple(self._script.asking["default_topics"])

    @cached_property
    def main(self) -> str:
        """What this request is about: of what was done or seen, else of what the person is."""
        if wanted := self._script.topics(self.told("want")):
            return wanted[0]
        offered = self._of_scenario() if self._draws.chance(_FROM_SCENARIO) else ()
        fitting = self._fitting(offered) or self._fitting(self.topics)
        return self._draws.choice(fitting or offered or self.topics)

    @cached_property
    def requirement(self) -> str:
        """What the data set is to be about, in a few words; empty if anything will do."""
        text = self.told("requirement").strip().rstrip("。.")
        if "\n" in text or len(text.encode("utf-8", "replace")) > _LONGEST_REQUIREMENT:
            found = self._script.tongue.phrases(text, frozenset())
            text = found[0] if found else ""
        return text.replace("{", "").replace("}", "")

    def _of_scenario(self) -> Sequence[str]:
        tongue = self._script.tongue
        did, seen = self.told("did"), self.told("seen")
        if seen and (not did or self._draws.chance(_OF_OTHERS)):
            lines = [line for line in seen.splitlines() if line.strip()]
            topics = [tongue.told(line).topic for line in lines]
            return self._unnamed([topic for topic in topics if topic])
        own = [topic for topic in self.topics if topic in did]
        return own or self._unnamed(tongue.runs(did))

    def _fitting(self, topics: Sequence[str]) -> list[str]:
        """Those that share a word with the requirement."""
        wanted = self._script.tongue.phrases(self.told("requirement"), frozenset())
        return [x for x in topics if any(word in x or x in word for word in wanted)]

    def _unnamed(self, topics: Sequence[str]) -> tuple[str, ...]:
        return tuple(x for x in topics if not any(name in x or x in name for name in self._names))

    @cached_property
    def _names(self) -> tuple[str, ...]:
        """Names of the person and of those who were seen, whole and in parts."""
        tongue = self._script.tongue
        labelled = [tongue.labelled(line) for line in self.told("persona").splitlines()[:1]]
        seen = [tongue.told(line).speaker for line in self.told("seen").splitlines()]
        whole = [rest.strip() for label, rest in labelled if label in tongue.skipped_labels] + seen
        parts = [part for name in whole for part in name.split()]
        return tuple(x for x in dict.fromkeys(whole + parts) if len(x) >= _SHORTEST_NAME)


class Asker:
    """Writes what a person asks for."""

    def __init__(self, script: Script, matter: Matter, draws: Draws) -> None:
        self._script = script
        self._asking = script.asking
        self._matter = matter
        self._draws = draws
        self._pen = Pen(script.asking, draws, matter)

    def instruction(self) -> str:
        """A message to an assistant of the kind that the prompt asks for."""
        if language := self._matter.told("code_language").strip():
            return self._request_for_code(language)
        if risk := self._matter.told("risk"):
            return self._risky_request(risk)
        return self.request(self._matter.main)

    def request(self, topic: str) -> str:
        """An ordinary one, in the register that the prompt asks for."""
        register = self.register
        if register in _WHOLE:
            parts = [self._draws.choice(self._asking[register])]
            if register in _INTRODUCED and self._draws.chance(_BACKGROUND):
                parts.insert(0, self._draws.choice(self._asking["backgrounds"]))
        elif register in _SPOKEN:
            parts = self._around(self._draws.choice(self._asking["plain_asks"]), "plain_")
        else:
            parts = self._polite(register)
        parts += self._requirement(register)
        message = self._written(parts, _GAPS.get(register), t=topic)
        return self._misspelt(message) if register == "typo" else message

    def intent(self) -> dict[str, str]:
        """What a person wants from a dialogue and when it is content."""
        intents, topic = self._asking["intents"], self._matter.main
        frames = {name: self._draws.choice(intents[name]) for name in ("want", "satisfied_when")}
        both = self._written(list(frames.values()), "\n", t=topic)
        return dict(zip(frames, both.split("\n"), strict=True))

    @property
    def spoken(self) -> bool:
        """Whether the person writes as people talk."""
        return self.register in _SPOKEN

    @cached_property
    def register(self) -> str:
        """How the person writes."""
        return self._script.option("registers", self._matter.told("style"), "polite")

    def _polite(self, register: str) -> list[str]:
        told, asks = self._matter.told, self._asking["asks"]
        group = self._script.option("tasks", told("task") or told("want"), "")
        group = group or self._draws.choice(list(asks))
        ask = self._draws.choice(asks[group])
        if group in _BARE:
            background = [] if group == "rewrite" or register == "short" else ["backgrounds"]
            return [self._draws.choice(self._asking[name]) for name in background] + [ask]
        if register == "short":
            conditions = self._asking["conditions"] if self._draws.chance(_CONDITION) else []
            return [ask, *self._draws.sample(conditions, 1)]
        if register == "long":
            grounds = self._draws.sample(self._asking["backgrounds"], 2)
            return [*grounds, ask, *self._draws.sample(self._asking["conditions"], 2)]
        return self._around(ask, "")

    def _around(self, ask: str, prefix: str) -> list[str]:
        """The request with a background before it or conditions around it, or with both."""
        draws = self._draws
        parts = [ask]
        told = self._matter.told("complexity").lower()
        complex_ = any(word in told for word in self._asking["complex"])
        background = draws.chance(_BACKGROUND)
        if complex_ or not background or draws.chance(_CONDITION):
            conditions = draws.sample(self._asking[prefix + "conditions"], 2 if complex_ else 1)
            parts = conditions + parts if draws.chance(_CONDITION_FIRST) else parts + conditions
        if background:
            parts.insert(0, draws.choice(self._asking[prefix + "backgrounds"]))
        return parts

    def _requirement(self, register: str) -> list[str]:
        if not self._matter.requirement:
            return []
        if register == "keywords":
            return ["{req}"]
        name = "requirements_plain" if register in _SPOKEN else "requirements"
        return [self._draws.choice(self._asking[name])]

    def _request_for_code(self, language: str) -> str:
        known = self._script.code_language(language) or self._script.usual_code_language
        asks = self._script.code_asks
        tasks = [task for task in asks if task in known.code]
        parts = [self._draws.choice(asks[self._draws.choice(tasks)])]
        if self._draws.chance(_BACKGROUND):
            parts.insert(0, self._draws.choice(self._asking["backgrounds"]))
        conditions = self._script.code_conditions
        parts += self._draws.sample(conditions, self._draws.between(0, 2))
        parts += self._requirement("polite")
        message = self._written(parts, None, t=self._matter.main, language=known.name)
        return f"{message}\n\n{self._rows()}" if self.register == "pasted" else message

    def _rows(self) -> str:
        """A few rows of data, as one would paste them."""
        topics = self._draws.sample(self._matter.topics, _SOME_ROWS)
        rows = [f"{topic},{self._draws.between(1, 90)}" for topic in topics]
        return "\n".join(["```", "name,value", *rows, "```"])

    def _risky_request(self, risk: str) -> str:
        safety, degree = self._script.safety, self._matter.told("degree").lower()
        group = safety["groups"][self._script.risk_group(risk, self._draws)]
        harmless = any(word in degree for word in safety["harmless"])
        parts = [self._draws.choice(group["safe_asks" if harmless else "asks"])]
        if any(word in degree for word in safety["disguised"]):
            parts.insert(0, self._draws.choice(safety["pretexts"]))
        else:
            parts = (
                self._draws.sample(self._asking["backgrounds"], self._draws.between(1, 2)) + parts
            )
        parts += self._requirement("polite")
        return self._written(parts, None, t=self._matter.main)

    def _written(self, parts: Sequence[str], gap: str | None, **slots: str) -> str:
        """The frames as one text: a slot holds the same in all of them."""
        frame = (self._script.tongue.gap if gap is None else gap).join(parts)
        return self._pen.write(frame, req=self._matter.requirement, **slots)

    def _misspelt(self, message: str) -> str:
        """With one slip, at the first place where one of the known ones fits."""
        fitting = [slip for slip in self._asking["typos"] if slip[0] in message]
        if not fitting:
            return message
        right, wrong = self._draws.choice(fitting)
        return message.replace(right, wrong, 1)
