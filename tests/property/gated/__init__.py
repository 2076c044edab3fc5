"""Dispatches that pass the gates, stopped, crashed or deceived between any two of their calls."""
