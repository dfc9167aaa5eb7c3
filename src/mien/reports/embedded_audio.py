"""A recording's sound inside a page: small mono mp3, or a link beside it."""

import base64
import io
import math
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import numpy as np

from mien.core.errors import InputError

LISTENING_RATE_HZ = 24_000
BIT_RATE = 40_000
PAGE_LIMIT_S = 600.0
"""Most audio embedded in one page; what is longer is linked."""
RUN_LIMIT_S = 1200.0
"""Most audio embedded in all pages of one run."""


@dataclass
class AudioAllowance:
    """Count how much audio may still be embedded, in seconds.

    Attributes:
        run_s: left for all pages together.
    """

    run_s: float = RUN_LIMIT_S
    page_s: float = PAGE_LIMIT_S

    def new_page(self) -> None:
        """Start the next page with a full page's share."""
        self.page_s = PAGE_LIMIT_S

    def take(self, duration_s: float) -> bool:
        """Return whether this much fits, and count it if so."""
        if not math.isfinite(duration_s) or duration_s > min(self.page_s, self.run_s):
            return False
        self.page_s -= duration_s
        self.run_s -= duration_s
        return True


@dataclass(frozen=True)
class PlayableAudio:
    """Say where a player finds the sound.

    Attributes:
        source: a `data:` URI, a relative path, or an empty string where there is nothing to play.
        note: one sentence for the reader; empty where all is as expected.
    """

    source: str = ""
    note: str = ""
    embedded: bool = field(default=False)


def encode_mp3(blocks: Iterable[np.ndarray], rate_hz: int) -> bytes:
    """Return mono samples as a small mp3.

    Args:
        blocks: 1-D float arrays in [-1, 1], one after another; only one is held at a time.
        rate_hz: their rate.

    Raises:
        InputError: there is not one sample.
    """
    import av

    memory = io.BytesIO()
    written = 0
    with av.open(memory, "w", format="mp3") as container:
        stream = container.add_stream("libmp3lame", rate=rate_hz, options={"compression_level": "7"})
        stream.layout = "mono"
        stream.bit_rate = BIT_RATE
        for block in blocks:
            for part in np.array_split(block, max(1, math.ceil(len(block) / rate_hz))):
                if not len(part):
                    continue
                plane = np.clip(part, -1, 1)[np.newaxis].astype(np.float32)
                frame = av.AudioFrame.from_ndarray(plane, format="fltp", layout="mono")
                frame.sample_rate, frame.pts = rate_hz, written
                written += len(part)
                container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    if not written:
        raise InputError("Got no sound, expected at least one sample; leave the recording out.")
    return memory.getvalue()


def relative_link(media: Path, page: Path) -> str:
    """Return a percent-encoded link from a page to a recording, relative where one exists.

    Example:
        >>> relative_link(Path("/data/my call.wav"), Path("/data/results/report.html"))
        '../my%20call.wav'
    """
    target, folder = media.absolute(), page.absolute().parent
    try:
        return quote(Path(os.path.relpath(target, folder)).as_posix())
    except ValueError:  # another drive: no relative path exists
        return target.as_uri()


def playable_audio(
    media: Path | None, page: Path, *, duration_s: float, allowance: AudioAllowance
) -> PlayableAudio:
    """Return the sound for a page: embedded while the allowance lasts, else linked.

    Args:
        media: the recording; None where it is not known any more.
        page: where the page will lie; links are relative to it.
        duration_s: length of the recording.
        allowance: what may still be embedded; reduced here.
    """
    from mien.signals.decode import open_audio

    if media is None or not media.exists():
        return PlayableAudio(note="The recording was not at hand when this page was written.")
    link = relative_link(media, page)
    if not allowance.take(duration_s):
        return PlayableAudio(
            link,
            "This page does not hold the sound: it plays from the original file while that stays in place.",
        )
    try:
        sound = encode_mp3(open_audio(media, rate_hz=LISTENING_RATE_HZ), LISTENING_RATE_HZ)
    except (InputError, OSError) as error:
        return PlayableAudio(
            link, f"The sound could not be embedded ({error}); it plays from the original file."
        )
    return PlayableAudio("data:audio/mpeg;base64," + base64.b64encode(sound).decode("ascii"), embedded=True)
