"""Events on a log: how batches become frames, what a take leaves behind, and the queue that the file channel is."""
