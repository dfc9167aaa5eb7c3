from fuzz_decode import fuzz


def test_damaged_files_decode_or_are_refused(tmp_path):
    counts, failures = fuzz(200, 1, tmp_path)
    assert not failures
    assert sum(counts.values()) == 200
    assert counts["refused"] > 10
    assert counts["decoded"] + counts["noted"] > 50
