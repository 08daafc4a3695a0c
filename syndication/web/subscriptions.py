"""What readers of the digest do with the links in their mails. A GET only asks, a POST does it.

Mail scanners follow every link, so nothing may happen on GET (RFC 8058 §1); the POST needs neither cookie nor
session and may be repeated.
"""

from __future__ import annotations

from flask import Blueprint, Response, current_app, render_template

from syndication.bootstrap import House
from syndication.digest.pipeline.readers import unsubscribe as end_digest

blueprint = Blueprint("subscriptions", __name__)


@blueprint.get("/unsubscribe/<token>")
def ask(token: str) -> Response:
    """A page with one button."""
    house: House = current_app.config["HOUSE"]
    known = end_digest(house.office, token, really=False)
    return _page("ask" if known else "unknown", 200 if known else 404)


@blueprint.post("/unsubscribe/<token>")
def leave(token: str) -> Response:
    """End the digest for the reader behind the token: the button, or a mail program's one click."""
    house: House = current_app.config["HOUSE"]
    known = end_digest(house.office, token, really=True)
    return _page("done" if known else "unknown", 200 if known else 404)


def _page(state: str, status: int) -> Response:
    answer = Response(render_template("pages/unsubscribe.html", state=state), status, mimetype="text/html")
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["Referrer-Policy"] = "no-referrer"
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer
