"""What a recipe's network learns from, by the kind of its system."""

import numpy as np
import pandas as pd
import pytest

from mien.core.settings import parse
from mien.training.material import SampleMaterial
from mien.training.recipe import train_part
from mien.training.recipe_files import answers_of
from mien.training.recipe_settings import Recipe
from mien.training.sampled_clips import SampledClips

RECIPE = {
    "name": "toy",
    "system": "wav2small",
    "net": {"window": 256, "channels": 4},
    "shelf": "open",
    "licence": "CC0-1.0",
    "data": {"corpora": ["made"], "categories": list("abcdef")},
    "training": {"epochs": 1, "batch_size": 8},
}
FOLD = np.array([0, 1, 2] * 4)


@pytest.fixture
def material() -> SampleMaterial:
    generator = np.random.default_rng(0)
    samples = [(3000 * generator.standard_normal(3000)).astype(np.int16) for _ in range(12)]
    category = np.arange(12) % 6
    table = pd.DataFrame({"corpus": "made", "category": category.astype(str)})
    return SampleMaterial(SampledClips(table, [samples], category, np.zeros((12, 0))))


def test_a_fold_is_trained_on_samples_and_its_held_out_clips_are_answered(material, tmp_path):
    settings = parse(Recipe, RECIPE)
    found = []
    for name in ("once", "again"):
        (tmp_path / name).mkdir()
        train_part(settings, material, FOLD, 1, folder=tmp_path / name)
        found.append(np.load(answers_of(tmp_path / name, 1)))
    first, second = found
    assert first["rows"].tolist() == [1, 4, 7, 10]
    assert first["category"].shape == (4, 1, 6)
    np.testing.assert_array_equal(first["category"], second["category"])
