"""Losses, one per file: what the outputs of a head are compared with."""
