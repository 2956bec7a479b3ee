"""What every layer stands on: batches, contracts, options, errors, counters, threads."""
