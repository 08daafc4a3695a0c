"""Publishes stories: announce → select → build → keep ready to serve.

``pipeline`` conducts and is the only step that touches the store; ``feed`` and ``opml`` turn values into bytes,
the same values always into the same bytes. Nothing here reads portals, serves requests or mails.
"""
