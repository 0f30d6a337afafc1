"""Stands for sentence-transformers in tests: what its documentation says of `SentenceTransformer`, and accidents on demand.

A text that names one of them makes the process crash, hang, stumble, print, or ask for more memory than it may have.
"""

import json
import os
import signal
import sys
import time
from pathlib import Path

import numpy as np

CRASH, HANG, STUMBLE, PRINT, BLOAT = "crash now", "hang now", "stumble now", "print now", "bloat now"


class SentenceTransformer:
    def __init__(self, model_name_or_path, device=None, local_files_only=False, trust_remote_code=False):
        assert device == "cpu"
        assert local_files_only, "it would download"
        assert not trust_remote_code
        folder = Path(model_name_or_path)
        if not folder.is_dir():
            raise OSError(f"{model_name_or_path} is not on this machine")
        self._rows = json.loads((folder / "rows.json").read_text())

    def encode(self, sentences, batch_size=32, show_progress_bar=None, convert_to_numpy=True):
        return np.stack([self._encode(text) for text in sentences])

    def _encode(self, text):
        if text.startswith(CRASH):
            os.kill(os.getpid(), signal.SIGSEGV)
        if text == f"once: {CRASH}" and not Path("crashed").exists():
            Path("crashed").touch()
            os.kill(os.getpid(), signal.SIGSEGV)
        if text == HANG:
            time.sleep(3600)
        if text == STUMBLE:
            raise RuntimeError("no such token")
        if text == PRINT:
            print("a library's chatter", flush=True)
            sys.stdout.write("more of it")
        if text == BLOAT:
            np.ones(3 * 1024**3, dtype=np.uint8)
        rows = [self._rows.get(word, self._rows["[UNK]"]) for word in text.lower().split()] or [self._rows["[UNK]"]]
        return np.mean(rows, axis=0, dtype=np.float32)
