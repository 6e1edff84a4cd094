"""What `luv benchmark` measures: plain functions that write a row as soon as it is known."""
