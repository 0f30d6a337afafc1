"""The two names that a custom model is described with."""

from dataclasses import dataclass


class PoolingType:
    CLS = "CLS"
    MEAN = "MEAN"


@dataclass
class ModelSource:
    hf: str
