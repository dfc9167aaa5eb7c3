"""Run an exported network."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from mien.core.errors import InputError, WeightsError


class OnnxSession:
    """An ONNX file, ready to run on the CPU.

    Use it for every exported network: it is single-threaded by default, so that many workers share a
    machine, silent, and its errors name the file.

    Args:
        path: the `.onnx` file.
        threads: threads for one run.

    Raises:
        WeightsError: the file is missing or is not an ONNX network that this onnxruntime can run.
    """

    def __init__(self, path: str | Path, *, threads: int = 1) -> None:
        import onnxruntime

        self.path = Path(path)
        if not self.path.is_file():
            raise WeightsError(f"Got `{path}`, which does not exist, expected an ONNX file; check the path.")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        # idle threads that spin would take the cores from other workers
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            self._session = onnxruntime.InferenceSession(
                str(self.path), options, providers=["CPUExecutionProvider"]
            )
        # onnxruntime's errors share no type but Exception
        except Exception as error:
            raise WeightsError(
                f"Got `{self.path}`, expected an ONNX network for onnxruntime {onnxruntime.__version__}; "
                f"restore the file or update onnxruntime. ({_first_line(error)})"
            ) from error
        self.inputs: dict[str, tuple[Any, ...]] = {
            one.name: tuple(one.shape) for one in self._session.get_inputs()
        }
        self.outputs: dict[str, tuple[Any, ...]] = {
            one.name: tuple(one.shape) for one in self._session.get_outputs()
        }
        self.metadata: dict[str, str] = dict(self._session.get_modelmeta().custom_metadata_map)

    def run(self, arrays: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """Run the network once.

        Args:
            arrays: input name → array, of the type and shape that the network declares.

        Returns:
            Output name → array.

        Raises:
            InputError: an input is missing or unknown.
            WeightsError: the network refuses the arrays or fails.
        """
        if set(arrays) != set(self.inputs):
            raise InputError(
                f"Got inputs {', '.join(arrays) or 'none'} for `{self.path}`, "
                f"expected {', '.join(self.inputs)}; pass exactly these."
            )
        try:
            answers = self._session.run(list(self.outputs), dict(arrays))
        # onnxruntime's errors share no type but Exception
        except Exception as error:
            shapes = ", ".join(f"{name} {array.dtype}{list(array.shape)}" for name, array in arrays.items())
            raise WeightsError(
                f"Got {shapes} for `{self.path}`, which failed on them; check the arrays and the file. "
                f"({_first_line(error)})"
            ) from error
        return dict(zip(self.outputs, answers, strict=True))


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
