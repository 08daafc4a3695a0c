"""What an article's page says for certain."""

from __future__ import annotations

from dataclasses import dataclass

from syndication.collect import canonical
from syndication.domain.picture import Size


@dataclass(frozen=True, slots=True, kw_only=True)
class Extracted:
    """What an article's page says for certain; None or "" for everything else. Plain text but for the body."""

    title: str = ""
    published: str | None = None
    """As printed, or as the metadata has it; ``dates.read_date`` can read it."""
    lead: str = ""
    raw_content: str = ""
    """The body's markup, untrusted, its addresses absolute."""
    image_url: str | None = None
    image_size: Size | None = None
    """What the page says of that picture; never without it."""
    author: str | None = None
    labels: tuple[str, ...] = ()
    canonical_url: str | None = None
    amp: bool = False


def same_page(one: str, other: str) -> bool:
    """Whether two addresses are twins of one page, whichever portal's it is."""
    first, second = (canonical.address_key(url, portal="", hosts=()) for url in (one, other))
    return first == second
