"""The pictures in the documents are there, and the repository stays small."""

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
PICTURES = ROOT / "docs/screenshots"
MOST_BYTES = 4_000_000
_NAMED = re.compile(r"!\[[^\]]+\]\(([^)\s]+)\)")  # with words for who cannot see it


def named_in(document: Path) -> set[Path]:
    found = _NAMED.findall(document.read_text("utf-8"))
    return {(document.parent / name).resolve() for name in found}


def test_every_picture_that_a_document_names_is_there() -> None:
    documents = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    named = {picture for document in documents for picture in named_in(document)}
    assert named
    assert {str(one) for one in named if not one.is_file()} == set()


def test_all_pictures_together_are_small() -> None:
    assert sum(one.stat().st_size for one in PICTURES.iterdir()) < MOST_BYTES
