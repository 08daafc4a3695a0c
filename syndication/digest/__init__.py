"""Makes one digest of a week and delivers it: compose → (approve) → render → inline → message → send.

``pipeline`` conducts and is the only step that touches the store; ``send`` is the only step that touches the mail
server; every other step only turns values into values. Nothing here reads portals or publishes feeds.
"""
