"""Builds the demo study in resources/ from CC BY lung-ultrasound clips: `python -m training.demo_study --data DIR`."""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from luv_viewer.domain.frame_cache import FrameCache
from luv_viewer.domain.span import Span
from luv_viewer.io.dicom_writer import CineFormat, CineIdentity, write_cine
from luv_viewer.io.errors import StudyError
from luv_viewer.io.media import open_media
from luv_viewer.io.whole_file import WriteError, make_folder, write_whole

_LARGEST_BYTES = 5_000_000
_JPEG_QUALITY = 75
_DATASET = (
    "Clips taken from the COVID-19 lung ultrasound data set of Born J, Wiedemann N, Cossio M, Buhre C, et al. "
    "Accelerating Detection of Lung Pathologies with Explainable Ultrasound Image Analysis. Applied Sciences "
    "2021;11:672, https://doi.org/10.3390/app11020672"
)
_LICENCE_URLS = {
    "CC BY 4.0": "https://creativecommons.org/licenses/by/4.0/",
    "CC BY 2.0": "https://creativecommons.org/licenses/by/2.0/",
}


@dataclass(frozen=True)
class DemoClip:
    """One clip of the demo study.

    source: path below the folder of lung clips. sha256: of that file. name: in the demo study. findings: what the
    clip shows. credit, link, licence: of the original. dicom_frames: the frames to write as DICOM; None for a copy.
    """

    source: str
    sha256: str
    name: str
    findings: str
    credit: str
    link: str
    licence: str
    dicom_frames: Span | None = None


_VOLPICELLI = (
    "Volpicelli G, Gargani L. Sonographic signs and patterns of COVID-19 pneumonia. The Ultrasound Journal 2020;12:22"
)
_TSUNG = (
    "Tsung JW, Kessler DO, Shah VP. Prospective application of clinician-performed lung ultrasonography during the "
    "2009 H1N1 influenza A pandemic: distinguishing viral from bacterial pneumonia. Critical Ultrasound Journal "
    "2012;4:16"
)
_BUHRE = 'given as "charlotte" in the table of the data set, taken to be its co-author Charlotte Buhre'

CLIPS = (
    DemoClip(
        source="pocus/convex/Cov_convex_volpecelli_sonographic_v1.mov",
        sha256="6e92b0eb8a8e46abfb0ef82e1df073daeab8e0c27d237c4d16dfc56e6a0cb70d",
        name="1_B-lines_convex.dcm",
        findings='B-lines that come and go ("light beam"), right anterior chest, convex probe',
        credit=_VOLPICELLI,
        link="https://doi.org/10.1186/s13089-020-00171-w",
        licence="CC BY 4.0",
        dicom_frames=Span(0, 117),
    ),
    DemoClip(
        source="pocus/linear/Pneu_prospective_file3.mp4",
        sha256="e1cfd25db94f51b4e5aa6fa487b5ca6f72115d7ee64f72a336c4afbd358475b0",
        name="2_consolidation_linear.mp4",
        findings="consolidation with air bronchograms, some A-lines, linear probe",
        credit=_TSUNG,
        link="https://doi.org/10.1186/2036-7902-4-16",
        licence="CC BY 2.0",
    ),
    DemoClip(
        source="pocus/convex/Reg_Image_182106_crop.mp4",
        sha256="c591c3d2fda2f7198a92681f235195e52b5c134976b4493127667981a74636a6",
        name="3_healthy_convex.mp4",
        findings="healthy lung, convex probe",
        credit=_BUHRE,
        link="https://doi.org/10.3390/app11020672",
        licence="CC BY 4.0",
    ),
    DemoClip(
        source="pocus/convex/Reg_pat1Image_133410.mpeg",
        sha256="dc625da56fa0991e5652dcfff4bc1d29205d5a8eb0193a80920096a9ce844ee6",
        name="4_healthy_convex.mpeg",
        findings="healthy lung, convex probe",
        credit=_BUHRE,
        link="https://doi.org/10.3390/app11020672",
        licence="CC BY 4.0",
    ),
)


def build_demo_study(data: Path, folder: Path) -> None:
    """Write the demo study and its ATTRIBUTION.md into `folder`; the same clips give the same bytes.

    data: folder that holds `lus/` with the clips of `CLIPS`. Raises StudyError, WriteError, ValueError when a clip is
    missing, is not the expected file, or the study grows above 5 MB.
    """
    make_folder(folder)
    for clip in CLIPS:
        source = data / "lus" / clip.source
        stored = _checked_bytes(source, clip.sha256)
        if clip.dicom_frames is not None:
            _write_dicom(source, clip.dicom_frames, folder / clip.name)
        else:
            write_whole(folder / clip.name, stored)
    write_whole(folder / "ATTRIBUTION.md", attribution().encode())
    total = sum((folder / clip.name).stat().st_size for clip in CLIPS)
    if total > _LARGEST_BYTES:
        raise ValueError(f"the demo study has {total} bytes, more than {_LARGEST_BYTES}")


def attribution() -> str:
    """Who made each clip, where it is from, its licence and what was changed, as Markdown."""
    parts = ["# Demo study: sources and licences", "", _DATASET + ".", ""]
    for clip in CLIPS:
        changes = "renamed, otherwise the file of the data set (which had cropped it)"
        if clip.dicom_frames is not None:
            first, last = clip.dicom_frames.label.split("_")
            changes = (
                f"frames {first} to {last} decoded and stored again as JPEG-compressed multi-frame ultrasound DICOM "
                "(lossy); a made-up patient number; region and frame time added; physical spacing unknown and left out"
            )
        parts += [
            f"## {clip.name}",
            "",
            f"- Shows: {clip.findings}",
            f"- Author: {clip.credit}",
            f"- Source: {clip.link}",
            f"- File in the data set: `{clip.source}`, SHA-256 `{clip.sha256}`",
            f"- Licence: {clip.licence}, {_LICENCE_URLS[clip.licence]}",
            f"- Changes: {changes}",
            "",
        ]
    return "\n".join(parts)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; 0 when the study was written, 1 with one line on stderr when not."""
    parser = argparse.ArgumentParser(prog="python -m training.demo_study", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder that holds lus/pocus/")
    parser.add_argument("-o", "--output", type=Path, default=Path("resources/demo"), help="folder to write")
    options = parser.parse_args(arguments)
    try:
        build_demo_study(options.data, options.output)
    except (StudyError, WriteError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _checked_bytes(source: Path, sha256: str) -> bytes:
    try:
        stored = source.read_bytes()
    except OSError as error:
        raise ValueError(f"{source} cannot be read: {error.strerror}") from error
    found = hashlib.sha256(stored).hexdigest()
    if found != sha256:
        raise ValueError(f"{source} is not the expected clip: SHA-256 {found}, expected {sha256}")
    return stored


def _write_dicom(source: Path, span: Span, target: Path) -> None:
    video = open_media(source, FrameCache(0))
    try:
        identity = CineIdentity(
            patient_id="DEMO-1",
            patient_name="Demo^Study",
            study="demo/study",
            series="demo/series",
            instance=f"demo/{target.name}",
            description="B-lines, convex probe",
        )
        frames = (video.read(i) for i in range(span.start, span.stop))
        write_cine(target, frames, identity, CineFormat(1000 / video.timing.fps, quality=_JPEG_QUALITY))
    finally:
        video.store.close()


if __name__ == "__main__":
    sys.exit(main())
