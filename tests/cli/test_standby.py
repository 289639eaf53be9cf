"""Reading from a hot standby: it works, says where it stands, and takes no facts."""

from __future__ import annotations

import json
from pathlib import Path

from caretrail.recording import open_recorder
from cli.conftest import EXAMPLE, Caretrail
from servers import Server, wait_until


def test_a_worklist_is_read_from_a_standby_and_says_where_it_stands(
    server_pair: tuple[Server, Server], tmp_path: Path
) -> None:
    """Given an episode recorded at the primary, and rows made from half of it, when the standby is asked."""
    primary, standby = (Caretrail(server.url(), tmp_path) for server in server_pair)
    lines = EXAMPLE.read_text().splitlines(keepends=True)
    assert primary("append", input="".join(lines[:30])).status == 0
    assert primary("projection", "catch-up").status == 0
    assert primary("append", input="".join(lines[30:])).status == 0
    last = len(lines)
    with open_recorder(standby.url) as recorder:
        wait_until(lambda: recorder.max_position() == last, "it has followed")
    for command in (
        ("worklist", "--as-of", "2026-03-11", "--json"),
        ("findings", "--as-of", "2026-03-11", "--json"),
        ("timeline", "LNK-2026-0001", "--json"),
    ):
        here, there = standby(*command), primary(*command)
        assert (here.status, here.out) == (0, there.out)
        assert f"position {last}" in here.err
    assert standby("worklist", "--as-of", "2026-03-11", "--json").json
    new = json.dumps(json.loads(lines[0]) | {"episode": "LNK-2026-0002", "command_id": "another"})
    refused = standby("append", input=new)
    assert refused.status == 4
    assert "read-only" in refused.err
