"""How this instance runs: one frozen object, read once from the environment.

Every setting is ``SYNDICATION_<NAME>``; each may instead be given as ``SYNDICATION_<NAME>_FILE``, the path of
a file that holds the value, which is how secrets are handed over. An unknown name or a value that cannot be
used stops the start and names itself, so a misspelt setting is never silently ignored.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from email.utils import parseaddr
from enum import StrEnum
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from syndication.domain.rate import Rate
from syndication.domain.week import Holiday, Hours
from syndication.errors import SettingsError

PREFIX = "SYNDICATION_"
HOUSE = Path(__file__).resolve().parent.parent
"""The folder this program was cloned into: ``feeds/``, ``templates/`` and ``var/`` stand in it."""

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

TET = tuple(
    Holiday(date.fromisoformat(first), date.fromisoformat(last), "nghỉ Tết Nguyên đán")
    for first, last in (
        # Two days before the first of the lunar year (Vietnam's calendar, UTC+7) to its fifth day.
        ("2026-02-15", "2026-02-21"),
        ("2027-02-04", "2027-02-10"),
        ("2028-01-24", "2028-01-30"),
        ("2029-02-11", "2029-02-17"),
        ("2030-01-31", "2030-02-06"),
        ("2031-01-21", "2031-01-27"),
        ("2032-02-09", "2032-02-15"),
        ("2033-01-29", "2033-02-04"),
        ("2034-02-17", "2034-02-23"),
        ("2035-02-06", "2035-02-12"),
    )
)
"""The days around Tết on which offices rest."""


class Approval(StrEnum):
    """Whether a person must approve an issue before it is sent."""

    REQUIRED = "required"
    AUTOMATIC = "automatic"


class Doubt(StrEnum):
    """What is done about a mail of which nobody knows whether it arrived."""

    RESEND = "resend-same-bytes"
    HOLD = "hold"


class SignUps(StrEnum):
    """Whether anybody may ask for the digest on the web."""

    OPEN = "open"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings of this instance, checked."""

    base_url: str = "http://127.0.0.1:8000"
    """Where readers reach us; every public address begins with it. No slash at its end."""
    database_url: str = field(default="", repr=False)
    feeds_dir: Path = HOUSE / "feeds"
    templates_dir: Path = HOUSE / "templates"
    var_dir: Path = HOUSE / "var"
    smtp_url: str = field(default="smtp://127.0.0.1:25", repr=False)
    mail_from: str = "Bản tin tuần <digest@localhost>"
    access_token_from: Path | None = None
    """A file that holds the mail server's OAuth 2 access token (XOAUTH2), read at each login; something else renews it.
    """
    smtp_connections: int = 2
    """Conversations with the mail server at once."""
    mail_rate: tuple[Rate, ...] = ()
    """What the mail server allows; none: any number."""
    mail_hours: Hours | None = None
    """When the clock may send an issue; None: at any time."""
    mail_log: Path | None = None
    """The log of a Postfix on this machine: who was in doubt is looked up in it before anything is sent again."""
    uncertain: Doubt = Doubt.RESEND
    bounce_address: str = ""
    """Where what cannot be delivered comes back to, with ``+token`` behind its name; empty: to MAIL_FROM, unread."""
    hook_key: str = field(default="", repr=False)
    """Whoever shows it may hand in bounces at ``/hooks/bounce``; empty: nobody."""
    sign_up: SignUps = SignUps.OPEN
    sign_up_domains: frozenset[str] = frozenset()
    """Whose addresses may sign up; none named: everybody's."""
    secret_key: str = field(default="", repr=False)
    """Signs the links in mails. Empty: a key is made on first use and kept in ``var_dir``."""
    former_secret_keys: tuple[str, ...] = field(default=(), repr=False)
    """Keys before this one, the oldest first: links signed with them go on working."""
    dkim_key: str = field(default="", repr=False)
    """A private key in PEM with which messages are signed here; empty: the mail server signs, or nobody."""
    dkim_selector: str = ""
    timezone: ZoneInfo = VIETNAM
    digest_day: str = "monday"
    digest_at: time = time(7, 0)
    digest_approval: Approval = Approval.REQUIRED
    digest_least: int = 3
    """Stories below which a week gets no issue of its own; they stand in the next one."""
    digest_holidays: tuple[Holiday, ...] = TET
    """Days on which no issue is composed; what was told stands in the next one."""
    private_hosts: frozenset[str] = frozenset()
    """Exact ``host:port`` on private networks that may be read."""
    hub_url: str = ""
    """The WebSub hub that hears of every change and passes it on to readers; empty: none."""
    proxies: int = 0
    """Proxies of ours in front of this program, each of which adds to X-Forwarded-For; without any it is not read."""
    feed_limit: int = 300
    """Whole copies of one feed that one address may take in ten minutes without an ETag or date; 0: any number.

    Searches may be twice as many."""
    embed_ancestors: tuple[str, ...] = ()
    """Sites that may show our blocks in frames, as in CSP's frame-ancestors; none named: any."""
    contact: str = ""
    """Who answers for this instance: an address or page, told to portals and readers."""
    language: str = "vi"
    title: str = "Điểm tin các Trung tâm"
    """What this instance calls itself."""

    def __post_init__(self) -> None:
        if not self.database_url:
            object.__setattr__(self, "database_url", f"sqlite:///{self.var_dir / 'syndication.db'}")


_HOST = re.compile(r"(?!-)[A-Za-z0-9.-]{1,253}|[0-9A-Fa-f:.]+")
_URI = re.compile(r"(?:[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=]|%[0-9A-Fa-f]{2})+")
"""Characters of an address (RFC 3986 §2); what it cannot hold is written in others."""


def _is_web_address(raw: str) -> bool:
    """Whether an address can stand in feeds and headers as it is: a host with marks in its ASCII form (xn--…)."""
    if not _URI.fullmatch(raw) or not _is_address(raw, "http", "https"):
        return False
    return bool(_HOST.fullmatch(urlsplit(raw).hostname or ""))


def _is_address(raw: str, *schemes: str) -> bool:
    # urlsplit drops line breaks and the blanks around an address; what we keep is the value as it was given.
    if not raw.isprintable() or " " in raw:
        return False
    try:
        parts = urlsplit(raw)
        return parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port beyond 65535, half an IPv6 address
        return False


def _web_address(raw: str) -> str:
    if not _is_web_address(raw) or set(raw) & set("?#@"):
        raise ValueError("give an address such as https://tin.example.vn, a host with marks as xn--…")
    return raw.rstrip("/")


def _hub(raw: str) -> str:
    if not _is_web_address(raw) or set(raw) & set("#@"):
        raise ValueError("give a hub's address such as https://hub.example.vn/")
    return raw


def _database(raw: str) -> str:
    if raw.startswith("postgres://"):
        raw = "postgresql://" + raw.removeprefix("postgres://")
    if raw.startswith("postgresql://"):
        return "postgresql+psycopg://" + raw.removeprefix("postgresql://")
    if not re.match(r"sqlite:///(?!:memory:)[^?#]|postgresql\+psycopg://", raw):
        raise ValueError("give sqlite:///path/to/file.db or postgresql://user:password@host/name")
    return raw


def _smtp(raw: str) -> str:
    if not _is_address(raw, "smtp", "smtps", "smtp+starttls"):
        raise ValueError(
            "give smtp://host:port, smtp+starttls://user:password@host:port or smtps://host:port"
        )
    return raw


def _mailbox(raw: str) -> str:
    local, _, host = parseaddr(_text(raw))[1].rpartition("@")
    if not local or not host:
        raise ValueError("give an address such as Điểm tin tuần <diemtin@example.vn>")
    return raw


def _folder(raw: str) -> Path:
    path = _any_folder(raw)
    if not path.is_dir():
        raise ValueError(f"there is no folder {path}")
    return path


def _any_folder(raw: str) -> Path:
    if not raw.strip():
        raise ValueError("is empty: give a folder")
    return Path(raw).expanduser().resolve()


def _zone(raw: str) -> ZoneInfo:
    try:
        return ZoneInfo(raw)
    except (KeyError, ValueError, OSError) as cause:
        raise ValueError("give a zone name such as Asia/Ho_Chi_Minh") from cause


def _day(raw: str) -> str:
    if raw.lower() not in DAYS:
        raise ValueError("give one of " + ", ".join(DAYS))
    return raw.lower()


def _clock(raw: str) -> time:
    if not re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", raw):
        raise ValueError("give a time such as 07:00")
    return time.fromisoformat(raw)


def _approval(raw: str) -> Approval:
    try:
        return Approval(raw.lower())
    except ValueError as cause:
        raise ValueError("give required or automatic") from cause


def _doubt(raw: str) -> Doubt:
    try:
        return Doubt(raw.lower())
    except ValueError as cause:
        raise ValueError("give resend-same-bytes or hold") from cause


def _sign_up(raw: str) -> SignUps:
    try:
        return SignUps(raw.lower())
    except ValueError as cause:
        raise ValueError("give open or closed") from cause


_PERIODS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def _rates(raw: str) -> tuple[Rate, ...]:
    found = []
    for part in raw.replace(",", " ").split():
        match = re.fullmatch(r"([1-9][0-9]{0,8})/([smhd])", part)
        if not match:
            raise ValueError(
                f"{part} is no rate: write 10/s 600/m 10000/h 50000/d, as many as there are limits"
            )
        found.append(
            Rate(name=f"mail/{match[2]}", most=int(match[1]), per=timedelta(seconds=_PERIODS[match[2]]))
        )
    if len({rate.name for rate in found}) < len(found):
        raise ValueError("names one period twice; keep the smaller number")
    return tuple(found)


def _hours(raw: str) -> Hours:
    match = re.fullmatch(r"([a-z]+)(?:-([a-z]+))? ([0-9:]{5})-([0-9:]{5})", raw.strip().lower())
    wrong = ValueError("give days and times such as: monday-friday 07:00-18:00")
    if not match or not {match[1], match[2] or match[1]} <= set(DAYS):
        raise wrong
    first, last = DAYS.index(match[1]), DAYS.index(match[2] or match[1])
    days = frozenset((first + day) % 7 for day in range((last - first) % 7 + 1))
    hours = Hours(days, _clock(match[3]), _clock(match[4]))
    if hours.opens >= hours.closes:
        raise wrong
    return hours


def _address(raw: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,20}@[A-Za-z0-9.-]+", raw):
        raise ValueError(
            "give an address alone, with at most 20 letters before the @, such as tra-lai@example.vn"
        )
    return raw


def _any_file(raw: str) -> Path:
    path = Path(raw).expanduser().resolve()
    if not path.is_file():
        raise ValueError(f"there is no file {path}")
    return path


def _domains(raw: str) -> frozenset[str]:
    domains = frozenset(part.strip().lower().removeprefix("@") for part in raw.split(",") if part.strip())
    for domain in sorted(domains):
        if not re.fullmatch(r"[a-z0-9-]+(?:\.[a-z0-9-]+)+", domain):
            raise ValueError(f"{domain} is no domain: write haiphong.gov.vn, commas between several")
    return domains


def _former(raw: str) -> tuple[str, ...]:
    return tuple(_secret(part.strip()) for part in raw.split(",") if part.strip())


def _some(raw: str) -> int:
    number = _number(raw)
    if not 1 <= number <= 50:
        raise ValueError("give a number from 1 to 50")
    return number


def _holidays(raw: str) -> tuple[Holiday, ...]:
    found = []
    for part in filter(None, map(str.strip, raw.split(","))):
        days, _, name = part.partition(" ")
        first, _, last = days.partition("/")
        try:
            holiday = Holiday(date.fromisoformat(first), date.fromisoformat(last or first), name or "nghỉ lễ")
        except ValueError:
            holiday = None
        if holiday is None or holiday.last < holiday.first:
            raise ValueError(f"{part} is no holiday: write 2027-02-04/2027-02-10 Tết, commas between several")
        found.append(holiday)
    return tuple(found)


def _hosts(raw: str) -> frozenset[str]:
    hosts = frozenset(part.strip().lower() for part in raw.split(",") if part.strip())
    for host in sorted(hosts):
        match = re.fullmatch(r"(?:[a-z0-9._-]+|\[[0-9a-f:.]+\]):([0-9]{1,5})", host)
        if not match or not 0 < int(match[1]) < 65536:
            raise ValueError(f"{host} is no host with its port: write host:port, commas between several")
    return hosts


def _sites(raw: str) -> tuple[str, ...]:
    sites = sorted({part.strip().lower() for part in raw.split(",") if part.strip()})
    for site in sites:
        if not re.fullmatch(r"https?://(?:\*\.)?[a-z0-9-]+(?:\.[a-z0-9-]+)*(?::[0-9]{1,5})?", site):
            raise ValueError(
                f"{site} is no site: write https://example.vn or https://*.example.vn, commas between"
            )
    return tuple(sites)


def _number(raw: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", raw):
        raise ValueError("give a number, 0 or more")
    return int(raw)


def _secret(raw: str) -> str:
    if len(raw) < 16:
        raise ValueError("give at least 16 characters, such as the output of: openssl rand -hex 32")
    return raw


def _selector(raw: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?", raw):
        raise ValueError("give the selector's name in the DNS, such as news2026")
    return raw


def _language(raw: str) -> str:
    if raw not in ("vi", "en"):
        raise ValueError("give vi or en")
    return raw


def _text(raw: str) -> str:
    if re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", raw):
        raise ValueError("give one line of text")
    return raw


def _title(raw: str) -> str:
    if not raw.strip():
        raise ValueError("is empty: give the name readers see")
    return _text(raw)


READERS: Mapping[str, Callable[[str], Any]] = {
    "ACCESS_TOKEN_FROM": _any_file,
    "BASE_URL": _web_address,
    "BOUNCE_ADDRESS": _address,
    "CONTACT": _text,
    "DATABASE_URL": _database,
    "DIGEST_APPROVAL": _approval,
    "DIGEST_AT": _clock,
    "DIGEST_DAY": _day,
    "DIGEST_HOLIDAYS": _holidays,
    "DIGEST_LEAST": _number,
    "DKIM_KEY": _secret,
    "DKIM_SELECTOR": _selector,
    "EMBED_ANCESTORS": _sites,
    "FEEDS_DIR": _folder,
    "FEED_LIMIT": _number,
    "FORMER_SECRET_KEYS": _former,
    "HOOK_KEY": _secret,
    "HUB_URL": _hub,
    "LANGUAGE": _language,
    "MAIL_FROM": _mailbox,
    "MAIL_HOURS": _hours,
    "MAIL_LOG": _any_file,
    "MAIL_RATE": _rates,
    "PRIVATE_HOSTS": _hosts,
    "PROXIES": _number,
    "SECRET_KEY": _secret,
    "SIGN_UP": _sign_up,
    "SIGN_UP_DOMAINS": _domains,
    "SMTP_CONNECTIONS": _some,
    "SMTP_URL": _smtp,
    "TEMPLATES_DIR": _folder,
    "TIMEZONE": _zone,
    "TITLE": _title,
    "UNCERTAIN": _doubt,
    "VAR_DIR": _any_folder,
}
"""Every setting by name, with what reads and checks it. README's table is tested against this."""


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Read the settings from an environment; raises SettingsError that names every mistake at once."""
    values: dict[str, Any] = {}
    mistakes: list[str] = []
    given: set[str] = set()
    for variable in sorted(key for key in environment if key.startswith(PREFIX)):
        name = variable.removeprefix(PREFIX)
        raw = environment[variable]
        in_file = name not in READERS and name.removesuffix("_FILE") in READERS
        if in_file:
            name = name.removesuffix("_FILE")
        if name not in READERS:
            mistakes.append(f"{variable} is not a setting; see the table of settings in README.md")
            continue
        if name in given:
            mistakes.append(f"{variable}: given twice, as a value and as a file; keep one")
            continue
        given.add(name)
        try:
            if in_file:
                raw = Path(raw).read_text(encoding="utf-8").strip()
            values[name.lower()] = READERS[name](raw)
        except (OSError, UnicodeDecodeError) as cause:
            mistakes.append(f"{variable}: the file {raw} cannot be read ({cause.__class__.__name__})")
        except ValueError as cause:
            mistakes.append(f"{variable}: {cause}")
    if mistakes:
        raise SettingsError("\n".join(mistakes))
    return Settings(**values)
