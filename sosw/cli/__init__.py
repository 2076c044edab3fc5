"""The command `sosw`: submit jobs, follow them, end them. See `docs/reference/cli.md`."""
