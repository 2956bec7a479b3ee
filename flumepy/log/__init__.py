"""The segmented append-only log: one engine under the file channel and under the broker.

A log is a row of frames. The engine moves them as opaque bytes; a `FrameFormat` tells it where a frame begins and ends,
which sequence numbers it carries and whether it is sound. Every frame has a *position*: the number of frame bytes before it
in the whole life of the log, over all segments. Positions and sequence numbers only grow.

Layout of a folder (several folders hold one log; one segment is active at a time):

    00000000000000004096.segment   frames from position 4096 on; the number is the first position, 20 digits
    3.spare                        a preallocated file that becomes the next segment by a rename
    in_use.lock                    a POSIX record lock: one process owns the folder

Layout of a segment file (integers little-endian):

    offset  size  field
    0       8     magic "FLUMEPY\\n"
    8       2     version of this layout, 1
    10      2     length of this header, 512
    12      4     name of the frame format
    16      16    identity of the log, random, the same in all its segments
    32      8     first position
    40      8     first sequence number
    48      8     time of creation, ms since 1970
    56      ...   zeros
    508     4     CRC-32C of the 508 bytes before
    512     ...   frames, one behind the other, then zeros or the remains of an older life of the file

Promises:

- *written*: the frame is in the page cache and survives the end of the process. *synced*: fdatasync returned after the
  write; it survives the end of the machine. `Ticket.wait` says which one has been reached, and never earlier.
- Frames become written and synced in the order of their positions; a frame is readable once it is written.
- A segment is synced before the first frame of the next one is written. A file gets its header, durably, before it gets the
  name of a segment, and the name is durable before a frame goes in: the last segment always knows the next sequence number.
- What an opened log has found is synced before `open` returns, since the process that wrote it may have been killed. Where
  a sync has failed in this process, that segment is written again before: what Linux then drops can still be read, and no
  later sync stores it.
- Recovery reads the segments from a known position, or from the first. In the last segment it verifies every checksum,
  cuts what follows the last sound frame, and overwrites that rest with zeros before anything is appended, so that no frame
  of an earlier life can come back behind a new one. What is damaged before a sound frame is skipped, counted and reported,
  never deleted. Of the segments before the last only heads are verified then; a damaged payload is met when it is read.
- Recycling: a file whose frames are all released gets a new name and a new header, and is overwritten from the front. Its
  old frames cannot look valid, since a native frame holds its own position under its checksum; a format that has no such
  field says `is_recyclable = False`, and its files are deleted.
- Truncating: later segments are deleted, the last of them first, never recycled; the one that is cut is made shorter.
- Space: files have their full size before the first frame goes in (posix_fallocate), so that a full disk is met when a
  file is made and never in the middle of a write. One spare stays in reserve for frames appended with `uses_reserve`.
- A failed write or sync, or a segment that cannot be given back, fails every open ticket; nothing is tried again on these
  descriptors. The log is then *failed*; it is closed and opened anew, with recovery.
- Only the last segment, and those that are being read, are open.
- Sync: appenders queue; one of those who wait leads: it writes and syncs for all, then wakes them. A callback is served
  by one thread of the log, started on first use, which is one more candidate to lead.
"""
