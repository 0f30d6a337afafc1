"""Stands for fastembed in tests: what its documentation says of `TextEmbedding`, over the tests' tiny ONNX models."""

import json
from pathlib import Path

import numpy as np

KNOWN = {}


class TextEmbedding:
    def __init__(self, model_name, cache_dir=None, threads=None, local_files_only=False, specific_model_path=None):
        assert local_files_only, "it would download"
        if model_name not in KNOWN or specific_model_path is None:
            raise ValueError(f"Could not load model {model_name} from any source.")
        self._rows = json.loads((Path(specific_model_path) / "rows.json").read_text())
        self._known = KNOWN[model_name]

    @classmethod
    def list_supported_models(cls):
        return [{"model": name} for name in KNOWN]

    @classmethod
    def add_custom_model(cls, model, pooling, normalization, sources, dim, model_file="onnx/model.onnx"):
        if model in KNOWN:
            raise ValueError(f"Model {model} is already registered")
        KNOWN[model] = {"pooling": pooling, "dim": dim, "model_file": model_file}

    def embed(self, documents, batch_size=256):
        for text in documents:
            rows = np.array([self._rows.get(word, self._rows["[UNK]"]) for word in text.lower().split()] or [self._rows["[UNK]"]])
            assert rows.shape[1] == self._known["dim"]
            yield rows[0] if self._known["pooling"] == "CLS" else rows.mean(axis=0)
