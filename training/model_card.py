"""What the bundled checkpoint says about itself: its metadata in plain sentences, and the model card made from them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from model import Checkpoint
from training.calibration import MIN_SCALE
from training.cohort import Cohort

TITLE = "LUV-Net MobileNetV2 POCUS"
LICENCE = "CC BY-NC-SA 4.0, research use only"
CALIBRATION_METHOD = (
    "Platt scaling per pattern, fitted on pooled out-of-fold video scores (largest clip logit of a video, known "
    "labels, grouped folds of three seeds) and contained in the last layer of the network"
)
_ENCODER_LICENCE = "MobileNetV2 encoder: ImageNet weights under the Apache License 2.0, frozen"
_FAR = 0.1
_LIMITATIONS = (
    "Research use only, not a medical device; nothing here is fit for deciding about a patient.",
    "The labels are of whole videos: which frames show a pattern was never taught, so the attention is what the "
    "network found useful, not where a reader marked a pattern.",
    "A-lines: most healthy videos do not say whether A-lines are there and were left out. What is left holds A-lines "
    "in healthy lung and none in ill lung nearly throughout, so the A-line score is largely a score of healthy lung.",
    "Consolidation and pleural effusion have no labels in the external set; their numbers are from the folds alone.",
    "The source of a clip (scanner, clinic, author) goes along with its diagnosis; a network can read the source. "
    "The folds keep sources whole, but with so few of them one source moves a number a lot: go by the group bootstrap "
    "intervals, the DeLong intervals count every video as independent and are too narrow.",
    "The setting was chosen by the same folds that are reported, among a short list that is printed here, so those "
    "numbers lean to the good side; the external set decided nothing.",
    "The rule for a video is the largest probability over its clips, so long videos reach a threshold more easily.",
    "The calibration was fitted on scores of networks that saw four fifths of the sources, the usual way; the network "
    "in the file saw all of them, so its scores may spread otherwise and the probabilities are approximate.",
    "The calibration is of videos: a single clip shows a pattern less often than the video it is cut from, so its "
    "probability may read too high.",
    "The thresholds come from few videos of other sources than yours; on other scanners expect other operating points.",
)


def describe(training: Cohort, external: Cohort) -> dict[str, Any]:
    """The part of the metadata that the data alone decide: title, description, data, licence, limitations."""
    return {
        "title": TITLE,
        "description": (
            f"LUV-Net's attention and fusion head on a frozen MobileNetV2, fitted on {len(training)} public "
            f"lung-ultrasound videos of {len(set(training.groups))} sources with video labels. A small first model."
        ),
        "data": [
            f"Training: POCUS set (Born et al.), {len(training)} videos of {len(set(training.groups))} sources; "
            f"licences of the videos: {_counted(video.licence for video in training.videos)}.",
            f"Known labels, present and absent (sources with the pattern): {_label_counts(training)}.",
            f"External test only: COVID-BLUES (CC BY-NC-ND 4.0), {len(external)} videos of "
            f"{len(set(external.groups))} patients, never trained on and not contained in the file.",
            f"{_ENCODER_LICENCE}.",
        ],
        "licence": LICENCE,
        "limitations": [_probe_sentence(training), *_LIMITATIONS],
    }


def _counted(values: Iterable[str]) -> str:
    return ", ".join(
        f"{value} ({count})" for value, count in sorted(Counter(value.replace(" -", "-") for value in values).items())
    )


def _label_counts(cohort: Cohort) -> str:
    parts = []
    for p, name in enumerate(("A-line", "B-line", "consolidation", "pleural effusion")):
        column = cohort.labels[:, p]
        sources = {group for group, label in zip(cohort.groups, column, strict=True) if label == 1}
        parts.append(f"{name} {int((column == 1).sum())} and {int((column == 0).sum())} ({len(sources)})")
    return ", ".join(parts)


def _probe_sentence(cohort: Cohort) -> str:
    probes = Counter(video.probe for video in cohort.videos)
    return (
        f"{probes['convex']} of the {len(cohort)} videos are of convex, {probes['linear']} of linear probes; the type "
        "goes along with source and diagnosis, so images of linear probes are hardly covered."
    )


def chance_sentences(metrics: Sequence[Mapping[str, Any]]) -> list[str]:
    """One sentence per set that names the patterns whose video AUC is not shown to be above 0.5, by the wider interval.

    >>> row = {"set": "folds", "level": "video", "pattern": "B-line", "auc": 0.6, "low": 0.4, "high": 0.8}
    >>> chance_sentences([row])
    ['By these numbers, in the set "folds", the scores are not shown to be better than chance for: B-line (AUC 0.60).']
    """
    lowest: dict[str, dict[str, tuple[float, float]]] = {}
    for row in metrics:
        if row["level"] == "video":
            patterns = lowest.setdefault(row["set"], {})
            patterns[row["pattern"]] = (min(row["low"], patterns.get(row["pattern"], (1.0,))[0]), row["auc"])
    sentences = []
    for name, patterns in lowest.items():
        weak = [f"{pattern} (AUC {area:.2f})" for pattern, (low, area) in patterns.items() if low <= 0.5]
        if weak:
            sentences.append(
                f'By these numbers, in the set "{name}", the scores are not shown to be better than chance for: '
                f"{', '.join(weak)}."
            )
    return sentences


def false_alarm_sentences(points: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[str]:
    """One sentence per set that names the patterns called present in half or more of the videos without them.

    >>> false_alarm_sentences({"folds": [{"pattern": "B-line", "sensitivity": 0.9, "specificity": 0.25}]})
    ['At the thresholds, in the set "folds", most videos without the pattern are called present too: B-line (75 %).']
    """
    sentences = []
    for name, rows in points.items():
        often = [
            f"{row['pattern']} ({100 * (1 - row['specificity']):.0f} %)" for row in rows if row["specificity"] <= 0.5
        ]
        if often:
            sentences.append(
                f'At the thresholds, in the set "{name}", most videos without the pattern are called present too: '
                f"{', '.join(often)}."
            )
    return sentences


def prevalence_sentences(reliability: Sequence[Mapping[str, Any]]) -> list[str]:
    """One sentence per set: mean calibrated probability and share of positive videos, where they are 0.1 or more apart.

    >>> row = {"set": "outside", "pattern": "B-line", "mean after": 0.2, "prevalence": 0.6}
    >>> prevalence_sentences([row])
    ['In the set "outside" the mean probability is far from the share of positive videos: B-line (0.20, share 0.60).']
    """
    sentences = []
    for name, rows in _by_set(reliability).items():
        far = [
            f"{row['pattern']} ({row['mean after']:.2f}, share {row['prevalence']:.2f})"
            for row in rows
            if abs(row["mean after"] - row["prevalence"]) >= _FAR
        ]
        if far:
            sentences.append(
                f'In the set "{name}" the mean probability is far from the share of positive videos: {", ".join(far)}.'
            )
    return sentences


def no_skill_sentences(reliability: Sequence[Mapping[str, Any]]) -> list[str]:
    """One sentence per set that names the patterns whose probabilities are no better than a constant, by Brier score.

    >>> row = {"set": "folds", "pattern": "B-line", "Brier after": 0.2, "Brier of prevalence": 0.2}
    >>> no_skill_sentences([row])
    ['In the set "folds" always saying the share of videos with the pattern is as good (Brier score) for: B-line.']
    """
    sentences = []
    for name, rows in _by_set(reliability).items():
        same = [row["pattern"] for row in rows if row["Brier after"] >= row["Brier of prevalence"]]
        if same:
            sentences.append(
                f'In the set "{name}" always saying the share of videos with the pattern is as good (Brier score) for: '
                f"{', '.join(same)}."
            )
    return sentences


def worsened_sentences(reliability: Sequence[Mapping[str, Any]]) -> list[str]:
    """One sentence per set that names the patterns whose Brier score rose with calibration.

    >>> row = {"set": "folds", "pattern": "B-line", "Brier before": 0.1, "Brier after": 0.2}
    >>> worsened_sentences([row])
    ['In the set "folds" calibration made the Brier score worse for: B-line (0.10 to 0.20).']
    """
    sentences = []
    for name, rows in _by_set(reliability).items():
        worse = [
            f"{row['pattern']} ({row['Brier before']:.2f} to {row['Brier after']:.2f})"
            for row in rows
            if row["Brier after"] > row["Brier before"]
        ]
        if worse:
            sentences.append(f'In the set "{name}" calibration made the Brier score worse for: {", ".join(worse)}.')
    return sentences


def uncalibrated_sentences(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """A sentence that names the patterns without a fitted calibration; none when every pattern has one.

    >>> uncalibrated_sentences([{"pattern": "B-line", "positives": 0, "negatives": 9, "method": "as trained"}])
    ['Not calibrated, for want of videos with or without the pattern: B-line.']
    """
    names = [row["pattern"] for row in rows if row["method"] == "as trained"]
    return [f"Not calibrated, for want of videos with or without the pattern: {', '.join(names)}."] if names else []


def limitations_by_numbers(
    metrics: Sequence[Mapping[str, Any]],
    points: Mapping[str, Sequence[Mapping[str, Any]]],
    calibration: Mapping[str, Any],
) -> list[str]:
    """Every sentence that the numbers of the metadata call for."""
    return [
        *chance_sentences(metrics),
        *false_alarm_sentences(points),
        *uncalibrated_sentences(calibration["patterns"]),
        *worsened_sentences(calibration["reliability"]),
        *no_skill_sentences(calibration["reliability"]),
        *prevalence_sentences(calibration["reliability"]),
    ]


def _by_set(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    found: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        found.setdefault(row["set"], []).append(row)
    return found


def model_card(checkpoint: Checkpoint, file_name: str) -> str:
    """The model card in Markdown. checkpoint: saved, with the metadata that `training.bundled_checkpoint` writes."""
    data = checkpoint.metadata
    thresholds = zip(checkpoint.patterns, checkpoint.thresholds, strict=True)
    sections = [
        f"# {data['title']}",
        f"`{file_name}`, version `{checkpoint.version}`, {data['date']}. {data['description']}",
        f"**Licence: {data['licence']}.** Written by `python -m training.bundled_checkpoint`, as is this page.",
        "## Data",
        _list(data["data"]),
        "## Areas under the ROC curve",
        "Video: the largest probability over the clips of a video. Clip: 30 frames, step 24, with the label of its "
        "video. `n+` and `n-` count cases, in brackets the sources or patients they come from.",
        _metric_table(data["metrics"]),
        "## Calibration",
        f"{data['calibration']['method']}: probability = sigmoid(scale * logit + offset), with Platt's targets; the "
        f"scale is at least {MIN_SCALE}, so that no order and no area changes.",
        _plain_table(data["calibration"]["patterns"]),
        "Before and after, of videos; ECE is the expected calibration error over ten bins, which few videos alone make "
        "larger than 0. In the folds the three seeds are pooled, and after means: by calibrations fitted without the "
        "fold they are applied to. Brier of prevalence is that of always saying the set's own share of positives.",
        _plain_table(data["calibration"]["reliability"]),
        "## Thresholds",
        f"{checkpoint.threshold_method}: " + ", ".join(f"{name} {value:.3f}" for name, value in thresholds) + ".",
        _operating_table(data["operating_points"]),
        "## Settings tried",
        "Pooled out-of-fold video AUC, mean over the seeds; the highest macro value was taken, the baseline aside.",
        _plain_table(data["settings_tried"]),
        "## Training",
        _list(f"{key}: {value}" for key, value in data["training"].items()),
        "## Making it again",
        "The command needs the data folder and the MobileNetV2 weights; nothing is downloaded:",
        "    python -m training.bundled_checkpoint --data DIR --encoder-weights FILE -o FILE --date YYYY-MM-DD",
        "On one CPU core the features of some 38,000 frames take about a quarter of an hour and are kept; the rest "
        "takes about five minutes. On the same machine a second run gives the same metrics.",
        "## Limitations",
        _list(data["limitations"]),
    ]
    return "\n\n".join(sections) + "\n"


def _list(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _plain_table(rows: Sequence[Mapping[str, Any]]) -> str:
    columns = list(rows[0])
    lines = [columns, ["---"] * len(columns), *[[str(row[column]) for column in columns] for row in rows]]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _metric_table(metrics: Sequence[Mapping[str, Any]]) -> str:
    """One line per set, level and pattern; the intervals of its methods side by side."""
    lines: dict[tuple[str, str, str], dict[str, str]] = {}
    for row in metrics:
        line = lines.setdefault(
            (row["set"], row["level"], row["pattern"]),
            {
                "set": row["set"],
                "level": row["level"],
                "pattern": row["pattern"],
                "n+": f"{row['positives']} ({row['positive_groups']})",
                "n-": f"{row['negatives']} ({row['negative_groups']})",
                "AUC": f"{row['auc']:.3f}",
            },
        )
        line[f"95 % {row['method']}"] = f"{row['low']:.3f} to {row['high']:.3f}"
    return _plain_table(list(lines.values()))


def _operating_table(points: Mapping[str, Sequence[Mapping[str, Any]]]) -> str:
    return _plain_table([{"set": name, **point} for name, rows in points.items() for point in rows])
