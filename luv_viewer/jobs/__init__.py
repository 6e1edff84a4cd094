"""Threads of the program: opening, decoding, small pictures, the AI worker. Everything else is single-threaded."""

from luv_viewer.jobs.ai import AiRequest
from luv_viewer.jobs.frames import FrameFailure, FramePicture
from luv_viewer.jobs.jobs import Jobs
from luv_viewer.jobs.pictures import SmallPicture

__all__ = ["AiRequest", "FrameFailure", "FramePicture", "Jobs", "SmallPicture"]
