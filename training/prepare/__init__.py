"""From hospital files and readers' sheets to what training starts from: index, export, clips, split."""
