"""HOW IT IS TOLD: the only place where text for a model is made.

Chat, training, simulation and export all call `build`.
"""

from characterglm.prompt.build import build, prefix
from characterglm.prompt.counting import CachedCount, cached
from characterglm.prompt.describe import describe, sections
from characterglm.prompt.formats import PromptFormat, get_format
from characterglm.prompt.instruct import instruct
from characterglm.prompt.macros import expand, greet
from characterglm.prompt.types import Count, LoreHit, Message, PartSize, Prompt, Segment

__all__ = [
    "CachedCount",
    "Count",
    "LoreHit",
    "Message",
    "PartSize",
    "Prompt",
    "PromptFormat",
    "Segment",
    "build",
    "cached",
    "describe",
    "expand",
    "get_format",
    "greet",
    "instruct",
    "prefix",
    "sections",
]
