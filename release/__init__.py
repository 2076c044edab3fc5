"""What is handed out of a version of sosw, how it is made from a commit, and how it is checked; run by `make release`."""
