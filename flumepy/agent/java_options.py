"""What was meant for a JVM: `-D` becomes system properties, `-Xmx` sizes the memory channel, the rest is named and left.

People copy `-D` options from slides and blogs; a slip that leaves no doubt is understood and said.
"""

import re
from collections.abc import Iterable

from flumepy.core.problems import did_you_mean

#: system properties that flumepy reads itself
KNOWN = (
    "flume.root.logger", "flume.log.dir", "flume.log.file", "flume.monitoring.type", "flume.monitoring.port",
    "flume.monitoring.bind", "flume.monitoring.hosts", "flume.monitoring.pollFrequency", "flume.monitoring.isGanglia3",
    "flume.ssl.include.protocols", "flume.ssl.exclude.protocols", "flume.ssl.include.cipherSuites",
    "flume.ssl.exclude.cipherSuites",
)  # fmt: skip
HEAP_PROPERTY = "flumepy.xmx"  #: the memory channel takes its default byteCapacity from it, in bytes
_HEAP = re.compile(r"-Xmx(\d+)([kmgt]?)", re.IGNORECASE)
_UNITS = {"": 0, "k": 10, "m": 20, "g": 30, "t": 40}


def split_options(words: Iterable[str]) -> tuple[list[str], list[str]]:
    """Sort an option variable's words: (definitions without their `-D`, other options)."""
    words = list(words)
    return [word[2:] for word in words if word.startswith("-D")], [word for word in words if not word.startswith("-D")]


def system_properties(definitions: Iterable[str]) -> tuple[dict[str, str], list[str]]:
    """Return the properties of `name=value` texts, the last of equal names, and remarks."""
    properties: dict[str, str] = {}
    remarks = []
    for text in definitions:
        name, separator, value = text.partition("=")
        name, value = name.strip(), value.strip() if name.strip() != name else value
        if not separator:
            meant = _meant(text)
            if meant is None:
                remarks.append(f"-D{text} has no value: -Dname=value sets one.")
            else:
                name, value = meant
                remarks.append(f"-D{text} is understood as -D{name}={value}.")
        elif name not in KNOWN and name.startswith(("flume", "Flume")):
            hint = did_you_mean(name, KNOWN)
            if hint is not None and not name.startswith("flume.monitoring."):
                remarks.append(f"-D{name} is not known and has no effect of its own ({hint})")
        properties[name] = value
    return properties, remarks


def _meant(text: str) -> tuple[str, str] | None:
    """Read `flume.root.logger-INFO.console`: a known name, another character than `=`, a value."""
    for name in sorted(KNOWN, key=len, reverse=True):
        if text.lower().startswith(name) and len(text) > len(name) + 1 and not text[len(name)].isalnum():
            value = text[len(name) + 1 :]
            is_logger = name == "flume.root.logger"
            return name, ",".join(word for word in re.split(r"[\s,;:./-]+", value) if word) if is_logger else value
    return None


def heap_properties(options: Iterable[str]) -> tuple[dict[str, str], list[str]]:
    """Return what the other JVM options mean here, and one remark for each."""
    properties: dict[str, str] = {}
    remarks = []
    for option in options:
        match = _HEAP.fullmatch(option)
        if match is not None:
            properties[HEAP_PROPERTY] = str(int(match[1]) << _UNITS[match[2].lower()])
            remarks.append(
                f"{option} sizes no heap, as there is no JVM; memory channels take their default byteCapacity from it."
            )
        else:
            remarks.append(f"{option} is for a JVM and has no effect.")
    return properties, remarks
