"""Expert descriptors of voice in torch: for batches on a GPU, and inside a network."""

from mien.core.optional import require

require("torch", "train")
require("numba", "descriptors")  # the constants lie beside the numpy back end, which needs it
