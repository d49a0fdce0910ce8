"""Tell the newcomer where to look, how to sign in, and how to stop."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from examples.park_site.parks import Park
from examples.starting.hub import DEMO, Hub, HubSaidNo

PATIENCE_SECONDS = 5.0
WIDTH = 16


def say_where_to_look(hub: Hub, parks: Sequence[tuple[Park, str]], logs: Path) -> None:
    """Print the addresses, two requests to copy, and the way out. `parks` come with their URLs."""
    console = Console(highlight=False, soft_wrap=True)
    console.print()
    console.print(Text("  OneBooking Central is running, and three parks sell.", style="bold"))
    console.print()
    link = hub.setup_link()
    if link:
        _line(console, "Begin here", link)
        _line(console, "", "(once: you become the first superadmin)")
    else:
        _line(console, "Sign in", f"{hub.url}/sign-in")
    console.print()
    _line(console, "Dashboard", hub.url)
    _line(console, "Mails", f"{hub.url}/dev/mail")
    _line(console, "API", f"{hub.url}/docs")
    for park, url in parks:
        _line(console, park.name.removesuffix(" Phuket"), f"{url}/", f"{url}/bookings")
    console.print()
    _line(console, "Scripts", f"{DEMO}, token in {_shown(hub.token_file)}")
    bearer = f'-H "Authorization: Bearer $(cat {_shown(hub.token_file)})"'
    _request(console, "List bookings", f"curl -s {bearer} '{hub.url}/api/bookings?limit=3'")
    booking = _first_booking(hub)
    if booking:
        _edit(console, hub, booking, bearer, {park.id: url for park, url in parks})
    _line(console, "Logs", f"{logs}/*.log")
    _line(console, "Stop", "Ctrl-C")
    console.print()


def _edit(
    console: Console, hub: Hub, booking: dict[str, Any], bearer: str, urls: dict[str, str]
) -> None:
    ref, note = booking["booking_ref"], '{"admin_notes": "Meets us at the gate"}'
    address = f"{hub.url}/api/bookings/{booking['id']}"
    json_type = "-H 'Content-Type: application/json'"
    _request(
        console,
        f"Edit {ref}; the park shows it at once on {urls[booking['website_id']]}/bookings/{ref}",
        f"curl -s -X PUT {bearer} {json_type} -d '{note}' {address}",
    )


def _first_booking(hub: Hub) -> dict[str, Any] | None:
    """One of the parks' bookings, as soon as there is one."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        try:
            found = hub.ask("GET", "/api/bookings?status=confirmed&limit=1")["bookings"]
        except HubSaidNo:
            return None
        if found:
            booking: dict[str, Any] = found[0]
            return booking
        time.sleep(0.2)
    return None


def _line(console: Console, name: str, *places: str) -> None:
    line = Text(f"  {name:<{WIDTH}}", style="dim")
    for place in places:
        line.append(f"{place:<34}", style="not dim cyan" if "://" in place else "not dim")
    line.rstrip()
    console.print(line)


def _request(console: Console, says: str, command: str) -> None:
    console.print(Text(f"  {says}", style="dim"))
    console.print(Text(f"  {command}"))
    console.print()


def _shown(path: Path) -> str:
    """A path to copy: from here, when it lies below."""
    here = Path.cwd()
    shown = path.relative_to(here) if path.is_relative_to(here) else path
    return f"'{shown}'" if " " in str(shown) else str(shown)
