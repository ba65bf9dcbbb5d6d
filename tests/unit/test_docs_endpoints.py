"""docs/endpoints.md: every config on the page is one, and what it says of the program holds."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from pydantic import ValidationError

from matrix_sim.config import RetryConfig
from matrix_sim.config.endpoint import LlamaConfig
from matrix_sim.config.file import LoadedConfig, load_config
from matrix_sim.config.models import ModelConfig, Preset
from matrix_sim.config.runtime import OutageConfig
from matrix_sim.llm.local_server import DEFAULT_CONTEXT_TOKENS
from matrix_sim.llm.presets import FAMILIES

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "endpoints.md").read_text("utf-8")
SNIPPETS = re.findall(r"^```yaml\n(.+?)^```", PAGE, re.MULTILINE | re.DOTALL)
KEYS = dict.fromkeys(("OPENAI_API_KEY", "OPENROUTER_API_KEY"), "sk-x")


def loaded(snippet: str, folder: Path) -> LoadedConfig:
    """A snippet as the config of a run, with the keys and key files that it names."""
    for name in re.findall(r"api_key_file: ([^\s,}]+)", snippet):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("sk-x\n")
    config = folder / "run.yaml"
    config.write_text("society: {ticks: 3}\n" + snippet, "utf-8")
    return load_config(config, (), KEYS)


def models_of(snippet: str) -> dict[str, Any]:
    entries: dict[str, Any] = yaml.safe_load(snippet)["models"]
    return entries


@pytest.mark.parametrize("snippet", SNIPPETS, ids=range(len(SNIPPETS)))
def test_every_config_of_the_page_is_one(snippet: str, tmp_path: Path) -> None:
    config = loaded(snippet, tmp_path).config
    assert {k for k, v in config.models if v is not None} >= set(models_of(snippet))


def test_every_section_of_the_table_at_the_top_is_there_with_a_config() -> None:
    links = list(dict.fromkeys(re.findall(r"\]\(#([a-z-]+)\)", PAGE)))
    heads = re.findall(r"^## (.+)$", PAGE, re.MULTILINE)
    anchors = {re.sub(r"[^a-z -]", "", head.lower()).replace(" ", "-"): head for head in heads}
    assert set(links) <= set(anchors)
    assert len(links) == 9
    for link in links:
        section = PAGE.partition(f"## {anchors[link]}\n")[2].partition("\n## ")[0]
        assert "```yaml" in section, link


def test_no_key_stands_on_the_page() -> None:
    assert re.findall(r"sk-\w+", PAGE) == []


def test_presets_of_the_page_are_known() -> None:
    presets = [m.get("preset") for s in SNIPPETS for m in models_of(s).values()]
    assert {p for p in presets if p} <= set(get_args(Preset))


def test_the_table_of_families_says_what_is_sent() -> None:
    rows = re.findall(r"^\| `([\w-]+)` \| [^|]+ \| ([^|]+) \| ([^|]+) \|", PAGE, re.MULTILINE)
    assert [preset for preset, *_ in rows] == list(FAMILIES)
    for preset, *cells in rows:
        family = FAMILIES[preset]
        for cell, sent in zip(cells, (family.on, family.off), strict=True):
            shown = None if cell.startswith("refused") else yaml.safe_load(cell.strip("`"))
            assert shown == sent, preset


def test_fields_that_are_not_for_extra_body_are_all_on_the_page() -> None:
    sentence = PAGE.partition("Some fields are not for `extra_body`")[2]
    named = re.findall(r"`(\w+)`", sentence.partition("\n\n")[0])
    for field in named:
        with pytest.raises(ValidationError, match=f"must not hold '{field}'"):
            ModelConfig.model_validate({"stub": {}, "extra_body": {field: 1}})
    assert len(named) == 8


def test_defaults_that_the_page_shows_are_those_of_the_program() -> None:
    slow = next(s for s in SNIPPETS if "outage" in s)
    shown = yaml.safe_load(slow)
    assert RetryConfig.model_validate(shown["models"]["default"]["retry"]) == RetryConfig()
    assert OutageConfig.model_validate(shown["runtime"]["outage"]) == OutageConfig()
    assert f"unset it is {DEFAULT_CONTEXT_TOKENS:,}" in PAGE
    assert LlamaConfig().slots == 4
