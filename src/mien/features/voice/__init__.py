"""Voice: low-level descriptors frame by frame, and functionals of them."""
