"""The tables of a sweep in the paper's form, and what has to be said of them."""

from __future__ import annotations

from dataclasses import replace

from training.sweep.results import BY_CURVE, MICRO, SweepResults
from training.tables import ModelName, ModelSummary, PaperTable, SummaryTable, fold_layout, summary_layout
from training.tables.layout import Flag

OPTIMISTIC = (
    "Choosing a value by the columns of the test set is optimistic: the set that chose it then also judges it (the "
    "paper's Tables 8 and 9 are made so). Choose by the validation columns; the test columns then say what was gained."
)
VALIDATED = (
    "The validation clips also chose the epoch of each training, so their areas are a little too high themselves; that "
    "holds for every value alike."
)
OTHER_CLIPS = (
    "Clips of another length are other cases with other labels, so a part of every difference is theirs and no pairs "
    "are tested; with --level video every length is judged on the same videos."
)
ONE_TEST_SET = (
    "All folds are judged on the same test cases: the standard deviation says how much models differ that were trained "
    "on other patients, not how much other test patients would change the areas."
)
TOO_NARROW = "Intervals and stars take cases of one patient for independent, so they are too sure of themselves."
_BESIDE = (MICRO, BY_CURVE)


def main_table(results: SweepResults) -> PaperTable:
    """A row per value: the test set's areas, and the validation set's averages beside them; the value that validation
    chooses has a mark."""
    test, valid = results.summary("test"), results.summary("valid")
    places = [valid.columns.index(name) for name in _BESIDE]
    rows = tuple(
        replace(ours, values=(*ours.values, *(theirs.values[place] for place in places)))
        for ours, theirs in zip(test.rows, valid.rows, strict=True)
    )
    columns = (*test.columns, *(f"Validation {name[0].lower()}{name[1:]}" for name in _BESIDE))
    chosen = results.best("valid")
    flags = () if chosen is None else (Flag(ModelName(chosen), columns[-1], "the value that validation chooses."),)
    return _told(results, f"{results.kind.title}: AUC on the test set", SummaryTable(columns, rows), flags)


def validation_table(results: SweepResults) -> PaperTable:
    """The same areas on the validation set."""
    return _told(results, f"{results.kind.title}: AUC on the validation set", results.summary("valid"), ())


def folds_table(results: SweepResults) -> PaperTable:
    """Areas with DeLong's interval by fold, as Table 7."""
    reference = results.reference if results.pairs else None
    title = f"{results.kind.title}: AUC by fold, test set"
    table = fold_layout(title, results.fold_table(), ModelName(reference) if reference else None)
    header = tuple(results.kind.heading if name == "Model" else name for name in table.header)
    notes = table.notes if reference else ("AUC (95 % interval by DeLong).",)
    has_clusters = results.level != "patient" and results.points[0].folds[0].test.joined.cluster_kind == "patient"
    return PaperTable(title, header, table.rows, (*notes, TOO_NARROW) if has_clusters else notes)


def remarks(results: SweepResults) -> list[str]:
    """Paragraphs for the top of the report: what was judged, what is optimistic, what is missing."""
    said = [_cases(results), OPTIMISTIC, VALIDATED]
    if choice := choice_sentence(results):
        said.insert(1, choice)
    if results.n_folds > 1 and results.has_one_test_set():
        said.append(ONE_TEST_SET)
    if results.kind.name == "clip-length" and results.level == "clip":
        said.append(OTHER_CLIPS)
    if results.missing:
        said.append("Not in the tables: " + " ".join(f"{one.value}: {one.reason}" for one in results.missing))
    return said


def choice_sentence(results: SweepResults) -> str:
    """Which value validation chooses, and which one would look best on the test set; "" without two to choose from."""
    chosen, best = results.best("valid"), results.best("test")
    if chosen is None or best is None:
        return ""
    heading = results.kind.heading
    if chosen == best:
        return f"{heading} {chosen} is best in macro AUC by curve on the validation set, and on the test set."
    test = {row.name.model: row for row in results.summary("test").rows}
    place = results.summary("test").columns.index(BY_CURVE)
    ours, theirs = _mean(test[chosen], place), _mean(test[best], place)
    return (
        f"{heading} {chosen} is best in macro AUC by curve on the validation set (test {ours}); on the test set it is "
        f"{best} ({theirs}), which must not be chosen for that."
    )


def _mean(row: ModelSummary, place: int) -> str:
    return f"{row.values[place].mean:.3f}"


def _told(results: SweepResults, title: str, table: SummaryTable, flags: tuple[Flag, ...]) -> PaperTable:
    laid = summary_layout(title, table, flags=flags)
    over = "" if results.n_folds > 1 else f"One fold ({results.points[0].folds[0].fold}). "
    key, *marked = laid.notes
    if results.n_folds == 1:
        key = key.removeprefix("Mean ± standard deviation over folds (n - 1). ")
    notes = [f"{over}{key}", *marked, OPTIMISTIC]
    if results.missing:
        notes.append(f"Not in the table: {', '.join(one.value for one in results.missing)}.")
    return PaperTable(title, (results.kind.heading, *laid.header[1:]), laid.rows, tuple(notes))


def _cases(results: SweepResults) -> str:
    """How many cases each part has, by value where they differ."""
    counts = {
        point.value: (len(point.folds[0].test.joined.labels), len(point.folds[0].valid.joined.labels))
        for point in results.points
    }
    first = results.points[0].folds[0].test.joined
    patients = f", {len(set(first.clusters))} test {first.cluster_kind}s" if first.cluster_kind != "clip" else ""
    plural = f"{results.level}s"
    if len(set(counts.values())) == 1:
        test, valid = next(iter(counts.values()))
        told = f"{test} test {plural} and {valid} validation {plural} in the first fold"
    else:
        by_value = "; ".join(f"{value}: {test} and {valid}" for value, (test, valid) in counts.items())
        told = f"Test and validation {plural} of the first fold by value: {by_value}"
    return f"{told}{patients}; {results.n_folds} {'fold' if results.n_folds == 1 else 'folds'}."
