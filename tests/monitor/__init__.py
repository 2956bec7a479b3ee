"""Tests of flumepy.monitor."""
