"""Finds out how to read a portal, and whether the portals of the catalogue still read as their files say.

    search: ask for the page | front: what it says of the portal | software: what it runs on | try what may be a feed,
    else listing: lists of news, else sitemaps | reading: read, rank, choose, explain | write: the portal's file

``search`` and ``live`` ask, with the fetcher they are given; every other step only decides. Nothing is kept, and the
store is not known here.
"""

from __future__ import annotations

from syndication.collect.probe.front import id_from, twins
from syndication.collect.probe.live import Looked, look
from syndication.collect.probe.reading import Fetches, Tried
from syndication.collect.probe.search import MOST_REQUESTS, Probed, probe
from syndication.collect.probe.write import as_toml

__all__ = [
    "MOST_REQUESTS",
    "Fetches",
    "Looked",
    "Probed",
    "Tried",
    "as_toml",
    "id_from",
    "look",
    "probe",
    "twins",
]
