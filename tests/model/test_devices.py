"""The engine leaves torch's settings as they were, and changes only what exact arithmetic needs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from torch.backends import cudnn

from model.devices import Engine, resolve_engine


@pytest.fixture(params=[(True, False), (False, True)], ids=["as installed", "set by the caller"])
def settings(request: pytest.FixtureRequest) -> Iterator[tuple[bool, bool]]:
    """(enabled, benchmark) of cuDNN for one test."""
    enabled, benchmark = request.param
    with cudnn.flags(enabled=enabled, benchmark=benchmark, allow_tf32=True):
        yield enabled, benchmark


def test_exact_arithmetic_switches_tf32_off_and_nothing_else(settings: tuple[bool, bool]) -> None:
    with Engine(torch.device("cuda"), "fp32").running():
        assert not cudnn.allow_tf32
        assert (cudnn.enabled, cudnn.benchmark) == settings
        assert torch.is_inference_mode_enabled()
    assert cudnn.allow_tf32
    assert (cudnn.enabled, cudnn.benchmark) == settings


def test_half_precision_leaves_cudnn_alone() -> None:
    with cudnn.flags(enabled=True, allow_tf32=True), Engine(torch.device("cuda"), "bf16").running():
        assert cudnn.enabled
        assert cudnn.allow_tf32


def test_a_torch_device_is_taken_as_its_name() -> None:
    assert resolve_engine(torch.device("cpu"), "bf16") == Engine(torch.device("cpu"), "bf16")
