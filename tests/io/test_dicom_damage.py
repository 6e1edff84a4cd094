"""Whatever bytes are damaged, reading gives pictures or a StudyError: never another error."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian, JPEGBaseline8Bit, RLELossless

from luv_viewer.io import StudyError, open_study
from luv_viewer.io.decoder_process import DecoderProcess, DecoderProcessError
from tests.io.builders_dicom import color_frames, dataset, encapsulated, grey_frames, region, save


@pytest.fixture(scope="module")
def originals(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """Small whole files of several encodings."""
    folder = tmp_path_factory.mktemp("originals")
    rich = dataset(grey_frames(3, high=4000, dtype=np.uint16), FrameTimeVector=[0, 20, 30], WindowCenter=9)
    rich.WindowWidth, rich.RescaleSlope, rich.RescaleIntercept = 99, 2, -5
    rich.SequenceOfUltrasoundRegions = Sequence([region((1, 2, 30, 20))])
    frames = color_frames(2)
    streams = [cv2.imencode(".jpg", frame)[1].tobytes() for frame in frames]
    packed = dataset(frames)
    save(folder / "rle", packed)
    packed.compress(RLELossless, generate_instance_uid=False)
    packed.save_as(folder / "rle", enforce_file_format=True)
    save(folder / "explicit", rich, ExplicitVRLittleEndian)
    save(folder / "implicit", rich, ImplicitVRLittleEndian)
    save(folder / "jpeg", encapsulated(dataset(frames, "YBR_FULL_422"), streams), JPEGBaseline8Bit)
    return [path.read_bytes() for path in sorted(folder.iterdir())]


def refusals(path: Path) -> list[str]:
    """The sentences of everything that cannot be read of a file; pictures have the promised shape."""
    try:
        study = open_study(path)
    except StudyError as error:
        return [str(error)]
    sentences = []
    for video in study.videos:
        for i in {0, video.n_frames - 1}:
            try:
                assert video.frame(i).shape == (video.height, video.width, 3)
            except StudyError as error:
                sentences.append(str(error))
    study.close()
    return sentences


@settings(max_examples=300, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damaged_bytes_give_pictures_or_a_study_error(
    originals: list[bytes], tmp_path: Path, data: st.DataObject
) -> None:
    stored = bytearray(data.draw(st.sampled_from(originals)))
    for _ in range(data.draw(st.integers(1, 6))):
        stored[data.draw(st.integers(0, len(stored) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path / "damaged.dcm"
    path.write_bytes(stored[: data.draw(st.integers(1, len(stored)) | st.just(len(stored)))])
    assert not any("\n" in sentence for sentence in refusals(path))


def test_the_decoder_process_survives_a_frame_that_takes_too_long() -> None:
    """After the worker was killed the next request starts another one."""
    process = DecoderProcess(time_limit_s=0.0)
    options: dict[str, object] = {"rows": 1}
    with pytest.raises(DecoderProcessError):
        process.decode(b"\xff\xd8", "1.2.840.10008.1.2.4.80", "pyjpegls", options)
    process._time_limit_s = 20.0
    with pytest.raises(DecoderProcessError, match="Error"):
        process.decode(b"\xff\xd8", "1.2.840.10008.1.2.4.80", "pyjpegls", options)
    process.close()


def test_a_decoder_that_died_unseen_is_an_error_of_the_frame() -> None:
    """It ended after it was last looked at, so that the request breaks the pipe."""
    process = DecoderProcess()
    with process._lock:
        worker = process._started()
    worker.kill()
    worker.wait()
    with pytest.raises(DecoderProcessError, match="died"):
        process._exchange(worker, b"{}", b"", 5.0)
    process.close()
