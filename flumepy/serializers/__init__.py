"""Event serializers that sinks name by type, one a file."""
