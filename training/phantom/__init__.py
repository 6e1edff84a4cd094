"""The synthetic study generator: lung-ultrasound videos whose findings are known frame by frame (systems.md 9).

Frames are simulated beam by beam (depth x beam) as sums of scattered and mirror-like echoes, then scan-converted. All
lengths are centimetres. Everything follows from a seed: the same seed gives the same pixels.
"""
