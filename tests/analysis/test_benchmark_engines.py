"""The study that is timed, the plain network, and the engines they are compared with."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

import model
from luv_viewer.analysis.benchmarks.cine import CineSize, demo_frames, write_jpeg_dicom
from luv_viewer.analysis.benchmarks.engines import REFERENCE, EngineName, default_engines, open_engines
from luv_viewer.analysis.benchmarks.plain import PlainNetwork, spread_clips
from luv_viewer.analysis.benchmarks.source import RANDOM_WEIGHTS, random_source
from luv_viewer.analysis.errors import AnalysisError
from luv_viewer.io import open_study
from model.clips import plan_clips
from model.runtimes.prepared import cache_folder, keep_prepared
from tests.builders import moving_speckle, write_mp4, write_tiny_checkpoint

SMALL = CineSize(n_frames=5, height_px=120, width_px=160)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_checkpoint(tmp_path_factory.mktemp("checkpoint") / "tiny.pt")


def test_the_cine_is_the_demo_clip_in_the_middle_begun_again_at_its_end() -> None:
    frames = demo_frames(CineSize(120, 30, 40))
    video = open_study(Path(str(model.__file__)).parents[1] / "resources" / "demo").videos[0]
    assert frames.shape == (120, 30, 40, 3)
    np.testing.assert_array_equal(frames[1, :, 5:35], cv2.resize(video.frame(1), (30, 30)))
    assert not frames[:, :, :5].any()
    assert not frames[:, :, 35:].any()
    assert video.n_frames == 117
    np.testing.assert_array_equal(frames[117:], frames[:3])
    assert not np.array_equal(frames[0], frames[1])


def test_the_dicom_file_opens_as_jpeg_baseline_and_shows_the_same(tmp_path: Path) -> None:
    frames = demo_frames(SMALL)
    write_jpeg_dicom(tmp_path / "cine.dcm", frames)
    (video,) = open_study(tmp_path / "cine.dcm").videos
    assert video.source.format == "DICOM, JPEG Baseline"
    assert (video.n_frames, video.region) == (5, (20, 0, 140, 120))
    for i in range(5):
        assert np.abs(video.frame(i).astype(int) - frames[i]).mean() < 3


@pytest.mark.parametrize(("n_clips", "n_wanted", "n_turns"), [(7, 2, 3), (123, 2, 3), (1, 1, 1), (3, 5, 2), (9, 1, 4)])
def test_turns_share_out_different_clips_over_the_whole_video(n_clips: int, n_wanted: int, n_turns: int) -> None:
    turns = [spread_clips(n_clips, n_wanted, turn, n_turns) for turn in range(n_turns)]
    chosen = [clip for turn in turns for clip in turn]
    assert all(turns)
    assert min(chosen) >= 0
    assert max(chosen) < n_clips
    assert len(set(chosen)) == min(n_clips, n_wanted * n_turns)
    if len(set(chosen)) > 1:
        assert {0, n_clips - 1} <= set(chosen)


def test_the_plain_network_gives_what_the_sliding_one_gives(checkpoint: Path) -> None:
    loaded, frames = model.load_checkpoint(checkpoint), moving_speckle(40)
    spans = plan_clips(40, 30, 24, "pad")
    done = PlainNetwork(model.load_checkpoint(checkpoint)).run(lambda: frames, spans, 30, (0, 1))
    expected = model.predict_video(frames, loaded, device="torch", precision="fp32")
    np.testing.assert_allclose(done.results.probabilities, expected.probabilities, atol=1e-5)
    np.testing.assert_allclose(done.results.attention, expected.clip_attention, atol=1e-5)
    assert done.results.n_real is not None
    assert done.results.n_real.tolist() == [30, 16]
    assert len(done.clip_s) == 2
    assert min(*done.clip_s, done.prepare_s) > 0


def test_the_plain_network_sees_colour_frames_channels_first_in_memory_as_the_authors_loader_makes_them(
    checkpoint: Path,
) -> None:
    loaded, seen = model.load_checkpoint(checkpoint), []
    loaded.network.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0].is_contiguous()))
    frames = np.random.default_rng(0).integers(0, 255, (30, 40, 50, 3), dtype=np.uint8)
    PlainNetwork(loaded).run(lambda: frames, plan_clips(30), 30, (0,))
    assert seen == [True]


@pytest.mark.parametrize("text", ["auto", "torch:bf16", "openvino:gpu:fp16", "cuda:fp16"])
def test_a_name_of_an_engine_is_read_as_it_is_written(text: str) -> None:
    assert EngineName.parse(text).text == text


@pytest.mark.parametrize(
    ("text", "sentence"),
    [("abacus:fp32", "unknown device 'abacus'"), ("torch:fp8", "unknown precision"), ("torch", "unknown device ''")],
)
def test_a_name_that_is_none_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        EngineName.parse(text)


def test_all_engines_of_a_cpu_and_auto_are_the_default() -> None:
    texts = [name.text for name in default_engines()]
    assert texts[:5] == ["torch:fp32", "torch:bf16", "openvino:fp32", "openvino:bf16", "openvino:int8"]
    assert texts[-1] == "auto"
    assert ("cuda:fp16" in texts) == torch.cuda.is_available()


def test_an_engine_that_is_not_there_says_why_and_the_reference_is_always_there(checkpoint: Path) -> None:
    missing = EngineName.parse("mps:fp16" if torch.cuda.is_available() else "cuda:fp16")
    said: list[str] = []
    reference, absent = open_engines([missing], checkpoint, (), said.append)
    assert reference.name == REFERENCE
    assert reference.opened is not None
    assert (reference.opened.runtime.name, reference.opened.runtime.precision) == ("cpu", "fp32")
    assert absent.opened is None
    assert "not available here" in absent.note
    assert f"opening {missing.text}" in said


def test_int8_and_auto_are_measured_first_and_say_what_they_are(
    checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What is measured here must not decide what `auto` takes in other tests.
    monkeypatch.setenv("LUV_CACHE_DIR", str(tmp_path / "cache"))
    video = write_mp4(tmp_path / "a.mp4", moving_speckle(8))
    said: list[str] = []
    names = [EngineName.parse("openvino:int8"), EngineName.parse("auto")]
    _, int8, auto = open_engines(names, checkpoint, (video,), said.append)
    assert any(text.startswith("calibrating int8") for text in said)
    assert int8.opened is not None
    assert (int8.opened.runtime.name, int8.opened.runtime.precision) == ("cpu (OpenVINO)", "int8")
    assert int8.note
    assert auto.opened is not None
    assert auto.note.startswith(auto.opened.runtime.precision)
    assert "frames a second" in auto.note


def test_random_weights_are_the_same_every_time_vary_over_frames_and_leave_nothing_behind() -> None:
    features, states = [], []
    for turn in range(2):
        with random_source("luv_net/resnet18", lambda text: None) as network:
            loaded = model.load_checkpoint(network.path)
            made = cache_folder() / loaded.version
            if turn == 0:
                keep_prepared(loaded)
                assert made.is_dir()
            assert (network.name, network.weights, network.clip_length) == ("luv_net/resnet18", RANDOM_WEIGHTS, 30)
            with torch.inference_mode():
                frames = torch.from_numpy(demo_frames(CineSize(30, 64, 64))[::15]).permute(0, 3, 1, 2) / 255
                features.append(loaded.network.encode(frames))
            states.append(loaded.network.state_dict()["temporal.1.running_mean"])
        assert not made.exists()
        assert not network.path.exists()
    torch.testing.assert_close(features[0], features[1])
    assert (features[0][0] - features[0][1]).abs().mean() > 0.01
    assert states[0].abs().max() > 0


def test_an_unknown_network_is_answered_with_the_known_ones() -> None:
    source = random_source("vgg", lambda text: None)
    with pytest.raises(AnalysisError, match=r"^Unknown network 'vgg': expected one of luv_net/densenet161"), source:
        pytest.fail("it opened")
