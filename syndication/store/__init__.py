"""What we remember: one module per noun, SQLite or PostgreSQL underneath, nothing decided here.

A ``Store`` opens transactions; a transaction is a ``Memory`` with one shelf per noun::

    with store.write() as memory:
        memory.articles.add(...)

Due-ness is a column and work is taken by claims (a conditional UPDATE with a lease), so any number of clocks
and workers may run: a second one finds nothing to take, a killed one leaves a lease that ends.
This package does not parse, merge, render or send.
"""

from __future__ import annotations

from syndication.store.claims import is_gone, new_owner
from syndication.store.engine import Memory, Store, open_store

__all__ = ["Memory", "Store", "is_gone", "new_owner", "open_store"]
