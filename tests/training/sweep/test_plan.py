"""Values become configs; what a network cannot have is said before anything is trained."""

from __future__ import annotations

from pathlib import Path

import pytest

from luv_viewer.analysis.errors import AnalysisError
from luv_viewer.commands.prepare_clips import ClipOptions
from luv_viewer.domain.clip_rule import ClipRule
from training.sweep.kinds import KINDS
from training.sweep.plan import SweepBase, plan_sweep
from training.train.presets import differences, resolve_config

SMALL = {"network.encoder": "resnet18", "network.mlp_hidden": 8, "network.title": "luv_net"}


def _base(network: str | None = None, weights: Path | None = None, **changes: object) -> SweepBase:
    return SweepBase(
        "default", SMALL | {key.replace("__", "."): value for key, value in changes.items()}, network, weights
    )


def test_the_usual_values_are_those_of_the_paper() -> None:
    assert KINDS["kernel"].values == tuple(str(size) for size in range(1, 30, 2))
    assert KINDS["heads"].values == ("1", "2", "4", "8", "16", "32", "96")
    assert KINDS["clip-length"].values == ("30", "40", "50", "60", "70", "90")


def test_a_network_without_title_goes_by_its_name() -> None:
    base = SweepBase(changes={"network.encoder": "resnet18", "network.mlp_hidden": 8})
    assert plan_sweep("kernel", ("3",), base).points[0].config.network.label == "luv_net_kernel_3"


def test_each_point_differs_in_the_swept_setting_and_its_name_alone() -> None:
    plan = plan_sweep("kernel", ("1", "13", "29", "13"), _base(network__title="mine"))
    assert [point.value for point in plan.points] == ["1", "13", "29"]
    plain = resolve_config("default", SMALL | {"network.title": "mine"})
    for point in plan.points:
        size = int(point.value)
        told = [f"network.title is 'mine', now 'mine_kernel_{size}'"]
        if size != 13:
            told.append(f"network.kernel_size is 13, now {size}")
        assert sorted(differences(plain, point.config)) == sorted(told)
    assert plan.reference == "13"
    assert not plan.left_out


def test_usual_heads_that_do_not_divide_the_features_are_left_out_with_a_sentence() -> None:
    plan = plan_sweep("heads", (), _base())
    assert [point.value for point in plan.points] == ["1", "2", "4", "8", "16", "32"]
    (sentence,) = plan.left_out
    assert "96" in sentence
    assert "512 features" in sentence
    assert plan_sweep("heads", ("96",), _base(network__encoder="densenet161")).points[0].value == "96"


def test_both_networks_of_table_3() -> None:
    plan = plan_sweep("temporal", (), _base())
    assert [(point.value, point.config.network.options["temporal"]) for point in plan.points] == [
        ("without", False),
        ("with", True),
    ]
    assert plan.reference == "with"


def test_encoders_have_weights_of_their_own(tmp_path: Path) -> None:
    base = SweepBase(
        "default", {"network.mlp_hidden": 8, "network.title": "a"}, weights_of=lambda name: tmp_path / name
    )
    plan = plan_sweep("encoder", ("resnet18", "resnet18=a.pt", "mobilenet_v2"), base)
    assert [(point.value, point.encoder_weights, point.slug) for point in plan.points] == [
        ("resnet18", None, "encoder_resnet18"),
        ("resnet18 (pretrained)", tmp_path / "a.pt", "encoder_resnet18_pretrained"),
        ("mobilenet_v2", None, "encoder_mobilenet_v2"),
    ]
    assert [point.config.network.options["encoder"] for point in plan.points] == [
        "resnet18",
        "resnet18",
        "mobilenet_v2",
    ]


def test_pretrained_is_a_matter_of_the_weights_alone(tmp_path: Path) -> None:
    weights = tmp_path / "weights.pt"
    plan = plan_sweep("pretrained", (), _base(weights=weights))
    assert [(point.value, point.encoder_weights) for point in plan.points] == [("no", None), ("yes", weights)]
    told = differences(plan.points[0].config, plan.points[1].config)
    assert told == ["network.title is 'luv_net_not_pretrained', now 'luv_net_pretrained'"]


@pytest.mark.parametrize(("length", "step"), [(30, 24), (40, 32), (50, 40), (60, 48), (70, 56), (90, 72)])
def test_clips_of_the_usual_lengths_step_as_published(length: int, step: int) -> None:
    assert ClipOptions((), Path(), clip_length=length).rule() == ClipRule(length, step)


@pytest.mark.parametrize(
    ("name", "values", "base", "told"),
    [
        ("kernel", ("4",), _base(), "kernel_size must be odd"),
        ("kernel", ("0",), _base(), "whole number from 1"),
        ("kernel", ("five",), _base(), "'five'"),
        ("heads", ("3",), _base(), "n_heads must divide the 512 features"),
        ("kernel", (), _base(network__kernel_size=5), "network.kernel_size is what this sweep changes"),
        ("kernel", (), SweepBase(network="usvn"), "there is no setting network.kernel_size of usvn"),
        ("temporal", ("maybe",), _base(), "without or with, not 'maybe'"),
        ("pretrained", (), _base(), "--encoder-weights"),
        ("pretrained", (), SweepBase(network="swin", encoder_weights=Path("w.pt")), "swin has no frame encoder"),
        ("encoder", (), SweepBase(encoder_weights=Path("w.pt")), "weights of its own"),
        ("encoder", ("resnet18=",), SweepBase(), "names no file of weights"),
        ("encoder", ("resnet18=a", "resnet18=b"), SweepBase(), "stands twice"),
        ("encoder", ("vgg",), SweepBase(), "unknown encoder 'vgg'"),
    ],
)
def test_what_cannot_be_swept_is_one_sentence(name: str, values: tuple[str, ...], base: SweepBase, told: str) -> None:
    with pytest.raises(AnalysisError) as caught:
        plan_sweep(name, values, base)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)
