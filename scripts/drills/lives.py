"""One directory and the processes that live in it one after the other, with the oracle that outlives them all."""

import signal
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from drills.child import Child
from drills.oracle import Oracle, Violation

NUMBERS_IN_A_LIFE = 1_000_000
SILENCE_S = 60.0

Work = Callable[[Callable[..., None]], None]


class Lives:
    """Runs processes in a folder, passing on to the oracle what they tell."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.oracle = Oracle()
        self.calls: Counter[str] = Counter()
        self.notes: list[str] = []
        self._lives = 0

    def next_number(self) -> int:
        """Return the first number of the puts and takes of the next life."""
        self._lives += 1
        return self._lives * NUMBERS_IN_A_LIFE

    def run(self, work: Work, *, takers: int, status: int = -signal.SIGKILL) -> tuple[str, str | None]:
        """Let a process work until its end; return how it told that it ends, and what went wrong, if anything."""
        self.oracle.begin(takers=takers)
        stacks = self.folder / "stacks.txt"
        child = Child(work, stacks)
        end, failure = "without a word", None
        try:
            for name, *details in child.messages(SILENCE_S):
                if name == "end":
                    end = details[0]
                    self.calls.update(details[1])
                elif name == "note":
                    self.notes.append(details[0])
                elif name == "crashed":
                    failure = details[0]
                else:
                    getattr(self.oracle, name)(*details)
        except Violation as violation:
            failure = str(violation)
        except TimeoutError:
            failure = f"silent for {SILENCE_S} s; its stacks are in {stacks}"
            child.show_stacks()
        if failure is not None:
            child.kill()
        found = child.wait()
        self.oracle.ended()
        if failure is None and found != status:
            failure = f"ended with status {found} ({end})"
        return end, failure
