"""Tells monitors whether this process lives and whether it can serve."""

from __future__ import annotations

from flask import Blueprint, Response, current_app

from syndication.bootstrap import House
from syndication.errors import StoreError

blueprint = Blueprint("health", __name__)


@blueprint.get("/health")
def health() -> Response:
    """This process answers."""
    return _plain("ok\n", 200)


@blueprint.get("/ready")
def ready() -> Response:
    """The database answers and is at the version this program needs."""
    house: House = current_app.config["HOUSE"]
    try:
        house.store.require_current()
    except StoreError as trouble:
        return _plain(f"{trouble}\n", 503)
    return _plain("ready\n", 200)


def _plain(words: str, status: int) -> Response:
    answer = Response(words, status, mimetype="text/plain")
    answer.headers["Cache-Control"] = "no-store"
    return answer
