"""The database: engine, sessions, base class, full text, migrations; declares no table."""
