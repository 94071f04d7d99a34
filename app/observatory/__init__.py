"""The simulated observatory: sky, camera, scans and nights with a truth table."""
