"""Alembic's entry: runs the revisions in one transaction on the address it is given; in the same
one, what they made gets its owner and its privileges."""

from alembic import context
from sqlalchemy import create_engine, pool

from service_index.warehouse import access
from service_index.warehouse.connection import conceal_errors_of
from service_index.warehouse.migrations.script_file import raw_connection

engine = create_engine(context.config.attributes["url"], poolclass=pool.NullPool)
conceal_errors_of(engine)
with engine.connect() as connection:
    context.configure(connection=connection, version_table_schema="public")
    with context.begin_transaction():
        context.run_migrations()
        access.apply(raw_connection(connection))
