"""Alembic's entry: runs the revisions in one transaction on the address it is given."""

from alembic import context
from sqlalchemy import create_engine, pool

from service_index.warehouse.connection import conceal_errors_of

engine = create_engine(context.config.attributes["url"], poolclass=pool.NullPool)
conceal_errors_of(engine)
with engine.connect() as connection:
    context.configure(connection=connection, version_table_schema="public")
    with context.begin_transaction():
        context.run_migrations()
