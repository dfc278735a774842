"""WHO ANSWERS: the engine protocol and its implementations; nothing about characters."""

from characterglm.engines.base import (
    Adapter,
    Capability,
    Delta,
    End,
    Engine,
    Event,
    Reply,
    Request,
    Sampling,
    complete,
)

__all__ = [
    "Adapter",
    "Capability",
    "Delta",
    "End",
    "Engine",
    "Event",
    "Reply",
    "Request",
    "Sampling",
    "complete",
]
