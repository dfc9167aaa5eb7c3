"""The settings of the loop: how long, how fast, how careful."""

from typing import Literal

from pydantic import Field

from mien.core.settings import Settings


class LoopConfig(Settings):
    """How to train; what is marked as excluded changes no weight and is no part of a run's signature."""

    epochs: int = Field(40, ge=1, description="passes over the training data")
    learning_rate: float = Field(2e-3, gt=0, description="peak of the schedule, per step")
    weight_decay: float = Field(0.02, ge=0, description="AdamW's weight decay")
    schedule: Literal["one-cycle", "cosine", "constant"] = Field(
        "one-cycle",
        description="course of the rate: one cycle of rate and momentum; linear rise, then a cosine to 0; "
        "linear rise, then level",
    )
    warmup_share: float = Field(0.2, ge=0, lt=1, description="share of all steps in which the rate rises")
    accumulation_steps: int = Field(1, ge=1, description="batches whose gradients make one step")
    mixed_precision: Literal["no", "bf16", "fp16"] = Field(
        "no", description="number format of most operations; fp16 needs a GPU"
    )
    clip_norm: float = Field(2.0, ge=0, description="longest gradient; longer ones are cut; 0 cuts none")
    average_decay: float = Field(
        0.995, ge=0, lt=1, description="share that averaged weights and buffers keep per step; 0: no average"
    )
    patience: int = Field(0, ge=0, description="epochs without a better dev score before it stops; 0: never")
    checkpoint_every: int = Field(1, ge=1, exclude=True, description="epochs between checkpoints")
    checkpoint_seconds: float = Field(
        600.0, ge=0, exclude=True, description="seconds after which a checkpoint is due within an epoch too"
    )
    tensorboard: bool = Field(
        False, exclude=True, description="also write the log for TensorBoard, where there is a folder"
    )
