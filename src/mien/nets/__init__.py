"""Torch parts that systems are built of."""
