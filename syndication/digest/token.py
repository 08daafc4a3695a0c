"""Signed links: what stands in a reader's unsubscribe address so that nobody else can guess or forge it.

A token reads ``<key version>-<subject>-<signature>``, for instance ``1-gq3tcmi-mzxw6ytboi…``. It is written
in lower-case base32 (RFC 4648 §6): mail programs and gateways that change case, or cut an address at a dot
or underline at its end, leave it whole. It has no expiry: an unsubscribe link in a mail of years ago must
work.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from collections.abc import Sequence
from functools import lru_cache

_SIGNATURE_BYTES = 16
_PURPOSE = re.compile(r"[a-z][a-z0-9-]*")


class Signer:
    """Signs with ``secret``; tokens signed with ``former`` secrets (oldest first) can still be read.

    The key version in a token is the place of its secret in that row, so when the secret is changed the old
    one is put at the end of ``former`` and links in old mails go on working. Raises ValueError for an empty
    secret.
    """

    def __init__(self, secret: str, *, former: Sequence[str] = ()) -> None:
        keys = (*former, secret)
        if not all(keys):
            raise ValueError("the secret is empty: signatures made with it would protect nothing")
        self._keyed = {
            str(version): hmac.new(key.encode(), digestmod="sha256")
            for version, key in enumerate(keys, start=1)
        }
        self._begun = lru_cache(64)(self._begin)
        self._version = str(len(keys))

    def sign(self, purpose: str, subject: str) -> str:
        """A token for ``subject`` (an id, an address) that is good for ``purpose`` (``unsubscribe``) only."""
        return self._token(self._version, purpose, subject)

    def read(self, purpose: str, token: str) -> str | None:
        """The subject of a token made by ``sign`` for the same purpose; None for anything else."""
        version, _, rest = token.lower().partition("-") if token.isascii() else ("", "", "")
        if version not in self._keyed:
            return None
        packed, _, _ = rest.partition("-")
        try:
            subject = base64.b32decode(packed.upper() + "=" * (-len(packed) % 8)).decode()
        except (binascii.Error, UnicodeDecodeError):
            return None
        # The whole token is made again and compared, so there is exactly one spelling of each.
        expected = self._token(version, purpose, subject)
        return subject if hmac.compare_digest(expected, token.lower()) else None

    def digest(self, purpose: str, *parts: str) -> str:
        """32 hexadecimal characters (128 bits) that only this instance can compute from ``parts``.

        For Message-IDs and return addresses: the same for every attempt at one delivery, and not to be
        guessed by someone who wants to send a reader a mail with that Message-ID first.
        """
        return self._mac(self._version, "digest", purpose, *parts).hex()

    def digests(self, purpose: str, *parts: str) -> tuple[str, ...]:
        """What ``digest`` gives for these parts, and what it gave with each former key; the present one first."""
        versions = sorted(self._keyed, key=int, reverse=True)
        return tuple(self._mac(version, "digest", purpose, *parts).hex() for version in versions)

    def _token(self, version: str, purpose: str, subject: str) -> str:
        signature = self._mac(version, "token", purpose, subject)
        return f"{version}-{_base32(subject.encode())}-{_base32(signature)}"

    def _mac(self, version: str, use: str, purpose: str, *parts: str) -> bytes:
        # Copied for each signature: unlike hmac.digest() that lets no other thread go first, which among threads that
        # send mail cost fifty times what the signature does.
        keyed = self._begun(version, use, purpose).copy()
        for part in parts:
            keyed.update(_field(part))
        return keyed.digest()[:_SIGNATURE_BYTES]

    def _begin(self, version: str, use: str, purpose: str) -> hmac.HMAC:
        """What the signatures of one purpose have in common."""
        if not _PURPOSE.fullmatch(purpose):
            raise ValueError(f"{purpose!r} is no purpose: write lower-case letters, digits and hyphens")
        keyed = self._keyed[version].copy()
        for field in (use, purpose, version):
            keyed.update(_field(field))
        return keyed


def _field(text: str) -> bytes:
    """With its length before it, so that no two rows of fields are the same bytes."""
    raw = text.encode()
    return len(raw).to_bytes(4, "big") + raw


def _base32(raw: bytes) -> str:
    return base64.b32encode(raw).decode().rstrip("=").lower()
