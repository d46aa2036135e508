"""The database's schema: bringing it up to date, one step back, and saying where it stands.

Steps are named by their number, which is also the name of their file, so that a start that has nothing to do needs no
alembic: reading it in takes a tenth of a second and some megabytes.
"""
from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

from helpdesk import db
from helpdesk.errors import HelpdeskError
from helpdesk.migrations.filters import include, same_type
from helpdesk.models import Base

if TYPE_CHECKING:
    from alembic.config import Config

FOLDER = Path(__file__).parent / "migrations"
LOCK = 7_236_001        # any number of ours: two processes that start together upgrade one after the other


class SchemaError(HelpdeskError):
    """The database and the program do not fit together; the sentence says what to do."""


def newest() -> str:
    """The revision that this program needs."""
    return max(_known())


def present() -> str | None:
    """The revision of the database; None when it is empty."""
    with _reading() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        return connection.scalar(text("SELECT version_num FROM alembic_version"))


def knows(revision: str) -> bool:
    """Whether this program has the step `revision`; a newer program's are unknown."""
    return revision in _known()


def require() -> None:
    """Raise SchemaError unless the database fits this program."""
    found, needed = present(), newest()
    if found == needed:
        return
    if found is None or found in _known():
        raise SchemaError("The database is not up to date. Run: helpdesk db upgrade")
    raise SchemaError(f"The database is newer (step {found}) than this program (step {needed}). Install the newer "
                      "helpdesk, or restore a backup from before the upgrade.")


def upgrade(to: str = "head") -> bool:
    """Run the missing steps; False when there were none. Raises SchemaError on a newer database."""
    found = present()
    if found == newest() and to == "head":
        return False
    if found and found not in _known():
        require()
    from alembic import command
    _run(command.upgrade, to)
    return True


def downgrade(to: str = "-1") -> None:
    """Go back one step, or to a named one."""
    from alembic import command
    _run(command.downgrade, to)


def differences() -> list:
    """What the models say and the database does not, or the other way round. Empty when all is well."""
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext
    with _reading() as connection:
        context = MigrationContext.configure(connection, opts={"include_object": include, "compare_type": same_type})
        return compare_metadata(context, Base.metadata)


def make(message: str, number: str) -> str:
    """Write a new step from the difference between models and database; returns its path. For developers."""
    from alembic import command
    config = _config()
    with db.engine().begin() as connection:
        config.attributes["connection"] = connection
        return command.revision(config, message, autogenerate=True, rev_id=number).path


def _run(step: Callable, to: str) -> None:
    config = _config()
    with db.engine().connect() as connection:
        if connection.dialect.name == "sqlite":     # a batch step rebuilds tables that others point to
            connection.exec_driver_sql("COMMIT")
            connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK})")
        config.attributes["connection"] = connection
        step(config, to)
        connection.commit()
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("COMMIT")
            connection.exec_driver_sql("PRAGMA foreign_keys=ON")
            connection.exec_driver_sql("BEGIN")


def _reading() -> Connection:
    return db.engine().connect().execution_options(reading=True)    # must not wait for whoever writes just now


def _known() -> set[str]:
    return {path.name.split("_")[0] for path in (FOLDER / "versions").glob("[0-9]*.py")}


def _config() -> Config:
    from alembic.config import Config
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.set_main_option("path_separator", "os")
    return config
