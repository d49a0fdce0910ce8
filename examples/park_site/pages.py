"""The park on the web: a page that sells, the guest's confirmation, the view of what was sold."""

from http import HTTPStatus
from uuid import UUID, uuid4

from flask import Flask, Response, abort, jsonify, redirect, render_template, request, url_for
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.wrappers import Response as Redirect

from examples.park_site import shop, store, views
from examples.park_site.form import (
    CARDS,
    LAST_DAY,
    MOST_ADDONS,
    MOST_GUESTS,
    PRICED,
    Form,
    clean,
    first_day,
)
from examples.park_site.order import Basket
from examples.park_site.store import Booking
from examples.park_site.website import Website
from examples.park_site.words import FILTERS
from onebooking_source import wsgi_app

WEBHOOKS = "/api/webhooks/onebooking"
MOST_BYTES = 64 * 1024
LONGEST_REASON = 500
_SAFE = {
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'; form-action 'self'",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
_WITH_DEFAULTS = {"guest_count": "2", "transport_type": "hotel_pickup", "card": "pays"}


def create_app(website: Website) -> Flask:
    """The park's website, with the hub's webhooks mounted beside its pages."""
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = MOST_BYTES
    app.jinja_env.filters.update(FILTERS)
    app.jinja_env.globals.update(park=website.park, website_id=website.id)
    app.before_request(_from_our_own_pages)
    app.after_request(_safely)
    app.register_error_handler(HTTPStatus.NOT_FOUND, _not_found)
    _sell_on(app, website)
    _show_on(app, website)
    webhooks = {WEBHOOKS: wsgi_app(website.receiver)}
    app.wsgi_app = DispatcherMiddleware(app.wsgi_app, webhooks)  # type: ignore[method-assign]
    return app


def _sell_on(app: Flask, website: Website) -> None:
    """The pages that guests see."""

    @app.get("/")
    def front() -> str:
        return _shop(Form(website.park, _WITH_DEFAULTS))

    @app.get("/book")
    @app.get("/quote")
    def again() -> Redirect:
        return redirect(url_for("front"))

    @app.post("/quote")
    def quote() -> str:
        form = Form(website.park, request.form)
        return _shop(form, basket=form.basket())

    @app.post("/book")
    def book() -> Redirect | tuple[str, int]:
        form = Form(website.park, request.form)
        order = form.order()
        if order is not None:
            try:
                with website.open() as connection:
                    booking = shop.sell(
                        connection, website.outbox, website.park, order, checkout=_checkout()
                    )
            except shop.CardDeclined:
                form.wrong["card"] = "Your bank said no, and nothing was booked. Try the other one."
            else:
                return redirect(url_for("booked", ref=booking.booking_ref), HTTPStatus.SEE_OTHER)
        return _shop(form, basket=_priced(form)), HTTPStatus.UNPROCESSABLE_ENTITY

    @app.get("/booked/<ref>")
    def booked(ref: str) -> str:
        return render_template("booked.html", booking=_booking(website, ref))

    @app.post("/bookings/<ref>/cancel")
    def cancel(ref: str) -> Redirect:
        reason = clean(request.form.get("reason", ""))[:LONGEST_REASON] or None
        with website.open() as connection:
            shop.cancel(connection, website.outbox, _booking(website, ref), reason=reason)
        return redirect(url_for("booked", ref=ref), HTTPStatus.SEE_OTHER)


def _show_on(app: Flask, website: Website) -> None:
    """The pages that the park's own people see. They read; who edits, edits in the hub."""

    @app.get("/bookings")
    def bookings() -> str:
        with website.open() as connection:
            page = views.page(connection, website.outbox, before=_before())
        return render_template("bookings.html", page=page, live="live" in request.args)

    @app.get("/bookings/<ref>")
    def booking(ref: str) -> str:
        with website.open() as connection:
            shown = views.whole(connection, website.outbox, _booking(website, ref))
        return render_template("booking.html", shown=shown)

    @app.get("/bookings.json")
    def bookings_json() -> Response:
        limit = request.args.get("limit", type=int)
        with website.open() as connection:
            page = views.page(connection, website.outbox, before=_before(), limit=limit)
        return jsonify(views.page_json(website.id, page))

    @app.get("/bookings/<ref>.json")
    def booking_json(ref: str) -> Response:
        with website.open() as connection:
            shown = views.whole(connection, website.outbox, _booking(website, ref))
        return jsonify(views.whole_json(shown))


def _shop(form: Form, basket: Basket | None = None) -> str:
    first = first_day()
    return render_template(
        "shop.html",
        form=form,
        basket=basket,
        cards=CARDS,
        checkout=uuid4(),
        first_day=first.isoformat(),
        last_day=(first + LAST_DAY).isoformat(),
        most_guests=MOST_GUESTS,
        most_addons=MOST_ADDONS,
    )


def _priced(form: Form) -> Basket | None:
    """The basket beside a form that is not right yet, when the price is."""
    unsure = any(name in PRICED or name.startswith("addon_") for name in form.wrong)
    return None if unsure else Form(form.park, form.typed).basket()


def _before() -> int | None:
    """The number asked for, no larger than SQLite counts."""
    number = request.args.get("before", type=int)
    return None if number is None else min(max(number, 0), 2**63 - 1)


def _checkout() -> UUID:
    """Which showing of the form this is; a form without one is a showing of its own."""
    try:
        return UUID(request.form.get("checkout", ""))
    except ValueError:
        return uuid4()


def _booking(website: Website, ref: str) -> Booking:
    with website.open() as connection:
        booking = store.find(connection, ref=ref)
    if booking is None:
        abort(HTTPStatus.NOT_FOUND)
    return booking


def _from_our_own_pages() -> None:
    """Turn down a form that another website's page sends in our guest's name."""
    if request.method == "POST" and request.headers.get("Sec-Fetch-Site") == "cross-site":
        abort(HTTPStatus.FORBIDDEN)


def _safely(response: Response) -> Response:
    response.headers.update(_SAFE)
    return response


def _not_found(_: Exception) -> tuple[str, int]:
    return render_template("not_found.html"), HTTPStatus.NOT_FOUND
