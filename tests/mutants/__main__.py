"""Change the rule code in many small ways, see whether its tests notice, and write the report: `make mutants`.

The three source roots are copied into one `src`, because mutmut names a module by its place below that folder. Mutmut
changes what stands in functions and methods; it leaves decorated ones and the constants of a module alone. Changes of
letter case alone are not tried: the same string is also changed in another way.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import fnmatch
import json
import math
import os
import platform
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

from mutmut.mutation.file_mutation import mutate_file_contents

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
REMARKS = HERE / "remarks.toml"
REPORT = ROOT / "docs" / "evidence" / "mutants.md"
RULES = ("src/caretrail/findings", "src/caretrail/policy")
TESTS = ("tests/findings", "tests/policy")
LEFT_OUT = "tests/findings/test_golden_complete.py"
"""It tests how the source reads, which is not what mutmut runs."""
NOT_COPIED = ("test_rules_page.py", "test_source_map.py")  # they compare with documents, which are not in the copy
HISTORIES = 25
"""Generated histories for a property, shared by its parameters; by themselves the tests take more."""
CONFIG: dict[str, object] = {
    "source_paths": ["src"],
    "only_mutate": [f"{folder}/*" for folder in RULES],
    "also_copy": ["fresh.py"],
    "pytest_add_cli_args": [
        *("-o", "pythonpath=src .", "-p", "fresh"),
        *("-p", "no:cacheprovider", "-p", "no:unraisableexception", "--assert=plain"),  # only for speed
    ],
    "pytest_add_cli_args_test_selection": [*TESTS, f"--ignore={LEFT_OUT}"],
    # by the clock on the wall, and others may use the machine: only what never ends may take so long, for it counts as
    # noticed
    "timeout_constant": 30.0,
    "timeout_multiplier": 6.0,
    "use_git_change_detection": False,
}
OUTCOMES: dict[int | None, str] = {0: "survived", None: "not run"} | dict.fromkeys((5, 33), "no tests") | dict.fromkeys(
    (-24, -9, 24, 36, 152, 255), "timeout"
)  # fmt: skip
"""What an exit code of a mutant's tests means; every other one is a kill."""


class Mutant(NamedTuple):
    """One change of the rule code; `line` is where the function has it in the source."""

    module: str
    function: str
    line: int
    change: str

    @property
    def place(self) -> str:
        """Where it is, as long as nobody renames the function."""
        return f"{self.module}:{self.function}"


def arrange(copy: Path) -> None:
    """Copy the tree as mutmut wants it."""
    for root in ("domain", "projections", "cli"):
        shutil.copytree(ROOT / root / "caretrail", copy / "src" / "caretrail", dirs_exist_ok=True)
    shutil.copytree(ROOT / "tests", copy / "tests", ignore=shutil.ignore_patterns("__pycache__", *NOT_COPIED))
    shutil.copy(HERE / "fresh.py", copy)
    settings = "".join(f"{name} = {json.dumps(value)}\n" for name, value in CONFIG.items())
    (copy / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text() + f"\n[tool.mutmut]\n{settings}")


def mutants_of(path: Path) -> Iterator[tuple[str, Mutant]]:
    """Every mutant of a file by mutmut's name for it."""
    source = path.read_text()
    module = ".".join(path.with_suffix("").parts[1:]).removesuffix(".__init__")
    mutated = mutate_file_contents(str(path), source)
    before, after = dict(functions(source)), dict(functions(mutated.code))
    for name in mutated.mutant_names:
        mangled = name.partition("__mutmut_")[0]
        function = mangled.removeprefix("x_") if mangled.startswith("x_") else mangled[2:].replace("ǁ", ".")
        at, old, new = difference(after[f"{mangled}__mutmut_orig"][1], after[name][1])
        if old.lower() != new.lower():
            yield f"{module}.{name}", Mutant(module, function, before[function][0] + at, f"{old} => {new}")


def functions(source: str) -> Iterator[tuple[str, tuple[int, list[str]]]]:
    """Every function and method, with its first line and its lines; mutmut's own bear the name of the class already."""
    lines = source.splitlines()
    for node in ast.parse(source).body:
        owner = f"{node.name}." if isinstance(node, ast.ClassDef) else ""
        for item in node.body if isinstance(node, ast.ClassDef) else [node]:
            if isinstance(item, ast.FunctionDef):
                plain = re.sub(r"^(x_|xǁ[^ǁ]*ǁ)|__mutmut_\w+$", "", item.name)
                text = [line.replace(item.name, plain) for line in lines[item.lineno - 1 : item.end_lineno]]
                yield item.name if plain != item.name else owner + plain, (item.lineno, text)


def difference(old: list[str], new: list[str]) -> tuple[int, str, str]:
    """Where two functions begin to differ, and the lines that do, each side as one."""
    first = next((n for n, (one, other) in enumerate(zip(old, new, strict=False)) if one != other), 0)
    last = 0
    while last < min(len(old), len(new)) - first and old[-1 - last] == new[-1 - last]:
        last += 1
    one, other = (" ".join(line.strip() for line in side[first : len(side) - last]) for side in (old, new))
    return first, one, other


def run(copy: Path, names: list[str], workers: int) -> None:
    """Let mutmut try the mutants of those names."""
    unwanted = ("PYTHONPATH", "PYTHONDONTWRITEBYTECODE")  # the one leads out of the copy, the other makes it slow
    environment = {name: value for name, value in os.environ.items() if name not in unwanted}
    mutmut = Path(sys.executable).parent / "mutmut"
    subprocess.run(
        [mutmut, "run", "--max-children", str(workers), *names],
        cwd=copy, stdout=sys.stderr, env=environment | {"CARETRAIL_HISTORIES": str(HISTORIES)}, check=True,
    )  # fmt: skip


def outcomes(copy: Path) -> dict[str, str]:
    """What became of each mutant that was tried."""
    codes: dict[str, int | None] = {}
    for path in (copy / "mutants" / "src").rglob("*.meta"):
        codes |= json.loads(path.read_text())["exit_code_by_key"]
    return {name: OUTCOMES.get(code, "killed") for name, code in codes.items()}


def fitting(mutant: Mutant, remarks: list[dict[str, str]]) -> list[dict[str, str]]:
    """What was written of a mutant, and of others like it."""

    def fits(pattern: str, text: str) -> bool:
        return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), text) is not None

    return [item for item in remarks if fits(item["of"], mutant.place) and fits(item["change"], mutant.change)]


def score(counts: Counter[str]) -> float:
    """Those noticed, of all, in percent."""
    return 100 * (counts["killed"] + counts["timeout"]) / counts.total()


def table(tried: Iterable[tuple[Mutant, str]]) -> list[str]:
    """Counts by module, and for all."""
    counts: dict[str, Counter[str]] = {}
    for mutant, outcome in tried:
        for group in (mutant.module, "all"):
            counts.setdefault(group, Counter())[outcome] += 1
    kinds = ("killed", "timeout", "survived", "no tests")
    lines = [f"| module | mutants | {' | '.join(kinds)} | score |", "|---|---:|---:|---:|---:|---:|---:|"]
    for group in sorted(counts, key=lambda name: (name == "all", name)):
        of = counts[group]
        cells = [str(of.total()), *(str(of[kind]) for kind in kinds), f"{score(of):.1f} %"]
        lines.append(f"| {group.removeprefix('caretrail.')} | {' | '.join(cells)} |")
    return lines


def rows(survivors: Iterable[Mutant], remarks: list[dict[str, str]]) -> Iterator[str]:
    """A row for every mutant that no test noticed, with what was thought of it."""
    module = ""
    for mutant in survivors:
        if mutant.module != module:
            module = mutant.module
            yield from ("", f"### {module}", "", "| line | function | change | remark |", "|---:|---|---|---|")
        # what looks like a link would be taken for one, and a bar for the end of a cell
        old, _, new = mutant.change.replace("|", "\\|").replace("](", "] (").partition(" => ")
        remark = next((item["remark"] for item in fitting(mutant, remarks) if item["remark"]), "")
        yield f"| {mutant.line} | {mutant.function} | `{old}` → `{new or 'nothing'}` | {remark} |"


def entry(mutant: Mutant) -> str:
    """Where a person may write a remark."""
    of, change = (json.dumps(text, ensure_ascii=False) for text in (mutant.place, mutant.change))
    return f'\n[[survivor]]\nof = {of}\nchange = {change}\nremark = ""\n'


def commit() -> str:
    """The commit and its date, and whether the tree has moved on."""

    def git(*words: str) -> str:
        return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()

    changed = git("status", "--porcelain", "--", "domain", *TESTS)
    return (git("log", "-1", "--format=%h of %cs") or "unknown") + (", with changes not committed" if changed else "")


def main() -> None:
    """Run the mutants and write the report."""
    parser = argparse.ArgumentParser(prog="mutants", description=__doc__)
    parser.add_argument("--sample", type=int, default=1000, help="how many to try, chosen by the seed; 0 for all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", metavar="GLOB", help="modules, as caretrail.findings.rules.*; writes no report")
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ct-mutants-") as folder, contextlib.chdir(folder):
        copy = Path(folder)
        arrange(copy)
        paths = sorted(path for rules in RULES for path in Path(rules).rglob("*.py"))
        mutants = {name: mutant for path in paths for name, mutant in mutants_of(path)}
        names = sorted(name for name in mutants if fnmatch.fnmatch(mutants[name].module, options.only or "*"))
        of = len(names)
        if 0 < options.sample < of:
            names = sorted(random.Random(options.seed).sample(names, options.sample))  # noqa: S311
        began = time.monotonic()
        run(copy, names, options.workers)
        seconds = time.monotonic() - began
        found = outcomes(copy)
    tried = [(mutants[name], found[name]) for name in names]
    alive = sorted(mutant for mutant, outcome in tried if outcome in ("survived", "no tests"))
    remarks: list[dict[str, str]] = tomllib.loads(REMARKS.read_text()).get("survivor", [])
    noticed = score(Counter(outcome for _, outcome in tried))
    margin = 196 * math.sqrt(noticed / 100 * (1 - noticed / 100) / len(names) * (1 - len(names) / of))
    lines = [
        "# Mutants of the rule code",
        "",
        "Made by `make mutants`: small changes of `domain/caretrail/findings` and `domain/caretrail/policy`, each",
        f"tried against {' and '.join(f'`{tests}`' for tests in TESTS)}, {HISTORIES} generated histories a property.",
        "A change is noticed if a test fails or takes too long.",
        "",
        f"* Noticed: **{noticed:.1f} %** of {len(names)} changes"
        + (f", a sample (seed {options.seed}) of {of}; of all, ± {margin:.1f} (95 %)" if len(names) < of else ", all"),
        f"* Commit {commit()}",
        f"* mutmut {version('mutmut')}, pytest {version('pytest')}, hypothesis {version('hypothesis')}, "
        f"Python {platform.python_version()}",
        f"* {os.cpu_count()} cores, {platform.system()} {platform.machine()}; workers: {options.workers}; "
        f"{seconds / 60:.1f} minutes, {seconds / len(names):.2f} s for each",
        "",
        *table(tried),
        "",
        "## Survivors",
        "",
        "Lines are of that commit. Remarks are written by hand, in `tests/mutants/remarks.toml`.",
        *rows(alive, remarks),
    ]
    text = "\n".join(lines) + "\n"
    if options.only is None:
        REPORT.write_text(text)
        with REMARKS.open("a") as file:
            file.writelines(dict.fromkeys(entry(mutant) for mutant in alive if not fitting(mutant, remarks)))
    print(text, end="")


if __name__ == "__main__":
    main()
