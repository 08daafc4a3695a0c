"""Whose TLS certificates we believe, and what to do about those that we do not. They are always checked."""

from __future__ import annotations

import ssl
from pathlib import Path

from syndication.errors import FetchFailed


def tls_context(ca_file: Path | None) -> ssl.SSLContext:
    """Trust in the system's authorities and in the certificates of a PEM file; raises OSError (SSLError)."""
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    if ca_file is not None:
        context.load_verify_locations(ca_file)
        # The file most often holds the intermediate that a server forgets; trusting it must be enough.
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return context


class Trust:
    """One context per ``ca_file``, made anew when the file changes."""

    def __init__(self) -> None:
        self._contexts: dict[Path, tuple[int, ssl.SSLContext]] = {}

    def in_file(self, ca_file: Path) -> ssl.SSLContext:
        """Raises FetchFailed where the file cannot be read."""
        try:
            stamp = ca_file.stat().st_mtime_ns
            kept = self._contexts.get(ca_file)
            if kept is None or kept[0] != stamp:
                kept = self._contexts[ca_file] = (stamp, tls_context(ca_file))
        except OSError as cause:  # ssl.SSLError is one
            raise FetchFailed(
                f"the certificates in {ca_file} cannot be read ({cause.strerror or cause}); give a PEM file"
            ) from cause
        return kept[1]


def explain_certificate(host: str, error: Exception, ca_file: Path | None) -> str:
    """OpenSSL's verdict in words (``openssl verify``, "Diagnostics", gives the codes)."""
    subject = f"the TLS certificate of {host}"
    match getattr(error, "verify_code", 0):
        case 9:
            return (
                f"{subject} is not valid yet; see whether this machine's clock is right, else tell the portal"
            )
        case 10 if ca_file is not None:
            return (
                f"{subject} has expired, or one in {ca_file.name} has; the portal must renew its own, and you "
                "the one in the file"
            )
        case 10:
            return f"{subject} has expired; the portal must renew it, tell them"
        case 18:
            return (
                f"{subject} is signed by itself, as anyone can; tell the portal to get one from an authority, "
                "or if you are sure of it, put it into a PEM file and name that with `ca_file`"
            )
        case 19:
            return (
                f"{subject} comes from an authority that we do not know; if you are sure of that authority, "
                "put its certificate into a PEM file and name that with `ca_file`"
            )
        case 20 | 21 if ca_file is not None:
            return (
                f"{subject} leads to no authority that we know, even with {ca_file.name}; add the certificate "
                "that is missing to that file"
            )
        case 20 | 21:
            return (
                f"{subject} leads to no authority that we know, most likely since the server sends an incomplete "
                "chain; add the missing certificate to a PEM file and name it with `ca_file`"
            )
        case 62 | 64:
            return f"{subject} is for another host; check the address, else tell the portal"
        case _:
            return f"{subject} is not valid ({reason(error)}); tell the portal"


def reason(error: Exception) -> str:
    """The shortest true words of an operating system or OpenSSL error."""
    if isinstance(error, ssl.SSLError):
        return (getattr(error, "verify_message", "") or error.reason or "TLS error").lower().replace("_", " ")
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return type(error).__name__
