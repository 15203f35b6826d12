"""The PostgreSQL warehouse: connections, migrations and the embedded server."""
