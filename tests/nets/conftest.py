"""Encoders small enough for every test, saved as folders."""

from pathlib import Path

import pytest
import torch

from mien.nets.encoders import mel_recurrent


@pytest.fixture(scope="session")
def tiny_encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of an encoder of voice with random weights, 8 values wide."""
    folder = tmp_path_factory.mktemp("tiny-encoder")
    torch.manual_seed(0)
    config = mel_recurrent.Config(bands=16, channels=(4, 4, 4, 4), width=8)
    mel_recurrent.save(mel_recurrent.build(config), folder)
    return folder
