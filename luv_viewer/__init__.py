"""LUV Viewer: a lung-ultrasound viewer that shows which frames LUV-Net attends to. Research use only."""

__version__ = "0.1.0"
RESEARCH_USE = "Research use only. Not for diagnosis."
