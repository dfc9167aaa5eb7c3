"""Store what openSMILE says of the made-up voice of the tests; run in an environment that has it.

Usage: build/parity/bin/python scripts/store_opensmile_numbers.py

Written: `tests/features/voice/stored/egemaps.npz`. `make parity` makes the environment.
"""

import sys
from pathlib import Path

import numpy as np
import opensmile

CHECKOUT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(CHECKOUT / "tests" / "features" / "voice"))

from made_voice import RATES_HZ, made_voice  # noqa: E402

if __name__ == "__main__":
    level = opensmile.FeatureLevel
    found = {"version": np.array(opensmile.__version__)}
    for rate_hz in RATES_HZ:
        samples = made_voice(rate_hz)
        for name, one in (("lld", level.LowLevelDescriptors), ("functionals", level.Functionals)):
            reader = opensmile.Smile(opensmile.FeatureSet.eGeMAPSv02, one)
            values = reader.process_signal(samples, rate_hz).to_numpy(np.float32)
            found[f"{rate_hz}.{name}"] = values if name == "lld" else values[0]
    out = CHECKOUT / "tests" / "features" / "voice" / "stored" / "egemaps.npz"
    out.parent.mkdir(exist_ok=True)
    np.savez_compressed(out, **found)
