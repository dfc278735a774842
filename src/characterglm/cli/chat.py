"""`characterglm chat`."""

from __future__ import annotations

from cyclopts import App

app = App(name="chat")
