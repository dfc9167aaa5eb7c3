"""Spectrograms as sums of a few non-negative parts: to separate sounds, or to describe them."""
