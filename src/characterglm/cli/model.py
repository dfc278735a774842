"""`characterglm model`."""

from __future__ import annotations

from cyclopts import App

app = App(name="model")
