"""Recordings, words or faces to numbers, with no training or only a fitted basis."""
