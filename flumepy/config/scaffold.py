"""A new configuration for chosen types: what is required stands there with a sample value, the rest as comments."""

from collections.abc import Sequence

from flumepy.config.build import find, load
from flumepy.config.describe import default_text, remarks, type_text
from flumepy.core.options import OptionField, option_fields

#: sample values of required properties; what is not here has to be filled in by hand
SAMPLES = {
    "bind": "localhost", "port": "44444", "ports": "10001 10002", "host": "localhost", "hostname": "localhost",
    "command": "tail -F /var/log/syslog", "spoolDir": "/var/spool/flume", "sink.directory": "/var/log/flume",
    "hdfs.path": "/flume/events/%Y-%m-%d", "kafka.bootstrap.servers": "localhost:9092", "kafka.topics": "events",
    "filegroups": "f1", "endpoint": "http://localhost:8080/",
}  # fmt: skip
TO_FILL_IN = "FILL_ME_IN"


def scaffold(name: str, sources: Sequence[str], channels: Sequence[str], sinks: Sequence[str]) -> str:
    """Return the text of a configuration: every source writes to every channel, sinks take turns on the channels.

    Raises ConfigurationError for a type that nobody knows or whose package is missing.
    """
    named = {
        section: [(f"{letter}{number}", type_name) for number, type_name in enumerate(types, 1)]
        for section, letter, types in (("sources", "r", sources), ("channels", "c", channels), ("sinks", "k", sinks))
    }
    channel_names = [channel for channel, _ in named["channels"]]
    lines = [f"# flumepy agent --conf-file THIS_FILE --name {name}", ""]
    lines += [f"{name}.{section} = {' '.join(each for each, _ in components)}" for section, components in named.items()]
    for section, components in named.items():
        for number, (component, type_name) in enumerate(components):
            prefix = f"{name}.{section}.{component}"
            links = {
                "sources": [f"{prefix}.channels = {' '.join(channel_names)}"],
                "sinks": [f"{prefix}.channel = {channel_names[number % len(channel_names)]}"],
            }
            lines += ["", *_component(section.removesuffix("s"), type_name, prefix, links.get(section, []))]
    return "\n".join([*lines, ""])


def _component(kind: str, type_name: str, prefix: str, links: list[str]) -> list[str]:
    component = load(find(kind, type_name))
    summary = (component.__doc__ or "").strip().splitlines()[0]
    lines = [f"# {summary}", f"{prefix}.type = {type_name}", *links]
    for option in option_fields(component.Options):
        if not option.is_prefix and not option.ignored:
            lines += _option(prefix, option)
    return lines


def _option(prefix: str, option: OptionField) -> list[str]:
    doc = " ".join([option.doc, *remarks(option)])
    if option.is_required:
        return [f"# {type_text(option)}: {doc}", f"{prefix}.{option.key} = {SAMPLES.get(option.key, TO_FILL_IN)}"]
    return [f"# {type_text(option)}: {doc}", f"# {prefix}.{option.key} = {default_text(option)}".rstrip()]
