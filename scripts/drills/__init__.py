"""The harness behind scripts/drill: what must never happen to a durable channel, tried again and again."""
