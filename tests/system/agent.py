"""Starts `flumepy agent` as a process of its own and watches it from outside: log, ports, memory, exit."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from flumepy.testing.fakes import wait_until

REPOSITORY = Path(__file__).parents[2]
LISTENING = r"flumepy\.source\.{name}\.\S* (?:Created serverSocket: |Listening on )\S*?:(\d+)"
MONITORING = r"Monitoring listens on \S+:(\d+)"
#: what no log may hold, whatever a client or a disk does
DEFECTS = ("Traceback (most recent call last)", "This is a defect", "was never retrieved", "ResourceWarning")
STOP_S = 20.0


class Agent:
    """One agent process; its log is a file. `stop` and `kill` end it, `close` does so in any case."""

    def __init__(
        self, folder: Path, text: str, *options: str, name: str = "a1", wrapper: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
    ) -> None:  # fmt: skip
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.conf_file = folder / f"{name}.conf"
        self.write(text)
        self._log_file = folder / f"{name}.log"
        self._command = [*wrapper, sys.executable, "-m", "flumepy", "agent", "--conf-file", str(self.conf_file)]
        self._command += ["--name", name, *options]
        self._environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "PYTHONDEVMODE": "", **(environment or {})}
        self.start()

    def start(self) -> None:
        """Start the process, again after its end; the log goes on in the same file, and is read from here on."""
        with self._log_file.open("ab") as log:
            self._log_begins = log.tell()
            self.process = subprocess.Popen(
                self._command, cwd=self.folder, env=self._environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def write(self, text: str) -> None:
        """Write the configuration, in one step as careful editors do."""
        fresh = self.conf_file.with_suffix(".new")
        fresh.write_text(text)
        fresh.replace(self.conf_file)

    @property
    def log(self) -> str:
        """Return the log of this process so far."""
        return self._log_file.read_bytes()[self._log_begins :].decode(errors="replace")

    def wait_for(self, pattern: str, *, count: int = 1, timeout_s: float = 15.0) -> re.Match[str]:
        """Return the `count`th match of a pattern in the log, as soon as there is one."""
        found: list[re.Match[str]] = []

        def is_there() -> bool:
            found[:] = re.finditer(pattern, self.log)
            assert len(found) >= count or self.process.poll() is None, f"it ended without {pattern!r}:\n{self.log}"
            return len(found) >= count

        try:
            wait_until(is_there, timeout_s=timeout_s, what=f"{pattern!r} in the log")
        except AssertionError as error:
            raise AssertionError(f"{error}; the log:\n{self.log[-4000:]}") from None
        return found[count - 1]

    def port(self, name: str = "r1", *, count: int = 1) -> int:
        """Return the port that a source listens on, as the log says when it listens for the `count`th time."""
        return int(self.wait_for(LISTENING.format(name=name), count=count)[1])

    def monitoring_port(self) -> int:
        """Return the port of the monitoring pages."""
        return int(self.wait_for(MONITORING)[1])

    def stop(self) -> int:
        """End it by SIGTERM; return the exit status, -15 after an orderly stop."""
        self.process.terminate()
        return self.process.wait(STOP_S)

    def kill(self) -> None:
        """End it without warning."""
        self.process.kill()
        self.process.wait(STOP_S)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal."""
        self.process.send_signal(number)

    def close(self) -> None:
        """End it and see that its log holds no sign of a defect."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                self.kill()
                raise AssertionError(f"it did not stop within {STOP_S} s; the log:\n{self.log[-4000:]}") from None
        whole_log = self._log_file.read_text(errors="replace")
        found = [words for words in DEFECTS if words in whole_log]
        assert not found, f"{found} in the log:\n{whole_log[-6000:]}"

    @property
    def is_running(self) -> bool:
        """Tell whether the process lives."""
        return self.process.poll() is None

    @property
    def rss_mebibytes(self) -> float:
        """Return the resident memory now."""
        return self._status_mebibytes("VmRSS")

    @property
    def peak_mebibytes(self) -> float:
        """Return the most resident memory so far."""
        return self._status_mebibytes("VmHWM")

    @property
    def cpu_s(self) -> float:
        """Return user and system seconds so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def _status_mebibytes(self, name: str) -> float:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        match = re.search(rf"{name}:\s+(\d+) kB", status)
        assert match is not None, status
        return int(match[1]) / 1024
