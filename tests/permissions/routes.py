"""Every route that the app has, as its own table says."""

from pathlib import Path

from onebooking.app import create_app
from onebooking.db import Database
from tests import make

ENDLESS = {"/events"}  # its answer ends when the hub does; tests/live reads it


def routes(tmp_path: Path) -> set[tuple[str, str]]:
    """Method and path, such as `("GET", "/bookings/{booking_id}")`."""
    app = create_app(make.settings(tmp_path), Database.at("postgresql://nobody@nowhere/none"))
    return {
        (method, route.path_format)
        for route in app.routes
        for method in getattr(route, "methods", ())
        if method != "OPTIONS"
    }
