"""How portals really serve their news: one module per kind of software, its bad habits included.

``article`` reads what the portals tell, ``site`` is what every portal has; the other modules each imitate one
software closely enough that whatever reads them can also read the real thing.
"""
