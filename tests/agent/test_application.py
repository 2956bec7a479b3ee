"""One agent as it starts, reloads and stops, with real components."""

import gc
import logging
import os
import socket
import threading
import time
import weakref
from collections.abc import Iterator
from typing import Any

import pytest

from flumepy.agent.application import Application
from flumepy.channels.memory import MemoryChannel
from flumepy.core.batch import EventBatch
from flumepy.core.errors import FlumeError
from flumepy.core.threads import start_thread
from flumepy.testing.fakes import wait_until
from tests.agent.parts import agent_of, config, journal

NETCAT = "netcat c1 bind=127.0.0.1 port={port}"


@pytest.fixture
def application() -> Iterator[Application]:
    journal.clear()
    made = Application(drain_timeout_s=0.1, retry_s=0.05)
    yield made
    made.stop()


@pytest.fixture
def taken() -> Iterator[socket.socket]:
    """A port that somebody else listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def apply(application: Application, text: str) -> bool:
    return application.apply(agent_of(text, application.channels))


def source(application: Application, name: str = "r1") -> Any:
    assert application.agent is not None
    return application.agent.sources[name]


def sink(application: Application, name: str = "k1") -> Any:
    assert application.agent is not None
    return application.agent.sinks[name]


def put(application: Application, *bodies: bytes, name: str = "r1") -> None:
    for body in bodies:
        source(application, name).outlet.put(EventBatch([body]))


def ask(port: int, line: bytes = b"hello\n") -> bytes:
    with socket.create_connection(("127.0.0.1", port), 5) as client:
        client.sendall(line)
        return client.recv(100)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def threads() -> set[str]:
    return {thread.name for thread in threading.enumerate() if thread.name != "flumepy-timer"}


def test_channels_start_before_sinks_before_sources_and_stop_the_other_way_round(application: Application) -> None:
    apply(application, config(r1="source c1", r2="source c2", c1="channel", c2="channel", k1="sink c1", k2="sink c2"))
    assert journal == ["start c1", "start c2", "start k1", "start k2", "start r1", "start r2"]
    assert application.is_ready
    del journal[:]
    application.stop()
    assert journal == ["stop r1", "stop r2", "stop k1", "stop k2", "stop c1", "stop c2"]
    assert not application.is_ready


def test_stop_is_safe_twice_and_without_start(application: Application) -> None:
    application.stop()
    apply(application, config(r1="source c1", c1="memory", k1="sink c1"))
    application.stop()
    application.stop()
    assert application.agent is None
    assert "supervisor" not in threads()


def test_a_source_whose_port_is_taken_is_tried_again_until_it_is_free(
    application: Application, taken: socket.socket
) -> None:
    port = taken.getsockname()[1]
    apply(application, config(r1=NETCAT.format(port=port), r2="source c1", c1="memory", k1="logger c1"))
    assert not application.is_ready
    assert "Source r1: " in application.not_started[0]
    assert "in use" in application.not_started[0]
    put(application, b"the rest runs", name="r2")
    taken.close()
    wait_until(lambda: application.is_ready)
    assert ask(port) == b"OK\n"


def test_a_source_waits_for_its_channel_and_no_longer_than_that(application: Application) -> None:
    text = config(
        r1="source c1", r2="source c2", c1="channel failingStarts=3", c2="channel", k1="sink c1", k2="sink c2"
    )
    apply(application, text)
    assert "start r2" in journal
    assert "start r1" not in journal
    assert application.states["Source r1"] == "waits for its channel"
    wait_until(lambda: application.is_ready)
    assert journal.index("start r1") > journal.index("start k1") > journal.index("start c1")


def test_what_is_unsupported_is_left_alone_and_the_rest_runs(application: Application) -> None:
    apply(application, config(
        r1="source c1", c1="memory", k1="sink c1", k2="sink c1 failingStarts=99 error=UnsupportedError",
    ))  # fmt: skip
    put(application, b"one")
    wait_until(lambda: sink(application).bodies == [b"one"])
    assert application.not_started == ["Sink k2: no start number 1"]
    assert sink(application, "k2").starts == 1


def test_a_component_that_tries_to_exit_does_not_take_the_agent_along(application: Application) -> None:
    apply(application, config(r1="source c1 failingStarts=1 error=SystemExit", c1="memory", k1="sink c1"))
    wait_until(lambda: application.is_ready)
    assert source(application).starts == 2


def test_a_component_that_cannot_stop_does_not_keep_the_others_from_it(
    application: Application, caplog: pytest.LogCaptureFixture
) -> None:
    apply(application, config(
        r1="source c1 failingStop=true", r2="source c1", c1="channel", k1="sink c1 failingStop=true", k2="sink c1",
    ))  # fmt: skip
    outlet = source(application).outlet
    application.stop()
    assert journal[-5:] == ["stop r1", "stop r2", "stop k1", "stop k2", "stop c1"]
    assert outlet.is_stopped
    assert "Source r1 did not stop cleanly: cannot stop" in caplog.messages
    assert not any(name.startswith(("source-", "sink-")) for name in threads())
    assert not any(group.is_running for group in application.counters.values())


def test_a_stop_lets_the_sinks_empty_memory_channels_first(caplog: pytest.LogCaptureFixture) -> None:
    journal.clear()
    application = Application(drain_timeout_s=10)
    apply(application, config(r1="source c1", c1="memory capacity=5000 transactionCapacity=5000", k1="sink c1"))
    made = sink(application)
    for number in range(50):
        source(application).outlet.put(EventBatch([b"%d" % number] * 100))
    application.stop()
    assert len(made.bodies) == 5000
    assert not any("lost" in message for message in caplog.messages)


def test_what_no_sink_empties_within_the_drain_time_is_named(
    application: Application, caplog: pytest.LogCaptureFixture
) -> None:
    apply(application, config(
        r1="source c1", r2="source c2", r3="source c3", c1="memory", c2="memory", c3="memory",
        k1="sink c1 delivering=false", k2="sink c2",
    ))  # fmt: skip
    for name in ("r1", "r2", "r3"):
        put(application, b"one", b"two", name=name)
    wait_until(lambda: len(sink(application, "k2").bodies) == 2)
    began_s = time.monotonic()
    application.stop()
    assert 0.1 <= time.monotonic() - began_s < 4
    assert "Events are lost with their channel, which no sink emptied in time: c1 (2), c3 (2)" in caplog.messages


def test_a_sink_that_has_not_started_is_not_waited_for() -> None:
    application = Application(drain_timeout_s=60, retry_s=60)
    apply(application, config(r1="source c1", c1="memory", k1="sink c1 failingStarts=99"))
    put(application, b"one")
    began_s = time.monotonic()
    application.stop()
    assert time.monotonic() - began_s < 5


def test_a_reload_keeps_the_events_of_a_channel_and_applies_its_new_options(application: Application) -> None:
    text = config(r1="source c1", c1="memory capacity=10 transactionCapacity=2", k1="sink c1 delivering=false")
    apply(application, text)
    put(application, b"one", b"two")
    channel = application.channels["c1"]
    assert source(application).outlet.limit == 2
    assert apply(application, text.replace("capacity = 10", "capacity = 30").replace("Capacity = 2", "Capacity = 20"))
    assert application.channels["c1"] is channel
    assert channel.size == 2
    assert channel.options.capacity == 30
    assert channel.counters.channel_capacity == 30
    assert source(application).outlet.limit == 20, "a source puts as many as the channel takes now"
    assert channel.counters.put_success == 0, "counters begin anew, as in Flume"
    assert channel.counters.channel_size == 2
    assert channel.counters.is_running
    assert apply(application, text.replace("delivering = false", "delivering = true"))
    wait_until(lambda: sink(application).bodies == [b"one", b"two"])
    put(application, b"three")
    wait_until(lambda: sink(application).bodies[2:] == [b"three"])


def test_a_smaller_transaction_capacity_reaches_the_sources_with_the_reload(application: Application) -> None:
    text = config(r1="source c1", c1="memory capacity=100 transactionCapacity=100", k1="sink c1")
    apply(application, text)
    assert apply(application, text.replace("transactionCapacity = 100", "transactionCapacity = 5"))
    assert source(application).outlet.limit == 5


def test_a_port_moves_from_one_source_to_another_in_one_reload(application: Application) -> None:
    first, second = free_port(), free_port()
    text = config(r1=NETCAT.format(port=first), r2=NETCAT.format(port=second), c1="memory", k1="null c1")
    assert apply(application, text)
    old = source(application, "r1")
    swapped = config(r1=NETCAT.format(port=second), r2=NETCAT.format(port=first), c1="memory", k1="null c1")
    assert apply(application, swapped)
    assert source(application, "r1") is not old
    assert (source(application, "r1").port, source(application, "r2").port) == (second, first)
    assert ask(first) == ask(second) == b"OK\n"


def test_a_new_source_whose_port_is_taken_brings_the_old_agent_back_with_its_channel_options(
    application: Application, taken: socket.socket, caplog: pytest.LogCaptureFixture
) -> None:
    port = free_port()
    text = config(
        r1=NETCAT.format(port=port), c1="memory capacity=10 transactionCapacity=10", k1="sink c1 delivering=false"
    )
    apply(application, text)
    assert ask(port) == b"OK\n"
    running, channel = application.agent, application.channels["c1"]
    new = text.replace(f"port = {port}", f"port = {taken.getsockname()[1]}").replace("capacity = 10", "capacity = 70")
    assert not apply(application, new)
    assert application.agent is running
    assert application.is_ready
    assert channel.options.capacity == 10
    assert channel.size == 1
    assert ask(port) == b"OK\n"
    assert channel.counters.put_success == 1
    assert any(message.startswith("The new configuration cannot start Source r1: ") for message in caplog.messages)
    assert application.counters["SINK", "k1"] is sink(application).counters
    assert sink(application).counters.is_running
    taken.close()
    assert apply(application, new), "the next edit is seen"
    assert channel.options.capacity == 70


def test_a_new_component_that_is_unsupported_brings_the_old_agent_back(application: Application) -> None:
    text = config(r1="source c1", c1="memory", k1="sink c1")
    apply(application, text)
    bad = config(r1="source c1", c1="memory", k1="sink c1", k2="sink c1 failingStarts=9 error=UnsupportedError")
    assert not apply(application, bad)
    assert application.is_ready


def test_what_did_not_run_before_need_not_run_after_a_reload(application: Application, taken: socket.socket) -> None:
    text = config(r1=NETCAT.format(port=taken.getsockname()[1]), r2="source c1", c1="memory", k1="sink c1")
    apply(application, text)
    assert apply(application, f"{text}# edited\n")
    assert len(application.not_started) == 1


def test_options_that_a_running_channel_cannot_take_over_bring_the_old_agent_back(application: Application) -> None:
    text = config(r1="source c1", c1="channel", k1="sink c1")
    apply(application, text)
    bad = config(r1="source c1", c1="channel reconfigureError=no", k1="sink c1")
    assert not apply(application, bad)
    assert application.is_ready
    put(application, b"one")
    wait_until(lambda: sink(application).bodies == [b"one"])


def test_a_channel_that_leaves_is_emptied_first(application: Application, caplog: pytest.LogCaptureFixture) -> None:
    application.drain_timeout_s = 10
    apply(application, config(r1="source c1", c1="memory capacity=999 transactionCapacity=999", k1="sink c1"))
    old = sink(application)
    source(application).outlet.put(EventBatch([b"x"] * 999))
    assert apply(application, config(r1="source c2", c2="memory", k1="sink c2"))
    assert len(old.bodies) == 999
    assert not any("lost" in message for message in caplog.messages)


def test_an_edit_that_removes_a_channel_with_events_says_what_is_lost(
    application: Application, caplog: pytest.LogCaptureFixture
) -> None:
    apply(application, config(r1="source c1", c1="memory", k1="sink c1 delivering=false"))
    put(application, b"one", b"two")
    assert apply(application, config(r1="source c2", c2="memory", k1="sink c2"))
    assert "Events are lost with their channel, which no sink emptied in time: c1 (2)" in caplog.messages


def test_a_durable_channel_that_leaves_keeps_its_events_and_is_not_waited_for(
    application: Application, caplog: pytest.LogCaptureFixture
) -> None:
    application.drain_timeout_s = 60
    apply(application, config(r1="source c1", c1="durable", k1="sink c1 delivering=false"))
    put(application, b"one", b"two")
    began_s = time.monotonic()
    assert apply(application, config(r1="source c2", c2="memory", k1="sink c2"))
    assert time.monotonic() - began_s < 5
    assert "Channel c1 is no longer configured; it still stores 2 events." in caplog.messages
    assert not any("lost" in message for message in caplog.messages)


def test_a_disposable_channel_is_stopped_before_its_successor_starts(application: Application) -> None:
    text = config(r1="source c1", c1="durable", k1="sink c1")
    apply(application, text)
    first = application.channels["c1"]
    del journal[:]
    assert apply(application, text)
    assert application.channels["c1"] is not first
    assert journal == ["stop r1", "stop k1", "stop c1", "start c1", "start k1", "start r1"]


def test_a_network_source_before_a_full_channel_answers_what_it_stored_and_reloads(application: Application) -> None:
    port = free_port()
    text = config(
        r1=NETCAT.format(port=port), c1="memory capacity=2 transactionCapacity=2 keep-alive=3600",
        k1="sink c1 delivering=false",
    )  # fmt: skip
    apply(application, text)
    with socket.create_connection(("127.0.0.1", port), 5) as client:
        client.settimeout(10)
        client.sendall(b"one\ntwo\nthree\nfour\n")
        wait_until(lambda: application.channels["c1"].size == 2)
        began_s = time.monotonic()
        assert apply(application, text.replace("delivering = false", "delivering = true"))
        assert time.monotonic() - began_s < 6
        answer = b""
        while part := client.recv(4096):
            answer += part
    wait_until(lambda: len(sink(application).bodies) == answer.count(b"OK\n"))
    assert sink(application).bodies == [b"one", b"two"]
    assert ask(port) == b"OK\n"


def test_a_source_blocked_on_a_full_channel_is_freed_by_a_reload_and_loses_nothing(application: Application) -> None:
    text = config(
        r1="seq c1 totalEvents=30", c1="memory capacity=10 transactionCapacity=10 keep-alive=3600",
        k1="sink c1 delivering=false",
    )  # fmt: skip
    apply(application, text)
    channel = application.channels["c1"]
    assert isinstance(channel, MemoryChannel)
    wait_until(lambda: channel._waiting, what="the put that waits for room")
    began_s = time.monotonic()
    assert apply(application, config(r1="source c1", c1="memory capacity=99 transactionCapacity=10", k1="sink c1"))
    assert time.monotonic() - began_s < 10
    wait_until(lambda: len(sink(application).bodies) == 10)
    assert sink(application).bodies == [b"%d" % number for number in range(10)]


def test_a_thread_that_puts_into_a_full_channel_ends_with_the_stop(application: Application) -> None:
    apply(application, config(
        r1="source c1", c1="memory capacity=1 transactionCapacity=1 keep-alive=3600", k1="sink c1 delivering=false",
    ))  # fmt: skip
    put(application, b"one")
    errors: list[FlumeError] = []

    def block() -> None:
        try:
            put(application, b"two")
        except FlumeError as error:
            errors.append(error)

    channel = application.channels["c1"]
    assert isinstance(channel, MemoryChannel)
    thread = start_thread("test-put", block)
    wait_until(lambda: channel._waiting)
    application.stop()
    thread.join(5)
    assert len(errors) == 1


def test_an_empty_agent_can_be_replaced(application: Application) -> None:
    empty = agent_of(config(r1="source c1 initError=x", c1="memory", k1="sink c1 initError=x"))
    assert empty.is_empty
    application.apply(empty)
    assert application.is_ready, "there is nothing that does not run"
    assert apply(application, config(r1="source c1", c1="memory", k1="sink c1"))
    assert application.is_ready


def test_counters_of_removed_components_stay_and_of_present_ones_are_the_running_objects(
    application: Application,
) -> None:
    apply(application, config(r1="source c1", c1="memory", k1="sink c1", k2="sink c1"))
    first, shown = sink(application, "k2").counters, application.counters
    apply(application, config(r1="source c1", c1="memory", k1="sink c1"))
    assert application.counters["SINK", "k2"] is first
    assert not first.is_running
    assert application.counters["SINK", "k1"] is sink(application).counters
    assert application.counters is not shown, "who reads the old mapping is not disturbed"


def test_fifty_reloads_leave_no_thread_no_socket_and_no_component_behind(application: Application) -> None:
    port = free_port()
    text = config(
        r1=NETCAT.format(port=port), r2="seq c2", c1="memory", c2="memory", k1="null c1", k2="logger c1", k3="null c2",
        g1="k1,k2 processor.type=load_balance",
    )  # fmt: skip
    logging.getLogger("flumepy.sink.k2").setLevel(logging.WARNING)
    apply(application, text)
    channel = application.channels["c1"]
    known, files = threads(), len(os.listdir("/proc/self/fd"))
    replaced: list[weakref.ref[object]] = []
    for _ in range(50):
        replaced += [
            weakref.ref(source(application)),
            weakref.ref(sink(application)),
            weakref.ref(sink(application, "k3")),
        ]
        assert apply(application, text)
        assert ask(port) == b"OK\n"
    assert threads() == known
    wait_until(lambda: len(os.listdir("/proc/self/fd")) == files, what="as many open files as before")
    assert application.channels["c1"] is channel
    assert len(channel.listeners) == 1
    assert list(application.counters) == [("CHANNEL", "c1"), ("CHANNEL", "c2"), ("SOURCE", "r2")]
    gc.collect()
    assert [reference() is None for reference in replaced] == [True] * len(replaced), (
        "a replaced component is still held"
    )
