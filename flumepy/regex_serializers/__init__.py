"""What turns the groups of regex_extractor into header values, one a file."""
