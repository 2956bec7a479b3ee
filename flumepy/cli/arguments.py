"""A command line as Flume's users type it, turned into the one click reads.

Two readers stand one behind the other in Flume: bin/flume-ng takes `-D…`, `-X…`, `-agentlib…` and a few options of its own
out of any place; the rest goes to commons-cli's DefaultParser, which knows `--name=a1`, `-name a1`, `-na1`, `-n=a1` and
unambiguous prefixes. Here both become `--long=value`. What neither knows stays as it is, so that click's error names it.
A dash that a word processor has made long (`–name`) is a dash.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import click

_LONG_DASHES = ("\u2013", "\u2014", "\u2212")
_JAVA = ("-X", "-agentlib", "-agentpath", "-javaagent")


@dataclass(frozen=True)
class OptionNames:
    """How one option may be called."""

    long: str
    short: tuple[str, ...] = ()
    takes_value: bool = True
    #: known to Flume: its prefixes are looked up among Flume's options first
    is_flume: bool = True


class Ambiguous(click.UsageError):
    """A prefix that several options begin with."""


class Normalizer:
    """Reads one command line."""

    def __init__(self, options: Sequence[OptionNames]) -> None:
        self.options = options
        self.long = {option.long: option for option in options}
        self.short = {name: option for option in options for name in option.short}
        self.remarks: list[str] = []
        self._out: list[str] = []
        self._waiting: OptionNames | None = None

    def normalize(self, arguments: Sequence[str]) -> list[str]:
        """Return the arguments in click's form. Raises click.UsageError for an ambiguous prefix."""
        for position, typed in enumerate(arguments):
            if typed == "--":
                self._out += arguments[position:]
                break
            argument = self._straight(typed)
            if self._waiting is not None and not self._is_option(argument):
                self._add(self._waiting, argument)
                self._waiting = None
            else:
                self._flush()
                self._token(argument)
        self._flush()
        return list(self._out)  # click consumes what it is given

    def without_definitions(self) -> list[str]:
        """Return what was normalised, without -D, JVM options and --dryrun."""
        dropped = ("-D", "--java-option=", "--dryrun")
        pairs = zip(["", *self._out], self._out, strict=False)
        return [text for before, text in pairs if before != "-D" and not text.startswith(dropped)]

    def _straight(self, argument: str) -> str:
        if not argument.startswith(_LONG_DASHES):
            return argument
        straight = "-" + argument.lstrip("".join(_LONG_DASHES) + "-")
        self.remarks.append(f"{argument} is understood as {straight}: it began with a long dash.")
        return straight

    def _token(self, argument: str) -> None:
        if argument.startswith("-D"):
            self._out += ["-D", argument[2:]] if len(argument) > 2 else ["-D"]
        elif argument.startswith(_JAVA):
            self._out.append(f"--java-option={argument}")
        elif argument.startswith("--"):
            self._long(argument[2:], argument)
        elif len(argument) > 1 and argument[0] == "-":
            self._single_dash(argument[1:], argument)
        else:
            self._out.append(argument)

    def _long(self, text: str, argument: str) -> None:
        name, separator, value = text.partition("=")
        option = self._matching(name)
        if option is None:
            self._out.append(argument)
        else:
            self._take(option, value if separator else None)

    def _single_dash(self, text: str, argument: str) -> None:
        name, separator, value = text.partition("=")
        option = self.short.get(name) or (self._matching(name) if len(name) > 1 else None)
        if option is not None:
            self._take(option, value if separator else None)
            return
        first = self.short.get(text[0])
        longest = next((self.long[name] for name in sorted(self.long, key=len, reverse=True)
                        if text.startswith(name) and self.long[name].takes_value), None)  # fmt: skip
        if longest is not None:
            self._take(longest, text[len(longest.long) :])
        elif first is not None and first.takes_value:
            self._take(first, text[1:])
        elif first is not None and all(letter in self.short for letter in text):
            self._take(first, None)
            self._single_dash(text[1:], argument)
        else:
            self._out.append(argument)

    def _take(self, option: OptionNames, value: str | None) -> None:
        if option.takes_value and value is None:
            self._waiting = option
        else:
            self._add(option, value)

    def _add(self, option: OptionNames, value: str | None) -> None:
        self._out.append(f"--{option.long}" if value is None else f"--{option.long}={_unquoted(value)}")

    def _flush(self) -> None:
        """Let click name the option whose value is missing."""
        if self._waiting is not None:
            self._out.append(f"--{self._waiting.long}")
            self._waiting = None

    def _matching(self, prefix: str) -> OptionNames | None:
        if not prefix or prefix in self.long:
            return self.long.get(prefix)
        for options in ([option for option in self.options if option.is_flume], self.options):
            found = [option for option in options if option.long.startswith(prefix)]
            if len(found) > 1:
                names = ", ".join(f"--{option.long}" for option in found)
                raise Ambiguous(f"--{prefix} is ambiguous: {names}")
            if found:
                return found[0]
        return None

    def _is_option(self, argument: str) -> bool:
        """Tell whether a word after an option is the next option; a negative number or `-` is a value."""
        if len(argument) < 2 or argument[0] != "-" or argument[1:].replace(".", "", 1).isdigit():
            return False
        name = argument.lstrip("-").partition("=")[0]
        if argument.startswith(("--", "-D", *_JAVA)):
            return True
        return name in self.short or name in self.long or name[:1] in self.short


def _unquoted(value: str) -> str:
    """Strip quotes around a value, as commons-cli does."""
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] == '"' else value


def names_of(command: click.Command, own: frozenset[str]) -> list[OptionNames]:
    """Return the names of a command's options; `own` are the long names that Flume does not know."""
    names = [OptionNames("help", ("h",), takes_value=False)]
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            spelled = [*parameter.opts, *parameter.secondary_opts]
            long = next((name[2:] for name in spelled if name.startswith("--")), None)
            if long is not None:
                short = tuple(name[1:] for name in spelled if not name.startswith("--"))
                names.append(OptionNames(long, short, not parameter.is_flag, long not in own))
    return names
