"""`luv saliency`: files, names, what is said, stopping and going on."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
from PIL import Image

from luv_viewer.analysis.errors import AnalysisError
from luv_viewer.analysis.predict import load_checkpoint, predict_video
from luv_viewer.analysis.saliency import VideoMaps, explain_video, open_explainer
from luv_viewer.analysis.saliency_batch import SaliencyTask, run_saliency
from luv_viewer.analysis.saliency_picture import SaliencyFrames, SaliencySubject, top_frames_png
from luv_viewer.cli import INTERRUPTED, main
from luv_viewer.domain.pattern import NETWORK_PATTERNS, Pattern
from luv_viewer.domain.saliency import MapKind
from luv_viewer.domain.video import Video
from luv_viewer.io import open_study
from luv_viewer.io.movie_file import write_mp4
from model import Checkpoint, Preprocessing, build_network, save_checkpoint
from tests import builders

FRAMES = 34


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return builders.write_tiny_checkpoint(tmp_path_factory.mktemp("checkpoint") / "tiny.pt")


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("study")
    builders.write_mp4(folder / "a.mp4", builders.moving_speckle(FRAMES, seed=1))
    builders.write_mp4(folder / "blank.mp4", np.zeros((8, 96, 128, 3), np.uint8))
    (folder / "broken.dcm").write_bytes(b"nothing")
    return folder


@pytest.fixture(scope="module")
def video(study: Path) -> Video:
    return open_study(study / "a.mp4").videos[0]


@pytest.fixture(scope="module")
def maps(video: Video, checkpoint: Path) -> VideoMaps:
    return explain_video(video, open_explainer(load_checkpoint(checkpoint), "cpu"))


@pytest.fixture(autouse=True)
def own_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LUV_CONFIG_DIR", str(tmp_path / "config"))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_numbers_and_top_frames_are_those_of_predict(maps: VideoMaps, video: Video, checkpoint: Path) -> None:
    plain = predict_video(video, load_checkpoint(checkpoint), device="torch", precision="fp32")
    np.testing.assert_allclose(maps.probabilities, plain.video_probabilities, atol=1e-5)
    assert maps.top_frames(MapKind.ATTENTION) == plain.top_frames
    strongest = np.argsort(-maps.gradient.maps[:, 2].mean(axis=(1, 2)), kind="stable")[:3]
    assert maps.top_frames(MapKind.GRADIENT)[2] == tuple(strongest.tolist())
    assert maps.present == tuple(p for p, there in zip(NETWORK_PATTERNS, plain.present, strict=True) if there)


def test_the_command_writes_what_it_names_and_bad_files_stop_nothing(
    study: Path, checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    truth = tmp_path / "truth.csv"
    truth.write_text("clip_id,A-line,B-line,Consolidation,Pleural effusion\na,0,1,0,1\nother,0,0,0,0\n")
    out = tmp_path / "out"
    command = ["saliency", str(study), "-o", str(out), "--checkpoint", str(checkpoint), "--device", "cpu"]
    command += ["--truth", str(truth), "--kind", "attention", "--kind", "gradient", "--pattern", "b-line"]
    command += [f"--format={form}" for form in ("npz", "png")]
    assert main(command) == 1
    said = capsys.readouterr()
    assert said.out == f"1 done, 0 already done, 2 without maps; see {out / 'saliency.csv'}\n"
    errors = said.err.splitlines()
    assert len(errors) == 2
    assert any("blank.mp4 was not assessed" in line for line in errors)
    assert any("broken.dcm is not a DICOM file" in line for line in errors)
    with (out / "saliency.csv").open(newline="") as stream:
        rows = {row["video"]: row for row in csv.DictReader(stream)}
    assert [rows[name]["status"] == "ok" for name in ("a", "blank", "broken")] == [True, False, False]
    files = rows["a"]["files"].split("; ")
    stem = f"a_true[B-line,Pleural effusion]_pred[{rows['a']['predicted']}]"
    expected = [f"{stem}_{kind}.{form}" for kind in ("attention", "gradient") for form in ("npz", "png")]
    assert files == expected
    assert names(out) == sorted([*expected, "saliency.csv"])
    # The same command again finds the work done; a file that is gone is made again, and only then.
    times = {name: (out / name).stat().st_mtime_ns for name in expected}
    assert main(command) == 1
    assert capsys.readouterr().out.startswith("0 done, 1 already done, 2 without maps")
    assert times == {name: (out / name).stat().st_mtime_ns for name in expected}
    (out / expected[0]).unlink()
    assert main(command) == 1
    assert capsys.readouterr().out.startswith("1 done, 0 already done")
    assert (out / expected[0]).is_file()


def test_an_npz_holds_the_maps_and_where_they_lie(
    maps: VideoMaps, study: Path, checkpoint: Path, tmp_path: Path
) -> None:
    task = SaliencyTask((MapKind.ATTENTION, MapKind.GRADIENT), ("npz",), device="cpu")
    (outcome,) = run_saliency([study / "a.mp4"], tmp_path, load_checkpoint(checkpoint), task, lambda *_: None)
    for kind, name in zip(MapKind, outcome.files.split("; "), strict=True):
        layer = maps.of_kind(kind)
        assert layer is not None
        with np.load(tmp_path / name, allow_pickle=False) as stored:
            np.testing.assert_allclose(stored["maps"], layer.maps, atol=1e-6)
            on_region = stored["rows"] @ stored["maps"][5, 1] @ stored["columns"].T
            assert on_region.shape == (96, 128)
            assert stored["region"].tolist() == [0, 0, 128, 96]
            assert stored["picture"].tolist() == [8, 0, 48, 64]
            assert stored["patterns"].tolist() == [pattern.value for pattern in NETWORK_PATTERNS]
            assert (str(stored["kind"]), str(stored["precision"])) == (kind.value, "fp32")
            assert ("heads" in stored) == (kind is MapKind.ATTENTION)
            assert "Not for diagnosis" in str(stored["note"])


def test_a_movie_shows_each_frame_with_its_map(maps: VideoMaps, video: Video, tmp_path: Path) -> None:
    subject = SaliencySubject("a", video, maps, MapKind.ATTENTION, (Pattern.B_LINE,))
    frames = SaliencyFrames(subject)
    width, height = frames.size
    write_mp4(tmp_path / "a.mp4", (frames.frame(i) for i in range(FRAMES)), frames.size, 25)
    with av.open(str(tmp_path / "a.mp4")) as container:
        shown = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    assert len(shown) == FRAMES
    assert shown[0].shape == (height, width, 3)
    # Against the picture alone: changed where the map is hot, not where it is cold.
    layer = subject.layer
    hottest = max(range(FRAMES), key=lambda i: layer.heat(i, Pattern.B_LINE).max())
    panel = frames.frame(hottest)[76 : 76 + 480, 16 : 16 + 640].astype(int)
    plain = cv2.resize(video.frame(hottest), (640, 480)).astype(int)
    heat = cv2.resize(layer.heat(hottest, Pattern.B_LINE), (640, 480))
    changed = np.abs(panel - plain).max(axis=2)
    assert np.median(changed[heat > 0.9]) > 30
    assert np.median(changed[heat < 0.05]) < 12
    with pytest.raises(ValueError, match="must be even"):
        write_mp4(tmp_path / "b.mp4", [], (3, 4), 25)
    with pytest.raises(ValueError, match="a picture of"):
        write_mp4(tmp_path / "b.mp4", shown[:1], (64, 64), 25)
    assert not (tmp_path / "b.mp4").exists()


def test_a_picture_has_a_row_per_pattern(maps: VideoMaps, video: Video, tmp_path: Path) -> None:
    sizes = []
    for patterns in (NETWORK_PATTERNS[:1], NETWORK_PATTERNS):
        (tmp_path / "a.png").write_bytes(top_frames_png(SaliencySubject("a", video, maps, MapKind.GRADIENT, patterns)))
        with Image.open(tmp_path / "a.png") as picture:
            sizes.append(picture.size)
    assert sizes[0][0] == sizes[1][0]
    assert sizes[1][1] - sizes[0][1] == 3 * (42 + 18 + 240 + 30)
    with pytest.raises(ValueError, match="patterns must be some of"):
        SaliencySubject("a", video, maps, MapKind.GRADIENT, (Pattern.CONFLUENT_B_LINE,))


def test_a_network_without_attention_makes_gradient_maps_and_says_what_it_lacks(
    study: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = {"encoder": "resnet18"}
    made = Checkpoint(
        network=build_network("usvn", **options).eval(),
        network_name="usvn",
        network_options=options,
        name="tiny-usvn",
        thresholds=np.full(4, 0.5),
        preprocessing=Preprocessing(size=64),
    )
    path = tmp_path / "usvn.pt"
    save_checkpoint(path, made)
    how = ["saliency", str(study / "a.mp4"), "-o", str(tmp_path / "out"), "--checkpoint", str(path), "--device", "cpu"]
    assert main([*how, "--kind", "attention"]) == 1
    assert "tiny-usvn (usvn) has no pattern attention to take apart: use --kind gradient" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
    assert main(how) == 0
    assert [name for name in names(tmp_path / "out") if name.endswith("_gradient.mp4")]


@pytest.mark.parametrize("wrong", [["--kind", "heat"], ["--format", "gif"], ["--pattern", "C-line"], ["--stride", "0"]])
def test_wrong_usage_is_status_2(wrong: list[str], study: Path, tmp_path: Path) -> None:
    assert main(["saliency", str(study), "-o", str(tmp_path / "out"), *wrong]) == 2


def test_a_truth_or_summary_that_cannot_be_used_is_one_sentence(
    study: Path, checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    truth = tmp_path / "truth.csv"
    truth.write_text("clip_id,A-line\na,1\n")
    how = ["saliency", str(study / "a.mp4"), "-o", str(tmp_path), "--checkpoint", str(checkpoint)]
    assert main([*how, "--truth", str(truth)]) == 1
    assert "truth.csv lacks the columns B-line, Consolidation, Pleural effusion" in capsys.readouterr().err
    (tmp_path / "saliency.csv").write_text("a,b\n1,2\n")
    assert main(how) == 1
    assert "saliency.csv is no table of luv saliency" in capsys.readouterr().err


def test_ctrl_c_leaves_nothing_half_written(
    study: Path, checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("luv_viewer.analysis.saliency_file.write_whole", interrupted)
    out = tmp_path / "out"
    how = ["saliency", str(study / "a.mp4"), "-o", str(out), "--checkpoint", str(checkpoint), "--format", "npz"]
    assert main(how) == INTERRUPTED
    assert names(out) == []


def test_an_internal_error_on_one_video_does_not_stop_the_others(
    study: Path, checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "in").mkdir()
    for name in ("a", "b"):
        (tmp_path / "in" / f"{name}.mp4").write_bytes((study / "a.mp4").read_bytes())

    def explain_all_but_the_first(video: Video, *args: Any, **how: Any) -> VideoMaps:
        if video.source.name == "a.mp4":
            raise ZeroDivisionError
        return explain_video(video, *args, **how)

    monkeypatch.setattr("luv_viewer.analysis.saliency_batch.explain_video", explain_all_but_the_first)
    how = ["-o", str(tmp_path / "out"), "--checkpoint", str(checkpoint), "--device", "cpu", "--format", "npz"]
    assert main(["saliency", str(tmp_path / "in"), *how]) == 1
    said = capsys.readouterr()
    assert said.err == "a.mp4 failed: an internal error; the log has the details.\n"
    assert said.out.startswith("1 done, 0 already done, 1 without maps")


def test_own_movies_are_not_taken_for_videos(study: Path, checkpoint: Path, tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes((study / "a.mp4").read_bytes())
    task = SaliencyTask((MapKind.ATTENTION,), ("video",), (Pattern.A_LINE,), device="cpu")
    network = load_checkpoint(checkpoint)
    for reused in (False, True):
        found = list(run_saliency([tmp_path], tmp_path, network, task, lambda *_: None))
        assert [(outcome.video, outcome.reused) for outcome in found] == [("a", reused)]
    with pytest.raises(AnalysisError, match="tiny does not score Confluent B-line"):
        next(
            run_saliency([tmp_path], tmp_path, network, SaliencyTask((), ("npz",), (Pattern.CONFLUENT_B_LINE,)), print)
        )
