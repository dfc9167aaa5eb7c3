"""Tables → figures and self-contained pages that people read."""
