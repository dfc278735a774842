"""HOW IT IS TOLD: the only place where text for a model is made.

Chat, training, simulation and export all call `build`.
"""

from characterglm.prompt.types import Count, LoreHit, Message, PartSize, Prompt, Segment

__all__ = ["Count", "LoreHit", "Message", "PartSize", "Prompt", "Segment"]
