"""The pages for people: front page, categories, portals, stories, the list of feeds, past digests."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from flask import Blueprint, Flask, Response, abort, current_app, render_template, request
from werkzeug.exceptions import HTTPException

from syndication.bootstrap import House
from syndication.digest.pipeline.issue import render_public
from syndication.domain.issue import IssueState
from syndication.domain.story import Story
from syndication.domain.week import administrative_day, week_title
from syndication.links import MEDIA_TYPES, Links
from syndication.publish.select import FeedPlan
from syndication.text import dictionary_key

blueprint = Blueprint("pages", __name__)

LATEST = 12
PER_SECTION = 4
PER_PAGE = 50
ASSETS = {"site.css": "text/css"}
PAGE_CACHE = "public, max-age=300, stale-while-revalidate=3600, stale-if-error=86400"
PUBLIC = (IssueState.SENDING, IssueState.SENT)
"""States in which an issue may be read by anyone: from the first copy on."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A category as pages show it."""

    slug: str
    title: str
    url: str


@dataclass(frozen=True, slots=True)
class Teller:
    """A portal that tells a story, as pages show it."""

    id: str
    name: str
    url: str
    page_url: str
    title: str
    told_at: datetime
    alike: int | None
    """Percent of the text that it shares with another one's article; None for the one that came first."""


@dataclass(frozen=True, slots=True)
class StoryView:
    """A story as pages show it; times are local."""

    id: str
    title: str
    summary: str
    url: str
    page_url: str
    image_url: str | None
    told_at: datetime
    told_is_ours: bool
    announced_at: datetime
    categories: tuple[Subject, ...]
    portals: tuple[Teller, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """A category on the front page with its newest stories."""

    category: Subject
    stories: tuple[StoryView, ...]
    url: str


@dataclass(frozen=True, slots=True)
class FeedLink:
    """A feed a browser may offer to subscribe to."""

    title: str
    url: str
    type: str


def house() -> House:
    """The instance whose pages these are."""
    found: House = current_app.config["HOUSE"]
    return found


def prepare(app: Flask, instance: House) -> None:
    """Give the templates what every page needs."""
    zone = instance.settings.timezone

    def day(moment: date) -> str:
        local = moment.astimezone(zone).date() if isinstance(moment, datetime) else moment
        return administrative_day(local)

    def clock(moment: datetime) -> str:
        local = moment.astimezone(zone)
        return f"{local:%H:%M}, {administrative_day(local.date())}"

    def asset(name: str) -> str:
        return f"/assets/{name}?v={_fingerprint(instance.settings.templates_dir / '_base' / name)}"

    app.jinja_env.filters |= {"day": day, "moment": clock, "week_title": week_title}
    app.jinja_env.globals |= {
        "asset": asset,
        "links": instance.links,
        "site": {
            "title": instance.settings.title,
            "contact": instance.settings.contact,
            "language": instance.settings.language,
        },
    }


@cache
def _fingerprint(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def _subjects() -> tuple[Subject, ...]:
    links = house().links
    return tuple(
        Subject(one.slug, one.title, links.category(one.slug)) for one in house().catalogue.categories
    )


def _views(stories: Sequence[Story]) -> tuple[StoryView, ...]:
    instance = house()
    zone, links, portals = instance.settings.timezone, instance.links, instance.catalogue.portals
    subjects = {one.slug: one for one in _subjects()}

    def view(story: Story) -> StoryView:
        tellers = tuple(
            Teller(
                id=one.portal,
                name=portals[one.portal].name if one.portal in portals else one.portal,
                url=one.url,
                page_url=links.portal(one.portal),
                title=one.title,
                told_at=(one.published_at or one.first_seen_at).astimezone(zone),
                alike=None if one.score is None else round(one.score * 100),
            )
            for one in story.tellings
        )
        return StoryView(
            id=story.id,
            title=story.title,
            summary=story.summary,
            url=story.url,
            page_url=links.story(story.id),
            image_url=story.image_url,
            told_at=story.told_at.astimezone(zone),
            told_is_ours=story.lead.published_at is None,
            announced_at=story.announced_at.astimezone(zone),
            categories=tuple(subjects[slug] for slug in story.categories if slug in subjects),
            portals=tellers,
        )

    return tuple(view(story) for story in stories)


def feed_links(plans: Iterable[FeedPlan], links: Links) -> list[FeedLink]:
    """What a page offers for autodiscovery: every format of these feeds."""
    return [
        FeedLink(f"{plan.title} ({form.upper()})", links.feed(plan.name, form), media)
        for plan in plans
        for form, media in MEDIA_TYPES.items()
    ]


def _page(template: str, *, of: str | None = "all", **context: Any) -> Response:
    """A page; ``of`` names the feed that follows what it shows."""
    instance = house()
    plans = [plan for plan in instance.press.plans() if plan.name == of]
    body = render_template(
        f"pages/{template}", categories=_subjects(), feeds=feed_links(plans, instance.links), **context
    )
    answer = Response(body, mimetype="text/html")
    answer.headers["Cache-Control"] = PAGE_CACHE
    answer.add_etag()
    answer.make_conditional(request)
    return answer


@blueprint.get("/")
def home() -> Response:
    """The front page: the newest stories, then each category's."""
    with house().store.read() as memory:
        latest = _views(memory.stories.newest("all", limit=LATEST + 1))
        by_slug = {
            one.slug: memory.stories.newest(one.slug, limit=PER_SECTION + len(latest)) for one in _subjects()
        }
    lead = next((story for story in latest if story.image_url and story.summary), None)
    shown = {story.id for story in latest}
    sections = []
    for subject in _subjects():
        # What stands further up is not told again, and a story of two categories is told in the first.
        fresh = [story for story in by_slug[subject.slug] if story.id not in shown][:PER_SECTION]
        shown |= {story.id for story in fresh}
        sections.append(Section(subject, _views(fresh), subject.url))
    return _page("home.html", lead=lead, latest=latest, sections=sections)


@blueprint.get("/categories/<slug>")
def category(slug: str) -> Response:
    """A category's newest stories."""
    subject = next((one for one in _subjects() if one.slug == slug), None)
    if subject is None:
        abort(404)
    with house().store.read() as memory:
        stories = memory.stories.newest(slug, limit=PER_PAGE)
    return _page("category.html", of=slug, category=subject, stories=_views(stories))


@blueprint.get("/portals/<portal_id>")
def portal(portal_id: str) -> Response:
    """A portal and its newest stories."""
    found = house().catalogue.portals.get(portal_id)
    if found is None:
        abort(404)
    name = f"portals/{portal_id}"
    with house().store.read() as memory:
        stories = memory.stories.newest(name, limit=PER_PAGE)
    return _page("portal.html", of=name, portal=found, stories=_views(stories))


@blueprint.get("/stories/<story_id>")
def story(story_id: str) -> Response:
    """One story and everyone who tells it."""
    with house().store.read() as memory:
        found = memory.stories.get(story_id)
        standing = None if found else memory.stories.standing(story_id)
    if found is None:
        abort(410 if standing and standing.withdrawn_at else 404)
    return _page("story.html", story=_views([found])[0])


@blueprint.get("/feeds/")
def feeds() -> Response:
    """All our feeds, and how to follow them."""
    instance = house()
    portals = [
        {"id": one.id, "name": one.name, "page_url": instance.links.portal(one.id)}
        for one in sorted(instance.catalogue.portals.values(), key=lambda one: dictionary_key(one.name))
    ]
    return _page("feeds.html", portals=portals)


@blueprint.get("/digest/")
def digests() -> Response:
    """Past issues of the digest."""
    with house().store.read() as memory:
        issues = [issue for issue in memory.issues.all() if issue.state in PUBLIC]
    return _page("digests.html", issues=issues)


@blueprint.get("/digest/<name>")
def digest(name: str) -> Response:
    """One issue, permanent and the same for everyone."""
    instance = house()
    with instance.store.read() as memory:
        issue = memory.issues.get(name)
    if issue is None or issue.state not in PUBLIC:
        abort(404)
    answer = Response(render_public(instance.office, issue).html, mimetype="text/html")
    answer.headers["Cache-Control"] = PAGE_CACHE
    # A mail carries its styles in the elements; on its page nothing but styles and pictures is allowed.
    answer.headers["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'unsafe-inline'; img-src https: http:; base-uri 'none'; frame-ancestors 'none'"
    )
    answer.add_etag()
    answer.make_conditional(request)
    return answer


@blueprint.get("/assets/<name>")
def asset(name: str) -> Response:
    """Our stylesheet; its address changes with its content, so it may be kept for ever."""
    if name not in ASSETS:
        abort(404)
    path = house().settings.templates_dir / "_base" / name
    answer = Response(path.read_bytes(), mimetype=ASSETS[name])
    answer.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    answer.add_etag()
    answer.make_conditional(request)
    return answer


def error(trouble: HTTPException) -> Response:
    """What went wrong, as a page for people and as plain text for machines; never the visitor's own words."""
    code = trouble.code or 500
    if request.path.startswith(("/feeds/", "/hooks/", "/health", "/ready")) and request.path != "/feeds/":
        answer = Response(f"{code} {trouble.name}\n", code, mimetype="text/plain")
    else:
        answer = Response(
            render_template("pages/error.html", code=code, categories=_subjects()), code, mimetype="text/html"
        )
    for name, value in trouble.get_headers():
        if name.lower() in ("allow", "retry-after"):
            answer.headers[name] = value
    return answer
