"""Java's Avro reads what the avro_event serializer wrote: the real Flume's spooldir source takes the files in."""

from pathlib import Path

import fastavro
import pytest

from flumepy.core.batch import EventBatch
from flumepy.formats.avro_event import encode_events
from flumepy.serializers.avro_event import AvroEventSerializer
from flumepy.testing.fakes import build, wait_until
from tests.peers import flume

# Not zstandard: Flume's own jars lack the library that its Avro needs for it.
CODECS = ("null", "deflate", "bzip2", "xz", "snappy")
BATCH = EventBatch([b"0", b"1", b"2", b"3", b"4"], {"a": "b", "digit": ["0", None, "2", None, "4"]})
SPOOLDIR_TO_FILE = """
a1.sources = r1
a1.channels = c1
a1.sinks = k1
a1.sources.r1.type = spooldir
a1.sources.r1.spoolDir = {spool}
a1.sources.r1.deserializer = AVRO
a1.sources.r1.fileHeader = false
a1.sources.r1.basenameHeader = true
a1.sources.r1.channels = c1
a1.channels.c1.type = memory
a1.sinks.k1.type = file_roll
a1.sinks.k1.channel = c1
a1.sinks.k1.sink.directory = {out}
a1.sinks.k1.sink.rollInterval = 0
a1.sinks.k1.sink.serializer = avro_event
"""


def file_of(codec: str) -> bytes:
    serializer = build(AvroEventSerializer, {"compressionCodec": codec, "syncIntervalBytes": "64"})
    return b"".join([serializer.begin(), *serializer.serialize([BATCH]), serializer.flush(), serializer.end()])


@pytest.mark.peer
@pytest.mark.usefixtures("flume_command")
@pytest.mark.timeout(300)
def test_the_real_flume_reads_our_avro_files(tmp_path: Path) -> None:
    spool, out = tmp_path / "spool", tmp_path / "out"
    spool.mkdir()
    out.mkdir()
    for codec in CODECS:
        (spool / f"{codec}.avro").write_bytes(file_of(codec))
    conf = tmp_path / "agent.conf"
    conf.write_text(SPOOLDIR_TO_FILE.format(spool=spool, out=out))

    def arrived() -> bytes:
        return b"".join(path.read_bytes() for path in out.iterdir())

    with flume.running(conf):
        wait_until(
            lambda: len(list(spool.glob("*.COMPLETED"))) == len(CODECS), timeout_s=60, what="the end of every file"
        )
        wait_until(lambda: arrived().count(b"\x02a\x02b") == len(CODECS) * len(BATCH), timeout_s=30, what="the events")
    # The deserializer hands on each record as it decoded and encoded it again.
    (path,) = out.iterdir()
    with path.open("rb") as file:
        records = [record["body"] for record in fastavro.reader(file)]
    assert sorted(records) == sorted(encode_events(BATCH) * len(CODECS))
