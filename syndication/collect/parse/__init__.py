"""The ways to read a source, one explicit table: what the catalogue calls ``read`` → what reads it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from syndication.collect.parse import feed, jsonfeed, page, sitemap, wordpress
from syndication.collect.parse.document import Document, Parsed
from syndication.domain.portal import Read

Parser = Callable[[Document], Parsed]

PARSERS: Mapping[Read, Parser] = MappingProxyType(
    {
        Read.FEED: feed.parse,
        Read.PAGE: page.parse,
        Read.WORDPRESS: wordpress.parse,
        Read.JSONFEED: jsonfeed.parse,
        Read.SITEMAP: sitemap.parse,
    }
)

__all__ = ["PARSERS", "Document", "Parsed", "Parser"]
