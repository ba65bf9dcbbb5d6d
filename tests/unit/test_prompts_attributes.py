"""What a template asks of its variables is checked before any of it is rendered."""

from __future__ import annotations

from pathlib import Path

import pytest

from matrix_sim.errors import UsageError
from matrix_sim.prompts.catalogue import TEMPLATES
from matrix_sim.prompts.library import PromptLibrary


def library(folder: Path, name: str, body: str) -> PromptLibrary:
    """A library with one template of the user's own; its body begins at line 1, or 4 in a chat."""
    head = "=== system ===\nSay something.\n=== user ===\n" if TEMPLATES[name].chat else ""
    (folder / f"{name}.j2").write_text(head + body, encoding="utf-8")
    return PromptLibrary("en", folder)


MISTAKES = [
    ("profile", "{{ persona.nmae }}", 1, "no 'persona.nmae'; did you mean 'persona.name'?"),
    ("profile", "a\n{{ persona['nmae'] }}", 2, "did you mean 'persona.name'?"),
    ("profile", "{{ persona.shoe_size }}", 1, "there are id, name, age, sex,"),
    ("profile", "{{ persona.name.strp() }}", 1, "did you mean 'persona.name.strip'?"),
    ("profile", "{{ persona.details.text }}", 1, "'persona.details' is a list, go through it"),
    ("profile", "{{ persona.posts[0].text }}", 1, "no 'persona.posts[0].text': it is text"),
    ("profile", "{% set who = persona %}\n{{ who.nmae }}", 2, "did you mean 'who.name'?"),
    ("profile", "{{ (persona.name or persona.id).txt }}", 1, "no 'txt'"),
    ("profile", "{% with p = persona %}{{ p.nmae }}{% endwith %}", 1, "no 'p.nmae'"),
    ("profile", "{% filter upper %}{{ persona.nmae }}{% endfilter %}", 1, "no 'persona.nmae'"),
    ("profile", "{% macro m() %}{{ persona.nmae }}{% endmacro %}", 1, "no 'persona.nmae'"),
    ("profile", "{% for i in persona.skills %}{{ loop.indx }}{% endfor %}", 1, "'loop.index'"),
    (
        "profile",
        "{% if persona.age and persona.age > 120 %}\n{{ persona.ocupation }}\n{% endif %}",
        2,
        "did you mean 'persona.occupation'?",
    ),
    ("summary", "{% for item in actions %}\n{{ item.speakr }}\n{% endfor %}", 5, "'item.speaker'?"),
    ("summary", "{% for a in actions if a.txt %}{% endfor %}", 4, "did you mean 'a.text'?"),
    ("summary", "{% for a in actions %}{{ a.kind.vale }}{% endfor %}", 4, "'a.kind.value'?"),
    ("summary", "{{ actions|map(attribute='speakr')|join }}", 4, "did you mean 'speaker'?"),
    ("summary", "{{ actions|sort(attribute='tick,speakr') }}", 4, "did you mean 'speaker'?"),
    ("summary", "{{ actions|selectattr('speakr')|list }}", 4, "did you mean 'speaker'?"),
    ("summary", "{{ (actions[-3:]|last).txt }}", 4, "no 'txt'"),
    ("act", "{% for seen in observations %}{{ seen.action.txt }}{% endfor %}", 4, "action.text'?"),
    ("act", "{% if goal %}\n{{ goal.lifegoal }}\n{% endif %}", 5, "did you mean 'goal.life_goal'?"),
    ("act", "{% for m in recalled %}a{% else %}{{ step.txt }}{% endfor %}", 4, "no 'step.txt'"),
    ("route", "{% for a, b, c in members %}{% endfor %}", 4, "2 values here for 3 names"),
    ("route", "{% for m in members %}{{ m.label }}{% endfor %}", 4, "a row of 2 values"),
    ("route", "{% for n, who, what, _, _ in actions %}{{ who.name }}{% endfor %}", 4, "'who.name'"),
]


@pytest.mark.parametrize(("name", "body", "line", "what"), MISTAKES)
def test_an_attribute_that_is_not_there_is_told_at_start(
    tmp_path: Path, name: str, body: str, line: int, what: str
) -> None:
    with pytest.raises(UsageError) as refused:
        library(tmp_path, name, body)

    assert str(refused.value).startswith(f"{tmp_path / name}.j2, line {line}: ")
    assert what in str(refused.value)


def test_of_several_mistakes_the_first_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"line 2: there is no 'persona\.b'"):
        library(tmp_path, "profile", "{{ persona.name }}\n{{ persona.b }}\n{{ persona.c }}")


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("profile", "{{ persona.nick|default('nobody') }}"),
        ("profile", "{% if persona.nick is defined %}{{ persona.nick }}{% endif %}"),
        ("profile", "{{ persona.name.split()[0].upper() }}{{ persona.model_dump()['name'] }}"),
        ("profile", "{% for field, value in persona %}{{ field }}{{ value }}{% endfor %}"),
        ("profile", "{% set n = namespace(k=0) %}{% set n.k = n.k + 1 %}{{ n.k }}"),
        ("profile", "{% macro m(x) %}{{ x.anything }}{% endmacro %}"),
        (
            "profile",
            "{% macro m() %}{{ persona.k }}{% endmacro %}"
            "{% set persona = namespace(k=1) %}{{ m() }}",
        ),
        (
            "profile",
            "{% set x = persona.name %}{% if persona.age %}{% set x = namespace(k=1) %}"
            "{% else %}{% set x = namespace(k=2) %}{% endif %}{{ x.k }}",
        ),
        (
            "profile",
            "{% set x = persona %}{% if persona.age %}{% set x = persona %}"
            "{% else %}{% set x = namespace(k=1) %}{% endif %}{{ x.k if not persona.age }}",
        ),
        ("profile", "{% for d in persona.details %}{% set persona = d %}{% endfor %}"),
        (
            "profile",
            "{% for d in persona.details %}{{ loop.index }}{{ loop.cycle('a', 'b') }}"
            "{{ loop.previtem|default('') }}{% endfor %}",
        ),
        ("summary", "{% for s in actions|groupby('speaker') %}{{ s.grouper }}{% endfor %}"),
        ("summary", "{{ actions|selectattr('mood', 'defined')|list|length }}"),
        ("summary", "{{ actions|map(attribute='mood', default='')|join }}"),
        ("summary", "{% for row in actions|batch(2) %}{{ row[0].text }}{% endfor %}"),
        (
            "summary",
            "{% set last = namespace(of=none) %}"
            "{% for a in actions %}{{ last.of.text if last.of else '' }}{% set last.of = a %}"
            "{% endfor %}",
        ),
        ("summary", "{% for a in actions %}{{ a.kind.value }}{{ a.kind.name }}{% endfor %}"),
        ("route", "{% for m in members %}{{ m[0] }}{% endfor %}{{ members|length }}"),
        ("act", "{% for m in memory %}{{ m.tokens }}{% endfor %}"),
        ("act", "{% for o in observations %}{{ o.action.order[0] }}{% endfor %}"),
        ("act", "{{ (goal.plan if goal else ())|first|default('') }}"),
    ],
)
def test_what_may_be_there_is_not_refused(tmp_path: Path, name: str, body: str) -> None:
    assert body in library(tmp_path, name, body).text(name)
