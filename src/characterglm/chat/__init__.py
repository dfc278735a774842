"""ONE TALK: the only place where character, engine and dialogue meet; used by every door alike."""
