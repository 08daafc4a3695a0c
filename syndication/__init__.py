"""Collects news from many portals, merges it into feeds per category and mails a weekly digest.

The flow reads as the folder does: ``catalogue`` says whom to read, ``collect`` reads them into the
``store``, ``publish`` turns stories into feeds, ``digest`` turns a week of them into mail, and the doors
(``web``, ``cli``, ``schedule``) let people, machines and the clock in.
"""

from __future__ import annotations

__version__ = "0.1.0"
