"""The models of a run's folds, each of which never heard the speakers of its fold."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from mien.core.errors import InputError
from mien.core.settings import parse
from mien.training.checkpoint import read_weights
from mien.training.recipe_files import FOLDS, weights_of
from mien.training.recipe_settings import Recipe, build_net

BATCH = 16
Predict = Callable[[Sequence[np.ndarray]], pd.DataFrame]


def read_run(folder: Path) -> Recipe:
    """Return the resolved recipe of a run.

    Raises:
        InputError: the folder is no run of `mien train`.
    """
    file = folder / "recipe.json"
    if not file.is_file():
        raise InputError(f"Got `{folder}` without recipe.json, expected a run folder of `mien train`.")
    return parse(Recipe, json.loads(file.read_text()))


def fold_predictors(folder: Path) -> dict[int, Predict]:
    """Return fold → function from 16-kHz clips to rows of `p.<category>`, members averaged.

    Use them to judge a recipe where clips were changed, such as on the degradation ladder: the refit that
    ships has heard every clip. Probabilities are not scaled by a temperature.

    Args:
        folder: of a finished run.

    Raises:
        InputError: the folder is no run, or a fold's weights are not there.
    """
    settings = read_run(folder)
    return {number: _predictor(settings, folder, number) for number in range(FOLDS)}


def _predictor(settings: Recipe, folder: Path, number: int) -> Predict:
    file = weights_of(folder, number)
    if not file.is_file():
        raise InputError(f"Got a run without `{file}`, expected the fold's weights; run `mien train` again.")
    net = read_weights(build_net(settings, settings.seed + number), file).eval()
    columns = [f"p.{name}" for name in settings.data.categories]

    def predict(clips: Sequence[np.ndarray]) -> pd.DataFrame:
        parts = [_answer(net, clips[start : start + BATCH]) for start in range(0, len(clips), BATCH)]
        return pd.DataFrame(np.concatenate(parts), columns=columns)

    return predict


def _answer(net: torch.nn.Module, clips: Sequence[np.ndarray]) -> np.ndarray:
    length = torch.tensor([clip.size for clip in clips])
    samples = torch.zeros(len(clips), int(length.max()))
    for row, clip in enumerate(clips):
        samples[row, : clip.size] = torch.from_numpy(clip)
    with torch.inference_mode():
        logits, _ = net(samples, length)
    return logits.double().softmax(dim=2).mean(dim=1).numpy()
