"""Sound as pictures, for networks that were made for pictures."""
