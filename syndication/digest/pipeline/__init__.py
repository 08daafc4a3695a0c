"""Conducts the digest: the only steps of this flow that touch the store.

``issue`` composes and approves, ``delivery`` brings an issue to each reader once, ``readers`` keeps the list of them,
``clock`` does what is due, ``office`` is what all of them work with.
"""
