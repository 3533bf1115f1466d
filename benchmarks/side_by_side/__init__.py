"""Side-by-side measurements: the pipeline and other ways to the same result, on the same file in the same run."""
