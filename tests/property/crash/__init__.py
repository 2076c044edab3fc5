"""Every call of every role, in every way in which it can go wrong; and then all comes to its end all the same."""
