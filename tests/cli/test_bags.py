"""`mien bags` as a user types it."""

import numpy as np
import pandas as pd
import pytest

from mien.cli.main import main


def write_frames(path, seed=0):
    generator = np.random.default_rng(seed)
    table = pd.DataFrame(generator.normal(size=(120, 4)), columns=["mfcc1", "mfcc2", "F0", "Loudness"])
    table.insert(0, "segment", np.repeat(["a", "b", "c", "d"], 30))
    table.insert(1, "start", np.tile(0.01 * np.arange(30), 4))
    table.to_parquet(path)


def test_codebooks_are_learned_kept_and_used_again(mien, tmp_path):
    write_frames(tmp_path / "train.parquet")
    write_frames(tmp_path / "test.parquet", seed=1)
    labels = pd.DataFrame({"file": ["x/a.wav", "b.wav", "c.wav", "d.wav"], "emotion": list("jjnn")})
    labels.to_csv(tmp_path / "labels.csv", index=False)
    learn = ["--words", 10, "--assign", 2, "--log", "--columns", "mfcc*", "--columns", "F0,Loudness"]
    learn += ["--labels", "labels.csv", "--per-class", "emotion", "--save", "book.npz"]
    done = mien("bags", "train.parquet", *learn, "--out", "train-bags.csv")
    assert done.returncode == 0, done.stderr
    assert "4 bags of 20 words in train-bags.csv; codebooks in book.npz" in done.stderr
    done = mien("bags", "test.parquet", "--use", "book.npz", "--out", "bags.parquet")
    assert done.returncode == 0, done.stderr
    bags = pd.read_parquet(tmp_path / "bags.parquet")
    assert list(bags.columns[:3]) == ["segment", "start", "frames1.0"]
    counts = 10 ** bags.filter(like="frames1.") - 1
    assert counts.sum(axis=1).to_numpy() == pytest.approx(60, rel=1e-4)


def test_text_alone_is_counted(mien, tmp_path):
    pd.DataFrame({"segment": ["a", "b"], "text": ["So good!", "So so"]}).to_csv(
        tmp_path / "t.csv", index=False
    )
    done = mien("bags", "t.csv", "--text", "text", "--n-grams", 2, "--out", "b.csv")
    assert done.returncode == 0, done.stderr
    found = pd.read_csv(tmp_path / "b.csv").set_index("segment")
    assert found.loc["b", ["text.so", "text.so so", "text.good"]].tolist() == [2, 1, 0]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--words", "500"), "Got 120 different frames, expected at least the 500 words"),
        (("--codebook", "kmean"), "Did you mean `kmeans`"),
        (("--columns", "mfc1"), "Did you mean `mfcc1`"),
        (("--per-class", "emotion"), "expected both"),
        (("--n-grams", "2"), "without --text"),
        (("--use", "none.npz"), "does not exist"),
        (("--use", "none.npz", "--log"), "which the codebooks bring with them"),
        (("--save", "book.json"), "expected a file ending in .npz"),
    ],
)
def test_mistakes_are_told_in_one_line(words, said, tmp_path, capsys):
    write_frames(tmp_path / "x.parquet")
    with pytest.raises(SystemExit) as left:
        main(["bags", str(tmp_path / "x.parquet"), *words, "--out", str(tmp_path / "b.csv")])
    lines = capsys.readouterr().err.splitlines()
    assert left.value.code == 2
    assert len(lines) == 1
    assert said in lines[0]


def test_an_earlier_result_is_replaced_only_on_demand(tmp_path, capsys):
    write_frames(tmp_path / "x.parquet")
    (tmp_path / "b.csv").write_text("mine")
    command = ["bags", str(tmp_path / "x.parquet"), "--words", "5", "--out", str(tmp_path / "b.csv")]
    for more, code in (([], 2), (["--overwrite"], 0)):
        with pytest.raises(SystemExit) as left:
            main([*command, *more])
        assert left.value.code == code
    assert "choose another, or replace it by --overwrite" in capsys.readouterr().err
    assert len(pd.read_csv(tmp_path / "b.csv")) == 4
