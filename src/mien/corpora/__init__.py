"""Labelled tables: one file per corpus, closed label spaces, the joint partition."""
