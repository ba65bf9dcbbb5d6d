"""The prompts of a run: from names and values to the messages that go to a model."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from matrix_sim.errors import UsageError
from matrix_sim.llm.contracts import Message
from matrix_sim.personas.model import Persona
from matrix_sim.prompts.catalogue import REASONING_LANGUAGE, TEMPLATES
from matrix_sim.prompts.material import delimiters, material_filter, one_line
from matrix_sim.prompts.template import PromptTemplate, template_environment
from matrix_sim.prompts.texts import PromptTexts, read_texts


class PromptLibrary:
    """All prompt templates in one language, compiled once.

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

    @classmethod
    def from_texts(cls, texts: PromptTexts) -> PromptLibrary:
        """Compile texts that were read elsewhere, such as on the driver's node.

        Raises:
            UsageError: a template is no good; with the file that it came from and the line.
        """
        library = cls.__new__(cls)
        library._load(texts)
        return library

    def _load(self, texts: PromptTexts) -> None:
        # Pieces are put together with others. What else is a tag in another template alone is none
        # here: an answer that is judged may hold `<style>` and `Promise<Task>`, and keeps them.
        pieces = [text.source for text in texts.templates if not TEMPLATES[text.name].chat]
        self._texts = texts
        self._templates = {
            text.name: PromptTemplate(
                text,
                TEMPLATES[text.name],
                template_environment(material_filter(delimiters([text.source, *pieces]))),
            )
            for text in texts.templates
        }
        self._system = {
            name: Message("system", template.system)
            for name, template in self._templates.items()
            if template.system is not None
        }

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
        return (self._system[name], Message("user", self._templates[name].fill(variables)))

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
