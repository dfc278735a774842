"""A GGUF model inside this process (llama.cpp through xllamacpp); knows no characters."""

from characterglm.engines.local.engine import LocalEngine

__all__ = ["LocalEngine"]
