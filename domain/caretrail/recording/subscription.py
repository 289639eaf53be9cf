"""Following the log by asking again: works on both databases, and no lost notification can stop it."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from threading import Event
from typing import TYPE_CHECKING

from eventsourcing.persistence import Notification, Subscription

if TYPE_CHECKING:
    from caretrail.recording.recorder import EventRecorder

#: Seconds between two looks at a log that had nothing new.
INTERVAL = 0.2
BATCH = 500


class PollingSubscription(Subscription["EventRecorder"]):
    """The library's subscription, without its thread: it reads when asked, and waits when there is nothing."""

    def __init__(self, recorder: EventRecorder, gt: int | None = None, topics: Sequence[str] = ()) -> None:
        super().__init__(recorder=recorder, gt=gt, topics=topics)
        self._fetched: deque[Notification] = deque()
        self._stopping = Event()

    def stop(self) -> None:
        """End the iteration, also from another thread."""
        super().stop()
        self._stopping.set()

    def __next__(self) -> Notification:
        while not self._stopping.is_set():
            if self._fetched:
                notification = self._fetched.popleft()
                self._last_notification_id = notification.id
                return notification
            self._fetched.extend(
                self._recorder.select_notifications(
                    self._last_notification_id or 0, BATCH, topics=self._topics, inclusive_of_start=False
                )
            )
            if not self._fetched:
                self._stopping.wait(INTERVAL)
        raise StopIteration
