"""The parameters of a rule in words, as screens and the reference show them."""

from __future__ import annotations

from tests.policy.phrases import GOLDEN, phrases


def test_every_rule_of_every_pack_says_its_parameters_as_it_did() -> None:
    """After a change: `python -m tests.policy.phrases --write`, and read the difference."""
    assert list(phrases()) == GOLDEN.read_text(encoding="utf-8").splitlines(keepends=True)
