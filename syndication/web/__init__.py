"""The web door: one blueprint per audience, each only translates HTTP.

``feeds`` is for machines, ``pages`` for people, ``subscriptions`` for readers of the digest, ``health`` for monitors.
No view changes anything on GET, sets a cookie, or takes an address from the request's Host.
"""

from __future__ import annotations

from flask import Flask, Response
from werkzeug.exceptions import HTTPException

from syndication.bootstrap import House, build
from syndication.web import feeds, health, pages, subscriptions

PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' https: http:; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
"""What a page of ours may load: our stylesheet and the portals' pictures, no script at all."""


def create_app(house: House) -> Flask:
    """The Flask application of one instance."""
    app = Flask("syndication", template_folder=str(house.settings.templates_dir), static_folder=None)
    app.config["HOUSE"] = house
    app.config["MAX_CONTENT_LENGTH"] = 64 * 1024
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    pages.prepare(app, house)
    for blueprint in (feeds.blueprint, pages.blueprint, subscriptions.blueprint, health.blueprint):
        app.register_blueprint(blueprint)
    app.after_request(_headers)
    app.register_error_handler(HTTPException, pages.error)
    return app


def from_environment() -> Flask:
    """The application of the instance this process's environment describes; what WSGI servers load."""
    return create_app(build())


def _headers(response: Response) -> Response:
    response.headers.setdefault("Content-Security-Policy", PAGE_POLICY)
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "strict-origin-when-cross-origin")
    return response
