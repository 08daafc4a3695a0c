"""Serves what was published to feed readers: the bytes as kept, 304 to those who have them."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, request

from syndication.bootstrap import House
from syndication.publish.pipeline import OPML_PATH

blueprint = Blueprint("feeds", __name__)

CACHE = "public, max-age=900, stale-while-revalidate=3600, stale-if-error=86400"
FEED_POLICY = "default-src 'none'; sandbox"


@blueprint.get("/feeds/<path:name>")
def document(name: str) -> Response:
    """One published document, such as ``all.atom`` or ``portals/hai-phong.rss``."""
    house: House = current_app.config["HOUSE"]
    path = f"feeds/{name}"
    with house.store.read() as memory:
        found = memory.documents.get(path)
    if found is None:
        answer = Response(
            f"There is no feed at this address. All feeds: {house.links.feeds()}\n",
            404,
            mimetype="text/plain",
        )
    else:
        answer = Response(found.body)
        answer.headers["Content-Type"] = f"{found.media_type}; charset=utf-8"
        answer.headers["ETag"] = found.etag
        answer.last_modified = found.changed_at
        answer.headers["Cache-Control"] = CACHE
        if path != OPML_PATH:
            answer.headers["Link"] = f'<{house.links.to("/" + path)}>; rel="self"'
        answer.make_conditional(request)
    answer.headers["Access-Control-Allow-Origin"] = "*"
    answer.headers["Access-Control-Expose-Headers"] = "ETag, Last-Modified, Link"
    answer.headers["Content-Security-Policy"] = FEED_POLICY
    return answer
