"""What Alembic runs: migrations on the connection that it is handed, in the transaction that is open there."""

from alembic import context

context.configure(**context.config.attributes["settings"])
context.run_migrations()
