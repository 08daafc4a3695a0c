"""The language of a page: Vietnamese at its own address, English at the same one behind ``/en``.

Texts stand in the templates in Vietnamese; ``templates/translations`` has their English. Nothing is guessed from a
request's headers and nothing is remembered, so an address is the same page for everyone. After a change there::

    .venv/bin/pybabel compile -d templates/translations
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from babel.dates import format_date
from babel.support import NullTranslations, Translations
from flask import Flask, request

from syndication.bootstrap import House
from syndication.domain.week import IsoWeek, administrative_day, week_title
from syndication.links import ENGLISH, Links


class Language(StrEnum):
    """A language pages are written in."""

    VIETNAMESE = "vi"
    ENGLISH = "en"


def language() -> Language:
    """The language of the page that is asked for."""
    english = request.path == ENGLISH or request.path.startswith(f"{ENGLISH}/")
    return Language.ENGLISH if english else Language.VIETNAMESE


def pages_in(which: Language, links: Links) -> Links:
    """The addresses of the pages in this language; feeds and everything else have one address for all."""
    return links.spoken(which)


def prepare(app: Flask, house: House) -> None:
    """Give the templates the words and the dates of the page's language."""
    zone, links = house.settings.timezone, house.links
    words: dict[Language, NullTranslations] = {
        Language.VIETNAMESE: NullTranslations(),
        Language.ENGLISH: Translations.load(
            house.settings.templates_dir / "translations", [Language.ENGLISH]
        ),
    }
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined] # the extension adds it
        lambda one: words[language()].gettext(one),
        lambda one, many, count: words[language()].ngettext(one, many, count),
        newstyle=True,
    )

    def day(moment: date) -> str:
        local = moment.astimezone(zone).date() if isinstance(moment, datetime) else moment
        if language() is Language.ENGLISH:
            return format_date(local, "d MMMM y", locale="en")
        return administrative_day(local)

    def clock(moment: datetime) -> str:
        return f"{moment.astimezone(zone):%H:%M}, {day(moment)}"

    def week(which: IsoWeek, first: IsoWeek | None = None) -> str:
        if language() is Language.VIETNAMESE:
            return week_title(which, first)
        number = f"{first.number}–{which.number}" if first and first != which else f"{which.number}"
        return f"Week {number}, {which.year} ({day((first or which).starts_on)} – {day(which.ends_on)})"

    def context() -> dict[str, object]:
        spoken = language()
        other = Language.VIETNAMESE if spoken is Language.ENGLISH else Language.ENGLISH
        return {
            "language": str(spoken),
            "here": pages_in(spoken, links),
            "elsewhere": pages_in(other, links),
            "in_vietnamese": links,
            "in_english": pages_in(Language.ENGLISH, links),
        }

    app.jinja_env.filters |= {"day": day, "moment": clock, "week_title": week}
    app.context_processor(context)
