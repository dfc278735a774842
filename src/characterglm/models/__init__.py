"""WEIGHTS: the registry of models, how they are pulled, and the GGUF format; runs none of them."""

from characterglm.models.partial import Progress
from characterglm.models.pull import forget, pull, source_label
from characterglm.models.registry import aliases, installed, local_path, registry, resolve
from characterglm.models.spec import ModelFile, ModelSpec, SourceKind

__all__ = [
    "ModelFile",
    "ModelSpec",
    "Progress",
    "SourceKind",
    "aliases",
    "forget",
    "installed",
    "local_path",
    "pull",
    "registry",
    "resolve",
    "source_label",
]
