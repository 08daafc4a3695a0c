"""The words of the house and the rules about them.

Nothing in here reads a file, a clock, a socket or a database, and nothing imports a third-party library:
a rule that stands here can be read, and tested, on its own.
"""
