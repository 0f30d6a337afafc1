from __future__ import annotations

import sys
from pathlib import Path

# The labelled streams are read and scored by the same code that trains on them.
sys.path.append(str(Path(__file__).resolve().parents[2] / "training"))
