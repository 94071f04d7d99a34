-- Whether raw scans of the sky are there and no reference star: their positions would be those of the pointing alone.
SELECT EXISTS (SELECT FROM survey.scan WHERE entry = 'raw' AND kind = 'sci') AND NOT EXISTS (SELECT FROM reference.star)
