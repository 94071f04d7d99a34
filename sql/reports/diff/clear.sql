-- Make the working tables empty for the next product.
TRUNCATE diff_pair, diff_row
