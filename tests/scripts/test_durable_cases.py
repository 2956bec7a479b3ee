"""The cases of the file channel: what they configure, what they measure against, and what they may not call good."""

import socket
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from benchmarks import channel_loops, disk, durable, file_channel, outage, report
from benchmarks.agents import flume_like, over_memory, real_flume
from benchmarks.cases import CASES
from benchmarks.configurations import Site, flume_configuration, rsyslog_configuration
from benchmarks.disk import RecycledFile
from benchmarks.throughput import Measured, Round

from flumepy.core.batch import EventBatch
from flumepy.log.format import Stop
from flumepy.log.frame import NativeFormat


def site(folder: Path, *ports: int, monitoring_port: int = 0) -> Site:
    return Site(folder, list(ports), 1, folder / "inputs", monitoring_port)


def settings(text: str) -> dict[str, str]:
    return dict(line.split(" = ", 1) for line in text.splitlines())


def test_a_transaction_has_exactly_the_events_of_its_case_in_source_channel_and_sink(tmp_path: Path) -> None:
    for name in ("file-1", "file-10", "file-100", "file-1000"):
        case = CASES[name]
        found = settings(flume_configuration(case, site(tmp_path)))
        assert found["a1.channels.c1.type"] == "file"
        sizes = {found[f"a1.{key}"] for key in
                 ("sources.r1.batchSize", "channels.c1.transactionCapacity", "sinks.k1.batchSize")}  # fmt: skip
        assert sizes == {str(case.batch)}
        assert found["a1.sources.r1.maxSuccessfulEvents"] == str(case.lines)


def test_the_same_flow_over_memory_differs_in_its_channel_only(tmp_path: Path) -> None:
    ours = flume_like("flumepy", ["flumepy", "agent"])
    case, place = CASES["netcat-file"], site(tmp_path, 4001)
    file, memory = (settings(agent.configuration(case, place)) for agent in (ours, over_memory(ours)))
    assert {key.rsplit(".", 1)[1] for key in file if memory.get(key) != file[key]} == {
        "type",
        "checkpointDir",
        "dataDirs",
    }
    assert memory["a1.channels.c1.type"] == "memory"


def test_only_the_case_with_a_file_channel_has_a_row_over_memory() -> None:
    agent = over_memory(flume_like("flumepy", []))
    assert [name for name, case in CASES.items() if agent.suits(case)] == ["netcat-file"]


def test_rsyslog_has_a_synced_disk_queue_where_the_case_has_a_file_channel(tmp_path: Path) -> None:
    durable_text = rsyslog_configuration(CASES["netcat-file"], site(tmp_path, 4001))
    assert 'queue.type="Disk"' in durable_text
    assert 'queue.syncQueueFiles="on"' in durable_text
    assert 'queue.type="FixedArray"' in rsyslog_configuration(CASES["netcat"], site(tmp_path, 4001))


@pytest.mark.parametrize("divisor", [1, 10], ids=["full", "quick"])
def test_every_share_of_a_job_is_whole_transactions(divisor: int) -> None:
    for case in CASES.values():
        for agent in case.divisors:
            share = replace(case, lines=case.lines // divisor).given_to(agent)
            assert share.lines > 0
            assert share.lines % min(case.batch, 1_000) == 0
            assert share.primer_lines % 1_000 == 0


def test_system_properties_come_before_the_class_for_java_and_last_for_flumepy(tmp_path: Path) -> None:
    place = site(tmp_path, monitoring_port=4003)
    defined = ["-Dflume.monitoring.type=http", "-Dflume.monitoring.port=4003"]
    assert real_flume(["java", "-cp", "x", "Application"]).command(place)[:5] == ["java", *defined, "-cp", "x"]
    assert flume_like("flumepy", ["flumepy", "agent"]).command(place)[-2:] == defined


def test_counters_that_do_not_add_up_are_reported() -> None:
    case = replace(CASES["file-1"], lines=1_000)
    assert durable.complaint(case, {"put": 1_000, "take": 1_000, "size": 0}) == ""
    assert durable.complaint(case, {"put": 1_000, "take": 999, "size": 0}) == (
        "of 1,000 events 1,000 were put, 999 taken, 0 are left"
    )


def test_a_row_without_processor_seconds_shows_none() -> None:
    measured = [Measured("flumepy", [Round(200.0, 1.0, "")]), Measured("disk", [Round(100.0, None, "")])]
    ours, disk_row = report.throughput_rows(CASES["file-1"], "flumepy", measured)
    assert ours.cpu_s_per_million == 1.0
    assert disk_row.ratio == 2.0
    assert disk_row.cpu_s_per_million is None
    assert disk_row.cells[6] == "–"


def test_a_recycled_file_begins_again_at_its_front(tmp_path: Path) -> None:
    with disk.recycled_file(tmp_path / "file", 1 << 20) as file:
        for letter in (b"a", b"b", b"c"):
            file.write([letter * 300_000, letter * 100_000], 400_000)
        content = (tmp_path / "file").read_bytes()
    assert (len(content), content[:1], content[400_000:400_001]) == (1 << 20, b"c", b"b")
    assert not (tmp_path / "file").exists()


def test_the_disks_own_loop_has_a_rate(tmp_path: Path) -> None:
    assert disk.syncs_per_s(tmp_path, 100, loop_s=0.01) > 0
    assert list(tmp_path.iterdir()) == []


def test_used_space_counts_no_holes(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    with open(tmp_path / "below" / "sparse", "wb") as file:
        file.truncate(100 << 20)
    (tmp_path / "full").write_bytes(b"x" * 100_000)
    assert 100_000 <= disk.used_bytes(tmp_path) < 1 << 20


class CountingFile(RecycledFile):
    """Counts what it is asked for."""

    def __init__(self) -> None:
        self.calls = ""

    def write(self, parts: Sequence[bytes | bytearray | memoryview], length: int) -> None:
        assert sum(map(len, parts)) == length
        self.calls += "w"

    def sync(self) -> None:
        self.calls += "s"


@pytest.mark.parametrize(("syncs", "calls"), [(4, "wswswsws"), (2, "wwswws"), (1, "wwwws"), (6, "wswsswswss")])
def test_the_raw_loop_spreads_its_syncs_over_the_frames(syncs: int, calls: str) -> None:
    file = CountingFile()
    channel_loops.write_frames(file, [([b"ab", b"c"], 3)] * 4, syncs)
    assert file.calls == calls


def test_the_raw_loop_writes_frames_that_the_log_would_read() -> None:
    put, take = channel_loops.stored_frames(EventBatch(file_channel.numbered(0, 10)))
    for parts, length in (put, take):
        data = b"".join(parts)
        scan = NativeFormat().scan(data, 0, verify=True)
        assert (len(data), len(scan.heads), scan.stop) == (length, 1, Stop.END)
    assert put[1] > 10 * 100


def test_events_out_of_order_are_reported() -> None:
    first, second = (EventBatch(file_channel.numbered(number, 2)) for number in (0, 2))
    assert channel_loops.compare([first, second], [first, second]) == ""
    assert "not in order" in channel_loops.compare([first, second], [second, first])
    assert "2 came back" in channel_loops.compare([first, second], [first])


CIRCLE = b"".join(b"%099d\n" % number for number in range(10))


def arrive(folder: Path, *contents: bytes) -> outage.Collector:
    """Collect files in the order in which a sink writes them."""
    collector = outage.Collector(folder, CIRCLE)
    for number, content in enumerate(contents, start=9):
        (folder / f"1700-{number}").write_bytes(content)
    collector.collect()
    collector.collect(last=True)
    return collector


def test_files_that_hold_the_circle_again_and_again_are_good_and_go(tmp_path: Path) -> None:
    collector = arrive(tmp_path, CIRCLE[:750], CIRCLE[750:] + CIRCLE * 3 + CIRCLE[:50], b"", CIRCLE[50:200])
    assert (collector.bytes, collector.complaint) == (4_200, "")
    assert list(tmp_path.iterdir()) == []


def test_a_line_that_is_missing_between_two_files_is_reported(tmp_path: Path) -> None:
    collector = arrive(tmp_path, CIRCLE[:300], CIRCLE[400:])
    assert "1700-10, after 300 bytes" in collector.complaint


def test_the_sender_keeps_its_rate_in_whole_lines() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        sender = outage.Sender(server.getsockname()[1], CIRCLE, 2_000)
        connection, _ = server.accept()
        sender.start()
        content = b""
        while len(content) < 25_000:
            content += connection.recv(1 << 16)
        sender.stop()
        while more := connection.recv(1 << 16):
            content += more
        connection.close()
    assert len(content) == 100 * sender.lines
    assert content == (CIRCLE * 100)[: len(content)]
