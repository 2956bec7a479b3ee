"""Event deserializers that sources name by type, one a file."""
