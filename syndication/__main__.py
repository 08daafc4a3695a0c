"""Lets ``python -m syndication`` be the same command as ``syndication``."""

from __future__ import annotations

from syndication.cli import main

if __name__ == "__main__":
    main()
