"""Run the shell sessions of a Markdown file and compare what they print with what the page says.

A session is a fenced block marked `console`: lines that start with `$ ` are commands, the lines below a command are
what it prints, standard output and standard error together. `…` stands for anything within a line; a line that is
only `…` stands for any lines. All sessions of a page share one folder and one shell's variables, as for a reader who
follows it.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

FENCE = re.compile(r"^```console[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Step:
    """A command of a page, the line it stands on, and what the page says it prints."""

    line: int
    command: str
    expected: str


def steps(page: Path) -> list[Step]:
    """Every command of a page, in order."""
    text = page.read_text()
    found: list[Step] = []
    for block in FENCE.finditer(text):
        line = text[: block.start(1)].count("\n") + 1
        for part in re.split(r"^(?=\$ )", block.group(1), flags=re.MULTILINE):
            if part.startswith("$ "):
                command, expected = _split(part)
                found.append(Step(line, command, expected))
            line += part.count("\n")
    return found


def _split(part: str) -> tuple[str, str]:
    """A command goes on over lines that end with a backslash, and over a here-document to its END."""
    lines = part.splitlines()
    end = 1
    while lines[end - 1].endswith("\\"):
        end += 1
    if "<<'END'" in lines[0]:
        end = lines.index("END") + 1
    return "\n".join(lines[:end])[2:], "\n".join(lines[end:]).strip("\n")


def run(step: Step, folder: Path, variables: dict[str, str] | None = None) -> str:
    """Run one command as a reader would, 80 columns wide; `variables` keeps what the page exports."""
    variables = {} if variables is None else variables
    if step.command.startswith("export "):
        for part in shlex.split(step.command)[1:]:
            name, _, value = part.partition("=")
            variables[name] = value
    environment = {k: v for k, v in os.environ.items() if not k.startswith("CARETRAIL")}
    environment |= {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "COLUMNS": "80",
        "HOME": str(folder),
    }
    environment |= variables
    environment.pop("XDG_DATA_HOME", None)
    done = subprocess.run(
        ["bash", "-c", step.command], cwd=folder, env=environment, text=True, check=False,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120,
    )  # fmt: skip
    return "\n".join(line.rstrip() for line in done.stdout.splitlines()).strip("\n")


def matches(expected: str, printed: str) -> bool:
    """Whether a page's words are what was printed."""
    pattern = ""
    for line in expected.splitlines():
        if line.strip() == "…":
            pattern += r"(?:.*\n)*?"
        else:
            pattern += re.escape(line.rstrip()).replace("…", ".*") + r"\n"
    return re.fullmatch(pattern, printed + "\n" if printed else "") is not None
