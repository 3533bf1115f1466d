"""What every measured process has in common, so that nobody is given more than the others."""

THREADS = 2
MEMORY_LIMIT = "3GB"
TIME_ZONE = "America/New_York"
SEGMENTS = 3
SEED = 7

# Libraries read these when they are imported, so they are set before a process starts.
ENVIRONMENT = {
    "OMP_NUM_THREADS": str(THREADS),
    "OPENBLAS_NUM_THREADS": str(THREADS),
    "POLARS_MAX_THREADS": str(THREADS),
    "DO_NOT_TRACK": "1",
}
