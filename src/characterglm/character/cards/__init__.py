"""Others' character formats, in and out; each with a report of its losses."""
