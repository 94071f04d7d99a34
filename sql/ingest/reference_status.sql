-- Which catalogues are loaded: stars, and those with proper motions.
SELECT catalogue, count(*), count(pm_ra_mas_yr) FROM reference.star GROUP BY catalogue ORDER BY catalogue
