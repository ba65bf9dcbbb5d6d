"""The source texts of the prompts: read from the package and from a folder of the user's own."""

from __future__ import annotations

from dataclasses import dataclass, field
from difflib import get_close_matches
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from matrix_sim.errors import UsageError
from matrix_sim.prompts.catalogue import FACETS_FILE, TEMPLATES
from matrix_sim.text import clean_text

_SUFFIX = ".j2"
_FILE_NAMES = ", ".join(f"{name}{_SUFFIX}" for name in TEMPLATES)


@dataclass(frozen=True, slots=True)
class TemplateText:
    """One template as it was written."""

    name: str
    source: str
    origin: str = field(compare=False)
    """The file that it was read from, as messages name it."""


@dataclass(frozen=True, slots=True)
class PromptTexts:
    """All templates of a run: small, and all that another process needs to render its prompts."""

    language: str
    templates: tuple[TemplateText, ...]
    """One for each name in `TEMPLATES`, in that order."""

    def source(self, name: str) -> str:
        """The source text of a template.

        Raises:
            KeyError: there is no such template.
        """
        for template in self.templates:
            if template.name == name:
                return template.source
        raise KeyError(name)


def read_texts(language: str, overrides: Path | None) -> PromptTexts:
    """The package's templates in `language`, except for those that the folder `overrides` holds.

    Raises:
        UsageError: no prompts in this language; or the folder is missing, has neither templates
            nor facets, has a template of an unknown name, or one that is not UTF-8.
    """
    package = files("matrix_sim.prompts")
    folder = package / language
    if not (language.isalpha() and folder.is_dir()):
        there = sorted(f.name for f in package.iterdir() if f.is_dir() and f.name.isalpha())
        raise UsageError(
            f"there are no prompts in language {language!r}, only in: {', '.join(there)}"
        )
    own = {} if overrides is None else _overrides(overrides)
    found = {name: own.get(name, folder / f"{name}{_SUFFIX}") for name in TEMPLATES}
    return PromptTexts(language, tuple(_read(name, file) for name, file in found.items()))


def _overrides(folder: Path) -> dict[str, Path]:
    if not folder.is_dir():
        raise UsageError(
            f"the prompts folder {folder} does not exist or is no folder: "
            f"make it, or take 'prompts' out of the config to use the package's own"
        )
    found, facets = {}, False
    for file in sorted(folder.iterdir()):
        if file.name.startswith("."):
            continue
        if file.name == FACETS_FILE:
            facets = True
            continue
        if file.stem.lower() == Path(FACETS_FILE).stem:
            raise UsageError(f"{file} is not read; did you mean {FACETS_FILE}?")
        name = file.name.removesuffix(_SUFFIX)
        if name in TEMPLATES and file.suffix == _SUFFIX:
            found[name] = file
        elif file.suffix == _SUFFIX or file.stem in TEMPLATES:
            raise UsageError(f"{file} names no prompt template; {_remedy(file.stem)}")
    if not found and not facets:
        raise UsageError(
            f"the prompts folder {folder} holds no template: name them like the package's, "
            f"{_FILE_NAMES}, or {FACETS_FILE}, and put them right into it"
        )
    return found


def _remedy(stem: str) -> str:
    close = get_close_matches(stem, TEMPLATES, n=1)
    if close:
        return f"did you mean {close[0]}{_SUFFIX}?"
    return f"the names are {_FILE_NAMES}"


def _read(name: str, file: Traversable) -> TemplateText:
    try:
        # `utf-8-sig`: some editors put a byte order mark in front.
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{file} is not UTF-8 (byte {error.start}): save it as UTF-8") from error
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}") from error
    return TemplateText(name, clean_text(text)[0], str(file))
