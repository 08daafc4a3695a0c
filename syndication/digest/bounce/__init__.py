"""Reads what comes back when a digest was mailed: a report of failure, a complaint, an absence, a wish to leave.

One message in, one ``Report`` out; nothing is remembered and nobody is believed. Everything in such a mail can be
forged, so the report only names ``tokens`` that may be ours: whoever acts on it checks their signature first, and
then knows at least that the writer had a mail of ours in hand.

What is looked at, in this order: the report for machines (RFC 3464), the complaint for machines (RFC 5965), the words
of mail servers that send neither, the signs of an automatic answer (RFC 3834), a person's words.
"""

from __future__ import annotations

from syndication.digest.bounce.meaning import Meaning, meaning_of
from syndication.digest.bounce.report import Report, read_report

__all__ = ["Meaning", "Report", "meaning_of", "read_report"]
