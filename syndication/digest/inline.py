"""Moves a mail's style sheet into ``style`` attributes, because many mail programs throw style sheets away.

premailer is asked for exactly that and nothing else: what it would do by default (fetch linked sheets, strip
``!important``, write presentational attributes, share parsed sheets between calls) harms a mail or is not
safe in a process with threads.
"""

from __future__ import annotations

import logging

_ATTRIBUTES = ["width", "height", "bgcolor", "align", "valign"]
"""Attributes premailer would write beside a style; ``width="100%"`` on an image is not valid HTML."""


def inline(html: str) -> str:
    """The same document with every ``<style>`` written into the elements it matches.

    A ``<style data-premailer="ignore">`` is kept as it stands, for rules that only mean something in a style
    sheet (``@media``, ``[data-ogsc]``). The document begins with an upper-case ``<!DOCTYPE html>``; premailer
    drops any other. Nothing is fetched and no file is read.
    """
    # Only who prints a mail needs it, and waits for it: it brings a client for the web along.
    from premailer import Premailer

    document = Premailer(
        html,
        allow_network=False,
        allow_loading_external_files=False,
        cache_css_parsing=False,
        strip_important=False,
        disable_basic_attributes=_ATTRIBUTES,
        align_floating_images=False,
        # The sheet is ours: checking it would only drop what cssutils is too old to know (object-fit).
        disable_validation=True,
        cssutils_logging_level=logging.CRITICAL,
    )
    return str(document.transform(pretty_print=False))
