"""The simulated observatory: sky, camera, scans and nights with a truth table."""

from pathlib import Path

from app.kernel_place import use_kernel_place

# Before any module declares a kernel: numba chooses the folder of a kernel's compiled code when it is declared.
use_kernel_place(Path(__file__).parent / "__pycache__")
