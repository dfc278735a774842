"""Text becomes a character through an engine; knows nothing about how the text was found."""
