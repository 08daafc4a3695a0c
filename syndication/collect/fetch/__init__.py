"""The one door out: every request that this program makes to somebody else's server.

Behind it stand the rules that no caller may forget: the address is checked before every connection and again
at the socket, an answer is bounded in time and in size, and a host is never asked faster than is polite.
It does not parse, does not remember, and does not decide when to ask again; it only says what came.

    exchange: what is asked and what comes back | fetcher: for threads | client: the same in the event loop
    politeness: wait for a turn → door, trust: connect → headers → redirects: go on → body: unpack, else failures
"""

from __future__ import annotations

from syndication.collect.fetch.door import Resolve, look_up
from syndication.collect.fetch.exchange import (
    DEFAULT_LIMITS,
    FEED_ACCEPT,
    PAGE_ACCEPT,
    Fetched,
    Limits,
    Request,
    Result,
)
from syndication.collect.fetch.fetcher import Fetcher
from syndication.collect.fetch.politeness import LONGEST_RETRY_AFTER, REFUSALS, Patience, read_retry_after
from syndication.collect.fetch.redirects import next_hop

__all__ = [
    "DEFAULT_LIMITS",
    "FEED_ACCEPT",
    "LONGEST_RETRY_AFTER",
    "PAGE_ACCEPT",
    "REFUSALS",
    "Fetched",
    "Fetcher",
    "Limits",
    "Patience",
    "Request",
    "Resolve",
    "Result",
    "look_up",
    "next_hop",
    "read_retry_after",
]
