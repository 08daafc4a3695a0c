"""Signing up for the digest, confirming it, choosing and leaving; each page in Vietnamese and in English.

A GET only shows, a POST does it: mail scanners follow every link (RFC 8058 §1). There is neither cookie nor session, so
a page of another site that makes a visitor's browser post here has nothing to abuse: what may be done stands in the
signed link alone, and whoever has the link may do it anyway. Addresses with such a link in them are never logged, kept
by caches, told to other sites or indexed. What is said of an address is the same whether it is known here or not.
"""

from __future__ import annotations

import html
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from math import ceil
from typing import Any

from flask import Blueprint, Flask, Response, render_template, request

from syndication.bootstrap import House
from syndication.digest.pipeline import choices, sign_up
from syndication.digest.pipeline.choices import Pause
from syndication.digest.pipeline.office import PREFERENCES, UNSUBSCRIBE
from syndication.digest.pipeline.sign_up import Haste, Refusal, Standing, Wish
from syndication.digest.roster import LANGUAGES
from syndication.domain.subscriber import Subscriber, SubscriberState
from syndication.links import ENGLISH
from syndication.text import one_line
from syndication.web.language import language, pages_in
from syndication.web.patience import client
from syndication.web.views import by_name, house, subjects

blueprint = Blueprint("subscriptions", __name__)

MOST_BYTES = 32 * 1024
"""A filled form with every portal of a large catalogue chosen."""
TRAP = "comment"
"""A field nobody sees; whoever fills it in is a program."""
ONE_CLICK = ("List-Unsubscribe", "One-Click")
"""What a mail program posts for its reader (RFC 8058 §3.1)."""
_STATUS = {Standing.UNKNOWN: 404, Standing.OVER: 410}


def prepare(app: Flask, instance: House) -> None:
    """Serve these pages in both languages, and let every page link to the form while sign-up is open."""
    app.register_blueprint(blueprint)
    app.register_blueprint(blueprint, name="english_subscriptions", url_prefix=ENGLISH)

    def context() -> dict[str, object]:
        if not instance.office.sign_up_open:
            return {}
        return {"subscribe_url": pages_in(language(), instance.links).subscribe()}

    app.context_processor(context)


@blueprint.before_request
def _small() -> None:
    request.max_content_length = MOST_BYTES
    request.max_form_memory_size = MOST_BYTES


@blueprint.after_request
def _private(answer: Response) -> Response:
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["Referrer-Policy"] = "no-referrer"
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer


def _page(name: str, path: str, status: int = 200, **context: Any) -> Response:
    """A page; ``path`` is its own in Vietnamese, for the link to the other language."""
    body = render_template(f"pages/{name}.html", categories=subjects(), address=path, **context)
    return Response(body, status, mimetype="text/html")


def _client() -> str:
    return client(request.environ, proxies=house().settings.proxies)


# --- signing up ---


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """What stands in the form."""

    email: str = ""
    categories: Collection[str] = ()
    portals: Collection[str] = ()
    language: str = ""
    agreed: bool = False
    shown: str = ""
    """The token that says when it was shown; kept while it is good, so that a correction is never too fast."""


def _filled() -> Filled:
    form = request.form
    spoken = form.get("language", "")
    return Filled(
        email=one_line(form.get("email", ""))[:320],
        categories=form.getlist("category"),
        portals=form.getlist("portal"),
        language=spoken if spoken in LANGUAGES else str(language()),
        agreed=form.get("agree") == "yes",
        shown=form.get("shown", ""),
    )


def _words() -> str:
    """The sentence a visitor agrees to, as the page shows it."""
    return one_line(html.unescape(render_template("_base/consent.html")))


def _form(filled: Filled, *, wrong: str = "", status: int = 200) -> Response:
    office = house().office
    return _page(
        "subscribe",
        "/subscribe",
        status,
        state="form",
        filled=filled,
        wrong=wrong,
        trap=TRAP,
        shown=filled.shown or sign_up.shown_token(office),
        domains=sorted(office.sign_up_domains),
        portals=by_name(office.catalogue.portals.values()),
    )


@blueprint.get("/subscribe")
def subscribe_form() -> Response:
    """The form, or that nobody can sign up here now."""
    if not house().office.sign_up_open:
        return _page("subscribe", "/subscribe", state="closed")
    return _form(Filled(language=str(language())))


@blueprint.post("/subscribe")
def subscribe() -> Response:
    """Take a wish: the same page for everyone whose address mail can go to."""
    office = house().office
    if not office.sign_up_open:
        return _page("subscribe", "/subscribe", 403, state="closed")
    filled = _filled()
    haste = sign_up.haste(office, filled.shown)
    if haste is Haste.OLD:
        kept = Filled(
            email=filled.email,
            categories=filled.categories,
            portals=filled.portals,
            language=filled.language,
        )
        return _form(kept, wrong="old", status=422)
    if haste is Haste.FAST or request.form.get(TRAP):
        return _page("subscribe", "/subscribe", state="sent")
    address = sign_up.read_address(office, filled.email)
    if isinstance(address, Refusal):
        return _form(filled, wrong=address, status=422)
    if not filled.agreed:
        return _form(filled, wrong="agree", status=422)
    wait = sign_up.ask(
        office,
        Wish(
            address=address,
            categories=choices.those(filled.categories, [one.slug for one in office.catalogue.categories]),
            portals=choices.those(filled.portals, list(office.catalogue.portals)),
            language=filled.language,
            words=_words(),
            client=_client(),
        ),
    )
    return _too_many(wait) if wait else _page("subscribe", "/subscribe", state="sent")


def _too_many(wait: timedelta) -> Response:
    answer = _page(
        "subscribe", "/subscribe", 429, state="busy", minutes=max(1, ceil(wait / timedelta(minutes=1)))
    )
    answer.headers["Retry-After"] = str(max(1, ceil(wait.total_seconds())))
    return answer


@blueprint.get("/confirm/<token>")
def confirm_form(token: str) -> Response:
    """A page with one button."""
    found = sign_up.standing(house().office, token)
    return _page("confirm", f"/confirm/{token}", _STATUS.get(found, 200), state=str(found))


@blueprint.post("/confirm/<token>")
def confirm(token: str) -> Response:
    """Make a reader of who has the link."""
    instance = house()
    done = sign_up.confirm(instance.office, token, client=_client())
    preferences = None
    if done.subscriber is not None:
        signed = instance.office.signer.sign(PREFERENCES, str(done.subscriber))
        preferences = pages_in(language(), instance.links).preferences(signed)
    return _page(
        "confirm",
        f"/confirm/{token}",
        _STATUS.get(done.standing, 200),
        state=str(done.standing),
        preferences_url=preferences,
    )


# --- choosing ---


@blueprint.get("/preferences/<token>")
def preferences_form(token: str) -> Response:
    """What a reader gets, to be changed."""
    return _preferences(token, choices.reader_of(house().office, token))


@blueprint.post("/preferences/<token>")
def prefer(token: str) -> Response:
    """Keep what a reader chose."""
    office = house().office
    reader = choices.reader_of(office, token)
    if reader is None or reader.state is not SubscriberState.ACTIVE:
        return _preferences(token, reader)
    form, asked = request.form, request.form.get("pause", "")
    spoken = form.get("language", "")
    after = choices.prefer(
        office,
        reader.id,
        categories=form.getlist("category"),
        portals=form.getlist("portal"),
        language=spoken if spoken in LANGUAGES else reader.language,
        pause=Pause(asked) if asked in list(Pause) else Pause.KEEP,
        client=_client(),
    )
    return _preferences(token, after or choices.reader_of(office, token), saved=after is not None)


def _preferences(token: str, reader: Subscriber | None, *, saved: bool = False) -> Response:
    instance = house()
    path = f"/preferences/{token}"
    if reader is None:
        return _page("preferences", path, 404, state="unknown")
    if reader.state is not SubscriberState.ACTIVE:
        erased = reader.state is SubscriberState.ERASED
        return _page("preferences", path, state="erased" if erased else "left")
    leaving = instance.office.signer.sign(UNSUBSCRIBE, str(reader.id))
    return _page(
        "preferences",
        path,
        state="form",
        saved=saved,
        reader=reader,
        paused_until=reader.paused_until if reader.is_paused(instance.now()) else None,
        portals=by_name(instance.catalogue.portals.values()),
        leave_url=pages_in(language(), instance.links).unsubscribe(leaving),
    )


# --- leaving ---


@blueprint.get("/unsubscribe/<token>")
def leave_form(token: str) -> Response:
    """A page with one button."""
    known = choices.unsubscribe(house().office, token, really=False)
    return _leaving(token, "ask" if known else "unknown")


@blueprint.post("/unsubscribe/<token>")
def leave(token: str) -> Response:
    """End the digest for the reader behind the token: the button, or a mail program's one click."""
    name, value = ONE_CLICK
    one_click = request.form.get(name) == value
    how = "one-click" if one_click else "page"
    known = choices.unsubscribe(house().office, token, really=True, how=how, client=_client())
    if known and one_click:
        return Response("done\n", mimetype="text/plain")  # no person sees it
    return _leaving(token, "done" if known else "unknown")


def _leaving(token: str, state: str) -> Response:
    return _page("unsubscribe", f"/unsubscribe/{token}", 404 if state == "unknown" else 200, state=state)
