"""Affect from voice, words and faces: timed records that say how sure they are."""

__version__ = "0.1.0"
