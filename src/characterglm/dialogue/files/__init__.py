"""Dialogue files: our JSONL and others' formats; the only readers of them in the project."""
