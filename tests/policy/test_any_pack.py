"""Whatever a hand does to a good pack: it is refused in words, or it judges any chart in a bounded number of steps."""

from __future__ import annotations

import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from copy import deepcopy
from datetime import date
from pathlib import Path
from typing import Any, Literal, cast, get_args, get_origin

from hypothesis import HealthCheck, Phase, event, given, settings
from hypothesis import strategies as st

from caretrail.episode.history import Effective
from caretrail.errors import PackInvalid
from caretrail.findings.judge import judge
from caretrail.policy import Pack, pack_of
from caretrail.policy.loader import SHIPPED
from caretrail.policy.rules import KINDS
from caretrail.policy.values import MOST_DAYS
from caretrail.tokens import CivilUnit, CountedUnit
from tests.findings.generated import histories
from tests.policy.steps import steps_of

FILES = [*sorted(SHIPPED.glob("*.toml")), *sorted((Path(__file__).parent / "packs").glob("*.toml"))]
GOOD: list[dict[str, Any]] = [tomllib.loads(path.read_text(encoding="utf-8")) for path in FILES]
Way = tuple[str | int, ...]


def ways(value: Any, at: Way = ()) -> Iterator[Way]:
    """Every place of a file, in lists as well, as the way to it."""
    for key, inner in inside(value):
        yield (*at, key)
        yield from ways(inner, (*at, key))


def inside(value: Any) -> Iterable[tuple[str | int, Any]]:
    """What a table or a list holds, each by its key or place."""
    if isinstance(value, dict):
        return cast("dict[str | int, Any]", value).items()
    return enumerate(cast("Sequence[Any]", value)) if isinstance(value, list) else ()


def _tokens() -> dict[str, list[object]]:
    """The words each field may choose from, by its name."""
    found: defaultdict[str, list[object]] = defaultdict(list)
    for kind in KINDS.values():
        for name, field in kind.model_fields.items():
            if get_origin(field.annotation) is Literal:
                found[name] += get_args(field.annotation)
    found["unit"] += [*get_args(CivilUnit), *get_args(CountedUnit)]
    return dict(found)


TOKENS = _tokens()
GONE, MORE = object(), object()
NUMBERS = st.one_of(
    st.sampled_from([0, 1, 2, 7, MOST_DAYS - 1, MOST_DAYS, MOST_DAYS + 1, -1, 10**9, 10**25]),
    st.integers(1, 60),
    st.integers(),
)
ANYTHING = st.recursive(
    st.one_of(
        NUMBERS,
        st.booleans(),
        st.floats(),
        st.text(),
        st.dates(),
        st.datetimes(),
        st.sampled_from([GONE, MORE, date.min, date.max, "\x00", "\x1b[2J", "x" * 5000]),
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


IN_BOUNDS = st.integers(1, 60) | st.integers(1, MOST_DAYS)
DAYS = st.dates(date(2025, 12, 1), date(2026, 12, 31))
MEANT: dict[str, st.SearchStrategy[object]] = {
    "on": st.booleans(),
    "closed_days": st.lists(DAYS, max_size=40),
    "effective_from": DAYS | st.just(GONE),
    "effective_to": DAYS | st.just(GONE),
    "every": st.lists(
        st.fixed_dictionaries({"count": IN_BOUNDS, "unit": st.sampled_from(TOKENS["unit"])}), min_size=1, max_size=2
    ),
    "levels": st.sampled_from([["2.1"], ["1"], ["1", "2.1", "2.5"]]),
}
"""What might be meant where more than a number or a word of a list is written, by the name of the field."""


@st.composite
def changed(draw: st.DrawFn) -> dict[str, Any]:
    """A good pack with anything at all in a few of its places."""
    data: dict[str, Any] = deepcopy(draw(st.sampled_from(GOOD)))
    for _ in range(draw(st.integers(1, 4))):
        *way, key = draw(st.sampled_from(list(ways(data))))
        put(at(data, way), key, draw(NUMBERS | ANYTHING))
    return data


@st.composite
def meant(draw: st.DrawFn) -> dict[str, Any]:
    """A good pack that says other things, each of which might be meant: most of them are good packs, too."""
    data: dict[str, Any] = deepcopy(draw(st.sampled_from(GOOD)))
    data.pop("readings", None)
    data |= {"levels": ["2.1"], "closed_days": [], "effective_from": date(2025, 1, 1)}
    for rule in data["rules"].values():
        rule.pop("unsourced", None)
        rule.update(section=rule.get("section", "1"), on=rule.get("on", True))  # any rule may be on
    places = [way for way in ways(data) if way[-1] != "check" and meant_at(at(data, way), str(way[-1])) is not None]
    for way in draw(st.lists(st.sampled_from(places), min_size=1, max_size=6)):
        *way_there, key = way
        table = at(data, way_there)
        # one of the values before may have left the place out
        values = meant_at(at(data, way), str(key)) if table is not None else None
        if values is not None and at(data, way) is not None:
            put(table, key, draw(values))
    return data


def at(data: Any, way: Iterable[str | int]) -> Any:
    """What stands at a place; None if there is no such place any more."""
    for key in way:
        try:
            data = data[key]
        except (KeyError, IndexError, TypeError):
            return None
    return data


def meant_at(value: object, name: str) -> st.SearchStrategy[object] | None:
    """Values that might be meant where one stands; None where there is no saying."""
    if name in MEANT:
        return MEANT[name]
    if name in TOKENS:
        return st.sampled_from(TOKENS[name])
    return IN_BOUNDS if isinstance(value, int) and not isinstance(value, bool) else None


def put(table: Any, key: str | int, value: object) -> None:
    """Write a value at a place; or leave the place out, or write what stands there once more."""
    if value is GONE:
        del table[key]
    elif value is not MORE:
        table[key] = value
    elif isinstance(table, list):
        entries = cast("list[object]", table)
        entries.append(deepcopy(entries[int(key)]))
    else:
        table[f"{key}-2"] = deepcopy(table[key])


def made(data: dict[str, Any]) -> Pack | None:
    """The pack, None if it is refused in words; any other error fails the test."""
    try:
        return pack_of(data, "odd.toml")
    except PackInvalid as error:
        refused = error
    assert refused.message.startswith("odd.toml: ")
    assert len(refused.message) < 5000
    assert refused.hint
    return None


def judged(data: dict[str, Any], history: list[Effective]) -> None:
    """Refuse the pack, or judge a chart by it."""
    pack = made(data)
    event("refused" if pack is None else "judges")
    if pack is not None:
        done, steps = steps_of(lambda: judge(history, pack))
        event(f"steps below {10 ** len(str(steps))}")
        assert all(one.start < (one.until or date.max) for one in done.findings)


WHATEVER = settings(
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@settings(WHATEVER, max_examples=300)
@given(data=changed(), history=histories())
def test_a_pack_with_anything_in_its_places_is_refused_in_words_or_judges_in_so_many_steps(
    data: dict[str, Any], history: list[Effective]
) -> None:
    judged(data, history)


@settings(WHATEVER, max_examples=100)
@given(data=meant(), history=histories())
def test_a_pack_that_says_what_might_be_meant_judges_in_so_many_steps(
    data: dict[str, Any], history: list[Effective]
) -> None:
    judged(data, history)
