"""Characters with their versions, lorebooks, and which lorebook is attached to whom."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the four tables."""
    op.create_table(
        "character",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("category", sa.Text, nullable=False),
        sa.Column("tags", sa.JSON, nullable=False),
        sa.Column("summary", sa.Text, nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_character"),
    )
    op.create_index("ix_character_name", "character", ["name"])
    op.create_table(
        "character_version",
        sa.Column("character_id", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("document", sa.JSON, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("character_id", "version", name="pk_character_version"),
        sa.ForeignKeyConstraint(
            ["character_id"],
            ["character.id"],
            name="fk_character_version_character_id",
            ondelete="CASCADE",
        ),
    )
    op.create_table(
        "lorebook",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("document", sa.JSON, nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_lorebook"),
    )
    op.create_table(
        "character_lorebook",
        sa.Column("character_id", sa.Text, nullable=False),
        sa.Column("lorebook_id", sa.Text, nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("character_id", "lorebook_id", name="pk_character_lorebook"),
        sa.ForeignKeyConstraint(
            ["lorebook_id"],
            ["lorebook.id"],
            name="fk_character_lorebook_lorebook_id",
            ondelete="CASCADE",
        ),
    )
