"""The prompts of a run: from names and values to the messages that go to a model."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

from matrix_sim.errors import UsageError
from matrix_sim.llm.contracts import Message
from matrix_sim.personas.model import Persona
from matrix_sim.prompts.catalogue import REASONING_LANGUAGE, TEMPLATES
from matrix_sim.prompts.material import delimiters, material_filter, one_line
from matrix_sim.prompts.template import PromptTemplate, template_environment
from matrix_sim.prompts.texts import PromptTexts, TemplateText, read_texts


class PromptLibrary:
    """All prompt templates in one language, each compiled once.

    What is rendered is data: it is never evaluated, and what of it looks like one of the tags by
    which the same prompt delimits material comes out with full-width brackets. A library pickles
    as its texts.
    """

    def __init__(self, language: str, overrides: Path | None = None) -> None:
        """Read the package's templates, and those in the folder `overrides` in place of theirs.

        Raises:
            UsageError: the folder or a template in it is no good; with file and line.
        """
        self._load(read_texts(language, overrides))
        for text in self._texts.templates:
            self._templates[text.name]  # what is wrong with one is said now

    @classmethod
    def from_texts(cls, texts: PromptTexts) -> PromptLibrary:
        """Take texts that were read, and found to be good, elsewhere: on the driver's node.

        Each is compiled when it is first needed: an actor of a run needs few of them.
        """
        library = cls.__new__(cls)
        library._load(texts)
        return library

    def _load(self, texts: PromptTexts) -> None:
        self._texts = texts
        self._templates = _Compiled(texts)
        self._system: dict[str, Message] = {}

    def __reduce__(self) -> tuple[Callable[[PromptTexts], PromptLibrary], tuple[PromptTexts]]:
        return PromptLibrary.from_texts, (self._texts,)

    @property
    def sources(self) -> PromptTexts:
        """The texts that it was compiled from, with their language."""
        return self._texts

    def text(self, name: str) -> str:
        """The source text of a template.

        Raises:
            KeyError: there is no such template.
        """
        return self._texts.source(name)

    def texts(self, names: Iterable[str]) -> dict[str, str]:
        """Source texts by name, for the identity of a run (S1).

        Raises:
            KeyError: there is no such template.
        """
        return {name: self.text(name) for name in names}

    def render(self, name: str, **variables: Any) -> tuple[Message, ...]:
        """The system message and the user message of a chat template.

        The system message is the same object every time.

        Raises:
            UsageError: the template uses something that is not there; with file and line.
            KeyError: there is no such chat template.
        """
        template = self._templates[name]
        if name not in self._system:
            if template.system is None:
                raise KeyError(name)
            self._system[name] = Message("system", template.system)
        return (self._system[name], Message("user", template.fill(variables)))

    def text_of(self, name: str, **variables: Any) -> str:
        """What a template of one part says.

        Raises:
            UsageError: the template uses something that is not there; with file and line.
            KeyError: there is no such template.
        """
        return self._templates[name].fill(variables)

    def speaker(self, persona: Persona) -> str:
        """How others know this person, in one line: `田中みさき（35歳・主婦）`; never empty.

        Raises:
            UsageError: a template of the user's own says nothing about this persona.
        """
        label = one_line(self.text_of("speaker", persona=persona))
        if not label:
            raise UsageError(f"the template 'speaker' gives an empty text for persona {persona.id}")
        return label

    def repair(self, error: str, schema: str) -> Message:
        """What follows on a reply that was no use, asking for the same in the right shape."""
        return Message("user", self.text_of("repair", error=error, schema=schema))

    def thinking_instruction(self, language: str) -> str:
        """What asks a model to think in `language`, whatever it replies in."""
        return self.text_of(REASONING_LANGUAGE, language=language).strip()


class _Compiled(dict[str, PromptTemplate]):
    """Templates by name, each compiled when it is first asked for."""

    def __init__(self, texts: PromptTexts) -> None:
        super().__init__()
        self._texts = {text.name: text for text in texts.templates}
        # Pieces are put together with others. What else is a tag in another template alone is none
        # here: an answer that is judged may hold `<style>` and `Promise<Task>`, and keeps them.
        pieces = [text.source for text in texts.templates if not TEMPLATES[text.name].chat]
        self._tags_of_pieces = delimiters(pieces)

    def __missing__(self, name: str) -> PromptTemplate:
        text = self._texts[name]
        self[name] = _compiled(text, text.origin, self._tags_of_pieces)
        return self[name]


@lru_cache(maxsize=256)
def _compiled(text: TemplateText, origin: str, tags_of_pieces: tuple[str, ...]) -> PromptTemplate:
    """Compiled once in a process, which may have many libraries: 5 ms of CPU a template.

    By its `origin` as well, which messages name: texts compare without.
    """
    tags = sorted({*delimiters([text.source]), *tags_of_pieces})
    return PromptTemplate(text, TEMPLATES[text.name], template_environment(material_filter(tags)))
