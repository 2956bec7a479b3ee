"""Putting a batch without ever giving it up: for sources whose input can wait (a file, a pipe).

A refused batch is tried again, the same object each time, so that a channel that already holds it is left out. Between the
tries it waits 250 ms, doubling up to a limit. A batch that is too large for one transaction is halved.
Source: SpoolDirectorySource (waits).
"""

from flumepy.core.batch import EventBatch
from flumepy.core.component import Source
from flumepy.core.errors import BatchTooLargeError, FlumeError, StoppedError
from flumepy.core.options import OptionsT
from flumepy.core.threads import Wakeup

FIRST_WAIT_MS = 250
REMINDER_MS = 60_000


class PatientPut:
    """Puts for one source, from one thread. `failures` counts refused tries since the last reset by its owner."""

    def __init__(self, source: Source[OptionsT], max_wait_ms: int) -> None:
        self.failures = 0
        self._source = source
        self._max_wait_ms = max_wait_ms
        self._wakeup = Wakeup()

    def put(self, batch: EventBatch) -> None:
        """Return once every required channel holds the batch. Raises StoppedError, and what an interceptor raises."""
        wait_ms, waited_ms, tries = FIRST_WAIT_MS, 0, 0
        while True:
            try:
                self._source.outlet.put(batch)
            except StoppedError:
                raise
            except BatchTooLargeError as error:
                if len(batch) > 1:
                    half = len(batch) // 2
                    self.put(batch.slice(0, half))
                    self.put(batch.slice(half, len(batch)))
                    return
                refusal: FlumeError = error
            except FlumeError as error:
                refusal = error
            else:
                if tries:
                    self._source.log.info("The events were accepted after %d more tries.", tries)
                return
            self.failures += 1
            if tries == 0 or waited_ms >= REMINDER_MS:
                self._source.log.warning(
                    "The channel did not take %d events; trying until it does. %s", len(batch), refusal
                )
                waited_ms = 0
            tries += 1
            self._wakeup.wait(wait_ms / 1000)
            waited_ms += wait_ms
            wait_ms = max(1, min(wait_ms * 2, self._max_wait_ms))

    def interrupt(self) -> None:
        """End a wait between two tries; from any thread."""
        self._wakeup.set()
