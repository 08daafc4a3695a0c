"""Conducts the digest: the only steps of this flow that touch the store.

The issue: ``issue`` composes, edits, approves, pauses and cancels it, ``preview`` shows it, ``letters`` writes it.
Its way to the readers: ``freeze`` says who gets it, ``delivery`` sends it by ``run``, ``verdict`` says what an attempt
came to, ``doubts`` what became of messages nobody knows about, ``copies`` that a copy of the database sends nothing,
``tally`` who got it. What comes back: ``returns`` takes it in, ``bounced`` counts it.
The readers: ``sign_up``, ``choices``, ``readers`` (lists, export, erasure), ``mail`` for single mails to them.
``clock`` does what is due, ``office`` is what all of them work with.
"""
