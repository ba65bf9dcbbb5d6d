"""docs/config.md says what the config says: its tables are made from the models."""

import runpy
from pathlib import Path
from typing import Any

import pytest
import yaml

from matrix_sim.config.file import dump_config, load_config

CHECKOUT = Path(__file__).resolve().parents[2]
SCRIPT = CHECKOUT / "scripts" / "make_config_reference.py"
PAGE = (CHECKOUT / "docs" / "config.md").read_text("utf-8")


@pytest.fixture(scope="module")
def reference() -> dict[str, Any]:
    return runpy.run_path(str(SCRIPT))


def test_the_committed_page_is_up_to_date(reference: dict[str, Any]) -> None:
    made = reference["with_tables"](PAGE)
    assert made == PAGE, "run .venv/bin/python scripts/make_config_reference.py"


def test_tables_are_made_anew_and_what_stands_above_them_is_kept(reference: dict[str, Any]) -> None:
    by_hand, marker, tables = PAGE.partition(reference["MARKER"])
    stale = "My words.\n" + marker + "\n\n| `gone` | text | `1` | Of yesterday. |\n"
    assert reference["with_tables"](stale) == "My words.\n" + marker + tables
    with pytest.raises(ValueError, match="no line"):
        reference["with_tables"](by_hand)


def test_a_docstring_belongs_to_the_field_above_it(reference: dict[str, Any]) -> None:
    source = '''
class Walk:
    """Not about a field."""

    paces: int = 3
    """How many,
    in all."""
    bare: str = ""
    shoes: bool = True
    """Whether one wears any."""
'''
    assert reference["docstrings_under_fields"](source) == {
        ("Walk", "paces"): "How many, in all.",
        ("Walk", "shoes"): "Whether one wears any.",
    }


def test_a_key_without_a_meaning_is_named(
    reference: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    told = reference["docstrings_under_fields"]

    def forgetful(source: str) -> dict[tuple[str, str], str]:
        return {place: text for place, text in told(source).items() if place[1] != "neighbours"}

    monkeypatch.setitem(reference["with_tables"].__globals__, "docstrings_under_fields", forgetful)
    with pytest.raises(ValueError, match=r"SocietyConfig\.neighbours"):
        reference["with_tables"](PAGE)


def keys_of(value: Any) -> set[str]:
    if not isinstance(value, dict):
        return set()
    return set(value).union(*(keys_of(inner) for inner in value.values()))


def test_every_key_that_a_run_directory_shows_is_explained() -> None:
    config = load_config(CHECKOUT / "examples" / "demo.yaml", (), {}).config
    shown = keys_of(yaml.safe_load(dump_config(config)))
    assert {"scenario_window", "first_wait_s", "slots", "tick_attempts"} <= shown
    assert not [key for key in sorted(shown) if f"\n| `{key}` |" not in PAGE]
