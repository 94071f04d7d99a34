-- How the server writes values of a bulk text in this transaction: ISO dates, and numbers in the shortest form that
-- reads back as the same number.
SELECT set_config('DateStyle', 'ISO, YMD', true), set_config('extra_float_digits', '1', true)
