"""Fetches what came back from the mailbox that our return address leads to, one unread message at a time.

Nothing is ever deleted or moved: a message dealt with is marked as read, so that the next run passes over it, and
one a person unmarks is read again. A run that is killed leaves the message it was at unread; reading it a second
time must be harmless, which is for ``deal_with`` to see to.
"""

from __future__ import annotations

import imaplib
import ipaddress
import re
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from syndication.errors import MailError, SettingsError
from syndication.text import one_line, shorten

_PORTS = {"imap": 143, "imap+starttls": 143, "imaps": 993}
_BYTES_FETCHED = 1_000_000  # no more of a message is read by the step that follows
_DONE = "$SyndicationDone"
_SHAPE = "imaps://user:password@host/FOLDER or imap+starttls://user:password@host/FOLDER"


@dataclass(frozen=True, slots=True)
class Read:
    """How many unread messages a run took up, and of how many of them something could be made."""

    seen: int
    dealt: int


@dataclass(frozen=True, slots=True)
class _Place:
    scheme: str
    host: str
    port: int
    user: str
    password: str = field(repr=False)
    folder: str

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


def read_mailbox(
    url: str, *, deal_with: Callable[[bytes], bool], tls: ssl.SSLContext | None = None, timeout: float = 30.0
) -> Read:
    """Give each unread message's first 1 000 000 bytes to ``deal_with``, and mark it as read once that returns.

    ``url`` is ``imaps://user:password@host[:port]/FOLDER`` or ``imap+starttls://…``, percent-encoded where needed;
    the folder is INBOX if none is given, and ``imap://`` is for a server on this machine. A message for which
    ``deal_with`` answers True also gets the keyword ``$SyndicationDone`` where the server keeps keywords. What
    ``deal_with`` raises comes through and leaves its message unread. ``timeout`` is in seconds, for each answer.
    Raises SettingsError for an address it cannot use and MailError when the server refuses or cannot be reached.
    """
    place = _read_url(url)
    with _logged_in(place, tls, timeout) as imap:
        keywords = _select(imap, place)
        seen = dealt = 0
        for uid in _unread(imap, place):
            raw = _fetched(imap, place, uid)
            if raw is None:  # somebody else's hand in the same mailbox
                continue
            useful = deal_with(raw)
            marks = rf"(\Seen {_DONE})" if useful and keywords else r"(\Seen)"
            _ask(imap, place, "mark a message as read", "STORE", uid, "+FLAGS.SILENT", marks)
            seen += 1
            dealt += useful
    return Read(seen, dealt)


# --- the conversation (RFC 3501, which every server since still speaks) ---


@contextmanager
def _logged_in(place: _Place, tls: ssl.SSLContext | None, timeout: float) -> Iterator[imaplib.IMAP4]:
    with _plain_errors(place):
        imap = _opened(place, tls or ssl.create_default_context(), timeout)
    try:
        with _plain_errors(place):
            try:
                imap.login(place.user, place.password)
            except imaplib.IMAP4.error as cause:
                if isinstance(cause, imaplib.IMAP4.abort):
                    raise
                raise MailError(
                    f"The mailbox server {place} refuses the login of {place.user}; correct the mailbox's address",
                    permanent=True,
                ) from None
        yield imap
    finally:
        # Not CLOSE, which would also remove what others have marked as deleted (RFC 3501 §6.4.2).
        try:
            imap.logout()
        except (OSError, imaplib.IMAP4.error):
            _hang_up(imap)


def _opened(place: _Place, tls: ssl.SSLContext, timeout: float) -> imaplib.IMAP4:
    if place.scheme == "imaps":
        return imaplib.IMAP4_SSL(place.host, place.port, ssl_context=tls, timeout=timeout)
    imap = imaplib.IMAP4(place.host, place.port, timeout=timeout)
    if place.scheme == "imap+starttls":
        try:
            if "STARTTLS" not in imap.capabilities:
                raise MailError(
                    f"The mailbox server {place} offers no TLS; give imaps:// or mend the server",
                    permanent=True,
                )
            imap.starttls(tls)
        except BaseException:
            _hang_up(imap)
            raise
    return imap


def _hang_up(imap: imaplib.IMAP4) -> None:
    with suppress(OSError):
        imap.shutdown()


def _select(imap: imaplib.IMAP4, place: _Place) -> bool:
    """Open the folder; whether keywords of our own can be kept in it."""
    with _plain_errors(place):
        try:
            answer, says = imap.select(_quoted(place.folder))
        except imaplib.IMAP4.readonly:
            raise MailError(
                f"The folder {place.folder} on {place} may only be read, so nothing could be marked there; give"
                " this login the right to mark messages",
                permanent=True,
            ) from None
    if answer != "OK":
        raise MailError(
            f"The mailbox server {place} has no folder {place.folder} for us ({_words(says)});"
            " correct the folder in the mailbox's address",
            permanent=True,
        )
    _, allowed = imap.response("PERMANENTFLAGS")
    flags = b" ".join(flag for flag in allowed or [] if isinstance(flag, bytes)).decode("ascii", "replace")
    return r"\*" in flags or _DONE.lower() in flags.lower()  # RFC 3501 §7.1, PERMANENTFLAGS


def _unread(imap: imaplib.IMAP4, place: _Place) -> list[str]:
    found = _ask(imap, place, "list the unread messages", "SEARCH", "UNSEEN", "UNDELETED")
    return [
        uid for line in found if isinstance(line, bytes) for uid in line.decode("ascii", "replace").split()
    ]


def _fetched(imap: imaplib.IMAP4, place: _Place, uid: str) -> bytes | None:
    """A message's beginning, without marking it as read; None for one that is gone meanwhile."""
    answer = _ask(imap, place, "show a message", "FETCH", uid, f"(BODY.PEEK[]<0.{_BYTES_FETCHED}>)")
    # Other untagged news may stand among the answers; the message is the one that came as a literal.
    return next((part[1][:_BYTES_FETCHED] for part in answer if isinstance(part, tuple)), None)


def _ask(imap: imaplib.IMAP4, place: _Place, what: str, command: str, *words: str) -> list[object]:
    """One command with UIDs, which stay the same while others change the mailbox."""
    with _plain_errors(place):
        answer, data = imap.uid(command, *words)
    if answer != "OK":
        raise MailError(f"The mailbox server {place} would not {what} ({_words(data)}); try again later")
    return list(data)


@contextmanager
def _plain_errors(place: _Place) -> Iterator[None]:
    """Turn what imaplib and the network raise into one plain line, which never holds the password."""
    try:
        yield
    except ssl.SSLCertVerificationError as cause:
        raise MailError(
            f"The mailbox server {place} shows a certificate that cannot be trusted ({cause.verify_message});"
            " correct the mailbox's address or the server",
            permanent=True,
        ) from cause
    except UnicodeError:
        # From None: this error carries the password it could not encode.
        raise MailError(
            "The mailbox's user, password and host must be ASCII; set another password", permanent=True
        ) from None
    except (OSError, imaplib.IMAP4.abort) as cause:
        raise MailError(
            f"The mailbox server {place} cannot be reached ({_why(cause)}); check its address and try again later"
        ) from cause
    except imaplib.IMAP4.error as cause:
        raise MailError(
            f"The mailbox server {place} does not do what is asked of it ({_why(cause)}); check the mailbox's address"
        ) from cause


# --- the address ---


def _read_url(url: str) -> _Place:
    try:
        parts = urlsplit(url)
        port = _PORTS[parts.scheme] if parts.port is None else parts.port
    except (KeyError, ValueError):
        raise SettingsError(f"The mailbox's address cannot be used; give {_SHAPE}") from None
    place = _Place(
        scheme=parts.scheme,
        host=parts.hostname or "",
        port=port,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        folder=unquote(parts.path.lstrip("/")) or "INBOX",
    )
    if not (place.port and place.host and place.user and place.password):
        raise SettingsError(f"The mailbox's address cannot be used; give {_SHAPE}")
    if re.search(r"[\x00-\x1f\x7f]", place.user + place.password + place.folder):
        raise SettingsError(f"The mailbox's address holds a control character; give {_SHAPE}")
    if place.scheme == "imap" and not _is_this_machine(place.host):
        raise SettingsError(
            "The mailbox's address: imap:// would send the password readable by anyone on the way;"
            f" write {_SHAPE}"
        )
    return place


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _quoted(folder: str) -> str:
    """A mailbox name as a quoted string (RFC 3501 §4.3) in modified UTF-7 (§5.1.3)."""

    def shifted(run: re.Match[str]) -> str:
        if run[0] == "&":
            return "&-"
        packed = run[0].encode("utf-7").decode("ascii")
        return "&" + packed.removeprefix("+").removesuffix("-").replace("/", ",") + "-"

    name = re.sub(r"&|[^\x20-\x7e]+", shifted, folder)
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _words(says: object) -> str:
    first = says[0] if isinstance(says, list) and says else b""
    return shorten(one_line(first.decode("utf-8", "replace") if isinstance(first, bytes) else ""), 300)


def _why(cause: Exception) -> str:
    told = (cause.strerror or str(cause)) if isinstance(cause, OSError) else str(cause)
    return shorten(one_line(told), 300) or cause.__class__.__name__
