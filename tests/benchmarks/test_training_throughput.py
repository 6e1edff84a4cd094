"""Training throughput: ours against a loop written the authors' way, measured in one run.

`python -m pytest tests/benchmarks/test_training_throughput.py --benchmark-enable -s` prints the table for ResNet-18 at
64 pixels; `python -m tests.benchmarks.training_throughput --help` does it for other encoders and sizes. Disabled (the
usual test run) a tiny network takes two steps, so that the code here keeps working.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from tests.benchmarks.training_throughput import Case, Result, has_bf16, measure, table_lines

TINY = {"projection": 8, "mlp_hidden": 8, "kernel_size": 3, "n_heads": 2}


def _measured(benchmark: BenchmarkFixture, case: Case, folder: Path, capsys: pytest.CaptureFixture[str]) -> Result:
    result: Result = benchmark.pedantic(
        measure, (case, folder / "run", 2 if benchmark.enabled else 1), rounds=1, iterations=1
    )
    with capsys.disabled():
        print("", *table_lines([result]), sep="\n")
    return result


# Where imageio is installed: it leaves the pipes of its ffmpeg to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize(("is_frozen", "goal"), [(True, 4.0), (False, 1.5)])
def test_clips_a_second(
    is_frozen: bool,
    goal: float,
    benchmark: BenchmarkFixture,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if benchmark.enabled:
        case = Case(is_frozen=is_frozen, precision="bf16" if has_bf16() and not is_frozen else "fp32")
    else:
        case = Case(size=32, is_frozen=is_frozen, batch_size=2, n_steps=1, options=TINY)
    result = _measured(benchmark, case, tmp_path, capsys)
    assert result.ours.wall > 0
    assert result.authors.wall > 0
    if benchmark.enabled:
        assert result.ours.cpu / result.authors.cpu >= goal
