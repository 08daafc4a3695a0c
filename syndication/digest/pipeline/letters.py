"""The letters of one issue: one for each choice of categories, however many readers made it."""

from __future__ import annotations

from syndication.digest import message
from syndication.digest.pipeline.office import UNSUBSCRIBE, Office
from syndication.domain.issue import Delivery, Issue


class Letters:
    """Prints and encodes an issue once for each different choice, and makes each reader's bytes of that."""

    def __init__(self, office: Office, issue: Issue) -> None:
        self._office = office
        self._issue = issue
        self._told = frozenset(entry.category for entry in issue.content.entries)
        self._prepared: dict[frozenset[str], message.Prepared] = {}

    @property
    def printed(self) -> int:
        """How many times the issue was printed so far."""
        return len(self._prepared)

    def letter(self, categories: tuple[str, ...]) -> message.Letter:
        """The issue as a mail for everyone who chose these categories; none means all."""
        office, issue = self._office, self._issue
        rendered = office.renderer.render(
            issue.content.only(categories), unsubscribe_url=message.UNSUBSCRIBE_PLACEHOLDER
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

    def prepared(self, categories: tuple[str, ...]) -> message.Prepared:
        """The same, encoded. Choices that leave the same of this issue share one."""
        choice = self._told.intersection(categories)
        if choice == self._told or not categories:
            choice = frozenset()
        if choice not in self._prepared:
            self._prepared[choice] = message.prepare(self.letter(tuple(sorted(choice))))
        return self._prepared[choice]

    def for_reader(self, delivery: Delivery) -> bytes:
        """What one reader gets, the same to the byte at every attempt."""
        token = self._office.signer.sign(UNSUBSCRIBE, str(delivery.subscriber))
        data = self.prepared(delivery.categories).bytes_for(
            to_name=delivery.name,
            to_address=delivery.email,
            unsubscribe_url=self._office.links.unsubscribe(token),
            unsubscribe_mailto=None,
            message_id=delivery.message_id,
        )
        return self._office.seal(data)

    def for_trial(self, address: str, *, message_id: str) -> tuple[str, bytes]:
        """The whole issue to any address, marked as a trial: its subject and its bytes."""
        letter = message.test_letter(self.letter(()))
        nobody = self._office.signer.sign(UNSUBSCRIBE, "0")
        data = message.prepare(letter).bytes_for(
            to_name="",
            to_address=address,
            unsubscribe_url=self._office.links.unsubscribe(nobody),
            unsubscribe_mailto=None,
            message_id=message_id,
        )
        return letter.subject, self._office.seal(data)
