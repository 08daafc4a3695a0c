"""Publishes stories: announce → select → entry → print → archive → keep ready to serve → tell the hub.

``pipeline`` conducts and is the only step that touches the store. ``entry`` makes of each story what every format
can print (``printable`` its text and addresses, ``fulltext`` its HTML); ``feed``, ``jsonfeed``, ``rdf`` and ``opml``
print, the same values always as the same bytes; ``archive`` says what is put away when, ``hub`` who hears of it.
``embed`` (with ``palette``) draws blocks for other sites. Nothing here reads portals, serves requests or mails.
"""
