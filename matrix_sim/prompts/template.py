"""One prompt template, checked and compiled.

A chat template is split at its marker lines before it is compiled, so that nothing in a variable
can forge the boundary. Its system part is constant text: all agents share it, and so does an
endpoint's prefix cache.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateSyntaxError, nodes
from jinja2.meta import find_referenced_templates, find_undeclared_variables
from jinja2.sandbox import SandboxedEnvironment

from matrix_sim.errors import UsageError
from matrix_sim.prompts.attributes import mistakes_in
from matrix_sim.prompts.catalogue import TemplateSpec
from matrix_sim.prompts.material import one_line
from matrix_sim.prompts.texts import TemplateText

_MARKER = re.compile(r"^=== (\w+) ===[ \t]*$", re.MULTILINE)
_PLAIN = frozenset({str, int, bool, tuple})
_COMMENT = re.compile(r"\{#.*?#\}", re.DOTALL)


class _Sandbox(SandboxedEnvironment):
    """Jinja's sandbox, with a short way to plain values: 35 us for a long prompt, not 78."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        if not attribute.startswith("_"):
            value = getattr(obj, attribute, None)
            # The sandbox keeps from code, frames and types: a plain value is none of them.
            if type(value) in _PLAIN:
                return value
        return super().getattr(obj, attribute)


def template_environment(material: Callable[[object], str]) -> SandboxedEnvironment:
    """Jinja's sandbox for prompts: `material` is applied to all that a template puts out.

    As `finalize` it holds for every `{{ }}`, in templates of one's own too; only the text of the
    template itself does not go through it.
    """
    environment = _Sandbox(
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
        autoescape=False,
        finalize=material,
    )
    environment.filters["line"] = one_line
    # A prompt is a function of its variables: nothing that draws lots.
    del environment.filters["random"], environment.globals["lipsum"]
    return environment


class PromptTemplate:
    """A template ready to be rendered.

    Raises:
        UsageError: a syntax error, a variable that this template does not get or an attribute that
            such a variable has not, a reference to another template, parts that are missing or
            not constant; with file and line.
    """

    def __init__(
        self, text: TemplateText, spec: TemplateSpec, environment: SandboxedEnvironment
    ) -> None:
        self._origin = text.origin
        self._spec = spec
        self._environment = environment
        system, body = self._split(text.source)
        try:
            self.system = None if system is None else self._constant(system)
            """The system message's text; None where the template has one part only."""
            self._body = self._compile(body)
        except TemplateSyntaxError as error:
            raise self._wrong(error.lineno, error.message or "syntax error") from error

    def fill(self, variables: Mapping[str, Any]) -> str:
        """The user part, or the only part, without white space around it.

        Raises:
            UsageError: it uses something that is not there, or in a way that fails; with the line.
        """
        try:
            return self._body.render(variables).strip()
        except Exception as error:
            # Rendering is pure: whatever it raises comes from this text on these values.
            what = str(error) or type(error).__name__
            raise self._wrong(_line_of(error, self._origin), what) from error

    def _split(self, source: str) -> tuple[str | None, str]:
        markers = list(_MARKER.finditer(source))
        if not self._spec.chat:
            if markers:
                line = source.count("\n", 0, markers[0].start()) + 1
                raise self._wrong(line, "this template is one piece of text, without marker lines")
            return None, source
        if [marker[1] for marker in markers] != ["system", "user"]:
            raise self._wrong(
                None, "needs a line '=== system ===' and, after the system part, '=== user ==='"
            )
        first, second = markers
        if _COMMENT.sub("", source[: first.start()]).strip():
            raise self._wrong(1, "only {# comments #} may stand above the line '=== system ==='")
        return (
            _in_place(source, first.end(), second.start()),
            _in_place(source, second.end(), len(source)),
        )

    def _constant(self, source: str) -> str:
        text = []
        for statement in self._environment.parse(source).body:
            for node in statement.nodes if isinstance(statement, nodes.Output) else [statement]:
                if not isinstance(node, nodes.TemplateData):
                    raise self._wrong(
                        node.lineno,
                        "the system part is constant text, the same for everybody: "
                        "what changes belongs below '=== user ==='",
                    )
                text.append(node.data)
        system = "".join(text).strip()
        if not system:
            raise self._wrong(None, "the system part is empty")
        return system

    def _compile(self, source: str) -> Template:
        self._check(self._environment.parse(source))
        code = self._environment.compile(source, filename=self._origin)
        return Template.from_code(
            self._environment, code, self._environment.make_globals(None), None
        )

    def _check(self, tree: nodes.Template) -> None:
        """Find now what would otherwise fail in the middle of a run, in a branch seldom taken."""
        # Before the variables: finding those compiles, which fails on an unknown filter.
        for kind, there in (
            (nodes.Filter, self._environment.filters),
            (nodes.Test, self._environment.tests),
        ):
            for node in tree.find_all(kind):
                if node.name not in there:
                    close = _closest(node.name, there)
                    raise self._wrong(
                        node.lineno, f"there is no {kind.__name__.lower()} '{node.name}'{close}"
                    )
        if any(True for _ in find_referenced_templates(tree)):
            raise self._wrong(None, "a template cannot include or extend another: write it out")
        known = self._spec.variables
        for name in sorted(find_undeclared_variables(tree).difference(known)):
            line = next((n.lineno for n in tree.find_all(nodes.Name) if n.name == name), None)
            close = _closest(name, known) or f"; it gets {', '.join(known)}"
            raise self._wrong(line, f"this template gets no variable '{name}'{close}")
        for mistake in mistakes_in(tree, known):
            raise self._wrong(mistake.line, mistake.what)

    def _wrong(self, line: int | None, what: str) -> UsageError:
        where = self._origin if line is None else f"{self._origin}, line {line}"
        return UsageError(f"{where}: {what}")


def _closest(name: str, known: Iterable[str]) -> str:
    close = get_close_matches(name, known, n=1)
    return f"; did you mean '{close[0]}'?" if close else ""


def _in_place(source: str, start: int, end: int) -> str:
    """`source[start:end]` behind a comment of as many lines, so that line numbers hold."""
    return "{#" + "\n" * source.count("\n", 0, start) + "#}" + source[start:end]


def _line_of(error: BaseException, filename: str) -> int | None:
    """The line of the template in which `error` was raised: Jinja puts it into the traceback."""
    line, trace = None, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == filename:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line
