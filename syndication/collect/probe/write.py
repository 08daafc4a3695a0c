"""Writes a portal as the file that ``catalogue`` reads (``feeds/portals/<id>.toml``)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import timedelta

from syndication.collect.probe.search import Probed
from syndication.collect.probe.software import Software
from syndication.domain.portal import Read, SlashDates


def as_toml(probed: Probed) -> str:
    """The portal's file; what a person still has to see to stands in its comment."""
    portal = probed.portal
    about = {
        "name": portal.name,
        "home": portal.home,
        "contact": portal.contact,
        "language": portal.language,
        "hosts": portal.hosts,
        "priority": portal.priority,
    }
    lines = [*_comment(probed), "", *_keys(about)]
    for source in portal.sources:
        keys = {
            "url": source.url,
            "read": source.read.value,
            "label": source.label,
            "every": _every(source.every),
        }
        if source.dates is not SlashDates.DMY:
            keys["dates"] = source.dates.value
        lines += ["", "[[source]]", *_keys(keys)]
        if source.select:
            lines += ["", "[source.select]", *_keys(source.select)]
    return "\n".join(lines) + "\n"


def _comment(probed: Probed) -> Iterator[str]:
    yield f"# Probed on {probed.on.date().isoformat()}: every source below answered and was read."
    if probed.software is Software.UNKNOWN:
        yield "# Software: not recognised."
    else:
        yield f"# Software: {probed.software}, by {probed.evidence}."
    yield "# From the portal's front page: the name. To be seen to by a person: name, contact and priority."
    if any(source.read is Read.PAGE for source in probed.portal.sources):
        yield "# Derived from the page's markup: the selectors."


def _keys(values: Mapping[str, object]) -> list[str]:
    given = {key: value for key, value in values.items() if value is not None}
    width = max(map(len, given))
    return [f"{key:<{width}} = {_value(value)}" for key, value in given.items()]


def _value(value: object) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(map(_value, value))}]"
    # TOML's basic strings are JSON's, but that U+007F must be escaped too (TOML 1.0, String).
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _every(every: timedelta) -> str:
    minutes = int(every.total_seconds()) // 60
    for unit, size in (("d", 24 * 60), ("h", 60)):
        if minutes % size == 0:
            return f"{minutes // size}{unit}"
    return f"{minutes}m"
