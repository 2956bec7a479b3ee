"""Text to a typed agent model: properties, look-ups, validation, catalog, diagnostics, describe."""
