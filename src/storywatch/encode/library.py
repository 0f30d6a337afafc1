"""Encoders of other libraries, in this process: fastembed, onnxruntime, sentence-transformers, model2vec.

Each library is an extra and is imported when its first text comes. A text is always encoded by itself: padding to a
neighbour's length moves the last bits of a vector, and a text must have one vector whatever comes with it.
Nothing is ever downloaded: a model is on this machine or it is a clear error.
"""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from storywatch.encode.rows import halved, plain, unit
from storywatch.errors import StorywatchError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from storywatch.core.model import Vector
    from storywatch.encode.choice import EncoderChoice

MAX_TOKENS = 512
LONGEST = 200  # characters of what a library says
OFFLINE = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "TOKENIZERS_PARALLELISM": "false",
}
ONNX_FILES = ("model.onnx", "onnx/model.onnx")


class Model(Protocol):
    """A loaded model."""

    def vector(self, text: str) -> Vector:
        """float[dim] of one text, not yet normalised."""
        ...


class LibraryEncoder:
    """Implements `ports.Encoder` with the model of a library; loads it at the first text."""

    def __init__(self, choice: EncoderChoice) -> None:
        self._choice = choice
        self._name = choice.name
        self._model: Model | None = None
        self._dim = 0
        self._loading = threading.Lock()

    @property
    def name(self) -> str:
        """Kind, model and digest."""
        return self._name

    @property
    def dim(self) -> int:
        """The length of a vector; asks the model."""
        self._loaded()
        return self._dim

    def encode(self, texts: Sequence[str]) -> Vector:
        """Normalised rows, rounded so that float16 stores them without loss. Raises `StorywatchError` without a model."""
        model = self._loaded()
        rows = np.empty((len(texts), self._dim), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            row[:] = model.vector(self._choice.prefix + plain(text))
        return halved(unit(rows))

    def _loaded(self) -> Model:
        with self._loading:
            if self._model is None:
                os.environ.update(OFFLINE)
                model = load_model(self._choice)
                self._dim = len(model.vector(self._choice.prefix + "storywatch"))
                self._model = model
        return self._model


def load_model(choice: EncoderChoice) -> Model:
    """The chosen model, in memory. Raises `StorywatchError` where library or model is not on this machine."""
    try:
        return LOADERS[choice.kind](choice)
    except ImportError as error:
        message = f'{error}: pip install "storywatch[{choice.kind}]"'
        raise StorywatchError(message) from error
    except Exception as error:
        said = " ".join(str(error).split())[:LONGEST]
        message = (
            f"model {choice.model!r} can't be loaded with {choice.kind}: {type(error).__name__}: {said}. Nothing is "
            "downloaded: the model must be on this machine, as a folder (./models/mine) or in the library's own cache"
        )
        raise StorywatchError(message) from error


class Onnx:
    """A transformer as an ONNX graph beside its tokenizer, in a folder as model hubs have them."""

    def __init__(self, choice: EncoderChoice) -> None:
        import onnxruntime  # noqa: PLC0415  an extra
        from tokenizers import Tokenizer  # noqa: PLC0415  same

        folder = Path(choice.model)
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(max_length=MAX_TOKENS)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = choice.threads
        options.enable_cpu_mem_arena = False  # it would keep the memory of the longest text for ever
        self._session = onnxruntime.InferenceSession(
            str(onnx_file(folder)), sess_options=options, providers=["CPUExecutionProvider"]
        )
        self._wanted = {wanted.name for wanted in self._session.get_inputs()}
        outputs = [output.name for output in self._session.get_outputs()]
        self._output = next((name for name in outputs if name == "sentence_embedding"), outputs[0])
        self._first = pools_first_token(folder)

    def vector(self, text: str) -> Vector:
        """Its sentence embedding if the graph has one, else its token vectors pooled as the folder says."""
        read = self._tokenizer.encode(text)
        given = {"input_ids": read.ids, "attention_mask": read.attention_mask, "token_type_ids": read.type_ids}
        inputs = {name: np.array([ids], dtype=np.int64) for name, ids in given.items() if name in self._wanted}
        [[found]] = self._session.run([self._output], inputs)
        if found.ndim > 1 and not len(found):  # a text without a single token
            return np.zeros(found.shape[1], dtype=np.float32)
        pooled: Vector = found if found.ndim == 1 else found[0] if self._first else found.mean(axis=0)
        return pooled


class Fastembed:
    """A model that fastembed knows by name, or a folder that holds one of its form."""

    def __init__(self, choice: EncoderChoice) -> None:
        from fastembed import TextEmbedding  # noqa: PLC0415  an extra

        where: dict[str, Any] = {"threads": choice.threads, "local_files_only": True}
        name = choice.model
        if choice.folder:
            name = _told_to_fastembed(choice.folder)
            where["specific_model_path"] = str(choice.folder)
        self._model = TextEmbedding(name, **where)

    def vector(self, text: str) -> Vector:
        """As fastembed pools it."""
        [found] = self._model.embed([text], batch_size=1)
        vector: Vector = np.asarray(found, dtype=np.float32)
        return vector


def _told_to_fastembed(folder: Path) -> str:
    """Make a folder known to fastembed, under the name that is given back."""
    from fastembed import TextEmbedding  # noqa: PLC0415  an extra
    from fastembed.common.model_description import ModelSource, PoolingType  # noqa: PLC0415  same

    name = f"storywatch{folder.resolve()}"
    if name not in {known["model"] for known in TextEmbedding.list_supported_models()}:
        TextEmbedding.add_custom_model(
            model=name,
            pooling=PoolingType.CLS if pools_first_token(folder) else PoolingType.MEAN,
            normalization=True,
            sources=ModelSource(hf=name),
            dim=_setting(folder / "config.json", "hidden_size", 0),
            model_file=str(onnx_file(folder).relative_to(folder)),
        )
    return name


class SentenceTransformers:
    """A model of sentence-transformers, on the CPU. Code that comes with a model is never run."""

    def __init__(self, choice: EncoderChoice) -> None:
        import torch  # noqa: PLC0415  comes with it
        from sentence_transformers import SentenceTransformer  # noqa: PLC0415  an extra

        torch.set_num_threads(choice.threads)
        self._model = SentenceTransformer(choice.model, device="cpu", local_files_only=True, trust_remote_code=False)

    def vector(self, text: str) -> Vector:
        """As the model's own modules pool it."""
        [found] = self._model.encode([text], batch_size=1, show_progress_bar=False, convert_to_numpy=True)
        vector: Vector = np.asarray(found, dtype=np.float32)
        return vector


class Model2vec:
    """A static model: the mean of its tokens' vectors. A thousand times as fast, and coarser."""

    def __init__(self, choice: EncoderChoice) -> None:
        from model2vec import StaticModel  # noqa: PLC0415  an extra

        self._model = StaticModel.from_pretrained(choice.model, force_download=False)

    def vector(self, text: str) -> Vector:
        """The mean of its tokens."""
        [found] = self._model.encode([text], use_multiprocessing=False)
        vector: Vector = np.asarray(found, dtype=np.float32)
        return vector


LOADERS: dict[str, Callable[[EncoderChoice], Model]] = {
    "fastembed": Fastembed,
    "onnx": Onnx,
    "sentence-transformers": SentenceTransformers,
    "model2vec": Model2vec,
}


def onnx_file(folder: Path) -> Path:
    """The graph in a model's folder, where hubs and exporters put it."""
    for name in ONNX_FILES:
        if (folder / name).is_file():
            return folder / name
    message = f"neither {' nor '.join(ONNX_FILES)} is in {folder}"
    raise FileNotFoundError(message)


def pools_first_token(folder: Path) -> bool:
    """Does the model speak by its first token? Said in `1_Pooling/config.json`; the mean of all where nothing is said."""
    return bool(_setting(folder / "1_Pooling" / "config.json", "pooling_mode_cls_token", default=False))


def _setting(path: Path, key: str, default: Any) -> Any:
    return json.loads(path.read_text("utf-8")).get(key, default) if path.is_file() else default
