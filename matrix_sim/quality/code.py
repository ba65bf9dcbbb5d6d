"""`code`: it stands in closed fences, and Python parses."""

from __future__ import annotations

import ast
import re
import textwrap
import warnings
from collections.abc import Iterator

from matrix_sim.quality.contracts import Row, Turn, Verdict
from matrix_sim.quality.prose import Fence, parts_of
from matrix_sim.quality.verdicts import quoted, verdict
from matrix_sim.quality.vocabulary import any_of

_PYTHON = frozenset(("python", "py", "python3", "ipython", "pycon", "jupyter"))
_LOOKS_PYTHON = re.compile(
    r"\s*(?:#[^\n]*\n\s*)*"
    r"(?:def \w+\([^\n]*\)[^\n{]*:|from [\w.]+ import |import \w+(?: as \w+)?\n)"
)
_PROMPT = re.compile(r"^\s*(?:>>>|\.\.\.) ?", re.MULTILINE)
_MAGIC = re.compile(r"^(\s*)(?:[!%][^\n]*|\$ [^\n]*|\w[\w.]*\?{1,2}\s*)$", re.MULTILINE)
_WRONG_ON_PURPOSE = re.compile(rf"(?:{any_of('wrong_on_purpose')})", re.IGNORECASE)
_HOW = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
_LONGEST = 50_000
"""Characters of a block that is parsed."""


class CodeCheck:
    """Looks at the fenced blocks of every answer."""

    name = "code"

    def look(self, row: Row) -> Verdict | None:
        """Refused with the first broken block; None where there is no code and none is due."""
        fences = [fence for turn in row.answers for fence in parts_of(turn.content).fences]
        if not fences and not (row.codes and row.answers):
            return None
        return verdict(self.name, next(_reasons(row, fences), None))


def _reasons(row: Row, fences: list[Fence]) -> Iterator[str]:
    if row.codes and not any(fence.code.strip() for fence in fences) and not _inline(row.answers):
        yield "there is no code in the answers"
    asked = "\n".join(turn.content for turn in row.turns if turn.role == "user")
    for fence in fences:
        if not fence.closed:
            yield f"a fence is never closed: {quoted(fence.code)}"
        elif _is_python(fence) and not _quoted_from(asked, fence) and not _meant_wrong(fence):
            fault = syntax_fault(fence.code)
            if fault is not None:
                yield f"Python that does not parse ({fault}): {quoted(fence.code)}"


def _inline(answers: tuple[Turn, ...]) -> bool:
    return any("`" in answer.content for answer in answers)


def _is_python(fence: Fence) -> bool:
    return fence.tag in _PYTHON or (not fence.tag and _LOOKS_PYTHON.match(fence.code) is not None)


def _quoted_from(asked: str, fence: Fence) -> bool:
    """Whether the user's own broken code is shown again."""
    return fence.code.strip() in asked


def _meant_wrong(fence: Fence) -> bool:
    return bool(_WRONG_ON_PURPOSE.search(fence.before) or _WRONG_ON_PURPOSE.search(fence.code))


def syntax_fault(code: str) -> str | None:
    """Why Python code does not parse, and where; None where it does.

    Prompts of the interpreter and what only notebooks understand (`!pip`, `%time`) are no fault.
    """
    if len(code) > _LONGEST:
        return None
    source = textwrap.dedent(code)
    if ">>>" in source:
        source = _session(source)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(
                _MAGIC.sub(r"\1pass", source), "<answer>", "exec", flags=_HOW, dont_inherit=True
            )
    except SyntaxError as error:
        return f"{error.msg}, line {error.lineno}"
    except (ValueError, RecursionError, MemoryError, OverflowError) as error:
        return type(error).__name__
    return None


def _session(source: str) -> str:
    """What was typed in a session with the interpreter, without what it answered."""
    typed = [line for line in source.split("\n") if _PROMPT.match(line)]
    return "\n".join(_PROMPT.sub("", line) for line in typed) + "\n"
