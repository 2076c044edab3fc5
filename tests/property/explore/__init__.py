"""Every interleaving of a small system: the real roles over the stores in memory, one call at a time."""
