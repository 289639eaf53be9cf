"""Credentials as people write them: on the list of a pack, not on it, or in doubt."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from caretrail.policy import Pack, load_pack
from caretrail.policy.guidance import MOST_KNOWN, ClinicalGuidance

PACK = load_pack("ne-medicaid-2.1-adult")
assert PACK.guidance is not None
NEBRASKA = PACK.guidance


@pytest.mark.parametrize(
    "credential",
    [
        "LADC", "ladc", "L.A.D.C.", "PLADC", "APRN-NP", "LIMHP LADC", "LIMHP, LADC", "LMHP-CPC", "LIMPH", "PA-C",
        "Physician Assistant", "clinical psychologist", "Licensed Mental Health Practitioner", "PhD, LP", "LADC/CPSS",
    ],
)  # fmt: skip
def test_a_license_of_the_list_counts_however_it_is_written(credential: str) -> None:
    assert NEBRASKA.accepts(credential) is True


@pytest.mark.parametrize("credential", ["PhD", "Ph.D.", "Psy.D.", "PsyD", "MD", "M.D.", "DO", "D.O.", "MD, PhD"])
def test_a_degree_alone_is_in_doubt(credential: str) -> None:
    assert NEBRASKA.accepts(credential) is None


@pytest.mark.parametrize("credential", ["CPSS", "cpss", "RN", "peer support specialist", "MSW", "RN, BSN", "CHW"])
def test_a_known_credential_that_is_not_on_the_list_does_not_count(credential: str) -> None:
    assert NEBRASKA.accepts(credential) is False


@pytest.mark.parametrize("credential", [None, "", "-", "XYZ", "RN, XYZ", "LADC intern", "student LMHP", "assistant"])
def test_what_is_missing_not_recognized_or_not_yet_a_license_is_in_doubt(credential: str | None) -> None:
    assert NEBRASKA.accepts(credential) is None


def test_a_narrower_list_knows_the_spellings_and_leaves_the_rest_of_the_list_out() -> None:
    full = NEBRASKA.keys_of(["LADC", "LIMHP"])
    answers = [NEBRASKA.accepts(one, full) for one in ("ladc", "LIMPH", "PLADC", "LADC, PLADC", "MD")]
    assert answers == [True, True, False, True, None]


@given(st.text(max_size=30))
def test_any_text_has_an_answer_and_always_the_same(credential: str) -> None:
    assert NEBRASKA.accepts(credential) is NEBRASKA.accepts(credential)


def test_strange_credentials_do_not_fill_the_memory() -> None:
    guidance = ClinicalGuidance(credentials=("LADC",))
    kept: list[int] = []
    for number in range(3 * MOST_KNOWN):
        assert guidance.accepts(f"X{number}") is None
        kept.append(len(vars(guidance)["_read_before"]))
    assert max(kept) == MOST_KNOWN


def test_a_spelling_of_nothing_on_the_list_and_a_license_listed_twice_are_refused() -> None:
    with pytest.raises(ValidationError, match="also_written"):
        ClinicalGuidance(credentials=("LADC",), also_written={"NP": "APRN"})
    with pytest.raises(ValidationError, match="among the others"):
        ClinicalGuidance(credentials=("LADC",), others=("L.A.D.C.",))


@pytest.mark.parametrize("rule", ["NE21-A2", "NE21-S1"])
def test_a_rule_about_licenses_gives_its_own_list_where_the_pack_has_none(rule: str) -> None:
    data = PACK.model_dump(exclude={"guidance", "guidance_by", "readings"}, exclude_unset=True)
    others = {name: said for name, said in data["rules"].items() if name not in {"NE21-A2", "NE21-S1"} - {rule}}
    with pytest.raises(ValueError, match=rf"rules\.{rule}\.credentials: Field required"):
        Pack.model_validate({**data, "rules": others})
    others[rule] = {**others[rule], "credentials": ["LADC"]}
    assert Pack.model_validate({**data, "rules": others}).guidance is None
