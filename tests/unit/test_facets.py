"""What requests may be like: drawn by weight, read from the package and from a user's own file."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import get_args

import pytest
import yaml

from matrix_sim.config.datasets import DatasetKind
from matrix_sim.errors import UsageError
from matrix_sim.randomness import named_random
from matrix_sim.synthesis.facets import FACETS, Facets, Option, facets_of
from matrix_sim.synthesis.facets_file import load_facets

PACKAGED = {language: load_facets(language) for language in ("ja", "en")}
KINDS: tuple[DatasetKind, ...] = get_args(DatasetKind)
LEVELS = ("simple", "complex", "mixed")
in_both = pytest.mark.parametrize("language", PACKAGED)


def facets(*options: Option) -> Facets:
    return Facets(options={"task": options})


def draws(of: Facets, facet: str, kind: DatasetKind, level: str, times: int) -> Counter[str]:
    lots = (named_random(7, "facets", str(n)) for n in range(times))
    return Counter(of.draw(facet, kind, level, random) for random in lots)


def refusal(folder: Path, text: str) -> str:
    """What is said about this `facets.yaml`."""
    (folder / "facets.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        load_facets("ja", folder)
    return str(caught.value)


# The package's


@in_both
@pytest.mark.parametrize(
    ("facet", "least"),
    {"task": 16, "style": 14, "code_task": 10, "code_language": 8, "risk": 10, "degree": 4}.items(),
)
def test_requests_are_of_many_kinds(language: str, facet: str, least: int) -> None:
    assert len(PACKAGED[language].options[facet]) >= least


@in_both
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_more_than_one_choice_at_every_level(
    language: str, kind: DatasetKind
) -> None:
    for facet in facets_of(kind):
        for level in LEVELS:
            assert len(draws(PACKAGED[language], facet, kind, level, 60)) > 1, (facet, level)


@pytest.mark.parametrize("kind", KINDS)
def test_a_seed_draws_the_same_in_both_languages(kind: DatasetKind) -> None:
    for facet in facets_of(kind):
        japanese, english = (
            draws(PACKAGED[language], facet, kind, "mixed", 40) for language in PACKAGED
        )
        assert japanese == english


@in_both
def test_half_of_the_code_is_python_and_dialect_is_rare(language: str) -> None:
    languages = draws(PACKAGED[language], "code_language", "code", "mixed", 2000)
    styles = draws(PACKAGED[language], "style", "sft", "simple", 2000)

    assert 900 <= languages["python"] <= 1100
    assert 0 < styles["dialect"] < 60


@in_both
def test_a_complex_request_is_never_a_string_of_keywords(language: str) -> None:
    assert draws(PACKAGED[language], "style", "sft", "simple", 500)["keywords"]
    assert not draws(PACKAGED[language], "style", "dpo", "complex", 500)["keywords"]


@in_both
def test_texts_are_in_their_language_and_no_two_alike(language: str) -> None:
    texts = [o.text for options in PACKAGED[language].options.values() for o in options]

    assert len(texts) == len(set(texts))
    foreign = re.compile("[\u3040-\u30ff\u4e00-\u9fff]" if language == "en" else "[a-z]{4,} [a-z]")
    assert not [text for text in texts if foreign.search(text)]


# Drawing


def test_an_option_is_drawn_as_often_as_its_weight_says() -> None:
    of = facets(Option(name="a", text="甲", weight=3), Option(name="b", text="乙"))

    assert 2850 <= draws(of, "task", "sft", "simple", 4000)["a"] <= 3150


@pytest.mark.parametrize(
    ("kind", "level", "fit"),
    [
        ("sft", "simple", {"any", "easy"}),
        ("sft", "complex", {"any", "hard"}),
        ("sft", "mixed", {"any", "easy", "hard"}),
        ("code", "simple", {"any", "easy", "code"}),
    ],
)
def test_only_what_fits_kind_and_level_is_drawn(
    kind: DatasetKind, level: str, fit: set[str]
) -> None:
    of = facets(
        Option(name="any", text="一"),
        Option(name="easy", text="二", level="simple"),
        Option(name="hard", text="三", level="complex"),
        Option(name="code", text="四", kinds=("code", "safety")),
    )

    assert set(draws(of, "task", kind, level, 100)) == fit


def test_a_name_stands_for_its_text() -> None:
    of = facets(Option(name="a", text="甲"), Option(name="b", text="乙"))

    assert of.text("task", "b") == "乙"
    with pytest.raises(KeyError, match="task: c"):
        of.text("task", "c")


def test_only_dialogues_go_on() -> None:
    assert [kind for kind in KINDS if "move" in facets_of(kind)] == ["dialogue"]
    assert facets_of("code") == FACETS["code"]


# Identity


def test_a_data_set_is_told_apart_by_what_it_may_draw_and_by_nothing_else(tmp_path: Path) -> None:
    def changed(facet: str, **change: object) -> Facets:
        plain = yaml.safe_load(yaml.safe_dump(PACKAGED["ja"].model_dump(mode="json")["options"]))
        plain[facet][0] |= change
        (tmp_path / "facets.yaml").write_text(yaml.safe_dump({facet: plain[facet]}))
        return load_facets("ja", tmp_path)

    before = PACKAGED["ja"].canonical("sft", "simple")
    others = [changed("risk", text="別"), changed("move", weight=9), changed("code_task", name="x")]
    others.append(changed("complexity", kinds=["dpo"], text="別"))

    assert all(other.canonical("safety", "mixed") for other in others)
    assert [other.canonical("sft", "simple") == before for other in others] == [True] * 3 + [False]
    for change in ({"text": "別"}, {"weight": 2}, {"name": "x"}, {"kinds": ["dpo"]}):
        assert changed("task", **change).canonical("sft", "simple") != before
        assert changed("task", **change).canonical("code", "simple") == PACKAGED["ja"].canonical(
            "code", "simple"
        )


def test_options_of_another_level_are_no_part_of_a_data_set() -> None:
    easy, hard = (Option(name=n, text="文", level=n) for n in ("simple", "complex"))
    others = dict.fromkeys(("complexity", "style"), (easy,))
    one = Facets(options={"task": (easy,), **others})
    two = Facets(options={"task": (easy, hard), **others})

    assert one.canonical("sft", "simple") == two.canonical("sft", "simple")
    assert one.canonical("sft", "mixed") != two.canonical("sft", "mixed")


# A user's own


def test_a_facet_of_ones_own_replaces_the_packages_and_the_others_stay(tmp_path: Path) -> None:
    own = "task:\n  - {name: haiku, text: ' 一句よむ。 ', weight: 2}\n"
    (tmp_path / "facets.yaml").write_text(own, encoding="utf-8")
    of = load_facets("ja", tmp_path)

    assert of.options["task"] == (Option(name="haiku", text="一句よむ。", weight=2),)
    assert of.options["style"] == PACKAGED["ja"].options["style"]


def test_a_folder_without_facets_leaves_the_packages(tmp_path: Path) -> None:
    assert load_facets("en", tmp_path) == load_facets("en", None) == PACKAGED["en"]


@pytest.mark.parametrize(
    ("option", "place", "what"),
    [
        ("{name: A b, text: 文}", "line 4, task, option 2, name", "'A b' given; wants a word of"),
        ("{name: a}", "line 4, task, option 2 (a), text", "is missing; wants text for the prompt"),
        ("{name: a, text: ' '}", "line 4, task, option 2 (a), text", "not empty"),
        ("{name: a, text: 12}", "line 4, task, option 2 (a), text", "12 given; wants text"),
        (
            "{name: a, text: 文, weight: 0}",
            "option 2 (a), weight",
            "0 given; wants a number (above",
        ),
        ("{name: a, text: 文, weight: .inf}", "option 2 (a), weight", "is no finite number"),
        ("{name: a, text: 文, weigth: 1}", "option 2 (a), weigth", "did you mean 'weight'?"),
        ("{name: a, text: 文, level: hard}", "option 2 (a), level", "wants 'simple' or 'complex'"),
        ("{name: a, text: 文, kinds: [sfr]}", "option 2 (a), kinds", "of: sft, dpo, reason"),
        ("{name: first, text: 文}", "option 2, name", "option 1 is called 'first' too; rename one"),
        ("{name: a, name: b, text: 文}", "line 4, task, option 2, name", "stands twice"),
        ("文", "line 2, task, option 2", "wants a mapping such as '{name: ..., text: ...}'"),
        ("{2024-01-01: 1}", "line 4, column 6", "a key must be text"),
    ],
)
def test_a_mistake_is_told_with_file_line_facet_and_option(
    tmp_path: Path, option: str, place: str, what: str
) -> None:
    said = refusal(tmp_path, f"# 自作\ntask:\n  - {{name: first, text: 文}}\n  - {option}\n")

    assert said.startswith(f"{tmp_path / 'facets.yaml'}")
    assert place in said
    assert what in said


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("tasks: []", "line 1, tasks: unknown key; did you mean 'task'?"),
        ("task: []", "line 1, task: wants a list of options such as '- {name: ..., text: ...}'"),
        ("task: {a: 1}", "line 1, task: wants a list of options"),
        ("task: [", "line 1, column 8"),
        ("", "is empty; it holds keys such as 'task:'"),
        ("- a", "must be a mapping of keys such as 'task:'"),
    ],
)
def test_a_file_of_another_shape_is_refused(tmp_path: Path, text: str, what: str) -> None:
    assert what in refusal(tmp_path, text)


def test_everything_that_is_wrong_is_told_at_once_in_the_order_of_the_lines(
    tmp_path: Path,
) -> None:
    said = refusal(
        tmp_path, "style:\n  - {name: a}\nmoves: 1\nrisk:\n  - {text: 文}\n"
    ).splitlines()

    assert [line.split(",")[0] for line in said[1:]] == ["  line 2", "  line 3", "  line 5"]


def test_a_facet_has_something_for_every_kind_and_level_that_draws_from_it(tmp_path: Path) -> None:
    own = "task:\n  - {name: a, text: 文, kinds: [sft, dpo, reason]}\n"
    said = refusal(tmp_path, own)
    levels = refusal(tmp_path, "degree:\n  - {name: a, text: 文, level: simple}\n")

    assert said.splitlines()[1:] == [
        "  line 1, task: no option fits the simple requests of 'dialogue'; "
        "add one without 'kinds' and 'level'"
    ]
    assert "line 1, degree: no option fits the complex requests of 'safety'" in levels


def test_what_no_text_may_hold_is_replaced(tmp_path: Path) -> None:
    own = 'task:\n  - {name: a, text: "甲\\ud800乙\\0"}\n'
    (tmp_path / "facets.yaml").write_text(own, encoding="utf-8")

    assert load_facets("ja", tmp_path).text("task", "a") == "甲\ufffd乙\ufffd"
