"""Edit › Settings: theme, scale, playback, AI device, keys."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QHeaderView,
    QLabel,
    QSpinBox,
    QTableWidget,
    QTableWidgetItem,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from luv_viewer.settings import BOUNDS, Settings
from luv_viewer.widgets.key_table import ACTIONS, PRESETS, KeyConflictError, key_table, normal

_DEVICES = (
    ("Automatic: GPU when there is one", "auto"),
    ("Processor", "cpu"),
    ("CUDA GPU", "cuda"),
    ("Apple GPU", "mps"),
    ("Processor, OpenVINO", "openvino"),
    ("Processor, torch", "torch"),
)
_PRECISIONS = (
    ("Automatic: the fastest that agrees with float32", "auto"),
    ("float32: exact", "fp32"),
    ("bf16: faster, less exact", "bf16"),
    ("int8: least exact, calibrated on this computer", "int8"),
)


class SettingsDialog(QDialog):
    """Takes settings, gives settings: `chosen()` after it was accepted. Keys in conflict cannot be accepted."""

    def __init__(self, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Settings")
        self.resize(640, 560)
        self._settings = settings
        self._error = QLabel()
        self._error.setWordWrap(True)
        self._error.setAccessibleName("Key conflict")
        self._buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        self._buttons.accepted.connect(self.accept)
        self._buttons.rejected.connect(self.reject)
        tabs = QTabWidget()
        tabs.addTab(self._general_page(), "General")
        tabs.addTab(self._keys_page(), "Keys")
        layout = QVBoxLayout(self)
        layout.addWidget(tabs, 1)
        layout.addWidget(self._error)
        layout.addWidget(self._buttons)
        self._fill_keys()

    def chosen(self) -> Settings:
        """The settings as the dialog shows them."""
        return replace(
            self._settings,
            theme=self.theme.currentData(),
            scale_percent=self.scale.value(),
            autoplay=self.autoplay.isChecked(),
            frame_budget_mb=self.frame_budget.value(),
            map_opacity_percent=self.map_opacity.value(),
            ai_enabled=self.ai_enabled.isChecked(),
            dense=self.dense.isChecked(),
            device=self.device.currentData(),
            precision=self.precision.currentData(),
            key_preset=self.preset.currentText(),
            key_overrides=self._overrides(),
        )

    def _general_page(self) -> QWidget:
        page = QWidget()
        form = QFormLayout(page)
        form.setVerticalSpacing(12)
        self.theme = _choice((("Dark (reading room)", "dark"), ("Light", "light")), self._settings.theme)
        self.scale = QSpinBox()
        self.scale.setRange(*BOUNDS["scale_percent"])
        self.scale.setSingleStep(25)
        self.scale.setSuffix(" %")
        self.scale.setValue(self._settings.scale_percent)
        self.autoplay = _check("Start playing when a video opens", self._settings.autoplay)
        self.frame_budget = QSpinBox()
        self.frame_budget.setRange(*BOUNDS["frame_budget_mb"])
        self.frame_budget.setSingleStep(32)
        self.frame_budget.setSuffix(" MB")
        self.frame_budget.setValue(self._settings.frame_budget_mb)
        self.frame_budget.setAccessibleName("Memory for decoded frames")
        self.frame_budget.setToolTip("A frame of 1232 x 924 pixels takes 3.3 MB; more memory makes going back faster.")
        self.map_opacity = QSpinBox()
        self.map_opacity.setRange(*BOUNDS["map_opacity_percent"])
        self.map_opacity.setSingleStep(10)
        self.map_opacity.setSuffix(" %")
        self.map_opacity.setValue(self._settings.map_opacity_percent)
        self.map_opacity.setAccessibleName("Opacity of maps over the picture")
        self.map_opacity.setToolTip("View › Attention map: how much the hottest part hides of the picture.")
        self.ai_enabled = _check("Run LUV-Net when a video opens", self._settings.ai_enabled)
        self.dense = _check("Dense: a clip at every frame (finer curves)", self._settings.dense)
        self.device = _choice(_DEVICES, self._settings.device)
        self.precision = _choice(_PRECISIONS, self._settings.precision)
        form.addRow("Theme", self.theme)
        form.addRow("Size of everything", self.scale)
        note = QLabel("The size takes effect when LUV Viewer starts again.")
        note.setObjectName("muted")
        form.addRow("", note)
        form.addRow("Playback", self.autoplay)
        form.addRow("Memory for decoded frames", self.frame_budget)
        form.addRow("Maps over the picture", self.map_opacity)
        form.addRow("AI", self.ai_enabled)
        form.addRow("", self.dense)
        form.addRow("AI runs on", self.device)
        form.addRow("AI precision", self.precision)
        return page

    def _keys_page(self) -> QWidget:
        page = QWidget()
        layout = QVBoxLayout(page)
        self.preset = QComboBox()
        self.preset.addItems(list(PRESETS))
        self.preset.setCurrentText(self._settings.key_preset)
        self.preset.activated.connect(self._preset_chosen)
        self.keys = QTableWidget(len(ACTIONS), 2)
        self.keys.setHorizontalHeaderLabels(["Action", "Keys (several: separate with ;)"])
        self.keys.verticalHeader().hide()
        self.keys.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.keys.cellChanged.connect(lambda *_: self._validate())
        form = QFormLayout()
        form.addRow("Preset", self.preset)
        layout.addLayout(form)
        layout.addWidget(self.keys, 1)
        return page

    def _fill_keys(self) -> None:
        table = key_table(self._settings.key_preset, self._settings.key_overrides)
        self._write_keys(table)

    def _write_keys(self, table: dict[str, tuple[str, ...]]) -> None:
        self.keys.blockSignals(True)
        for row, spec in enumerate(ACTIONS):
            name = QTableWidgetItem(f"{spec.menu}: {spec.text.replace('&', '')}")
            name.setFlags(Qt.ItemFlag.ItemIsEnabled)
            self.keys.setItem(row, 0, name)
            self.keys.setItem(row, 1, QTableWidgetItem("; ".join(map(normal, table[spec.name]))))
        self.keys.blockSignals(False)
        self._validate()

    def _preset_chosen(self) -> None:
        self._write_keys(key_table(self.preset.currentText(), {}))

    def _overrides(self) -> dict[str, str]:
        """What differs from the chosen preset."""
        plain = key_table(self.preset.currentText(), {})
        typed = {spec.name: self._typed(row) for row, spec in enumerate(ACTIONS)}
        return {name: "; ".join(keys) for name, keys in typed.items() if keys != tuple(map(normal, plain[name]))}

    def _typed(self, row: int) -> tuple[str, ...]:
        item = self.keys.item(row, 1)
        parts = item.text().split(";") if item else []
        return tuple(normal(part.strip()) for part in parts if part.strip())

    def _validate(self) -> None:
        problem = ""
        for row in range(len(ACTIONS)):
            if "" in self._typed(row):
                item = self.keys.item(row, 1)
                problem = f"“{item.text() if item else ''}” is not a key. Write keys like Ctrl+O, Left or F5."
        try:
            key_table(self.preset.currentText(), self._overrides())
        except KeyConflictError as error:
            problem = str(error)
        self._error.setText(problem)
        self._buttons.button(QDialogButtonBox.StandardButton.Ok).setEnabled(not problem)


def _choice(entries: tuple[tuple[str, str], ...], current: str) -> QComboBox:
    box = QComboBox()
    for text, value in entries:
        box.addItem(text, value)
    box.setCurrentIndex(max(0, box.findData(current)))
    return box


def _check(text: str, checked: bool) -> QCheckBox:
    box = QCheckBox(text)
    box.setChecked(checked)
    return box
