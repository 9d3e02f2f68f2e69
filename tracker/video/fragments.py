"""MP4 files that are playable while they grow, and how they are made plain at the end.

A fragmented MP4 (ISO/IEC 14496-12, movie fragments) has its description in front and then a pair of boxes a second:
`moof`, an index, and `mdat`, the data. What is on disk plays, whenever the writing ends.
"""

from __future__ import annotations

import os
from pathlib import Path

import av

FRAGMENTED = {"movflags": "+frag_keyframe+delay_moov+default_base_moof", "frag_duration": "1000000"}
"""FFmpeg's options: a fragment at each key frame and each second (in microseconds). With the description delayed until
the first fragment is known, times may begin below 0, as those of B-frames and of AAC do."""

PLAIN = {"movflags": "+faststart"}
"""One index, in front: players find any moment at once, and begin before all is loaded."""

_HEADER = 8
"""Bytes of a box's size and kind."""


def make_plain(fragmented: Path, plain: Path, container: str) -> None:
    """Write the same packets as a plain file, in constant memory; nothing is coded anew. Errors are FFmpeg's."""
    with av.open(str(fragmented)) as source, av.open(str(plain), "w", format=container, container_options=PLAIN) as out:
        streams = {stream.index: out.add_stream_from_template(stream) for stream in source.streams}
        for packet in source.demux():
            if packet.dts is not None:
                packet.stream = streams[packet.stream.index]
                out.mux(packet)


def cut_to_whole_fragments(path: Path) -> bool:
    """Cut off what follows the last whole fragment, as a full disk leaves it; whether there is any. Raises OSError."""
    kind, place, whole = b"", 0, 0
    with path.open("r+b") as file:
        length = file.seek(0, os.SEEK_END)
        while place + _HEADER <= length:
            file.seek(place)
            header = file.read(2 * _HEADER)
            before, size, kind = kind, int.from_bytes(header[:4], "big"), header[4:8]
            if size == 1:  # the true size follows
                size = int.from_bytes(header[8:], "big")
            place += max(size, _HEADER)
            if (before, kind) == (b"moof", b"mdat") and place <= length:
                whole = place
        file.truncate(whole)
    return whole > 0
