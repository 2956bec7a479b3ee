"""Public fakes and conformance suites for tests and plugins."""
