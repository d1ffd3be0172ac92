"""acme's digit reader: a network of one hidden layer, its training and its files.

scikit-learn does the training, numpy the reading. The model folder holds the four
tensors in ``model.safetensors`` and the shape and training settings in ``config.json``.
The same data, settings and start give the same bytes on one machine: the seed is fixed,
and the linear algebra runs on one thread whatever ``OMP_NUM_THREADS`` says, because the
number of threads changes the order of summation. Another processor type may still round
the last bit of a weight differently.
"""

from __future__ import annotations

import json
import warnings
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from acme_files import CLASSES, PIXEL_MAX, PIXELS, TrainerError
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save
from threadpoolctl import threadpool_limits

if TYPE_CHECKING:
    from sklearn.neural_network import MLPClassifier

__all__ = [
    "HIDDEN",
    "Training",
    "Weights",
    "fit",
    "load_model",
    "predict",
    "save_model",
]

HIDDEN = 64
_SHAPES = {
    "hidden.bias": (HIDDEN,),
    "hidden.weight": (PIXELS, HIDDEN),
    "output.bias": (CLASSES,),
    "output.weight": (HIDDEN, CLASSES),
}

Weights = dict[str, NDArray[np.float32]]
"""The four tensors by name; a layer is ``input @ weight + bias``."""


@dataclass(frozen=True, slots=True)
class Training:
    """How a model was trained: written into its config, and enough to repeat it."""

    step: str
    seed: int
    epochs: int
    learning_rate: float


def fit(
    pixels: NDArray[np.uint8],
    labels: NDArray[np.int64],
    training: Training,
    start: Weights | None = None,
) -> Weights:
    """Train on ``pixels`` ``(n, 64)`` and ``labels`` ``(n,)``; continue from ``start``.

    Without ``start`` the weights begin at random, from the seed. Raises
    ``TrainerError`` unless every class appears among the labels.
    """
    # Not at the top: reading digits needs numpy alone, and loading this takes a second.
    from sklearn.exceptions import ConvergenceWarning

    missing = sorted(set(range(CLASSES)) - set(labels.tolist()))
    if missing:
        raise TrainerError(f"no item is labelled {missing[0]}; every class is needed")
    network = _network(training)
    with threadpool_limits(limits=1), warnings.catch_warnings():
        # The number of epochs is ours to choose; that is no failure to converge.
        warnings.simplefilter("ignore", ConvergenceWarning)
        if start is not None:
            _set_weights(network, start)
        network.fit(_scaled(pixels), labels)
    return _weights(network)


def predict(weights: Weights, pixels: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Return the class read from each image: ``(n, 64)`` in, ``(n,)`` out."""
    with threadpool_limits(limits=1):
        hidden = _scaled(pixels) @ weights["hidden.weight"] + weights["hidden.bias"]
        active = np.maximum(hidden, 0)
        scores = active @ weights["output.weight"] + weights["output.bias"]
    best: NDArray[np.int64] = scores.argmax(axis=1).astype(np.int64)
    return best


def save_model(folder: Path, weights: Weights, training: Training) -> None:
    """Write ``model.safetensors`` and ``config.json`` into ``folder``."""
    config = {
        "architectures": ["AcmeDigitReader"],
        "model_type": "acme-digit-reader",
        "input_size": PIXELS,
        "hidden_size": HIDDEN,
        "num_labels": CLASSES,
        "pixel_max": PIXEL_MAX,
        "training": asdict(training),
    }
    text = json.dumps(config, indent=2) + "\n"
    (folder / "config.json").write_text(text, encoding="utf-8", newline="\n")
    # One key only: the library writes several in an order that changes from run to run.
    metadata = {"acme": json.dumps({"format": "acme-digit-reader/1"}, sort_keys=True)}
    (folder / "model.safetensors").write_bytes(save(weights, metadata=metadata))


def load_model(folder: Path) -> Weights:
    """Read the weights of ``folder``; raises ``TrainerError`` if they do not fit."""
    path = folder / "model.safetensors"
    try:
        weights = load(path.read_bytes())
    except SafetensorError as error:
        raise TrainerError(f"{path}: is not a safetensors file: {error}") from error
    shapes = {name: tensor.shape for name, tensor in weights.items()}
    if shapes != _SHAPES:
        raise TrainerError(f"{path}: is not a digit reader; its tensors are {shapes}")
    if any(tensor.dtype != np.float32 for tensor in weights.values()):
        raise TrainerError(f"{path}: a tensor is not of type float32")
    if not all(np.isfinite(tensor).all() for tensor in weights.values()):
        raise TrainerError(f"{path}: a weight is not a finite number")
    return weights


def _network(training: Training) -> MLPClassifier:
    from sklearn.neural_network import MLPClassifier

    return MLPClassifier(
        hidden_layer_sizes=(HIDDEN,),
        alpha=0.0,
        learning_rate_init=training.learning_rate,
        max_iter=training.epochs,
        n_iter_no_change=training.epochs + 1,
        tol=0.0,
        random_state=training.seed,
        warm_start=True,
    )


def _set_weights(network: MLPClassifier, start: Weights) -> None:
    # scikit-learn makes the attributes on the first call only; what that call learns
    # from blank images is replaced at once, and `fit` begins with a fresh optimiser.
    blank = np.zeros((CLASSES, PIXELS), dtype=np.float32)
    network.partial_fit(blank, np.arange(CLASSES), classes=np.arange(CLASSES))
    network.coefs_ = [start["hidden.weight"].copy(), start["output.weight"].copy()]
    network.intercepts_ = [start["hidden.bias"].copy(), start["output.bias"].copy()]


def _weights(network: MLPClassifier) -> Weights:
    tensors = {
        "hidden.bias": network.intercepts_[0],
        "hidden.weight": network.coefs_[0],
        "output.bias": network.intercepts_[1],
        "output.weight": network.coefs_[1],
    }
    # safetensors writes the buffer as it lies in memory, so it must be in C order.
    return {
        name: np.ascontiguousarray(tensor, dtype=np.float32)
        for name, tensor in tensors.items()
    }


def _scaled(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    return pixels.astype(np.float32) / np.float32(PIXEL_MAX)
