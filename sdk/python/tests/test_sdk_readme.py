"""What the README shows runs as it stands there."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sdk_kit import SECRET, Hub

README = Path(__file__).parents[1] / "README.md"


def test_the_ten_lines_of_the_readme_join_a_website(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ONEBOOKING_API_URL", hub.url)
    monkeypatch.setenv("ONEBOOKING_API_KEY", "test_sk_1")
    monkeypatch.setenv("ONEBOOKING_WEBHOOK_SECRET", SECRET)
    monkeypatch.setenv("WEBSITE_ID", "park")
    code = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)[0]
    code = code.replace(".start_thread()", ".drain")
    code = code.replace("Sender(connect", "drain = Sender(connect")
    site: dict[str, object] = {}
    exec(compile(code, str(README), "exec"), site)  # noqa: S102 our own README
    outbox, drain = site["outbox"], site["drain"]
    with closing(sqlite3.connect("park.db")) as connection:
        event = {"event": "booking.cancelled", "source_booking_id": "b-1"}
        outbox.put(connection, event)  # type: ignore[attr-defined]
        connection.commit()
    assert drain() == 1  # type: ignore[operator]
    assert hub.heard[0]["source_booking_id"] == "b-1"
