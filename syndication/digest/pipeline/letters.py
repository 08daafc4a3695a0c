"""The letters of one issue: one for each choice that leaves something different of it, however many readers made it."""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache

from syndication.digest import message
from syndication.digest.pipeline.office import PREFERENCES, UNSUBSCRIBE, Office
from syndication.domain.issue import Delivery, Issue, IssueContent

KEPT = 64
"""Letters that are kept encoded, of some 60 KB each: more than readers make different choices that matter. Where they
make more, those asked for least lately are printed again."""


class Letters:
    """Prints and encodes an issue once for each different choice, and makes each reader's bytes of that."""

    def __init__(self, office: Office, issue: Issue) -> None:
        self._office = office
        self._issue = issue
        entries = issue.content.entries
        self._told = frozenset(entry.category for entry in entries)
        self._heard = frozenset(portal.id for entry in entries for portal in entry.portals)
        # Two steps, for choices that differ may leave the same content, and to compare contents takes a while.
        self._by_content = lru_cache(KEPT)(self._encoded)
        self._by_choice = lru_cache(KEPT)(self._for_choice)

    @property
    def printed(self) -> int:
        """How many times the issue was printed so far."""
        return self._by_content.cache_info().misses

    def letter(self, categories: Collection[str], portals: Collection[str] = ()) -> message.Letter:
        """The issue as a mail for everyone who chose these categories and portals; none means all."""
        return self._letter(self._issue.content.only(categories, portals))

    def _letter(self, content: IssueContent) -> message.Letter:
        office, issue = self._office, self._issue
        rendered = office.renderer.render(
            content,
            unsubscribe_url=message.UNSUBSCRIBE_PLACEHOLDER,
            preferences_url=message.PREFERENCES_PLACEHOLDER,
        )
        return message.Letter(
            subject=rendered.subject,
            text=rendered.text,
            html=rendered.html,
            mail_from=office.mail_from,
            list_id=f"digest.{office.links.authority}",
            list_name=office.title,
            # The same on every attempt, so that a second copy is the same to the byte.
            date=issue.approved_at or issue.composed_at,
            archive_url=office.links.digests(),
            feedback_id=f"{issue.id}:digest:syndication",
            contact=office.contact or None,
        )

    def prepared(self, categories: Collection[str], portals: Collection[str] = ()) -> message.Prepared:
        """The same, encoded. Choices that leave the same of this issue share one."""
        return self._by_choice(_of_these(self._told, categories), _of_these(self._heard, portals))

    def _for_choice(self, categories: frozenset[str], portals: frozenset[str]) -> message.Prepared:
        content = self._issue.content.only(categories, portals)
        if not content.entries:
            # All they chose was withdrawn after the recipients were frozen; an empty mail would say nothing.
            content = self._issue.content
        return self._by_content(content)

    def _encoded(self, content: IssueContent) -> message.Prepared:
        return message.prepare(self._letter(content))

    def for_reader(self, delivery: Delivery) -> bytes:
        """What one reader gets, the same to the byte at every attempt."""
        prepared = self.prepared(delivery.categories, delivery.portals)
        return self._bytes(
            prepared, str(delivery.subscriber), delivery.name, delivery.email, delivery.message_id
        )

    def for_trial(self, address: str, *, message_id: str) -> tuple[str, bytes]:
        """The whole issue to any address, marked as a trial: its subject and its bytes; its links are nobody's."""
        letter = message.test_letter(self.letter(()))
        return letter.subject, self._bytes(message.prepare(letter), "0", "", address, message_id)

    def _bytes(
        self, prepared: message.Prepared, subscriber: str, name: str, address: str, message_id: str
    ) -> bytes:
        office = self._office
        token = office.signer.sign(UNSUBSCRIBE, subscriber)
        data = prepared.bytes_for(
            to_name=name,
            to_address=address,
            unsubscribe_url=office.links.unsubscribe(token),
            unsubscribe_mailto=office.unsubscribe_mailto(token),
            message_id=message_id,
            preferences_url=office.links.preferences(office.signer.sign(PREFERENCES, subscriber)),
        )
        return office.seal(data)


def _of_these(there: frozenset[str], chosen: Collection[str]) -> frozenset[str]:
    """What a choice means for an issue that has these; empty: all of them, or nothing of it is there."""
    found = there.intersection(chosen)
    return frozenset() if found == there else found
