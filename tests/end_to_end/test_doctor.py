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
        done = subprocess.run(
            [ONEBOOKING, "doctor"], env=hub.env, check=False, capture_output=True, text=True
        )
    assert done.returncode == 1
    assert "✗" in done.stdout
    assert "Start the website" in " ".join(done.stdout.split())
