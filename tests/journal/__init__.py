"""The memory: records, the stores that keep them, and what happens to both when the disk or the process fails."""
