"""Past issues of the digest: their list, their feed, and each on its permanent page."""

from __future__ import annotations

import base64
import hashlib
from functools import lru_cache

from flask import Blueprint, Response, abort
from lxml import etree
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
    page, sheets = without_inline_styles(rendered.html)
    answer = Response(page, mimetype="text/html")
    allowed = " ".join(f"'sha256-{sheet}'" for sheet in sheets) or "'none'"
    answer.headers["Content-Security-Policy"] = (
        f"default-src 'none'; style-src {allowed}; img-src 'self' https: http:; form-action 'none'; "
        "base-uri 'none'; frame-ancestors 'none'"
    )
    return kept(answer)


@lru_cache(maxsize=16)
def without_inline_styles(mail: str) -> tuple[str, tuple[str, ...]]:
    """A mail as a page whose styles a strict policy can name: the page, and the hashes of its style sheets.

    A mail carries its styles in its elements, which a policy allows only together with anything an attacker might
    write there. Each different one becomes a class; an id that no element has lets it weigh more than every sheet, as
    it did before (CSP level 3 §8.3, selectors level 4 §17).
    """
    tree = lxml_html.document_fromstring(mail)
    classes: dict[str, str] = {}
    for element in tree.iter(etree.Element):
        style = str(element.attrib.pop("style", "")).strip()
        if style:
            name = classes.setdefault(style, f"s{len(classes) + 1}")
            element.set("class", f"{element.get('class', '')} {name}".strip())
    head = tree.find("head")
    if classes and head is not None:
        sheet = etree.SubElement(head, "style")
        sheet.text = "\n".join(f".{name}:not(#_) {{ {style} }}" for style, name in classes.items())
    hashes = [
        base64.b64encode(hashlib.sha256((sheet.text or "").encode()).digest()).decode()
        for sheet in tree.iter("style")
    ]
    page = lxml_html.tostring(tree, encoding="unicode", doctype="<!DOCTYPE html>")
    return page + "\n", tuple(dict.fromkeys(hashes))
