"""What a row must be like to be accepted: one section a check, named after it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from matrix_sim.config.section import Section

Share = Annotated[float, Field(ge=0, le=1)]
Bounds = tuple[Annotated[int, Field(ge=0)], Annotated[int, Field(ge=0)]]


class CheckConfig(Section):
    """A check that has nothing to set but whether it is made."""

    enabled: bool = True
    """Whether rows are looked at in this way."""


class LanguageCheckConfig(CheckConfig):
    """The language of what is written; thinking may be in any."""

    native: Share = 0.3
    """Share of the letters of a message that belong to the run's language, at least; what is code,
    an address or a quotation does not count."""
    foreign_run: Annotated[int, Field(ge=1)] = 60
    """Characters of a passage in another language that are too many in a row."""


class LengthCheckConfig(CheckConfig):
    """Characters of a message, at least and at most."""

    user: Bounds = (2, 8000)
    """Of a user's first message; a later one may be a single letter or digit. For the least only
    letters and digits count."""
    assistant: Bounds = (2, 40000)
    """Of an assistant's; for the least the same."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        for name in ("user", "assistant"):
            least, most = getattr(self, name)
            if least > most:
                raise ValueError(f"'{name}' needs [least, most], has [{least}, {most}]")
        return self


class ThinkingCheckConfig(CheckConfig):
    """Characters of the thinking before an answer, where it is wanted."""

    length: Bounds = (20, 60000)
    """At least and at most."""


class RepetitionCheckConfig(CheckConfig):
    """Loops."""

    times: Annotated[int, Field(ge=2)] = 3
    """How often the same sentence may not come."""


class NearDuplicateCheckConfig(CheckConfig):
    """How much two requests may have in common."""

    similarity: Share = 0.7
    """From which on the later one is too much like the earlier: the mean of the shares of pairs of
    characters, and of kanji, katakana, Latin letters and digits, that both have. Candidates for
    the comparison are found by MinHash."""
    cosine: Share | None = 0.95
    """The same for the vectors that `models.embedding` gives; null: they are not compared."""


class ContaminationCheckConfig(CheckConfig):
    """Benchmarks that must not be in the data."""

    benchmarks: tuple[Path, ...] = ()
    """Files that hold them: text, JSON or JSONL; only hashes of their 13-grams are kept. Relative
    paths start from the folder of the config."""
    share: Share = 0.5
    """Share of an item's 13-grams that a row may not hold."""


class JudgeCheckConfig(CheckConfig):
    """A model that reads every row that has passed everything else."""

    enabled: bool = False
    """Whether rows are shown to the `judge`; each costs a call."""
    least: Annotated[int, Field(ge=1, le=10)] = 6
    """The score that a row needs, from 1 to 10."""


class QualityConfig(Section):
    """The checks, in the order in which they are made: cheap ones first."""

    length: LengthCheckConfig = LengthCheckConfig()
    """Neither empty nor endless."""
    truncation: CheckConfig = CheckConfig()
    """Not broken off."""
    repetition: RepetitionCheckConfig = RepetitionCheckConfig()
    """No loops."""
    language: LanguageCheckConfig = LanguageCheckConfig()
    """In the language of the run."""
    boilerplate: CheckConfig = CheckConfig()
    """No formulas of assistants ("AI言語モデルとして")."""
    addressed_to_assistant: CheckConfig = CheckConfig()
    """The first message speaks to an assistant: not to a colleague, not to oneself."""
    is_request: CheckConfig = CheckConfig()
    """The first message asks for something."""
    self_contained: CheckConfig = CheckConfig()
    """The first message is understood without the scenario that it comes from."""
    role_purity: CheckConfig = CheckConfig()
    """Users speak as users, the assistant as a neutral assistant."""
    thinking: ThinkingCheckConfig = ThinkingCheckConfig()
    """Where thinking is wanted: it is there, and of a fair length."""
    code: CheckConfig = CheckConfig()
    """Code stands in closed fences, and Python parses; in data sets of code there is some."""
    pii: CheckConfig = CheckConfig()
    """No telephone numbers, addresses, account numbers and the like."""
    contamination: ContaminationCheckConfig = ContaminationCheckConfig()
    """Nothing of a benchmark."""
    duplicate: CheckConfig = CheckConfig()
    """No two rows ask the same."""
    near_duplicate: NearDuplicateCheckConfig = NearDuplicateCheckConfig()
    """Nor nearly the same."""
    judge: JudgeCheckConfig = JudgeCheckConfig()
    """A model's opinion, last because it costs."""
