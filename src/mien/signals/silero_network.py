"""Run Silero's network on many windows at once.

The published graph takes one window of 32 ms per call, of which two thirds are overhead. Only its last
layer has a memory: here everything before it runs over a batch, in numpy, and the result is the same.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

CONTEXT = 64
"""Samples of the previous window that a window begins with."""

CELLS = 128

Array = NDArray[np.float32]

STEPPED = {
    "basis": "If_0_then_branch__Inline_0__stft.forward_basis_buffer",
    "encoder": "If_0_then_branch__Inline_0__encoder.{}.reparam_conv.{}",
    "lstm": "If_0_then_branch__Inline_0__decoder.rnn.{}",
    "output": "If_0_then_branch__Inline_0__decoder.decoder.2.{}",
}
"""Names in the file of silero-vad 6 (the branch for 16 kHz)."""

WHOLE = {
    "basis": "encoder.feature_extractor.forward_basis_buffer",
    "encoder": "encoder.conv_layers.{}.{}",
    "output": "decoder.conv1d.{}",
}
"""Names in the file of faster-whisper 1.2, whose recurrent weights are unnamed and in ONNX order."""


class State:
    """Memory of one recording: hidden and cell values, `(128,)` each."""

    def __init__(self) -> None:
        self.hidden: Array = np.zeros(CELLS, np.float32)
        self.cell: Array = np.zeros(CELLS, np.float32)


class Network:
    """Silero's network at 16 kHz: magnitude spectrum, four convolutions, one LSTM cell, one logistic unit.

    Args:
        tensors: arrays of its ONNX file by name.

    Raises:
        KeyError: an array is missing.
    """

    def __init__(self, tensors: Mapping[str, Array]) -> None:
        names = STEPPED if STEPPED["basis"] in tensors else WHOLE
        self._basis = np.ascontiguousarray(tensors[names["basis"]][:, 0].T)  # (256, 258)
        self._encoder = []
        for layer in range(4):
            weight = tensors[names["encoder"].format(layer, "weight")]  # (out, in, 3)
            flat = np.ascontiguousarray(weight.transpose(2, 1, 0).reshape(-1, weight.shape[0]))
            self._encoder.append((flat, tensors[names["encoder"].format(layer, "bias")]))
        into, back, bias = _lstm(tensors, names)
        # tanh(x) = 2 * logistic(2 * x) - 1: with the third gate doubled, one logistic serves all four.
        doubled = np.ones(4 * CELLS, np.float32)
        doubled[2 * CELLS : 3 * CELLS] = 2.0
        self._into = np.ascontiguousarray((into * doubled[:, None]).T)
        self._back = np.ascontiguousarray((back * doubled[:, None]).T)
        self._bias = bias * doubled
        self._output = tensors[names["output"].format("weight")].reshape(CELLS)
        self._output_bias = np.float32(tensors[names["output"].format("bias")].reshape(()))

    def probabilities(self, windows: Array, state: State) -> Array:
        """Return the speech probability of each window and move the state on.

        Args:
            windows: `(N, 576)` in order: 64 samples of context and 512 new ones at 16 kHz.
            state: memory of this recording, changed in place.

        Returns:
            float32 `(N,)` in [0, 1].
        """
        features = self._encode(windows)  # (N, 128)
        hidden = self._remember(features @ self._into + self._bias, state)  # (N, 128)
        logits = np.maximum(hidden, 0.0) @ self._output + self._output_bias
        return (1.0 / (1.0 + np.exp(-logits))).astype(np.float32)

    def _encode(self, windows: Array) -> Array:
        padded = np.pad(windows, ((0, 0), (0, CONTEXT)), mode="reflect")  # (N, 640)
        frames = np.lib.stride_tricks.sliding_window_view(padded, 256, axis=1)[:, ::128]  # (N, 4, 256)
        spectrum = np.ascontiguousarray(frames) @ self._basis  # (N, 4, 258)
        bins = self._basis.shape[1] // 2
        x = np.sqrt(spectrum[..., :bins] ** 2 + spectrum[..., bins:] ** 2)  # (N, 4, 129)
        for (weight, bias), stride in zip(self._encoder, (1, 2, 2, 1), strict=True):
            x = _convolve(x, weight, bias, stride=stride)  # (N, 4, 128), (N, 2, 64), (N, 1, 64), (N, 1, 128)
        return x[:, 0]

    def _remember(self, gates: Array, state: State) -> Array:
        """Run the LSTM cell over `(N, 512)`, the gates' input parts in the order i, f, g, o."""
        outputs = np.empty((len(gates), CELLS), np.float32)
        hidden, cell = state.hidden, state.cell
        z = np.empty(4 * CELLS, np.float32)
        with np.errstate(over="ignore"):
            for row, gate in enumerate(gates):
                np.dot(hidden, self._back, out=z)
                z += gate
                np.negative(z, out=z)
                np.exp(z, out=z)
                z += 1.0
                np.reciprocal(z, out=z)
                candidate = 2.0 * z[256:384] - 1.0
                cell = z[128:256] * cell + z[:128] * candidate
                hidden = z[384:] * np.tanh(cell)
                outputs[row] = hidden
        state.hidden, state.cell = hidden, cell
        return outputs


def _convolve(x: Array, weight: Array, bias: Array, *, stride: int) -> Array:
    """Convolve `(N, T, C)` over time with a kernel of 3 and one step of padding, then rectify."""
    channels = x.shape[2]
    padded = np.pad(x, ((0, 0), (1, 1), (0, 0))).reshape(len(x), -1)
    taken = np.lib.stride_tricks.sliding_window_view(padded, 3 * channels, axis=1)[:, :: stride * channels]
    return np.maximum(np.ascontiguousarray(taken) @ weight + bias, 0.0)


def _lstm(tensors: Mapping[str, Array], names: Mapping[str, str]) -> tuple[Array, Array, Array]:
    """Return input weights (512, 128), recurrent weights (512, 128) and bias (512,), gates i, f, g, o."""
    if "lstm" in names:
        into, back, first, second = (
            tensors[names["lstm"].format(part)] for part in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        )
        return into, back, first + second
    unnamed = sorted(name for name in tensors if name.startswith("onnx::LSTM"))
    into, back, biases = (tensors[name][0] for name in unnamed)
    # ONNX orders the gates i, o, f, c.
    order = np.concatenate([np.arange(CELLS) + gate * CELLS for gate in (0, 2, 3, 1)])
    return into[order], back[order], (biases[: 4 * CELLS] + biases[4 * CELLS :])[order]
