"""Recordings in, clean timed segments out."""
