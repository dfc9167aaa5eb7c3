import json


def test_doctor_says_what_is_installed(mien) -> None:
    done = mien("doctor")
    assert done.returncode == 0
    for word in ("python", "numpy", "onnxruntime", "silero-vad", "train"):
        assert word in done.stdout


def test_doctor_as_json_is_one_object_per_finding(mien) -> None:
    done = mien("doctor", "--json")
    findings = [json.loads(line) for line in done.stdout.splitlines()]
    assert {"system", "package", "extra", "weights"} <= {finding["area"] for finding in findings}
