"""From decoded samples to the RGB a screen shows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.pixels.processing import apply_color_lut, apply_modality_lut, apply_voi_lut

from luv_viewer.io.dicom_header import CONVERSION_ERRORS, DicomHeader, items_of, number_of, value_of
from luv_viewer.io.dicom_image import ImageFormat
from luv_viewer.io.errors import FrameDecodeError
from luv_viewer.io.library_silence import quietly

Picture = NDArray[np.uint8]


@dataclass(frozen=True)
class Window:
    """The file's first VOI window (PS3.3 C.11.2.1.2). center, width: after the modality LUT; function: its name."""

    center: float
    width: float
    function: str

    def apply(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Values mapped to 0..1 and clipped."""
        if self.function == "SIGMOID":
            exponent = np.clip(-4.0 * (values - self.center) / self.width, -700.0, 700.0)
            return 1.0 / (1.0 + np.exp(exponent))
        if self.function == "LINEAR_EXACT":
            return np.clip((values - self.center) / self.width + 0.5, 0.0, 1.0)
        if self.width <= 1.0:
            return (values > self.center - 0.5).astype(np.float64)
        return np.clip((values - (self.center - 0.5)) / (self.width - 1.0) + 0.5, 0.0, 1.0)


def read_window(dataset: Dataset) -> Window | None:
    """The first window of a data set, or None when there is none or it has no width."""
    center, width = number_of(dataset, "WindowCenter"), number_of(dataset, "WindowWidth")
    function = str(dataset.get("VOILUTFunction") or "LINEAR").strip().upper()
    smallest = 1.0 if function == "LINEAR" else 1e-9
    if center is None or width is None or width < smallest:
        return None
    return Window(center, width, function)


def _with_little_endian_palette(dataset: Dataset) -> Dataset:
    """A big-endian data set with its palette words swapped: pydicom swaps only segmented ones."""
    swapped = Dataset()
    swapped.update(dataset)
    swapped.set_original_encoding(False, True, "iso8859")
    for color in ("Red", "Green", "Blue"):
        for keyword in (
            f"{color}PaletteColorLookupTableData",
            f"Segmented{color}PaletteColorLookupTableData",
        ):
            table = value_of(dataset, keyword)
            if isinstance(table, bytes) and len(table) % 2 == 0:
                setattr(swapped, keyword, np.frombuffer(table, ">u2").astype("<u2").tobytes())
    return swapped


class Display:
    """Turns decoded frames of one file into RGB.

    8-bit grey is shown as stored (MONOCHROME1 inverted); more bits go through the modality LUT, then the file's first
    VOI window, else from the frame's smallest to its largest value. Colour of more than 8 bits keeps its upper 8 bits.
    """

    def __init__(self, header: DicomHeader, image: ImageFormat, name: str) -> None:
        self._dataset = header.dataset if header.little else _with_little_endian_palette(header.dataset)
        self._image = image
        self._name = name
        self._window = read_window(header.dataset)
        self._has_voi_lut = bool(items_of(header.dataset, "VOILUTSequence"))

    def rgb(self, samples: NDArray[np.generic]) -> Picture:
        """(H, W) or (H, W, 3) decoded samples, colour already RGB, as (H, W, 3) uint8 RGB. Raises FrameDecodeError."""
        if self._image.photometric == "PALETTE COLOR":
            return self._from_palette(samples)
        if samples.ndim == 3:
            return self._upper_byte(samples, self._image.bits_stored)
        if self._image.bits_stored == 1:
            grey = np.where(samples.astype(bool), np.uint8(255), np.uint8(0))
        elif self._image.bits_allocated == 8 and samples.dtype == np.uint8:
            grey = samples
        else:
            grey = self._from_deep(samples)
        return self.grey_rgb(grey)

    def grey_rgb(self, grey: Picture) -> Picture:
        """(H, W) uint8 grey as (H, W, 3), inverted for MONOCHROME1."""
        grey = cv2.bitwise_not(grey) if self._image.photometric == "MONOCHROME1" else np.ascontiguousarray(grey)
        return np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB))

    def _from_palette(self, samples: NDArray[np.generic]) -> Picture:
        index = samples.astype(self._index_type, copy=False).view(f"u{self._index_type.itemsize}")
        return np.asarray(self._palette[index])

    @property
    def _index_type(self) -> np.dtype[Any]:
        """Type of palette indices: 8 or 16 bits (PS3.3 C.7.6.3.1.2)."""
        if self._image.bits_allocated > 16:
            raise FrameDecodeError(f"{self._name} has palette indices of more than 16 bits, which cannot be used.")
        return np.dtype(f"{'i' if self._image.is_signed else 'u'}{1 if self._image.bits_allocated <= 8 else 2}")

    @cached_property
    def _palette(self) -> Picture:
        """(256 or 65536, 3) RGB of every index, signed ones in two's complement. Raises FrameDecodeError."""
        every = np.arange(256**self._index_type.itemsize).astype(self._index_type)
        with quietly():
            try:
                colors = apply_color_lut(every, self._dataset)[:, :3]
            except CONVERSION_ERRORS as error:
                raise FrameDecodeError(f"{self._name} has a colour palette that cannot be used.") from error
        # Some writers declare 16-bit entries and store 8-bit ones in them.
        is_deep = colors.dtype != np.uint8 and int(colors.max()) > 255
        return self._upper_byte(colors, 16 if is_deep else 8)

    @staticmethod
    def _upper_byte(samples: NDArray[np.generic], bits: int) -> Picture:
        """The upper 8 of `bits` bits of unsigned colour samples."""
        if samples.dtype == np.uint8:
            return np.ascontiguousarray(samples)
        shifted = np.right_shift(samples.astype(np.uint32), max(bits - 8, 0))
        return np.minimum(shifted, 255).astype(np.uint8)

    def _from_deep(self, samples: NDArray[Any]) -> Picture:
        """Grey of more than 8 bits; each value of 16-bit data is mapped once, not each pixel."""
        is_small = samples.dtype.kind in "iu" and samples.dtype.itemsize <= 2
        # A table of values can hold its extremes between those of the frame.
        has_table = "ModalityLUTSequence" in self._dataset or self._has_voi_lut
        if not is_small or has_table:
            return self._scaled(samples)
        lowest, highest = int(samples.min()), int(samples.max())
        table = self._scaled(np.arange(lowest, highest + 1).astype(samples.dtype))
        return np.asarray(table[samples.astype(np.int32) - lowest])

    def _scaled(self, samples: NDArray[Any]) -> Picture:
        """Values by modality LUT, then window or smallest to largest, as 0..255."""
        with quietly():
            try:
                values = np.asarray(apply_modality_lut(samples, self._dataset))
            except CONVERSION_ERRORS:
                values = samples
            if self._window is None and self._has_voi_lut:
                try:
                    values = np.asarray(apply_voi_lut(values, self._dataset, prefer_lut=True))
                except CONVERSION_ERRORS:
                    self._has_voi_lut = False
        real = np.nan_to_num(values.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
        if self._window is not None:
            scaled = self._window.apply(real)
        else:
            low, high = float(real.min()), float(real.max())
            scaled = (real - low) / (high - low) if high > low else np.zeros_like(real)
        return np.rint(scaled * 255.0).astype(np.uint8)
