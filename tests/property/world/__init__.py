"""A world in memory in which every role can be stopped, crashed or deceived between any two of its calls."""
