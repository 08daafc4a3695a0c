"""The ways to read a source, one explicit table: what the catalogue calls ``read`` → what reads it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from syndication.collect.parse import feed
from syndication.collect.parse.document import Document, Parsed
from syndication.domain.portal import Read

Parser = Callable[[Document], Parsed]

PARSERS: Mapping[Read, Parser] = MappingProxyType({Read.FEED: feed.parse})
"""Ways without a parser here are declared in the catalogue's format and not read by this version yet."""

__all__ = ["PARSERS", "Document", "Parsed", "Parser"]
