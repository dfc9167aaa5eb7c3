"""Make training data more varied: other levels, noises, speeds, pitches, times, masks and mixtures.

For rooms, microphones, codecs and lines, or all at once, use `mien.signals.degrade`.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mien.core.errors import ConfigError, DataError
from mien.signals.degrade.chain import speed
from mien.signals.degrade.codecs import fit_length
from mien.signals.degrade.levels import gain
from mien.signals.degrade.noises import add, colour, recorded
from mien.training.batch import Batch
from mien.training.objectives.targets import known_targets

Samples = NDArray[np.float32]
Range = tuple[float, float]

HALF_WINDOW_S = 0.016
"""Two periods of the lowest voices fit into a window, and most plosives into half of one."""


def change_level(
    samples: Samples, generator: np.random.Generator, *, gain_db: Range = (-12.0, 6.0)
) -> Samples:
    """Change the level at random and clip at full scale.

    Do not use where loudness itself is a cue that the recordings keep (one microphone at one distance).

    Args:
        samples: `(samples,)` in [-1, 1].
        generator: draws the gain, evenly in dB.
        gain_db: lowest and highest gain in dB.

    Returns:
        `(samples,)`.
    """
    return gain(samples, generator.uniform(*gain_db))


def add_noise(
    samples: Samples,
    generator: np.random.Generator,
    *,
    snr_db: Range = (5.0, 30.0),
    noises: Sequence[Samples] = (),
    rate_hz: int = 16000,
) -> Samples:
    """Add recorded or coloured noise at a random signal-to-noise ratio.

    Args:
        samples: `(samples,)` in [-1, 1]; silence stays silence.
        generator: draws ratio, noise and its beginning, or its colour.
        snr_db: lowest and highest ratio in dB, where the clip sounds.
        noises: recordings of noise, each `(samples,)` at the same rate; none: noise between white and brown.
        rate_hz: sampling rate in Hz.

    Returns:
        `(samples,)`; it may pass full scale.
    """
    if len(noises):
        sound = recorded(samples.size, generator, noises=noises, rate_hz=rate_hz)
    else:
        sound = colour(samples.size, generator, slope=generator.uniform(0.0, 2.0))
    return add(samples, sound, snr_db=generator.uniform(*snr_db), rate_hz=rate_hz)


def change_speed(
    samples: Samples, generator: np.random.Generator, *, factor: Range = (0.9, 1.1), rate_hz: int = 16000
) -> Samples:
    """Play faster or slower at random; pitch and formants move along.

    Beyond a tenth a voice may rightly be heard as another affect, and its labels no longer hold.

    Args:
        samples: `(samples,)`.
        generator: draws the factor.
        factor: slowest and fastest; 1.1 is a tenth faster.
        rate_hz: sampling rate in Hz.

    Returns:
        `(samples / factor,)`.

    Source:
        T. Ko et al., Audio Augmentation for Speech Recognition, Interspeech 2015.
    """
    return speed(samples, generator.uniform(*factor), rate_hz=rate_hz)


def change_pitch(
    samples: Samples, generator: np.random.Generator, *, semitones: Range = (-2.0, 2.0), rate_hz: int = 16000
) -> Samples:
    """Move pitch and formants up or down at random and keep the duration.

    A raised voice sounds more aroused, so keep the range small. Attacks may be doubled or dulled by a few
    hundredths of a second, which `change_speed` does not do.

    Args:
        samples: `(samples,)`.
        generator: draws the step.
        semitones: lowest and highest step in semitones, twelve to the octave.
        rate_hz: sampling rate in Hz.

    Returns:
        `(samples,)`.

    Source:
        W. Verhelst, M. Roelands, An Overlap-Add Technique Based on Waveform Similarity (WSOLA), ICASSP 1993.
    """
    ratio = 2 ** (generator.uniform(*semitones) / 12)
    return fit_length(speed(_stretch(samples, ratio, rate_hz=rate_hz), ratio, rate_hz=rate_hz), samples.size)


def shift(
    samples: Samples, generator: np.random.Generator, *, longest_s: float = 0.1, rate_hz: int = 16000
) -> Samples:
    """Move a clip earlier or later at random; what moves out is lost, silence follows.

    Args:
        samples: `(samples,)`.
        generator: draws how far.
        longest_s: farthest, in seconds, in both directions; at most half of the clip.
        rate_hz: sampling rate in Hz.

    Returns:
        `(samples,)`.
    """
    most = min(int(longest_s * rate_hz), samples.size // 2)
    later = int(generator.integers(-most, most + 1))
    moved = np.zeros_like(samples)
    moved[max(later, 0) : samples.size + min(later, 0)] = samples[
        max(-later, 0) : samples.size - max(later, 0)
    ]
    return moved


def crop(samples: Samples, generator: np.random.Generator, *, longest: int) -> Samples:
    """Cut a random stretch of at most `longest` samples out of a clip; a shorter one stays whole.

    Args:
        samples: `(samples,)`, or frames `(T, D)`.
        generator: draws the beginning.
        longest: most samples or frames.

    Returns:
        `(at most longest,)`.

    Raises:
        ConfigError: `longest` is below 1.
    """
    if longest < 1:
        raise ConfigError(f"Got longest = {longest}, expected 1 or more.")
    start = int(generator.integers(max(len(samples) - longest, 0) + 1))
    return samples[start : start + longest]


def mask_frames(
    frames: Tensor,
    valid: Tensor,
    generator: np.random.Generator,
    *,
    masks: int = 2,
    widest: int = 10,
    longest: int = 15,
    largest_share: float = 0.2,
) -> Tensor:
    """Blank out random bands and times of each item (SpecAugment without time warping).

    Blank is 0, so the frames should have a mean of about 0.

    Args:
        frames: `(B, D, T)`.
        valid: `(B, T)` bool, padding last; times are drawn within it.
        generator: draws place and width.
        masks: bands and times to blank out, so many of each.
        widest: most bands of one mask.
        longest: most frames of one mask.
        largest_share: most of an item's own frames that one mask takes, 0 to 1.

    Returns:
        `(B, D, T)`, a copy.

    Source:
        D. S. Park et al., SpecAugment, Interspeech 2019.
    """
    keep_bands = np.ones((*frames.shape[:2], 1), bool)
    keep_times = np.ones((len(frames), 1, frames.shape[2]), bool)
    for item, length in enumerate(valid.sum(dim=1).tolist()):
        for _ in range(masks):
            keep_bands[item, _span(frames.shape[1], widest, generator)] = False
            most = min(longest, int(largest_share * length))
            keep_times[item, 0, _span(length, most, generator)] = False
    return frames * torch.from_numpy(keep_bands & keep_times).to(frames.device)


def mixup(batch: Batch, generator: np.random.Generator, *, alpha: float = 0.2) -> Batch:
    """Mix each item with another of the batch, and their targets in the same proportion.

    Only items of which the same is known are mixed with each other, so that no target is lost or made up.
    Categories must be distributions: see `soft_targets` and the objective's option `soft`.

    Args:
        batch: samples or frames, with zeros as padding, and targets that are values.
        generator: draws partners and proportions.
        alpha: both parameters of the Beta distribution of proportions, more than 0; large values mix evenly.

    Returns:
        As many items; each is as long as the longer of its two.

    Raises:
        ConfigError: alpha is not more than 0.
        DataError: word numbers or class numbers, which cannot be mixed.

    Source:
        H. Zhang et al., mixup: Beyond Empirical Risk Minimization, ICLR 2018, equation 2; here with one
        proportion per item.
    """
    if alpha <= 0:
        raise ConfigError(f"Got alpha {alpha}, expected more than 0.")
    for name, part in {"x": batch.x, **batch.targets}.items():
        if not part.is_floating_point():
            raise DataError(f"Got whole numbers as `{name}`, expected values; make them soft_targets.")
    partner = torch.from_numpy(_partners(batch, generator)).to(batch.x.device)
    share = torch.from_numpy(generator.beta(alpha, alpha, len(batch)).astype(np.float32)).to(batch.x.device)

    def mixed(part: Tensor) -> Tensor:
        own = share.reshape(-1, *[1] * (part.ndim - 1))
        return own * part + (1 - own) * part[partner]

    return replace(
        batch,
        x=mixed(batch.x),
        valid=batch.valid | batch.valid[partner],
        targets={task: mixed(target) for task, target in batch.targets.items()},
        weight=None if batch.weight is None else mixed(batch.weight),
    )


def _partners(batch: Batch, generator: np.random.Generator) -> NDArray[np.intp]:
    """Return for each item another one of which the same is known; itself where there is none."""
    known = [known_targets(target).reshape(len(batch), -1) for target in batch.targets.values()]
    pattern = np.zeros(len(batch), np.intp)
    if known:
        _, pattern = np.unique(torch.cat(known, dim=1).cpu().numpy(), axis=0, return_inverse=True)
    partner = np.arange(len(batch))
    for one in np.unique(pattern):
        ring = generator.permutation(np.flatnonzero(pattern.ravel() == one))
        partner[ring] = np.roll(ring, 1)
    return partner


def _span(length: int, most: int, generator: np.random.Generator) -> slice:
    """Draw a stretch of up to `most` within `length`."""
    width = int(generator.integers(min(most, length) + 1))
    start = int(generator.integers(length - width + 1))
    return slice(start, start + width)


def _stretch(samples: Samples, factor: float, *, rate_hz: int) -> Samples:
    """Make a clip `factor` times as long and keep its pitch, by overlapping windows that fit each other."""
    half = max(round(HALF_WINDOW_S * rate_hz), 2)
    reach = half // 2
    length = round(samples.size * factor)
    padded = np.pad(samples, (half + reach, 4 * half + reach + int(half / factor)))
    window = np.hanning(2 * half + 1)[:-1]
    out = np.zeros(length + 3 * half)
    taken = reach
    for start in range(0, length + half, half):
        wanted = reach + int(start / factor)
        if start:
            going_on = padded[taken + half : taken + 3 * half]
            taken = wanted - reach + _best_fit(padded[wanted - reach : wanted + reach + 2 * half], going_on)
        out[start : start + 2 * half] += window * padded[taken : taken + 2 * half]
    return out[half : half + length].astype(np.float32)


def _best_fit(around: Samples, going_on: Samples) -> int:
    """Return where in `around` the stretch begins that is most like what would go on."""
    likeness = np.correlate(around, going_on, "valid")
    power = np.correlate(around**2, np.ones_like(going_on), "valid")
    return int(np.argmax(likeness / np.sqrt(np.maximum(power, 1e-12))))
