"""A third reader decides between two sheets: who may, what is begun, and each decision as one edit."""

from __future__ import annotations

from luv_viewer.comparing import SOURCES, VERDICTS, Comparing
from luv_viewer.domain.adjudication import begun, decide, is_begun, usable_sources
from luv_viewer.domain.annotation import Decision, VideoAnnotation
from luv_viewer.domain.disagreement import Disagreement
from luv_viewer.domain.edit import JsonValue
from luv_viewer.domain.label_sheet import SheetRow
from luv_viewer.domain.reader_file import Role
from luv_viewer.domain.span_set import SpanSet
from luv_viewer.notebook import Notebook
from luv_viewer.widgets.disagreement_list import Verdict
from luv_viewer.widgets.main_window import MainWindow


class Adjudicating:
    """Edits the notebook of an adjudicator. Why something is not done is said in the window's status bar."""

    def __init__(self, notebook: Notebook, window: MainWindow) -> None:
        self._notebook, self._window = notebook, window

    def start(self, comparing: Comparing | None, study_id: str) -> bool:
        """Take over what both readers say of the video shown, as one edit; False when that was not possible."""
        ready = self._ready(comparing, study_id)
        if ready is None:
            return False
        annotation, pair, raw = ready
        try:
            after = begun(annotation, *pair)
        except ValueError as error:
            self._window.hint(f"This video cannot be adjudicated: {error}.")
            return False
        return self._notebook.apply(after, "begin adjudication", raw)

    def decide(self, comparing: Comparing | None, study_id: str, one: Disagreement | None, verdict: Verdict) -> bool:
        """Decide a disagreement of the video shown, as one edit; False when that was not possible."""
        ready = self._ready(comparing, study_id)
        if ready is None:
            return False
        annotation, pair, raw = ready
        if not is_begun(annotation, *pair):
            self._window.hint("Start adjudicating this video first (button in the panel Compare).")
            return False
        if one is None:
            self._window.hint("Choose a disagreement of this video first (N).")
            return False
        source = SOURCES[verdict]
        own = annotation.present_frames(one.pattern) & SpanSet.of(one.span)
        try:
            after = decide(annotation, Decision(one.pattern, one.span, source), *pair, own=own)
        except ValueError as error:
            self._window.hint(f"{str(error)[:1].upper()}{str(error)[1:].rstrip('.')}.")
            return False
        return after == annotation or self._notebook.apply(after, f"decide as {source.value}", raw)

    def show(self, comparing: Comparing, study_id: str, one: Disagreement | None, index: int | None, left: int) -> None:
        """What the panel offers: why not, to begin, or the answers to `one`, which stands at `index` of its list."""
        panel, annotation, pair = self._window.comparison_panel, self._notebook.annotation, comparing.pair(study_id)
        refusal = self._refusal(comparing, study_id)
        if refusal or pair is None or annotation is None:
            panel.refuse_adjudication(refusal)
        elif not is_begun(annotation, *pair):
            panel.offer_adjudication()
        else:
            usable = usable_sources(one.pattern, one.span, *pair) if one is not None else ()
            panel.ask_decision(index, left, [VERDICTS[source] for source in usable])

    def _ready(
        self, comparing: Comparing | None, study_id: str
    ) -> tuple[VideoAnnotation, tuple[SheetRow, SheetRow], dict[str, JsonValue]] | None:
        """Own annotation of the video shown, both readers' ones, what the edit says of them; None, said, if not."""
        refusal = self._refusal(comparing, study_id)
        pair = comparing.pair(study_id) if comparing is not None else None
        annotation = self._notebook.annotation
        if refusal or comparing is None or pair is None or annotation is None:
            self._window.hint(refusal)
            return None
        return annotation, pair, _raw(comparing)

    def _refusal(self, comparing: Comparing | None, study_id: str) -> str:
        """Why the video shown cannot be adjudicated, as a sentence; "" when it can."""
        reader, notebook = self._notebook.reader, self._notebook
        if comparing is None:
            return "Compare two sheets first."
        if reader is None or reader.role is not Role.ADJUDICATOR:
            who = "Nobody reads now" if reader is None else f"{reader.name} reads as {reader.role.value}"
            return f"{who}: deciding between two sheets is for an adjudicator of the project."
        if comparing.mine is not None:
            return "Nobody decides about their own sheet: compare two other readers."
        if comparing.pair(study_id) is None:
            return "The video shown is not in both sheets, or not with the same pictures."
        if notebook.annotation is None:
            return notebook.refusal or "The video shown is still being recognised."
        return notebook.lock


def _raw(comparing: Comparing) -> dict[str, JsonValue]:
    """Whose sheets a decision is about, for the record."""
    return {"sheet_a": comparing.names[0], "sheet_b": comparing.names[1]}
