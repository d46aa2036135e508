"""What is left out when models and database are compared."""

SEARCH_TABLES = ("message_fts",)        # SQLite's full-text index and its shadow tables are not models
SEARCH_COLUMNS = ("search",)            # PostgreSQL's generated tsvector column is not one either
SEARCH_INDEXES = ("ix_message_search",)


def include(item, name, kind, reflected, compare_to) -> bool:
    """Leave the full-text search out of comparisons."""
    if kind == "table":
        return not name.startswith(SEARCH_TABLES)
    return not (kind == "column" and name in SEARCH_COLUMNS or kind == "index" and name in SEARCH_INDEXES)


def render(kind, item, autogen):
    """Write our own column types as the plain ones they are stored as."""
    if kind == "type" and type(item).__name__ == "UTCDateTime":
        return "sa.DateTime(timezone=True)"
    if kind == "type" and type(item).__name__ == "JSON":
        return 'sa.JSON().with_variant(postgresql.JSONB(), "postgresql")'
    return False


def same_type(context, found, declared, found_type, declared_type):
    """UTCDateTime is a DateTime; nothing else is special."""
    return False if type(declared_type).__name__ == "UTCDateTime" else None
