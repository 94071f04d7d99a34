-- Measured sources of scans in the HEALPix cells around standards, found by the primary key: src_id is the cell (order 12)
-- before 25 bits of the scan and 10 of the sequence.
SELECT p.src_id, p.scan_key, p.ra, p.decl, p.j_m, p.h_m, p.k_m, p.j_msig, p.h_msig, p.k_msig, p.j_snr, p.h_snr, p.k_snr,
       p.j_psfchi, p.h_psfchi, p.k_psfchi, p.rd_flg, p.bl_flg, p.cc_flg, p.dist_edge_ns, p.dist_edge_ew
FROM unnest(%(scan_keys)s::integer[], %(cells)s::bigint[]) AS g (scan_key, cell)
CROSS JOIN LATERAL (
    SELECT p.* FROM wsdb.point_source AS p
    WHERE p.run_id = %(run_id)s
      AND p.src_id >= (g.cell << 35) | (g.scan_key::bigint << 10)
      AND p.src_id < ((g.cell << 35) | (g.scan_key::bigint << 10)) + 1024
) AS p
ORDER BY p.scan_key, p.src_id
