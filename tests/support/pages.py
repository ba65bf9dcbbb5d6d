"""The pages of `docs/`: what stands in their blocks, and where their links lead."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import yaml

from matrix_sim.config import RunConfig
from matrix_sim.config.file import load_config

CHECKOUT = Path(__file__).resolve().parents[2]


def page(name: str) -> str:
    """A page of `docs/`, by its name without the ending."""
    return (CHECKOUT / "docs" / f"{name}.md").read_text("utf-8")


def blocks(text: str, language: str) -> list[str]:
    """What stands in the fences of a language, indented ones left out."""
    found, inside = [], ""
    lines: list[str] = []
    for line in text.splitlines():
        if not line.startswith("```"):
            lines.append(line)
        elif inside:
            if inside == f"```{language}":
                found.append("".join(f"{line}\n" for line in lines))
            inside = ""
        else:
            inside, lines = line, []
    return found


def load_snippet(
    snippet: str, folder: Path, environment: Mapping[str, str] = MappingProxyType({})
) -> RunConfig:
    """A part of a config as a whole one: the rest is the smallest that will do."""
    rest = {"society": {"ticks": 3}, "models": {"default": {"stub": {}}}}
    said = yaml.safe_load(snippet)
    missing = yaml.safe_dump({key: value for key, value in rest.items() if key not in said})
    config = folder / "run.yaml"
    config.write_text((missing if missing != "{}\n" else "") + snippet, "utf-8")
    return load_config(config, (), environment).config


def links(text: str) -> list[tuple[str, str]]:
    """File and anchor of the links to other pages, and to places of the same one."""
    return re.findall(r"\]\((?!https?:)([\w./-]*)(?:#([\w-]+))?\)", text)


def anchors(text: str) -> set[str]:
    """The places of a page that a link may lead to."""
    heads = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in heads}
