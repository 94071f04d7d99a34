"""Stars that saturate: found and measured on Read_1."""
