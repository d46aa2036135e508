"""Alembic's entry: runs the steps on the connection that helpdesk.schema hands over."""
from alembic import context

from helpdesk.migrations.filters import include, render, same_type
from helpdesk.models import Base

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=Base.metadata, include_object=include, render_item=render,
                  compare_type=same_type, render_as_batch=connection.dialect.name == "sqlite",
                  transaction_per_migration=True)
with context.begin_transaction():
    context.run_migrations()
