"""Blocks of news in other people's pages: the frame, the element's script, the fragment, the builder and oEmbed.

Whoever visits the partner's page chose nothing of this, so a block never fails for what it was asked: odd options give
the nearest block, and while the database is away the last good one is shown. No cookie, no third party but the portals
whose pictures are shown. Sources of the rules: RFC 9110 and 9111, CSP level 3, Subresource Integrity, oembed.com.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import logging
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import monotonic
from urllib.parse import parse_qsl, unquote, urlsplit
from xml.etree import ElementTree

import brotli
from flask import Blueprint, Flask, Response, current_app, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from syndication.bootstrap import House
from syndication.links import ENGLISH
from syndication.publish import embed
from syndication.publish.embed import Block, Language, Options, Script, Scripts, Subject
from syndication.publish.entry import entries_of
from syndication.web import conditions
from syndication.web.front import moves
from syndication.web.language import language, pages_in
from syndication.web.shelf import Recent
from syndication.web.views import by_name, subjects

log = logging.getLogger(__name__)

blueprint = Blueprint("embeds", __name__)
builder_pages = Blueprint("builder", __name__)

CACHE = "public, max-age=300, stale-while-revalidate=3600, stale-if-error=86400"
FOR_EVER = "public, max-age=31536000, immutable"
MOST_BYTES = 16 * 1024 * 1024
"""What blocks may take in the memory of one process."""
PIXELS = 10_000
"""No frame is larger, whatever is asked."""

CROSS_ORIGIN = {
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Access-Control-Allow-Origin": "*",
    "Timing-Allow-Origin": "*",
}
FRAME_HEADERS = {
    **CROSS_ORIGIN,
    # Portals' servers get no cookie with the request for a picture, and pages that isolate themselves take the frame.
    "Cross-Origin-Embedder-Policy": "credentialless",
    "Permissions-Policy": "browsing-topics=(), camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
BUILDER_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; "
    "frame-src 'self' {own}; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


@dataclass(frozen=True, slots=True)
class Discovery:
    """A link by which other sites find out how to show a page of ours."""

    type: str
    title: str
    url: str


class Shown:
    """A block as it is answered, in every form, with what it was made from."""

    def __init__(self, body: str, *, number: int) -> None:
        """``number``: how often anything had been published when this was made."""
        self.number = number
        plain = body.encode()
        self.bodies = {
            "": plain,
            "br": brotli.compress(plain, quality=5),
            "gzip": gzip.compress(plain, 6, mtime=0),
        }
        self.tag = hashlib.sha256(plain).hexdigest()[:32]

    def __len__(self) -> int:
        return sum(map(len, self.bodies.values())) + 1024


class Embeds:
    """What this door needs of one instance, and the blocks it has made last."""

    def __init__(self, house: House, *, look_every: float) -> None:
        """``look_every``: seconds for which blocks are served without a look at what was published since."""
        self.house, self.links, self.catalogue = house, house.links, house.catalogue
        self.folder = house.settings.templates_dir / "embeds"
        self.scripts = Scripts(embed.element_script(self.folder), embed.frame_script(self.folder))
        self.sheet = embed.inline_style(self.folder)
        self.height_script = (self.folder / "height.js").read_text(encoding="utf-8").strip()
        self.moves = moves(house.catalogue)
        self.own = "{0.scheme}://{0.netloc}".format(urlsplit(house.settings.base_url))
        self._kept: Recent[tuple[str, str, Options], Shown] = Recent(MOST_BYTES, len)
        self._every, self._looks_at, self._number = look_every, 0.0, -1
        self._looking = threading.Lock()

    def subject(self, name: str, lang: Language) -> Subject | None:
        """What a block of this name tells of."""
        return embed.subject_of(name, catalogue=self.catalogue, links=self.links, lang=lang)

    def shown(
        self, kind: str, subject: Subject, options: Options, make: Callable[[Block], str]
    ) -> Shown | None:
        """The block as it is now; while the database is away the last good one, or None where there is none."""
        key = kind, subject.name, options
        kept = self._kept.get(key)
        try:
            number = self._look(wait=kept is None)
            if kept and kept.number == number:
                return kept
            kept = Shown(make(self._block(subject, options)), number=number)
        except Exception:
            log.exception("a block is shown as it was last seen")
            return kept
        self._kept.keep(key, kept)
        return kept

    def _look(self, *, wait: bool) -> int:
        # One asks, the others go on with what they have: a database that hangs holds up one thread.
        if monotonic() < self._looks_at or not self._looking.acquire(timeout=2 if wait else 0):
            return self._number
        try:
            self._looks_at = monotonic() + self._every
            with self.house.store.read() as memory:
                self._number = memory.documents.number()
        finally:
            self._looking.release()
        return self._number

    def _block(self, subject: Subject, options: Options) -> Block:
        with self.house.store.read() as memory:
            stories = memory.stories.newest(subject.name, limit=options.number)
        entries = entries_of(stories, catalogue=self.catalogue, links=self.links)
        return embed.block(subject, options, entries, zone=self.house.settings.timezone)

    def policy(self, sheet: str, script: str = "") -> str:
        """What a frame's page may load: what stands in it, by its hash, and pictures."""
        allowed = f"script-src '{_hash(script)}'; " if script else ""
        partners = " ".join(("'self'", *self.house.settings.embed_ancestors))
        ancestors = partners if self.house.settings.embed_ancestors else "*"
        return (
            f"default-src 'none'; style-src '{_hash(sheet)}'; {allowed}img-src https: http:; connect-src 'self'; "
            f"form-action 'none'; base-uri 'none'; frame-ancestors {ancestors}"
        )

    def sheet_for(self, options: Options) -> str:
        """The stylesheet of a frame, with the chosen colours."""
        return self.sheet + (f":root{{{options.style}}}" if options.style else "")

    def discovery(self, subject: Subject, address: str) -> tuple[Discovery, ...]:
        """The links of a page that can be shown in other sites."""
        return tuple(
            Discovery(media, f"{subject.title} (oEmbed)", self.links.oembed(address, form))
            for form, media in (("json", "application/json+oembed"), ("xml", "text/xml+oembed"))
        )

    def named_by(self, address: str) -> tuple[str, Mapping[str, str]] | None:
        """The feed whose block shows a page of ours, and the options in its address; None where it is none of ours."""
        try:
            parts = urlsplit(address)
        except ValueError:  # half an IPv6 address
            return None
        own = urlsplit(self.house.settings.base_url)
        # Partners keep addresses with http and https alike; the host is what makes them ours.
        if parts.scheme not in ("http", "https") or parts.netloc.lower() != own.netloc.lower():
            return None
        path = unquote(parts.path)
        if not path.startswith(own.path):
            return None
        path = path[len(own.path) :].strip("/")
        said = {}
        if path == ENGLISH[1:] or path.startswith(f"{ENGLISH[1:]}/"):
            path, said = path[len(ENGLISH) :], {"lang": "en"}
        if not path:
            return "all", said
        if path.startswith("categories/"):
            return path.removeprefix("categories/"), said
        if path.startswith("embed/"):
            return path.removeprefix("embed/").removesuffix(".html"), dict(parse_qsl(parts.query[:1000]))
        return (path, said) if path.startswith("portals/") else None


def _hash(body: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()


def prepare(app: Flask, house: House, *, look_every: float = 0.0) -> None:
    """Give the application its blocks, and every page the links by which it can be embedded."""
    found = app.config["EMBEDS"] = Embeds(house, look_every=look_every)

    def discovery() -> tuple[Discovery, ...]:
        """The links of the page that is being printed; none where it is no page of stories."""
        arguments = request.view_args or {}
        names = {
            "home": "all",
            "category": str(arguments.get("slug", "")),
            "portal": f"portals/{arguments.get('portal_id', '')}",
        }
        kind, _, view = (request.endpoint or "").partition(".")
        spoken = _spoken()
        subject = found.subject(names.get(view, ""), spoken) if kind in ("pages", "english") else None
        return (
            found.discovery(subject, pages_in(language(), found.links).page_of(subject.name))
            if subject
            else ()
        )

    app.jinja_env.globals["embed_discovery"] = discovery
    app.register_blueprint(blueprint)
    app.register_blueprint(builder_pages)
    app.register_blueprint(builder_pages, name="english_builder", url_prefix=ENGLISH)


def _spoken() -> Language:
    """The language of the page that is asked for, as blocks know it."""
    return Language(language())


def _embeds() -> Embeds:
    found: Embeds = current_app.config["EMBEDS"]
    return found


def _asked() -> dict[str, str]:
    """The query, each name once; of what is said twice the last counts, as it does where people add to an address."""
    return {name: values[-1] for name, values in request.args.lists()}


@blueprint.get("/embed/<path:name>")
def block(name: str) -> AnyResponse:
    """A block, as a page for frames or, with ``.html`` behind its name, as a piece of HTML."""
    embeds = _embeds()
    is_fragment = name.endswith(".html")
    name = name.removesuffix(".html")
    options, _ = embed.read_options(_asked())
    if name in embeds.moves and (new := embeds.moves[name]):
        address = embeds.links.embed_fragment(new) if is_fragment else embeds.links.embed(new)
        answer = redirect(address + options.query, 301)
        answer.headers["Cache-Control"] = "public, max-age=86400"
        answer.headers.update(CROSS_ORIGIN)
        return answer
    subject = embeds.subject(name, options.lang)
    if subject is None:
        return _instead("gone", options, 404, is_fragment=is_fragment)
    kind, make = ("fragment", _fragment) if is_fragment else ("frame", _frame)
    if is_fragment and request.args.get("for") == "element":
        kind, make = "element", _for_element
    shown = embeds.shown(kind, subject, options, make)
    if shown is None:
        return _instead("away", options, 503, is_fragment=is_fragment)
    answer = _conditional(shown)
    if is_fragment:
        answer.headers.update(CROSS_ORIGIN)
        answer.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'none'; sandbox"
    else:
        answer.headers.update(FRAME_HEADERS)
        script = embeds.height_script if options.height == "auto" else ""
        answer.headers["Content-Security-Policy"] = embeds.policy(embeds.sheet_for(options), script)
    return answer


def _fragment(block: Block) -> str:
    return render_template("embeds/block.html", block=block, level=2, style=block.options.style)


def _for_element(block: Block) -> str:
    return render_template("embeds/block.html", block=block, level=2, style=block.options.style, beside=True)


def _frame(block: Block) -> str:
    embeds = _embeds()
    address = embeds.links.embed(block.subject.name) + block.options.query
    return render_template(
        "embeds/frame.html",
        block=block,
        sheet=embeds.sheet_for(block.options),
        script=embeds.height_script if block.options.height == "auto" else "",
        discovery=embeds.discovery(block.subject, address),
    )


def _conditional(shown: Shown) -> Response:
    """The block in the form the visitor takes, or 304; each form has a strong tag of its own (RFC 9110 §8.8.3.3)."""
    coding = next(iter(conditions.codings(request.headers.get("Accept-Encoding", ""))))
    named = conditions.tags(request.headers.get("If-None-Match", ""))
    unchanged = shown.tag in named or "*" in named
    answer = Response(
        b"" if unchanged else shown.bodies[coding], 304 if unchanged else 200, mimetype="text/html"
    )
    if coding and not unchanged:
        answer.headers["Content-Encoding"] = coding
    answer.headers["ETag"] = f'"{shown.tag}{conditions.CODINGS.get(coding, "")}"'
    answer.headers["Cache-Control"] = CACHE
    answer.headers["Vary"] = "Accept-Encoding"
    return answer


def _instead(says: str, options: Options, status: int, *, is_fragment: bool) -> Response:
    """A small block that says why there is none and where to go. The address is not repeated: it may be anything."""
    embeds = _embeds()
    words = embed.WORDS[options.lang]
    text = words["away"] if says == "away" else f"{words['gone']} {words['instead']}"
    if is_fragment:
        # An element keeps what it has, and a server that fetches fragments sees the status.
        answer = Response(f"<!-- {status} -->\n", status, mimetype="text/html")
        answer.headers.update(CROSS_ORIGIN)
    else:
        page = render_template(
            "embeds/gone.html", says=text, lang=options.lang, theme=options.theme, sheet=embeds.sheet
        )
        answer = Response(page, status, mimetype="text/html")
        answer.headers.update(FRAME_HEADERS)
        answer.headers["Content-Security-Policy"] = embeds.policy(embeds.sheet)
    answer.headers["Cache-Control"] = "public, max-age=60" if status == 404 else "no-store"
    if status == 503:
        answer.headers["Retry-After"] = "60"
    return answer


@blueprint.get("/embed.js")
def element_script() -> Response:
    """The custom element. With a version the bytes that partners have pinned, else the newest."""
    return _script(_embeds().scripts.element)


@blueprint.get("/embed/frame.js")
def frame_script() -> Response:
    """What fits frames to their content."""
    return _script(_embeds().scripts.frame)


def _script(newest: Script) -> Response:
    version = request.args.get("v", "")
    body, pinned = newest.body, version == newest.version
    if not pinned and re.fullmatch(r"[0-9a-f]{12}", version):
        older = _embeds().folder / "released" / f"{version}.js"
        if older.is_file():
            body, pinned = older.read_bytes(), True
    return _file(body, "text/javascript", cache=FOR_EVER if pinned else "public, max-age=3600")


@blueprint.get("/embed/block.css")
def stylesheet() -> Response:
    """How a block looks, for those who put it into their own page."""
    return _file((_embeds().folder / "block.css").read_bytes(), "text/css", cache="public, max-age=3600")


@blueprint.get("/embed/builder.<kind>")
def builder_file(kind: str) -> Response:
    """What only the builder's page loads."""
    media = {"css": "text/css", "js": "text/javascript"}.get(kind)
    if media is None:
        return _instead("gone", Options(), 404, is_fragment=False)
    return _file((_embeds().folder / f"builder.{kind}").read_bytes(), media, cache="public, max-age=3600")


def _file(body: bytes, media: str, *, cache: str) -> Response:
    answer = Response(body, mimetype=media)
    answer.headers.update(CROSS_ORIGIN)
    answer.headers["Cache-Control"] = cache
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answer.add_etag()
    answer.make_conditional(request)
    return answer


@builder_pages.get("/embed/")
def builder() -> Response:
    """Choose a block, see it, and copy the lines for each way of embedding it."""
    embeds, spoken = _embeds(), _spoken()
    asked = _asked()
    options, said = embed.read_options(asked, spoken=spoken)
    name = asked.get("name", "all")
    subject = embeds.subject(name, options.lang)
    if subject is None:
        said = (embed.SAID[spoken]["no_subject"], *said)
    subject = subject or embeds.subject("all", options.lang)
    assert subject is not None  # noqa: S101 # «all» is always there
    body = render_template(
        "embeds/builder.html",
        address="/embed/",
        categories=subjects(),
        subject=subject,
        options=options,
        given={**embed.DEFAULTS, **options.chosen},
        said=said,
        preview={"src": embeds.links.embed(subject.name) + options.query, "height": options.expected_height},
        snippets=embed.snippets(subject, options, links=embeds.links, scripts=embeds.scripts, spoken=spoken),
        portals=by_name(embeds.catalogue.portals.values()),
        most=embed.MOST,
        origin=embeds.own,
    )
    answer = Response(body, mimetype="text/html")
    answer.headers["Content-Security-Policy"] = BUILDER_POLICY.format(own=embeds.own)
    answer.headers["Cache-Control"] = "public, max-age=300"
    answer.add_etag()
    answer.make_conditional(request)
    return answer


@blueprint.get("/oembed")
def oembed() -> Response:
    """What to put where somebody wrote one of our addresses (oembed.com §2.3)."""
    embeds = _embeds()
    form = request.args.get("format", "json")
    if form not in ("json", "xml"):
        return _plain("There is oEmbed in json and xml: set format to one of them.", 501)
    address = request.args.get("url", "")[:2000]
    if not address:
        return _plain("Say which page: url=…, an address of this site.", 400)
    found = embeds.named_by(address)
    options, _ = embed.read_options(found[1] if found else {})
    subject = embeds.subject(found[0], options.lang) if found else None
    if subject is None:
        return _plain(f"There is no block for this address. All of them: {embeds.links.embed_builder()}", 404)
    width, height = embed.fitted(options, max_width=_pixels("maxwidth"), max_height=_pixels("maxheight"))
    told = {
        "version": "1.0",
        "type": "rich",
        "title": subject.title,
        "provider_name": embeds.house.settings.title,
        "provider_url": embeds.links.home(),
        "cache_age": 3600,
        "width": width,
        "height": height,
        "html": embed.frame(subject, options, links=embeds.links, width=str(width), height=height),
    }
    if form == "xml":
        root = ElementTree.Element("oembed")
        for name, value in told.items():
            ElementTree.SubElement(root, name).text = str(value)
        body = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
        answer = _file(body, "text/xml", cache=CACHE)
    else:
        answer = _file(json.dumps(told, ensure_ascii=False).encode(), "application/json", cache=CACHE)
    return answer


def _pixels(name: str) -> int | None:
    raw = request.args.get(name, "")
    if not (raw.isascii() and raw.isdigit()):
        return None
    return max(1, min(int(raw[:9]), PIXELS))


def _plain(words: str, status: int) -> Response:
    answer = Response(f"{words}\n", status, mimetype="text/plain")
    answer.headers.update(CROSS_ORIGIN)
    answer.headers["Cache-Control"] = "public, max-age=60"
    return answer
