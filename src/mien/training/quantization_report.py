"""Compare a model with its smaller version, and write down what changed."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mien.prediction.onnx_predictor import OnnxPredictor
from mien.prediction.predictor import Outputs
from mien.training.calibration_clips import CalibrationClips, Clip
from mien.training.quantize import LayerError

MOST_CHANGED = 0.02
"""Share of clips whose top category may differ."""
MOST_MOVED = 0.05
"""How far a dimension may move before a clip counts as changed, in a model without categories."""
TIMED_CLIPS = 24
ROUNDS = 3


@dataclass(frozen=True)
class Comparison:
    """Say how far a smaller model is from the model that it was made of.

    Attributes:
        clips: number of clips compared.
        changed: clips whose top category differs; of a model without categories, clips of which a dimension
            moved by more than 0.05.
        largest_p: largest difference of a category's probability.
        largest_dimension: largest difference of a dimension.
        mb_before: size of the weights file, in megabytes.
        mb_after: the same of the smaller model.
        speed: how many times faster it is, on one processor thread of this computer, in the same process.
    """

    clips: int
    changed: int
    largest_p: float
    largest_dimension: float
    mb_before: float
    mb_after: float
    speed: float

    @property
    def changed_share(self) -> float:
        """Return the share of clips that changed, 0 to 1."""
        return self.changed / self.clips


def compare_models(before: OnnxPredictor, after: OnnxPredictor, clips: Sequence[Clip]) -> Comparison:
    """Run both models on the same clips.

    Args:
        before: the model.
        after: its smaller version, with the same outputs.
        clips: mono samples `(S,)` at the models' rate; at least one.
    """
    first, second = before.predict(clips), after.predict(clips)
    moved = np.zeros(len(clips))
    for name, values in first.dimensions.items():
        moved = np.maximum(moved, np.abs(values.mean(axis=1) - second.dimensions[name].mean(axis=1)))
    if before.summary.categories:
        changed = _top(first) != _top(second)
        largest_p = float(np.abs(first.p.mean(axis=1) - second.p.mean(axis=1)).max())
    else:
        changed, largest_p = moved > MOST_MOVED, 0.0
    return Comparison(
        clips=len(clips),
        changed=int(changed.sum()),
        largest_p=largest_p,
        largest_dimension=float(moved.max()),
        mb_before=_size_mb(before),
        mb_after=_size_mb(after),
        speed=_speed_ratio(before, after, clips[:TIMED_CLIPS]),
    )


def quantization_section(
    rows: Sequence[LayerError],
    comparison: Comparison,
    read: CalibrationClips,
    *,
    of: str,
    how: str,
    judged: bool = False,
) -> str:
    """Return the section of the card that says what quantization changed, as Markdown.

    Args:
        rows: of `quantize_int8`.
        comparison: of the two models.
        read: the clips.
        of: name of the float model.
        how: the words of model.toml, such as `int8, static ranges, 9 of 9 layers`.
        judged: True if the card's scores are those of the quantized weights.
    """
    measured = "these weights" if judged else "the float weights, not on these"
    kind = "recordings" if read.speech else "made-up sounds, which are no speech"
    table = "\n".join(
        f"| `{row.layer}` | {row.op} | {row.weights:,} | {row.kept} | {row.own_db:.1f} | {row.whole_db:.1f} |"
        for row in rows
    )
    return f"""
## What quantization changed

Made from the float weights of {of}: {how}. The scores in this card were measured on {measured}.

{chr(10).join("- " + line for line in comparison_lines(comparison, kind))}

Signal-to-noise ratio of each layer: by its own rounding, and with all rounding before it.

| layer | operator | weights | kept in | own, dB | whole, dB |
|---|---|---:|---|---:|---:|
{table}
"""


def comparison_lines(comparison: Comparison, kind: str = "recordings") -> list[str]:
    """Return the comparison as plain sentences.

    Args:
        comparison: of two models.
        kind: what the clips are.
    """
    one = comparison
    return [
        f"Size: {one.mb_before:.2f} MB before, {one.mb_after:.2f} MB after.",
        f"Answers on {one.clips} {kind}: another top answer for {one.changed} "
        f"({100 * one.changed_share:.1f} %); largest difference of a probability {one.largest_p:.3f}, "
        f"of a dimension {one.largest_dimension:.3f}.",
        f"Speed: {one.speed:.2f} times that of the float model, one thread, this computer.",
    ]


def _top(outputs: Outputs) -> np.ndarray:
    return np.asarray(outputs.p.mean(axis=1).argmax(axis=1))


def _size_mb(model: OnnxPredictor) -> float:
    folder = model.summary.folder
    return (folder / "model.onnx").stat().st_size / 1e6 if folder else 0.0


def _speed_ratio(before: OnnxPredictor, after: OnnxPredictor, clips: Sequence[Clip]) -> float:
    """Return the ratio of the least processor times, taken in turns so that other load hits both."""
    least = [np.inf, np.inf]
    for _ in range(ROUNDS):
        for number, model in enumerate((before, after)):
            start = time.process_time()
            model.predict(clips)
            least[number] = min(least[number], time.process_time() - start)
    return float(least[0] / least[1]) if least[1] > 0 else 1.0
