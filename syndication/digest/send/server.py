"""Where the mail server is and how we log in there, read from SYNDICATION_SMTP_URL."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from syndication.errors import SettingsError

_PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}


@dataclass(frozen=True, slots=True)
class Server:
    """A mail server's address with the login; written out it is host and port alone."""

    scheme: str
    host: str
    port: int
    user: str
    password: str = field(repr=False)

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


def read_url(smtp_url: str) -> Server:
    """Raises SettingsError for an address that cannot be used, or would send a password in the clear."""
    parts = urlsplit(smtp_url)
    try:
        port = parts.port
    except ValueError:
        port = 0
    if parts.scheme not in _PORTS or not parts.hostname or port == 0:
        raise SettingsError(
            "SYNDICATION_SMTP_URL: give smtp://host:port, smtp+starttls://user:password@host:port"
            " or smtps://user:password@host:port"
        )
    server = Server(
        scheme=parts.scheme,
        host=parts.hostname,
        port=port or _PORTS[parts.scheme],
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
    )
    if server.scheme == "smtp" and server.user and not _is_this_machine(server.host):
        raise SettingsError(
            "SYNDICATION_SMTP_URL: smtp:// would send the password readable by anyone on the way;"
            " write smtp+starttls:// or smtps://"
        )
    return server


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
