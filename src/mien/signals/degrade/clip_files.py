"""Degrade clips on disk: one WAV file of the same name, rate and length for each."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mien.core.errors import ConfigError, InputError
from mien.core.files import write_atomically
from mien.signals.decode import decode
from mien.signals.degrade.ladder import apply, clip_generator
from mien.signals.degrade.levels import sixteen_bits
from mien.signals.media import walk_media

Floats = NDArray[np.float32]


class Sounds:
    """Hold a folder of noises or other voices, decoded to each rate that is asked for.

    Args:
        folder: recordings; searched to any depth.

    Raises:
        InputError: no recording there.
    """

    def __init__(self, folder: str | Path) -> None:
        self.files = walk_media([folder]).files
        self._decoded: dict[int, list[Floats]] = {}
        if not self.files:
            raise InputError(f"Got no recordings in `{folder}`, expected some to add; pass another folder.")

    def at(self, rate_hz: int, *, without: Path | None = None) -> list[Floats]:
        """Return all recordings, mono at a rate in Hz; `without` leaves out one file.

        Raises:
            InputError: one of them cannot be read.
        """
        if rate_hz not in self._decoded:
            self._decoded[rate_hz] = [
                decode(file, rate_hz=rate_hz, mono=True).samples[0] for file in self.files
            ]
        left_out = without.resolve() if without else None
        pairs = zip(self.files, self._decoded[rate_hz], strict=True)
        return [samples for file, samples in pairs if file.resolve() != left_out]


def degrade_file(
    source: Path,
    target: Path,
    *,
    condition: str,
    level: int,
    seed: int = 0,
    noises: Sounds | None = None,
    speech: Sounds | None = None,
) -> None:
    """Degrade one clip and write it as mono WAV of 16 bits, whole or not at all.

    The generator is drawn from the file's name without ending: other files beside it change nothing.

    Args:
        source: any recording; several channels are mixed to one.
        target: the WAV file to write.
        condition: a name of `LADDER`.
        level: 0 (unchanged) to 5.
        seed: another seed draws all chance anew.
        noises: for `recorded-noise`.
        speech: for `babble`; the clip itself is left out.

    Raises:
        InputError: the clip cannot be read, or the target not be written.
        ConfigError: an unknown rung, or noises or speech are missing.
        DataError: a noise or voice that is silent.
    """
    import soundfile

    signal = decode(source, mono=True)
    rate_hz = signal.rate_hz
    worse = apply(
        signal.samples[0],
        condition,
        level,
        rate_hz=rate_hz,
        generator=clip_generator(source.stem, condition, seed=seed),
        noises=noises.at(rate_hz) if noises else None,
        speech=speech.at(rate_hz, without=source) if speech else None,
    )
    with write_atomically(target) as temporary:
        steps = np.round(sixteen_bits(worse) * 32768).astype(np.int16)
        soundfile.write(temporary, steps, rate_hz, subtype="PCM_16")


def targets(files: Sequence[Path], out: Path) -> list[Path]:
    """Return where each file's degraded clip goes, and make the folder.

    Raises:
        ConfigError: two files have one name, or a target exists.
        InputError: the folder cannot be made.
    """
    found = [out / f"{file.stem}.wav" for file in files]
    for name in _twice(target.name for target in found):
        raise ConfigError(f"Got two files that would both become `{name}`; degrade their folders one by one.")
    for target in found:
        if target.exists():
            raise ConfigError(
                f"Got `{target}`, which exists, expected a folder without clips of these names; choose "
                "another --out."
            )
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"Got `{out}`, which cannot be created, expected a folder. ({error})") from error
    return found


def _twice(names: Iterable[str]) -> list[str]:
    seen: set[str] = set()
    return [name for name in names if name in seen or seen.add(name)]  # type: ignore[func-returns-value]
