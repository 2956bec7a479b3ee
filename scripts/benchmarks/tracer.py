"""A profiler inside the profiled process: `python tracer.py REPORT MODULE ARGUMENTS…` runs MODULE as `python -m` does.

Every thread has its own account in processor time (a thread that waits pays nothing, waiting for the GIL included), with C
functions told apart. The profiler's own time is taken out, as far as it can see it; code that makes many small calls still
looks dearer than it is. A sampler would be cheaper but sees a thread only where it gives the GIL away.
REPORT is written when MODULE returns, exits or kills its own process, so an agent has to handle SIGTERM.
"""

import collections
import os
import runpy
import sys
import threading
import time
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

SHOWN_FUNCTIONS = 20
SHOWN_SHARE = 0.005
ENTERED = ("call", "c_call")


class ThreadAccount:
    """Nanoseconds of one thread, by function: its own, and with all it called."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.own_ns: collections.Counter[Any] = collections.Counter()
        self.with_callees_ns: collections.Counter[Any] = collections.Counter()
        self.calls: collections.Counter[Any] = collections.Counter()
        self._stack: list[tuple[Any, int]] = []
        self._seen_ns = time.thread_time_ns()
        self._ours_ns = 0

    def event(self, frame: FrameType, event: str, argument: Any) -> None:
        """Note one call or return; the hook of sys.setprofile."""
        entered_ns = time.thread_time_ns()
        now_ns = entered_ns - self._ours_ns
        if self._stack:
            self.own_ns[self._stack[-1][0]] += now_ns - self._seen_ns
        self._seen_ns = now_ns
        if event in ENTERED:
            called = frame.f_code if event == "call" else argument
            key = called if isinstance(called, CodeType) else _builtin_name(called)
            self.calls[key] += 1
            self._stack.append((key, now_ns))
        elif self._stack:
            key, began_ns = self._stack.pop()
            self.with_callees_ns[key] += now_ns - began_ns
        self._ours_ns += time.thread_time_ns() - entered_ns

    def lines(self) -> list[str]:
        """Return the functions that took most, as text."""
        total_ns = sum(self.own_ns.values())
        shown = [f"{self.name}: {total_ns / 1e9:.2f} s of processor", "     own  total      calls  ns a call  function"]
        for key, own_ns in self.own_ns.most_common(SHOWN_FUNCTIONS):
            share, with_callees = own_ns / total_ns, min(1.0, self.with_callees_ns[key] / total_ns)
            if share < SHOWN_SHARE:
                break
            calls = self.calls[key]
            shown.append(f"  {share:6.1%} {with_callees:6.1%} {calls:10,} {own_ns // max(calls, 1):10,}  {_shown(key)}")
        return [*shown, ""]


class Tracer:
    """All accounts of a process; begins with the thread that makes it."""

    def __init__(self) -> None:
        self._accounts: list[ThreadAccount] = []
        threading.setprofile(self._begin)
        sys.setprofile(self._begin)

    def stop(self) -> str:
        """End the account of this thread, and return the report over all."""
        sys.setprofile(None)
        accounts = [account for account in self._accounts if sum(account.own_ns.values())]
        accounts.sort(key=lambda account: -sum(account.own_ns.values()))
        return "\n".join(line for account in accounts for line in account.lines())

    def _begin(self, frame: FrameType, event: str, argument: Any) -> None:
        account = ThreadAccount(_thread_name())
        self._accounts.append(account)
        sys.setprofile(account.event)


def main() -> None:
    """Run the module under the tracer."""
    report, module = Path(sys.argv[1]), sys.argv[2]
    sys.argv = [module, *sys.argv[3:]]
    # As with `python -m`; the folder of this script would put its siblings in the module's way.
    sys.path[0] = os.getcwd()
    tracer, began_s = Tracer(), time.monotonic()

    def write_report() -> None:
        report.write_text(f"{time.monotonic() - began_s:.1f} s of wall clock\n\n{tracer.stop()}\n")

    # An agent that was stopped by a signal ends itself by that signal.
    kill = os.kill

    def write_and_kill(process: int, number: int, /) -> None:
        if process == os.getpid():
            write_report()
        kill(process, number)

    os.kill = write_and_kill
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    finally:
        write_report()


def _thread_name() -> str:
    # current_thread() would register a dummy for a thread that is only just starting.
    thread = threading._active.get(threading.get_ident())  # type: ignore[attr-defined]
    return thread.name if thread else f"thread {threading.get_native_id()}"


def _builtin_name(function: Any) -> str:
    owner = getattr(function, "__self__", None)
    is_method = owner is not None and not isinstance(owner, type(sys))
    return (
        f"{type(owner).__name__}.{function.__name__}" if is_method else str(getattr(function, "__qualname__", function))
    )


def _shown(key: Any) -> str:
    if isinstance(key, CodeType):
        return f"{key.co_qualname}  {'/'.join(Path(key.co_filename).parts[-3:])}:{key.co_firstlineno}"
    return f"{key} (C)"


if __name__ == "__main__":
    main()
