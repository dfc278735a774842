"""One file a noun; bodies import lazily so that the help is quick. No logic lives here."""
