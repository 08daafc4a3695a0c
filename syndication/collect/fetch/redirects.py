"""Where an answer sends us next, how often we let it, and whether the source has moved for good."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import quote, urljoin

from syndication.collect.address import CheckedUrl, check_url
from syndication.collect.fetch.exchange import Answer
from syndication.errors import AddressRefused, FetchFailed

REDIRECTS = frozenset({301, 302, 303, 307, 308})
PERMANENT = frozenset({301, 308})
KEEPING_METHOD = frozenset({307, 308})
"""After the others a client asks with GET and sends nothing (RFC 9110, sections 15.4.2 to 15.4.4)."""


def next_hop(target: CheckedUrl, location: str, private_hosts: frozenset[str]) -> CheckedUrl:
    """Where a redirect leads (RFC 9110, section 15.4), checked like a first address; raises AddressRefused.

    A host out in the world must not send us to a private one, even one that we may read for its own sake.
    """
    if not location:
        raise AddressRefused(f"{target.host} redirects without saying where; tell the portal")
    # Browsers accept both, so portals send both: spaces, and bytes that are not UTF-8.
    location = re.sub("[ \udc80-\udcff]", lambda odd: quote(odd[0], errors="surrogateescape"), location)
    try:
        step = check_url(urljoin(target.url, location), private_hosts=private_hosts)
    except (AddressRefused, ValueError) as cause:
        raise AddressRefused(
            f"{target.host} redirects to where we do not go ({cause}); see in a browser where it leads"
        ) from cause
    if step.private and not target.private:
        raise AddressRefused(
            f"{target.host} redirects to {step.authority}, which is private; give that address itself"
        )
    return step


@dataclass(slots=True)
class Trail:
    """The way that one request has gone so far."""

    target: CheckedUrl
    """Where it stands now."""
    downgraded: bool = False
    _seen: list[str] = field(init=False)
    _permanent: bool = field(init=False, default=True)

    def __post_init__(self) -> None:
        self._seen = [self.target.url]

    def follow(self, answer: Answer, *, private_hosts: frozenset[str], hops: int, sending: bool) -> None:
        """Take the step that a redirect asks for; raises SourceError where we do not.

        ``hops`` are the most steps in all; ``sending`` says that the request carries something to deliver.
        """
        previous = self.target
        if sending and answer.status not in KEEPING_METHOD:
            raise FetchFailed(
                f"{previous.host} redirects what we send in a way that would lose it ({answer.status}); "
                "give the address where it ends"
            )
        self.target = next_hop(previous, answer.headers.get("location", ""), private_hosts)
        if self.target.url in self._seen:
            raise FetchFailed(
                f"{self.target.host} redirects in a circle; it may want cookies, give an address without",
                status=answer.status,
            )
        if len(self._seen) > hops:
            raise FetchFailed(
                f"{previous.host} redirects more than {hops} times; give the address where it ends",
                status=answer.status,
            )
        self._seen.append(self.target.url)
        self._permanent = self._permanent and answer.status in PERMANENT
        self.downgraded |= (previous.parsed.scheme, self.target.parsed.scheme) == ("https", "http")

    @property
    def moved_to(self) -> str | None:
        """Where the address has moved for good, None where it has not."""
        return self.target.url if self._permanent and not self.downgraded and len(self._seen) > 1 else None
