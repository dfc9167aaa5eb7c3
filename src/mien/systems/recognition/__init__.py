"""Recognizers of expressed affect."""
