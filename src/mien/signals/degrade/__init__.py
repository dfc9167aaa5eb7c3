"""Make a clean recording sound as if it came through another room, microphone, line or place."""

from mien.signals.degrade.chain import degrade
from mien.signals.degrade.ladder import LADDER, LEVELS, Condition, apply, clip_generator, conditions

__all__ = ["LADDER", "LEVELS", "Condition", "apply", "clip_generator", "conditions", "degrade"]
