"""Bags of words over frames and text: how often each word of a learned codebook occurs in a segment."""

from mien.features.bags.bag import Bags
from mien.features.bags.options import Terms, Weighting, Words

__all__ = ["Bags", "Terms", "Weighting", "Words"]
