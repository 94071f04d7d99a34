-- The hardware block of a night, unless an operator named it: the cameras of its raw files, whatever their order.
UPDATE survey.night AS n SET block = found.cameras
FROM (SELECT string_agg(DISTINCT f.header ->> 'CAMERA', '+' ORDER BY f.header ->> 'CAMERA') AS cameras
      FROM survey.raw_file AS f JOIN survey.night AS o USING (night_id)
      WHERE o.hemis = %(hemis)s AND o.date = %(date)s AND f.kind <> 'atlas') AS found
WHERE n.hemis = %(hemis)s AND n.date = %(date)s AND NOT n.block_named AND n.block IS DISTINCT FROM found.cameras
