"""Engines that run a network: torch and OpenVINO behind one small contract (`contract.Runtime`)."""
