"""IRC sink: posts each body to a channel. Source: IRCSink."""

from flumepy.core.component import Context
from flumepy.core.errors import ConfigurationError
from flumepy.core.later import LaterSink
from flumepy.core.options import Options, opt


class IrcOptions(Options):
    """Properties of the irc sink."""

    hostname: str | None = opt("hostname", None, doc="IRC server. Needed.")
    port: int = opt("port", 6667, doc="Its port.")
    nick: str | None = opt("nick", None, doc="Nickname. Needed.")
    user: str | None = opt("user", None, doc="User name.")
    password: str | None = opt("password", None, secret=True, doc="Password.")
    chan: str | None = opt("chan", None, doc="IRC channel without its first #, which is put in front. Needed.")
    real_name: str | None = opt("name", None, doc="Real name.")
    split_lines: bool = opt("splitlines", False, doc="Post each line of a body on its own.")
    split_chars: str = opt("splitchars", "\n", doc="Java regular expression between lines.")


class IrcSink(LaterSink[IrcOptions]):
    """Posts events to IRC."""

    Options = IrcOptions
    type_name = "irc"

    def __init__(self, context: Context, options: IrcOptions) -> None:
        super().__init__(context, options)
        for key, text in (("hostname", options.hostname), ("nick", options.nick), ("chan", options.chan)):
            if text is None:
                raise ConfigurationError(f"No {key} specified", key=key)
