"""One HTTP request as handlers see it: what Jetty's Request gives a servlet. Source: Jetty 9.4.41 Request."""

from dataclasses import dataclass
from urllib.parse import parse_qsl

from flumepy.core.errors import InputError

MAX_FORM_BYTES = 200_000
MAX_FORM_KEYS = 1_000
FORM_TYPE = "application/x-www-form-urlencoded"


@dataclass(slots=True)
class HttpRequest:
    """One request. Header names are in lower case; the first value of a name counts."""

    method: str
    target: str
    version: str
    headers: dict[str, str]
    keep_alive: bool
    body: bytes = b""
    #: bytes of the body that were cut off
    cut_bytes: int = 0

    @property
    def content_type(self) -> tuple[str, str | None]:
        """Return the media type in lower case and the charset parameter, if any."""
        kind, _, rest = self.headers.get("content-type", "").partition(";")
        for parameter in rest.split(";"):
            name, _, value = parameter.partition("=")
            if name.strip().lower() == "charset":
                return kind.strip().lower(), value.strip().strip("\"'") or None
        return kind.strip().lower(), None

    def query_parameters(self) -> dict[str, str]:
        """Return the first value of every parameter of the query."""
        return first_values(self.target.partition("?")[2].partition("#")[0])

    def parameters(self) -> dict[str, str]:
        """Return the first value of every parameter of the query and, for a posted form, of the body. Raises InputError."""
        found = self.query_parameters()
        if self.is_form:
            if len(self.body) > MAX_FORM_BYTES:
                raise InputError(f"Form is larger than max length {MAX_FORM_BYTES}")
            for name, value in first_values(self.body.decode(errors="replace")).items():
                found.setdefault(name, value)
        return found

    @property
    def is_form(self) -> bool:
        """Tell whether the body is a posted form."""
        return self.method == "POST" and self.content_type[0] == FORM_TYPE


def first_values(query: str) -> dict[str, str]:
    """Return the first value of every parameter. Raises InputError when there are too many."""
    try:
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=MAX_FORM_KEYS)
    except ValueError as error:
        raise InputError(f"Form with too many keys (more than {MAX_FORM_KEYS})") from error
    return dict(reversed(pairs))
