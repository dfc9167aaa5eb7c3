from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

from mien.core.tables import check_predictions, prediction_columns
from mien.prediction.shards import adopt_complete_run, assemble, choose, read_shards, write_shard
from mien.prediction.tabulate import typed

COLUMNS = prediction_columns(["anger", "neutral"], [], [])


def rows_of(file: str, count: int, p: float = 0.25) -> pd.DataFrame:
    row = {"file": file, "start": 0.0, "end": 1.0, "speaker": None, "source": "voice", "model": "tiny"}
    row |= {
        "p.anger": p,
        "p.neutral": 1 - p,
        "aleatoric.category": 0.5,
        "epistemic.category": 0.0,
        "abstain": False,
    }
    return typed(pd.DataFrame([{"segment": f"{file}#{n}", **row} for n in range(count)], columns=COLUMNS))


def status(file: str, segments: int, state: str = "ok", signature: str = "s") -> dict:
    return {"file": file, "status": state, "segments": segments, "signature": signature}


def test_shards_come_together_in_the_wanted_order(tmp_path: Path) -> None:
    write_shard(tmp_path, pd.concat([rows_of("c", 2), rows_of("a", 1)]), [status("c", 2), status("a", 1)])
    write_shard(
        tmp_path, rows_of('b, "quoted" ä', 3), [status('b, "quoted" ä', 3), status("d", 0, "no-speech")]
    )
    places = choose(read_shards(tmp_path), {})
    out = tmp_path / "out"
    out.mkdir()
    order = ["a", 'b, "quoted" ä', "c", "d"]
    assemble([places[file] for file in order], COLUMNS, folder=out)
    table = pd.read_parquet(out / "predictions.parquet")
    assert table["file"].tolist() == ["a", *['b, "quoted" ä'] * 3, "c", "c"]
    written = pd.read_csv(out / "predictions.csv")
    assert written.columns.tolist() == COLUMNS
    assert written["file"].tolist() == table["file"].tolist()
    assert written["p.anger"].tolist() == table["p.anger"].tolist()
    assert (out / "predictions.csv").read_text().startswith("segment,file,start,")
    check_predictions(table)


def test_a_run_without_segments_still_writes_typed_tables(tmp_path: Path) -> None:
    write_shard(tmp_path, rows_of("a", 0), [status("a", 0, "failed")])
    out = tmp_path / "out"
    out.mkdir()
    assemble(list(choose(read_shards(tmp_path), {}).values()), COLUMNS, folder=out)
    assert pd.read_csv(out / "predictions.csv").columns.tolist() == COLUMNS
    assert pq.read_schema(out / "predictions.parquet").field("abstain").type == "bool"


def test_repeating_a_chunk_replaces_its_shard(tmp_path: Path) -> None:
    write_shard(tmp_path, rows_of("a", 1), [status("a", 1)])
    write_shard(tmp_path, rows_of("a", 1, p=0.5), [status("a", 1)])
    assert len(read_shards(tmp_path)) == 1


def test_a_half_written_shard_is_not_read(tmp_path: Path) -> None:
    (tmp_path / ".x.0123.part.parquet").write_bytes(b"PAR1")
    assert read_shards(tmp_path) == []


def test_a_finished_file_is_preferred_to_a_failed_one(tmp_path: Path) -> None:
    write_shard(tmp_path, rows_of("a", 0), [status("a", 0, "failed")])
    write_shard(tmp_path, rows_of("a", 1), [status("a", 1), status("b", 0, "no-speech")])
    assert choose(read_shards(tmp_path), {})["a"].row["status"] == "ok"


def test_rows_of_a_file_that_changed_since_are_stale(tmp_path: Path) -> None:
    write_shard(tmp_path, rows_of("a", 1), [status("a", 1, signature="old")])
    assert choose(read_shards(tmp_path), {"a": "new"}) == {}


def test_a_complete_run_becomes_a_shard_again(tmp_path: Path) -> None:
    parts = tmp_path / ".parts"
    parts.mkdir()
    write_shard(parts, rows_of("a", 2), [status("a", 2)])
    assemble(list(choose(read_shards(parts), {}).values()), COLUMNS, folder=tmp_path)
    for path in parts.iterdir():
        path.unlink()
    adopt_complete_run(tmp_path, parts)
    assert choose(read_shards(parts), {})["a"].row["segments"] == 2
