"""What storywatch remembers: one code base on SQLite and on PostgreSQL. No SQLAlchemy exception leaves this package."""
