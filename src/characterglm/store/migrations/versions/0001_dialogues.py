"""The first tables: dialogues, their utterances, and the full-text index over them."""

import sqlalchemy as sa
from alembic import op

from characterglm.store.fulltext import FullText

revision = "0001"
down_revision = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables."""
    _make_dialogue()
    _make_utterance()
    FullText("utterance_search").create(op.get_bind())


def _make_dialogue() -> None:
    op.create_table(
        "dialogue",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("character", sa.Text(), nullable=False),
        sa.Column("character_version", sa.Integer(), nullable=True),
        sa.Column("persona", sa.JSON(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("consent_scope", sa.Text(), nullable=False),
        sa.Column("consent_version", sa.Text(), nullable=False),
        sa.Column("consent_given", MOMENT, nullable=True),
        sa.Column("consent_withdrawn", MOMENT, nullable=True),
        sa.Column("license", sa.Text(), nullable=False),
        sa.Column("leaf", sa.Text(), nullable=True),
        sa.Column("created", MOMENT, nullable=False),
        sa.Column("touched", MOMENT, nullable=False),
        sa.Column("extensions", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_dialogue"),
    )
    op.create_index("ix_dialogue_character", "dialogue", ["character"])
    op.create_index("ix_dialogue_touched", "dialogue", ["touched"])


def _make_utterance() -> None:
    op.create_table(
        "utterance",
        sa.Column("number", NUMBER, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("dialogue", sa.Text(), nullable=False),
        sa.Column("parent", sa.Text(), nullable=True),
        sa.Column("speaker_role", sa.Text(), nullable=False),
        sa.Column("speaker_name", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("generation", sa.JSON(), nullable=True),
        sa.Column("feedback", sa.JSON(), nullable=True),
        sa.Column("created", MOMENT, nullable=False),
        sa.Column("extensions", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_utterance"),
        sa.UniqueConstraint("id", name="uq_utterance_id"),
        sa.ForeignKeyConstraint(
            ["dialogue"], ["dialogue.id"], name="fk_utterance_dialogue", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_utterance_dialogue_number", "utterance", ["dialogue", "number"])
