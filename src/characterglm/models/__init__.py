"""WEIGHTS: the registry of models, how they are pulled, and the GGUF format; runs none of them."""
