"""Prints an issue of the digest as a mail: subject, plain text and HTML, from the texts in ``templates/digest``.

The same issue gives the same bytes. Only two things differ between a reader's mail and the public page in the
archive: the sentence that says why the mail came, and the link that ends it.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from syndication.digest.inline import inline
from syndication.domain.issue import Entry, Issue, IssueContent, Upcoming
from syndication.domain.week import administrative_day, week_title
from syndication.links import Links
from syndication.text import one_line, sentences, shorten

COLUMNS = 78
"""The widest line of a plain text mail (RFC 5322 §2.1.1); an address may be wider, it is never broken."""

SUMMARY = 220
"""Characters of a summary: one or two sentences, and 30 stories stay well below the size Gmail cuts at."""

COMFORTABLE = 80_000
"""Bytes of HTML up to which no mail program cuts a mail, whatever a relay adds."""
RICHNESS = ((SUMMARY, 6), (130, 3), (0, 1))
"""Characters of a summary and portals named for a story: as a rule, and twice leaner for an issue too large.

The other portals that tell it are counted, and its page here names them."""

SHORT_SUMMARY = 140
"""Characters of a summary among the highlights, which are read at one glance."""

PREVIEW = range(40, 101)
"""Characters of the line a mailbox shows beside the subject: a shorter one draws in what stands below it."""
TIED = 12
"""Characters of a word up to which it is kept on one line with its neighbour, even on the narrowest phone."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """An issue as it is mailed or shown."""

    subject: str
    preheader: str
    """What a mailbox shows beside the subject."""
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class _Site:
    title: str
    contact: str


def _wrapped(text: str) -> str:
    return textwrap.fill(one_line(text), COLUMNS, break_on_hyphens=False)


def _tied(text: str) -> str:
    """The last two words on one line, so that no line of a heading holds a single syllable."""
    words = text.rsplit(" ", 2)
    if len(words) < 2 or max(map(len, words[-2:])) > TIED:
        return text
    return "\u00a0".join(text.rsplit(" ", 1))


def _headed(text: str) -> str:
    heading = _wrapped(text)
    return f"{heading}\n{'-' * max(map(len, heading.splitlines()))}"


def _days(event: Upcoming) -> str:
    """``25/11``, ``25 – 27/11`` or ``30/11 – 02/12``: the days of what is to come."""
    last = administrative_day(event.ends_on, with_year=False)
    if event.starts_on == event.ends_on:
        return last
    same_month = (event.starts_on.year, event.starts_on.month) == (event.ends_on.year, event.ends_on.month)
    first = (
        f"{event.starts_on.day:02d}" if same_month else administrative_day(event.starts_on, with_year=False)
    )
    return f"{first} – {last}"


def _issue_title(content: IssueContent) -> str:
    return week_title(content.week, content.begins)


def _preheader(content: IssueContent) -> str:
    """The first headlines; of a thin issue also how much it has."""
    said = [entry.title for entry in content.entries[:3]]
    if len(" · ".join(said)) < PREVIEW[0]:
        said.append(_counted(content))
    return shorten(" · ".join(said), PREVIEW[-1])


def _published(issue: Issue) -> str:
    """When an issue went out, as Atom writes it (RFC 3339)."""
    moment = issue.sending_at or issue.sent_at or issue.composed_at
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _counted(content: IssueContent) -> str:
    """What this issue has, and out of what it was chosen."""
    printed, told = len(content.entries), content.stories_told
    said = (
        f"{printed} tin từ {content.portal_count} cổng"
        if printed >= told
        else f"{printed} tin chọn từ {told} tin của {max(content.portals_heard, content.portal_count)} cổng"
    )
    weeks = (content.week.starts_on - content.first_week.starts_on).days // 7 + 1
    return f"{said} · gộp {weeks} tuần" if weeks > 1 else said


def _statistics(content: IssueContent) -> str:
    """The line that closes an issue: all that was told, by category."""
    if len(content.tally) < 2:
        return ""
    when = "Trong tuần" if content.begins is None else "Trong thời gian này"
    by_category = "; ".join(f"{one.title} {one.stories}" for one in content.tally)
    return f"{when} các cổng đăng {content.stories_told} tin: {by_category}."


def _lean(content: IssueContent, *, summary: int) -> IssueContent:
    """The same stories with no more than this said of each."""

    def lean(entry: Entry) -> Entry:
        return replace(entry, summary=sentences(entry.summary, summary) if summary else "")

    return replace(
        content,
        hero=lean(content.hero) if content.hero else None,
        highlights=tuple(map(lean, content.highlights)),
        sections=tuple(
            replace(section, entries=tuple(map(lean, section.entries))) for section in content.sections
        ),
        upcoming=tuple(replace(event, entry=lean(event.entry)) for event in content.upcoming),
    )


class Renderer:
    """Prints issues with the templates of this instance."""

    def __init__(
        self, templates_dir: Path, *, links: Links, site_title: str, contact: str, timezone: tzinfo
    ) -> None:
        """``contact`` is a mail address, a web address or a line of text; empty, the mail names none."""

        def day(moment: datetime) -> str:
            return administrative_day(moment.astimezone(timezone).date(), with_year=False)

        self._links = links
        self._site = _Site(site_title, contact)
        self._templates = Environment(
            loader=FileSystemLoader(templates_dir),
            autoescape=select_autoescape(["html", "xml"]),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters |= {
            "brief": lambda text: sentences(text, SUMMARY),
            "short": lambda text: sentences(text, SHORT_SUMMARY),
            "tied": _tied,
            "day": day,
            "days": _days,
            "headed": _headed,
            "issue_title": _issue_title,
            "preheader": _preheader,
            "published": _published,
            "wrapped": _wrapped,
        }

    def render(
        self, content: IssueContent, *, unsubscribe_url: str | None, preferences_url: str | None = None
    ) -> Rendered:
        """Print an issue as a mail.

        ``unsubscribe_url`` is the reader's own link, or a placeholder that is safe in an address and replaced
        later, so that an issue is printed once for everyone; None prints the mail without what is for readers only.
        ``preferences_url`` likewise; without it the mail has no such link.
        An issue that would be larger than COMFORTABLE is printed with shorter summaries and fewer portals named.
        """
        for summary, portals in RICHNESS:
            printed = self._printed(
                _lean(content, summary=summary),
                unsubscribe_url=unsubscribe_url,
                preferences_url=preferences_url,
                named=portals,
            )
            printed = replace(printed, html=inline(printed.html) + "\n")
            if len(printed.html.encode()) <= COMFORTABLE:
                break
        return printed

    def page(self, content: IssueContent) -> Rendered:
        """Print an issue as the public page of the archive, the same for everyone.

        A browser needs no styles in the elements, and a page is asked for by every mail scanner of every reader
        within the same minute.
        """
        return self._printed(content, unsubscribe_url=None)

    def feed(self, issues: Sequence[Issue]) -> str:
        """Print these issues as an Atom feed (RFC 4287)."""

        def contents(content: IssueContent) -> str:
            return self._print("feed-entry.html", self._context(content, unsubscribe_url=None))

        updated = max(map(_published, issues), default="2026-01-01T00:00:00Z")
        context = {
            "issues": issues,
            "links": self._links,
            "site": self._site,
            "updated": updated,
            "contents": contents,
        }
        return self._print("feed.xml", context)

    def preview(self, **context: object) -> str:
        """Print the page on which an editor sees an issue from all sides."""
        return self._print("preview.html", context)

    def mail(self, kind: str, *, language: str, values: Mapping[str, str]) -> Rendered:
        """Print a single mail from ``templates/mail/<kind>`` with these values, in Vietnamese or English."""
        context = {
            "language": language,
            "links": self._links.spoken(language),
            "site": self._site,
            **values,
        }
        subject = one_line(self._print("subject.txt", context, folder=f"mail/{kind}"))
        context["subject"] = subject
        return Rendered(
            subject=subject,
            preheader="",
            text=self._print("body.txt", context, folder=f"mail/{kind}").strip() + "\n",
            html=inline(self._print("body.html", context, folder=f"mail/{kind}")) + "\n",
        )

    def _context(
        self,
        content: IssueContent,
        *,
        unsubscribe_url: str | None,
        preferences_url: str | None = None,
        named: int = RICHNESS[0][1],
    ) -> dict[str, object]:
        sections = [section for section in content.sections if section.entries]
        totals = {one.category: one.stories for one in content.tally}
        return {
            "content": content,
            "sections": sections,
            "totals": {
                section.category: max(totals.get(section.category, 0), len(section.entries) + section.more)
                for section in sections
            },
            "inside": [
                *([("Tin nổi bật", len(content.highlights))] if content.highlights else []),
                *((section.title, len(section.entries)) for section in sections),
                *([("Sắp diễn ra", len(content.upcoming))] if content.upcoming else []),
            ],
            "counted": _counted(content),
            "statistics": _statistics(content),
            "preheader": _preheader(content),
            "named": named,
            "site": self._site,
            "links": self._links,
            "archive_url": self._links.digest(str(content.week)),
            "unsubscribe_url": unsubscribe_url,
            "preferences_url": preferences_url,
        }

    def _printed(
        self,
        content: IssueContent,
        *,
        unsubscribe_url: str | None,
        preferences_url: str | None = None,
        named: int = RICHNESS[0][1],
    ) -> Rendered:
        context = self._context(
            content, unsubscribe_url=unsubscribe_url, preferences_url=preferences_url, named=named
        )
        subject = one_line(self._print("subject.txt", context))
        context["subject"] = subject
        return Rendered(
            subject=subject,
            preheader=_preheader(content),
            text=self._print("body.txt", context).strip() + "\n",
            html=self._print("body.html", context),
        )

    def _print(self, name: str, context: Mapping[str, object], *, folder: str = "digest") -> str:
        return self._templates.get_template(f"{folder}/{name}").render(context)
