"""`flumepy channel export` and `import`: what goes out comes back in, whatever happens in between."""

import json
import subprocess
import sys
import time
from pathlib import Path

import fastavro
import pytest

from flumepy.core.batch import EventBatch
from flumepy.event_log.checkpoint import Checkpoint, CheckpointFile
from flumepy.event_log.frames import put_frame
from flumepy.log.codec import Codec
from flumepy.log.disk import Disk
from flumepy.log.encryption import KeyRing
from flumepy.log.segment import HEADER_BYTES
from tests.cli.channels import EXPECTED, channel, events_of, java_folders
from tests.event_log.tools import drain, new_log, open_queue
from tests.log_tools.stored import SEGMENT_BYTES, stored, write_log

BODIES = [b"plain", "gr\u00fcn \u2603".encode(), b"\xff\xfe\x00binary", b"", b"two\nlines", b'"quoted" \\']

ENCRYPTED = """
a1.channels = c1
a1.sources = r1
a1.sources.r1.type = seq
a1.sources.r1.channels = c1
a1.channels.c1.type = file
a1.channels.c1.checkpointDir = {folder}/cp
a1.channels.c1.dataDirs = {folder}/d
a1.channels.c1.maxFileSize = 1048576
a1.channels.c1.encryption.activeKey = key-0
a1.channels.c1.encryption.cipherProvider = AESCTRNOPADDING
a1.channels.c1.encryption.keyProvider = JCEKSFILE
a1.channels.c1.encryption.keyProvider.keyStoreFile = {store}
a1.channels.c1.encryption.keyProvider.keyStorePasswordFile = {password}
a1.channels.c1.encryption.keyProvider.keys = key-0
"""


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    """A log with bodies and headers of every sort."""
    folder = tmp_path / "mixed"
    log = new_log(folder)()
    log.open()
    headers = {"shared": "yes", "own": [None, "1", "\u2603", "", None, "x"]}
    log.append(put_frame(EventBatch(list(BODIES), headers))).wait()
    log.close()
    return folder


def test_json_lines_hold_text_as_text_and_the_rest_as_base64(mixed: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    result = channel("export", mixed, "-o", out)
    assert (result.exit_code, result.stderr) == (0, f"6 events written to {out}\n")
    events = events_of(out)
    assert events[0] == {"headers": {"shared": "yes"}, "body": "plain"}
    assert events[1] == {"headers": {"shared": "yes", "own": "1"}, "body": "gr\u00fcn \u2603"}
    assert events[2] == {"headers": {"shared": "yes", "own": "\u2603"}, "body_base64": "//4AYmluYXJ5"}


def test_an_avro_container_is_read_by_others(mixed: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.avro"
    assert channel("export", mixed, "-o", out, "--format", "avro").exit_code == 0
    with out.open("rb") as file:
        records = list(fastavro.reader(file))
    assert [record["body"] for record in records] == BODIES
    assert records[1]["headers"] == {"shared": "yes", "own": "1"}


def test_plain_lines_say_what_they_lose(mixed: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.txt"
    result = channel("export", mixed, "-o", out, "--format", "lines")
    assert out.read_bytes() == b"".join(body + b"\n" for body in BODIES)
    assert "1 body has line feeds in it" in result.stderr


@pytest.mark.parametrize("form", ["jsonl", "avro"])
def test_export_import_export_gives_the_same_file(mixed: Path, tmp_path: Path, form: str) -> None:
    first, second, target = tmp_path / "first", tmp_path / "second", tmp_path / "target"
    write_log([target], 0)
    write_log([target], 1, taken=3)
    channel("export", mixed, "-o", first, "--format", form)
    result = channel("import", target, first)
    assert (result.exit_code, result.output) == (0, "6 events imported\n")
    channel("export", target, "-o", second, "--format", "jsonl")
    channel("export", mixed, "-o", tmp_path / "third", "--format", "jsonl")
    assert second.read_bytes() == (tmp_path / "third").read_bytes()
    assert list(target.glob("flumepy.import*")) == []
    queue = open_queue(target)
    assert drain(queue) == BODIES
    queue.log.close()


def test_only_queued_events_are_exported_or_all(tmp_path: Path) -> None:
    write_log([tmp_path], 10, taken=20)
    for options, count in (((), 10), (("--all",), 30)):
        out = tmp_path / f"{count}.jsonl"
        channel("export", tmp_path, "-o", out, *options)
        assert len(events_of(out)) == count
    assert events_of(tmp_path / "10.jsonl")[0] == {"headers": {"host": "web1", "n": "20"}, "body": "event 000020"}


def test_a_file_is_overwritten_only_by_force(mixed: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.write_text("mine")
    result = channel("export", mixed, "-o", out)
    assert (result.exit_code, result.stderr) == (2, f"Error: {out} exists; --force overwrites it\n")
    assert out.read_text() == "mine"
    assert channel("export", mixed, "-o", out, "--force").exit_code == 0
    assert len(events_of(out)) == 6


def test_stdout_is_a_file_too(mixed: Path) -> None:
    result = channel("export", mixed, "-o", "-", "--format", "lines")
    assert result.stdout_bytes == b"".join(body + b"\n" for body in BODIES)


def test_damage_is_left_out_set_aside_and_ends_with_1(tmp_path: Path) -> None:
    write_log([tmp_path / "log"], 10)
    path = tmp_path / "log" / f"{0:020d}.segment"
    data = bytearray(path.read_bytes())
    data[HEADER_BYTES + 70] ^= 1
    path.write_bytes(data)
    result = channel("export", tmp_path / "log", "-o", tmp_path / "out", "--aside", tmp_path / "aside")
    assert result.exit_code == 1
    assert "Damaged places left out: 1; events in them, as far as can be told: 3" in result.stderr
    assert len(events_of(tmp_path / "out")) == 27
    assert [file.stat().st_size for file in (tmp_path / "aside").iterdir()] == [115]
    assert path.read_bytes() == data


def test_encrypted_events_without_key_leave_no_file(tmp_path: Path) -> None:
    write_log([tmp_path / "log"], 3, codec=Codec(keys=KeyRing("k1", {"k1": b"x" * 16})))
    result = channel("export", tmp_path / "log", "-o", tmp_path / "out")
    assert result.exit_code == 2
    assert "encrypted with the key k1" in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["log"]


def test_keys_come_from_the_configuration_or_from_options(mixed: Path, tmp_path: Path) -> None:
    java_folders("encrypted-aes", tmp_path)
    store, password = tmp_path / "enc/ks.jceks", tmp_path / "enc/pw"
    conf = tmp_path / "agent.conf"
    conf.write_text(ENCRYPTED.format(folder=tmp_path / "new", store=store, password=password))
    named = ("-f", conf, "-n", "a1", "--channel", "c1")
    first, second = tmp_path / "first", tmp_path / "second"
    channel("export", mixed, "-o", first)
    assert channel("import", *named, first).output == "6 events imported\n"
    data = tmp_path / "new" / "d"
    assert b"plain" not in b"".join(path.read_bytes() for path in data.iterdir())
    assert channel("verify", data).output.startswith("6 events could not be decoded")
    keys = ("--key-store", store, "--key-store-password-file", password, "--key", "key-0")
    for options in (named, (data, *keys)):
        assert channel("verify", *options).output.splitlines() == ["1 frame with 6 events verified", "No damage"]
        assert channel("export", *options, "-o", second, "--force").exit_code == 0
        assert second.read_bytes() == first.read_bytes()
    assert channel("import", data, *keys, first).output == "6 events imported\n"
    assert channel("verify", data, *keys).output.splitlines()[0] == "2 frames with 12 events verified"


@pytest.mark.parametrize("name", list(EXPECTED))
def test_a_java_agents_events_are_exported(tmp_path: Path, name: str) -> None:
    out = tmp_path / "out.jsonl"
    assert channel("export", *java_folders(name, tmp_path), "-o", out).exit_code == 0
    assert events_of(out) == EXPECTED[name]


def test_a_damaged_event_of_a_java_agent_is_left_out_with_a_line_and_status_1(tmp_path: Path) -> None:
    folders = java_folders("s2_crash_nockpt", tmp_path)
    body = EXPECTED["s2_crash_nockpt"][-1]["body"].encode()
    [path] = [path for path in tmp_path.rglob("log-*") if path.suffix == "" and body in path.read_bytes()]
    path.write_bytes(path.read_bytes().replace(body, b"eX"))
    out = tmp_path / "out.jsonl"
    result = channel("export", *folders, "-o", out)
    assert result.exit_code == 1
    left_out, *summary = result.stderr.splitlines()
    assert left_out.startswith(f"Left out: {path} is damaged at byte ")
    count = len(EXPECTED["s2_crash_nockpt"]) - 1
    assert summary == [
        f"{count} events written to {out}",
        "Damaged places left out: 1; events in them, as far as can be told: 1",
    ]
    assert len(events_of(out)) == count
    result = channel("verify", *folders)
    assert result.exit_code == 1
    assert result.output.count(str(path)) == 1
    assert result.output.splitlines()[-1] == "Damaged places: 1; events lost: 1"


def test_a_missing_file_of_a_java_agent_is_told_once_and_ends_with_1(tmp_path: Path) -> None:
    folders = java_folders("s3_crash_afterckpt", tmp_path)
    (folders[0] / "log-3").unlink()
    out = tmp_path / "out.jsonl"
    result = channel("export", *folders, "-o", out)
    assert result.exit_code == 1
    lost = 2  # those that its checkpoint knows of
    assert len(EXPECTED["s3_crash_afterckpt"]) - len(events_of(out)) > lost
    assert f"Left out: log-3 is missing; {lost} events" in result.stderr
    assert f"as far as can be told: at least {lost}" in result.stderr
    result = channel("verify", *folders)
    assert result.exit_code == 1
    assert result.output.count("log-3") == 1
    assert result.output.splitlines()[-1] == f"Damaged places: 1; events lost: at least {lost}"
    found = json.loads(channel("stats", *folders, "--format", "json").output)["java"]
    assert (found["lost_events"], found["lost_is_least"]) == (lost, True)


def test_nothing_is_imported_into_a_java_agents_directories(tmp_path: Path) -> None:
    out = tmp_path / "in.jsonl"
    out.write_text('{"body":"x"}\n')
    result = channel("import", *java_folders("live", tmp_path), out)
    assert result.exit_code == 2
    assert "flumepy adopt" in result.stderr


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"body":"a"}\n{"body":"b","body_base64":""}\n', "line 2: an event needs either body or body_base64"),
        ('{"body":"a"}\n{"headers":{}}\n', "line 2: an event needs either"),
        ('{"body":1}\n', "line 1: "),
        ('{"bdy":"a"}\n', "line 1: Object contains unknown field `bdy`"),
        ('{"body_base64":"%"}\n', "line 1: "),
        ("no json\n", "line 1: "),
    ],
)
def test_a_line_that_is_no_event_is_named(tmp_path: Path, text: str, why: str) -> None:
    write_log([tmp_path / "log"], 1)
    (tmp_path / "in.jsonl").write_text(text)
    result = channel("import", tmp_path / "log", tmp_path / "in.jsonl")
    assert result.exit_code == 2
    assert f"{tmp_path}/in.jsonl: {why}" in result.stderr


def test_an_avro_file_of_something_else_is_refused(tmp_path: Path) -> None:
    write_log([tmp_path / "log"], 1)
    schema = {"type": "record", "name": "R", "fields": [{"name": "a", "type": "int"}]}
    with (tmp_path / "in.avro").open("wb") as file:
        fastavro.writer(file, fastavro.parse_schema(schema), [{"a": 1}])
    result = channel("import", tmp_path / "log", tmp_path / "in.avro")
    assert result.exit_code == 2
    assert "its records are no events" in result.stderr


def test_an_empty_directory_is_not_taken_for_a_data_directory(tmp_path: Path) -> None:
    write_log([tmp_path / "log"], 1)
    (tmp_path / "empty").mkdir()
    (tmp_path / "in.jsonl").write_text('{"body":"x"}\n')
    result = channel("import", tmp_path / "empty", tmp_path / "in.jsonl")
    assert result.exit_code == 2
    assert "name the channel with --conf-file" in result.stderr
    for _ in range(2):
        result = channel("import", tmp_path / "empty", tmp_path / "log", tmp_path / "in.jsonl")
        assert result.output == "1 events imported\n"
        assert [path.name for path in (tmp_path / "empty").iterdir()] == ["in_use.lock"]


def test_a_half_import_after_a_kill_goes_on_where_it_stopped(tmp_path: Path) -> None:
    log, source = tmp_path / "log", tmp_path / "in.txt"
    write_log([log], 1, segment_bytes=4 << 20)
    source.write_bytes(b"".join(b"line %07d %s\n" % (number, b"x" * 80) for number in range(400_000)))
    program = str(Path(sys.executable).with_name("flumepy"))
    command = [program, "channel", "import", str(log), str(source), "--format", "lines"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 30
    while len(stored(log).segments) < 3 and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.005)
    process.kill()
    process.communicate()
    result = channel("import", log, source, "--format", "lines")
    assert result.exit_code == 0, result.stderr
    before, after = [int(line.split()[0]) for line in result.output.splitlines()]
    assert before > 0
    assert before + after == 400_000
    channel("export", log, "-o", tmp_path / "out.txt", "--format", "lines")
    exported = (tmp_path / "out.txt").read_bytes().split(b"\n", 3)
    assert exported[3] == source.read_bytes()


def test_another_import_waits_for_the_interrupted_one_or_gives_it_up(tmp_path: Path) -> None:
    log = tmp_path / "log"
    write_log([log], 1)
    good, bad = tmp_path / "good.jsonl", tmp_path / "bad.jsonl"
    good.write_text('{"body":"x"}\n')
    bad.write_text('{"body":"y"}\n' * 1500 + "bad\n")
    result = channel("import", log, bad)
    assert result.exit_code == 2
    assert "1000 events went in; correct the file, then import the rest with --anew --skip 1000" in result.stderr
    result = channel("import", log, good)
    assert result.exit_code == 2
    assert "repeat it first, or give it up with --anew" in result.stderr
    assert channel("import", log, good, "--anew").output == "1 events imported\n"
    assert channel("import", log, good, "--skip", "1").output == "0 events imported\n"


def test_import_wants_all_data_directories(tmp_path: Path) -> None:
    log, checkpoint = tmp_path / "log", tmp_path / "cp"
    write_log([log], 3)
    checkpoint.mkdir()
    identity = stored(log).log_id
    assert identity is not None
    CheckpointFile(checkpoint, Disk()).write(Checkpoint(identity, 0, 10 * SEGMENT_BYTES, 0, 0))
    (tmp_path / "in.jsonl").write_text('{"body":"x"}\n')
    result = channel("import", log, checkpoint, tmp_path / "in.jsonl")
    assert result.exit_code == 2
    assert "name all data directories" in result.stderr
