"""Arrays of one shape in a folder, each in a file named by a digest of what it was made from."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import numpy as np
from numpy.lib import format as npy
from numpy.typing import DTypeLike, NDArray

from luv_viewer.io.whole_file import make_folder, write_whole
from training.data.errors import DataError


class ArrayFolder:
    """Files `{key[:2]}/{key}.npy` of one shape and dtype; each is whole or not there, however the program ended."""

    def __init__(self, folder: Path, shape: tuple[int, ...], dtype: DTypeLike) -> None:
        """folder: made when missing. Raises WriteError."""
        make_folder(folder)
        self.folder = folder
        self._shape = shape
        self._dtype = np.dtype(dtype)
        header = io.BytesIO()
        npy.write_array_header_1_0(
            header, {"descr": npy.dtype_to_descr(self._dtype), "fortran_order": False, "shape": shape}
        )
        self.file_bytes = len(header.getvalue()) + int(np.prod(shape)) * self._dtype.itemsize
        """Size of each file."""

    def path(self, key: str) -> Path:
        """Where the array of a key belongs."""
        return self.folder / key[:2] / f"{key}.npy"

    def holds(self, key: str) -> bool:
        """Whether the array is there; a file of another size does not count."""
        try:
            return self.path(key).stat().st_size == self.file_bytes
        except OSError:
            return False

    def make_room(self, keys: list[str], what: str) -> None:
        """Make the folders of these keys. Raises DataError when their arrays would not fit on the disk; `what` says
        for people what they hold."""
        needed = len(keys) * self.file_bytes
        free = shutil.disk_usage(self.folder).free
        if needed > free:
            raise DataError(
                f"{self.folder}: the {what} need {needed / 1e9:.2f} GB more and {free / 1e9:.2f} GB are free; "
                "make room, or choose another folder."
            )
        for key in keys:
            make_folder(self.path(key).parent)

    def write(self, key: str, array: NDArray[np.generic]) -> None:
        """Keep an array; its folder must be there. Raises ValueError for another shape or dtype, WriteError."""
        if array.shape != self._shape or array.dtype != self._dtype:
            raise ValueError(f"expected {self._dtype} of {self._shape}, got {array.dtype} of {array.shape}")
        stream = io.BytesIO()
        np.save(stream, array)
        write_whole(self.path(key), stream.getvalue())

    def read(self, key: str) -> NDArray[np.generic]:
        """The array, mapped from the file. Raises DataError when it was removed or damaged."""
        path = self.path(key)
        try:
            held: NDArray[np.generic] = np.load(path, mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError) as error:
            raise DataError(f"{path} was removed or damaged while it was in use; start again.") from error
        if held.shape != self._shape or held.dtype != self._dtype:
            raise DataError(f"{path} holds {held.dtype} of {held.shape}, expected {self._dtype} of {self._shape}.")
        return held
