"""A web process that is told to stop does, also where pages follow changes."""

import signal
from pathlib import Path

import httpx

from tests.end_to_end.running import Hub, all_stopped


def test_sigterm_ends_a_process_with_open_streams_in_time(tmp_path: Path) -> None:
    tmp_path.chmod(0o711)
    hub = Hub(tmp_path)
    with all_stopped(hub.process):
        hub.start()
        session = sign_in(hub)
        with httpx.stream("GET", f"{hub.url}/events", headers=session, timeout=30) as stream_open:
            assert stream_open.status_code == 200
            said = stream_open.iter_text()
            assert next(said).startswith(": open")
            running = hub.process.running
            assert running is not None
            running.send_signal(signal.SIGTERM)
            rest = "".join(said)
        assert "event: end\ndata: again" in rest
        assert running.wait(timeout=30) == 0
        assert "Cancel" not in hub.process.log.read_text()


def sign_in(hub: Hub) -> dict[str, str]:
    """The first superadmin's cookie, who comes by the set-up link."""
    link = hub.command("members", "setup-link")
    form = {"email": "som@example.com", "name": "Som", "password": "three elephants swim"}
    with httpx.Client(headers={"Sec-Fetch-Site": "same-origin"}) as http:
        reply = http.post(link, data=form)
        assert reply.status_code == 303, reply.text
        return {"Cookie": "; ".join(f"{name}={value}" for name, value in http.cookies.items())}
