"""Reads portals: fetch → parse → normalise → categorise → merge, and keeps what is new.

``pipeline`` conducts and is the only step that touches the store; ``fetch`` is the only step that touches the
network; every other step only turns values into values. Nothing here publishes or mails.
"""
