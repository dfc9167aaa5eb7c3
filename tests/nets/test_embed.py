import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import soundfile
import torch

import mien
from mien.core.errors import ConfigError, InputError
from mien.core.schema import SCHEMA, column
from mien.nets.load_encoder import load_encoder
from mien.signals.decode import decode

KEYS = ["segment", "file", "start", "end", "speaker"]


def alone(folder, samples):
    """Return the mean frame of a clip, by the encoder itself."""
    x = torch.from_numpy(np.ascontiguousarray(samples, np.float32))[None]
    with torch.inference_mode():
        return load_encoder(str(folder)).encode(x, torch.ones_like(x, dtype=torch.bool)).values[0].mean(0)


@pytest.fixture
def clips(tmp_path, write_noise):
    """Return recordings of several lengths and rates, a broken one and one that is not there."""
    paths = [
        write_noise(tmp_path / f"{number}.wav", seconds=seconds, rate_hz=rate, seed=number)
        for number, (seconds, rate) in enumerate([(2.0, 16000), (0.5, 44100), (3.0, 8000)])
    ]
    (tmp_path / "broken.wav").write_bytes(b"RIFF no sound")
    return [paths[0], tmp_path / "broken.wav", paths[1], tmp_path / "absent.wav", paths[2]]


def test_each_recording_is_what_the_encoder_says_of_it_alone(tiny_encoder, clips):
    found = mien.embed(str(tiny_encoder), clips, batch_s=2.0)
    good = [clips[row] for row in (0, 2, 4)]
    assert found.table["file"].tolist() == [str(path) for path in good]
    assert found.table.columns.tolist() == [*KEYS, *(f"e.{number}" for number in range(8))]
    assert found.values.dtype == np.float32
    for row, path in enumerate(good):
        wanted = alone(tiny_encoder, decode(path, rate_hz=16000, mono=True).samples[0])
        assert np.abs(found.values[row] - wanted.numpy()).max() <= 1e-5


@pytest.mark.parametrize("pooling", ["mean", "none"])
def test_every_column_that_is_written_is_in_the_schema_and_explained(tiny_encoder, clips, tmp_path, pooling):
    pages = (Path(__file__).parents[2] / "docs" / "outputs.md").read_text(encoding="utf-8")
    table = pd.DataFrame({"file": [str(clips[0])], "text": ["words"], "speaker": ["Ada"]})
    for name, given in ((str(tiny_encoder), table), ("bert", "What a day!")):
        out = tmp_path / f"{Path(name).name}.parquet"
        mien.embed(name, given, pooling=pooling, out=out)
        written = pq.read_table(out).to_pandas(types_mapper={pa.string(): pd.StringDtype()}.get)
        assert ("time" in written) == (pooling == "none" and name != "bert")
        for one in written.columns:
            assert one in SCHEMA or one.startswith("e.")
            assert str(written[one].dtype) == column(one).dtype, one
            assert f"`{one}`" in pages or int(one.removeprefix("e.")) > 1, one


def test_bad_files_are_failures_with_reasons_and_stop_nothing(tiny_encoder, clips):
    failures = mien.embed(str(tiny_encoder), clips).failures
    assert set(failures["file"]) == {str(clips[1]), str(clips[3])}
    reasons = dict(zip(failures["file"], failures["reason"], strict=True))
    assert "expected a recording" in reasons[str(clips[3])]


def test_listed_segments_keep_names_speakers_and_words(tiny_encoder, clips):
    table = pd.DataFrame(
        {
            "file": [str(clips[0]), str(clips[4]), str(clips[0])],
            "start": [1.0, 0.0, 0.0],
            "end": [2.0, np.nan, 1.0],
            "segment": ["b", "c", "a"],
            "speaker": ["Ada", None, "Bo"],
            "text": ["second", "all", None],
        }
    )
    found = mien.embed(str(tiny_encoder), table)
    rows = found.table.set_index("segment")
    assert list(rows.index) == ["b", "a", "c"]
    assert rows.loc["b", ["start", "end", "speaker", "text"]].tolist() == [1.0, 2.0, "Ada", "second"]
    assert rows["speaker"].isna().tolist() == [False, False, True]
    assert rows["text"].isna().tolist() == [False, True, False]
    samples = decode(clips[0], rate_hz=16000, mono=True).samples[0]
    wanted = alone(tiny_encoder, samples[16000:32000]).numpy()
    assert np.abs(found.values[0] - wanted).max() <= 1e-5


def test_a_long_recording_is_heard_in_parts_and_pooled_as_one(tiny_encoder, tmp_path, write_noise):
    path = write_noise(tmp_path / "long.wav", seconds=40.0)
    found = mien.embed(str(tiny_encoder), path)
    frames = mien.embed(str(tiny_encoder), path, pooling="none")
    assert found.table[["start", "end"]].to_numpy().tolist() == [[0.0, 40.0]]
    np.testing.assert_allclose(found.values[0], frames.values.mean(axis=0), atol=1e-6)
    times = frames.table["time"].to_numpy()
    assert (np.diff(times) > 0).all()
    assert times[-1] == pytest.approx(40.0, abs=0.2)


def test_windows_cut_and_statistics_double_the_width(tiny_encoder, clips):
    found = mien.embed(str(tiny_encoder), clips[0], segments="windows", window_s=1.0, pooling="statistics")
    assert found.table["start"].tolist() == [0.0, 1.0]
    assert found.values.shape == (2, 16)
    assert (found.values[:, 8:] > 0).all()


def test_arrays_need_their_rate_and_are_mixed_and_resampled(tiny_encoder, clips):
    samples, rate_hz = soundfile.read(clips[2], dtype="float32")
    stereo = np.stack([samples, samples])
    found = mien.embed(str(tiny_encoder), [samples, stereo, np.full(9, np.nan)], rate_hz=rate_hz)
    assert found.table["file"].tolist() == ["array-1", "array-2"]
    assert found.failures["file"].tolist() == ["array-3"]
    from_file = mien.embed(str(tiny_encoder), clips[2]).values
    np.testing.assert_allclose(found.values, np.repeat(from_file, 2, axis=0), atol=1e-5)
    with pytest.raises(ConfigError, match="pass their rate in Hz"):
        mien.embed(str(tiny_encoder), samples)
    with pytest.raises(ConfigError, match="rate_hz"):
        mien.embed(str(tiny_encoder), clips[0], rate_hz=16000)


def test_the_file_holds_the_table_and_how_it_was_made(tiny_encoder, clips, tmp_path):
    out = tmp_path / "e.parquet"
    found = mien.embed(str(tiny_encoder), clips, out=out, layer=1)
    in_memory = mien.embed(str(tiny_encoder), clips, layer=1)
    pd.testing.assert_frame_equal(found.table, in_memory.table)
    pd.testing.assert_frame_equal(pd.read_parquet(out)[["start", "e.0"]], found.table[["start", "e.0"]])
    run = json.loads(pq.read_schema(out).metadata[b"mien.run"])
    assert len(run["model"]["sha256"]) == 64
    assert run["options"]["layer"] == "1"
    assert run["licence"] == {"shelf": "research", "weights": "unknown"}
    assert {"torch", "numpy", "python"} <= set(run["versions"])
    assert len(pd.read_csv(tmp_path / "e.failures.csv")) == 2
    with pytest.raises(ConfigError, match="add --overwrite"):
        mien.embed(str(tiny_encoder), clips[0], out=out)
    mien.embed(str(tiny_encoder), clips[0], out=out, overwrite=True)
    assert not (tmp_path / "e.failures.csv").exists()
    assert {path.name for path in tmp_path.iterdir() if path.suffix == ".parquet"} == {"e.parquet"}


def test_a_run_of_nothing_but_failures_has_columns_and_no_rows(tiny_encoder, tmp_path):
    found = mien.embed(str(tiny_encoder), tmp_path / "absent.wav", out=tmp_path / "e.parquet")
    assert found.values.shape == (0, 8)
    assert len(found.failures) == 1


def test_an_interrupt_leaves_an_earlier_file_as_it_was(tiny_encoder, clips, tmp_path):
    class Stopper(mien.prediction.watcher.Watcher):
        def finished(self, row, *, size):
            raise KeyboardInterrupt

    out = tmp_path / "e.parquet"
    out.write_bytes(b"earlier")
    with pytest.raises(KeyboardInterrupt):
        mien.embed(str(tiny_encoder), clips[0], out=out, overwrite=True, watcher=Stopper())
    assert out.read_bytes() == b"earlier"
    assert not list(tmp_path.glob(".*"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"pooling": "max"}, "Got pooling `max`"),
        ({"segments": "fixed"}, "Got segments `fixed`"),
        ({"out": "e.csv"}, r"ends in \.parquet"),
    ],
)
def test_wrong_options_are_refused_before_any_work(options, message):
    with pytest.raises(ConfigError, match=message):
        mien.embed("no-such-encoder", ["a.wav"], **options)


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(InputError, match="its folder does not exist"):
        mien.embed("no-such-encoder", ["a.wav"], out=tmp_path / "absent" / "e.parquet")
