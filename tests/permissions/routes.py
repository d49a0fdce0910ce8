"""Every route that the app has, as its own table says."""

from onebooking.app import make_app

ENDLESS = {"/events"}  # its answer ends when the hub does; tests/live reads it


def routes() -> set[tuple[str, str]]:
    """Method and path, such as `("GET", "/bookings/{booking_id}")`."""
    return {
        (method, route.path_format)
        for route in make_app().routes
        for method in getattr(route, "methods", ())
        if method != "OPTIONS"
    }
