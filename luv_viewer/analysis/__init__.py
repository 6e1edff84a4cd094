"""What needs a video and a network: predicting a video, its figure, a whole batch of files. Never imports Qt."""
