"""Fault: the connection is cut after the COMMIT and before its answer; the caller must still learn the truth."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from random import Random

from caretrail.errors import CaretrailError
from caretrail.log import EventRecorder, RecordedEvent, open_recorder
from caretrail.log.records import ACCESS_SOURCE, Log
from tests.faults.calls import Task, accesses_of, events_of
from tests.faults.counts import Counts
from tests.support.proxy import proxy_to
from tests.support.stores import all_at_once, change_append

CALLERS = 4
WRONG = ("duplicates", "false errors", "lost", "other receipts")

MOVED = "positions of events taken by accesses"

LOOKUPS = {
    Log.EVENTS: ("append", "    IF EXISTS (SELECT FROM caretrail.log AS l WHERE l.source = ANY (sources)"),
    Log.ACCESSES: ("record_access", "    IF EXISTS (SELECT FROM caretrail.access AS l"),
}
"""The look-up of commands recorded already: the function of the store that has it, and its text."""


def run(
    url: str, seed: int, cycles: int, log: Log = Log.EVENTS, progress: Callable[[int], None] = lambda _: None
) -> Counts:
    """Cut an answer in each cycle, for four callers at once, each on a line of its own."""
    counts, task = Counts.of(*WRONG, *([MOVED] if log is Log.ACCESSES else [])), Task(url, seed)
    with ExitStack() as stack:
        proxies = [stack.enter_context(proxy_to(url)) for _ in range(CALLERS)]
        recorders = [stack.enter_context(open_recorder(proxy.url)) for proxy in proxies]

        def call(writer: int) -> list[tuple[int, Sequence[RecordedEvent]]]:
            random = Random(f"{seed}/{writer}")
            answers: list[tuple[int, Sequence[RecordedEvent]]] = []
            for number in range(writer, cycles, CALLERS):
                proxies[writer].cut_replies = 1 + (random.random() < 0.1)  # now and then the second answer is lost too
                answers.append((number, _answer(task, writer, number, recorders[writer], counts, log)))
                counts.done["calls"] += 1
                progress(counts.done["calls"])
            return answers

        for writer, answers in enumerate(all_at_once(call, CALLERS)):
            for number, answer in answers:
                _check(task, writer, number, answer, recorders[0], counts, log)
        counts.done["answers cut after COMMIT"] = sum(proxy.committed for proxy in proxies)
        counts.wrong["duplicates"] += _more_than_sent(task, cycles, recorders[0], log)
        if log is Log.ACCESSES:
            counts.wrong[MOVED] = recorders[0].max_position()
    return counts


def _answer(
    task: Task, writer: int, number: int, recorder: EventRecorder, counts: Counts, log: Log
) -> Sequence[RecordedEvent]:
    try:
        if log is Log.ACCESSES:
            return recorder.record_access(accesses_of(task, writer, number))
        return recorder.append(events_of(task, writer, number))
    except CaretrailError:
        counts.wrong["false errors"] += 1
        return []


def _check(
    task: Task,
    writer: int,
    number: int,
    answer: Sequence[RecordedEvent],
    recorder: EventRecorder,
    counts: Counts,
    log: Log,
) -> None:
    if log is Log.ACCESSES:
        sent = [(ACCESS_SOURCE, access.command_id) for access in accesses_of(task, writer, number)]
    else:
        sent = [(event.source, event.command_id) for event in events_of(task, writer, number)]
    stored = recorder.find_commands(sent, log)
    counts.wrong["lost"] += len(sent) - len(stored)
    counts.wrong["other receipts"] += bool(answer) and list(answer) != [stored.get(command) for command in sent]


def _more_than_sent(task: Task, cycles: int, recorder: EventRecorder, log: Log) -> int:
    sent = sum(task.size(number % CALLERS, number) for number in range(cycles))
    return max(0, recorder.max_position(log) - sent)


def take_lookup_away(url: str, log: Log = Log.EVENTS) -> None:
    """For the control: the store's function without its look-up of commands recorded already."""
    function, lookup = LOOKUPS[log]
    change_append(url, lookup, lookup.replace("IF EXISTS", "IF false AND EXISTS"), function)
