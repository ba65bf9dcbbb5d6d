"""Numbers that decide what happens: no order of a set, no draw without a name (S9)."""

import ast
import hashlib
import subprocess
import sys
from collections.abc import Iterator

from tests.support.small_world import finished, scenario_bytes, small_config
from tests.support.sources import CHECKOUT, modules


def test_nothing_iterates_over_a_set() -> None:
    found = [
        f"{path.relative_to(CHECKOUT)}:{node.lineno}"
        for path, tree in modules().items()
        for node in iterated(tree)
        if is_set(node)
    ]
    assert found == []


def iterated(tree: ast.AST) -> Iterator[ast.expr]:
    """What loops, comprehensions, unpackings and calls that keep an order go through."""
    ordering = {"list", "tuple", "iter", "enumerate", "zip", "map", "filter", "next", "join"}
    for node in ast.walk(tree):
        if isinstance(node, ast.For | ast.AsyncFor | ast.comprehension):
            yield node.iter
        elif isinstance(node, ast.Starred):
            yield node.value
        elif isinstance(node, ast.Call):
            name = node.func.id if isinstance(node.func, ast.Name) else None
            name = node.func.attr if isinstance(node.func, ast.Attribute) else name
            yield from node.args if name in ordering else ()


def is_set(node: ast.expr) -> bool:
    if isinstance(node, ast.BinOp):
        return is_set(node.left) or is_set(node.right)
    called = isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    makes = called and node.func.id in ("set", "frozenset")  # type: ignore[attr-defined]
    return makes or isinstance(node, ast.Set | ast.SetComp)


def test_a_run_is_the_same_under_another_hash_seed() -> None:
    """Strings hash differently in every process; this one's seed is drawn anew each time."""
    code = (
        "import hashlib\n"
        "from tests.support.small_world import finished, scenario_bytes, small_config\n"
        "config = small_config()\n"
        "print(hashlib.sha256(scenario_bytes(finished(config)[0], config)).hexdigest())"
    )
    told = subprocess.run(
        [sys.executable, "-c", code],
        cwd=CHECKOUT,
        env={"PYTHONHASHSEED": "1", "PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    config = small_config()
    here = hashlib.sha256(scenario_bytes(finished(config)[0], config)).hexdigest()
    assert told.stdout.strip() == here


NOT_WHAT_HAPPENS = {
    "llm/embeddings.py": "back-off",
    "randomness.py": "makes them",
}
"""Where a generator of the standard library may be made: it decides no byte of a run."""


def test_every_random_draw_comes_from_a_generator_with_a_name() -> None:
    for path, tree in modules().items():
        where = str(path.relative_to(CHECKOUT / "matrix_sim"))
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom):
                assert node.module not in ("random", "secrets", "numpy.random"), where
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                source = ast.unparse(node.func)
                loose = source.startswith(("random.", "np.random.", "numpy.random.", "uuid.uuid"))
                allowed = source == "random.Random" and where in NOT_WHAT_HAPPENS
                assert not loose or allowed, f"{where}:{node.lineno} draws from {source}"
