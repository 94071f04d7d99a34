"""The bands of a scan merged into rows, with limits, grades and Read_1 magnitudes."""
