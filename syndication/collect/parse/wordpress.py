"""Reads the posts that WordPress gives as JSON: ``/wp-json/wp/v2/posts?_embed=1``.

Without ``_embed`` in the address a post comes with the numbers of its categories, author and picture instead of
their names; then those stay empty. The fields are described at developer.wordpress.org/rest-api/reference/posts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from html import unescape
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from syndication.collect.canonical import absolute
from syndication.collect.parse.document import MOST_ITEMS, Document, Parsed
from syndication.collect.parse.jsonfeed import read_json, rows, string, table, values
from syndication.domain.article import Item
from syndication.domain.picture import Size, stated_size
from syndication.errors import NotReadable

_SIZES = ("large", "1536x1536", "full", "medium_large")
"""WordPress's own names of a picture's sizes, the fittest first: 1024 pixels wide, 1536, all of it, 768."""

_NO_CATEGORY = frozenset({"uncategorized", "chua-phan-loai", "chua-duoc-phan-loai", "khong-phan-loai"})
"""Slugs of the category that WordPress gives when the editor chose none."""

_ZONE = re.compile(r"(?:Z|[+-]\d\d:?\d\d)$")
_NUMBER = re.compile(r"[0-9]{1,6}")
# A comma in an address or between quotes separates nothing.
_PARAMETER = r"""\s*;\s*([^\s;,="]+)(?:=(?:"((?:[^"\\]|\\.)*)"|([^\s;,"]*)))?"""
_LINK = re.compile(rf"<([^<>]*)>((?:{_PARAMETER})*)")
_CLOSED = ("rest_forbidden", "rest_login_required", "rest_not_logged_in", "rest_cannot", "rest_disabled")


def asked(url: str) -> str:
    """The address to ask: as the portal's file has it, with pictures, authors and categories included."""
    parts = urlsplit(url)
    query = [] if not parts.query else [parts.query]
    names = {part.partition("=")[0] for part in parts.query.split("&")}
    query += [f"{name}={value}" for name, value in (("_embed", "1"), ("per_page", "20")) if name not in names]
    return urlunsplit(parts._replace(query="&".join(query)))


def parse(document: Document) -> Parsed:
    """Read a list of posts; raises NotReadable when the document is none, with the portal's own reason."""
    found = read_json(document, wanted="WordPress's JSON")
    if not isinstance(found, list):
        raise NotReadable(_refusal(table(found)))
    posts = [post for post in rows(found) if "link" in post or "title" in post]
    if found and not posts:
        raise NotReadable(
            "the JSON is a list, but not of posts: the address must end in /wp-json/wp/v2/posts?_embed=1"
        )
    return Parsed(
        items=tuple(_item(post) for post in posts[:MOST_ITEMS]), next_url=_next(document) if posts else None
    )


def _next(document: Document) -> str | None:
    """Where older posts are listed: as the header Link says (RFC 8288), else by the number of pages.

    WordPress sends both (developer.wordpress.org/rest-api/using-the-rest-api/pagination). Proxies that add their own
    Link, or take it out, are not rare.
    """
    for target, relations in _links(document.headers.get("link", "")):
        address = absolute(target, document.url) if "next" in relations else None
        if address and address != absolute(document.url, document.url):
            return asked(address)
    parts = urlsplit(document.url)
    pairs = [pair for pair in parts.query.split("&") if pair]
    here = next((pair.partition("=")[2] for pair in pairs if pair.startswith("page=")), "1")
    pages = document.headers.get("x-wp-totalpages", "").strip()
    if not (_NUMBER.fullmatch(here) and _NUMBER.fullmatch(pages) and int(here) < int(pages)):
        return None
    pairs = [pair for pair in pairs if not pair.startswith("page=")]
    return asked(urlunsplit(parts._replace(query="&".join([*pairs, f"page={int(here) + 1}"]), fragment="")))


def _links(header: str) -> Iterator[tuple[str, list[str]]]:
    """The targets of a Link header and what each is to the document, in lower case (RFC 8288 §3)."""
    for link in _LINK.finditer(header):
        names = ((name.lower(), quoted or bare) for name, quoted, bare in re.findall(_PARAMETER, link[2]))
        yield link[1], next((said.lower().split() for name, said in names if name == "rel"), [])


def _refusal(answer: Mapping[str, Any]) -> str:
    code = string(answer.get("code"))[:60]
    otherwise = 'look for its feed at /feed/, or read the listing with read = "page"'
    if code == "rest_no_route":
        return f"the portal has no posts at this address ({code}): try /wp-json/wp/v2/posts?_embed=1, or {otherwise}"
    if code.startswith(_CLOSED):
        return f"the portal has closed its JSON to the public ({code}): {otherwise}"
    if code:
        return (
            f"WordPress refuses ({code}): open the address in a browser and correct url in the portal's file"
        )
    if "namespaces" in answer:
        return "this is the contents page of WordPress's JSON: the address must end in /wp-json/wp/v2/posts?_embed=1"
    return "the JSON is no list of posts: the address must end in /wp-json/wp/v2/posts?_embed=1"


def _item(post: Mapping[str, Any]) -> Item:
    embedded = table(post.get("_embedded"))
    image_url, image_size = _image(post, embedded)
    return Item(
        url=string(post.get("link")),
        title=unescape(_rendered(post.get("title"))),
        guid=unescape(_rendered(post.get("guid"))) or None,
        raw_summary=_rendered(post.get("excerpt")),
        raw_content=_rendered(post.get("content")),
        author=next(filter(None, (_name(person) for person in rows(embedded.get("author")))), None),
        labels=tuple(dict.fromkeys(_categories(embedded))),
        image_url=image_url,
        image_size=image_size,
        published=_moment(post, "date"),
        updated=_moment(post, "modified"),
    )


def _rendered(found: object) -> str:
    if table(found).get("protected") is True:  # what stands there asks for a password
        return ""
    return string(table(found).get("rendered")) or string(found)


def _name(named: Mapping[str, Any]) -> str:
    return unescape(string(named.get("name")))


def _moment(post: Mapping[str, Any], name: str) -> str | None:
    """WordPress writes ``…_gmt`` in UTC without saying so, and the other one in the portal's time."""
    utc = string(post.get(f"{name}_gmt"))
    if utc and not utc.startswith("0000"):
        return utc if _ZONE.search(utc) else f"{utc}Z"
    local = string(post.get(name))
    return local if local and not local.startswith("0000") else None


def _categories(embedded: Mapping[str, Any]) -> Iterator[str]:
    for group in values(embedded.get("wp:term")):
        for term in rows(group):
            name = _name(term)
            if name and term.get("taxonomy") == "category" and term.get("slug") not in _NO_CATEGORY:
                yield name


def _image(post: Mapping[str, Any], embedded: Mapping[str, Any]) -> tuple[str | None, Size | None]:
    """The address of the fittest size of the post's picture, and how many pixels that size has."""
    for media in rows(embedded.get("wp:featuredmedia")):
        if media.get("media_type", "image") != "image":
            continue
        details = table(media.get("media_details"))
        sizes = table(details.get("sizes"))
        offered = [table(sizes.get(size)) for size in _SIZES]
        whole = {**details, "source_url": media.get("source_url")}
        for one in (*offered[:2], whole, *offered[2:]):
            if url := string(one.get("source_url")):
                return url, stated_size(one.get("width"), one.get("height"))
    return string(post.get("jetpack_featured_media_url")) or None, None
