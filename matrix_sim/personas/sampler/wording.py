"""Labels and facts of a person in the words of a language, which stand in `words.yaml`."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

from matrix_sim.personas.sampler.life import MAJORITY, Child, Life
from matrix_sim.personas.sampler.phrases import fill
from matrix_sim.personas.sampler.tables import Tables, Town

_OLDEST_CHILD = 70
_ASIDE = re.compile(r"[(（][^)）]*[)）]|(?<!\S)(?:大手|中堅|中小)(?!\S)")
_STAY = (3, 24)
"""Least and greatest number of years that people say they have lived somewhere."""


class Wording:
    """The words of one language."""

    def __init__(self, tables: Tables) -> None:
        self._words = words = tables.words
        self._pools = tables.pools
        self.digits: Sequence[str] = words["digits"]
        """0 to 9 in words."""
        self.gap: str = words.get("gap", "")
        """What stands between two sentences."""
        self._children = {
            (age, sex): tables.vocabulary.line(self._child_text(age, sex)).parts
            for age in range(_OLDEST_CHILD + 1)
            for sex in ("woman", "man")
        }

    def number(self, value: int) -> str:
        """A whole number, as texts of the language write it."""
        ten = self._words.get("ten")
        if ten is None:
            return self.digits[value] if value < len(self.digits) else str(value)
        if value >= 100:
            return "".join(self.digits[int(digit)] for digit in str(value))
        tens, ones = divmod(value, 10)
        head = "" if tens == 0 else ten if tens == 1 else self.digits[tens] + ten
        return head + (self.digits[ones] if ones or not tens else "")

    def sex(self, life: Life) -> str:
        """As `Persona.sex` says it."""
        return str(self._words["sex"][life.sex])

    def marital(self, life: Life) -> str:
        """Marital status and children, as `Persona.marital_status` says it."""
        home, labels = life.household, self._words["children"]
        status = str(self._words["marital"][home.marital])
        if not home.children:
            return labels["none"].format(marital=status) if home.marital == "married" else status
        if all(child.age > MAJORITY and not child.at_home for child in home.children):
            return str(labels["grown"].format(marital=status))
        count = len(home.children)
        some = labels["one"] if count == 1 and "one" in labels else labels["some"]
        return str(some.format(marital=status, count=labels["counts"][count]))

    def education(self, life: Life, rng: random.Random) -> str:
        """As `Persona.education` says it."""
        if life.situation == "student":
            return fill(life.occupation.label, {}, self.digits, rng)
        label = str(self._words["levels"][life.level]["label"])
        if not life.field:
            return label
        return str(self._words["with_field"].format(level=label, field=life.field))

    def work(self, life: Life) -> str:
        """What the work itself is called."""
        return life.occupation.name if life.sex == "woman" else life.occupation.man

    def bare(self, occupation: str) -> str:
        """An occupation of somebody else's words without asides and sizes of employers."""
        return " ".join(_ASIDE.sub(" ", occupation).split())

    def spouse(self, sex: str) -> str:
        """The husband or wife of somebody of that sex."""
        return str(self._words["spouse"][sex])

    def occupation(self, life: Life) -> str:
        """As `Persona.occupation` says it."""
        pattern = self._words["occupation"].get(life.situation, "{work}")
        return str(pattern.format(work=self.work(life)))

    def facts(self, life: Life, rng: random.Random) -> dict[str, str]:
        """What the slots of lines stand for; those of which nothing is known are absent."""
        home, town = life.household, life.town
        minors = [child for child in home.at_home if child.age <= MAJORITY]
        told = minors or home.at_home
        facts = {
            **self.common(life.sex, town),
            "age": self.number(life.age),
            "town": town.name,
            "origin": life.origin,
            "food": rng.choice(town.foods),
            "work": self.work(life),
            "stay": self.number(rng.randint(*_STAY)) if life.age > 30 else "",
            "years": self.number(life.years) if life.years >= 2 else "",
            "since": self.number(life.since) if life.since >= 2 else "",
            "field": life.field,
            "kids": self.listed([self._child(child, rng) for child in told]) if told else "",
            "baby": next((self._child(c, rng) for c in minors if c.age <= 1), ""),
            "s1": life.occupation.skills[0],
            "s2": life.occupation.skills[1],
        }
        if home.with_parents:
            facts["parent"] = self._words["parent"]["mother" if home.parent_is_mother else "father"]
        elif 40 <= life.age <= 62:
            facts["parent"] = self._words["parent"][rng.choice(("mother", "father"))]
        if home.marital in ("married", "widowed", "divorced"):
            facts["spouse"] = self.spouse(life.sex)
        if home.spouse_age is not None:
            past = home.spouse_age >= 66
            line = self._pools["spouse_past" if past else "spouse_work"][0]
            facts["sp_work"] = fill(line.parts, {}, self.digits, rng)
        for place, interest in enumerate(life.interests[:4], start=1):
            facts[f"i{place}"] = interest.name
        return {slot: text for slot, text in facts.items() if text}

    def _child_text(self, age: int, sex: str) -> str:
        row = next(row for row in self._words["children_by_age"] if age <= row["to"])
        text = str(row["son" if sex == "man" else "daughter"])
        grade = self.number(age - row.get("first", age) + 1)
        return text.replace("{age}", self.number(age)).replace("{grade}", grade)

    def _child(self, child: Child, rng: random.Random) -> str:
        return fill(self._children[min(child.age, _OLDEST_CHILD), child.sex], {}, self.digits, rng)

    def common(self, sex: str, town: Town) -> dict[str, str]:
        """Pronouns and money, in languages whose sentences need them."""
        pronouns: dict[str, str] = self._words.get("pronouns", {}).get(sex, {})
        currency = self._words.get("currency", {}).get(town.country)
        return {**pronouns, **({"cur": currency} if currency else {})}

    def listed(self, items: Sequence[str]) -> str:
        """Several things in a sentence: a, b and c."""
        last = items[-1] if items else ""
        if len(items) < 2:
            return last
        return f"{self._words['list_join'].join(items[:-1])}{self._words['list_last']}{last}"
