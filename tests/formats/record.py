"""Ask the real Java what the tables in cases.py give, and keep its answers as fixtures.

    python tests/formats/record.py            write the fixtures anew
    python tests/formats/record.py --ask      answer a JSON list of requests on stdin
    python tests/formats/record.py --check    compare them with this machine's Java; exit 1 and say where they differ

Joda needs a jar: JODA_TIME_JAR names it, else it is looked up in the local Maven repository, or its cases are left alone.
"""

# ruff: noqa: T201

import base64
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from cases import TABLES

HERE = Path(__file__).parent


def joda_jar() -> str | None:
    """Return the path of a joda-time jar, or None."""
    named = os.environ.get("JODA_TIME_JAR")
    if named:
        return named
    found = sorted(Path.home().glob(".m2/repository/joda-time/joda-time/*/joda-time-*.jar"))
    return str(found[-1]) if found else None


def ask_java(requests: list[list[str]]) -> list[list[str]]:
    """Return the answer to each request, from one JVM."""
    lines = [" ".join(base64.b64encode(f.encode("utf-16-be", "surrogatepass")).decode() for f in r) for r in requests]
    with tempfile.TemporaryDirectory() as classes:
        subprocess.run(["javac", "-nowarn", "-d", classes, str(HERE / "JavaPeer.java")], check=True)
        path = os.pathsep.join(filter(None, [classes, joda_jar()]))
        output = subprocess.run(
            ["java", "-XX:TieredStopAtLevel=1", "-cp", path, "JavaPeer"],
            input="\n".join(lines).encode(), check=True, capture_output=True, timeout=110,
        ).stdout.decode()  # fmt: skip
    answers = [
        [base64.b64decode(f).decode("utf-16-be", "surrogatepass") for f in line.split(" ")]
        for line in output.splitlines()
    ]
    assert len(answers) == len(requests)
    return answers


def main() -> int:
    if sys.argv[1:] == ["--ask"]:
        print(json.dumps(ask_java(json.load(sys.stdin))))
        return 0
    check = sys.argv[1:] == ["--check"]
    differences = 0
    for name, requests in TABLES.items():
        file = HERE / f"java_{name}.json"
        if name == "joda" and joda_jar() is None:
            print("joda-time is not here; its fixture is not looked at.", file=sys.stderr)
            continue
        rows = [[request, answer] for request, answer in zip(requests, ask_java(requests), strict=True)]
        if not check:
            file.write_text("[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n")
            continue
        for recorded, now in zip(json.loads(file.read_text()), rows, strict=True):
            if recorded != now:
                differences += 1
                print(f"{file.name}: recorded {recorded}, now {now}", file=sys.stderr)
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
