"""The ledger agrees with its vectors, which another implementation made: what is valid holds, what is not does not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from caretrail.ledger.checkpoint import Checkpoint, open_checkpoint
from caretrail.ledger.note import NoteRefused, read_verifying_key
from caretrail.ledger.tree import consistent, includes, root_of
from caretrail.log.leaf import leaf_of, payload_hash
from caretrail.log.records import Log
from tests.ledger.vectors import ALL, CT_INPUTS, FOLDER, text_of

Json = dict[str, Any]

CT_ROOTS = (
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)
"""As printed in the test code of the libraries of certificate transparency, by the number of entries."""


def vectors(name: str) -> list[Json]:
    found: list[Json] = json.loads((FOLDER / f"{name}.json").read_text())
    return found


def hashes(texts: list[str]) -> list[bytes]:
    return [bytes.fromhex(text) for text in texts]


@pytest.mark.parametrize("name", ALL)
def test_the_files_are_what_the_definitions_say(name: str) -> None:
    assert (FOLDER / f"{name}.json").read_text() == text_of(name), "python -m tests.ledger.vectors"


def test_the_published_roots_of_certificate_transparency() -> None:
    [tree] = [tree for tree in vectors("trees") if tree["inputs"] == list(CT_INPUTS)]
    assert tree["roots"] == {str(size): root for size, root in enumerate(CT_ROOTS)}


@pytest.mark.parametrize("row", vectors("leaves"))
def test_a_leaf_from_its_columns(row: Json) -> None:
    salt, payload = bytes.fromhex(row["salt"]), bytes.fromhex(row["payload"])
    columns = (
        row["position"], bytes.fromhex(row["stream"]), row["version"], row["name"], payload, row["recorded_at"],
        row["recorded_by"], row["asserted_by"], row["source"], row["command_id"], salt,
    )  # fmt: skip  # in the order of the columns
    assert leaf_of(columns, Log(row["log"])).hex() == row["leaf"]
    assert payload_hash(salt, payload).hex() == row["payload_hash"]


def test_no_two_rows_share_a_leaf() -> None:
    assert len({row["leaf"] for row in vectors("leaves")}) == len(vectors("leaves"))


@pytest.mark.parametrize("tree", vectors("trees"), ids=lambda tree: f"{len(tree['leaves'])} leaves")
def test_roots(tree: Json) -> None:
    for size, root in tree["roots"].items():
        assert root_of(hashes(tree["leaves"])[: int(size)]).hex() == root


@pytest.mark.parametrize("proof", vectors("inclusion"))
def test_inclusion(proof: Json) -> None:
    leaf, root = bytes.fromhex(proof["leaf"]), bytes.fromhex(proof["root"])
    assert includes(leaf, proof["index"], proof["size"], root, hashes(proof["path"])) is proof["valid"]


@pytest.mark.parametrize("proof", vectors("consistency"))
def test_consistency(proof: Json) -> None:
    old, new = bytes.fromhex(proof["old_root"]), bytes.fromhex(proof["new_root"])
    assert consistent(proof["old"], old, proof["new"], new, hashes(proof["path"])) is proof["valid"]


@pytest.mark.parametrize("vector", vectors("notes"), ids=lambda vector: vector.get("why", "plain"))
def test_notes(vector: Json) -> None:
    keys = [read_verifying_key(line) for line in vector["keys"]]
    expected = Checkpoint(vector["origin"], vector["size"], bytes.fromhex(vector["root"]))
    if vector["valid"]:
        assert open_checkpoint(vector["note"], keys, vector["origin"]) == expected
    else:
        with pytest.raises(NoteRefused):
            open_checkpoint(vector["note"], keys, vector["origin"])
