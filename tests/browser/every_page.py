"""Every page there is, by the app's own routes: a new one fails a test until it is listed here."""

from collections.abc import Mapping
from dataclasses import dataclass

from playwright.sync_api import Page

from onebooking.app import make_app
from onebooking.web.pages import is_page
from tests.browser.town import Town
from tests.end_to_end.running import eventually

# Pages that one comes to by a form or a key, not by an address; and what is no page to look at.
ELSEWHERE = {
    "/sign-in/code": "test_signing_in: after the password",
    "/sign-in/second-factor": "test_signing_in: after the password, where one is needed",
    "/bookings/export": "a file",
    "/exports/{export_id}/file": "a file",
}


@dataclass(frozen=True)
class Shown:
    """Paths to open: as the first superadmin, and as a stranger; by the route they are of."""

    signed_in: Mapping[str, tuple[str, ...]]
    stranger: Mapping[str, tuple[str, ...]]

    @property
    def routes(self) -> set[str]:
        return {*self.signed_in, *self.stranger}


def page_routes() -> set[str]:
    """Every route that answers a GET with a page."""
    return {"/docs"} | {
        route.path_format
        for route in make_app().routes
        for handler in getattr(route, "route_handlers", ())
        if is_page(handler) and "GET" in handler.http_methods
    }


def shown(running: Town, page: Page) -> Shown:
    """All of them, `page` being the first superadmin's window."""
    running.park.sell(running.guest())
    booking = eventually(lambda: _first(page, "/bookings"))
    member = _first(page, "/members") or ""
    line = eventually(lambda: _first(page, "/sync-log"))
    _edit(page, booking)
    delivery = eventually(lambda: _first(page, "/deliveries"))
    website = f"/websites/{running.park.website_id}"
    invited = running.hub.command(
        "members", "invite", "axe@example.com", "--role", "staff", "--all-websites"
    )
    signed_in = {
        "/": ("/",),
        "/bookings": (
            "/bookings",
            "/bookings?q=nobody-has-this-name",
            "/bookings?status=confirmed&column=hotel",
        ),
        "/bookings/{booking_id}": (booking, f"{booking}?edit=guest", f"{booking}?edit=status"),
        "/websites": ("/websites",),
        "/websites/new": ("/websites/new",),
        "/websites/{website_id}": (website,),
        "/websites/{website_id}/edit": (f"{website}/edit",),
        "/websites/{website_id}/test-webhook": (f"{website}/test-webhook",),
        "/exports": ("/exports",),
        "/deliveries": ("/deliveries",),
        "/deliveries/{delivery_id}": (delivery,),
        "/sync-log": ("/sync-log",),
        "/sync-log/parked": ("/sync-log/parked",),
        "/sync-log/{place}": (line,),
        "/members": ("/members",),
        "/members/invite": ("/members/invite",),
        "/members/{member_id}": (member,),
        "/account": ("/account",),
        "/account/second-factor": ("/account/second-factor",),
        "/dev/mail": ("/dev/mail",),
        "no such page": ("/no-such-page",),
    }
    stranger = {
        "/sign-in": ("/sign-in",),
        "/reset": ("/reset",),
        "/reset/{token}": ("/reset/never-made",),
        "/set-up/{token}": ("/set-up/never-made",),
        "/invitations/{token}": (invited.split()[-1].removeprefix(running.hub.url),),
        "/docs": ("/docs",),
    }
    return Shown(signed_in, stranger)


def _first(page: Page, path: str) -> str | None:
    """The first row's own page, once the list has one."""
    page.goto(path)
    links = page.locator("[data-row] [data-open]")
    return links.first.get_attribute("href") if links.count() else None


def _edit(page: Page, booking: str) -> None:
    """Change the booking, so that something is owed."""
    page.goto(f"{booking}?edit=notes")
    page.get_by_role("textbox", name="Notes").fill("Seen by axe")
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Saved").first.wait_for()
