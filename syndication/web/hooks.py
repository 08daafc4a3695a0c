"""Where mail servers and providers hand in what came back: one mail as it is, by POST, with the key."""

from __future__ import annotations

import hmac

from flask import Blueprint, Response, current_app, request

from syndication.bootstrap import House
from syndication.digest.pipeline.returns import take_in

blueprint = Blueprint("hooks", __name__)

MOST = 2_000_000
"""Bytes of one mail; a report with the mail it is about is far smaller."""


@blueprint.post("/hooks/bounce")
def bounce() -> Response:
    """Take in one mail (``message/rfc822`` as the body) from whoever shows ``Authorization: Bearer <HOOK_KEY>``.

    204 when it was read, whatever it meant; 401 without the key; 404 where no key or no bounce address is set.
    """
    house: House = current_app.config["HOUSE"]
    key = house.settings.hook_key
    if not key or not house.settings.bounce_address:
        return Response("not found\n", 404, mimetype="text/plain")
    scheme, _, shown = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not hmac.compare_digest(shown.encode(), key.encode()):
        return Response("show the key: Authorization: Bearer …\n", 401, {"WWW-Authenticate": "Bearer"})
    request.max_content_length = MOST
    take_in(house.office, request.get_data())
    return Response(status=204)
