"""Prints an issue of the digest as a mail: subject, plain text and HTML, from the texts in ``templates/digest``.

The same issue gives the same bytes. Only two things differ between a reader's mail and the public page in the
archive: the sentence that says why the mail came, and the link that ends it.
"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from syndication.digest.inline import inline
from syndication.domain.issue import IssueContent
from syndication.domain.week import administrative_day, week_title
from syndication.links import Links
from syndication.text import one_line, shorten

COLUMNS = 78
"""The widest line of a plain text mail (RFC 5322 §2.1.1); an address may be wider, it is never broken."""

SUMMARY = 220
"""Characters of a summary: one or two sentences, and 30 stories stay well below the size Gmail cuts at."""

PREVIEW = 200
"""Characters of the line a mailbox shows beside the subject; no program shows more."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """An issue as it is mailed or shown."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class _Site:
    title: str
    contact: str


def _wrapped(text: str) -> str:
    return textwrap.fill(one_line(text), COLUMNS, break_on_hyphens=False)


def _headed(text: str) -> str:
    heading = _wrapped(text)
    return f"{heading}\n{'-' * max(map(len, heading.splitlines()))}"


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
            autoescape=select_autoescape(["html"]),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters |= {
            "brief": lambda text: shorten(one_line(text), SUMMARY),
            "day": day,
            "headed": _headed,
            "week_title": week_title,
            "wrapped": _wrapped,
        }

    def render(self, content: IssueContent, *, unsubscribe_url: str | None) -> Rendered:
        """Print an issue.

        ``unsubscribe_url`` is the reader's own link, or a placeholder that is safe in an address and replaced
        later, so that an issue is printed once for everyone; None prints the public page of the archive.
        """
        context = {
            "content": content,
            "sections": [section for section in content.sections if section.entries],
            "preview": shorten(" · ".join(entry.title for entry in content.entries[:3]), PREVIEW),
            "site": self._site,
            "links": self._links,
            "archive_url": self._links.digest(str(content.week)),
            "unsubscribe_url": unsubscribe_url,
        }
        subject = one_line(self._print("subject.txt", context))
        context["subject"] = subject
        return Rendered(
            subject=subject,
            text=self._print("body.txt", context).strip() + "\n",
            html=inline(self._print("body.html", context)) + "\n",
        )

    def _print(self, name: str, context: dict[str, object]) -> str:
        return self._templates.get_template(f"digest/{name}").render(context)
