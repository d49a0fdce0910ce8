"""Two processes run the tests, each naming them all: no name may come from the clock or chance."""

import ast
from collections.abc import Iterator
from pathlib import Path

TESTS = Path(__file__).parent.parent
CHANGING = {"time", "time_ns", "now", "today", "utcnow", "monotonic", "uuid4", "uuid7", "random",
            "randint", "randbytes", "token_hex", "token_urlsafe", "token_bytes"}  # fmt: skip


def test_no_parameter_is_made_from_the_clock_or_by_chance() -> None:
    assert [
        f"{path.relative_to(TESTS)}:{call.lineno}"
        for path in sorted(TESTS.rglob("*.py"))
        for call in made_when_named(ast.parse(path.read_text("utf-8")))
    ] == []


def test_the_rule_sees_what_it_is_for() -> None:
    text = "@pytest.mark.parametrize('exp', [int(time.time()) - 60])\nasync def test_x(exp): ..."
    assert len(list(made_when_named(ast.parse(text)))) == 1


def made_when_named(tree: ast.Module) -> Iterator[ast.Call]:
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            for decorator in function.decorator_list:
                if "parametrize" in ast.unparse(decorator):
                    yield from calls_in(decorator)


def calls_in(decorator: ast.AST) -> Iterator[ast.Call]:
    for node in ast.walk(decorator):
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in CHANGING:
            yield node
