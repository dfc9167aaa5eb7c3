"""How loops are compiled: once, kept on disk, and with as little as they need, for a quick first call.

What makes a loop slow to compile are slices, arrays made inside, and functions of whole arrays: each brings a
dozen functions of numba's along. So kernels index whole arrays and get the room that they work in.
"""

from numba import njit

_OPTIONS = {"nogil": True, "error_model": "numpy", "no_cfunc_wrapper": True}
kernel = njit(cache=True, **_OPTIONS)
"""Compile a function that Python calls."""
loose = njit(cache=True, fastmath=True, **_OPTIONS)
"""The same for sums in any order, which the processor does several at once."""
inner = njit(cache=True, **_OPTIONS)
"""Compile a function that kernels call and do not take in."""
part = njit(inline="always", **_OPTIONS)
"""Compile a function as part of those that call it."""


def inner_with(*freedoms):  # type: ignore[no-untyped-def]
    """Return `inner` with some freedoms of rounding, by LLVM's names of fast-math flags."""
    return njit(cache=True, fastmath=set(freedoms), **_OPTIONS)
