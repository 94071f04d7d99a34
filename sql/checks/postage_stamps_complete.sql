-- Every extended source of an accepted attempt has a postage stamp as large as its row says.
SELECT e.run_id, e.ext_id, e.im_nx, p.side_pix
FROM wsdb.extended_measurement AS e
JOIN production.attempt AS a USING (attempt_id)
LEFT JOIN wsdb.postage_stamp AS p ON p.run_id = e.run_id AND p.ext_id = e.ext_id
WHERE a.accepted AND e.im_nx IS NOT NULL AND p.side_pix IS DISTINCT FROM e.im_nx
ORDER BY e.run_id, e.ext_id;
