"""Store what openSMILE says of the made-up voice of the tests; run in an environment that has it.

Usage: build/parity/bin/python scripts/store_opensmile_numbers.py

Written: `tests/features/voice/stored/egemaps.npz` and `compare.npz`. `make parity` makes the environment.
"""

import sys
from pathlib import Path

import numpy as np
import opensmile

CHECKOUT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(CHECKOUT / "tests" / "features" / "voice"))

from made_voice import RATES_HZ, made_voice  # noqa: E402

LEVELS = {
    "lld": opensmile.FeatureLevel.LowLevelDescriptors,
    "lld_de": opensmile.FeatureLevel.LowLevelDescriptors_Deltas,
    "functionals": opensmile.FeatureLevel.Functionals,
}
SETS = {
    "egemaps": (opensmile.FeatureSet.eGeMAPSv02, ("lld", "functionals")),
    "compare": (opensmile.FeatureSet.ComParE_2016, ("lld", "lld_de", "functionals")),
}

if __name__ == "__main__":
    out = CHECKOUT / "tests" / "features" / "voice" / "stored"
    out.mkdir(exist_ok=True)
    for name, (features, levels) in SETS.items():
        found = {"version": np.array(opensmile.__version__)}
        for rate_hz in RATES_HZ:
            samples = made_voice(rate_hz)
            for level in levels:
                reader = opensmile.Smile(features, LEVELS[level])
                values = reader.process_signal(samples, rate_hz).to_numpy(np.float32)
                found[f"{rate_hz}.{level}"] = values[0] if level == "functionals" else values
        np.savez_compressed(out / f"{name}.npz", **found)
