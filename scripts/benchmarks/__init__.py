"""The harness behind scripts/bench and scripts/profile: the same job for flumepy and its peers, in turn, checked byte
by byte.
"""
