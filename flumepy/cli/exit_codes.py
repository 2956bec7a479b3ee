"""What the exit status of a command means. A stop by a signal ends by that signal: the shell sees 143 or 130."""

OK = 0
#: `agent`: the configuration cannot run (Flume: 0). `check`: there are errors. `channel`: there is damage. `adopt`: not all
#: is taken over
FAILED = 1
#: the command line itself is wrong
USAGE = 2
#: `check`, `channel`: something cannot be read, or is in use
UNREADABLE = 2
