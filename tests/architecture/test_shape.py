"""The house's rules that no linter knows."""

import ast
from pathlib import Path

import onebooking

SOURCE = Path(onebooking.__file__).parent
MODULES = sorted(SOURCE.rglob("*.py"))
NAMELESS = {"service", "services", "utils", "util", "helpers", "common", "manager", "base", "misc"}
LONGEST_FILE = 250
ONE_PAGE = {"tables.py", "migrations/versions/0001_first.sql"}  # a whole schema, and nothing else
EDGE = {
    "api", "auth", "health", "worker", "gather", "partitions", "db", "start", "terminal", "doctor",
    "allowances", "app", "commands", "reconcile_commands", "retention", "run", "pages",
    "account_pages", "language_pages", "link_pages", "sign_in_pages", "renewing", "follow",
    "download",
}  # fmt: skip


def at(path: Path) -> str:
    return str(path.relative_to(SOURCE))


def test_every_init_is_empty() -> None:
    full = [at(path) for path in MODULES if path.name == "__init__.py" and path.read_bytes()]
    assert full == []


def test_every_module_says_what_it_is_for_in_one_sentence() -> None:
    said = {
        path: ast.get_docstring(ast.parse(path.read_text("utf-8")))
        for path in MODULES
        if path.name != "__init__.py"
    }
    assert [at(path) for path, text in said.items() if not text] == []
    first_lines = {at(path): (text or "").splitlines()[0] for path, text in said.items()}
    assert [name for name, line in first_lines.items() if not line.endswith((".", "?", ":"))] == []


def test_no_file_is_named_for_nothing_in_particular() -> None:
    assert [at(path) for path in MODULES if path.stem in NAMELESS] == []
    assert [at(path) for path in SOURCE.rglob("*") if path.is_dir() and path.name in NAMELESS] == []


def test_no_file_is_longer_than_a_reader_keeps_in_mind() -> None:
    sources = [*MODULES, *SOURCE.rglob("*.sql")]
    lines = {at(path): len(path.read_text("utf-8").splitlines()) for path in sources}
    assert {
        name: count
        for name, count in lines.items()
        if count > LONGEST_FILE and name not in ONE_PAGE
    } == {}


def test_only_the_edge_opens_a_transaction() -> None:
    """Rule 2 of the layers: everything else takes `tx` first and never commits."""
    openers = [
        at(path)
        for path in MODULES
        if ".begin(" in path.read_text("utf-8") and path.stem not in EDGE
    ]
    assert openers == []
