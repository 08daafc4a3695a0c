"""The demonstration: imitation portals and readers on this machine, to see everything work with no network."""
