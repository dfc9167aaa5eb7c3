"""Estimate the energy of work: core seconds times the power of a busy core."""

import logging
import os
from functools import cache
from pathlib import Path
from typing import NamedTuple

from mien.core.optional import is_installed

WATTS_PER_CORE = 10.0
"""Assumed of a busy core with its share of the processor, where nothing better is known."""
CPU_FACTS = Path("/proc/cpuinfo")


class Power(NamedTuple):
    """Hold what a busy core is taken to draw.

    Attributes:
        watts: per core.
        said: where that number is from, for people.
    """

    watts: float
    said: str


@cache
def core_power(cpu_facts: Path = CPU_FACTS) -> Power:
    """Return the power that a busy core of this machine is taken to draw; nothing asks the network.

    With codecarbon installed (`mien[energy]`) on a machine of one's own, it is the thermal design power that
    codecarbon's table gives the processor, shared among the threads. A virtual machine sees some threads of a
    processor only and cannot share its power out; there, and without codecarbon, 10 W are assumed.

    Args:
        cpu_facts: what Linux says of the processor.

    Example:
        >>> core_power().watts > 0
        True
    """
    virtual = not cpu_facts.exists() or "hypervisor" in cpu_facts.read_text(encoding="utf-8").split()
    if virtual or not is_installed("codecarbon"):
        return Power(WATTS_PER_CORE, f"{WATTS_PER_CORE:g} W assumed per busy core")
    # it says on stderr, with a time and a level, what the note below says as well
    logging.getLogger("codecarbon").setLevel(logging.CRITICAL)
    from codecarbon.core.cpu import TDP

    found, threads = TDP(), os.cpu_count() or 1
    if not found.tdp:
        return Power(WATTS_PER_CORE, f"{WATTS_PER_CORE:g} W assumed per busy core")
    return Power(
        found.tdp / threads, f"{found.tdp:g} W of {found.model} by codecarbon, shared by {threads} threads"
    )


def energy_wh(core_s: float, watts_per_core: float) -> float:
    """Return an estimate of the energy of some work in watt-hours: of processors alone, without cooling.

    Use it to compare work on one kind of machine. What memory, disks and idle cores draw is not in it, nor
    are accelerators; it is no measurement.

    Args:
        core_s: seconds of busy cores.
        watts_per_core: power of one, in W.

    Example:
        >>> energy_wh(3600, 10)
        10.0
    """
    return core_s * watts_per_core / 3600
