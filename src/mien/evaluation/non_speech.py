"""Ask a model about sounds without speech, which it should doubt."""

import tempfile
from pathlib import Path

import pandas as pd

from mien.core.registry import find
from mien.corpora.non_speech import write_non_speech
from mien.prediction.analyze import analyze

RECORDED = "esc10_noise"


def hear_non_speech(model: str | Path, data: Path | None) -> pd.DataFrame:
    """Return a model's predictions for sounds without speech: ESC-10 where it is there, and made ones.

    Args:
        model: as `analyze` takes it.
        data: folder of corpora, perhaps with `esc10_noise`.
    """
    with tempfile.TemporaryDirectory() as folder:
        files = list(write_non_speech(folder)["file"])
        if data is not None and (data / RECORDED).is_dir():
            files += list(find("corpora", RECORDED.replace("_", "-")).load(data / RECORDED)["file"])
        table = analyze(files, model=model, segments="whole").table
    table["file"] = [Path(file).name for file in table["file"]]
    table["segment"] = [f"non-speech/{Path(file).stem}" for file in table["file"]]
    return table
