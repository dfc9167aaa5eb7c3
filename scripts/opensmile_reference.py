"""Describe recordings by openSMILE, for comparison; runs in an environment of its own, without mien.

Usage: python scripts/opensmile_reference.py SET LIST OUT [--functionals | --seconds]

SET is egemaps or compare, LIST a JSON file with paths of recordings, OUT the .npz to write: `names.lld`,
`names.functionals`, `version`, and per clip `<number>.lld` (frames, columns) and `<number>.functionals`
(columns,); for compare also `lld_de`. With `--functionals` only these; with `--seconds` only `seconds`,
how long openSMILE computed them, and `audio`, how much that was.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np
import opensmile
import soundfile

SETS = {"egemaps": opensmile.FeatureSet.eGeMAPSv02, "compare": opensmile.FeatureSet.ComParE_2016}


def main(name: str, listed: Path, out: Path, *, only: str) -> None:
    """Describe every recording, at all levels or at the one that is asked for."""
    levels = {"lld": "LowLevelDescriptors", "functionals": "Functionals"}
    if name == "compare":
        levels["lld_de"] = "LowLevelDescriptors_Deltas"
    readers = {
        level: opensmile.Smile(SETS[name], opensmile.FeatureLevel[one]) for level, one in levels.items()
    }
    read = [mono(path) for path in json.loads(listed.read_text())]
    if only == "--functionals":
        readers = {"functionals": readers["functionals"]}
    if only == "--seconds":
        np.savez(out, **timed(readers["functionals"], read))
        return
    found = {f"names.{name}": np.array(reader.feature_names) for name, reader in readers.items()}
    found["version"] = np.array(opensmile.__version__)
    for number, (samples, rate_hz) in enumerate(read):
        for level, reader in readers.items():
            values = reader.process_signal(samples, rate_hz).to_numpy(np.float32)
            found[f"{number}.{level}"] = values[0] if level == "functionals" else values
    np.savez_compressed(out, **found)


def mono(path: str) -> tuple[np.ndarray, int]:
    """Return a recording with its channels mixed to one, and its rate."""
    samples, rate_hz = soundfile.read(path, dtype="float32", always_2d=True)
    return samples.mean(axis=1), rate_hz


def timed(reader: opensmile.Smile, read: list) -> dict:
    """Return the processor time that the functionals take, and the seconds of audio."""
    reader.process_signal(*read[0])
    started = time.process_time()
    for samples, rate_hz in read:
        reader.process_signal(samples, rate_hz)
    spent = time.process_time() - started
    return {"seconds": spent, "audio": sum(len(samples) / rate_hz for samples, rate_hz in read)}


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), only=sys.argv[4] if len(sys.argv) > 4 else "")
