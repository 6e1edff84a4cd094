"""Decodes one compressed DICOM frame, after its own header was checked against the file's."""

from __future__ import annotations

from typing import Any, cast

from numpy.typing import NDArray
from pydicom.encaps import encapsulate
from pydicom.pixels import get_decoder
from pydicom.uid import UID

from luv_viewer.io.decoder_process import DecoderProcessError, shared_decoder
from luv_viewer.io.dicom_color import Display, Picture
from luv_viewer.io.dicom_header import CONVERSION_ERRORS
from luv_viewer.io.dicom_image import ImageFormat
from luv_viewer.io.dicom_syntax import Coding, TransferSyntax
from luv_viewer.io.errors import FrameDecodeError
from luv_viewer.io.jpeg import StreamShape, decode_8bit_jpeg, read_j2k_shape, read_jpeg_stream
from luv_viewer.io.library_silence import quietly

# pydicom's plug-ins that bear damaged streams, and those that crash or hang on some and run in a process of their own.
_PLUGINS = {
    Coding.JPEG: ("pillow",),
    Coding.JPEG_LS: (),
    Coding.JPEG_2000: ("pylibjpeg", "pillow"),
    Coding.RLE: ("pydicom",),
}
_FENCED_PLUGINS = {Coding.JPEG: ("gdcm",), Coding.JPEG_LS: ("pyjpegls",)}
_MAX_EXPANSION = {Coding.RLE: 64}


class FrameDecoder:
    """Decodes frames of one file. Safe to use from several threads."""

    def __init__(self, syntax: TransferSyntax, image: ImageFormat, display: Display, name: str) -> None:
        self._syntax = syntax
        self._image = image
        self._display = display
        self._name = name

    def decode(self, payload: bytes, i: int) -> Picture:
        """The picture in `payload` as (H, W, 3) uint8 RGB. Raises FrameDecodeError, naming frame i by i + 1."""
        coding = self._syntax.coding
        if coding is Coding.JPEG_2000:
            self._check(read_j2k_shape(payload), i)
        elif coding in (Coding.JPEG, Coding.JPEG_LS):
            stream = read_jpeg_stream(payload)
            self._check(stream.shape if stream is not None else None, i)
            if stream is not None and coding is Coding.JPEG:
                fast = decode_8bit_jpeg(payload, stream, self._image.photometric)
                if fast is not None and fast.ndim == 3:
                    return fast
                if fast is not None and not self._image.is_signed:
                    return self._display.rgb(fast)
        elif len(payload) * _MAX_EXPANSION[coding] < self._image.frame_bits // 8:
            raise FrameDecodeError(f"{self._name}: frame {i + 1} is cut off or damaged.")
        return self._display.rgb(self._decoded(payload, i))

    def _check(self, shape: StreamShape | None, i: int) -> None:
        """A stream that contradicts the file would be decoded into memory of the wrong size."""
        image = self._image
        if shape is None:
            raise FrameDecodeError(f"{self._name}: frame {i + 1} holds no whole {self._syntax.name} picture.")
        if (shape.width, shape.height, shape.components) != (image.columns, image.rows, image.samples):
            raise FrameDecodeError(
                f"{self._name}: frame {i + 1} has {shape.width} x {shape.height} pixels of {shape.components} samples, "
                f"but the file declares {image.columns} x {image.rows} of {image.samples}."
            )
        if shape.precision > image.bits_allocated:
            raise FrameDecodeError(
                f"{self._name}: frame {i + 1} has {shape.precision} bits per sample, but the file declares "
                f"{image.bits_allocated}."
            )

    def _decoded(self, payload: bytes, i: int) -> NDArray[Any]:
        decoder = get_decoder(UID(self._syntax.uid))
        options = self._image.decode_options()
        coding = self._syntax.coding
        reason: Exception | None = None
        for plugin in _PLUGINS[coding]:
            if plugin in decoder.available_plugins:
                boxed = encapsulate([payload], has_bot=False)
                with quietly():
                    try:
                        return decoder.as_array(boxed, index=0, decoding_plugin=plugin, **cast(Any, options))[0]
                    except (*CONVERSION_ERRORS, RuntimeError, MemoryError) as error:
                        reason = error
        for plugin in _FENCED_PLUGINS.get(coding, ()):
            if plugin in decoder.available_plugins:
                try:
                    return shared_decoder.decode(payload, self._syntax.uid, plugin, options)
                except DecoderProcessError as error:
                    reason = error
        raise FrameDecodeError(f"{self._name}: frame {i + 1} cannot be decoded as {self._syntax.name}.") from reason
