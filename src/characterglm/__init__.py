"""CharacterGLM: give an AI a character, talk with it, and make such characters better.

Rooms, from the lowest to the highest (an upper one may import a lower one, never the reverse):
errors, settings, store, character, dialogue, prompt, models, engines, chat, authoring, cli.
Importing this package imports none of them.
"""

from characterglm._version import __version__

__all__ = ["__version__"]
