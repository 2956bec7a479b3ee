"""The jdbc channel on SQLite: the law of channels, what survives a crash, several channels in a file, errors by name."""

import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flumepy.channels.jdbc import database as jdbc_database
from flumepy.channels.jdbc import queue as jdbc_queue
from flumepy.channels.jdbc import work as jdbc_work
from flumepy.channels.jdbc.channel import JdbcChannel
from flumepy.channels.jdbc.location import without_secrets
from flumepy.config.build import build as config_build
from flumepy.core.batch import EventBatch
from flumepy.core.component import Context
from flumepy.core.errors import (
    BatchTooLargeError,
    ChannelError,
    ChannelFullError,
    ConfigurationError,
    StartError,
    StoppedError,
    UnsupportedError,
)
from flumepy.core.offer import Line
from flumepy.core.problems import Problem, Severity
from flumepy.testing.conformance import ChannelConformance
from flumepy.testing.conformance.channel_tools import Ends, batch_of, bodies_of, put, take
from flumepy.testing.conformance.component import running
from flumepy.testing.fakes import FakeClock, build

MYSQL = {"driver.url": "jdbc:mysql://h/d?password=secret", "driver.class": "com.mysql.Driver", "db.type": "mysql"}
DERBY = {"driver.class": "org.apache.derby.jdbc.EmbeddedDriver", "db.type": "DERBY"}
OLD = "org.apache.flume.channel.jdbc."


def channel_at(path: Path, name: str = "c1", **options: str) -> JdbcChannel:
    found = {key.replace("_", "."): text for key, text in options.items()}
    return build(JdbcChannel, {"driver.url": f"jdbc:sqlite:{path}", **found}, name=name)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "made" / "at need" / "c.sqlite"


def rows(path: Path, table: str = "puts") -> int:
    connection = sqlite3.connect(path)
    try:
        (count,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
        return int(count)
    finally:
        connection.close()


class TestLaw(ChannelConformance):
    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path: Path) -> None:
        self._tmp_path = tmp_path
        self._made = 0

    def _channel(self, **options: str) -> JdbcChannel:
        self._made += 1
        return channel_at(self._tmp_path / f"{self._made}.sqlite", **options)

    def make(self) -> JdbcChannel:
        return self._channel(maximum_capacity="1000")

    def make_small(self) -> JdbcChannel:
        return self._channel(maximum_capacity="4")


def test_what_was_committed_is_there_after_a_restart_and_nothing_else(path: Path) -> None:
    with running(channel_at(path)) as channel:
        put(channel, b"1", b"2", b"3")
        put(channel, b"4", b"5", b"6")
        with channel.transaction() as transaction:
            transaction.put(batch_of(b"never"))
            transaction.rollback()
        with channel.transaction() as first, channel.transaction() as second:
            assert bodies_of(first.take(2)) == [b"1", b"2"]
            assert bodies_of(second.take(2)) == [b"3", b"4"]
            second.commit()
            first.rollback()
    with running(channel_at(path)) as channel:
        assert (channel.size, channel.undelivered) == (4, 4)
        assert take(channel, 3) == [b"1", b"2", b"5"]
    with running(channel_at(path)) as channel:
        assert take(channel, 9) == [b"6"]
    assert (rows(path), rows(path, "takes")) == (0, 0)


def test_an_open_take_is_back_after_a_stop(path: Path) -> None:
    channel = channel_at(path)
    channel.start()
    put(channel, b"1", b"2")
    transaction = channel.transaction().__enter__()
    assert bodies_of(transaction.take(1)) == [b"1"]
    channel.stop()
    with pytest.raises(StoppedError):
        transaction.commit()
    transaction.rollback()
    with running(channel):
        assert take(channel, 9) == [b"1", b"2"]


def test_rolled_back_takes_of_several_sinks_return_to_their_places(path: Path) -> None:
    with running(channel_at(path)) as channel:
        put(channel, b"1", b"2", b"3", b"4")
        put(channel, b"5")
        with channel.transaction() as one, channel.transaction() as two, channel.transaction() as three:
            one.take(1)
            two.take(2)
            three.take(1)
            one.rollback()
            three.rollback()
            two.rollback()
        assert [len(batch) for batch in channel.queue.runs] == [4, 1], "the parts of a put are joined again"
        assert take(channel, 9) == [b"1", b"2", b"3", b"4", b"5"]


def test_two_sinks_share_a_put_and_commit_at_once(path: Path) -> None:
    with running(channel_at(path)) as channel:
        for _ in range(20):
            put(channel, *[b"x"] * 40)
        barrier = threading.Barrier(4)

        def work() -> None:
            barrier.wait()
            while take(channel, 7):
                pass

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert (channel.undelivered, channel.queue.memory_bytes, channel.queue.memory_rows) == (0, 0, 0)
    assert (rows(path), rows(path, "takes")) == (0, 0)


def test_a_backlog_is_kept_in_the_file_and_comes_in_order(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jdbc_queue, "MEMORY_ROWS", 3)
    monkeypatch.setattr(jdbc_work, "CHUNK_ROWS", 4)
    bodies = [str(number).encode() for number in range(60)]
    with running(channel_at(path)) as channel:
        for start in range(0, 40, 2):
            put(channel, *bodies[start : start + 2])
        assert len(channel.queue.runs) == 3
        assert channel.size == 40
        assert take(channel, 25) == bodies[:25]
        for start in range(40, 60, 2):
            put(channel, *bodies[start : start + 2])
    with running(channel_at(path)) as channel:
        assert channel.size == 35
        assert take(channel, 100) == bodies[25:]
        put(channel, b"and on")
        assert take(channel, 1) == [b"and on"]


def test_channels_of_one_file_have_their_own_events_and_share_the_capacity(path: Path) -> None:
    with running(channel_at(path, "a", maximum_capacity="4")) as a, running(channel_at(path, "b")) as b:
        put(a, b"a1")
        put(b, b"b1")
        put(a, b"a2")
        put(b, b"b2")
        assert (a.size, a.room(), b.size, b.room()) == (2, 0, 2, None)
        with pytest.raises(ChannelFullError, match=r"c\.sqlite holds 4 of at most 4"):
            put(a, b"a3")
        put(b, b"b3")
        assert take(a, 9) == [b"a1", b"a2"]
        assert take(b, 9) == [b"b1", b"b2", b"b3"]
        put(a, b"a4")
        put(b, b"b4")
    with running(channel_at(path, "b")) as b:
        assert take(b, 9) == [b"b4"]
        with pytest.raises(StartError, match="another channel named b of this process"):
            channel_at(path, "b").start()
    with running(channel_at(path, "c", maximum_capacity="4")) as c:
        assert c.room() == 3, "the events of a channel that is no longer configured count too"


def test_a_batch_above_the_whole_capacity_is_refused_for_good(path: Path) -> None:
    with running(channel_at(path, maximum_capacity="2")) as channel:
        with pytest.raises(BatchTooLargeError, match=r"3 events are more than maximum\.capacity, 2"):
            put(channel, b"1", b"2", b"3")
        assert channel.room() == 2


def test_the_age_of_the_head_counts_from_its_put_across_stops(path: Path) -> None:
    clock = FakeClock()
    channel = build(JdbcChannel, {"driver.url": f"jdbc:sqlite:{path}"}, clock=clock)
    with running(channel):
        assert channel.oldest_event_age_s == 0
        put(channel, b"1")
        clock.advance_ms(1500)
    with running(channel):
        put(channel, b"2")
        channel.queue.database.run(jdbc_work.Work())
        assert channel.oldest_event_age_s == 1.5


def test_lines_come_back_as_lines(path: Path) -> None:
    with running(channel_at(path)) as channel, channel.transaction() as transaction:
        transaction.put(EventBatch.from_lines([b"one\n", b"two\n"], {"host": "web1"}))
    with running(channel_at(path)) as channel, channel.transaction() as transaction:
        (batch,) = transaction.take(9)
        assert (batch.lines, batch.headers) == ([b"one\n", b"two\n"], {"host": "web1"})


# --- several at once, and what fails


def test_many_offers_share_transactions_and_keep_their_order(path: Path) -> None:
    with running(channel_at(path)) as channel:
        ends, line = Ends(), Line()
        for number in range(200):
            channel.offer(batch_of(b"%d" % number), ends, line=line)
        assert all(offer.error is None for offer in ends.wait(200))
        assert take(channel, 500) == [b"%d" % number for number in range(200)]


def fill(channel: JdbcChannel) -> None:
    """Let the file grow no more, as on a full disk."""
    channel.queue.database.run(jdbc_work.Work())
    connection = channel.queue.database.connection
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages + 8}")


def test_a_full_disk_refuses_puts_and_they_go_on_by_themselves(path: Path) -> None:
    with running(channel_at(path, maximum_capacity="1000")) as channel:
        put(channel, b"1")
        fill(channel)
        with pytest.raises(ChannelFullError, match=r"c\.sqlite: the disk is full"):
            put(channel, b"x" * 100_000)
        put(channel, b"small")
        assert (channel.size, channel.room()) == (2, 998)
        channel.queue.database.connection.execute("PRAGMA max_page_count = 100000")
        put(channel, b"x" * 100_000)
        assert [len(body) for body in take(channel, 9)] == [1, 5, 100_000]


def test_puts_leave_room_on_the_disk_for_the_takes(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with running(channel_at(path)) as channel:
        put(channel, b"x" * 500_000)
        with monkeypatch.context() as patch:
            patch.setattr(jdbc_database, "SPARE_BYTES", 1 << 60)
            with pytest.raises(
                ChannelFullError, match=r"c\.sqlite: \d+ MiB are free on the disk; puts are refused below"
            ):
                put(channel, b"1")
            assert len(take(channel, 9)) == 1
        put(channel, b"2")
        assert take(channel, 9) == [b"2"]


def test_one_put_that_fails_takes_only_its_own_line_with_it(path: Path) -> None:
    with running(channel_at(path, maximum_capacity="1000")) as channel:
        fill(channel)
        ends, line, gate, reached = Ends(), Line(), threading.Event(), threading.Event()

        class Hold(jdbc_work.Work):
            def settle(self) -> None:
                reached.set()
                gate.wait(10)

        channel.queue.database.submit(Hold())
        assert reached.wait(10)
        large = channel.offer(batch_of(b"x" * 100_000), ends, line=line)
        behind = channel.offer(batch_of(b"behind"), ends, line=line)
        other = channel.offer(batch_of(b"other"), ends, line=Line())
        gate.set()
        ends.wait(3)
        assert isinstance(large.error, ChannelFullError)
        assert isinstance(behind.error, ChannelError)
        assert other.error is None
        assert take(channel, 9) == [b"other"]
        assert channel.room() == 1000


def test_before_the_start_and_after_the_stop_puts_and_takes_end_with_the_reason(path: Path) -> None:
    channel = channel_at(path)
    for reason in ("was not started", "was stopped"):
        for hold in (False, True):
            ends = Ends()
            channel.offer(batch_of(b"1"), ends, hold=hold)
            assert reason in str(ends.wait(1)[0].error)
        for use in (put, take):
            with pytest.raises(StoppedError, match=reason):
                use(channel, 1 if use is take else b"1")
        with running(channel):
            pass


def test_nobody_waits_for_ever_for_a_writing_thread_that_ended(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken(jdbc_work.Work):
        def write(self, connection: sqlite3.Connection) -> None:
            raise RuntimeError

    ended: list[threading.ExceptHookArgs] = []
    monkeypatch.setattr(threading, "excepthook", ended.append)
    with running(channel_at(path)) as channel:
        put(channel, b"1")
        with pytest.raises(StoppedError, match="the database was closed"):
            channel.queue.database.run(Broken())
        with pytest.raises(StoppedError):
            put(channel, b"2")
    assert len(ended) == 1
    with running(channel_at(path)) as channel:
        assert take(channel, 9) == [b"1"]


def test_a_put_may_be_made_by_who_is_called_back(path: Path) -> None:
    with running(channel_at(path)) as channel:
        ends = Ends()

        def again(_: Any) -> None:
            put(channel, b"2")
            channel.offer(batch_of(b"3"), ends)

        channel.offer(batch_of(b"1"), again)
        ends.wait(1)
        assert take(channel, 9) == [b"1", b"2", b"3"]


def test_another_process_cannot_have_the_file_and_is_told_so(path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from tests.channels.test_jdbc import channel_at\n"
        "try: channel_at(Path(sys.argv[1])).start()\n"
        "except Exception as error: print(type(error).__name__, error)"
    )
    with running(channel_at(path)):
        told = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    assert f"StartError {path} is in use by another process; one at a time" in told.stdout
    told = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    assert told.stdout == ""


def spoil_page(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(100)
        file.write(b"\xff" * 3996)


def spoil_head(path: Path) -> None:
    path.write_bytes(b"no database " * 1000)


@pytest.mark.parametrize("spoil", [spoil_page, spoil_head])
def test_a_damaged_file_is_named_and_left_alone(path: Path, spoil: Callable[[Path], None]) -> None:
    with running(channel_at(path)) as channel:
        put(channel, b"1")
    spoil(path)
    before = path.read_bytes()
    with pytest.raises(StartError, match=r"c\.sqlite is damaged \(.*\); nothing was deleted.*\.recover"):
        channel_at(path).start()
    assert path.read_bytes() == before


def test_a_damaged_row_is_named_and_what_is_before_it_goes(path: Path) -> None:
    with running(channel_at(path)) as channel:
        for body in (b"1", b"2", b"3"):
            put(channel, body)
    connection = sqlite3.connect(path)
    row_id, data = connection.execute("SELECT id, data FROM puts ORDER BY id LIMIT 1 OFFSET 1").fetchone()
    connection.execute("UPDATE puts SET data = ? WHERE id = ?", (data.replace(b"2", b"9"), row_id))
    connection.commit()
    connection.close()
    with running(channel_at(path)) as channel:
        assert take(channel, 9) == [b"1"]
        for _ in range(2):
            with pytest.raises(ChannelError, match=r"row \d+ of puts: its checksum is wrong"):
                take(channel, 9)
        put(channel, b"4")
        assert channel.size == 3
    assert rows(path) == 3


def test_a_row_of_other_types_is_damage_too(path: Path) -> None:
    with running(channel_at(path)) as channel:
        put(channel, b"1")
    connection = sqlite3.connect(path)
    connection.execute("UPDATE puts SET events = 'many', data = 'x'")
    connection.commit()
    connection.close()
    with running(channel_at(path)) as channel, pytest.raises(ChannelError, match="its columns have other types"):
        take(channel, 9)


def test_a_database_of_another_program_is_not_touched(path: Path) -> None:
    path.parent.mkdir(parents=True)
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE theirs (x)")
    connection.close()
    with pytest.raises(StartError, match="is a database of another program"):
        channel_at(path).start()
    assert rows(path, "theirs") == 0


def test_without_create_schema_the_tables_must_be_there(path: Path) -> None:
    with pytest.raises(StartError, match=r"create\.schema = false forbids"):
        channel_at(path, create_schema="false").start()
    with running(channel_at(path)):
        pass
    with running(channel_at(path, create_schema="false")) as channel:
        put(channel, b"1")


# --- a model: a list


@st.composite
def steps(draw: st.DrawFn) -> list[tuple[str, int, int]]:
    kinds = st.sampled_from(["put", "offer", "undone put", "take", "part", "undone take", "open", "close", "reopen"])
    return draw(st.lists(st.tuples(kinds, st.integers(1, 7), st.integers(0, 7)), max_size=40))


class Model:
    """A list of bodies beside a channel; open takes are kept for a while."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.channel = channel_at(path)
        self.channel.start()
        self.events: list[bytes] = []
        self.opened: list[tuple[Any, list[bytes]]] = []
        self.made = 0

    def new(self, count: int) -> list[bytes]:
        self.made += count
        return [b"%d" % number for number in range(self.made - count, self.made)]

    def step(self, kind: str, count: int, part: int) -> None:
        if kind in ("put", "undone put"):
            self._put(self.new(count), undone=kind != "put")
        elif kind == "offer":
            ends, bodies = Ends(), self.new(count)
            self.channel.offer(batch_of(*bodies), ends)
            assert ends.wait(1)[0].error is None
            self.events += bodies
        elif kind in ("take", "part", "undone take", "open"):
            self._take(kind, count, part)
        elif kind == "close":
            self._close_one(part)
        else:
            self._reopen()
        assert self.channel.size == len(self.events)
        assert self.channel.undelivered == len(self.events) + sum(len(bodies) for _, bodies in self.opened)

    def _put(self, bodies: list[bytes], *, undone: bool) -> None:
        with self.channel.transaction() as transaction:
            transaction.put(batch_of(*bodies))
            if undone:
                transaction.rollback()
                return
        self.events += bodies

    def _take(self, kind: str, count: int, part: int) -> None:
        transaction = self.channel.transaction().__enter__()
        bodies = bodies_of(transaction.take(count))
        assert bodies == self.events[:count]
        if kind == "open":
            del self.events[:count]
            self.opened.append((transaction, bodies))
        elif kind == "undone take":
            transaction.rollback()
        else:
            taken = min(part, len(bodies)) if kind == "part" else len(bodies)
            transaction.commit(taken=taken if kind == "part" else None)
            del self.events[:taken]

    def _close_one(self, part: int) -> None:
        if self.opened:
            transaction, bodies = self.opened.pop(part % len(self.opened))
            if part % 2:
                transaction.commit()
            else:
                transaction.rollback()
                self.events = sorted([*self.events, *bodies], key=int)

    def _reopen(self) -> None:
        self.channel.stop()
        for transaction, bodies in self.opened:
            transaction.rollback()
            self.events = sorted([*self.events, *bodies], key=int)
        self.opened = []
        self.channel = channel_at(self.path)
        self.channel.start()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps(), st.sampled_from([1, 3, 10_000]))
def test_the_channel_is_a_list(
    tmp_path_factory: pytest.TempPathFactory, plan: list[tuple[str, int, int]], memory_rows: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jdbc_queue, "MEMORY_ROWS", memory_rows)
        patch.setattr(jdbc_work, "CHUNK_ROWS", memory_rows)
        model = Model(tmp_path_factory.mktemp("model") / "c.sqlite")
        try:
            for step in plan:
                model.step(*step)
            model.step("reopen", 1, 1)
            assert take(model.channel, 10_000) == model.events
        finally:
            model.channel.stop()


# --- kill -9


WORKER = """
import sys, threading
from pathlib import Path
from tests.channels.test_jdbc import channel_at, batch_of
channel = channel_at(Path(sys.argv[1])); channel.start()
first = int(sys.argv[2]); say = sys.stdout.write
lock = threading.Lock()
def tell(*words):
    with lock:
        say(" ".join(words) + "\\n"); sys.stdout.flush()
def putter():
    number = first
    while True:
        size = 1 + number % 23
        with channel.transaction() as transaction:
            transaction.put(batch_of(*[b"%d" % (number + place) for place in range(size)]))
        tell("put", str(number), str(size)); number += size
def taker():
    turn = 0
    while True:
        turn += 1
        with channel.transaction() as transaction:
            bodies = [body for batch in transaction.take(7) for body in batch.bodies]
            names = ",".join(body.decode() for body in bodies)
            if turn % 4 == 0:
                transaction.rollback(); continue
            kept = len(bodies) - 2 if turn % 3 == 0 and len(bodies) > 2 else len(bodies)
            names = ",".join(body.decode() for body in bodies[:kept])
            if not names: continue
            tell("trying", names)
            transaction.commit(taken=kept)
        tell("took", names)
for target in (putter, taker, taker):
    threading.Thread(target=target).start()
"""


def lines_until_killed(path: Path, first: int, count: int) -> Iterator[list[str]]:
    process = subprocess.Popen([sys.executable, "-c", WORKER, str(path), str(first)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    for number, line in enumerate(process.stdout):
        if line.endswith("\n"):
            yield line.split()
        if number == count:
            process.kill()
    process.wait(10)
    process.stdout.close()


def test_a_killed_process_loses_and_doubles_nothing_that_was_acknowledged(path: Path) -> None:
    stored: set[int] = set()
    taken: set[int] = set()
    doubtful: set[int] = set()  # takes whose commit was not answered
    first = 0
    for kill_after in (40, 300, 1, 150):
        trying: set[int] = set()
        for words in lines_until_killed(path, first, kill_after):
            numbers = set(map(int, words[1].split(","))) if words[0] != "put" else set()
            if words[0] == "put":
                stored |= set(range(int(words[1]), int(words[1]) + int(words[2])))
            elif words[0] == "trying":
                trying |= numbers
            else:
                assert not taken & numbers, "an event was delivered twice"
                taken |= numbers
        doubtful |= trying - taken
        first += 1_000_000
    with running(channel_at(path)) as channel:
        left = [int(body) for body in take(channel, 1_000_000)]
    assert left == sorted(left), "the order was lost"
    assert not taken & set(left), "an event came back"
    assert stored <= taken | doubtful | set(left), "an event was lost"


# --- options


def reported(options: dict[str, str], **context: Any) -> tuple[JdbcChannel, dict[str | None, Problem]]:
    problems: list[Problem] = []
    channel = build(JdbcChannel, options, report=problems.append, prefix="a1.channels.c1", **context)
    return channel, {problem.key: problem for problem in problems}


def test_without_a_url_the_file_stands_beside_the_folder_of_flumes_derby(tmp_path: Path) -> None:
    channel, problems = reported({}, system_properties={"user.home": str(tmp_path)})
    assert channel.path == tmp_path / ".flume/jdbc-channel/db.sqlite"
    assert problems == {}
    assert not (tmp_path / ".flume").exists()
    with running(channel):
        put(channel, b"1")
    (tmp_path / ".flume/jdbc-channel/db").mkdir()
    _, problems = reported({}, system_properties={"user.home": str(tmp_path)})
    assert "jdbc-channel/db is a database of Flume whose events flumepy cannot read; let Flume" in str(problems[None])


@pytest.mark.parametrize("key", ["sysprop.user.home", OLD + "sysprop.user.home"])
def test_a_system_property_moves_the_home(key: str) -> None:
    channel, problems = reported({key: "/x", "sysprop.derby.log": "y"}, system_properties={"user.home": "/y"})
    assert channel.path == Path("/x/.flume/jdbc-channel/db.sqlite")
    assert problems["sysprop.derby.log"].message == "has no effect: there is no Java to set it for"


def test_a_folder_of_derby_is_replaced_by_a_file_beside_it(tmp_path: Path) -> None:
    (tmp_path / "my.db").mkdir()
    channel, problems = reported(
        {"driver.url": f"jdbc:derby:{tmp_path}/my.db;create=true", **DERBY, "db.username": "sa"}
    )
    assert channel.path == tmp_path / "my.db.sqlite"
    assert set(problems) == {"driver.url", "driver.class", "db.type", "db.username"}
    assert "my.db is a database of Flume" in problems["driver.url"].message
    with running(channel):
        put(channel, b"1")


@pytest.mark.parametrize(
    "options",
    [
        MYSQL,
        {**DERBY, "driver.url": "jdbc:derby://h:1527/d"},
        {**DERBY, "driver.url": "jdbc:derby:memory:d"},
        {"driver.url": "jdbc:sqlite::memory:"},
        {"driver.url": "jdbc:sqlite:file:x?mode=ro"},
    ],
)
def test_any_other_database_stays_configured_and_is_refused_at_the_start_by_name(options: dict[str, str]) -> None:
    channel, problems = reported(options)
    assert problems["driver.url"].severity is Severity.WARNING
    with pytest.raises(UnsupportedError, match=r"^a1\.channels\.c1\.driver\.url: .*jdbc:sqlite:") as caught:
        channel.start()
    assert "secret" not in str(caught.value)
    channel.stop()


@pytest.mark.parametrize(
    ("options", "key", "reason"),
    [
        (
            {**MYSQL, "db.type": "POSTGRESQL"},
            "db.type",
            "^Database OTHER not supported at this time: db.type is POSTGRESQL; use jdbc:sqlite:PATH, or leave",
        ),
        (
            {"driver.url": "jdbc:mysql://h:3306/db"},
            "driver.url",
            "^Database OTHER not supported at this time: the URL is jdbc:mysql://h:3306/db, and jdbc:mysql is no"
            " database that flumepy can use; use jdbc:sqlite:PATH, or leave driver.url out",
        ),
        ({"driver.url": "jdbc:derby:/x/db"}, "driver.url", "is jdbc:derby:/x/db, and .* needs db.type = DERBY"),
        ({"driver.url": "jdbc:x", "db.type": "DERBY"}, "driver.class", "No jdbc driver specified"),
        ({"transaction.isolation": "NONE"}, "transaction.isolation", "NONE is none of READ_UNCOMMITTED"),
        ({**MYSQL, "connection.properties.file": "/nowhere"}, "connection.properties.file", "does not exist: /nowhere"),
    ],
)
def test_what_flume_refuses_is_refused_with_its_reason(options: dict[str, str], key: str, reason: str) -> None:
    with pytest.raises(ConfigurationError, match=reason) as caught:
        reported(options)
    assert caught.value.key == key


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("jdbc:mysql://h/db?user=u&password=secret", "jdbc:mysql://h/db…"),
        ("jdbc:sqlserver://h:1433;password=secret", "jdbc:sqlserver://h:1433…"),
        ("jdbc:derby:/x/db;create=true", "jdbc:derby:/x/db…"),
        ("jdbc:mysql://u:5ecret@h/db", "jdbc:mysql:…"),
        ("jdbc:mysql://u:1234@h/db", "jdbc:mysql:…"),
        ("jdbc:oracle:thin:scott/secret@//h/db", "jdbc:oracle:…"),
        ("jdbc:db2://h/db:user=u;password=secret;", "jdbc:db2:…"),
        ("nonsense", "nonsense:…"),
    ],
)
def test_a_url_is_shown_without_what_may_be_a_password(url: str, shown: str) -> None:
    assert without_secrets(url) == shown


def test_a_name_above_64_characters_is_refused() -> None:
    reported({}, name="n" * 64)
    with pytest.raises(ConfigurationError, match="65 characters; 64 are the most"):
        reported({}, name="n" * 65)


def test_what_has_no_effect_is_said_and_long_names_still_count() -> None:
    said: list[Problem] = []
    options = {
        OLD + "maximum.capacity": "5",
        OLD + "sysprop.user.home": "/x",
        "maximum.connections": "9",
        "create.index": "false",
        "create.foreignkey": "false",
        "transaction.isolation": "serializable",
        "db.password": "p",
    }
    channel = config_build("channel", "jdbc", options, Context("c1", report=said.append))
    assert channel.options.max_capacity == 5
    messages = {problem.key: problem.message for problem in said}
    assert messages[OLD + "maximum.capacity"] == "is an old name of 'maximum.capacity'"
    assert messages[OLD + "sysprop.user.home"] == "is an old name of 'sysprop.user.home'"
    idle = {key for key, message in messages.items() if "has no effect" in message}
    assert idle == {"maximum.connections", "create.index", "create.foreignkey", "transaction.isolation", "db.password"}
