"""The web door: one blueprint per audience, each only translates HTTP.

``front`` answers readers of feeds before Flask does any work. Behind it ``pages`` are for people, ``embeds`` for other
sites, ``subscriptions`` for readers of the digest, ``health`` for monitors.
No view changes anything on GET, sets a cookie, or takes an address from the request's Host.
"""

from __future__ import annotations

from wsgiref.types import WSGIApplication

from flask import Flask, Response
from werkzeug.exceptions import HTTPException

from syndication.bootstrap import House, build
from syndication.web import digests, embeds, health, hooks, pages, subscriptions
from syndication.web.front import Front

LOOK_EVERY = 1.0
"""Seconds after which a server sees what another process has published."""

PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' https: http:; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
"""What a page of ours may load: our stylesheet and the portals' pictures, no script at all."""


def create_app(house: House, *, look_every: float = 0.0) -> Flask:
    """The Flask application of one instance, with the door of feeds around it.

    ``look_every``: seconds for which feeds are served from memory without a look at what was published since.
    """
    app = Flask("syndication", template_folder=str(house.settings.templates_dir), static_folder=None)
    app.config["HOUSE"] = house
    app.config["MAX_CONTENT_LENGTH"] = 64 * 1024
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    pages.prepare(app, house)
    embeds.prepare(app, house, look_every=look_every)
    for blueprint in (
        pages.blueprint,
        pages.assets,
        digests.blueprint,
        hooks.blueprint,
        health.blueprint,
    ):
        app.register_blueprint(blueprint)
    subscriptions.prepare(app, house)
    app.after_request(_headers)
    app.register_error_handler(HTTPException, pages.error)
    app.wsgi_app = Front(app.wsgi_app, house, look_every=look_every)  # type: ignore[method-assign] # Flask's own way
    return app


def from_environment() -> WSGIApplication:
    """The application of the instance this process's environment describes; what WSGI servers load."""
    return create_app(build(), look_every=LOOK_EVERY).wsgi_app


def _headers(response: Response) -> Response:
    response.headers.setdefault("Content-Security-Policy", PAGE_POLICY)
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "strict-origin-when-cross-origin")
    return response
