"""The pages for people: front page, categories, portals, stories, search, the list of feeds and of past digests.

Each is there in Vietnamese and, behind ``/en``, in English.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Flask, Response, abort, current_app, render_template, request
from werkzeug.exceptions import HTTPException, TooManyRequests

from syndication.bootstrap import House
from syndication.errors import StoreError
from syndication.links import ENGLISH
from syndication.text import sentences
from syndication.web import language, search
from syndication.web.patience import Patience, client
from syndication.web.views import Section, by_name, feed_links, health, house, subjects, views

blueprint = Blueprint("pages", __name__)
assets = Blueprint("assets", __name__)

LATEST = 10
PER_SECTION = 4
PER_PAGE = 30
RELATED = 4
BRIEF = 190
"""Characters of a summary in a list."""
ASSETS = {"site.css": "text/css"}
ICON = "favicon.svg"
ROBOTS = "User-agent: *\nDisallow: /search?\nDisallow: /en/search?\nDisallow: /desk/\nDisallow: /oembed\n"
"""Searches are without end, and the desk is for staff; what must not be indexed says so itself."""
PAGE_CACHE = "public, max-age=300, stale-while-revalidate=3600, stale-if-error=86400"

_SECONDS = re.compile(r"[0-9]{1,10}")


def prepare(app: Flask, instance: House) -> None:
    """Give the templates what every page needs."""

    def asset(name: str) -> str:
        return f"/assets/{name}?v={_fingerprint(instance.settings.templates_dir / '_base' / name)}"

    def whole(said: str) -> str:
        """A summary that was cut to be kept, without the sentence that lacks its end."""
        return sentences(said, len(said) - 1) if said.endswith("…") else said

    language.prepare(app, instance)
    app.jinja_env.filters |= {"brief": partial(sentences, limit=BRIEF), "whole": whole}
    app.jinja_env.globals |= {
        "asset": asset,
        "links": instance.links,
        "site": {
            "title": instance.settings.title,
            "contact": instance.settings.contact,
            "language": instance.settings.language,
        },
    }
    # A search costs more than a feed, and people ask often while they narrow down.
    app.config["SEARCHES"] = Patience(2 * instance.settings.feed_limit)
    app.register_blueprint(blueprint, name="english", url_prefix=ENGLISH)
    app.register_error_handler(StoreError, unavailable)


@cache
def _fingerprint(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def kept(answer: Response) -> Response:
    """An answer that caches may keep and ask about again."""
    answer.headers["Cache-Control"] = PAGE_CACHE
    answer.add_etag()
    answer.make_conditional(request)
    return answer


def _page(template: str, address: str, *, of: str | None = "all", **context: Any) -> Response:
    """A page; ``address`` is its path and query in Vietnamese, ``of`` the feed that follows what it shows."""
    instance = house()
    plans = [plan for plan in instance.press.plans() if plan.name == of]
    body = render_template(
        f"pages/{template}",
        categories=subjects(),
        feeds=feed_links(plans, instance.links),
        address=address,
        **context,
    )
    return kept(Response(body, mimetype="text/html"))


@blueprint.get("/")
def home() -> Response:
    """The front page: the newest stories, then each category's."""
    sections = subjects()
    with house().store.read() as memory:
        newest = memory.stories.newest_ids("all", limit=LATEST + 1)
        told, by_slug = set(newest), {}
        for subject in sections:
            # What stands further up is not told again, and a story of two categories is told in the first.
            ids = memory.stories.newest_ids(subject.slug, limit=PER_SECTION + len(newest))
            by_slug[subject.slug] = [story for story in ids if story not in told][:PER_SECTION]
            told.update(by_slug[subject.slug])
        stories = memory.stories.by_ids([*newest, *(one for ids in by_slug.values() for one in ids)])
    shown = {story.id: story for story in views(stories)}
    latest = [shown[story] for story in newest if story in shown]
    return _page(
        "home.html",
        "/",
        lead=next((story for story in latest if story.image_url and story.summary), None),
        latest=latest,
        sections=[
            Section(subject, tuple(shown[one] for one in by_slug[subject.slug] if one in shown), subject.url)
            for subject in sections
        ],
    )


def _listed(feed: str, path: str) -> tuple[Mapping[str, Any], str]:
    """A page of a feed's stories with the address of the next, and its own address."""
    before = request.args.get("before", "")
    moment = datetime.fromtimestamp(int(before), UTC) if _SECONDS.fullmatch(before) else None
    with house().store.read() as memory:
        stories = memory.stories.newest(feed, limit=PER_PAGE + 1, before=moment)
    if moment and not stories:
        abort(404)
    older = None
    if len(stories) > PER_PAGE:
        stories = stories[:PER_PAGE]
        # Times of announcements are unique and never change, so an address shows the same stories for ever.
        older = f"?before={int(stories[-1].announced_at.timestamp())}"
    address = f"{path}?{urlencode({'before': int(before)})}" if moment else path
    return {"stories": views(stories), "older": older, "later": moment is not None}, address


@blueprint.get("/categories/<slug>")
def category(slug: str) -> Response:
    """A category's newest stories, and the older ones page by page."""
    subject = next((one for one in subjects() if one.slug == slug), None)
    if subject is None:
        abort(404)
    listed, address = _listed(slug, f"/categories/{slug}")
    return _page("category.html", address, of=slug, category=subject, **listed)


@blueprint.get("/portals/<portal_id>")
def portal(portal_id: str) -> Response:
    """A portal, how well it can be followed, and its stories."""
    instance = house()
    found = instance.catalogue.portals.get(portal_id)
    if found is None:
        abort(404)
    name = f"portals/{portal_id}"
    listed, address = _listed(name, f"/{name}")
    ours = {(source.portal, source.url) for source in found.sources}
    with instance.store.read() as memory:
        records = [one for one in memory.sources.all() if (one.portal, one.url) in ours]
    state = health(records, now=instance.now())
    return _page("portal.html", address, of=name, portal=found, health=state, **listed)


@blueprint.get("/stories/<story_id>")
def story(story_id: str) -> Response:
    """One story, everyone who tells it, and others that speak of the same."""
    with house().store.read() as memory:
        found = next(iter(memory.stories.by_ids([story_id], kept_back=True)), None)
        if found is None:
            standing = memory.stories.standing(story_id)
            abort(410 if standing and standing.withdrawn_at else 404)
        akin = memory.search.akin(story_id, found.title, limit=RELATED)
        related = memory.stories.by_ids(akin, kept_back=True)
    shown, *others = views([found, *related])
    return _page("story.html", f"/stories/{story_id}", story=shown, related=others)


@blueprint.get("/search")
def looked_for() -> Response:
    """What a search finds."""
    instance = house()
    asked = search.read_query(
        request.args, catalogue=instance.catalogue, zone=instance.settings.timezone, now=instance.now()
    )
    if asked.query:
        who = client(request.environ, proxies=instance.settings.proxies)
        patience: Patience = current_app.config["SEARCHES"]
        if wait := patience.wait(who, "search", now=int(instance.now().timestamp())):
            raise TooManyRequests(retry_after=wait)
    with instance.store.read() as memory:
        found = memory.search.find(asked.question, first=asked.first, count=search.PER_PAGE)
        stories = memory.stories.by_ids(found.stories, kept_back=True)
    hits = search.hits(views(stories), asked.question)
    pages = -(-found.count // search.PER_PAGE)
    portals = by_name(instance.catalogue.portals.values())
    return _page(
        "search.html",
        f"/search{asked.query}",
        asked=asked,
        found=found,
        hits=hits,
        pages=pages,
        portals=portals,
    )


@blueprint.get("/feeds/")
def feeds() -> Response:
    """All our feeds, and how to follow them."""
    instance = house()
    links = language.pages_in(language.language(), instance.links)
    portals = [
        {"id": one.id, "name": one.name, "language": one.language, "page_url": links.portal(one.id)}
        for one in by_name(instance.catalogue.portals.values())
    ]
    return _page("feeds.html", "/feeds/", portals=portals)


@blueprint.get("/digest/")
def digests() -> Response:
    """Past issues of the digest."""
    with house().store.read() as memory:
        issues = [issue for issue in memory.issues.all() if issue.went_out]
    return _page("digests.html", "/digest/", issues=issues)


@assets.get("/assets/<name>")
def asset(name: str) -> Response:
    """Our stylesheet; its address changes with its content, so it may be kept for ever."""
    if name not in ASSETS:
        abort(404)
    path = house().settings.templates_dir / "_base" / name
    answer = kept(Response(path.read_bytes(), mimetype=ASSETS[name]))
    answer.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return answer


@assets.get("/favicon.svg")
@assets.get("/favicon.ico")
def icon() -> Response:
    """Our mark. Browsers ask for the second address by themselves, and take what the type says."""
    answer = kept(
        Response((house().settings.templates_dir / "_base" / ICON).read_bytes(), mimetype="image/svg+xml")
    )
    answer.headers["Cache-Control"] = "public, max-age=604800"
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer


@assets.get("/robots.txt")
def robots() -> Response:
    """What crawlers need not ask for (RFC 9309)."""
    return kept(Response(ROBOTS, mimetype="text/plain"))


def error(trouble: HTTPException) -> Response:
    """What went wrong, as a page for people and as plain text for machines; never the visitor's own words."""
    code = trouble.code or 500
    if request.path.startswith(("/feeds/", "/hooks/", "/health", "/ready")) and request.path != "/feeds/":
        answer = Response(f"{code} {trouble.name}\n", code, mimetype="text/plain")
    else:
        answer = Response(
            render_template("pages/error.html", code=code, categories=subjects()), code, mimetype="text/html"
        )
    for name, value in trouble.get_headers():
        if name.lower() in ("allow", "retry-after"):
            answer.headers[name] = value
    return answer


def unavailable(_: StoreError) -> Response:
    """While the database does not answer, a page says so and caches go on serving what they have."""
    answer = Response(
        render_template("pages/error.html", code=503, categories=subjects()), 503, mimetype="text/html"
    )
    answer.headers["Retry-After"] = "60"
    return answer
