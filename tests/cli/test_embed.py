import pandas as pd
import pytest

from mien.cli.main import main

pytest.importorskip("torch")


def run(capsys, *words) -> tuple[int, list[str]]:
    """Run the command in this process; return its exit code and the lines on stderr."""
    with pytest.raises(SystemExit) as stopped:
        main([str(word) for word in words])
    return stopped.value.code, capsys.readouterr().err.splitlines()


def test_it_says_model_and_licence_and_writes_one_row_per_file(capsys, write_noise, tmp_path):
    clips = [write_noise(tmp_path / f"{seed}.wav", seconds=1.0, seed=seed) for seed in (0, 1)]
    out = tmp_path / "e.parquet"
    code, said = run(capsys, "embed", "mel-recurrent", *clips, "--out", out, "--licence", "open")
    assert code == 0
    assert said[0] == "Model mel-recurrent · open shelf · random weights, not trained"
    assert said[-1] == f"2 rows of 128 values in {out}"
    assert pd.read_parquet(out)["file"].tolist() == [str(clip) for clip in clips]


def test_exit_codes_say_whether_some_or_all_failed(capsys, write_noise, tmp_path):
    clip, out = write_noise(tmp_path / "a.wav", seconds=1.0), tmp_path / "e.parquet"
    code, said = run(capsys, "embed", "mel-recurrent", clip, tmp_path / "absent.wav", "--out", out)
    assert code == 1
    assert any(line.startswith("failed: Got no file") for line in said)
    assert said[-1].endswith(f"1 failed, see {tmp_path / 'e.failures.csv'}")
    code, _ = run(capsys, "embed", "mel-recurrent", tmp_path / "absent.wav", "--out", out, "--overwrite")
    assert code == 3


def test_mistakes_are_one_line_that_names_the_nearest(capsys, tmp_path):
    out = tmp_path / "e.parquet"
    code, said = run(capsys, "embed", "mel-recurent", "a.wav", "--out", out)
    assert code == 2
    assert "Did you mean `mel-recurrent`" in said[-1]
    assert len(said) == 1
    code, said = run(capsys, "embed", "mel-recurrent", "a.wav", "--out", out, "--layer", "9")
    assert code == 2
    assert said == ["mien: Got layer `9`, expected last, mix or a number from 0 to 2; change --layer."]
    code, _ = run(capsys, "embed", "mel-recurrent", "a.wav")
    assert code == 2
