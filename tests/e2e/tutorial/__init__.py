"""Follows a page of docs/ as a reader would: every block, in order, in a new and empty folder."""
