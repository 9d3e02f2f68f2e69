"""Keeping every n-th frame."""

from ..types import InputError


def checked_stride(vid_stride: int) -> int:
    """The stride itself. Raises InputError where it is below 1."""
    if vid_stride < 1:
        raise InputError(f"the video stride is {vid_stride}; it must be 1 (every frame) or more")
    return vid_stride
