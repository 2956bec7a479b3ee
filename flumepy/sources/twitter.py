"""Twitter source: the 1 % sample stream as Avro container files; the service it used is gone. Source: TwitterSource."""

from flumepy.core.component import Context
from flumepy.core.errors import ConfigurationError
from flumepy.core.later import LaterSource
from flumepy.core.options import Options, opt


class TwitterOptions(Options):
    """Properties of the Twitter source."""

    consumer_key: str | None = opt("consumerKey", None, secret=True, doc="OAuth consumer key. Needed.")
    consumer_secret: str | None = opt("consumerSecret", None, secret=True, doc="OAuth consumer secret. Needed.")
    access_token: str | None = opt("accessToken", None, secret=True, doc="OAuth access token. Needed.")
    access_token_secret: str | None = opt("accessTokenSecret", None, secret=True, doc="OAuth token secret. Needed.")
    max_batch_size: int = opt("maxBatchSize", 1000, unit="tweets", doc="Most tweets in one event.")
    max_batch_duration_ms: int = opt("maxBatchDurationMillis", 1000, unit="ms", doc="Longest wait to fill an event.")


class TwitterSource(LaterSource[TwitterOptions]):
    """Reads the sample stream."""

    Options = TwitterOptions
    type_name = "twitter"

    def __init__(self, context: Context, options: TwitterOptions) -> None:
        super().__init__(context, options)
        self.declared_batch_size = options.max_batch_size
        for key, what, text in (
            ("consumerKey", "consumer key is null", options.consumer_key),
            ("consumerSecret", "consumer secret is null", options.consumer_secret),
            ("accessToken", "Token can't be null", options.access_token),
            ("accessTokenSecret", "TokenSecret can't be null", options.access_token_secret),
        ):
            if text is None:
                raise ConfigurationError(what, key=key)
