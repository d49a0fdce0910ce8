"""Who may import whom: the contracts of pyproject.toml, kept."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
LINT = Path(sys.executable).with_name("lint-imports")


def test_no_slice_knows_what_lies_above_it() -> None:
    done = subprocess.run(
        [LINT, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_hub_without_supabase_does_not_load_its_client() -> None:
    script = "import onebooking.app, sys; print(*sorted(sys.modules))"
    loaded = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert {"supabase_auth", "pydantic", "httpx", "jwt"} & set(loaded.stdout.split()) == set()
