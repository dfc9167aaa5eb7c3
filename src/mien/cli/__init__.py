"""The `mien` command: one file per verb."""
