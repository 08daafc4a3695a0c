"""Every error we raise on purpose, drawn as a tree.

SyndicationError                 one plain line that says what to do
├── SettingsError                the environment: a name or a value we cannot use
├── CatalogueError               files in feeds/: carries every mistake at once
├── StoreError                   the database cannot be reached or used
├── SourceError                  one source of one portal; ``permanent`` says whether trying again helps
│   ├── AddressRefused           the address is one we never connect to
│   ├── FetchFailed              no usable answer came
│   └── NotReadable              an answer came, and it is not what the source says it is
├── StoryError                   there is no such story, or it is not in a state that allows this
├── MailError                    the mail server; ``permanent`` says whether trying again helps
├── IssueError                   the digest's issue is not in a state that allows this
└── RosterError                  the list of subscribers cannot be read as given
"""

from __future__ import annotations

from dataclasses import dataclass


class SyndicationError(Exception):
    """The root. Its text is one plain line for a person: what is wrong and what to do."""


class SettingsError(SyndicationError):
    """A setting has an unknown name or a value that cannot be used."""


@dataclass(frozen=True, slots=True, order=True)
class Mistake:
    """One mistake in the catalogue: the file, the key in it and what would be right."""

    file: str
    key: str
    says: str

    def __str__(self) -> str:
        return f"{self.file}: {self.key}: {self.says}" if self.key else f"{self.file}: {self.says}"


class CatalogueError(SyndicationError):
    """The files in ``feeds/`` hold mistakes; all of them are in ``mistakes``."""

    def __init__(self, mistakes: list[Mistake]) -> None:
        self.mistakes = tuple(sorted(mistakes))
        super().__init__("\n".join(str(mistake) for mistake in self.mistakes))


class StoreError(SyndicationError):
    """The database cannot be opened, or is not at the version this program needs."""


class SourceError(SyndicationError):
    """One source could not be read this time. Nothing already kept is touched by it."""

    status: int | None = None
    """The answer's status, where there was one."""

    def __init__(self, says: str, *, permanent: bool = False, retry_after: float | None = None) -> None:
        super().__init__(says)
        self.permanent = permanent
        self.retry_after = retry_after
        """Seconds the source asked us to stay away, or None."""


class AddressRefused(SourceError):
    """The address is malformed, private, or not http(s)."""


class FetchFailed(SourceError):
    """No usable answer: no connection, too slow, too large, or an error status."""

    def __init__(
        self,
        says: str,
        *,
        permanent: bool = False,
        retry_after: float | None = None,
        status: int | None = None,
    ) -> None:
        super().__init__(says, permanent=permanent, retry_after=retry_after)
        self.status = status


class HostWaits(FetchFailed):
    """Not asked at all: through other addresses its host has asked us to stay away for ``retry_after`` seconds."""


class NotReadable(SourceError):
    """An answer came, and it is not the kind of document the source is declared to be."""


class StoryError(SyndicationError):
    """There is no such story, or this cannot be done to it as it stands."""


class MailError(SyndicationError):
    """The mail server refused, or could not be reached."""

    def __init__(self, says: str, *, code: int | None = None, permanent: bool = False) -> None:
        super().__init__(says)
        self.code = code
        self.permanent = permanent


class IssueError(SyndicationError):
    """This cannot be done to the digest's issue in the state it is in."""


class RosterError(SyndicationError):
    """The file of subscribers cannot be read at all."""
