"""The real Flume and the spooling directory source take over half-read files from each other."""

import io
from pathlib import Path

import fastavro
import pytest

from flumepy.sources.spooldir_position import META_NAME, StoredPosition, read_position
from flumepy.testing.fakes import wait_until
from tests.peers import flume
from tests.sources.test_spooldir import read, write
from tests.sources.test_spooldir_position import start_driver

META = Path(".flumespool") / META_NAME
CONF = """
a1.sources = r1
a1.channels = c1
a1.sinks = k1
a1.sources.r1.type = spooldir
a1.sources.r1.spoolDir = {spool}
a1.sources.r1.batchSize = 100
a1.sources.r1.channels = c1
a1.channels.c1.type = memory
a1.channels.c1.capacity = {capacity}
a1.sinks = {sinks}
a1.sinks.k1.type = file_roll
a1.sinks.k1.sink.directory = {roll}
a1.sinks.k1.sink.rollInterval = 0
a1.sinks.k1.channel = c1
"""


def conf(tmp_path: Path, spool: Path, *, capacity: int, sinks: str) -> Path:
    path = tmp_path / f"agent{capacity}.conf"
    (tmp_path / "roll").mkdir(exist_ok=True)
    path.write_text(CONF.format(spool=spool, capacity=capacity, sinks=sinks, roll=tmp_path / "roll"))
    return path


@pytest.mark.peer
@pytest.mark.usefixtures("flume_command")
@pytest.mark.timeout(300)
def test_a_file_half_read_by_the_real_flume_goes_on_where_it_stood(tmp_path: Path) -> None:
    spool = tmp_path / "spool"
    lines = [b"%d" % number for number in range(1000)]
    write(spool / "a", b"".join(line + b"\n" for line in lines))
    half = 5 * 100
    expected = StoredPosition(str(spool / "a"), sum(len(line) + 1 for line in lines[:half]))
    # Without a sink the channel fills up after five batches: there the Java agent stands.
    with flume.running(conf(tmp_path, spool, capacity=half, sinks="")) as process:
        wait_until(lambda: read_position(spool / META) == expected, timeout_s=60)
        process.kill()
    assert read(spool, lambda _: (spool / "a.COMPLETED").exists()).bodies == lines[half:]


@pytest.mark.peer
@pytest.mark.usefixtures("flume_command")
@pytest.mark.timeout(300)
def test_the_real_flume_goes_on_where_this_source_stood(tmp_path: Path) -> None:
    spool, output = tmp_path / "spool", tmp_path / "output"
    lines = [b"%07d" % number for number in range(60_000)]
    write(spool / "a", b"".join(line + b"\n" for line in lines))
    driver = start_driver(spool, output, 300_000)
    try:
        wait_until(lambda: output.exists() and output.stat().st_size > 100_000)
    finally:
        driver.kill()
        driver.wait()
    stored = read_position(spool / META)
    assert stored is not None
    assert 0 < stored.offset < 8 * len(lines)
    rest = lines[stored.offset // 8 :]
    with flume.running(conf(tmp_path, spool, capacity=10_000, sinks="k1")):
        wait_until((spool / "a.COMPLETED").exists, timeout_s=60)
        wait_until(lambda: rolled(tmp_path).count(b"\n") >= len(rest), timeout_s=60)
    assert rolled(tmp_path).splitlines() == rest


def rolled(tmp_path: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted((tmp_path / "roll").iterdir()))


AVRO_SCHEMA = {
    "type": "record", "name": "Line", "namespace": "org.example", "doc": "of text",
    "fields": [{"name": "text", "type": "string", "doc": "twenty letters"}, {"name": "more", "type": ["null", "int"]}],
}  # fmt: skip
AVRO_TEXTS = [f"{number:020d}" for number in range(1000)]
AVRO_BODIES = [b"(" + text.encode() + b"\0" for text in AVRO_TEXTS]


def avro_container() -> bytes:
    out = io.BytesIO()
    records = [{"text": text, "more": None} for text in AVRO_TEXTS]
    fastavro.writer(out, AVRO_SCHEMA, records, codec="deflate", sync_interval=700)
    return out.getvalue()


@pytest.mark.peer
@pytest.mark.usefixtures("flume_command")
@pytest.mark.timeout(300)
def test_an_avro_file_half_read_by_the_real_flume_goes_on_at_the_block_where_it_stood(tmp_path: Path) -> None:
    spool = tmp_path / "spool"
    write(spool / "a", avro_container())
    path = conf(tmp_path, spool, capacity=500, sinks="")
    path.write_text(path.read_text() + "a1.sources.r1.deserializer = AVRO\n")
    with flume.running(path) as process:
        wait_until(lambda: "channel is full" in path.with_suffix(".log").read_text(), timeout_s=60)
        process.kill()
    rest = read(spool, lambda _: (spool / "a.COMPLETED").exists(), deserializer="AVRO").bodies
    assert 500 <= len(rest) < 600
    assert rest == AVRO_BODIES[-len(rest) :]


@pytest.mark.peer
@pytest.mark.usefixtures("flume_command")
@pytest.mark.timeout(300)
@pytest.mark.parametrize("schema_type", ["HASH", "LITERAL"])
def test_avro_records_and_headers_are_those_of_the_real_flume(tmp_path: Path, schema_type: str) -> None:
    spool = tmp_path / "spool"
    write(spool / "a", avro_container())
    settings = {"deserializer": "AVRO", "deserializer.schemaType": schema_type}
    ours = read(spool, lambda _: (spool / "a.COMPLETED").exists(), **settings)
    write(spool / "b", avro_container())
    path = conf(tmp_path, spool, capacity=10_000, sinks="k1")
    path.write_text(
        path.read_text()
        + f"a1.sources.r1.deserializer = AVRO\na1.sources.r1.deserializer.schemaType = {schema_type}\n"
        + "a1.sinks.k1.sink.serializer = HEADER_AND_TEXT\n"
    )
    with flume.running(path):
        wait_until(lambda: rolled(tmp_path).count(b"\n") >= 1000, timeout_s=60)
    (name, value), *none = ours.events[0].headers.items()
    assert none == []
    assert rolled(tmp_path).splitlines() == [f"{{{name}={value}}} ".encode() + body for body in AVRO_BODIES]
    assert ours.bodies == AVRO_BODIES
