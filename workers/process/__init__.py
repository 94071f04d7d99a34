"""The worker as a process: its loop, renewal, stopping, faults, memory and compiled kernels."""
