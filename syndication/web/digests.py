"""Past issues of the digest: their list, their feed, and each on its permanent page."""

from __future__ import annotations

import base64
import hashlib
from functools import lru_cache

from flask import Blueprint, Response, abort, render_template
from lxml import html as lxml_html

from syndication.digest.pipeline.issue import render_public
from syndication.links import MEDIA_TYPES, FeedFormat
from syndication.web.pages import kept
from syndication.web.views import house

blueprint = Blueprint("digests", __name__)

DIGESTS_IN_FEED = 20


@blueprint.get("/digest/feed.atom")
def digest_feed() -> Response:
    """The issues of the digest as a feed."""
    instance = house()
    with instance.store.read() as memory:
        issues = [issue for issue in memory.issues.all() if issue.went_out][:DIGESTS_IN_FEED]
    return kept(Response(instance.office.renderer.feed(issues), mimetype=MEDIA_TYPES[FeedFormat.ATOM]))


@blueprint.get("/digest/<name>")
def digest(name: str) -> Response:
    """One issue, permanent and the same for everyone; as plain text where the name ends so."""
    instance = house()
    week = name.removesuffix(".txt")
    with instance.store.read() as memory:
        issue = memory.issues.get(week)
    if issue is None or not issue.went_out:
        abort(404)
    rendered = render_public(instance.office, issue)
    if week != name:
        return kept(Response(f"{rendered.subject}\n\n{rendered.text}", mimetype="text/plain"))
    page, sheets = framed(rendered.html, render_template("pages/issue.html"))
    answer = Response(page, mimetype="text/html")
    allowed = " ".join(f"'sha256-{sheet}'" for sheet in sheets)
    answer.headers["Content-Security-Policy"] = (
        f"default-src 'none'; style-src {allowed}; img-src 'self' https: http:; connect-src 'self'; "
        "form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
    )
    return kept(answer)


@lru_cache(maxsize=16)
def framed(issue: str, around: str) -> tuple[str, tuple[str, ...]]:
    """An issue's page with what stands around it, and the hashes of its style sheets for its policy (CSP level 3 §8.3).

    ``around`` is a style sheet, which joins the issue's own, and what comes before the issue.
    """
    tree = lxml_html.document_fromstring(issue)
    head, body = tree.find("head"), tree.find("body")
    sheet, nav = lxml_html.fragments_fromstring(around.strip(), no_leading_text=True)
    if head is not None and body is not None:
        head.append(sheet)
        head.append(
            lxml_html.fragment_fromstring('<link rel="icon" type="image/svg+xml" href="/favicon.svg">')
        )
        body.insert(0, nav)
    hashes = [
        base64.b64encode(hashlib.sha256((one.text or "").encode()).digest()).decode()
        for one in tree.iter("style")
    ]
    page = lxml_html.tostring(tree, encoding="unicode", doctype="<!DOCTYPE html>")
    return page + "\n", tuple(dict.fromkeys(hashes))
