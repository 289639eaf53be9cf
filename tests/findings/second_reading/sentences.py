"""The sentences of the source on continued stay, lines 158-180, each asked apart: yes, no, or not known.

Read from the text alone; nothing is shared with the rules these are held against.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from inspect import signature as parameters_of
from itertools import product

Answer = bool | None
"""Yes, no, or not judged."""


# --- the four sentences of the source, lines 158-180 --------------------------------------------------------------


def making_progress(progressing: bool, goals_remain: bool, level_needed: bool) -> bool:
    """Lines 161-166: making progress, goals not yet achieved, and this level assessed as necessary to go on."""
    if not progressing:
        return False
    if not goals_remain:
        return False
    return level_needed


def not_yet_making_progress(progressing: bool, has_capacity: bool, actively_working: bool) -> bool:
    """Lines 172-174: not yet making progress, but able to resolve the problems, and actively working."""
    if progressing:
        return False
    if not has_capacity:
        return False
    return actively_working


def new_problems_treated_here(new_problems: bool, treatable_here: bool, least_intensive: bool) -> bool:
    """Lines 176-180: new problems that belong to this level, which is the least intensive one for them."""
    if not new_problems:
        return False
    if not treatable_here:
        return False
    return least_intensive


SENTENCES: tuple[Callable[..., bool], ...] = (making_progress, not_yet_making_progress, new_problems_treated_here)
CRITERIA = tuple(dict.fromkeys(name for sentence in SENTENCES for name in parameters_of(sentence).parameters))


def supports_staying(criteria: Mapping[str, Answer]) -> Answer:
    """Whether a determination supports the stay: one sentence that surely holds will do ("and/or").

    A sentence with something not judged is asked once for every way the clinician could have judged it. The sentences
    are asked apart, so "either the first or the second holds, whichever way progress goes" does not support a stay:
    no sentence is known to hold.
    """
    answers = [completed(sentence, criteria) for sentence in SENTENCES]
    if True in answers:
        return True
    return None if None in answers else False


def completed(sentence: Callable[..., bool], criteria: Mapping[str, Answer]) -> Answer:
    """What a sentence says if all completions of what is not judged agree; None if they do not."""
    said = {sentence(**values) for values in completions(parameters_of(sentence).parameters, criteria)}
    return said.pop() if len(said) == 1 else None


def completions(names: Iterable[str], criteria: Mapping[str, Answer]) -> Iterator[dict[str, bool]]:
    """Every way in which a clinician could have judged some criteria, with what was judged as it was."""
    names = list(names)
    given = [criteria.get(name) for name in names]
    for values in product(*((True, False) if answer is None else (answer,) for answer in given)):
        yield dict(zip(names, values, strict=True))


def agreed_by_all_completions(criteria: Mapping[str, Answer]) -> Answer:
    """The other way to read what is not judged: complete the eight criteria at once, then ask all sentences."""
    said: set[bool] = set()
    for values in completions(CRITERIA, criteria):
        said.add(any(sentence(**{n: values[n] for n in parameters_of(sentence).parameters}) for sentence in SENTENCES))
    return said.pop() if len(said) == 1 else None
