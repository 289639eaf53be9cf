"""The command line for tests: run inside this process, or as a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from caretrail.aliases import Clock
from caretrail.cli.main import main
from tests.support.stores import machine_clock

PROGRAM = Path(sys.executable).with_name("caretrail")


@dataclass(frozen=True)
class Ended:
    """How a command ended, and what it printed."""

    status: int
    out: str
    err: str

    @property
    def rows(self) -> list[dict[str, Any]]:
        """What `append --json` printed, one object a line."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def listed(self) -> list[dict[str, Any]]:
        """The rows of an answer, in the one object that it is."""
        answer = json.loads(self.out)
        assert list(answer)[:2] == ["standing", "rows"]
        rows: list[dict[str, Any]] = answer["rows"]
        return rows

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Caretrail:
    """The command line on one store."""

    def __init__(self, url: str, home: Path) -> None:
        self.url = url
        self.clock: Clock | None = None
        """The clock of the machine for commands in this process, None for its own."""
        self.variables = {"CARETRAIL_DB": url, "HOME": str(home), "XDG_DATA_HOME": str(home / "data")}

    def __call__(self, *arguments: str, input: str | bytes | None = None, **variables: str) -> Ended:  # noqa: A002
        """Run a command in this process: quick, and without a terminal."""
        environment = {name: None for name in os.environ if name.startswith("CARETRAIL")}
        runner = CliRunner(env={**environment, "COLUMNS": "80", **self.variables, **variables})
        with runner.isolation(input=input) as (out, err, _), machine_clock(self.clock):
            status = main(list(arguments))
        return Ended(status, out.getvalue().decode(), err.getvalue().decode())

    @property
    def program(self) -> Path:
        """The installed program."""
        return PROGRAM

    def environment(self) -> dict[str, str]:
        """The environment of a process, without anything of ours but the store."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("CARETRAIL")}
        return kept | {"COLUMNS": "80", "TERM": "dumb"} | self.variables

    def process(self, *arguments: str, **popen: Any) -> subprocess.Popen[str]:
        """Start a command as a process of its own."""
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        given: dict[str, Any] = {"env": self.environment()} | pipes | popen
        return subprocess.Popen([PROGRAM, *arguments], text=True, **given)
