"""The doctor looks at a real hub and a real park."""

import subprocess
from pathlib import Path

from tests.end_to_end.running import ONEBOOKING, Hub, Park, all_stopped


def test_the_doctor_finds_all_well_and_then_says_who_does_not_answer(tmp_path: Path) -> None:
    hub = Hub(tmp_path)
    with all_stopped(hub.process):
        hub.start()
        park = Park(hub)
        with all_stopped(park.process):
            park.start()
            assert "✗" not in hub.command("doctor")
            _rotate_the_secret_key(hub)
        done = subprocess.run(
            [ONEBOOKING, "doctor"], env=hub.env, check=False, capture_output=True, text=True
        )
    assert done.returncode == 1
    assert "✗" in done.stdout
    assert "Start the website" in " ".join(done.stdout.split())


def _rotate_the_secret_key(hub: Hub) -> None:
    """A newer one before the kept one: the doctor says that the older is still needed."""
    kept = (hub.folder / "hub" / "secret_key").read_text()
    env = hub.env | {"ONEBOOKING_SECRET_KEY": f"{'n' * 40},{kept}", "COLUMNS": "200"}

    def asked(*words: str) -> str:
        said = subprocess.run(
            [ONEBOOKING, *words], env=env, check=False, capture_output=True, text=True
        )
        return " ".join(said.stdout.split())

    assert "need an older one" in asked("doctor")
    asked("websites", "reencrypt")
    assert "the newest opens all" in asked("doctor")
    hub.env["ONEBOOKING_SECRET_KEY"] = env["ONEBOOKING_SECRET_KEY"]
