-- Chosen scans of a release: corners of what all bands cover, grade, and by band the magnitude of SNR 10 and the error of the zero point.
SELECT ra_1, dec_1, ra_2, dec_2, ra_4, dec_4, ra_3, dec_3, qual, j_msnr10, h_msnr10, k_msnr10, j_zperr_ap, h_zperr_ap, k_zperr_ap
FROM release.scn WHERE release_id = %(release_id)s ORDER BY scan_key
