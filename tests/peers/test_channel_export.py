"""The real Flume takes in what `flumepy channel export` wrote, from its spooling directory."""

from pathlib import Path

import pytest

from flumepy.formats.avro_event import encode_events
from flumepy.testing.fakes import wait_until
from tests.cli.channels import channel
from tests.log_tools.stored import batch, write_log
from tests.peers import flume
from tests.peers.test_avro_files import SPOOLDIR_TO_FILE


@pytest.mark.peer
@pytest.mark.usefixtures("flume_command")
@pytest.mark.timeout(300)
def test_the_real_flume_reads_an_exported_container(tmp_path: Path) -> None:
    log, spool, out = tmp_path / "log", tmp_path / "spool", tmp_path / "out"
    write_log([log], 2000)
    spool.mkdir()
    out.mkdir()
    assert channel("export", log, "-o", spool / "events.avro", "--format", "avro").exit_code == 0
    conf = tmp_path / "agent.conf"
    conf.write_text(SPOOLDIR_TO_FILE.format(spool=spool, out=out))
    datums = [datum for number in range(0, 6000, 3) for datum in encode_events(batch(number))]

    def arrived() -> bytes:
        return b"".join(path.read_bytes() for path in out.iterdir())

    with flume.running(conf):
        wait_until(lambda: list(spool.glob("*.COMPLETED")), timeout_s=60, what="the end of the file")
        wait_until(lambda: datums[-1] in arrived(), timeout_s=30, what="the last event")
    found = arrived()
    assert [datum for datum in datums if datum not in found] == []
