"""What runs a configuration: materialise, start and stop order, runners, supervisor, reload."""
