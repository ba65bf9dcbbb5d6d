"""Every case of the corpus as a profile of its own in one run: of what the rules should find in
them, nothing is left anywhere.
"""

from __future__ import annotations

import json
from pathlib import Path

from matrix_sim.config.file import load_config
from matrix_sim.export.scenarios import export_scenarios
from matrix_sim.personas.anonymise.finds import Kind
from matrix_sim.personas.anonymise.scoring import Case, read_cases
from matrix_sim.run_directory import open_run
from matrix_sim.store.run_store import RunStore
from tests.support.leak_search import squeezed, stored
from tests.support.pii_corpus import CORPUS, KNOWN_MISSED
from tests.support.small_world import play_world
from tests.support.virtual_time import run_virtually

MISSED = {case for cases in KNOWN_MISSED.values() for case in cases}
CASES = [case for case in read_cases(CORPUS) if case.id not in MISSED]
_TELLING = 6
"""Characters: a shorter handle may be part of a word in somebody else's text."""


def profile(case: Case) -> dict[str, object]:
    names = {"name": case.profile.name, "handle": list(case.profile.handles)}
    return names | {"description": case.text, "posts": [case.text]}


def values(case: Case, *, names: bool) -> list[str]:
    """What stands at the spans of a case: the names, or all but the names."""
    return [case.text[a:b] for a, b, kind in case.spans if (kind is Kind.NAME) == names]


def names_left(case: Case, text: str) -> list[str]:
    """Names that stand in a text more often than as the ordinary words that they are as well."""
    words, end = "", 0
    for begin, until, _ in sorted(case.spans):
        words, end = words + case.text[end:begin] + "\n", until
    words += case.text[end:]
    return [
        name
        for name in values(case, names=True)
        if squeezed(text).count(squeezed(name)) > squeezed(words).count(squeezed(name))
    ]


def test_nothing_that_the_rules_should_find_is_left_of_any_profile(tmp_path: Path) -> None:
    rows = "".join(json.dumps(profile(case), ensure_ascii=False) + "\n" for case in CASES)
    (tmp_path / "profiles.jsonl").write_text(rows, "utf-8")
    config = {
        "personas": {"source": "social", "path": "profiles.jsonl"},
        "society": {"ticks": 3},
        "models": {"default": {"stub": {}}},
    }
    (tmp_path / "config.yaml").write_text(json.dumps(config), "utf-8")
    loaded, run = load_config(tmp_path / "config.yaml", (), {}), tmp_path / "run"
    opened = open_run(loaded, run, owner="test")
    with RunStore.open(run, owner="test", create=False) as store:
        run_virtually(play_world(loaded.config, store))
        export_scenarios(store.scenarios(), run / "scenarios.jsonl", None)
        left = squeezed("\n".join(stored(run).values()))

    numbers = [v for c in CASES for v in values(c, names=False) if len(squeezed(v)) >= _TELLING]
    assert len(numbers) > 120
    assert [value for value in numbers if squeezed(value) in left] == []
    told = zip(CASES, (member.persona.posts[0] for member in opened.society.members), strict=True)
    assert [(case.id, name) for case, text in told for name in names_left(case, text)] == []
