"""What is handed out of a version of sosw: how it is made of a commit, and checked. `make release` runs it."""
