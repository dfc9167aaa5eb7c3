"""Make a small exported model, with every kind of layer that quantization treats in its own way."""

import json
from pathlib import Path

import numpy as np
import torch

from mien.core.files import sha256_of
from mien.core.registry import find
from mien.training.export import export_onnx

CATEGORIES = ["anger", "joy", "sadness"]


def write_small_model(folder: Path, *, seed: int = 0) -> Path:
    """Write a model folder of a random network with convolutions, a recurrence, pooling and heads."""
    folder.mkdir(parents=True)
    system = find("systems", "conv-recurrent")
    torch.manual_seed(seed)
    config = system.Config(
        categories=3, dimensions=1, bands=16, channels=(8, 16, 16, 16), width=32, members=2
    )
    path = folder / "model.onnx"
    export_onnx(system.build(config).eval(), path, temperature=0.5, dimensions=["intensity"])
    facts = {
        "name": "small",
        "shelf": "open",
        "licence": "CC0-1.0",
        "sha256": sha256_of(path),
        "rate_hz": 16000,
        "categories": CATEGORIES,
        "dimensions": ["intensity"],
        "members": 2,
        "size_mb": round(path.stat().st_size / 1e6, 2),
    }
    lines = [f"{key} = {json.dumps(value)}" for key, value in facts.items()]
    (folder / "model.toml").write_text("\n".join([*lines, "", "[scores.nothing]", "n = 7"]) + "\n")
    (folder / "CARD.md").write_text("# small\n\nA model for tests.\n")
    (folder / "LICENSE").write_text("CC0-1.0\n")
    return folder


def feeds(count: int, *, seed: int = 0) -> list[dict[str, np.ndarray]]:
    """Return clips of noise whose level rises and falls, as the network takes them."""
    generator = np.random.default_rng(seed)
    found = []
    for number in range(count):
        length = 8000 + 2000 * number
        level = 0.3 * np.abs(np.sin(np.arange(length) / 1000 * (1 + number % 3)))
        samples = (level * generator.standard_normal(length)).clip(-1, 1).astype(np.float32)
        found.append({"samples": samples[None], "length": np.array([length])})
    return found
