"""Everything that may go wrong around sosw, at once, and what must hold all the same."""
