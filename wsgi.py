"""The web door for a WSGI server, for instance ``granian --interface wsgi wsgi:application``."""

from __future__ import annotations

from syndication.web import from_environment

application = from_environment()
