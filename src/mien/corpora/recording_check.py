"""Check how clips were recorded: levels, clipping, offset, background, bandwidth."""

import numpy as np
import pandas as pd

from mien.corpora.class_labels import class_members
from mien.corpora.findings import Finding, Verdict
from mien.corpora.sound import sound_of

CLIPPED_SHARE = 0.001
OFFSET_SHARE = 0.01
NOISY_DB = 10.0
NARROW = 0.75
"""Share of half the sampling rate below which a clip's sound ends: it was recorded at a lower rate."""
SAME_PEAK_DB = 0.5
MEASURES = ("level_db", "duration_s", "noise_db", "bandwidth_hz")
"""What is compared between classes."""
_SHOWN = 3


def check_recordings(table: pd.DataFrame, facts: pd.DataFrame) -> list[Finding]:
    """Say how loud, clean and wide the clips are, and name those that stand out.

    Args:
        table: corpus table with `segment`.
        facts: from `mien.corpora.sound.listen`.
    """
    if not len(facts):
        return []
    narrow = facts["bandwidth_hz"] < NARROW * facts["rate_hz"] / 2
    marked = (
        (
            "clipped clips",
            facts["clipped"] > CLIPPED_SHARE,
            f"more than {CLIPPED_SHARE:.1%} of samples cut off",
        ),
        (
            "constant offset",
            facts["offset"].abs() > OFFSET_SHARE,
            f"a constant offset over {OFFSET_SHARE:.0%}",
        ),
        (
            "little above the background",
            facts["snr_db"] < NOISY_DB,
            f"voice less than {NOISY_DB:g} dB above the quietest tenth (noise, or no pause)",
        ),
    )
    found = [*_levels(table, facts), _bandwidth(facts, narrow)]
    for name, bad, meaning in marked:
        share = float(bad.mean())
        text = f"{int(bad.sum())} of {len(facts)} segments with {meaning}{_some(facts, bad)}"
        verdict: Verdict = "ok" if not bad.any() else "warning" if share > 0.1 else "note"
        found.append(Finding("recording", name, verdict, text, {"segments": int(bad.sum())}))
    return found


def spread_by_class(table: pd.DataFrame, facts: pd.DataFrame) -> pd.DataFrame:
    """Return quartiles of what was measured, per class.

    Args:
        table: corpus table.
        facts: from `mien.corpora.sound.listen`.

    Returns:
        `measure`, `class`, `clips`, `first`, `median`, `third` (quartiles); classes as in the class table.
    """
    heard = sound_of(table, facts)
    rows = []
    for measure in MEASURES:
        for label, own in class_members(table).items():
            values = heard.loc[own, measure].dropna()
            if len(values):
                rows.append((measure, label, len(values), *np.percentile(values, [25, 50, 75])))
    return pd.DataFrame(rows, columns=["measure", "class", "clips", "first", "median", "third"])


def _levels(table: pd.DataFrame, facts: pd.DataFrame) -> list[Finding]:
    """Describe the level of voices, and say whether somebody changed it clip by clip."""
    levels = facts["level_db"].dropna()
    if not len(levels):
        return []
    low, middle, high = np.percentile(levels, [5, 50, 95])
    text = f"voice at {middle:.0f} dB of full scale (nine in ten from {low:.0f} to {high:.0f})"
    data: dict[str, object] = {"median_db": middle, "low_db": low, "high_db": high}
    if "speaker" in table and table["speaker"].nunique() > 1:
        medians = sound_of(table, facts)["level_db"].groupby(table["speaker"].astype("string")).median()
        text += f"; medians of speakers {medians.min():.0f} to {medians.max():.0f}"
        data["speakers_db"] = [float(medians.min()), float(medians.max())]
    found = [Finding("recording", "levels", "ok", text, data)]
    peaks = facts["peak_db"].dropna()
    middle_half = float(np.subtract(*np.percentile(peaks, [95, 5])))
    if len(peaks) > 1 and middle_half < SAME_PEAK_DB:
        text = (
            f"nearly all clips peak at {peaks.median():.1f} dB: each was scaled by itself, so loudness "
            "between clips is lost, and background and offset rise with the softness of the voice"
        )
        found.append(Finding("recording", "scaled clip by clip", "warning", text, {"spread_db": middle_half}))
    return found


def _bandwidth(facts: pd.DataFrame, narrow: "pd.Series[bool]") -> Finding:
    """Say how far up clips hold sound, and whether some were recorded at a lower rate."""
    known = facts["bandwidth_hz"].dropna()
    middle = f"{known.median():.0f} Hz" if len(known) else "unknown"
    rates = ", ".join(f"{rate:g}" for rate in sorted(facts["rate_hz"].unique()))
    text = f"sound up to {middle} (median) at {rates} Hz"
    data = {"segments": int(narrow.sum()), "median_hz": float(known.median()) if len(known) else None}
    if not narrow.any():
        return Finding("recording", "bandwidth", "ok", text, data)
    text += f"; in {int(narrow.sum())} of {len(facts)} segments it ends below {NARROW:.0%} of half the rate: "
    text += f"telephone, strong compression or a lower rate before{_some(facts, narrow)}"
    share = float(narrow.mean())
    verdict: Verdict = "warning" if 0.02 < share < 0.98 else "note"
    return Finding("recording", "narrow bandwidth", verdict, text, data)


def _some(facts: pd.DataFrame, chosen: "pd.Series[bool]") -> str:
    names = facts.loc[chosen, "segment"].tolist()
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f": {', '.join(map(str, names[:_SHOWN]))}{more}" if names else ""
