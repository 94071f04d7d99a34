-- Content hashes of a release, in plain SQL: anybody who can read the release can recompute its manifest.
--
-- A row is the text of its columns as PostgreSQL writes a row (floats shortest-precise, dates ISO, blanks of CHAR kept);
-- release_id is left out, so equal content has equal hashes in any release. Rows go in key order into blocks (psc, xsc: a
-- thousand keys; atlas: a coadd_key); a block's hash is SHA-256 over its rows, ended by line feeds; the hash of a part of
-- the sky is SHA-256 over the hexadecimal hashes of its blocks, in key order and without anything between them. So
-- memory holds one block of rows at a time. The line `all` of a product is made the same way from all its blocks.
-- The footprint of an image is not hashed: pgSphere may write it otherwise one day, and the file's own hash stands for it.
-- Parts: HEALPix order 1, nested = the highest five or six of the 63 bits of src_id or ext_id. Atlas images: only `all`.
CREATE OR REPLACE FUNCTION release.content_hashes(release_id integer)
RETURNS TABLE (product text, partition text, rows bigint, sha256 text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, public SET extra_float_digits = 1 SET "DateStyle" = 'ISO, YMD' SET "TimeZone" = 'UTC' AS $function$
    WITH psc AS (
        SELECT
            'psc' AS product, (p.src_id >> 57)::text AS partition, p.src_id >> 57 AS pixel, p.pts_key / 1000 AS block, count(*) AS rows,
            encode(sha256(convert_to(string_agg(ROW(
                p.run_id, p.src_id, p.ra, p.decl, p.err_maj, p.err_min, p.err_ang, p.designation, p.j_m, p.j_cmsig,
                p.j_msigcom, p.j_snr, p.h_m, p.h_cmsig, p.h_msigcom, p.h_snr, p.k_m, p.k_cmsig, p.k_msigcom, p.k_snr,
                p.ph_qual, p.rd_flg, p.bl_flg, p.cc_flg, p.ndet, p.prox, p.pxpa, p.pxcntr, p.gal_contam, p.mp_flg,
                p.pts_key, p.hemis, p.date, p.scan, p.glon, p.glat, p.x_scan, p.jdate, p.j_psfchi, p.h_psfchi,
                p.k_psfchi, p.j_m_stdap, p.j_msig_stdap, p.h_m_stdap, p.h_msig_stdap, p.k_m_stdap, p.k_msig_stdap,
                p.dist_edge_ns, p.dist_edge_ew, p.dist_edge_flg, p.dup_src, p.use_src, p.a, p.dist_opt, p.phi_opt,
                p.b_m_opt, p.vr_m_opt, p.nopt_mchs, p.ext_key, p.scan_key, p.coadd_key, p.coadd
            )::text || E'\n', '' ORDER BY p.pts_key), 'UTF8')), 'hex') AS hash
        FROM release.psc AS p WHERE p.release_id = content_hashes.release_id
        GROUP BY p.src_id >> 57, p.pts_key / 1000
    ),
    xsc AS (
        SELECT
            'xsc' AS product, (x.ext_id >> 57)::text AS partition, x.ext_id >> 57 AS pixel, x.ext_key / 1000 AS block, count(*) AS rows,
            encode(sha256(convert_to(string_agg(ROW(
                x.ext_key, x.designation, x.ext_id, x.attempt_id, x.src_id, x.ra, x.decl, x.run_id, x.scan_key,
                x.coadd_key, x.r_3sig, x.j_ba, x.j_phi, x.j_m_5, x.j_msig_5, x.j_m_7, x.j_msig_7, x.j_m_10,
                x.j_msig_10, x.j_m_15, x.j_msig_15, x.j_m_20, x.j_msig_20, x.j_m_25, x.j_msig_25, x.j_m_30,
                x.j_msig_30, x.j_m_40, x.j_msig_40, x.j_m_50, x.j_msig_50, x.j_m_60, x.j_msig_60, x.j_m_70,
                x.j_msig_70, x.h_ba, x.h_phi, x.h_m_5, x.h_msig_5, x.h_m_7, x.h_msig_7, x.h_m_10, x.h_msig_10,
                x.h_m_15, x.h_msig_15, x.h_m_20, x.h_msig_20, x.h_m_25, x.h_msig_25, x.h_m_30, x.h_msig_30, x.h_m_40,
                x.h_msig_40, x.h_m_50, x.h_msig_50, x.h_m_60, x.h_msig_60, x.h_m_70, x.h_msig_70, x.k_ba, x.k_phi,
                x.k_m_5, x.k_msig_5, x.k_m_7, x.k_msig_7, x.k_m_10, x.k_msig_10, x.k_m_15, x.k_msig_15, x.k_m_20,
                x.k_msig_20, x.k_m_25, x.k_msig_25, x.k_m_30, x.k_msig_30, x.k_m_40, x.k_msig_40, x.k_m_50,
                x.k_msig_50, x.k_m_60, x.k_msig_60, x.k_m_70, x.k_msig_70, x.coadd
            )::text || E'\n', '' ORDER BY x.ext_key), 'UTF8')), 'hex') AS hash
        FROM release.xsc AS x WHERE x.release_id = content_hashes.release_id
        GROUP BY x.ext_id >> 57, x.ext_key / 1000
    ),
    atlas AS (
        SELECT
            'atlas' AS product, NULL AS partition, 0::bigint AS pixel, a.coadd_key AS block, count(*) AS rows,
            encode(sha256(convert_to(string_agg(ROW(
                a.coadd_key, a.scan_key, a.band, a.number, a.ra, a.decl, a.url, a.sha256, a.zero_point_mag
            )::text || E'\n', '' ORDER BY a.band, a.image_id), 'UTF8')), 'hex') AS hash
        FROM release.atlas AS a WHERE a.release_id = content_hashes.release_id
        GROUP BY a.coadd_key
    ),
    block AS (
        SELECT * FROM psc UNION ALL SELECT * FROM xsc UNION ALL SELECT * FROM atlas
    )
    SELECT b.product, b.partition, sum(b.rows)::bigint,
           encode(sha256(convert_to(string_agg(b.hash, '' ORDER BY b.block), 'UTF8')), 'hex')
    FROM block AS b WHERE b.partition IS NOT NULL
    GROUP BY b.product, b.partition
    UNION ALL
    SELECT wanted.product, 'all', coalesce(sum(b.rows), 0)::bigint,
           encode(sha256(convert_to(coalesce(string_agg(b.hash, '' ORDER BY b.pixel, b.block), ''), 'UTF8')), 'hex')
    FROM (VALUES ('psc'), ('xsc'), ('atlas')) AS wanted (product)
    LEFT JOIN block AS b ON b.product = wanted.product
    GROUP BY wanted.product
$function$;
COMMENT ON FUNCTION release.content_hashes(integer) IS 'Row counts and SHA-256 hashes of a release, by product and part of the sky';
