"""How a recipe trains on clips."""

from pydantic import Field

from mien.training.loop_config import LoopConfig


class ClipTraining(LoopConfig):
    """How to train on clips."""

    batch_size: int = Field(32, ge=2, description="clips per batch")
    label_smoothing: float = Field(0.1, ge=0, lt=1, description="probability spread over all categories")
    longest_crop_s: float = Field(4.0, gt=0, description="longest stretch of a clip, in seconds")


class Tuning(ClipTraining):
    """How heads and encoder learn together, once the heads know the encoder as it was."""

    learning_rate: float = Field(3e-4, gt=0, description="peak of the schedule for the heads, per step")
    encoder_rate: float = Field(0.2, gt=0, description="learning rate of the encoder over that of the heads")
    sounds: int = Field(
        0, ge=0, description="made sounds that are no speech, of which the members shall think differently"
    )
    sounds_per_batch: int = Field(2, ge=1, description="of these in each batch")
    sounds_weight: float = Field(0.3, ge=0, description="weight of their loss beside the labels'")
