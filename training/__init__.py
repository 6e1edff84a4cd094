"""From labelled videos to checkpoints: cohorts, folds, features, fitting, and the statistics that judge the result."""
