-- Tables of the first version: executed once by migrations/versions/0001_first_version.py, and never edited after a
-- release. Written by `python -m app.tools.first_tables`. Functions, views and roles are in sql/schema/hand/.
CREATE EXTENSION IF NOT EXISTS pg_sphere;
CREATE EXTENSION IF NOT EXISTS btree_gist;

CREATE SCHEMA survey;
COMMENT ON SCHEMA survey IS 'What was observed: sites, tiles, nights, scans, frames and raw files';
CREATE SCHEMA calibration;
COMMENT ON SCHEMA calibration IS 'Darks, flats, masks and zero points, each with its span of validity';
CREATE SCHEMA production;
COMMENT ON SCHEMA production IS 'Pipelines, runs, tasks and attempts: who does what, exactly once';
CREATE SCHEMA wsdb;
COMMENT ON SCHEMA wsdb IS 'The Working Source Database: one row per extraction of every run';
CREATE SCHEMA quality;
COMMENT ON SCHEMA quality IS 'Metrics and grades of scans';
CREATE SCHEMA release;
COMMENT ON SCHEMA release IS 'Immutable products selected from the working database by SQL';
CREATE SCHEMA reference;
COMMENT ON SCHEMA reference IS 'Reference stars for astrometry';
CREATE SCHEMA catalogue;
COMMENT ON SCHEMA catalogue IS 'Views of released catalogues by the names of releases, and what their columns mean';
CREATE SCHEMA ivoa;
COMMENT ON SCHEMA ivoa IS 'Views that standards of the virtual observatory name';
CREATE SCHEMA tap_schema;
COMMENT ON SCHEMA tap_schema IS 'Tables about tables (IVOA TAP)';
CREATE SCHEMA access;
COMMENT ON SCHEMA access IS 'Queries of people that are answered later';

CREATE SEQUENCE production.token;
COMMENT ON SEQUENCE production.token IS 'Fencing tokens of attempts: only ever grows';

CREATE TABLE access.job (
    job_id TEXT NOT NULL,
    phase TEXT NOT NULL,
    parameters JSONB NOT NULL,
    label TEXT,
    client TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    started_at TIMESTAMP WITH TIME ZONE,
    ended_at TIMESTAMP WITH TIME ZONE,
    destroyed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    limit_seconds DOUBLE PRECISION NOT NULL,
    error_text TEXT,
    result_format TEXT,
    result_bytes BIGINT,
    result_rows INTEGER,
    overflow BOOLEAN DEFAULT false NOT NULL,
    CONSTRAINT pk_job PRIMARY KEY (job_id),
    CONSTRAINT ck_job_phase_known CHECK (phase IN ('PENDING', 'QUEUED', 'EXECUTING', 'COMPLETED', 'ERROR', 'ABORTED'))
);
CREATE INDEX ix_job_phase ON access.job (phase, created_at);
COMMENT ON TABLE access.job IS 'Asynchronous queries: they outlive the service''s process';
COMMENT ON COLUMN access.job.job_id IS 'Key, random: who knows it may read and end the job';
COMMENT ON COLUMN access.job.phase IS 'Phase of UWS';
COMMENT ON COLUMN access.job.parameters IS 'Parameters as they were sent, names in capitals';
COMMENT ON COLUMN access.job.label IS 'RUNID of the client; null without one';
COMMENT ON COLUMN access.job.client IS 'Address that made it: jobs of a client are limited';
COMMENT ON COLUMN access.job.created_at IS 'When it was made';
COMMENT ON COLUMN access.job.started_at IS 'When its query began; null before';
COMMENT ON COLUMN access.job.ended_at IS 'When it ended; null before';
COMMENT ON COLUMN access.job.destroyed_at IS 'When it and its result are removed';
COMMENT ON COLUMN access.job.limit_seconds IS 'Longest duration of its query; 0: the service''s limit';
COMMENT ON COLUMN access.job.error_text IS 'What went wrong; null unless in phase ERROR';
COMMENT ON COLUMN access.job.result_format IS 'Media type of the result; null without one';
COMMENT ON COLUMN access.job.result_bytes IS 'Size of the result; null without one';
COMMENT ON COLUMN access.job.result_rows IS 'Rows of the result; null without one';
COMMENT ON COLUMN access.job.overflow IS 'Whether rows beyond the limit were left out';

CREATE TABLE production.pipeline (
    pipeline_id INTEGER GENERATED ALWAYS AS IDENTITY,
    code_version TEXT NOT NULL,
    code_commit TEXT NOT NULL,
    parameters JSONB NOT NULL,
    parameters_hash CHAR(64) NOT NULL,
    pipeline_hash CHAR(64) NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    frozen_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_pipeline PRIMARY KEY (pipeline_id),
    CONSTRAINT uq_pipeline_pipeline_hash UNIQUE (pipeline_hash)
);
COMMENT ON TABLE production.pipeline IS 'Code version and parameter set, hashed';
COMMENT ON COLUMN production.pipeline.pipeline_id IS 'Key';
COMMENT ON COLUMN production.pipeline.code_version IS 'Version of the code';
COMMENT ON COLUMN production.pipeline.code_commit IS 'Commit of the code; ''unknown'' outside a checkout';
COMMENT ON COLUMN production.pipeline.parameters IS 'Parameter set of the reduction';
COMMENT ON COLUMN production.pipeline.parameters_hash IS 'SHA-256 of the canonical parameters';
COMMENT ON COLUMN production.pipeline.pipeline_hash IS 'SHA-256 of code version, commit and parameters';
COMMENT ON COLUMN production.pipeline.created_at IS 'When it was registered';
COMMENT ON COLUMN production.pipeline.frozen_at IS 'When it was frozen; null while it may follow the code';

CREATE TABLE production.task_kind (
    kind TEXT NOT NULL,
    scope TEXT NOT NULL,
    position SMALLINT NOT NULL,
    CONSTRAINT pk_task_kind PRIMARY KEY (kind),
    CONSTRAINT uq_task_kind_kind_scope UNIQUE (kind, scope),
    CONSTRAINT ck_task_kind_scope_known CHECK (scope IN ('scan', 'night', 'block', 'cell', 'run'))
);
COMMENT ON TABLE production.task_kind IS 'Kinds of task, from the plan of the code (app/production/plan.py) that queued them last';
COMMENT ON COLUMN production.task_kind.kind IS 'Name of the kind';
COMMENT ON COLUMN production.task_kind.scope IS 'What its tasks are of: scan, night, block, cell or run';
COMMENT ON COLUMN production.task_kind.position IS 'Place in the plan: a kind waits for earlier ones only, and locks follow it';

CREATE TABLE quality.metric_definition (
    name TEXT NOT NULL,
    unit TEXT NOT NULL,
    better TEXT NOT NULL,
    scope TEXT NOT NULL,
    per_band BOOLEAN NOT NULL,
    description TEXT NOT NULL,
    formula TEXT NOT NULL,
    reference TEXT NOT NULL,
    derived BOOLEAN NOT NULL,
    unused_because TEXT,
    CONSTRAINT pk_metric_definition PRIMARY KEY (name),
    CONSTRAINT ck_metric_definition_better_known CHECK (better IN ('lower', 'higher', 'inside')),
    CONSTRAINT ck_metric_definition_scope_known CHECK (scope IN ('scan', 'night', 'block', 'run'))
);
COMMENT ON TABLE quality.metric_definition IS 'What each metric means; written from app/quality/ at every migration';
COMMENT ON COLUMN quality.metric_definition.name IS 'Name of the metric, unit included where it has one';
COMMENT ON COLUMN quality.metric_definition.unit IS 'Unit; 1 for ratios and counts';
COMMENT ON COLUMN quality.metric_definition.better IS 'lower, higher or inside (neither)';
COMMENT ON COLUMN quality.metric_definition.scope IS 'What one value is of: scan, night, block or run';
COMMENT ON COLUMN quality.metric_definition.per_band IS 'Whether each band has a value of its own';
COMMENT ON COLUMN quality.metric_definition.description IS 'What it says';
COMMENT ON COLUMN quality.metric_definition.formula IS 'How it is computed';
COMMENT ON COLUMN quality.metric_definition.reference IS 'Where that is argued, or the source';
COMMENT ON COLUMN quality.metric_definition.derived IS 'Whether SQL derives it from rows (quality.derived_metric), not an attempt';
COMMENT ON COLUMN quality.metric_definition.unused_because IS 'Why no rule and no specification uses it; null where one does';

CREATE TABLE quality.rule_set (
    rule_version TEXT NOT NULL,
    content_hash CHAR(64) NOT NULL,
    note TEXT NOT NULL,
    loaded_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    frozen_at TIMESTAMP WITH TIME ZONE,
    frozen_by TEXT,
    CONSTRAINT pk_rule_set PRIMARY KEY (rule_version),
    CONSTRAINT ck_rule_set_frozen_by_somebody CHECK ((frozen_at IS NULL) = (frozen_by IS NULL))
);
COMMENT ON TABLE quality.rule_set IS 'Versions of the rules; one that is frozen, or has given grades, never changes';
COMMENT ON COLUMN quality.rule_set.rule_version IS 'Version';
COMMENT ON COLUMN quality.rule_set.content_hash IS 'SHA-256 over the canonical rules';
COMMENT ON COLUMN quality.rule_set.note IS 'What this version is for';
COMMENT ON COLUMN quality.rule_set.loaded_at IS 'When';
COMMENT ON COLUMN quality.rule_set.frozen_at IS 'When it was frozen; null for a draft, whose grades no release uses';
COMMENT ON COLUMN quality.rule_set.frozen_by IS 'Who froze it';

CREATE TABLE reference.bright_star (
    name TEXT NOT NULL,
    ra DOUBLE PRECISION NOT NULL,
    decl DOUBLE PRECISION NOT NULL,
    j_mag REAL,
    h_mag REAL,
    k_mag REAL,
    CONSTRAINT pk_bright_star PRIMARY KEY (name),
    CONSTRAINT ck_bright_star_some_magnitude CHECK (coalesce(j_mag, h_mag, k_mag) IS NOT NULL)
);
COMMENT ON TABLE reference.bright_star IS 'Very bright stars, whose spikes and halos are known even if no scan extracted them';
COMMENT ON COLUMN reference.bright_star.name IS 'Name of the star';
COMMENT ON COLUMN reference.bright_star.ra IS 'Right ascension at the epoch of the survey, ICRS degrees';
COMMENT ON COLUMN reference.bright_star.decl IS 'Declination at the epoch of the survey, ICRS degrees';
COMMENT ON COLUMN reference.bright_star.j_mag IS 'J magnitude by published photometry; null where there is none';
COMMENT ON COLUMN reference.bright_star.h_mag IS 'H magnitude by published photometry; null where there is none';
COMMENT ON COLUMN reference.bright_star.k_mag IS 'Ks magnitude by published photometry; null where there is none';

CREATE TABLE reference.catalogue (
    catalogue_id INTEGER GENERATED ALWAYS AS IDENTITY,
    name TEXT NOT NULL,
    source TEXT NOT NULL,
    content_hash CHAR(64) NOT NULL,
    stars INTEGER NOT NULL,
    state TEXT NOT NULL,
    loaded_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    replaced_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_catalogue PRIMARY KEY (catalogue_id),
    CONSTRAINT uq_catalogue_content_hash UNIQUE (content_hash),
    CONSTRAINT ck_catalogue_state_known CHECK (state IN ('current', 'replaced')),
    CONSTRAINT ck_catalogue_replaced_has_time CHECK ((state = 'current') = (replaced_at IS NULL))
);
CREATE UNIQUE INDEX uq_catalogue_current ON reference.catalogue (state) WHERE state = 'current';
COMMENT ON TABLE reference.catalogue IS 'Reference catalogues, by the content of their stars; one is current';
COMMENT ON COLUMN reference.catalogue.catalogue_id IS 'Key';
COMMENT ON COLUMN reference.catalogue.name IS 'tycho2 or synthetic';
COMMENT ON COLUMN reference.catalogue.source IS 'Where the stars came from: files, or seed and area';
COMMENT ON COLUMN reference.catalogue.content_hash IS 'SHA-256 over the stars as loaded, in the order of star_id';
COMMENT ON COLUMN reference.catalogue.stars IS 'Number of stars';
COMMENT ON COLUMN reference.catalogue.state IS 'current, or replaced: its stars are gone then';
COMMENT ON COLUMN reference.catalogue.loaded_at IS 'When it was loaded last';
COMMENT ON COLUMN reference.catalogue.replaced_at IS 'When another took its place; null while current';

CREATE TABLE reference.minor_planet (
    name TEXT NOT NULL,
    jdate DOUBLE PRECISION NOT NULL,
    ra DOUBLE PRECISION NOT NULL,
    decl DOUBLE PRECISION NOT NULL,
    rate_ra_arcsec_h DOUBLE PRECISION NOT NULL,
    rate_decl_arcsec_h DOUBLE PRECISION NOT NULL,
    error_arcsec DOUBLE PRECISION NOT NULL,
    CONSTRAINT pk_minor_planet PRIMARY KEY (name, jdate)
);
CREATE INDEX ix_minor_planet_jdate ON reference.minor_planet (jdate);
COMMENT ON TABLE reference.minor_planet IS 'Predicted places of minor planets and comets';
COMMENT ON COLUMN reference.minor_planet.name IS 'Name or number of the body';
COMMENT ON COLUMN reference.minor_planet.jdate IS 'Julian date of the prediction, UTC';
COMMENT ON COLUMN reference.minor_planet.ra IS 'Right ascension at that moment, seen from the observatory, ICRS degrees';
COMMENT ON COLUMN reference.minor_planet.decl IS 'Declination at that moment, ICRS degrees';
COMMENT ON COLUMN reference.minor_planet.rate_ra_arcsec_h IS 'Motion in right ascension times cos(decl), arcsec an hour';
COMMENT ON COLUMN reference.minor_planet.rate_decl_arcsec_h IS 'Motion in declination, arcsec an hour';
COMMENT ON COLUMN reference.minor_planet.error_arcsec IS 'Error of the place, 1 sigma';

CREATE TABLE reference.standard_catalogue (
    catalogue_id INTEGER GENERATED ALWAYS AS IDENTITY,
    name TEXT NOT NULL,
    source TEXT NOT NULL,
    content_hash CHAR(64) NOT NULL,
    stars INTEGER NOT NULL,
    state TEXT NOT NULL,
    loaded_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    replaced_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_standard_catalogue PRIMARY KEY (catalogue_id),
    CONSTRAINT ck_standard_catalogue_state_known CHECK (state IN ('current', 'replaced')),
    CONSTRAINT ck_standard_catalogue_replaced_has_time CHECK ((state = 'current') = (replaced_at IS NULL))
);
CREATE UNIQUE INDEX uq_standard_catalogue_current ON reference.standard_catalogue (name) WHERE state = 'current';
COMMENT ON TABLE reference.standard_catalogue IS 'Catalogues of photometric standards; several may be current, each under its name';
COMMENT ON COLUMN reference.standard_catalogue.catalogue_id IS 'Key';
COMMENT ON COLUMN reference.standard_catalogue.name IS 'Name, by default that of the file';
COMMENT ON COLUMN reference.standard_catalogue.source IS 'Files that it came from';
COMMENT ON COLUMN reference.standard_catalogue.content_hash IS 'SHA-256 over the stars as loaded, in the order of their names';
COMMENT ON COLUMN reference.standard_catalogue.stars IS 'Number of stars';
COMMENT ON COLUMN reference.standard_catalogue.state IS 'current, or replaced: its stars are gone then';
COMMENT ON COLUMN reference.standard_catalogue.loaded_at IS 'When it was loaded';
COMMENT ON COLUMN reference.standard_catalogue.replaced_at IS 'When another took its place; null while current';

CREATE TABLE release.atlas (
    release_id INTEGER NOT NULL,
    run_id INTEGER NOT NULL,
    coadd_key BIGINT NOT NULL,
    scan_key INTEGER NOT NULL,
    band CHAR(1) NOT NULL,
    number SMALLINT NOT NULL,
    ra DOUBLE PRECISION NOT NULL,
    decl DOUBLE PRECISION NOT NULL,
    footprint spoly NOT NULL,
    url TEXT NOT NULL,
    sha256 CHAR(64) NOT NULL,
    zero_point_mag REAL NOT NULL,
    zero_point_error_mag REAL,
    CONSTRAINT pk_atlas PRIMARY KEY (release_id, coadd_key, band)
)
 PARTITION BY LIST (release_id);
COMMENT ON TABLE release.atlas IS 'Atlas images of a release';
COMMENT ON COLUMN release.atlas.release_id IS 'Release';
COMMENT ON COLUMN release.atlas.run_id IS 'Run of the image';
COMMENT ON COLUMN release.atlas.coadd_key IS 'Key of the triple';
COMMENT ON COLUMN release.atlas.scan_key IS 'Scan';
COMMENT ON COLUMN release.atlas.band IS 'j, h or k';
COMMENT ON COLUMN release.atlas.number IS 'Image number in the scan';
COMMENT ON COLUMN release.atlas.ra IS 'Right ascension of the centre, ICRS degrees';
COMMENT ON COLUMN release.atlas.decl IS 'Declination of the centre, ICRS degrees';
COMMENT ON COLUMN release.atlas.footprint IS 'Area of the image';
COMMENT ON COLUMN release.atlas.url IS 'FITS file: name in the store, or path of an ingested image';
COMMENT ON COLUMN release.atlas.sha256 IS 'SHA-256 of the file';
COMMENT ON COLUMN release.atlas.zero_point_mag IS 'Magnitude of 1 DN, calibrated; the header of the file has the nominal one';
COMMENT ON COLUMN release.atlas.zero_point_error_mag IS 'Its error; null where unknown';

CREATE TABLE release.extended_verdict (
    release_id INTEGER NOT NULL,
    run_id INTEGER NOT NULL,
    ext_id BIGINT NOT NULL,
    released BOOLEAN NOT NULL,
    reason TEXT NOT NULL,
    winner_run_id INTEGER,
    winner_ext_id BIGINT,
    passed SMALLINT DEFAULT '0' NOT NULL,
    failed SMALLINT DEFAULT '0' NOT NULL,
    CONSTRAINT pk_extended_verdict PRIMARY KEY (release_id, run_id, ext_id)
)
 PARTITION BY LIST (release_id);
COMMENT ON TABLE release.extended_verdict IS 'Why every extended extraction of the parent runs is in or out';
COMMENT ON COLUMN release.extended_verdict.release_id IS 'Release';
COMMENT ON COLUMN release.extended_verdict.run_id IS 'Run';
COMMENT ON COLUMN release.extended_verdict.ext_id IS 'Extraction in wsdb.extended_measurement';
COMMENT ON COLUMN release.extended_verdict.released IS 'Whether the row is in release.xsc';
COMMENT ON COLUMN release.extended_verdict.reason IS 'First rule that kept it out, or ''released''';
COMMENT ON COLUMN release.extended_verdict.winner_run_id IS 'Run of the apparition chosen instead; null unless a duplicate';
COMMENT ON COLUMN release.extended_verdict.winner_ext_id IS 'Apparition chosen instead; null unless a duplicate';
COMMENT ON COLUMN release.extended_verdict.passed IS 'Rules that it met: SELECT release.rules(passed)';
COMMENT ON COLUMN release.extended_verdict.failed IS 'Rules that it failed; in neither: not applied';

CREATE TABLE release.img (
    release_id INTEGER NOT NULL,
    run_id INTEGER NOT NULL,
    coadd_key BIGINT NOT NULL,
    scan_key INTEGER NOT NULL,
    hemis CHAR(1) NOT NULL,
    date DATE NOT NULL,
    scan SMALLINT NOT NULL,
    coadd SMALLINT NOT NULL,
    ra DOUBLE PRECISION NOT NULL,
    decl DOUBLE PRECISION NOT NULL,
    width_pix SMALLINT NOT NULL,
    height_pix SMALLINT NOT NULL,
    j_zp REAL,
    j_zperr REAL,
    j_shape REAL,
    j_sky REAL,
    j_sky_sigma REAL,
    j_sha256 CHAR(64),
    h_zp REAL,
    h_zperr REAL,
    h_shape REAL,
    h_sky REAL,
    h_sky_sigma REAL,
    h_sha256 CHAR(64),
    k_zp REAL,
    k_zperr REAL,
    k_shape REAL,
    k_sky REAL,
    k_sky_sigma REAL,
    k_sha256 CHAR(64),
    CONSTRAINT pk_img PRIMARY KEY (release_id, coadd_key)
)
 PARTITION BY LIST (release_id);
COMMENT ON TABLE release.img IS 'Atlas Image Information Table: the image triples of a release';
COMMENT ON COLUMN release.img.release_id IS 'Release';
COMMENT ON COLUMN release.img.run_id IS 'Run of the images';
COMMENT ON COLUMN release.img.coadd_key IS 'Key of the image triple.';
COMMENT ON COLUMN release.img.scan_key IS 'Key of the scan.';
COMMENT ON COLUMN release.img.hemis IS 'Observatory: n Mt. Hopkins, s Cerro Tololo.';
COMMENT ON COLUMN release.img.date IS 'UT date at sunrise of the night.';
COMMENT ON COLUMN release.img.scan IS 'Number of the scan in the night.';
COMMENT ON COLUMN release.img.coadd IS 'Image number in the scan.';
COMMENT ON COLUMN release.img.ra IS 'Right ascension of the centre, ICRS [deg].';
COMMENT ON COLUMN release.img.decl IS 'Declination of the centre, ICRS [deg].';
COMMENT ON COLUMN release.img.width_pix IS 'Columns [pix].';
COMMENT ON COLUMN release.img.height_pix IS 'Rows [pix].';
COMMENT ON COLUMN release.img.j_zp IS 'J magnitude of 1 DN, calibrated [mag]. Null: there is no image of the band.';
COMMENT ON COLUMN release.img.j_zperr IS 'J error of the zero point [mag]. Null: there is no image of the band, or the error is unknown.';
COMMENT ON COLUMN release.img.j_shape IS 'J seeing shape. Null: not measured.';
COMMENT ON COLUMN release.img.j_sky IS 'J median background [adu]. Null: there is no image of the band, or it is empty.';
COMMENT ON COLUMN release.img.j_sky_sigma IS 'J noise of the background in a pixel [adu]. Null: there is no image of the band, or it is empty.';
COMMENT ON COLUMN release.img.j_sha256 IS 'J SHA-256 of the file. Null: there is no image of the band.';
COMMENT ON COLUMN release.img.h_zp IS 'H magnitude of 1 DN, calibrated [mag]. Null: there is no image of the band.';
COMMENT ON COLUMN release.img.h_zperr IS 'H error of the zero point [mag]. Null: there is no image of the band, or the error is unknown.';
COMMENT ON COLUMN release.img.h_shape IS 'H seeing shape. Null: not measured.';
COMMENT ON COLUMN release.img.h_sky IS 'H median background [adu]. Null: there is no image of the band, or it is empty.';
COMMENT ON COLUMN release.img.h_sky_sigma IS 'H noise of the background in a pixel [adu]. Null: there is no image of the band, or it is empty.';
COMMENT ON COLUMN release.img.h_sha256 IS 'H SHA-256 of the file. Null: there is no image of the band.';
COMMENT ON COLUMN release.img.k_zp IS 'Ks magnitude of 1 DN, calibrated [mag]. Null: there is no image of the band.';
COMMENT ON COLUMN release.img.k_zperr IS 'Ks error of the zero point [mag]. Null: there is no image of the band, or the error is unknown.';
COMMENT ON COLUMN release.img.k_shape IS 'Ks seeing shape. Null: not measured.';
COMMENT ON COLUMN release.img.k_sky IS 'Ks median background [adu]. Null: there is no image of the band, or it is empty.';
COMMENT ON COLUMN release.img.k_sky_sigma IS 'Ks noise of the background in a pixel [adu]. Null: there is no image of the band, or it is empty.';
COMMENT ON COLUMN release.img.k_sha256 IS 'Ks SHA-256 of the file. Null: there is no image of the band.';

CREATE TABLE release.object_set (
    object_set_id INTEGER GENERATED ALWAYS AS IDENTITY,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    radius_arcsec DOUBLE PRECISION NOT NULL,
    code_version TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_object_set PRIMARY KEY (object_set_id),
    CONSTRAINT uq_object_set_name_kind UNIQUE (name, kind),
    CONSTRAINT ck_object_set_kind_known CHECK (kind IN ('point', 'extended'))
);
COMMENT ON TABLE release.object_set IS 'Sets of objects: groups of apparitions over all scans of some runs';
COMMENT ON COLUMN release.object_set.object_set_id IS 'Key';
COMMENT ON COLUMN release.object_set.name IS 'Name given by the operator';
COMMENT ON COLUMN release.object_set.kind IS 'point or extended';
COMMENT ON COLUMN release.object_set.radius_arcsec IS 'Apparitions closer than this are linked';
COMMENT ON COLUMN release.object_set.code_version IS 'Version of mapps';
COMMENT ON COLUMN release.object_set.created_at IS 'When';

CREATE TABLE release.property_map (
    release_id INTEGER NOT NULL,
    run_id INTEGER NOT NULL,
    pixel BIGINT NOT NULL,
    j_frac REAL NOT NULL,
    j_scans SMALLINT NOT NULL,
    j_depth REAL,
    j_seeing REAL,
    j_zp REAL,
    h_frac REAL NOT NULL,
    h_scans SMALLINT NOT NULL,
    h_depth REAL,
    h_seeing REAL,
    h_zp REAL,
    k_frac REAL NOT NULL,
    k_scans SMALLINT NOT NULL,
    k_depth REAL,
    k_seeing REAL,
    k_zp REAL,
    coadd_key BIGINT,
    ra DOUBLE PRECISION NOT NULL,
    decl DOUBLE PRECISION NOT NULL,
    CONSTRAINT pk_property_map PRIMARY KEY (release_id, pixel)
)
 PARTITION BY LIST (release_id);
COMMENT ON TABLE release.property_map IS 'Property maps: coverage, depth, seeing and zero point by HEALPix cell';
COMMENT ON COLUMN release.property_map.release_id IS 'Release';
COMMENT ON COLUMN release.property_map.run_id IS 'Run of the scan whose rows are released at the centre of the cell';
COMMENT ON COLUMN release.property_map.pixel IS 'HEALPix cell, nested, of the order of the release (map_order).';
COMMENT ON COLUMN release.property_map.j_frac IS 'J share of the cell that the chosen scans cover together.';
COMMENT ON COLUMN release.property_map.j_scans IS 'J chosen scans that cover a part of the cell.';
COMMENT ON COLUMN release.property_map.j_depth IS 'J magnitude of signal-to-noise ratio 10, calibrated [mag]. Null: no image of its scan has the band there, or it was not measured.';
COMMENT ON COLUMN release.property_map.j_seeing IS 'J full width at half maximum of stars [arcsec]. Null: no image of its scan has the band there, or it was not measured.';
COMMENT ON COLUMN release.property_map.j_zp IS 'J magnitude of 1 DN, calibrated [mag]. Null: no image of its scan has the band there, or it was not measured.';
COMMENT ON COLUMN release.property_map.h_frac IS 'H share of the cell that the chosen scans cover together.';
COMMENT ON COLUMN release.property_map.h_scans IS 'H chosen scans that cover a part of the cell.';
COMMENT ON COLUMN release.property_map.h_depth IS 'H magnitude of signal-to-noise ratio 10, calibrated [mag]. Null: no image of its scan has the band there, or it was not measured.';
COMMENT ON COLUMN release.property_map.h_seeing IS 'H full width at half maximum of stars [arcsec]. Null: no image of its scan has the band there, or it was not measured.';
COMMENT ON COLUMN release.property_map.h_zp IS 'H magnitude of 1 DN, calibrated [mag]. Null: no image of its scan has the band there, or it was not measured.';
COMMENT ON COLUMN release.property_map.k_frac IS 'Ks share of the cell that the chosen scans cover together.';
COMMENT ON COLUMN release.property_map.k_scans IS 'Ks chosen scans that cover a part of the cell.';
COMMENT ON COLUMN release.property_map.k_depth IS 'Ks magnitude of signal-to-noise ratio 10, calibrated [mag]. Null: no image of its scan has the band there, or it was not measured.';
COMMENT ON COLUMN release.property_map.k_seeing IS 'Ks full width at half maximum of stars [arcsec]. Null: no image of its scan has the band there, or it was not measured.';
COMMENT ON COLUMN release.property_map.k_zp IS 'Ks magnitude of 1 DN, calibrated [mag]. Null: no image of its scan has the band there, or it was not measured.';
COMMENT ON COLUMN release.property_map.coadd_key IS 'Image triple whose values these are: of the scan whose rows are released there. Null: its scan has no image.';
COMMENT ON COLUMN release.property_map.ra IS 'Right ascension of the centre, ICRS [deg].';
COMMENT ON COLUMN release.property_map.decl IS 'Declination of the centre, ICRS [deg].';

CREATE TABLE release.psc (
    release_id INTEGER NOT NULL,
    run_id INTEGER NOT NULL,
    src_id BIGINT NOT NULL,
    ra DOUBLE PRECISION NOT NULL,
    decl DOUBLE PRECISION NOT NULL,
    err_maj REAL NOT NULL,
    err_min REAL NOT NULL,
    err_ang SMALLINT NOT NULL,
    designation CHAR(17) NOT NULL,
    j_m REAL,
    j_cmsig REAL,
    j_msigcom REAL,
    j_snr REAL,
    h_m REAL,
    h_cmsig REAL,
    h_msigcom REAL,
    h_snr REAL,
    k_m REAL,
    k_cmsig REAL,
    k_msigcom REAL,
    k_snr REAL,
    ph_qual CHAR(3) NOT NULL,
    rd_flg CHAR(3) NOT NULL,
    bl_flg CHAR(3) NOT NULL,
    cc_flg CHAR(3) NOT NULL,
    ndet CHAR(6) NOT NULL,
    prox REAL,
    pxpa SMALLINT,
    pxcntr INTEGER,
    gal_contam SMALLINT NOT NULL,
    mp_flg SMALLINT,
    pts_key INTEGER NOT NULL,
    hemis CHAR(1) NOT NULL,
    date DATE NOT NULL,
    scan SMALLINT NOT NULL,
    glon REAL NOT NULL,
    glat REAL NOT NULL,
    x_scan REAL NOT NULL,
    jdate DOUBLE PRECISION,
    j_psfchi REAL,
    h_psfchi REAL,
    k_psfchi REAL,
    j_m_stdap REAL,
    j_msig_stdap REAL,
    h_m_stdap REAL,
    h_msig_stdap REAL,
    k_m_stdap REAL,
    k_msig_stdap REAL,
    dist_edge_ns INTEGER NOT NULL,
    dist_edge_ew INTEGER NOT NULL,
    dist_edge_flg CHAR(2) NOT NULL,
    dup_src SMALLINT NOT NULL,
    use_src SMALLINT NOT NULL,
    a CHAR(1),
    dist_opt REAL,
    phi_opt SMALLINT,
    b_m_opt REAL,
    vr_m_opt REAL,
    nopt_mchs SMALLINT,
    ext_key INTEGER,
    scan_key INTEGER NOT NULL,
    coadd_key BIGINT NOT NULL,
    coadd SMALLINT NOT NULL,
    CONSTRAINT pk_psc PRIMARY KEY (release_id, pts_key)
)
 PARTITION BY LIST (release_id);
COMMENT ON TABLE release.psc IS 'Point Source Catalogue: the 60 published columns and the way back to the extraction';
COMMENT ON COLUMN release.psc.release_id IS 'Release';
COMMENT ON COLUMN release.psc.run_id IS 'Run of the extraction';
COMMENT ON COLUMN release.psc.src_id IS 'Extraction in wsdb.point_measurement';
COMMENT ON COLUMN release.psc.ra IS 'Right ascension, ICRS [deg].';
COMMENT ON COLUMN release.psc.decl IS 'Declination, ICRS [deg].';
COMMENT ON COLUMN release.psc.err_maj IS 'Semi-major axis of the 1-sigma error ellipse [arcsec].';
COMMENT ON COLUMN release.psc.err_min IS 'Semi-minor axis of the 1-sigma error ellipse [arcsec].';
COMMENT ON COLUMN release.psc.err_ang IS 'Position angle of the error ellipse, east of north [deg].';
COMMENT ON COLUMN release.psc.designation IS 'Sexagesimal name made from the truncated position.';
COMMENT ON COLUMN release.psc.j_m IS 'J default magnitude, or 95 percent upper limit where ph_qual is U [mag]. Null: ph_qual X, or outside the coverage.';
COMMENT ON COLUMN release.psc.j_cmsig IS 'J corrected measurement uncertainty [mag]. Null: upper limit, no measurement, or ph_qual F.';
COMMENT ON COLUMN release.psc.j_msigcom IS 'J total uncertainty with zero point and flat field [mag]. Null: cmsig is null, or the error of the zero point is unknown.';
COMMENT ON COLUMN release.psc.j_snr IS 'J scan signal-to-noise ratio. Null: upper limit or no measurement.';
COMMENT ON COLUMN release.psc.h_m IS 'H default magnitude, or 95 percent upper limit where ph_qual is U [mag]. Null: ph_qual X, or outside the coverage.';
COMMENT ON COLUMN release.psc.h_cmsig IS 'H corrected measurement uncertainty [mag]. Null: upper limit, no measurement, or ph_qual F.';
COMMENT ON COLUMN release.psc.h_msigcom IS 'H total uncertainty with zero point and flat field [mag]. Null: cmsig is null, or the error of the zero point is unknown.';
COMMENT ON COLUMN release.psc.h_snr IS 'H scan signal-to-noise ratio. Null: upper limit or no measurement.';
COMMENT ON COLUMN release.psc.k_m IS 'Ks default magnitude, or 95 percent upper limit where ph_qual is U [mag]. Null: ph_qual X, or outside the coverage.';
COMMENT ON COLUMN release.psc.k_cmsig IS 'Ks corrected measurement uncertainty [mag]. Null: upper limit, no measurement, or ph_qual F.';
COMMENT ON COLUMN release.psc.k_msigcom IS 'Ks total uncertainty with zero point and flat field [mag]. Null: cmsig is null, or the error of the zero point is unknown.';
COMMENT ON COLUMN release.psc.k_snr IS 'Ks scan signal-to-noise ratio. Null: upper limit or no measurement.';
COMMENT ON COLUMN release.psc.ph_qual IS 'Photometric quality, one letter a band.';
COMMENT ON COLUMN release.psc.rd_flg IS 'Origin of the default magnitude, one digit a band.';
COMMENT ON COLUMN release.psc.bl_flg IS 'Blend flag, one digit a band.';
COMMENT ON COLUMN release.psc.cc_flg IS 'Contamination and confusion; capitals mean the row is an artefact.';
COMMENT ON COLUMN release.psc.ndet IS 'Frame statistics NjMjNhMhNkMk.';
COMMENT ON COLUMN release.psc.prox IS 'Distance to the nearest released neighbour [arcsec]. Null: the only row of the release.';
COMMENT ON COLUMN release.psc.pxpa IS 'Position angle of the nearest released neighbour [deg]. Null: the only row of the release.';
COMMENT ON COLUMN release.psc.pxcntr IS 'pts_key of the nearest released neighbour. Null: the only row of the release.';
COMMENT ON COLUMN release.psc.gal_contam IS 'Contamination by an extended source: 0 none, 1 is one, 2 inside one.';
COMMENT ON COLUMN release.psc.mp_flg IS '1 where the predicted place of a minor planet is near, 0 where none is. Null: no predicted places of minor planets were loaded for the nights of the release.';
COMMENT ON COLUMN release.psc.pts_key IS 'Key in a release.';
COMMENT ON COLUMN release.psc.hemis IS 'Observatory: n Mt. Hopkins, s Cerro Tololo.';
COMMENT ON COLUMN release.psc.date IS 'Observation reference date: UT date at sunrise of the night.';
COMMENT ON COLUMN release.psc.scan IS 'Scan number in the night.';
COMMENT ON COLUMN release.psc.glon IS 'Galactic longitude, rounded to 0.001 [deg].';
COMMENT ON COLUMN release.psc.glat IS 'Galactic latitude, rounded to 0.001 [deg].';
COMMENT ON COLUMN release.psc.x_scan IS 'Cross-scan position in the U-scan system [arcsec].';
COMMENT ON COLUMN release.psc.jdate IS 'Julian date of the measurement, UTC, good to 1 s from frames and to 30 s from finished images [d]. Null: the input has no time.';
COMMENT ON COLUMN release.psc.j_psfchi IS 'J reduced chi-squared of the profile fit. Null: no profile fit.';
COMMENT ON COLUMN release.psc.h_psfchi IS 'H reduced chi-squared of the profile fit. Null: no profile fit.';
COMMENT ON COLUMN release.psc.k_psfchi IS 'Ks reduced chi-squared of the profile fit. Null: no profile fit.';
COMMENT ON COLUMN release.psc.j_m_stdap IS 'J standard aperture magnitude, 4 arcsec, curve-of-growth corrected [mag]. Null: negative flux or off the coverage.';
COMMENT ON COLUMN release.psc.j_msig_stdap IS 'J uncertainty of the standard aperture magnitude [mag]. Null: negative flux or off the coverage.';
COMMENT ON COLUMN release.psc.h_m_stdap IS 'H standard aperture magnitude, 4 arcsec, curve-of-growth corrected [mag]. Null: negative flux or off the coverage.';
COMMENT ON COLUMN release.psc.h_msig_stdap IS 'H uncertainty of the standard aperture magnitude [mag]. Null: negative flux or off the coverage.';
COMMENT ON COLUMN release.psc.k_m_stdap IS 'Ks standard aperture magnitude, 4 arcsec, curve-of-growth corrected [mag]. Null: negative flux or off the coverage.';
COMMENT ON COLUMN release.psc.k_msig_stdap IS 'Ks uncertainty of the standard aperture magnitude [mag]. Null: negative flux or off the coverage.';
COMMENT ON COLUMN release.psc.dist_edge_ns IS 'Distance to the nearest north or south edge of what all bands of the scan cover; negative outside [arcsec].';
COMMENT ON COLUMN release.psc.dist_edge_ew IS 'Distance to the nearest east or west edge of what all bands of the scan cover; negative outside [arcsec].';
COMMENT ON COLUMN release.psc.dist_edge_flg IS 'Which edges are nearest: n or s, then e or w.';
COMMENT ON COLUMN release.psc.dup_src IS 'Duplicate-source flag of a release.';
COMMENT ON COLUMN release.psc.use_src IS 'Use-source flag of a release.';
COMMENT ON COLUMN release.psc.a IS 'Optical association: 0 none, T Tycho-2, U USNO-A2.0. Null: no catalogue of optical sources was loaded.';
COMMENT ON COLUMN release.psc.dist_opt IS 'Distance to the associated optical source [arcsec]. Null: no optical association.';
COMMENT ON COLUMN release.psc.phi_opt IS 'Position angle seen from the optical source, east of north [deg]. Null: no optical association.';
COMMENT ON COLUMN release.psc.b_m_opt IS 'Blue magnitude of the optical source [mag]. Null: no optical association or magnitude.';
COMMENT ON COLUMN release.psc.vr_m_opt IS 'V (Tycho-2) or red magnitude of the optical source [mag]. Null: no optical association or magnitude.';
COMMENT ON COLUMN release.psc.nopt_mchs IS 'Optical sources within 5 arcsec. Null: no catalogue of optical sources was loaded.';
COMMENT ON COLUMN release.psc.ext_key IS 'Key of the same object among the extended sources. Null: no extended source is this one.';
COMMENT ON COLUMN release.psc.scan_key IS 'Key of the scan (survey.scan).';
COMMENT ON COLUMN release.psc.coadd_key IS 'Key of the Atlas image triple the source stands on (wsdb.atlas_image).';
COMMENT ON COLUMN release.psc.coadd IS 'Atlas image number in the scan.';

CREATE TABLE release.release (
    release_id INTEGER GENERATED ALWAYS AS IDENTITY,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    parameters JSONB NOT NULL,
    code_version TEXT NOT NULL,
    code_commit TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    hash_version SMALLINT NOT NULL,
    published_at TIMESTAMP WITH TIME ZONE,
    optical_catalogue TEXT,
    minor_planet_hash CHAR(64),
    bright_star_hash CHAR(64),
    optical_hash CHAR(64),
    CONSTRAINT pk_release PRIMARY KEY (release_id),
    CONSTRAINT uq_release_name UNIQUE (name),
    CONSTRAINT ck_release_kind_known CHECK (kind IN ('sampler', 'incremental', 'all-sky')),
    CONSTRAINT ck_release_state_known CHECK (state IN ('building', 'published'))
);
COMMENT ON TABLE release.release IS 'Releases';
COMMENT ON COLUMN release.release.release_id IS 'Key';
COMMENT ON COLUMN release.release.name IS 'Name given by the operator';
COMMENT ON COLUMN release.release.kind IS 'sampler, incremental or all-sky';
COMMENT ON COLUMN release.release.state IS 'building or published';
COMMENT ON COLUMN release.release.parameters IS 'Limits that the statements of sql/release/ read';
COMMENT ON COLUMN release.release.code_version IS 'Code version that built it';
COMMENT ON COLUMN release.release.code_commit IS 'Commit that built it';
COMMENT ON COLUMN release.release.created_at IS 'When the build began';
COMMENT ON COLUMN release.release.hash_version IS 'Columns that its content hashes are made of: version of their lists';
COMMENT ON COLUMN release.release.published_at IS 'When it became immutable; null while building';
COMMENT ON COLUMN release.release.optical_catalogue IS 'Catalogue of its optical associations; null where none was loaded';
COMMENT ON COLUMN release.release.minor_planet_hash IS 'SHA-256 over the predicted places of minor planets within a day of its scans; null where there were none';
COMMENT ON COLUMN release.release.bright_star_hash IS 'SHA-256 over the list of very bright stars; null where none was loaded';
COMMENT ON COLUMN release.release.optical_hash IS 'SHA-256 over the stars of that catalogue; null where none was loaded';

CREATE TABLE release.scn (
    release_id INTEGER NOT NULL,
    run_id INTEGER NOT NULL,
    scan_key INTEGER NOT NULL,
    hemis CHAR(1) NOT NULL,
    date DATE NOT NULL,
    scan SMALLINT NOT NULL,
    tile INTEGER,
    ra DOUBLE PRECISION NOT NULL,
    decl DOUBLE PRECISION NOT NULL,
    ra_1 DOUBLE PRECISION,
    dec_1 DOUBLE PRECISION,
    ra_2 DOUBLE PRECISION,
    dec_2 DOUBLE PRECISION,
    ra_3 DOUBLE PRECISION,
    dec_3 DOUBLE PRECISION,
    ra_4 DOUBLE PRECISION,
    dec_4 DOUBLE PRECISION,
    sd CHAR(1),
    qual SMALLINT,
    hgl SMALLINT,
    cld SMALLINT,
    xph SMALLINT,
    anom SMALLINT,
    ut DOUBLE PRECISION,
    jdate DOUBLE PRECISION,
    airm REAL,
    zd REAL,
    ha DOUBLE PRECISION,
    j_zp_ap REAL,
    j_zperr_ap REAL,
    j_n_snr10 INTEGER NOT NULL,
    j_shape_avg REAL,
    j_shape_rms REAL,
    j_2mrat REAL,
    j_msnr10 REAL,
    h_zp_ap REAL,
    h_zperr_ap REAL,
    h_n_snr10 INTEGER NOT NULL,
    h_shape_avg REAL,
    h_shape_rms REAL,
    h_2mrat REAL,
    h_msnr10 REAL,
    k_zp_ap REAL,
    k_zperr_ap REAL,
    k_n_snr10 INTEGER NOT NULL,
    k_shape_avg REAL,
    k_shape_rms REAL,
    k_2mrat REAL,
    k_msnr10 REAL,
    n_ext INTEGER NOT NULL,
    images SMALLINT NOT NULL,
    CONSTRAINT pk_scn PRIMARY KEY (release_id, scan_key)
)
 PARTITION BY LIST (release_id);
COMMENT ON TABLE release.scn IS 'Scan Information Table: the scans that a release chose';
COMMENT ON COLUMN release.scn.release_id IS 'Release';
COMMENT ON COLUMN release.scn.run_id IS 'Run of the scan';
COMMENT ON COLUMN release.scn.scan_key IS 'Key of the scan.';
COMMENT ON COLUMN release.scn.hemis IS 'Observatory: n Mt. Hopkins, s Cerro Tololo.';
COMMENT ON COLUMN release.scn.date IS 'UT date at sunrise of the night.';
COMMENT ON COLUMN release.scn.scan IS 'Number in the night.';
COMMENT ON COLUMN release.scn.tile IS 'Tile. Null: it belongs to none.';
COMMENT ON COLUMN release.scn.ra IS 'Right ascension of the centre, ICRS [deg].';
COMMENT ON COLUMN release.scn.decl IS 'Declination of the centre, ICRS [deg].';
COMMENT ON COLUMN release.scn.ra_1 IS 'Right ascension of the south-eastern corner of what all bands cover, ICRS [deg]. Null: its coverage was not measured.';
COMMENT ON COLUMN release.scn.dec_1 IS 'Declination of the south-eastern corner of what all bands cover, ICRS [deg]. Null: its coverage was not measured.';
COMMENT ON COLUMN release.scn.ra_2 IS 'Right ascension of the south-western corner of what all bands cover, ICRS [deg]. Null: its coverage was not measured.';
COMMENT ON COLUMN release.scn.dec_2 IS 'Declination of the south-western corner of what all bands cover, ICRS [deg]. Null: its coverage was not measured.';
COMMENT ON COLUMN release.scn.ra_3 IS 'Right ascension of the north-eastern corner of what all bands cover, ICRS [deg]. Null: its coverage was not measured.';
COMMENT ON COLUMN release.scn.dec_3 IS 'Declination of the north-eastern corner of what all bands cover, ICRS [deg]. Null: its coverage was not measured.';
COMMENT ON COLUMN release.scn.ra_4 IS 'Right ascension of the north-western corner of what all bands cover, ICRS [deg]. Null: its coverage was not measured.';
COMMENT ON COLUMN release.scn.dec_4 IS 'Declination of the north-western corner of what all bands cover, ICRS [deg]. Null: its coverage was not measured.';
COMMENT ON COLUMN release.scn.sd IS 'Direction of the scan, n or s. Null: the files do not tell.';
COMMENT ON COLUMN release.scn.qual IS 'Grade, 0 to 10. Null: it has no frozen grade.';
COMMENT ON COLUMN release.scn.hgl IS '1: electronic glitch of single H frames. Null: it has no frozen grade.';
COMMENT ON COLUMN release.scn.cld IS '1: cloud. Null: it has no frozen grade.';
COMMENT ON COLUMN release.scn.xph IS '1: another photometric problem. Null: it has no frozen grade.';
COMMENT ON COLUMN release.scn.anom IS '1: unusual problem seen in the images. Null: it has no frozen grade.';
COMMENT ON COLUMN release.scn.ut IS 'UT at the start [h]. Null: the files do not tell.';
COMMENT ON COLUMN release.scn.jdate IS 'Julian date at the start [d]. Null: the files do not tell.';
COMMENT ON COLUMN release.scn.airm IS 'Airmass at the start. Null: the files do not tell.';
COMMENT ON COLUMN release.scn.zd IS 'Zenith distance of the airmass [deg]. Null: the files do not tell.';
COMMENT ON COLUMN release.scn.ha IS 'Hour angle of the centre at start [h]. Null: the files do not tell.';
COMMENT ON COLUMN release.scn.j_zp_ap IS 'J zero point over the nominal one, of its solution [mag]. Null: magnitudes are nominal.';
COMMENT ON COLUMN release.scn.j_zperr_ap IS 'J error of the zero point [mag]. Null: magnitudes are nominal.';
COMMENT ON COLUMN release.scn.j_n_snr10 IS 'J point sources of signal-to-noise ratio above 10.';
COMMENT ON COLUMN release.scn.j_shape_avg IS 'J mean seeing shape of the Atlas images. Null: the scan was reduced without it.';
COMMENT ON COLUMN release.scn.j_shape_rms IS 'J scatter of the seeing shape over the Atlas images. Null: the scan was reduced without it.';
COMMENT ON COLUMN release.scn.j_2mrat IS 'J ratio of the second moments of stars. Null: the scan was reduced without it.';
COMMENT ON COLUMN release.scn.j_msnr10 IS 'J magnitude of signal-to-noise ratio 10, calibrated [mag]. Null: the scan was reduced without it.';
COMMENT ON COLUMN release.scn.h_zp_ap IS 'H zero point over the nominal one, of its solution [mag]. Null: magnitudes are nominal.';
COMMENT ON COLUMN release.scn.h_zperr_ap IS 'H error of the zero point [mag]. Null: magnitudes are nominal.';
COMMENT ON COLUMN release.scn.h_n_snr10 IS 'H point sources of signal-to-noise ratio above 10.';
COMMENT ON COLUMN release.scn.h_shape_avg IS 'H mean seeing shape of the Atlas images. Null: the scan was reduced without it.';
COMMENT ON COLUMN release.scn.h_shape_rms IS 'H scatter of the seeing shape over the Atlas images. Null: the scan was reduced without it.';
COMMENT ON COLUMN release.scn.h_2mrat IS 'H ratio of the second moments of stars. Null: the scan was reduced without it.';
COMMENT ON COLUMN release.scn.h_msnr10 IS 'H magnitude of signal-to-noise ratio 10, calibrated [mag]. Null: the scan was reduced without it.';
COMMENT ON COLUMN release.scn.k_zp_ap IS 'Ks zero point over the nominal one, of its solution [mag]. Null: magnitudes are nominal.';
COMMENT ON COLUMN release.scn.k_zperr_ap IS 'Ks error of the zero point [mag]. Null: magnitudes are nominal.';
COMMENT ON COLUMN release.scn.k_n_snr10 IS 'Ks point sources of signal-to-noise ratio above 10.';
COMMENT ON COLUMN release.scn.k_shape_avg IS 'Ks mean seeing shape of the Atlas images. Null: the scan was reduced without it.';
COMMENT ON COLUMN release.scn.k_shape_rms IS 'Ks scatter of the seeing shape over the Atlas images. Null: the scan was reduced without it.';
COMMENT ON COLUMN release.scn.k_2mrat IS 'Ks ratio of the second moments of stars. Null: the scan was reduced without it.';
COMMENT ON COLUMN release.scn.k_msnr10 IS 'Ks magnitude of signal-to-noise ratio 10, calibrated [mag]. Null: the scan was reduced without it.';
COMMENT ON COLUMN release.scn.n_ext IS 'Extended sources extracted.';
COMMENT ON COLUMN release.scn.images IS 'Atlas images, all bands.';

CREATE TABLE release.stamp (
    release_id INTEGER NOT NULL,
    run_id INTEGER NOT NULL,
    ext_key INTEGER NOT NULL,
    ext_id BIGINT NOT NULL,
    coadd_key BIGINT NOT NULL,
    scan_key INTEGER NOT NULL,
    ra DOUBLE PRECISION NOT NULL,
    decl DOUBLE PRECISION NOT NULL,
    side_pix SMALLINT NOT NULL,
    sha256 CHAR(64) NOT NULL,
    bands TEXT NOT NULL,
    url TEXT NOT NULL,
    CONSTRAINT pk_stamp PRIMARY KEY (release_id, ext_key)
)
 PARTITION BY LIST (release_id);
COMMENT ON TABLE release.stamp IS 'Postage stamps of the extended sources of a release';
COMMENT ON COLUMN release.stamp.release_id IS 'Release';
COMMENT ON COLUMN release.stamp.run_id IS 'Run of the extended source';
COMMENT ON COLUMN release.stamp.ext_key IS 'Extended source in the release.';
COMMENT ON COLUMN release.stamp.ext_id IS 'The same source in the working database.';
COMMENT ON COLUMN release.stamp.coadd_key IS 'Key of the Atlas image triple that it was cut from.';
COMMENT ON COLUMN release.stamp.scan_key IS 'Key of the scan.';
COMMENT ON COLUMN release.stamp.ra IS 'Right ascension of the middle, ICRS [deg].';
COMMENT ON COLUMN release.stamp.decl IS 'Declination of the middle, ICRS [deg].';
COMMENT ON COLUMN release.stamp.side_pix IS 'Columns and rows [pix].';
COMMENT ON COLUMN release.stamp.sha256 IS 'SHA-256 of the file.';
COMMENT ON COLUMN release.stamp.bands IS 'Bands that it has: jhk, or fewer';
COMMENT ON COLUMN release.stamp.url IS 'FITS file with a plane a band: name in the store';

CREATE TABLE release.verdict (
    release_id INTEGER NOT NULL,
    run_id INTEGER NOT NULL,
    src_id BIGINT NOT NULL,
    released BOOLEAN NOT NULL,
    reason TEXT NOT NULL,
    winner_run_id INTEGER,
    winner_src_id BIGINT,
    passed SMALLINT DEFAULT '0' NOT NULL,
    failed SMALLINT DEFAULT '0' NOT NULL,
    CONSTRAINT pk_verdict PRIMARY KEY (release_id, run_id, src_id)
)
 PARTITION BY LIST (release_id);
COMMENT ON TABLE release.verdict IS 'Why every extraction of the parent runs is in or out';
COMMENT ON COLUMN release.verdict.release_id IS 'Release';
COMMENT ON COLUMN release.verdict.run_id IS 'Run';
COMMENT ON COLUMN release.verdict.src_id IS 'Extraction in wsdb.point_measurement';
COMMENT ON COLUMN release.verdict.released IS 'Whether the row is in release.psc';
COMMENT ON COLUMN release.verdict.reason IS 'First rule that kept it out, or ''released''';
COMMENT ON COLUMN release.verdict.winner_run_id IS 'Run of the apparition chosen instead; null unless a duplicate';
COMMENT ON COLUMN release.verdict.winner_src_id IS 'Apparition chosen instead; null unless a duplicate';
COMMENT ON COLUMN release.verdict.passed IS 'Rules that it met: SELECT release.rules(passed)';
COMMENT ON COLUMN release.verdict.failed IS 'Rules that it failed; in neither: not applied';

CREATE TABLE release.xsc (
    release_id INTEGER NOT NULL,
    run_id INTEGER NOT NULL,
    ext_key INTEGER NOT NULL,
    designation CHAR(17) NOT NULL,
    dup_src SMALLINT NOT NULL,
    use_src SMALLINT NOT NULL,
    ext_id BIGINT NOT NULL,
    src_id BIGINT,
    ra DOUBLE PRECISION NOT NULL,
    decl DOUBLE PRECISION NOT NULL,
    coadd_key BIGINT NOT NULL,
    sup_ra DOUBLE PRECISION,
    sup_dec DOUBLE PRECISION,
    jdate DOUBLE PRECISION,
    scan_key INTEGER NOT NULL,
    x_scan REAL,
    r_3sig REAL,
    j_ba REAL,
    j_phi REAL,
    j_m_5 REAL,
    j_msig_5 REAL,
    j_m_7 REAL,
    j_msig_7 REAL,
    j_m_10 REAL,
    j_msig_10 REAL,
    j_m_15 REAL,
    j_msig_15 REAL,
    j_m_20 REAL,
    j_msig_20 REAL,
    j_m_25 REAL,
    j_msig_25 REAL,
    j_m_30 REAL,
    j_msig_30 REAL,
    j_m_40 REAL,
    j_msig_40 REAL,
    j_m_50 REAL,
    j_msig_50 REAL,
    j_m_60 REAL,
    j_msig_60 REAL,
    j_m_70 REAL,
    j_msig_70 REAL,
    h_ba REAL,
    h_phi REAL,
    h_m_5 REAL,
    h_msig_5 REAL,
    h_m_7 REAL,
    h_msig_7 REAL,
    h_m_10 REAL,
    h_msig_10 REAL,
    h_m_15 REAL,
    h_msig_15 REAL,
    h_m_20 REAL,
    h_msig_20 REAL,
    h_m_25 REAL,
    h_msig_25 REAL,
    h_m_30 REAL,
    h_msig_30 REAL,
    h_m_40 REAL,
    h_msig_40 REAL,
    h_m_50 REAL,
    h_msig_50 REAL,
    h_m_60 REAL,
    h_msig_60 REAL,
    h_m_70 REAL,
    h_msig_70 REAL,
    k_ba REAL,
    k_phi REAL,
    k_m_5 REAL,
    k_msig_5 REAL,
    k_m_7 REAL,
    k_msig_7 REAL,
    k_m_10 REAL,
    k_msig_10 REAL,
    k_m_15 REAL,
    k_msig_15 REAL,
    k_m_20 REAL,
    k_msig_20 REAL,
    k_m_25 REAL,
    k_msig_25 REAL,
    k_m_30 REAL,
    k_msig_30 REAL,
    k_m_40 REAL,
    k_msig_40 REAL,
    k_m_50 REAL,
    k_msig_50 REAL,
    k_m_60 REAL,
    k_msig_60 REAL,
    k_m_70 REAL,
    k_msig_70 REAL,
    x_coadd REAL,
    y_coadd REAL,
    sup_r_3sig REAL,
    sup_ba REAL,
    sup_ba_err REAL,
    sup_phi REAL,
    sersic_n REAL,
    sersic_n_err REAL,
    r_ext REAL,
    r_k20fe REAL,
    r_k20fc REAL,
    r_j21fe REAL,
    r_j21fc REAL,
    r_fe REAL,
    r_fc REAL,
    j_m_ext REAL,
    j_msig_ext REAL,
    j_pchi REAL,
    j_r_eff REAL,
    j_mnsurfb_eff REAL,
    j_con_indx REAL,
    j_peak REAL,
    j_5surf REAL,
    j_5sig_ba REAL,
    j_5sig_phi REAL,
    j_back REAL,
    j_resid_ann REAL,
    j_r_i20e REAL,
    j_r_i20c REAL,
    j_r_i21e REAL,
    j_r_i21c REAL,
    j_r_e REAL,
    j_r_c REAL,
    j_m_k20fe REAL,
    j_msig_k20fe REAL,
    j_m_k20fc REAL,
    j_msig_k20fc REAL,
    j_m_j21fe REAL,
    j_msig_j21fe REAL,
    j_m_j21fc REAL,
    j_msig_j21fc REAL,
    j_m_fe REAL,
    j_msig_fe REAL,
    j_m_fc REAL,
    j_msig_fc REAL,
    j_m_i20e REAL,
    j_msig_i20e REAL,
    j_m_i20c REAL,
    j_msig_i20c REAL,
    j_m_i21e REAL,
    j_msig_i21e REAL,
    j_m_i21c REAL,
    j_msig_i21c REAL,
    j_m_e REAL,
    j_msig_e REAL,
    j_m_c REAL,
    j_msig_c REAL,
    h_m_ext REAL,
    h_msig_ext REAL,
    h_pchi REAL,
    h_r_eff REAL,
    h_mnsurfb_eff REAL,
    h_con_indx REAL,
    h_peak REAL,
    h_5surf REAL,
    h_5sig_ba REAL,
    h_5sig_phi REAL,
    h_back REAL,
    h_resid_ann REAL,
    h_r_i20e REAL,
    h_r_i20c REAL,
    h_r_i21e REAL,
    h_r_i21c REAL,
    h_r_e REAL,
    h_r_c REAL,
    h_m_k20fe REAL,
    h_msig_k20fe REAL,
    h_m_k20fc REAL,
    h_msig_k20fc REAL,
    h_m_j21fe REAL,
    h_msig_j21fe REAL,
    h_m_j21fc REAL,
    h_msig_j21fc REAL,
    h_m_fe REAL,
    h_msig_fe REAL,
    h_m_fc REAL,
    h_msig_fc REAL,
    h_m_i20e REAL,
    h_msig_i20e REAL,
    h_m_i20c REAL,
    h_msig_i20c REAL,
    h_m_i21e REAL,
    h_msig_i21e REAL,
    h_m_i21c REAL,
    h_msig_i21c REAL,
    h_m_e REAL,
    h_msig_e REAL,
    h_m_c REAL,
    h_msig_c REAL,
    k_m_ext REAL,
    k_msig_ext REAL,
    k_pchi REAL,
    k_r_eff REAL,
    k_mnsurfb_eff REAL,
    k_con_indx REAL,
    k_peak REAL,
    k_5surf REAL,
    k_5sig_ba REAL,
    k_5sig_phi REAL,
    k_back REAL,
    k_resid_ann REAL,
    k_r_i20e REAL,
    k_r_i20c REAL,
    k_r_i21e REAL,
    k_r_i21c REAL,
    k_r_e REAL,
    k_r_c REAL,
    k_m_k20fe REAL,
    k_msig_k20fe REAL,
    k_m_k20fc REAL,
    k_msig_k20fc REAL,
    k_m_j21fe REAL,
    k_msig_j21fe REAL,
    k_m_j21fc REAL,
    k_msig_j21fc REAL,
    k_m_fe REAL,
    k_msig_fe REAL,
    k_m_fc REAL,
    k_msig_fc REAL,
    k_m_i20e REAL,
    k_msig_i20e REAL,
    k_m_i20c REAL,
    k_msig_i20c REAL,
    k_m_i21e REAL,
    k_msig_i21e REAL,
    k_m_i21c REAL,
    k_msig_i21c REAL,
    k_m_e REAL,
    k_msig_e REAL,
    k_m_c REAL,
    k_msig_c REAL,
    j_m_sys REAL,
    j_msig_sys REAL,
    j_d_area REAL,
    j_perc_darea REAL,
    j_bisym_rat REAL,
    j_bisym_chi REAL,
    h_m_sys REAL,
    h_msig_sys REAL,
    h_d_area REAL,
    h_perc_darea REAL,
    h_bisym_rat REAL,
    h_bisym_chi REAL,
    k_m_sys REAL,
    k_msig_sys REAL,
    k_d_area REAL,
    k_perc_darea REAL,
    k_bisym_rat REAL,
    k_bisym_chi REAL,
    e_score REAL,
    g_score REAL,
    id INTEGER NOT NULL,
    date DATE NOT NULL,
    glon REAL NOT NULL,
    glat REAL NOT NULL,
    density REAL,
    dist_edge_ns INTEGER,
    dist_edge_ew INTEGER,
    night_key INTEGER NOT NULL,
    j_sh0 REAL,
    j_sig_sh0 REAL,
    h_sh0 REAL,
    h_sig_sh0 REAL,
    k_sh0 REAL,
    k_sig_sh0 REAL,
    j_chif_ellf REAL,
    k_chif_ellf REAL,
    sup_chif_ellf REAL,
    prox REAL,
    pxpa REAL,
    pxcntr INTEGER,
    mp_key INTEGER,
    j_sc_mxdn REAL,
    j_sc_sh REAL,
    j_sc_wsh REAL,
    j_sc_r23 REAL,
    j_sc_1mm REAL,
    j_sc_2mm REAL,
    j_sc_vint REAL,
    j_sc_r1 REAL,
    j_sc_msh REAL,
    j_subst2 REAL,
    j_bndg_per REAL,
    j_bndg_amp REAL,
    j_seetrack REAL,
    h_sc_mxdn REAL,
    h_sc_sh REAL,
    h_sc_wsh REAL,
    h_sc_r23 REAL,
    h_sc_1mm REAL,
    h_sc_2mm REAL,
    h_sc_vint REAL,
    h_sc_r1 REAL,
    h_sc_msh REAL,
    h_subst2 REAL,
    h_bndg_per REAL,
    h_bndg_amp REAL,
    h_seetrack REAL,
    k_sc_mxdn REAL,
    k_sc_sh REAL,
    k_sc_wsh REAL,
    k_sc_r23 REAL,
    k_sc_1mm REAL,
    k_sc_2mm REAL,
    k_sc_vint REAL,
    k_sc_r1 REAL,
    k_sc_msh REAL,
    k_subst2 REAL,
    k_bndg_per REAL,
    k_bndg_amp REAL,
    k_seetrack REAL,
    j_flg_5 SMALLINT,
    j_flg_7 SMALLINT,
    j_flg_10 SMALLINT,
    j_flg_15 SMALLINT,
    j_flg_20 SMALLINT,
    j_flg_25 SMALLINT,
    j_flg_30 SMALLINT,
    j_flg_40 SMALLINT,
    j_flg_50 SMALLINT,
    j_flg_60 SMALLINT,
    j_flg_70 SMALLINT,
    h_flg_5 SMALLINT,
    h_flg_7 SMALLINT,
    h_flg_10 SMALLINT,
    h_flg_15 SMALLINT,
    h_flg_20 SMALLINT,
    h_flg_25 SMALLINT,
    h_flg_30 SMALLINT,
    h_flg_40 SMALLINT,
    h_flg_50 SMALLINT,
    h_flg_60 SMALLINT,
    h_flg_70 SMALLINT,
    k_flg_5 SMALLINT,
    k_flg_7 SMALLINT,
    k_flg_10 SMALLINT,
    k_flg_15 SMALLINT,
    k_flg_20 SMALLINT,
    k_flg_25 SMALLINT,
    k_flg_30 SMALLINT,
    k_flg_40 SMALLINT,
    k_flg_50 SMALLINT,
    k_flg_60 SMALLINT,
    k_flg_70 SMALLINT,
    n_sub SMALLINT,
    j_flg_k20fe SMALLINT,
    j_flg_k20fc SMALLINT,
    j_flg_j21fe SMALLINT,
    j_flg_j21fc SMALLINT,
    j_flg_fe SMALLINT,
    j_flg_fc SMALLINT,
    j_flg_i20e SMALLINT,
    j_flg_i20c SMALLINT,
    j_flg_i21e SMALLINT,
    j_flg_i21c SMALLINT,
    j_flg_e SMALLINT,
    j_flg_c SMALLINT,
    h_flg_k20fe SMALLINT,
    h_flg_k20fc SMALLINT,
    h_flg_j21fe SMALLINT,
    h_flg_j21fc SMALLINT,
    h_flg_fe SMALLINT,
    h_flg_fc SMALLINT,
    h_flg_i20e SMALLINT,
    h_flg_i20c SMALLINT,
    h_flg_i21e SMALLINT,
    h_flg_i21c SMALLINT,
    h_flg_e SMALLINT,
    h_flg_c SMALLINT,
    k_flg_k20fe SMALLINT,
    k_flg_k20fc SMALLINT,
    k_flg_j21fe SMALLINT,
    k_flg_j21fc SMALLINT,
    k_flg_fe SMALLINT,
    k_flg_fc SMALLINT,
    k_flg_i20e SMALLINT,
    k_flg_i20c SMALLINT,
    k_flg_i21e SMALLINT,
    k_flg_i21c SMALLINT,
    k_flg_e SMALLINT,
    k_flg_c SMALLINT,
    sys_flg SMALLINT,
    scan SMALLINT NOT NULL,
    im_nx SMALLINT NOT NULL,
    vc SMALLINT NOT NULL,
    contam_flg SMALLINT NOT NULL,
    n_blank SMALLINT NOT NULL,
    ellfit_flg SMALLINT,
    bl_sub_flg SMALLINT,
    id_flg SMALLINT,
    blk_fac SMALLINT,
    coadd SMALLINT NOT NULL,
    hemis CHAR(1) NOT NULL,
    dist_edge_flg CHAR(2),
    cc_flg CHAR(1) NOT NULL,
    id_cat CHAR(20),
    fg_flg CHAR(6),
    CONSTRAINT pk_xsc PRIMARY KEY (release_id, ext_key)
)
 PARTITION BY LIST (release_id);
COMMENT ON TABLE release.xsc IS 'Extended Source Catalogue (first set of columns)';
COMMENT ON COLUMN release.xsc.release_id IS 'Release';
COMMENT ON COLUMN release.xsc.run_id IS 'Run of the extraction';
COMMENT ON COLUMN release.xsc.ext_key IS 'Key in the release.';
COMMENT ON COLUMN release.xsc.designation IS 'Sexagesimal name made from the truncated position.';
COMMENT ON COLUMN release.xsc.dup_src IS 'Duplicate-source flag of a release.';
COMMENT ON COLUMN release.xsc.use_src IS 'Use-source flag of a release.';
COMMENT ON COLUMN release.xsc.ext_id IS 'Unique in a run, made as src_id.';
COMMENT ON COLUMN release.xsc.src_id IS 'The same object among the point sources. Null: no point-source row.';
COMMENT ON COLUMN release.xsc.ra IS 'Right ascension, ICRS [deg].';
COMMENT ON COLUMN release.xsc.decl IS 'Declination, ICRS [deg].';
COMMENT ON COLUMN release.xsc.coadd_key IS 'Key of the Atlas image triple.';
COMMENT ON COLUMN release.xsc.sup_ra IS 'Right ascension of the model''s middle, all bands, ICRS [deg]. Null: the galaxy does not lie on an image of the band.';
COMMENT ON COLUMN release.xsc.sup_dec IS 'Declination of the model''s middle, all bands, ICRS [deg]. Null: the galaxy does not lie on an image of the band.';
COMMENT ON COLUMN release.xsc.jdate IS 'Julian date of the measurement, UTC, good to 1 s from frames and to 30 s from finished images [d]. Null: the input has no time.';
COMMENT ON COLUMN release.xsc.scan_key IS 'Key of the scan.';
COMMENT ON COLUMN release.xsc.x_scan IS 'Cross-scan position in the U-scan system [arcsec]. Null: no point source of the scan within 10 arcmin.';
COMMENT ON COLUMN release.xsc.r_3sig IS 'Semi-major axis of the 3-sigma isophote in Ks [arcsec]. Null: not measured in Ks.';
COMMENT ON COLUMN release.xsc.j_ba IS 'J axis ratio. Null: not measured in this band.';
COMMENT ON COLUMN release.xsc.j_phi IS 'J position angle, east of north, -90 to 90 [deg]. Null: not measured in this band.';
COMMENT ON COLUMN release.xsc.j_m_5 IS 'J magnitude in a circle of 5 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN release.xsc.j_msig_5 IS 'J uncertainty in a circle of 5 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN release.xsc.j_m_7 IS 'J magnitude in a circle of 7 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN release.xsc.j_msig_7 IS 'J uncertainty in a circle of 7 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN release.xsc.j_m_10 IS 'J magnitude in a circle of 10 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN release.xsc.j_msig_10 IS 'J uncertainty in a circle of 10 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN release.xsc.j_m_15 IS 'J magnitude in a circle of 15 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN release.xsc.j_msig_15 IS 'J uncertainty in a circle of 15 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN release.xsc.j_m_20 IS 'J magnitude in a circle of 20 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN release.xsc.j_msig_20 IS 'J uncertainty in a circle of 20 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN release.xsc.j_m_25 IS 'J magnitude in a circle of 25 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN release.xsc.j_msig_25 IS 'J uncertainty in a circle of 25 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN release.xsc.j_m_30 IS 'J magnitude in a circle of 30 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN release.xsc.j_msig_30 IS 'J uncertainty in a circle of 30 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN release.xsc.j_m_40 IS 'J magnitude in a circle of 40 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN release.xsc.j_msig_40 IS 'J uncertainty in a circle of 40 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN release.xsc.j_m_50 IS 'J magnitude in a circle of 50 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN release.xsc.j_msig_50 IS 'J uncertainty in a circle of 50 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN release.xsc.j_m_60 IS 'J magnitude in a circle of 60 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN release.xsc.j_msig_60 IS 'J uncertainty in a circle of 60 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN release.xsc.j_m_70 IS 'J magnitude in a circle of 70 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN release.xsc.j_msig_70 IS 'J uncertainty in a circle of 70 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN release.xsc.h_ba IS 'H axis ratio. Null: not measured in this band.';
COMMENT ON COLUMN release.xsc.h_phi IS 'H position angle, east of north, -90 to 90 [deg]. Null: not measured in this band.';
COMMENT ON COLUMN release.xsc.h_m_5 IS 'H magnitude in a circle of 5 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN release.xsc.h_msig_5 IS 'H uncertainty in a circle of 5 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN release.xsc.h_m_7 IS 'H magnitude in a circle of 7 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN release.xsc.h_msig_7 IS 'H uncertainty in a circle of 7 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN release.xsc.h_m_10 IS 'H magnitude in a circle of 10 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN release.xsc.h_msig_10 IS 'H uncertainty in a circle of 10 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN release.xsc.h_m_15 IS 'H magnitude in a circle of 15 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN release.xsc.h_msig_15 IS 'H uncertainty in a circle of 15 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN release.xsc.h_m_20 IS 'H magnitude in a circle of 20 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN release.xsc.h_msig_20 IS 'H uncertainty in a circle of 20 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN release.xsc.h_m_25 IS 'H magnitude in a circle of 25 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN release.xsc.h_msig_25 IS 'H uncertainty in a circle of 25 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN release.xsc.h_m_30 IS 'H magnitude in a circle of 30 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN release.xsc.h_msig_30 IS 'H uncertainty in a circle of 30 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN release.xsc.h_m_40 IS 'H magnitude in a circle of 40 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN release.xsc.h_msig_40 IS 'H uncertainty in a circle of 40 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN release.xsc.h_m_50 IS 'H magnitude in a circle of 50 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN release.xsc.h_msig_50 IS 'H uncertainty in a circle of 50 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN release.xsc.h_m_60 IS 'H magnitude in a circle of 60 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN release.xsc.h_msig_60 IS 'H uncertainty in a circle of 60 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN release.xsc.h_m_70 IS 'H magnitude in a circle of 70 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN release.xsc.h_msig_70 IS 'H uncertainty in a circle of 70 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN release.xsc.k_ba IS 'Ks axis ratio. Null: not measured in this band.';
COMMENT ON COLUMN release.xsc.k_phi IS 'Ks position angle, east of north, -90 to 90 [deg]. Null: not measured in this band.';
COMMENT ON COLUMN release.xsc.k_m_5 IS 'Ks magnitude in a circle of 5 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN release.xsc.k_msig_5 IS 'Ks uncertainty in a circle of 5 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN release.xsc.k_m_7 IS 'Ks magnitude in a circle of 7 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN release.xsc.k_msig_7 IS 'Ks uncertainty in a circle of 7 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN release.xsc.k_m_10 IS 'Ks magnitude in a circle of 10 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN release.xsc.k_msig_10 IS 'Ks uncertainty in a circle of 10 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN release.xsc.k_m_15 IS 'Ks magnitude in a circle of 15 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN release.xsc.k_msig_15 IS 'Ks uncertainty in a circle of 15 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN release.xsc.k_m_20 IS 'Ks magnitude in a circle of 20 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN release.xsc.k_msig_20 IS 'Ks uncertainty in a circle of 20 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN release.xsc.k_m_25 IS 'Ks magnitude in a circle of 25 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN release.xsc.k_msig_25 IS 'Ks uncertainty in a circle of 25 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN release.xsc.k_m_30 IS 'Ks magnitude in a circle of 30 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN release.xsc.k_msig_30 IS 'Ks uncertainty in a circle of 30 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN release.xsc.k_m_40 IS 'Ks magnitude in a circle of 40 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN release.xsc.k_msig_40 IS 'Ks uncertainty in a circle of 40 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN release.xsc.k_m_50 IS 'Ks magnitude in a circle of 50 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN release.xsc.k_msig_50 IS 'Ks uncertainty in a circle of 50 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN release.xsc.k_m_60 IS 'Ks magnitude in a circle of 60 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN release.xsc.k_msig_60 IS 'Ks uncertainty in a circle of 60 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN release.xsc.k_m_70 IS 'Ks magnitude in a circle of 70 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN release.xsc.k_msig_70 IS 'Ks uncertainty in a circle of 70 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN release.xsc.x_coadd IS 'Column of the Atlas image, 0 at the middle of the first [pix]. Null: the galaxy does not lie on an image of the band.';
COMMENT ON COLUMN release.xsc.y_coadd IS 'Row of the Atlas image, 0 at the middle of the first [pix]. Null: the galaxy does not lie on an image of the band.';
COMMENT ON COLUMN release.xsc.sup_r_3sig IS 'Semi-major axis of the 3-sigma isophote, largest of the bands [arcsec]. Null: no isophote in any band.';
COMMENT ON COLUMN release.xsc.sup_ba IS 'Axis ratio of the model, all bands. Null: the galaxy does not lie on an image of the band.';
COMMENT ON COLUMN release.xsc.sup_ba_err IS 'Uncertainty of sup_ba. Null: the galaxy does not lie on an image of the band.';
COMMENT ON COLUMN release.xsc.sup_phi IS 'Position angle of the model, east of north, -90 to 90, all bands [deg]. Null: the galaxy does not lie on an image of the band.';
COMMENT ON COLUMN release.xsc.sersic_n IS 'Sersic index of the model: 1 a disc, 4 an r^1/4 bulge. Null: the galaxy does not lie on an image of the band.';
COMMENT ON COLUMN release.xsc.sersic_n_err IS 'Uncertainty of sersic_n. Null: the galaxy does not lie on an image of the band.';
COMMENT ON COLUMN release.xsc.r_ext IS 'Total radius: semi-major axis that holds nine tenths of the model''s light, 10.05 at least [arcsec]. Null: the galaxy does not lie on an image of the band.';
COMMENT ON COLUMN release.xsc.r_k20fe IS 'Radius of the ellipse of the Ks 20 mag/sq arcsec isophote [arcsec]. Null: no such isophote, or no Ks.';
COMMENT ON COLUMN release.xsc.r_k20fc IS 'Radius of the circle of the Ks 20 mag/sq arcsec isophote [arcsec]. Null: no such isophote, or no Ks.';
COMMENT ON COLUMN release.xsc.r_j21fe IS 'Radius of the ellipse of the J 21 mag/sq arcsec isophote [arcsec]. Null: no such isophote, or no Ks.';
COMMENT ON COLUMN release.xsc.r_j21fc IS 'Radius of the circle of the J 21 mag/sq arcsec isophote [arcsec]. Null: no such isophote, or no Ks.';
COMMENT ON COLUMN release.xsc.r_fe IS 'Radius of the Kron ellipse of Ks [arcsec]. Null: no such isophote, or no Ks.';
COMMENT ON COLUMN release.xsc.r_fc IS 'Radius of the Kron circle of Ks [arcsec]. Null: no such isophote, or no Ks.';
COMMENT ON COLUMN release.xsc.j_m_ext IS 'J total magnitude, of the Sersic model; a limit where msig_ext is 0 [mag]. Null: neither light nor a limit in the band, or the galaxy does not lie on an image of the band.';
COMMENT ON COLUMN release.xsc.j_msig_ext IS 'J uncertainty of the total, with that of the model''s shape; 0 of a limit at 3 sigma [mag]. Null: neither light nor a limit in the band, or the galaxy does not lie on an image of the band.';
COMMENT ON COLUMN release.xsc.j_pchi IS 'J reduced chi-squared of the model; smoothed as pixels of coadds are, noise alone has 0.2 to 0.4. Null: the galaxy does not lie on an image of the band.';
COMMENT ON COLUMN release.xsc.j_r_eff IS 'J semi-major axis of the ellipse that holds half the total light, as observed [arcsec]. Null: no total, or the ellipse leaves the data.';
COMMENT ON COLUMN release.xsc.j_mnsurfb_eff IS 'J mean surface brightness within the half-light ellipse [mag.arcsec**-2]. Null: no half-light radius.';
COMMENT ON COLUMN release.xsc.j_con_indx IS 'J concentration: radius of three quarters of the total light over that of one quarter. Null: no total, or the ellipse leaves the data.';
COMMENT ON COLUMN release.xsc.j_peak IS 'J surface brightness of the brightest pixel within 5 arcsec [mag.arcsec**-2]. Null: no light.';
COMMENT ON COLUMN release.xsc.j_5surf IS 'J mean surface brightness within 5 arcsec [mag.arcsec**-2]. Null: no light.';
COMMENT ON COLUMN release.xsc.j_5sig_ba IS 'J axis ratio of the 5-sigma isophote. Null: no such isophote.';
COMMENT ON COLUMN release.xsc.j_5sig_phi IS 'J position angle of the 5-sigma isophote, east of north, -90 to 90 [deg]. Null: no such isophote.';
COMMENT ON COLUMN release.xsc.j_back IS 'J background, a pixel of 1 arcsec [adu]. Null: the galaxy does not lie on an image of the band.';
COMMENT ON COLUMN release.xsc.j_resid_ann IS 'J level of the ring from 80 to 110 arcsec after the background was subtracted [adu]. Null: no data in the ring.';
COMMENT ON COLUMN release.xsc.j_r_i20e IS 'J radius of the ellipse of its 20 mag/sq arcsec isophote [arcsec]. Null: no such isophote.';
COMMENT ON COLUMN release.xsc.j_r_i20c IS 'J radius of the circle of its 20 mag/sq arcsec isophote [arcsec]. Null: no such isophote.';
COMMENT ON COLUMN release.xsc.j_r_i21e IS 'J radius of the ellipse of its 21 mag/sq arcsec isophote [arcsec]. Null: no such isophote.';
COMMENT ON COLUMN release.xsc.j_r_i21c IS 'J radius of the circle of its 21 mag/sq arcsec isophote [arcsec]. Null: no such isophote.';
COMMENT ON COLUMN release.xsc.j_r_e IS 'J radius of its Kron ellipse [arcsec]. Null: no such isophote.';
COMMENT ON COLUMN release.xsc.j_r_c IS 'J radius of its Kron circle [arcsec]. Null: no such isophote.';
COMMENT ON COLUMN release.xsc.j_m_k20fe IS 'J magnitude in the ellipse of the Ks 20 mag/sq arcsec isophote [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN release.xsc.j_msig_k20fe IS 'J uncertainty in the ellipse of the Ks 20 mag/sq arcsec isophote [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN release.xsc.j_m_k20fc IS 'J magnitude in the circle of the Ks 20 mag/sq arcsec isophote [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN release.xsc.j_msig_k20fc IS 'J uncertainty in the circle of the Ks 20 mag/sq arcsec isophote [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN release.xsc.j_m_j21fe IS 'J magnitude in the ellipse of the J 21 mag/sq arcsec isophote [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN release.xsc.j_msig_j21fe IS 'J uncertainty in the ellipse of the J 21 mag/sq arcsec isophote [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN release.xsc.j_m_j21fc IS 'J magnitude in the circle of the J 21 mag/sq arcsec isophote [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN release.xsc.j_msig_j21fc IS 'J uncertainty in the circle of the J 21 mag/sq arcsec isophote [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN release.xsc.j_m_fe IS 'J magnitude in the Kron ellipse of Ks [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN release.xsc.j_msig_fe IS 'J uncertainty in the Kron ellipse of Ks [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN release.xsc.j_m_fc IS 'J magnitude in the Kron circle of Ks [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN release.xsc.j_msig_fc IS 'J uncertainty in the Kron circle of Ks [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN release.xsc.j_m_i20e IS 'J magnitude in the ellipse of its 20 mag/sq arcsec isophote [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN release.xsc.j_msig_i20e IS 'J uncertainty in the ellipse of its 20 mag/sq arcsec isophote [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN release.xsc.j_m_i20c IS 'J magnitude in the circle of its 20 mag/sq arcsec isophote [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN release.xsc.j_msig_i20c IS 'J uncertainty in the circle of its 20 mag/sq arcsec isophote [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN release.xsc.j_m_i21e IS 'J magnitude in the ellipse of its 21 mag/sq arcsec isophote [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN release.xsc.j_msig_i21e IS 'J uncertainty in the ellipse of its 21 mag/sq arcsec isophote [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN release.xsc.j_m_i21c IS 'J magnitude in the circle of its 21 mag/sq arcsec isophote [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN release.xsc.j_msig_i21c IS 'J uncertainty in the circle of its 21 mag/sq arcsec isophote [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN release.xsc.j_m_e IS 'J magnitude in its Kron ellipse [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN release.xsc.j_msig_e IS 'J uncertainty in its Kron ellipse [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN release.xsc.j_m_c IS 'J magnitude in its Kron circle [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN release.xsc.j_msig_c IS 'J uncertainty in its Kron circle [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN release.xsc.h_m_ext IS 'H total magnitude, of the Sersic model; a limit where msig_ext is 0 [mag]. Null: neither light nor a limit in the band, or the galaxy does not lie on an image of the band.';
COMMENT ON COLUMN release.xsc.h_msig_ext IS 'H uncertainty of the total, with that of the model''s shape; 0 of a limit at 3 sigma [mag]. Null: neither light nor a limit in the band, or the galaxy does not lie on an image of the band.';
COMMENT ON COLUMN release.xsc.h_pchi IS 'H reduced chi-squared of the model; smoothed as pixels of coadds are, noise alone has 0.2 to 0.4. Null: the galaxy does not lie on an image of the band.';
COMMENT ON COLUMN release.xsc.h_r_eff IS 'H semi-major axis of the ellipse that holds half the total light, as observed [arcsec]. Null: no total, or the ellipse leaves the data.';
COMMENT ON COLUMN release.xsc.h_mnsurfb_eff IS 'H mean surface brightness within the half-light ellipse [mag.arcsec**-2]. Null: no half-light radius.';
COMMENT ON COLUMN release.xsc.h_con_indx IS 'H concentration: radius of three quarters of the total light over that of one quarter. Null: no total, or the ellipse leaves the data.';
COMMENT ON COLUMN release.xsc.h_peak IS 'H surface brightness of the brightest pixel within 5 arcsec [mag.arcsec**-2]. Null: no light.';
COMMENT ON COLUMN release.xsc.h_5surf IS 'H mean surface brightness within 5 arcsec [mag.arcsec**-2]. Null: no light.';
COMMENT ON COLUMN release.xsc.h_5sig_ba IS 'H axis ratio of the 5-sigma isophote. Null: no such isophote.';
COMMENT ON COLUMN release.xsc.h_5sig_phi IS 'H position angle of the 5-sigma isophote, east of north, -90 to 90 [deg]. Null: no such isophote.';
COMMENT ON COLUMN release.xsc.h_back IS 'H background, a pixel of 1 arcsec [adu]. Null: the galaxy does not lie on an image of the band.';
COMMENT ON COLUMN release.xsc.h_resid_ann IS 'H level of the ring from 80 to 110 arcsec after the background was subtracted [adu]. Null: no data in the ring.';
COMMENT ON COLUMN release.xsc.h_r_i20e IS 'H radius of the ellipse of its 20 mag/sq arcsec isophote [arcsec]. Null: no such isophote.';
COMMENT ON COLUMN release.xsc.h_r_i20c IS 'H radius of the circle of its 20 mag/sq arcsec isophote [arcsec]. Null: no such isophote.';
COMMENT ON COLUMN release.xsc.h_r_i21e IS 'H radius of the ellipse of its 21 mag/sq arcsec isophote [arcsec]. Null: no such isophote.';
COMMENT ON COLUMN release.xsc.h_r_i21c IS 'H radius of the circle of its 21 mag/sq arcsec isophote [arcsec]. Null: no such isophote.';
COMMENT ON COLUMN release.xsc.h_r_e IS 'H radius of its Kron ellipse [arcsec]. Null: no such isophote.';
COMMENT ON COLUMN release.xsc.h_r_c IS 'H radius of its Kron circle [arcsec]. Null: no such isophote.';
COMMENT ON COLUMN release.xsc.h_m_k20fe IS 'H magnitude in the ellipse of the Ks 20 mag/sq arcsec isophote [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN release.xsc.h_msig_k20fe IS 'H uncertainty in the ellipse of the Ks 20 mag/sq arcsec isophote [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN release.xsc.h_m_k20fc IS 'H magnitude in the circle of the Ks 20 mag/sq arcsec isophote [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN release.xsc.h_msig_k20fc IS 'H uncertainty in the circle of the Ks 20 mag/sq arcsec isophote [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN release.xsc.h_m_j21fe IS 'H magnitude in the ellipse of the J 21 mag/sq arcsec isophote [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN release.xsc.h_msig_j21fe IS 'H uncertainty in the ellipse of the J 21 mag/sq arcsec isophote [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN release.xsc.h_m_j21fc IS 'H magnitude in the circle of the J 21 mag/sq arcsec isophote [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN release.xsc.h_msig_j21fc IS 'H uncertainty in the circle of the J 21 mag/sq arcsec isophote [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN release.xsc.h_m_fe IS 'H magnitude in the Kron ellipse of Ks [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN release.xsc.h_msig_fe IS 'H uncertainty in the Kron ellipse of Ks [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN release.xsc.h_m_fc IS 'H magnitude in the Kron circle of Ks [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN release.xsc.h_msig_fc IS 'H uncertainty in the Kron circle of Ks [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN release.xsc.h_m_i20e IS 'H magnitude in the ellipse of its 20 mag/sq arcsec isophote [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN release.xsc.h_msig_i20e IS 'H uncertainty in the ellipse of its 20 mag/sq arcsec isophote [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN release.xsc.h_m_i20c IS 'H magnitude in the circle of its 20 mag/sq arcsec isophote [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN release.xsc.h_msig_i20c IS 'H uncertainty in the circle of its 20 mag/sq arcsec isophote [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN release.xsc.h_m_i21e IS 'H magnitude in the ellipse of its 21 mag/sq arcsec isophote [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN release.xsc.h_msig_i21e IS 'H uncertainty in the ellipse of its 21 mag/sq arcsec isophote [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN release.xsc.h_m_i21c IS 'H magnitude in the circle of its 21 mag/sq arcsec isophote [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN release.xsc.h_msig_i21c IS 'H uncertainty in the circle of its 21 mag/sq arcsec isophote [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN release.xsc.h_m_e IS 'H magnitude in its Kron ellipse [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN release.xsc.h_msig_e IS 'H uncertainty in its Kron ellipse [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN release.xsc.h_m_c IS 'H magnitude in its Kron circle [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN release.xsc.h_msig_c IS 'H uncertainty in its Kron circle [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN release.xsc.k_m_ext IS 'Ks total magnitude, of the Sersic model; a limit where msig_ext is 0 [mag]. Null: neither light nor a limit in the band, or the galaxy does not lie on an image of the band.';
COMMENT ON COLUMN release.xsc.k_msig_ext IS 'Ks uncertainty of the total, with that of the model''s shape; 0 of a limit at 3 sigma [mag]. Null: neither light nor a limit in the band, or the galaxy does not lie on an image of the band.';
COMMENT ON COLUMN release.xsc.k_pchi IS 'Ks reduced chi-squared of the model; smoothed as pixels of coadds are, noise alone has 0.2 to 0.4. Null: the galaxy does not lie on an image of the band.';
COMMENT ON COLUMN release.xsc.k_r_eff IS 'Ks semi-major axis of the ellipse that holds half the total light, as observed [arcsec]. Null: no total, or the ellipse leaves the data.';
COMMENT ON COLUMN release.xsc.k_mnsurfb_eff IS 'Ks mean surface brightness within the half-light ellipse [mag.arcsec**-2]. Null: no half-light radius.';
COMMENT ON COLUMN release.xsc.k_con_indx IS 'Ks concentration: radius of three quarters of the total light over that of one quarter. Null: no total, or the ellipse leaves the data.';
COMMENT ON COLUMN release.xsc.k_peak IS 'Ks surface brightness of the brightest pixel within 5 arcsec [mag.arcsec**-2]. Null: no light.';
COMMENT ON COLUMN release.xsc.k_5surf IS 'Ks mean surface brightness within 5 arcsec [mag.arcsec**-2]. Null: no light.';
COMMENT ON COLUMN release.xsc.k_5sig_ba IS 'Ks axis ratio of the 5-sigma isophote. Null: no such isophote.';
COMMENT ON COLUMN release.xsc.k_5sig_phi IS 'Ks position angle of the 5-sigma isophote, east of north, -90 to 90 [deg]. Null: no such isophote.';
COMMENT ON COLUMN release.xsc.k_back IS 'Ks background, a pixel of 1 arcsec [adu]. Null: the galaxy does not lie on an image of the band.';
COMMENT ON COLUMN release.xsc.k_resid_ann IS 'Ks level of the ring from 80 to 110 arcsec after the background was subtracted [adu]. Null: no data in the ring.';
COMMENT ON COLUMN release.xsc.k_r_i20e IS 'Ks radius of the ellipse of its 20 mag/sq arcsec isophote [arcsec]. Null: no such isophote.';
COMMENT ON COLUMN release.xsc.k_r_i20c IS 'Ks radius of the circle of its 20 mag/sq arcsec isophote [arcsec]. Null: no such isophote.';
COMMENT ON COLUMN release.xsc.k_r_i21e IS 'Ks radius of the ellipse of its 21 mag/sq arcsec isophote [arcsec]. Null: no such isophote.';
COMMENT ON COLUMN release.xsc.k_r_i21c IS 'Ks radius of the circle of its 21 mag/sq arcsec isophote [arcsec]. Null: no such isophote.';
COMMENT ON COLUMN release.xsc.k_r_e IS 'Ks radius of its Kron ellipse [arcsec]. Null: no such isophote.';
COMMENT ON COLUMN release.xsc.k_r_c IS 'Ks radius of its Kron circle [arcsec]. Null: no such isophote.';
COMMENT ON COLUMN release.xsc.k_m_k20fe IS 'Ks magnitude in the ellipse of the Ks 20 mag/sq arcsec isophote [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN release.xsc.k_msig_k20fe IS 'Ks uncertainty in the ellipse of the Ks 20 mag/sq arcsec isophote [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN release.xsc.k_m_k20fc IS 'Ks magnitude in the circle of the Ks 20 mag/sq arcsec isophote [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN release.xsc.k_msig_k20fc IS 'Ks uncertainty in the circle of the Ks 20 mag/sq arcsec isophote [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN release.xsc.k_m_j21fe IS 'Ks magnitude in the ellipse of the J 21 mag/sq arcsec isophote [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN release.xsc.k_msig_j21fe IS 'Ks uncertainty in the ellipse of the J 21 mag/sq arcsec isophote [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN release.xsc.k_m_j21fc IS 'Ks magnitude in the circle of the J 21 mag/sq arcsec isophote [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN release.xsc.k_msig_j21fc IS 'Ks uncertainty in the circle of the J 21 mag/sq arcsec isophote [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN release.xsc.k_m_fe IS 'Ks magnitude in the Kron ellipse of Ks [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN release.xsc.k_msig_fe IS 'Ks uncertainty in the Kron ellipse of Ks [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN release.xsc.k_m_fc IS 'Ks magnitude in the Kron circle of Ks [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN release.xsc.k_msig_fc IS 'Ks uncertainty in the Kron circle of Ks [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN release.xsc.k_m_i20e IS 'Ks magnitude in the ellipse of its 20 mag/sq arcsec isophote [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN release.xsc.k_msig_i20e IS 'Ks uncertainty in the ellipse of its 20 mag/sq arcsec isophote [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN release.xsc.k_m_i20c IS 'Ks magnitude in the circle of its 20 mag/sq arcsec isophote [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN release.xsc.k_msig_i20c IS 'Ks uncertainty in the circle of its 20 mag/sq arcsec isophote [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN release.xsc.k_m_i21e IS 'Ks magnitude in the ellipse of its 21 mag/sq arcsec isophote [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN release.xsc.k_msig_i21e IS 'Ks uncertainty in the ellipse of its 21 mag/sq arcsec isophote [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN release.xsc.k_m_i21c IS 'Ks magnitude in the circle of its 21 mag/sq arcsec isophote [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN release.xsc.k_msig_i21c IS 'Ks uncertainty in the circle of its 21 mag/sq arcsec isophote [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN release.xsc.k_m_e IS 'Ks magnitude in its Kron ellipse [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN release.xsc.k_msig_e IS 'Ks uncertainty in its Kron ellipse [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN release.xsc.k_m_c IS 'Ks magnitude in its Kron circle [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN release.xsc.k_msig_c IS 'Ks uncertainty in its Kron circle [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN release.xsc.j_m_sys IS 'J magnitude in the ellipse of the Ks 20 mag isophote, neighbours'' light included [mag]. Null: there is no Ks 20 mag isophote, or no magnitude in it.';
COMMENT ON COLUMN release.xsc.j_msig_sys IS 'J uncertainty of m_sys [mag]. Null: there is no Ks 20 mag isophote, or no magnitude in it.';
COMMENT ON COLUMN release.xsc.j_d_area IS 'J area of the 3-sigma isophote less that of the 5-sigma one [arcsec**2]. Null: there is no isophote of 5 sigma.';
COMMENT ON COLUMN release.xsc.j_perc_darea IS 'J d_area in percent of the area of the 3-sigma isophote. Null: there is no isophote of 5 sigma.';
COMMENT ON COLUMN release.xsc.j_bisym_rat IS 'J light on the fainter side of the minor axis over that on the brighter one. Null: a side has no light.';
COMMENT ON COLUMN release.xsc.j_bisym_chi IS 'J differences of opposite pixels, root mean square over their noise. Null: too few pixels have data.';
COMMENT ON COLUMN release.xsc.h_m_sys IS 'H magnitude in the ellipse of the Ks 20 mag isophote, neighbours'' light included [mag]. Null: there is no Ks 20 mag isophote, or no magnitude in it.';
COMMENT ON COLUMN release.xsc.h_msig_sys IS 'H uncertainty of m_sys [mag]. Null: there is no Ks 20 mag isophote, or no magnitude in it.';
COMMENT ON COLUMN release.xsc.h_d_area IS 'H area of the 3-sigma isophote less that of the 5-sigma one [arcsec**2]. Null: there is no isophote of 5 sigma.';
COMMENT ON COLUMN release.xsc.h_perc_darea IS 'H d_area in percent of the area of the 3-sigma isophote. Null: there is no isophote of 5 sigma.';
COMMENT ON COLUMN release.xsc.h_bisym_rat IS 'H light on the fainter side of the minor axis over that on the brighter one. Null: a side has no light.';
COMMENT ON COLUMN release.xsc.h_bisym_chi IS 'H differences of opposite pixels, root mean square over their noise. Null: too few pixels have data.';
COMMENT ON COLUMN release.xsc.k_m_sys IS 'Ks magnitude in the ellipse of the Ks 20 mag isophote, neighbours'' light included [mag]. Null: there is no Ks 20 mag isophote, or no magnitude in it.';
COMMENT ON COLUMN release.xsc.k_msig_sys IS 'Ks uncertainty of m_sys [mag]. Null: there is no Ks 20 mag isophote, or no magnitude in it.';
COMMENT ON COLUMN release.xsc.k_d_area IS 'Ks area of the 3-sigma isophote less that of the 5-sigma one [arcsec**2]. Null: there is no isophote of 5 sigma.';
COMMENT ON COLUMN release.xsc.k_perc_darea IS 'Ks d_area in percent of the area of the 3-sigma isophote. Null: there is no isophote of 5 sigma.';
COMMENT ON COLUMN release.xsc.k_bisym_rat IS 'Ks light on the fainter side of the minor axis over that on the brighter one. Null: a side has no light.';
COMMENT ON COLUMN release.xsc.k_bisym_chi IS 'Ks differences of opposite pixels, root mean square over their noise. Null: too few pixels have data.';
COMMENT ON COLUMN release.xsc.e_score IS 'Extended or point: 1, certainly extended, to 2, certainly a point or a blend. Null: too few pixels, or a patch of low surface brightness that no peak shows.';
COMMENT ON COLUMN release.xsc.g_score IS 'Galaxy or not, colours included: 1, certainly a galaxy, to 2, certainly none. Null: too few pixels, or a patch of low surface brightness that no peak shows.';
COMMENT ON COLUMN release.xsc.id IS 'Number of the source within the scan.';
COMMENT ON COLUMN release.xsc.date IS 'Observation reference date: UT date at sunrise of the night.';
COMMENT ON COLUMN release.xsc.glon IS 'Galactic longitude, rounded to 0.001 [deg].';
COMMENT ON COLUMN release.xsc.glat IS 'Galactic latitude, rounded to 0.001 [deg].';
COMMENT ON COLUMN release.xsc.density IS 'Stars of Ks below 14 mag a square degree of its Atlas image, decimal logarithm. Null: there is no such star, or no image in Ks.';
COMMENT ON COLUMN release.xsc.dist_edge_ns IS 'Distance from the nearer of the northern and southern scan edges [arcsec]. Null: the scan covers nothing.';
COMMENT ON COLUMN release.xsc.dist_edge_ew IS 'Distance from the nearer of the eastern and western scan edges [arcsec]. Null: the scan covers nothing.';
COMMENT ON COLUMN release.xsc.night_key IS 'Key of the night.';
COMMENT ON COLUMN release.xsc.j_sh0 IS 'J shape of stars on its Atlas image (SEESH). Null: the image has none.';
COMMENT ON COLUMN release.xsc.j_sig_sh0 IS 'J scatter of sh0 over the Atlas images of the scan. Null: fewer than two images have a shape.';
COMMENT ON COLUMN release.xsc.h_sh0 IS 'H shape of stars on its Atlas image (SEESH). Null: the image has none.';
COMMENT ON COLUMN release.xsc.h_sig_sh0 IS 'H scatter of sh0 over the Atlas images of the scan. Null: fewer than two images have a shape.';
COMMENT ON COLUMN release.xsc.k_sh0 IS 'Ks shape of stars on its Atlas image (SEESH). Null: the image has none.';
COMMENT ON COLUMN release.xsc.k_sig_sh0 IS 'Ks scatter of sh0 over the Atlas images of the scan. Null: fewer than two images have a shape.';
COMMENT ON COLUMN release.xsc.j_chif_ellf IS 'As in the published catalogue. Null: shapes come from models and moments, not from fits of ellipses to isophotes.';
COMMENT ON COLUMN release.xsc.k_chif_ellf IS 'As in the published catalogue. Null: shapes come from models and moments, not from fits of ellipses to isophotes.';
COMMENT ON COLUMN release.xsc.sup_chif_ellf IS 'As in the published catalogue. Null: shapes come from models and moments, not from fits of ellipses to isophotes.';
COMMENT ON COLUMN release.xsc.prox IS 'As in the published catalogue. Null: releases do not give the neighbours of extended sources yet.';
COMMENT ON COLUMN release.xsc.pxpa IS 'As in the published catalogue. Null: releases do not give the neighbours of extended sources yet.';
COMMENT ON COLUMN release.xsc.pxcntr IS 'As in the published catalogue. Null: releases do not give the neighbours of extended sources yet.';
COMMENT ON COLUMN release.xsc.mp_key IS 'As in the published catalogue. Null: no predictions of minor planets.';
COMMENT ON COLUMN release.xsc.j_sc_mxdn IS 'J score: light within 7 arcsec over that within 2 arcsec, mag, less that of the scan''s stars as bright, in scatters of theirs. Null: a pixel within 7 arcsec has no data, too little light, or fewer than 20 lone stars in the scan, or in up to four finished images that continue one another.';
COMMENT ON COLUMN release.xsc.j_sc_sh IS 'J score: shape alpha beta of the profile exp(-(r/alpha)^(1/beta)) of rings to 7 arcsec, less that of the scan''s stars as bright, in scatters of theirs. Null: a pixel within 7 arcsec has no data, too little light, or fewer than 20 lone stars in the scan, or in up to four finished images that continue one another.';
COMMENT ON COLUMN release.xsc.j_sc_wsh IS 'J score: second smallest of the shapes sh of six wedges of 60 deg, less that of the scan''s stars as bright, in scatters of theirs. Null: a pixel within 7 arcsec has no data, too little light, or fewer than 20 lone stars in the scan, or in up to four finished images that continue one another.';
COMMENT ON COLUMN release.xsc.j_sc_r23 IS 'As in the published catalogue. Null: what the published catalogue measures beyond the wings of a star is not known.';
COMMENT ON COLUMN release.xsc.j_sc_1mm IS 'J score: mean distance of the light within 6 arcsec, less that of the scan''s stars as bright, in scatters of theirs. Null: a pixel within 7 arcsec has no data, too little light, or fewer than 20 lone stars in the scan, or in up to four finished images that continue one another.';
COMMENT ON COLUMN release.xsc.j_sc_2mm IS 'J score: mean squared distance of the light within 6 arcsec, less that of the scan''s stars as bright, in scatters of theirs. Null: a pixel within 7 arcsec has no data, too little light, or fewer than 20 lone stars in the scan, or in up to four finished images that continue one another.';
COMMENT ON COLUMN release.xsc.j_sc_vint IS 'As in the published catalogue. Null: what the published catalogue measures beyond the wings of a star is not known.';
COMMENT ON COLUMN release.xsc.j_sc_r1 IS 'As in the published catalogue. Null: what the published catalogue measures beyond the wings of a star is not known.';
COMMENT ON COLUMN release.xsc.j_sc_msh IS 'J score: shape sh of the medians of rings, less that of the scan''s stars as bright, in scatters of theirs. Null: a pixel within 7 arcsec has no data, too little light, or fewer than 20 lone stars in the scan, or in up to four finished images that continue one another.';
COMMENT ON COLUMN release.xsc.j_subst2 IS 'As in the published catalogue. Null: the background of frames is measured otherwise than by the survey''s fits to half images.';
COMMENT ON COLUMN release.xsc.j_bndg_per IS 'As in the published catalogue. Null: the background of frames is measured otherwise than by the survey''s fits to half images.';
COMMENT ON COLUMN release.xsc.j_bndg_amp IS 'As in the published catalogue. Null: the background of frames is measured otherwise than by the survey''s fits to half images.';
COMMENT ON COLUMN release.xsc.j_seetrack IS 'As in the published catalogue. Null: the profile follows the seeing of every frame.';
COMMENT ON COLUMN release.xsc.h_sc_mxdn IS 'H score: light within 7 arcsec over that within 2 arcsec, mag, less that of the scan''s stars as bright, in scatters of theirs. Null: a pixel within 7 arcsec has no data, too little light, or fewer than 20 lone stars in the scan, or in up to four finished images that continue one another.';
COMMENT ON COLUMN release.xsc.h_sc_sh IS 'H score: shape alpha beta of the profile exp(-(r/alpha)^(1/beta)) of rings to 7 arcsec, less that of the scan''s stars as bright, in scatters of theirs. Null: a pixel within 7 arcsec has no data, too little light, or fewer than 20 lone stars in the scan, or in up to four finished images that continue one another.';
COMMENT ON COLUMN release.xsc.h_sc_wsh IS 'H score: second smallest of the shapes sh of six wedges of 60 deg, less that of the scan''s stars as bright, in scatters of theirs. Null: a pixel within 7 arcsec has no data, too little light, or fewer than 20 lone stars in the scan, or in up to four finished images that continue one another.';
COMMENT ON COLUMN release.xsc.h_sc_r23 IS 'As in the published catalogue. Null: what the published catalogue measures beyond the wings of a star is not known.';
COMMENT ON COLUMN release.xsc.h_sc_1mm IS 'H score: mean distance of the light within 6 arcsec, less that of the scan''s stars as bright, in scatters of theirs. Null: a pixel within 7 arcsec has no data, too little light, or fewer than 20 lone stars in the scan, or in up to four finished images that continue one another.';
COMMENT ON COLUMN release.xsc.h_sc_2mm IS 'H score: mean squared distance of the light within 6 arcsec, less that of the scan''s stars as bright, in scatters of theirs. Null: a pixel within 7 arcsec has no data, too little light, or fewer than 20 lone stars in the scan, or in up to four finished images that continue one another.';
COMMENT ON COLUMN release.xsc.h_sc_vint IS 'As in the published catalogue. Null: what the published catalogue measures beyond the wings of a star is not known.';
COMMENT ON COLUMN release.xsc.h_sc_r1 IS 'As in the published catalogue. Null: what the published catalogue measures beyond the wings of a star is not known.';
COMMENT ON COLUMN release.xsc.h_sc_msh IS 'H score: shape sh of the medians of rings, less that of the scan''s stars as bright, in scatters of theirs. Null: a pixel within 7 arcsec has no data, too little light, or fewer than 20 lone stars in the scan, or in up to four finished images that continue one another.';
COMMENT ON COLUMN release.xsc.h_subst2 IS 'As in the published catalogue. Null: the background of frames is measured otherwise than by the survey''s fits to half images.';
COMMENT ON COLUMN release.xsc.h_bndg_per IS 'As in the published catalogue. Null: the background of frames is measured otherwise than by the survey''s fits to half images.';
COMMENT ON COLUMN release.xsc.h_bndg_amp IS 'As in the published catalogue. Null: the background of frames is measured otherwise than by the survey''s fits to half images.';
COMMENT ON COLUMN release.xsc.h_seetrack IS 'As in the published catalogue. Null: the profile follows the seeing of every frame.';
COMMENT ON COLUMN release.xsc.k_sc_mxdn IS 'Ks score: light within 7 arcsec over that within 2 arcsec, mag, less that of the scan''s stars as bright, in scatters of theirs. Null: a pixel within 7 arcsec has no data, too little light, or fewer than 20 lone stars in the scan, or in up to four finished images that continue one another.';
COMMENT ON COLUMN release.xsc.k_sc_sh IS 'Ks score: shape alpha beta of the profile exp(-(r/alpha)^(1/beta)) of rings to 7 arcsec, less that of the scan''s stars as bright, in scatters of theirs. Null: a pixel within 7 arcsec has no data, too little light, or fewer than 20 lone stars in the scan, or in up to four finished images that continue one another.';
COMMENT ON COLUMN release.xsc.k_sc_wsh IS 'Ks score: second smallest of the shapes sh of six wedges of 60 deg, less that of the scan''s stars as bright, in scatters of theirs. Null: a pixel within 7 arcsec has no data, too little light, or fewer than 20 lone stars in the scan, or in up to four finished images that continue one another.';
COMMENT ON COLUMN release.xsc.k_sc_r23 IS 'As in the published catalogue. Null: what the published catalogue measures beyond the wings of a star is not known.';
COMMENT ON COLUMN release.xsc.k_sc_1mm IS 'Ks score: mean distance of the light within 6 arcsec, less that of the scan''s stars as bright, in scatters of theirs. Null: a pixel within 7 arcsec has no data, too little light, or fewer than 20 lone stars in the scan, or in up to four finished images that continue one another.';
COMMENT ON COLUMN release.xsc.k_sc_2mm IS 'Ks score: mean squared distance of the light within 6 arcsec, less that of the scan''s stars as bright, in scatters of theirs. Null: a pixel within 7 arcsec has no data, too little light, or fewer than 20 lone stars in the scan, or in up to four finished images that continue one another.';
COMMENT ON COLUMN release.xsc.k_sc_vint IS 'As in the published catalogue. Null: what the published catalogue measures beyond the wings of a star is not known.';
COMMENT ON COLUMN release.xsc.k_sc_r1 IS 'As in the published catalogue. Null: what the published catalogue measures beyond the wings of a star is not known.';
COMMENT ON COLUMN release.xsc.k_sc_msh IS 'Ks score: shape sh of the medians of rings, less that of the scan''s stars as bright, in scatters of theirs. Null: a pixel within 7 arcsec has no data, too little light, or fewer than 20 lone stars in the scan, or in up to four finished images that continue one another.';
COMMENT ON COLUMN release.xsc.k_subst2 IS 'As in the published catalogue. Null: the background of frames is measured otherwise than by the survey''s fits to half images.';
COMMENT ON COLUMN release.xsc.k_bndg_per IS 'As in the published catalogue. Null: the background of frames is measured otherwise than by the survey''s fits to half images.';
COMMENT ON COLUMN release.xsc.k_bndg_amp IS 'As in the published catalogue. Null: the background of frames is measured otherwise than by the survey''s fits to half images.';
COMMENT ON COLUMN release.xsc.k_seetrack IS 'As in the published catalogue. Null: the profile follows the seeing of every frame.';
COMMENT ON COLUMN release.xsc.j_flg_5 IS 'J confusion flag in a circle of 5 arcsec, as in the isophotal ellipses. Null: not measured in this band.';
COMMENT ON COLUMN release.xsc.j_flg_7 IS 'J confusion flag in a circle of 7 arcsec, as in the isophotal ellipses. Null: not measured in this band.';
COMMENT ON COLUMN release.xsc.j_flg_10 IS 'J confusion flag in a circle of 10 arcsec, as in the isophotal ellipses. Null: not measured in this band.';
COMMENT ON COLUMN release.xsc.j_flg_15 IS 'J confusion flag in a circle of 15 arcsec, as in the isophotal ellipses. Null: not measured in this band.';
COMMENT ON COLUMN release.xsc.j_flg_20 IS 'J confusion flag in a circle of 20 arcsec, as in the isophotal ellipses. Null: not measured in this band.';
COMMENT ON COLUMN release.xsc.j_flg_25 IS 'J confusion flag in a circle of 25 arcsec, as in the isophotal ellipses. Null: not measured in this band.';
COMMENT ON COLUMN release.xsc.j_flg_30 IS 'J confusion flag in a circle of 30 arcsec, as in the isophotal ellipses. Null: not measured in this band.';
COMMENT ON COLUMN release.xsc.j_flg_40 IS 'J confusion flag in a circle of 40 arcsec, as in the isophotal ellipses. Null: not measured in this band.';
COMMENT ON COLUMN release.xsc.j_flg_50 IS 'J confusion flag in a circle of 50 arcsec, as in the isophotal ellipses. Null: not measured in this band.';
COMMENT ON COLUMN release.xsc.j_flg_60 IS 'J confusion flag in a circle of 60 arcsec, as in the isophotal ellipses. Null: not measured in this band.';
COMMENT ON COLUMN release.xsc.j_flg_70 IS 'J confusion flag in a circle of 70 arcsec, as in the isophotal ellipses. Null: not measured in this band.';
COMMENT ON COLUMN release.xsc.h_flg_5 IS 'H confusion flag in a circle of 5 arcsec, as in the isophotal ellipses. Null: not measured in this band.';
COMMENT ON COLUMN release.xsc.h_flg_7 IS 'H confusion flag in a circle of 7 arcsec, as in the isophotal ellipses. Null: not measured in this band.';
COMMENT ON COLUMN release.xsc.h_flg_10 IS 'H confusion flag in a circle of 10 arcsec, as in the isophotal ellipses. Null: not measured in this band.';
COMMENT ON COLUMN release.xsc.h_flg_15 IS 'H confusion flag in a circle of 15 arcsec, as in the isophotal ellipses. Null: not measured in this band.';
COMMENT ON COLUMN release.xsc.h_flg_20 IS 'H confusion flag in a circle of 20 arcsec, as in the isophotal ellipses. Null: not measured in this band.';
COMMENT ON COLUMN release.xsc.h_flg_25 IS 'H confusion flag in a circle of 25 arcsec, as in the isophotal ellipses. Null: not measured in this band.';
COMMENT ON COLUMN release.xsc.h_flg_30 IS 'H confusion flag in a circle of 30 arcsec, as in the isophotal ellipses. Null: not measured in this band.';
COMMENT ON COLUMN release.xsc.h_flg_40 IS 'H confusion flag in a circle of 40 arcsec, as in the isophotal ellipses. Null: not measured in this band.';
COMMENT ON COLUMN release.xsc.h_flg_50 IS 'H confusion flag in a circle of 50 arcsec, as in the isophotal ellipses. Null: not measured in this band.';
COMMENT ON COLUMN release.xsc.h_flg_60 IS 'H confusion flag in a circle of 60 arcsec, as in the isophotal ellipses. Null: not measured in this band.';
COMMENT ON COLUMN release.xsc.h_flg_70 IS 'H confusion flag in a circle of 70 arcsec, as in the isophotal ellipses. Null: not measured in this band.';
COMMENT ON COLUMN release.xsc.k_flg_5 IS 'Ks confusion flag in a circle of 5 arcsec, as in the isophotal ellipses. Null: not measured in this band.';
COMMENT ON COLUMN release.xsc.k_flg_7 IS 'Ks confusion flag in a circle of 7 arcsec, as in the isophotal ellipses. Null: not measured in this band.';
COMMENT ON COLUMN release.xsc.k_flg_10 IS 'Ks confusion flag in a circle of 10 arcsec, as in the isophotal ellipses. Null: not measured in this band.';
COMMENT ON COLUMN release.xsc.k_flg_15 IS 'Ks confusion flag in a circle of 15 arcsec, as in the isophotal ellipses. Null: not measured in this band.';
COMMENT ON COLUMN release.xsc.k_flg_20 IS 'Ks confusion flag in a circle of 20 arcsec, as in the isophotal ellipses. Null: not measured in this band.';
COMMENT ON COLUMN release.xsc.k_flg_25 IS 'Ks confusion flag in a circle of 25 arcsec, as in the isophotal ellipses. Null: not measured in this band.';
COMMENT ON COLUMN release.xsc.k_flg_30 IS 'Ks confusion flag in a circle of 30 arcsec, as in the isophotal ellipses. Null: not measured in this band.';
COMMENT ON COLUMN release.xsc.k_flg_40 IS 'Ks confusion flag in a circle of 40 arcsec, as in the isophotal ellipses. Null: not measured in this band.';
COMMENT ON COLUMN release.xsc.k_flg_50 IS 'Ks confusion flag in a circle of 50 arcsec, as in the isophotal ellipses. Null: not measured in this band.';
COMMENT ON COLUMN release.xsc.k_flg_60 IS 'Ks confusion flag in a circle of 60 arcsec, as in the isophotal ellipses. Null: not measured in this band.';
COMMENT ON COLUMN release.xsc.k_flg_70 IS 'Ks confusion flag in a circle of 70 arcsec, as in the isophotal ellipses. Null: not measured in this band.';
COMMENT ON COLUMN release.xsc.n_sub IS 'Stars within the Ks 20 mag isophote whose light was subtracted. Null: no such isophote.';
COMMENT ON COLUMN release.xsc.j_flg_k20fe IS 'J confusion flag in the ellipse of the Ks 20 mag/sq arcsec isophote: 0 none, 1 pixels without data, 3 light of a star subtracted, 6 leaves the data, 9 negative light. Null: the radius is not known.';
COMMENT ON COLUMN release.xsc.j_flg_k20fc IS 'J confusion flag in the circle of the Ks 20 mag/sq arcsec isophote: 0 none, 1 pixels without data, 3 light of a star subtracted, 6 leaves the data, 9 negative light. Null: the radius is not known.';
COMMENT ON COLUMN release.xsc.j_flg_j21fe IS 'J confusion flag in the ellipse of the J 21 mag/sq arcsec isophote: 0 none, 1 pixels without data, 3 light of a star subtracted, 6 leaves the data, 9 negative light. Null: the radius is not known.';
COMMENT ON COLUMN release.xsc.j_flg_j21fc IS 'J confusion flag in the circle of the J 21 mag/sq arcsec isophote: 0 none, 1 pixels without data, 3 light of a star subtracted, 6 leaves the data, 9 negative light. Null: the radius is not known.';
COMMENT ON COLUMN release.xsc.j_flg_fe IS 'J confusion flag in the Kron ellipse of Ks: 0 none, 1 pixels without data, 3 light of a star subtracted, 6 leaves the data, 9 negative light. Null: the radius is not known.';
COMMENT ON COLUMN release.xsc.j_flg_fc IS 'J confusion flag in the Kron circle of Ks: 0 none, 1 pixels without data, 3 light of a star subtracted, 6 leaves the data, 9 negative light. Null: the radius is not known.';
COMMENT ON COLUMN release.xsc.j_flg_i20e IS 'J confusion flag in the ellipse of its 20 mag/sq arcsec isophote: 0 none, 1 pixels without data, 3 light of a star subtracted, 6 leaves the data, 9 negative light. Null: the radius is not known.';
COMMENT ON COLUMN release.xsc.j_flg_i20c IS 'J confusion flag in the circle of its 20 mag/sq arcsec isophote: 0 none, 1 pixels without data, 3 light of a star subtracted, 6 leaves the data, 9 negative light. Null: the radius is not known.';
COMMENT ON COLUMN release.xsc.j_flg_i21e IS 'J confusion flag in the ellipse of its 21 mag/sq arcsec isophote: 0 none, 1 pixels without data, 3 light of a star subtracted, 6 leaves the data, 9 negative light. Null: the radius is not known.';
COMMENT ON COLUMN release.xsc.j_flg_i21c IS 'J confusion flag in the circle of its 21 mag/sq arcsec isophote: 0 none, 1 pixels without data, 3 light of a star subtracted, 6 leaves the data, 9 negative light. Null: the radius is not known.';
COMMENT ON COLUMN release.xsc.j_flg_e IS 'J confusion flag in its Kron ellipse: 0 none, 1 pixels without data, 3 light of a star subtracted, 6 leaves the data, 9 negative light. Null: the radius is not known.';
COMMENT ON COLUMN release.xsc.j_flg_c IS 'J confusion flag in its Kron circle: 0 none, 1 pixels without data, 3 light of a star subtracted, 6 leaves the data, 9 negative light. Null: the radius is not known.';
COMMENT ON COLUMN release.xsc.h_flg_k20fe IS 'H confusion flag in the ellipse of the Ks 20 mag/sq arcsec isophote: 0 none, 1 pixels without data, 3 light of a star subtracted, 6 leaves the data, 9 negative light. Null: the radius is not known.';
COMMENT ON COLUMN release.xsc.h_flg_k20fc IS 'H confusion flag in the circle of the Ks 20 mag/sq arcsec isophote: 0 none, 1 pixels without data, 3 light of a star subtracted, 6 leaves the data, 9 negative light. Null: the radius is not known.';
COMMENT ON COLUMN release.xsc.h_flg_j21fe IS 'H confusion flag in the ellipse of the J 21 mag/sq arcsec isophote: 0 none, 1 pixels without data, 3 light of a star subtracted, 6 leaves the data, 9 negative light. Null: the radius is not known.';
COMMENT ON COLUMN release.xsc.h_flg_j21fc IS 'H confusion flag in the circle of the J 21 mag/sq arcsec isophote: 0 none, 1 pixels without data, 3 light of a star subtracted, 6 leaves the data, 9 negative light. Null: the radius is not known.';
COMMENT ON COLUMN release.xsc.h_flg_fe IS 'H confusion flag in the Kron ellipse of Ks: 0 none, 1 pixels without data, 3 light of a star subtracted, 6 leaves the data, 9 negative light. Null: the radius is not known.';
COMMENT ON COLUMN release.xsc.h_flg_fc IS 'H confusion flag in the Kron circle of Ks: 0 none, 1 pixels without data, 3 light of a star subtracted, 6 leaves the data, 9 negative light. Null: the radius is not known.';
COMMENT ON COLUMN release.xsc.h_flg_i20e IS 'H confusion flag in the ellipse of its 20 mag/sq arcsec isophote: 0 none, 1 pixels without data, 3 light of a star subtracted, 6 leaves the data, 9 negative light. Null: the radius is not known.';
COMMENT ON COLUMN release.xsc.h_flg_i20c IS 'H confusion flag in the circle of its 20 mag/sq arcsec isophote: 0 none, 1 pixels without data, 3 light of a star subtracted, 6 leaves the data, 9 negative light. Null: the radius is not known.';
COMMENT ON COLUMN release.xsc.h_flg_i21e IS 'H confusion flag in the ellipse of its 21 mag/sq arcsec isophote: 0 none, 1 pixels without data, 3 light of a star subtracted, 6 leaves the data, 9 negative light. Null: the radius is not known.';
COMMENT ON COLUMN release.xsc.h_flg_i21c IS 'H confusion flag in the circle of its 21 mag/sq arcsec isophote: 0 none, 1 pixels without data, 3 light of a star subtracted, 6 leaves the data, 9 negative light. Null: the radius is not known.';
COMMENT ON COLUMN release.xsc.h_flg_e IS 'H confusion flag in its Kron ellipse: 0 none, 1 pixels without data, 3 light of a star subtracted, 6 leaves the data, 9 negative light. Null: the radius is not known.';
COMMENT ON COLUMN release.xsc.h_flg_c IS 'H confusion flag in its Kron circle: 0 none, 1 pixels without data, 3 light of a star subtracted, 6 leaves the data, 9 negative light. Null: the radius is not known.';
COMMENT ON COLUMN release.xsc.k_flg_k20fe IS 'Ks confusion flag in the ellipse of the Ks 20 mag/sq arcsec isophote: 0 none, 1 pixels without data, 3 light of a star subtracted, 6 leaves the data, 9 negative light. Null: the radius is not known.';
COMMENT ON COLUMN release.xsc.k_flg_k20fc IS 'Ks confusion flag in the circle of the Ks 20 mag/sq arcsec isophote: 0 none, 1 pixels without data, 3 light of a star subtracted, 6 leaves the data, 9 negative light. Null: the radius is not known.';
COMMENT ON COLUMN release.xsc.k_flg_j21fe IS 'Ks confusion flag in the ellipse of the J 21 mag/sq arcsec isophote: 0 none, 1 pixels without data, 3 light of a star subtracted, 6 leaves the data, 9 negative light. Null: the radius is not known.';
COMMENT ON COLUMN release.xsc.k_flg_j21fc IS 'Ks confusion flag in the circle of the J 21 mag/sq arcsec isophote: 0 none, 1 pixels without data, 3 light of a star subtracted, 6 leaves the data, 9 negative light. Null: the radius is not known.';
COMMENT ON COLUMN release.xsc.k_flg_fe IS 'Ks confusion flag in the Kron ellipse of Ks: 0 none, 1 pixels without data, 3 light of a star subtracted, 6 leaves the data, 9 negative light. Null: the radius is not known.';
COMMENT ON COLUMN release.xsc.k_flg_fc IS 'Ks confusion flag in the Kron circle of Ks: 0 none, 1 pixels without data, 3 light of a star subtracted, 6 leaves the data, 9 negative light. Null: the radius is not known.';
COMMENT ON COLUMN release.xsc.k_flg_i20e IS 'Ks confusion flag in the ellipse of its 20 mag/sq arcsec isophote: 0 none, 1 pixels without data, 3 light of a star subtracted, 6 leaves the data, 9 negative light. Null: the radius is not known.';
COMMENT ON COLUMN release.xsc.k_flg_i20c IS 'Ks confusion flag in the circle of its 20 mag/sq arcsec isophote: 0 none, 1 pixels without data, 3 light of a star subtracted, 6 leaves the data, 9 negative light. Null: the radius is not known.';
COMMENT ON COLUMN release.xsc.k_flg_i21e IS 'Ks confusion flag in the ellipse of its 21 mag/sq arcsec isophote: 0 none, 1 pixels without data, 3 light of a star subtracted, 6 leaves the data, 9 negative light. Null: the radius is not known.';
COMMENT ON COLUMN release.xsc.k_flg_i21c IS 'Ks confusion flag in the circle of its 21 mag/sq arcsec isophote: 0 none, 1 pixels without data, 3 light of a star subtracted, 6 leaves the data, 9 negative light. Null: the radius is not known.';
COMMENT ON COLUMN release.xsc.k_flg_e IS 'Ks confusion flag in its Kron ellipse: 0 none, 1 pixels without data, 3 light of a star subtracted, 6 leaves the data, 9 negative light. Null: the radius is not known.';
COMMENT ON COLUMN release.xsc.k_flg_c IS 'Ks confusion flag in its Kron circle: 0 none, 1 pixels without data, 3 light of a star subtracted, 6 leaves the data, 9 negative light. Null: the radius is not known.';
COMMENT ON COLUMN release.xsc.sys_flg IS '1: a neighbouring galaxy adds more than 1 percent to m_sys in a band, else 0. Null: there is no Ks 20 mag isophote, or no magnitude in it.';
COMMENT ON COLUMN release.xsc.scan IS 'Scan number in the night.';
COMMENT ON COLUMN release.xsc.im_nx IS 'Side of its postage stamp [pix].';
COMMENT ON COLUMN release.xsc.vc IS 'Visual verification: -2, nobody looked.';
COMMENT ON COLUMN release.xsc.contam_flg IS '0: no light of stars in the magnitudes, it is subtracted.';
COMMENT ON COLUMN release.xsc.n_blank IS 'Stars that were blanked: 0, they are subtracted (n_sub).';
COMMENT ON COLUMN release.xsc.ellfit_flg IS 'As in the published catalogue. Null: shapes come from models and moments, not from fits of ellipses to isophotes.';
COMMENT ON COLUMN release.xsc.bl_sub_flg IS 'As in the published catalogue. Null: n_blank and n_sub say it; what the published values mean is not known.';
COMMENT ON COLUMN release.xsc.id_flg IS 'As in the published catalogue. Null: no catalogue of galaxies is loaded.';
COMMENT ON COLUMN release.xsc.blk_fac IS 'As in the published catalogue. Null: faint surfaces are found on images blocked by 4 and measured on whole ones.';
COMMENT ON COLUMN release.xsc.coadd IS 'Atlas image number in the scan.';
COMMENT ON COLUMN release.xsc.hemis IS 'Observatory: n Mt. Hopkins, s Cerro Tololo.';
COMMENT ON COLUMN release.xsc.dist_edge_flg IS 'Which edges are nearer: n or s, e or w. Null: the scan covers nothing.';
COMMENT ON COLUMN release.xsc.cc_flg IS '0: clean; c, d: halo or spike of a star of another scan (releases).';
COMMENT ON COLUMN release.xsc.id_cat IS 'As in the published catalogue. Null: no catalogue of galaxies is loaded.';
COMMENT ON COLUMN release.xsc.fg_flg IS 'As in the published catalogue. Null: growth of light is not tested for convergence.';

CREATE TABLE survey.refusal (
    refusal_id BIGINT GENERATED ALWAYS AS IDENTITY,
    path TEXT NOT NULL,
    code TEXT NOT NULL,
    keyword TEXT,
    found TEXT NOT NULL,
    expected TEXT NOT NULL,
    refused_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_refusal PRIMARY KEY (refusal_id)
);
COMMENT ON TABLE survey.refusal IS 'What ingest refused, and why';
COMMENT ON COLUMN survey.refusal.refusal_id IS 'Key';
COMMENT ON COLUMN survey.refusal.path IS 'File that was refused';
COMMENT ON COLUMN survey.refusal.code IS 'Stable error code';
COMMENT ON COLUMN survey.refusal.keyword IS 'Keyword or part of the file; null where the whole file is meant';
COMMENT ON COLUMN survey.refusal.found IS 'What was found';
COMMENT ON COLUMN survey.refusal.expected IS 'What was expected';
COMMENT ON COLUMN survey.refusal.refused_at IS 'When';

CREATE TABLE survey.site (
    hemis CHAR(1) NOT NULL,
    name TEXT NOT NULL,
    longitude_deg DOUBLE PRECISION NOT NULL,
    latitude_deg DOUBLE PRECISION NOT NULL,
    CONSTRAINT pk_site PRIMARY KEY (hemis)
);
COMMENT ON TABLE survey.site IS 'The survey''s telescopes';
COMMENT ON COLUMN survey.site.hemis IS 'Observatory letter: n or s';
COMMENT ON COLUMN survey.site.name IS 'Name of the observatory';
COMMENT ON COLUMN survey.site.longitude_deg IS 'Longitude, degrees east';
COMMENT ON COLUMN survey.site.latitude_deg IS 'Latitude, degrees north';

CREATE TABLE production.run (
    run_id INTEGER GENERATED ALWAYS AS IDENTITY,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT DEFAULT 'open' NOT NULL,
    reason TEXT,
    pipeline_id INTEGER NOT NULL,
    zones SMALLINT DEFAULT '1' NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    created_by TEXT NOT NULL,
    sealed_at TIMESTAMP WITH TIME ZONE,
    release_id INTEGER,
    CONSTRAINT pk_run PRIMARY KEY (run_id),
    CONSTRAINT uq_run_name UNIQUE (name),
    CONSTRAINT uq_run_release_id UNIQUE (release_id),
    CONSTRAINT ck_run_kind_known CHECK (kind IN ('preliminary', 'final')),
    CONSTRAINT ck_run_state_known CHECK (state IN ('open', 'held', 'closed')),
    CONSTRAINT ck_run_zones_are_healpix CHECK (zones IN (1, 12, 48, 192)),
    CONSTRAINT fk_run_pipeline_id FOREIGN KEY(pipeline_id) REFERENCES production.pipeline (pipeline_id),
    CONSTRAINT fk_run_release_id FOREIGN KEY(release_id) REFERENCES release.release (release_id)
);
COMMENT ON TABLE production.run IS 'A named processing of a selection of scans with one pipeline';
COMMENT ON COLUMN production.run.run_id IS 'Key';
COMMENT ON COLUMN production.run.name IS 'Name given by the operator';
COMMENT ON COLUMN production.run.kind IS 'preliminary or final';
COMMENT ON COLUMN production.run.state IS 'open, held or closed';
COMMENT ON COLUMN production.run.reason IS 'Why it is held; null otherwise';
COMMENT ON COLUMN production.run.pipeline_id IS 'Pipeline';
COMMENT ON COLUMN production.run.zones IS 'Number of src_id ranges of the run''s source partition';
COMMENT ON COLUMN production.run.created_at IS 'When';
COMMENT ON COLUMN production.run.created_by IS 'Who';
COMMENT ON COLUMN production.run.sealed_at IS 'When positional indexes were built; null while loading';
COMMENT ON COLUMN production.run.release_id IS 'Release whose sky it draws as tiles; null of runs that reduce scans';

CREATE TABLE quality.rule (
    rule_version TEXT NOT NULL,
    number SMALLINT NOT NULL,
    factor TEXT NOT NULL,
    metric TEXT NOT NULL,
    band CHAR(1) NOT NULL,
    shape TEXT NOT NULL,
    x DOUBLE PRECISION[] NOT NULL,
    score DOUBLE PRECISION[] NOT NULL,
    error DOUBLE PRECISION,
    error_metric TEXT,
    population_mean DOUBLE PRECISION,
    population_sigma DOUBLE PRECISION,
    missing TEXT NOT NULL,
    missing_score DOUBLE PRECISION,
    reference TEXT NOT NULL,
    CONSTRAINT pk_rule PRIMARY KEY (rule_version, factor, metric, band),
    CONSTRAINT uq_rule_rule_version_number UNIQUE (rule_version, number),
    CONSTRAINT ck_rule_band_known CHECK (band IN ('j', 'h', 'k', '-')),
    CONSTRAINT ck_rule_shape_known CHECK (shape IN ('table', 'probability', 'hard', 'flag')),
    CONSTRAINT ck_rule_missing_known CHECK (missing IN ('refuse', 'ignore', 'score')),
    CONSTRAINT ck_rule_missing_has_score CHECK ((missing = 'score') = (missing_score IS NOT NULL)),
    CONSTRAINT ck_rule_population_complete CHECK ((population_mean IS NULL) = (population_sigma IS NULL)),
    CONSTRAINT ck_rule_probability_has_error CHECK (shape <> 'probability' OR error > 0),
    CONSTRAINT fk_rule_rule_version FOREIGN KEY(rule_version) REFERENCES quality.rule_set (rule_version),
    CONSTRAINT fk_rule_metric FOREIGN KEY(metric) REFERENCES quality.metric_definition (name),
    CONSTRAINT fk_rule_error_metric FOREIGN KEY(error_metric) REFERENCES quality.metric_definition (name)
);
COMMENT ON TABLE quality.rule IS 'Rules of each version: how a value of a metric becomes the score of a factor';
COMMENT ON COLUMN quality.rule.rule_version IS 'Version';
COMMENT ON COLUMN quality.rule.number IS 'Number in the version, from 1, in the order of factor, metric and band';
COMMENT ON COLUMN quality.rule.factor IS 'Factor of the grade, or the flag';
COMMENT ON COLUMN quality.rule.metric IS 'Metric that is looked at';
COMMENT ON COLUMN quality.rule.band IS 'j, h or k; - for a metric without bands';
COMMENT ON COLUMN quality.rule.shape IS 'table, probability, hard or flag';
COMMENT ON COLUMN quality.rule.x IS 'Values of a table, ascending; else the threshold alone';
COMMENT ON COLUMN quality.rule.score IS 'Scores of a table; {10, failure} of a hard rule; {0, bands needed} of a flag';
COMMENT ON COLUMN quality.rule.error IS 'Error of a value, 1 sigma; for the shape probability';
COMMENT ON COLUMN quality.rule.error_metric IS 'Metric that has the error of this scan, which goes before `error`';
COMMENT ON COLUMN quality.rule.population_mean IS 'Mean of the true values over the survey; null: nothing is known of it';
COMMENT ON COLUMN quality.rule.population_sigma IS 'Their spread; null: nothing is known of it';
COMMENT ON COLUMN quality.rule.missing IS 'What is done without a value: refuse, ignore or score';
COMMENT ON COLUMN quality.rule.missing_score IS 'Score without a value';
COMMENT ON COLUMN quality.rule.reference IS 'Where the numbers are from';

CREATE TABLE quality.specification (
    metric TEXT NOT NULL,
    band CHAR(1) NOT NULL,
    level TEXT NOT NULL,
    threshold DOUBLE PRECISION NOT NULL,
    requirement TEXT NOT NULL,
    CONSTRAINT pk_specification PRIMARY KEY (metric, band, level),
    CONSTRAINT ck_specification_band_known CHECK (band IN ('j', 'h', 'k', '-')),
    CONSTRAINT ck_specification_level_known CHECK (level IN ('minimum', 'design', 'stretch')),
    CONSTRAINT fk_specification_metric FOREIGN KEY(metric) REFERENCES quality.metric_definition (name)
);
COMMENT ON TABLE quality.specification IS 'Thresholds of metrics at three levels; written from app/quality/ at every migration';
COMMENT ON COLUMN quality.specification.metric IS 'Metric';
COMMENT ON COLUMN quality.specification.band IS 'j, h or k; - for all bands, or a metric without bands';
COMMENT ON COLUMN quality.specification.level IS 'minimum (requirement), design (reached in 2003) or stretch (ours)';
COMMENT ON COLUMN quality.specification.threshold IS 'Value to be met; which way says the metric';
COMMENT ON COLUMN quality.specification.requirement IS 'Where the figure is from';

CREATE TABLE reference.standard_star (
    catalogue_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    field TEXT,
    ra DOUBLE PRECISION NOT NULL,
    decl DOUBLE PRECISION NOT NULL,
    epoch_year DOUBLE PRECISION NOT NULL,
    pm_ra_mas_yr DOUBLE PRECISION,
    pm_decl_mas_yr DOUBLE PRECISION,
    j_mag DOUBLE PRECISION,
    j_error_mag DOUBLE PRECISION,
    h_mag DOUBLE PRECISION,
    h_error_mag DOUBLE PRECISION,
    k_mag DOUBLE PRECISION,
    k_error_mag DOUBLE PRECISION,
    primary_standard BOOLEAN DEFAULT false NOT NULL,
    star_hash CHAR(64) NOT NULL,
    retired_at TIMESTAMP WITH TIME ZONE,
    retired_because TEXT,
    CONSTRAINT pk_standard_star PRIMARY KEY (catalogue_id, name),
    CONSTRAINT ck_standard_star_retired_has_reason CHECK ((retired_at IS NULL) = (retired_because IS NULL)),
    CONSTRAINT fk_standard_star_catalogue_id FOREIGN KEY(catalogue_id) REFERENCES reference.standard_catalogue (catalogue_id)
);
CREATE INDEX ix_standard_star_name ON reference.standard_star (name);
COMMENT ON TABLE reference.standard_star IS 'Photometric standard stars';
COMMENT ON COLUMN reference.standard_star.catalogue_id IS 'Catalogue';
COMMENT ON COLUMN reference.standard_star.name IS 'Name of the star; the same star may stand in several catalogues, with the same values';
COMMENT ON COLUMN reference.standard_star.field IS 'Calibration field; null where the catalogue names none';
COMMENT ON COLUMN reference.standard_star.ra IS 'Right ascension at the epoch, ICRS degrees';
COMMENT ON COLUMN reference.standard_star.decl IS 'Declination at the epoch, ICRS degrees';
COMMENT ON COLUMN reference.standard_star.epoch_year IS 'Julian year of the position';
COMMENT ON COLUMN reference.standard_star.pm_ra_mas_yr IS 'Proper motion in right ascension times cos(decl); null where unknown';
COMMENT ON COLUMN reference.standard_star.pm_decl_mas_yr IS 'Proper motion in declination; null where unknown';
COMMENT ON COLUMN reference.standard_star.j_mag IS 'J magnitude in the natural system; null where unknown';
COMMENT ON COLUMN reference.standard_star.j_error_mag IS 'Its error, 1 sigma; null where the magnitude is';
COMMENT ON COLUMN reference.standard_star.h_mag IS 'H magnitude in the natural system; null where unknown';
COMMENT ON COLUMN reference.standard_star.h_error_mag IS 'Its error, 1 sigma; null where the magnitude is';
COMMENT ON COLUMN reference.standard_star.k_mag IS 'Ks magnitude in the natural system; null where unknown';
COMMENT ON COLUMN reference.standard_star.k_error_mag IS 'Its error, 1 sigma; null where the magnitude is';
COMMENT ON COLUMN reference.standard_star.primary_standard IS 'Whether it is a primary standard';
COMMENT ON COLUMN reference.standard_star.star_hash IS 'SHA-256 over the values of the star';
COMMENT ON COLUMN reference.standard_star.retired_at IS 'When it was retired: no solution uses it since; null while in use';
COMMENT ON COLUMN reference.standard_star.retired_because IS 'Why it was retired; null while in use';

CREATE TABLE reference.star (
    star_id BIGINT NOT NULL,
    catalogue_id INTEGER NOT NULL,
    ra DOUBLE PRECISION NOT NULL,
    decl DOUBLE PRECISION NOT NULL,
    epoch_year REAL NOT NULL,
    pm_ra_mas_yr REAL,
    pm_decl_mas_yr REAL,
    bt_mag REAL,
    vt_mag REAL NOT NULL,
    CONSTRAINT pk_star PRIMARY KEY (star_id),
    CONSTRAINT fk_star_catalogue_id FOREIGN KEY(catalogue_id) REFERENCES reference.catalogue (catalogue_id)
);
CREATE INDEX ix_star_position ON reference.star USING gist (spoint(radians(ra), radians(decl)));
COMMENT ON TABLE reference.star IS 'Astrometric reference stars';
COMMENT ON COLUMN reference.star.star_id IS 'HEALPix order 12 nested (28 bits) shifted by 20, plus a sequence in the pixel';
COMMENT ON COLUMN reference.star.catalogue_id IS 'Catalogue';
COMMENT ON COLUMN reference.star.ra IS 'Right ascension at the epoch, ICRS degrees';
COMMENT ON COLUMN reference.star.decl IS 'Declination at the epoch, ICRS degrees';
COMMENT ON COLUMN reference.star.epoch_year IS 'Julian year of the position';
COMMENT ON COLUMN reference.star.pm_ra_mas_yr IS 'Proper motion in right ascension times cos(decl); null where the source has none';
COMMENT ON COLUMN reference.star.pm_decl_mas_yr IS 'Proper motion in declination; null where the source has none';
COMMENT ON COLUMN reference.star.bt_mag IS 'Tycho B magnitude; null where the source has none';
COMMENT ON COLUMN reference.star.vt_mag IS 'Tycho V magnitude';

CREATE TABLE release.artefact (
    release_id INTEGER NOT NULL,
    run_id INTEGER NOT NULL,
    src_id BIGINT NOT NULL,
    removed BOOLEAN NOT NULL,
    cc_flg CHAR(3) NOT NULL,
    parent_run_id INTEGER,
    parent_src_id BIGINT,
    parent_name TEXT,
    distance_arcsec REAL NOT NULL,
    CONSTRAINT pk_artefact PRIMARY KEY (release_id, run_id, src_id),
    CONSTRAINT ck_artefact_one_parent CHECK ((parent_name IS NULL) = (parent_src_id IS NOT NULL)),
    CONSTRAINT fk_artefact_release_id FOREIGN KEY(release_id) REFERENCES release.release (release_id)
);
COMMENT ON TABLE release.artefact IS 'Rows that spikes and halos of stars of other scans, or of listed stars, made or touched';
COMMENT ON COLUMN release.artefact.release_id IS 'Release';
COMMENT ON COLUMN release.artefact.run_id IS 'Run of the extraction';
COMMENT ON COLUMN release.artefact.src_id IS 'Extraction in wsdb.point_measurement';
COMMENT ON COLUMN release.artefact.removed IS 'Whether it is an artefact in all its bands, and not released';
COMMENT ON COLUMN release.artefact.cc_flg IS 'cc_flg after the second test, J, H, Ks';
COMMENT ON COLUMN release.artefact.parent_run_id IS 'Run of the bright star; null where the star is listed';
COMMENT ON COLUMN release.artefact.parent_src_id IS 'The bright star, extracted in another scan; null where it is listed';
COMMENT ON COLUMN release.artefact.parent_name IS 'Name of a listed star (reference.bright_star); null where a scan extracted it';
COMMENT ON COLUMN release.artefact.distance_arcsec IS 'Distance from the nearest such star';

CREATE TABLE release.extended_artefact (
    release_id INTEGER NOT NULL,
    run_id INTEGER NOT NULL,
    ext_id BIGINT NOT NULL,
    removed BOOLEAN NOT NULL,
    cc_flg CHAR(1) NOT NULL,
    parent_run_id INTEGER,
    parent_src_id BIGINT,
    parent_name TEXT,
    distance_arcsec REAL NOT NULL,
    CONSTRAINT pk_extended_artefact PRIMARY KEY (release_id, run_id, ext_id),
    CONSTRAINT ck_extended_artefact_one_parent CHECK ((parent_name IS NULL) = (parent_src_id IS NOT NULL)),
    CONSTRAINT fk_extended_artefact_release_id FOREIGN KEY(release_id) REFERENCES release.release (release_id)
);
COMMENT ON TABLE release.extended_artefact IS 'Extended sources that stars of other scans, or listed ones, made or touched';
COMMENT ON COLUMN release.extended_artefact.release_id IS 'Release';
COMMENT ON COLUMN release.extended_artefact.run_id IS 'Run of the extraction';
COMMENT ON COLUMN release.extended_artefact.ext_id IS 'Extraction in wsdb.extended_measurement';
COMMENT ON COLUMN release.extended_artefact.removed IS 'Whether its point source is an artefact in all its bands; it is not released';
COMMENT ON COLUMN release.extended_artefact.cc_flg IS 'C, D: removed, by halo or spike; c, d: touched';
COMMENT ON COLUMN release.extended_artefact.parent_run_id IS 'Run of the bright star; null where the star is listed';
COMMENT ON COLUMN release.extended_artefact.parent_src_id IS 'The bright star, extracted in another scan; null where it is listed';
COMMENT ON COLUMN release.extended_artefact.parent_name IS 'Name of a listed star (reference.bright_star); null where a scan extracted it';
COMMENT ON COLUMN release.extended_artefact.distance_arcsec IS 'Distance from the nearest such star';

CREATE TABLE release.manifest (
    release_id INTEGER NOT NULL,
    product TEXT NOT NULL,
    partition TEXT NOT NULL,
    rows BIGINT NOT NULL,
    sha256 CHAR(64) NOT NULL,
    CONSTRAINT pk_manifest PRIMARY KEY (release_id, product, partition),
    CONSTRAINT fk_manifest_release_id FOREIGN KEY(release_id) REFERENCES release.release (release_id)
);
COMMENT ON TABLE release.manifest IS 'Row counts and content hashes';
COMMENT ON COLUMN release.manifest.release_id IS 'Release';
COMMENT ON COLUMN release.manifest.product IS 'psc, xsc, atlas, stamp, scn, img, mp_mch or property_map';
COMMENT ON COLUMN release.manifest.partition IS 'Part of the sky: HEALPix order 1 nested, or all';
COMMENT ON COLUMN release.manifest.rows IS 'Row count';
COMMENT ON COLUMN release.manifest.sha256 IS 'SHA-256 over the rows in key order';

CREATE TABLE release.map_overview (
    release_id INTEGER NOT NULL,
    cell INTEGER NOT NULL,
    j_frac REAL NOT NULL,
    j_depth REAL,
    h_frac REAL NOT NULL,
    h_depth REAL,
    k_frac REAL NOT NULL,
    k_depth REAL,
    CONSTRAINT pk_map_overview PRIMARY KEY (release_id, cell),
    CONSTRAINT fk_map_overview_release_id FOREIGN KEY(release_id) REFERENCES release.release (release_id)
);
COMMENT ON TABLE release.map_overview IS 'Property maps of releases in cells of 1.8 degrees, for pictures of the whole sky';
COMMENT ON COLUMN release.map_overview.release_id IS 'Release';
COMMENT ON COLUMN release.map_overview.cell IS 'HEALPix cell, nested, of order 5';
COMMENT ON COLUMN release.map_overview.j_frac IS 'J share of the cell that is covered';
COMMENT ON COLUMN release.map_overview.j_depth IS 'J mean depth by area [mag]; null where none is known';
COMMENT ON COLUMN release.map_overview.h_frac IS 'H share of the cell that is covered';
COMMENT ON COLUMN release.map_overview.h_depth IS 'H mean depth by area [mag]; null where none is known';
COMMENT ON COLUMN release.map_overview.k_frac IS 'Ks share of the cell that is covered';
COMMENT ON COLUMN release.map_overview.k_depth IS 'Ks mean depth by area [mag]; null where none is known';

CREATE TABLE release.minor_planet (
    release_id INTEGER NOT NULL,
    pts_key INTEGER NOT NULL,
    name TEXT NOT NULL,
    distance_arcsec REAL NOT NULL,
    predicted_jdate DOUBLE PRECISION NOT NULL,
    CONSTRAINT pk_minor_planet PRIMARY KEY (release_id, pts_key),
    CONSTRAINT fk_minor_planet_release_id FOREIGN KEY(release_id) REFERENCES release.release (release_id)
);
COMMENT ON TABLE release.minor_planet IS 'Released rows that are minor planets (mp_flg 1)';
COMMENT ON COLUMN release.minor_planet.release_id IS 'Release';
COMMENT ON COLUMN release.minor_planet.pts_key IS 'Row of the Point Source Catalogue';
COMMENT ON COLUMN release.minor_planet.name IS 'Body whose predicted place is nearest at the time of the row';
COMMENT ON COLUMN release.minor_planet.distance_arcsec IS 'Distance from that place';
COMMENT ON COLUMN release.minor_planet.predicted_jdate IS 'Julian date of the prediction that the place was moved from';

CREATE TABLE release.object (
    object_set_id INTEGER NOT NULL,
    gcntr BIGINT NOT NULL,
    seed_run_id INTEGER NOT NULL,
    ra DOUBLE PRECISION NOT NULL,
    decl DOUBLE PRECISION NOT NULL,
    napp INTEGER NOT NULL,
    nscan INTEGER NOT NULL,
    spos INTEGER NOT NULL,
    extent_arcsec REAL NOT NULL,
    j_mag REAL,
    h_mag REAL,
    k_mag REAL,
    CONSTRAINT pk_object PRIMARY KEY (object_set_id, gcntr, seed_run_id),
    CONSTRAINT fk_object_object_set_id FOREIGN KEY(object_set_id) REFERENCES release.object_set (object_set_id)
);
COMMENT ON TABLE release.object IS 'Objects: groups of apparitions';
COMMENT ON COLUMN release.object.object_set_id IS 'Set';
COMMENT ON COLUMN release.object.gcntr IS 'Key of the group with seed_run_id: the smallest src_id or ext_id of its members';
COMMENT ON COLUMN release.object.seed_run_id IS 'Run of that member: keys of rows are unique in a run only';
COMMENT ON COLUMN release.object.ra IS 'Right ascension of the mean place, ICRS degrees';
COMMENT ON COLUMN release.object.decl IS 'Declination of the mean place, ICRS degrees';
COMMENT ON COLUMN release.object.napp IS 'Apparitions; more than nscan where a scan has several';
COMMENT ON COLUMN release.object.nscan IS 'Scans, counted by run, that have an apparition';
COMMENT ON COLUMN release.object.spos IS 'Scans, counted by run, that cover the mean place in all their bands';
COMMENT ON COLUMN release.object.extent_arcsec IS 'Largest distance of a member from the mean place: chains are long';
COMMENT ON COLUMN release.object.j_mag IS 'J: mean of the members'' calibrated magnitudes; null where none has one';
COMMENT ON COLUMN release.object.h_mag IS 'H: mean of the members'' calibrated magnitudes; null where none has one';
COMMENT ON COLUMN release.object.k_mag IS 'Ks: mean of the members'' calibrated magnitudes; null where none has one';

CREATE TABLE release.reliability (
    object_set_id INTEGER NOT NULL,
    bands CHAR(3) NOT NULL,
    snr_class INTEGER NOT NULL,
    touched CHAR(1) NOT NULL,
    rows INTEGER NOT NULL,
    real INTEGER NOT NULL,
    probability REAL NOT NULL,
    class CHAR(1) NOT NULL,
    CONSTRAINT pk_reliability PRIMARY KEY (object_set_id, bands, snr_class, touched),
    CONSTRAINT fk_reliability_object_set_id FOREIGN KEY(object_set_id) REFERENCES release.object_set (object_set_id)
);
COMMENT ON TABLE release.reliability IS 'Reliability of rows by what they look like, from repeats of calibration fields';
COMMENT ON COLUMN release.reliability.object_set_id IS 'Set whose repeats count';
COMMENT ON COLUMN release.reliability.bands IS 'Bands that detected the row, such as j-k';
COMMENT ON COLUMN release.reliability.snr_class IS 'Best signal-to-noise ratio: 0 to 3, 5, 7, 10, 15, 30 and more, counted from 0';
COMMENT ON COLUMN release.reliability.touched IS 'Worst letter of cc_flg: - none, a lower case, A capital';
COMMENT ON COLUMN release.reliability.rows IS 'Rows of this kind whose place other scans covered often enough';
COMMENT ON COLUMN release.reliability.real IS 'Those that other scans confirmed';
COMMENT ON COLUMN release.reliability.probability IS 'That a row of this kind is real';
COMMENT ON COLUMN release.reliability.class IS 'A above 0.9, B above 0.8, C above 0.7, D above 0.5, E above 0.2, F';

CREATE TABLE release.statement (
    release_id INTEGER NOT NULL,
    position SMALLINT NOT NULL,
    file TEXT NOT NULL,
    sha256 CHAR(64) NOT NULL,
    rows BIGINT NOT NULL,
    CONSTRAINT pk_statement PRIMARY KEY (release_id, position),
    CONSTRAINT fk_statement_release_id FOREIGN KEY(release_id) REFERENCES release.release (release_id)
);
COMMENT ON TABLE release.statement IS 'The SQL that made a release, file by file';
COMMENT ON COLUMN release.statement.release_id IS 'Release';
COMMENT ON COLUMN release.statement.position IS 'Order of execution';
COMMENT ON COLUMN release.statement.file IS 'File below sql/release/';
COMMENT ON COLUMN release.statement.sha256 IS 'SHA-256 of the file';
COMMENT ON COLUMN release.statement.rows IS 'Rows it touched';

CREATE TABLE survey.night (
    night_id INTEGER GENERATED ALWAYS AS (((date - DATE '1997-03-01' + 1) << 1) | (hemis = 's')::integer) STORED NOT NULL,
    hemis CHAR(1) NOT NULL,
    date DATE NOT NULL,
    day_number INTEGER NOT NULL,
    block TEXT,
    block_named BOOLEAN DEFAULT false NOT NULL,
    ingested_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_night PRIMARY KEY (night_id),
    CONSTRAINT uq_night_date_hemis UNIQUE (date, hemis),
    CONSTRAINT ck_night_date_has_key CHECK ((date - DATE '1997-03-01' + 1) BETWEEN 1 AND 16383),
    CONSTRAINT fk_night_hemis FOREIGN KEY(hemis) REFERENCES survey.site (hemis)
);
COMMENT ON TABLE survey.night IS 'One night at one observatory';
COMMENT ON COLUMN survey.night.night_id IS 'Key: survey day number, hemisphere (1 bit: south)';
COMMENT ON COLUMN survey.night.hemis IS 'Observatory';
COMMENT ON COLUMN survey.night.date IS 'Observation reference date: UT date at sunrise';
COMMENT ON COLUMN survey.night.day_number IS 'Survey day number, day 1 = 1997 March 1 UT';
COMMENT ON COLUMN survey.night.block IS 'Hardware block: the stable period of the camera. The cameras of the night''s raw files, or the name that an operator gave; null of a night without raw files';
COMMENT ON COLUMN survey.night.block_named IS 'Whether an operator named the block';
COMMENT ON COLUMN survey.night.ingested_at IS 'When the night was first ingested';

CREATE TABLE survey.tile (
    tile INTEGER NOT NULL,
    hemis CHAR(1) NOT NULL,
    kind TEXT NOT NULL,
    ra DOUBLE PRECISION NOT NULL,
    decl DOUBLE PRECISION NOT NULL,
    footprint spoly,
    CONSTRAINT pk_tile PRIMARY KEY (tile),
    CONSTRAINT ck_tile_kind_known CHECK (kind IN ('survey', 'gap_fill', 'calibration', 'unassigned')),
    CONSTRAINT fk_tile_hemis FOREIGN KEY(hemis) REFERENCES survey.site (hemis)
);
CREATE INDEX ix_tile_footprint ON survey.tile USING gist (footprint);
COMMENT ON TABLE survey.tile IS 'Planned strips of sky; a tile may be scanned many times';
COMMENT ON COLUMN survey.tile.tile IS 'Tile number (strip id); negative where the files name none';
COMMENT ON COLUMN survey.tile.hemis IS 'Observatory that owns the tile';
COMMENT ON COLUMN survey.tile.kind IS 'survey, gap_fill, calibration or unassigned';
COMMENT ON COLUMN survey.tile.ra IS 'Right ascension of the centre, ICRS degrees';
COMMENT ON COLUMN survey.tile.decl IS 'Declination of the centre, ICRS degrees';
COMMENT ON COLUMN survey.tile.footprint IS 'Planned area; null until known';

CREATE TABLE production.final_run (
    run_id INTEGER NOT NULL,
    condition TEXT NOT NULL,
    selected_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    selected_by TEXT NOT NULL,
    CONSTRAINT pk_final_run PRIMARY KEY (run_id),
    CONSTRAINT fk_final_run_run_id FOREIGN KEY(run_id) REFERENCES production.run (run_id)
);
COMMENT ON TABLE production.final_run IS 'Final runs and the condition by which their scans were selected; never changed';
COMMENT ON COLUMN production.final_run.run_id IS 'Final run';
COMMENT ON COLUMN production.final_run.condition IS 'Condition that selected its scans, in one spelling';
COMMENT ON COLUMN production.final_run.selected_at IS 'When';
COMMENT ON COLUMN production.final_run.selected_by IS 'Who';

CREATE TABLE quality.override (
    override_id INTEGER GENERATED ALWAYS AS IDENTITY,
    run_id INTEGER NOT NULL,
    night_id INTEGER NOT NULL,
    scans INT4RANGE NOT NULL,
    score SMALLINT,
    flag TEXT,
    raised BOOLEAN,
    reason TEXT NOT NULL,
    person TEXT NOT NULL,
    made_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    undone_at TIMESTAMP WITH TIME ZONE,
    undone_by TEXT,
    undone_because TEXT,
    CONSTRAINT pk_override PRIMARY KEY (override_id),
    CONSTRAINT ck_override_flag_known CHECK (flag IN ('hgl', 'cld', 'xph', 'anom')),
    CONSTRAINT ck_override_score_range CHECK (score BETWEEN 0 AND 10),
    CONSTRAINT ck_override_says_something CHECK (score IS NOT NULL OR flag IS NOT NULL),
    CONSTRAINT ck_override_flag_complete CHECK ((flag IS NULL) = (raised IS NULL)),
    CONSTRAINT ck_override_reason_given CHECK (length(trim(reason)) > 0),
    CONSTRAINT ck_override_span_finite CHECK (NOT isempty(scans) AND NOT lower_inf(scans) AND NOT upper_inf(scans)),
    CONSTRAINT ck_override_undone_complete CHECK (num_nulls(undone_at, undone_by, undone_because) IN (0, 3)),
    CONSTRAINT fk_override_run_id FOREIGN KEY(run_id) REFERENCES production.run (run_id),
    CONSTRAINT fk_override_night_id FOREIGN KEY(night_id) REFERENCES survey.night (night_id)
);
COMMENT ON TABLE quality.override IS 'What a person says against grades and flags of a span of scans; undone, never deleted';
COMMENT ON COLUMN quality.override.override_id IS 'Key';
COMMENT ON COLUMN quality.override.run_id IS 'Run';
COMMENT ON COLUMN quality.override.night_id IS 'Night';
COMMENT ON COLUMN quality.override.scans IS 'Span of scan numbers of the night, half-open';
COMMENT ON COLUMN quality.override.score IS 'Score that takes the place of the grade''s; null to leave it';
COMMENT ON COLUMN quality.override.flag IS 'Flag that is set or cleared; null for none';
COMMENT ON COLUMN quality.override.raised IS 'Whether the flag is raised; null without a flag';
COMMENT ON COLUMN quality.override.reason IS 'Why';
COMMENT ON COLUMN quality.override.person IS 'Who';
COMMENT ON COLUMN quality.override.made_at IS 'When';
COMMENT ON COLUMN quality.override.undone_at IS 'When it was undone; null while it holds';
COMMENT ON COLUMN quality.override.undone_by IS 'Who undid it';
COMMENT ON COLUMN quality.override.undone_because IS 'Why it was undone';

CREATE TABLE release.object_light (
    object_set_id INTEGER NOT NULL,
    gcntr BIGINT NOT NULL,
    seed_run_id INTEGER NOT NULL,
    band CHAR(1) NOT NULL,
    epochs INTEGER NOT NULL,
    mean_mag REAL,
    scatter_mag REAL,
    error_mag REAL,
    chi_squared REAL NOT NULL,
    significance REAL NOT NULL,
    CONSTRAINT pk_object_light PRIMARY KEY (object_set_id, gcntr, seed_run_id, band),
    CONSTRAINT fk_object_light_object_set_id_gcntr_seed_run_id FOREIGN KEY(object_set_id, gcntr, seed_run_id) REFERENCES release.object (object_set_id, gcntr, seed_run_id),
    CONSTRAINT ck_object_light_band_known CHECK (band IN ('j', 'h', 'k', '-'))
);
COMMENT ON TABLE release.object_light IS 'Variability of objects of points, by band and over all bands';
COMMENT ON COLUMN release.object_light.object_set_id IS 'Set';
COMMENT ON COLUMN release.object_light.gcntr IS 'Object';
COMMENT ON COLUMN release.object_light.seed_run_id IS 'Object, with gcntr';
COMMENT ON COLUMN release.object_light.band IS 'j, h, k, or - for all bands together';
COMMENT ON COLUMN release.object_light.epochs IS 'Scans with one measurement of the object: no artefact, detected in the band';
COMMENT ON COLUMN release.object_light.mean_mag IS 'Mean magnitude, weighted; null for all bands together';
COMMENT ON COLUMN release.object_light.scatter_mag IS 'Standard deviation of one magnitude, weighted; null for all bands together';
COMMENT ON COLUMN release.object_light.error_mag IS 'Root of the mean square of the errors, scaled; null for all bands together';
COMMENT ON COLUMN release.object_light.chi_squared IS 'Reduced chi-squared about the mean; errors scaled so that its median is right';
COMMENT ON COLUMN release.object_light.significance IS 'That chi-squared as standard deviations of a normal law: 2.33 is 1 in 100';

CREATE TABLE release.object_member (
    object_set_id INTEGER NOT NULL,
    gcntr BIGINT NOT NULL,
    seed_run_id INTEGER NOT NULL,
    run_id INTEGER NOT NULL,
    source_id BIGINT NOT NULL,
    scan_key INTEGER NOT NULL,
    CONSTRAINT pk_object_member PRIMARY KEY (object_set_id, run_id, source_id),
    CONSTRAINT fk_object_member_object_set_id_gcntr_seed_run_id FOREIGN KEY(object_set_id, gcntr, seed_run_id) REFERENCES release.object (object_set_id, gcntr, seed_run_id)
);
CREATE INDEX ix_object_member_gcntr ON release.object_member (object_set_id, gcntr);
COMMENT ON TABLE release.object_member IS 'Members of objects';
COMMENT ON COLUMN release.object_member.object_set_id IS 'Set';
COMMENT ON COLUMN release.object_member.gcntr IS 'Object';
COMMENT ON COLUMN release.object_member.seed_run_id IS 'Object, with gcntr';
COMMENT ON COLUMN release.object_member.run_id IS 'Run of the apparition';
COMMENT ON COLUMN release.object_member.source_id IS 'Apparition: src_id or ext_id';
COMMENT ON COLUMN release.object_member.scan_key IS 'Scan of the apparition';

CREATE TABLE release.object_set_run (
    object_set_id INTEGER NOT NULL,
    run_id INTEGER NOT NULL,
    CONSTRAINT pk_object_set_run PRIMARY KEY (object_set_id, run_id),
    CONSTRAINT fk_object_set_run_object_set_id FOREIGN KEY(object_set_id) REFERENCES release.object_set (object_set_id),
    CONSTRAINT fk_object_set_run_run_id FOREIGN KEY(run_id) REFERENCES production.run (run_id)
);
COMMENT ON TABLE release.object_set_run IS 'Runs of object sets';
COMMENT ON COLUMN release.object_set_run.object_set_id IS 'Set';
COMMENT ON COLUMN release.object_set_run.run_id IS 'Run whose accepted rows were grouped';

CREATE TABLE release.parent_run (
    release_id INTEGER NOT NULL,
    run_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    CONSTRAINT pk_parent_run PRIMARY KEY (release_id, run_id),
    CONSTRAINT fk_parent_run_release_id FOREIGN KEY(release_id) REFERENCES release.release (release_id),
    CONSTRAINT fk_parent_run_run_id FOREIGN KEY(run_id) REFERENCES production.run (run_id)
);
COMMENT ON TABLE release.parent_run IS 'Runs that a release was drawn from';
COMMENT ON COLUMN release.parent_run.release_id IS 'Release';
COMMENT ON COLUMN release.parent_run.run_id IS 'Run it was drawn from';
COMMENT ON COLUMN release.parent_run.name IS 'Name that the run had then: what hashes and ties know of it';

CREATE TABLE release.patch (
    release_id INTEGER NOT NULL,
    number INTEGER NOT NULL,
    action TEXT NOT NULL,
    product TEXT DEFAULT 'psc' NOT NULL,
    run_id INTEGER NOT NULL,
    removed_src_id BIGINT,
    restored_src_id BIGINT,
    reason TEXT NOT NULL,
    person TEXT NOT NULL,
    CONSTRAINT pk_patch PRIMARY KEY (release_id, number),
    CONSTRAINT uq_patch_release_id_run_id_product_removed_src_id UNIQUE (release_id, run_id, product, removed_src_id),
    CONSTRAINT uq_patch_release_id_run_id_product_restored_src_id UNIQUE (release_id, run_id, product, restored_src_id),
    CONSTRAINT ck_patch_action_known CHECK (action IN ('delete', 'restore', 'replace')),
    CONSTRAINT ck_patch_product_known CHECK (product IN ('psc', 'xsc')),
    CONSTRAINT ck_patch_removed_by_action CHECK ((removed_src_id IS NOT NULL) = (action IN ('delete', 'replace'))),
    CONSTRAINT ck_patch_restored_by_action CHECK ((restored_src_id IS NOT NULL) = (action IN ('restore', 'replace'))),
    CONSTRAINT ck_patch_reason_given CHECK (length(trim(reason)) > 0),
    CONSTRAINT fk_patch_release_id FOREIGN KEY(release_id) REFERENCES release.release (release_id),
    CONSTRAINT fk_patch_run_id FOREIGN KEY(run_id) REFERENCES production.run (run_id)
);
COMMENT ON TABLE release.patch IS 'What people changed in releases against their rules, row by row';
COMMENT ON COLUMN release.patch.release_id IS 'Release';
COMMENT ON COLUMN release.patch.number IS 'Order in the patch file, from 1';
COMMENT ON COLUMN release.patch.action IS 'delete, restore or replace';
COMMENT ON COLUMN release.patch.product IS 'psc or xsc: what the keys are of';
COMMENT ON COLUMN release.patch.run_id IS 'Run of the rows';
COMMENT ON COLUMN release.patch.removed_src_id IS 'src_id, or ext_id of xsc, that is taken out; null for a restoration';
COMMENT ON COLUMN release.patch.restored_src_id IS 'src_id, or ext_id of xsc, that is put back; null for a deletion';
COMMENT ON COLUMN release.patch.reason IS 'Why';
COMMENT ON COLUMN release.patch.person IS 'Who says so';

CREATE TABLE survey.scan (
    scan_key INTEGER GENERATED ALWAYS AS ((night_id << 10) | scan) STORED NOT NULL,
    night_id INTEGER NOT NULL,
    scan SMALLINT NOT NULL,
    kind TEXT NOT NULL,
    entry TEXT NOT NULL,
    tile INTEGER,
    direction CHAR(1),
    started_at TIMESTAMP WITH TIME ZONE,
    jdate DOUBLE PRECISION,
    airmass REAL,
    frames_expected SMALLINT,
    frames_present SMALLINT,
    ra DOUBLE PRECISION,
    decl DOUBLE PRECISION,
    planned_ra_1 DOUBLE PRECISION,
    planned_dec_1 DOUBLE PRECISION,
    planned_ra_2 DOUBLE PRECISION,
    planned_dec_2 DOUBLE PRECISION,
    planned_ra_3 DOUBLE PRECISION,
    planned_dec_3 DOUBLE PRECISION,
    planned_ra_4 DOUBLE PRECISION,
    planned_dec_4 DOUBLE PRECISION,
    planned_footprint spoly,
    header JSONB NOT NULL,
    ingested_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_scan PRIMARY KEY (scan_key),
    CONSTRAINT uq_scan_night_id_scan UNIQUE (night_id, scan),
    CONSTRAINT ck_scan_scan_in_night CHECK (scan BETWEEN 1 AND 999),
    CONSTRAINT ck_scan_direction_known CHECK (direction IN ('n', 's')),
    CONSTRAINT ck_scan_kind_known CHECK (kind IN ('sci', 'cal', 'dar', 'flt', 'tst')),
    CONSTRAINT ck_scan_entry_known CHECK (entry IN ('raw', 'atlas')),
    CONSTRAINT fk_scan_night_id FOREIGN KEY(night_id) REFERENCES survey.night (night_id),
    CONSTRAINT fk_scan_tile FOREIGN KEY(tile) REFERENCES survey.tile (tile)
);
CREATE INDEX ix_scan_planned_footprint ON survey.scan USING gist (planned_footprint);
CREATE INDEX ix_scan_tile ON survey.scan (tile);
COMMENT ON TABLE survey.scan IS 'One sweep of the telescope over a tile or a calibration field';
COMMENT ON COLUMN survey.scan.scan_key IS 'Key: night_id, number in the night (10 bits); 25 bits of src_id';
COMMENT ON COLUMN survey.scan.night_id IS 'Night';
COMMENT ON COLUMN survey.scan.scan IS 'Number in the night, 1 to 999';
COMMENT ON COLUMN survey.scan.kind IS 'sci, cal, dar, flt or tst';
COMMENT ON COLUMN survey.scan.entry IS 'Whether the reduction starts from raw frames or from finished Atlas images';
COMMENT ON COLUMN survey.scan.tile IS 'Tile; null for darks and flats';
COMMENT ON COLUMN survey.scan.direction IS 'n or s; null where unknown';
COMMENT ON COLUMN survey.scan.started_at IS 'UTC of the first frame; null where the files carry no time';
COMMENT ON COLUMN survey.scan.jdate IS 'Julian date of the first frame; null where the files carry no time';
COMMENT ON COLUMN survey.scan.airmass IS 'Airmass at the start; null where unknown';
COMMENT ON COLUMN survey.scan.frames_expected IS 'Frames the scan should have; null for Atlas images without it';
COMMENT ON COLUMN survey.scan.frames_present IS 'Frames that are there; null for Atlas images';
COMMENT ON COLUMN survey.scan.ra IS 'Right ascension of the centre, ICRS degrees; null for darks and flats';
COMMENT ON COLUMN survey.scan.decl IS 'Declination of the centre, ICRS degrees; null for darks and flats';
COMMENT ON COLUMN survey.scan.planned_ra_1 IS 'ra of the south-eastern corner of the planned area, ICRS degrees; null for darks and flats';
COMMENT ON COLUMN survey.scan.planned_dec_1 IS 'dec of the south-eastern corner of the planned area, ICRS degrees; null for darks and flats';
COMMENT ON COLUMN survey.scan.planned_ra_2 IS 'ra of the south-western corner of the planned area, ICRS degrees; null for darks and flats';
COMMENT ON COLUMN survey.scan.planned_dec_2 IS 'dec of the south-western corner of the planned area, ICRS degrees; null for darks and flats';
COMMENT ON COLUMN survey.scan.planned_ra_3 IS 'ra of the north-eastern corner of the planned area, ICRS degrees; null for darks and flats';
COMMENT ON COLUMN survey.scan.planned_dec_3 IS 'dec of the north-eastern corner of the planned area, ICRS degrees; null for darks and flats';
COMMENT ON COLUMN survey.scan.planned_ra_4 IS 'ra of the north-western corner of the planned area, ICRS degrees; null for darks and flats';
COMMENT ON COLUMN survey.scan.planned_dec_4 IS 'dec of the north-western corner of the planned area, ICRS degrees; null for darks and flats';
COMMENT ON COLUMN survey.scan.planned_footprint IS 'Area by commanded positions or headers, great circles; null for darks and flats. Observed: wsdb.scan_coverage';
COMMENT ON COLUMN survey.scan.header IS 'Scan keywords as found';
COMMENT ON COLUMN survey.scan.ingested_at IS 'When the scan was ingested';

CREATE TABLE production.final_input (
    run_id INTEGER NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    input_key BIGINT NOT NULL,
    content_hash CHAR(64) NOT NULL,
    CONSTRAINT pk_final_input PRIMARY KEY (run_id, kind, name),
    CONSTRAINT ck_final_input_kind_known CHECK (kind IN ('parent', 'pipeline', 'rule_set', 'solution', 'astrometry', 'reference', 'calibration')),
    CONSTRAINT fk_final_input_run_id FOREIGN KEY(run_id) REFERENCES production.final_run (run_id)
);
COMMENT ON TABLE production.final_input IS 'Inputs of final runs by name, with their content hashes; never changed';
COMMENT ON COLUMN production.final_input.run_id IS 'Final run';
COMMENT ON COLUMN production.final_input.kind IS 'parent, pipeline, rule_set, solution, astrometry, reference or calibration';
COMMENT ON COLUMN production.final_input.name IS 'Name among its kind: run, version, catalogue, block';
COMMENT ON COLUMN production.final_input.input_key IS 'Key of run, pipeline, solution, astrometry, catalogue or product; 0 of rules';
COMMENT ON COLUMN production.final_input.content_hash IS 'SHA-256 over its content; of a parent that of its pipeline';

CREATE TABLE production.task (
    task_id BIGINT GENERATED ALWAYS AS IDENTITY,
    run_id INTEGER NOT NULL,
    kind TEXT NOT NULL,
    scope TEXT NOT NULL,
    night_id INTEGER,
    scan_key INTEGER,
    block TEXT,
    cell INTEGER,
    state TEXT NOT NULL,
    priority SMALLINT DEFAULT '0' NOT NULL,
    not_before TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    max_attempts SMALLINT NOT NULL,
    attempts_forgiven SMALLINT DEFAULT '0' NOT NULL,
    reason TEXT,
    queued_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    changed_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_task PRIMARY KEY (task_id),
    CONSTRAINT uq_task_run_id_kind_night_id_scan_key_block_cell UNIQUE NULLS NOT DISTINCT (run_id, kind, night_id, scan_key, block, cell),
    CONSTRAINT uq_task_task_id_run_id UNIQUE (task_id, run_id),
    CONSTRAINT fk_task_kind_scope FOREIGN KEY(kind, scope) REFERENCES production.task_kind (kind, scope),
    CONSTRAINT ck_task_state_known CHECK (state IN ('waiting', 'ready', 'running', 'done', 'failed', 'dead', 'held')),
    CONSTRAINT ck_task_scan_by_scope CHECK ((scope = 'scan') = (scan_key IS NOT NULL)),
    CONSTRAINT ck_task_night_by_scope CHECK ((scope IN ('scan', 'night')) = (night_id IS NOT NULL)),
    CONSTRAINT ck_task_block_by_scope CHECK ((scope = 'block') = (block IS NOT NULL)),
    CONSTRAINT ck_task_cell_by_scope CHECK ((scope = 'cell') = (cell IS NOT NULL)),
    CONSTRAINT fk_task_run_id FOREIGN KEY(run_id) REFERENCES production.run (run_id),
    CONSTRAINT fk_task_night_id FOREIGN KEY(night_id) REFERENCES survey.night (night_id),
    CONSTRAINT fk_task_scan_key FOREIGN KEY(scan_key) REFERENCES survey.scan (scan_key)
)
 WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
CREATE INDEX ix_task_ready ON production.task (priority DESC, task_id) WHERE state = 'ready';
CREATE INDEX ix_task_run_state ON production.task (run_id, state);
COMMENT ON TABLE production.task IS 'One unit of work of a run';
COMMENT ON COLUMN production.task.task_id IS 'Key';
COMMENT ON COLUMN production.task.run_id IS 'Run';
COMMENT ON COLUMN production.task.kind IS 'What is done';
COMMENT ON COLUMN production.task.scope IS 'What the task is of: scan, night, block, cell or run';
COMMENT ON COLUMN production.task.night_id IS 'Night; null for tasks of larger scope';
COMMENT ON COLUMN production.task.scan_key IS 'Scan; null for tasks of larger scope';
COMMENT ON COLUMN production.task.block IS 'Hardware block; null for tasks of another scope';
COMMENT ON COLUMN production.task.cell IS 'HEALPix cell of order 3, nested; null for tasks of another scope';
COMMENT ON COLUMN production.task.state IS 'waiting, ready, running, done, failed, dead or held';
COMMENT ON COLUMN production.task.priority IS 'Higher is claimed earlier';
COMMENT ON COLUMN production.task.not_before IS 'Earliest claim (backoff)';
COMMENT ON COLUMN production.task.max_attempts IS 'Lost or transient attempts before the task is dead';
COMMENT ON COLUMN production.task.attempts_forgiven IS 'Attempts made before the operator''s last retry';
COMMENT ON COLUMN production.task.reason IS 'Why it is held, failed or dead; null otherwise';
COMMENT ON COLUMN production.task.queued_at IS 'When it was queued';
COMMENT ON COLUMN production.task.changed_at IS 'When its state last changed';

CREATE TABLE quality.derived_metric (
    run_id INTEGER NOT NULL,
    night_id INTEGER,
    scan_key INTEGER,
    name TEXT NOT NULL,
    band CHAR(1) NOT NULL,
    value DOUBLE PRECISION NOT NULL,
    rows INTEGER NOT NULL,
    derived_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT uq_derived_metric_run_id_night_id_scan_key_name_band UNIQUE NULLS NOT DISTINCT (run_id, night_id, scan_key, name, band),
    CONSTRAINT ck_derived_metric_band_known CHECK (band IN ('j', 'h', 'k', '-')),
    CONSTRAINT fk_derived_metric_run_id FOREIGN KEY(run_id) REFERENCES production.run (run_id),
    CONSTRAINT fk_derived_metric_night_id FOREIGN KEY(night_id) REFERENCES survey.night (night_id),
    CONSTRAINT fk_derived_metric_scan_key FOREIGN KEY(scan_key) REFERENCES survey.scan (scan_key),
    CONSTRAINT fk_derived_metric_name FOREIGN KEY(name) REFERENCES quality.metric_definition (name)
);
COMMENT ON TABLE quality.derived_metric IS 'What SQL derives from the rows of a run (sql/quality/): replaced at each derivation';
COMMENT ON COLUMN quality.derived_metric.run_id IS 'Run';
COMMENT ON COLUMN quality.derived_metric.night_id IS 'Night; null for metrics of a run';
COMMENT ON COLUMN quality.derived_metric.scan_key IS 'Scan; null for metrics of larger scope';
COMMENT ON COLUMN quality.derived_metric.name IS 'Name, unit included';
COMMENT ON COLUMN quality.derived_metric.band IS 'j, h, k, or - for all bands together';
COMMENT ON COLUMN quality.derived_metric.value IS 'Value';
COMMENT ON COLUMN quality.derived_metric.rows IS 'How many stars, scans or pairs it rests on';
COMMENT ON COLUMN quality.derived_metric.derived_at IS 'When';

CREATE TABLE survey.frame (
    scan_key INTEGER NOT NULL,
    band CHAR(1) NOT NULL,
    frame SMALLINT NOT NULL,
    mjd DOUBLE PRECISION NOT NULL,
    ra DOUBLE PRECISION,
    decl DOUBLE PRECISION,
    airmass REAL,
    missing BOOLEAN NOT NULL,
    CONSTRAINT pk_frame PRIMARY KEY (scan_key, band, frame),
    CONSTRAINT fk_frame_scan_key FOREIGN KEY(scan_key) REFERENCES survey.scan (scan_key) ON DELETE CASCADE
);
COMMENT ON TABLE survey.frame IS 'The FRAMES tables of raw scans';
COMMENT ON COLUMN survey.frame.scan_key IS 'Scan';
COMMENT ON COLUMN survey.frame.band IS 'j, h or k';
COMMENT ON COLUMN survey.frame.frame IS 'Number in the scan, from 1';
COMMENT ON COLUMN survey.frame.mjd IS 'Modified Julian date, UTC, of the middle of the exposure';
COMMENT ON COLUMN survey.frame.ra IS 'Commanded right ascension of the frame centre, ICRS degrees; null with the shutter closed';
COMMENT ON COLUMN survey.frame.decl IS 'Commanded declination of the frame centre, ICRS degrees; null with the shutter closed';
COMMENT ON COLUMN survey.frame.airmass IS 'Airmass; null with the shutter closed';
COMMENT ON COLUMN survey.frame.missing IS 'Whether the camera timed out and the frame is a dummy';

CREATE TABLE survey.raw_file (
    raw_file_id BIGINT GENERATED ALWAYS AS IDENTITY,
    night_id INTEGER NOT NULL,
    scan_key INTEGER NOT NULL,
    kind TEXT NOT NULL,
    band CHAR(1) NOT NULL,
    image_number SMALLINT,
    url TEXT NOT NULL,
    sha256 CHAR(64) NOT NULL,
    size_bytes BIGINT NOT NULL,
    header JSONB NOT NULL,
    footprint spoly,
    ingested_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_raw_file PRIMARY KEY (raw_file_id),
    CONSTRAINT uq_raw_file_sha256 UNIQUE (sha256),
    CONSTRAINT uq_raw_file_scan_key_band_image_number UNIQUE NULLS NOT DISTINCT (scan_key, band, image_number),
    CONSTRAINT ck_raw_file_kind_known CHECK (kind IN ('scan', 'dark', 'flat', 'atlas')),
    CONSTRAINT ck_raw_file_band_known CHECK (band IN ('j', 'h', 'k')),
    CONSTRAINT fk_raw_file_night_id FOREIGN KEY(night_id) REFERENCES survey.night (night_id),
    CONSTRAINT fk_raw_file_scan_key FOREIGN KEY(scan_key) REFERENCES survey.scan (scan_key)
);
COMMENT ON TABLE survey.raw_file IS 'Every ingested file, by content';
COMMENT ON COLUMN survey.raw_file.raw_file_id IS 'Key';
COMMENT ON COLUMN survey.raw_file.night_id IS 'Night';
COMMENT ON COLUMN survey.raw_file.scan_key IS 'Scan';
COMMENT ON COLUMN survey.raw_file.kind IS 'scan, dark, flat or atlas';
COMMENT ON COLUMN survey.raw_file.band IS 'j, h or k';
COMMENT ON COLUMN survey.raw_file.image_number IS 'Atlas image number in the scan; null for raw files';
COMMENT ON COLUMN survey.raw_file.url IS 'Where the file is';
COMMENT ON COLUMN survey.raw_file.sha256 IS 'SHA-256 of the file, hexadecimal';
COMMENT ON COLUMN survey.raw_file.size_bytes IS 'Size of the file';
COMMENT ON COLUMN survey.raw_file.header IS 'Keywords as found';
COMMENT ON COLUMN survey.raw_file.footprint IS 'Area of an Atlas image; null for raw files';
COMMENT ON COLUMN survey.raw_file.ingested_at IS 'When the file was ingested';

CREATE TABLE production.attempt (
    attempt_id BIGINT GENERATED ALWAYS AS IDENTITY,
    task_id BIGINT NOT NULL,
    run_id INTEGER NOT NULL,
    scan_key INTEGER,
    token BIGINT DEFAULT nextval('production.token') NOT NULL,
    pipeline_id INTEGER,
    worker TEXT NOT NULL,
    host TEXT NOT NULL,
    process_id INTEGER NOT NULL,
    code_version TEXT NOT NULL,
    code_commit TEXT NOT NULL,
    started_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    renewed_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    ended_at TIMESTAMP WITH TIME ZONE,
    outcome TEXT,
    accepted BOOLEAN DEFAULT false NOT NULL,
    family TEXT,
    error_code TEXT,
    error_text TEXT,
    input_hash CHAR(64),
    output_hash CHAR(64),
    hash_version SMALLINT,
    point_rows INTEGER,
    extended_rows INTEGER,
    cpu_seconds DOUBLE PRECISION,
    wall_seconds DOUBLE PRECISION,
    peak_memory_bytes BIGINT,
    CONSTRAINT pk_attempt PRIMARY KEY (attempt_id),
    CONSTRAINT fk_attempt_task_id_run_id FOREIGN KEY(task_id, run_id) REFERENCES production.task (task_id, run_id),
    CONSTRAINT uq_attempt_token UNIQUE (token),
    CONSTRAINT uq_attempt_attempt_id_run_id_scan_key UNIQUE (attempt_id, run_id, scan_key),
    CONSTRAINT ck_attempt_outcome_known CHECK (outcome IN ('done', 'failed', 'lost', 'given_back')),
    CONSTRAINT ck_attempt_family_known CHECK (family IN ('transient', 'input', 'bug')),
    CONSTRAINT ck_attempt_ended_has_outcome CHECK ((ended_at IS NULL) = (outcome IS NULL)),
    CONSTRAINT ck_attempt_accepted_is_done CHECK (NOT accepted OR outcome = 'done'),
    CONSTRAINT fk_attempt_scan_key FOREIGN KEY(scan_key) REFERENCES survey.scan (scan_key),
    CONSTRAINT fk_attempt_pipeline_id FOREIGN KEY(pipeline_id) REFERENCES production.pipeline (pipeline_id)
)
 WITH (fillfactor = 80);
CREATE INDEX ix_attempt_expires_at ON production.attempt (expires_at) WHERE ended_at IS NULL;
CREATE INDEX ix_attempt_pipeline_id ON production.attempt (pipeline_id);
CREATE INDEX ix_attempt_task_id ON production.attempt (task_id);
CREATE UNIQUE INDEX uq_attempt_accepted ON production.attempt (task_id) WHERE accepted;
CREATE UNIQUE INDEX uq_attempt_open ON production.attempt (task_id) WHERE ended_at IS NULL;
COMMENT ON TABLE production.attempt IS 'One try at a task by one worker; never updated after it ended but for acceptance';
COMMENT ON COLUMN production.attempt.attempt_id IS 'Key';
COMMENT ON COLUMN production.attempt.task_id IS 'Task';
COMMENT ON COLUMN production.attempt.run_id IS 'Run of the task';
COMMENT ON COLUMN production.attempt.scan_key IS 'Scan of the task; null for tasks of larger scope';
COMMENT ON COLUMN production.attempt.token IS 'Fencing token: compared by every renewal and by the publication';
COMMENT ON COLUMN production.attempt.pipeline_id IS 'Pipeline whose parameters it works with; null of rows made by hand';
COMMENT ON COLUMN production.attempt.worker IS 'Name of the worker';
COMMENT ON COLUMN production.attempt.host IS 'Host of the worker';
COMMENT ON COLUMN production.attempt.process_id IS 'Process of the worker';
COMMENT ON COLUMN production.attempt.code_version IS 'Code version that ran';
COMMENT ON COLUMN production.attempt.code_commit IS 'Commit that ran';
COMMENT ON COLUMN production.attempt.started_at IS 'When it was claimed';
COMMENT ON COLUMN production.attempt.renewed_at IS 'Last sign of life';
COMMENT ON COLUMN production.attempt.expires_at IS 'End of the lease';
COMMENT ON COLUMN production.attempt.ended_at IS 'When it ended; null while running';
COMMENT ON COLUMN production.attempt.outcome IS 'done, failed, lost or given_back; null while running';
COMMENT ON COLUMN production.attempt.accepted IS 'Whether its rows are the ones of the task';
COMMENT ON COLUMN production.attempt.family IS 'transient, input or bug; null unless failed or given back';
COMMENT ON COLUMN production.attempt.error_code IS 'Stable error code; null unless failed, lost or given back for want of a store';
COMMENT ON COLUMN production.attempt.error_text IS 'What went wrong; null where there is no error code';
COMMENT ON COLUMN production.attempt.input_hash IS 'SHA-256 over files, calibrations, stars and pipeline; null until known';
COMMENT ON COLUMN production.attempt.output_hash IS 'SHA-256 over the rows and files written; null unless done';
COMMENT ON COLUMN production.attempt.hash_version IS 'Columns that output_hash is made of: version; null unless done';
COMMENT ON COLUMN production.attempt.point_rows IS 'Point-source rows written; null unless done';
COMMENT ON COLUMN production.attempt.extended_rows IS 'Extended-source rows written; null unless done';
COMMENT ON COLUMN production.attempt.cpu_seconds IS 'CPU time; null where the worker died';
COMMENT ON COLUMN production.attempt.wall_seconds IS 'Wall time; null where the worker died';
COMMENT ON COLUMN production.attempt.peak_memory_bytes IS 'Peak resident memory; null where the worker died';

CREATE TABLE production.task_dependency (
    task_id BIGINT NOT NULL,
    upstream_task_id BIGINT NOT NULL,
    CONSTRAINT pk_task_dependency PRIMARY KEY (task_id, upstream_task_id),
    CONSTRAINT fk_task_dependency_task_id FOREIGN KEY(task_id) REFERENCES production.task (task_id) ON DELETE CASCADE,
    CONSTRAINT fk_task_dependency_upstream_task_id FOREIGN KEY(upstream_task_id) REFERENCES production.task (task_id) ON DELETE CASCADE
);
CREATE INDEX ix_task_dependency_upstream_task_id ON production.task_dependency (upstream_task_id);
COMMENT ON TABLE production.task_dependency IS 'What waits for what';
COMMENT ON COLUMN production.task_dependency.task_id IS 'Task that waits';
COMMENT ON COLUMN production.task_dependency.upstream_task_id IS 'Task that must be done first';

CREATE TABLE calibration.astrometry (
    astrometry_id INTEGER GENERATED ALWAYS AS IDENTITY,
    run_id INTEGER NOT NULL,
    attempt_id BIGINT NOT NULL,
    parameters JSONB NOT NULL,
    input_hash CHAR(64) NOT NULL,
    content_hash CHAR(64) NOT NULL,
    code_version TEXT NOT NULL,
    code_commit TEXT NOT NULL,
    facts JSONB NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_astrometry PRIMARY KEY (astrometry_id),
    CONSTRAINT fk_astrometry_run_id FOREIGN KEY(run_id) REFERENCES production.run (run_id),
    CONSTRAINT fk_astrometry_attempt_id FOREIGN KEY(attempt_id) REFERENCES production.attempt (attempt_id)
);
COMMENT ON TABLE calibration.astrometry IS 'Global astrometric solutions: versions of the offsets of scans, never changed';
COMMENT ON COLUMN calibration.astrometry.astrometry_id IS 'Key';
COMMENT ON COLUMN calibration.astrometry.run_id IS 'Run whose places it corrects';
COMMENT ON COLUMN calibration.astrometry.attempt_id IS 'Attempt that made it';
COMMENT ON COLUMN calibration.astrometry.parameters IS 'Parameters of the solution';
COMMENT ON COLUMN calibration.astrometry.input_hash IS 'SHA-256 over rows of scans, reference catalogue and parameters';
COMMENT ON COLUMN calibration.astrometry.content_hash IS 'SHA-256 over the offsets';
COMMENT ON COLUMN calibration.astrometry.code_version IS 'Version of mapps';
COMMENT ON COLUMN calibration.astrometry.code_commit IS 'Commit of the code';
COMMENT ON COLUMN calibration.astrometry.facts IS 'Counts, scatter of overlaps and of reference stars';
COMMENT ON COLUMN calibration.astrometry.created_at IS 'When it was made';

CREATE TABLE calibration.product (
    calibration_id BIGINT GENERATED ALWAYS AS IDENTITY,
    run_id INTEGER NOT NULL,
    attempt_id BIGINT NOT NULL,
    night_id INTEGER,
    block TEXT,
    kind TEXT NOT NULL,
    hemis CHAR(1) NOT NULL,
    band CHAR(1) NOT NULL,
    camera TEXT NOT NULL,
    valid TSTZRANGE NOT NULL,
    url TEXT NOT NULL,
    sha256 CHAR(64) NOT NULL,
    facts JSONB NOT NULL,
    retired_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_product PRIMARY KEY (calibration_id),
    CONSTRAINT ck_product_kind_known CHECK (kind IN ('night', 'block', 'library')),
    CONSTRAINT ck_product_band_known CHECK (band IN ('j', 'h', 'k')),
    CONSTRAINT ck_product_night_by_kind CHECK ((kind = 'night') = (night_id IS NOT NULL)),
    CONSTRAINT ck_product_block_by_kind CHECK ((kind <> 'night') = (block IS NOT NULL)),
    CONSTRAINT ex_product_valid EXCLUDE USING gist (run_id WITH =, kind WITH =, hemis WITH =, band WITH =, camera WITH =, valid WITH &&) WHERE (kind = 'night' AND retired_at IS NULL),
    CONSTRAINT fk_product_run_id FOREIGN KEY(run_id) REFERENCES production.run (run_id),
    CONSTRAINT fk_product_attempt_id FOREIGN KEY(attempt_id) REFERENCES production.attempt (attempt_id),
    CONSTRAINT fk_product_night_id FOREIGN KEY(night_id) REFERENCES survey.night (night_id),
    CONSTRAINT fk_product_hemis FOREIGN KEY(hemis) REFERENCES survey.site (hemis)
);
CREATE UNIQUE INDEX uq_product_block ON calibration.product (run_id, kind, block, hemis, band, camera) WHERE kind <> 'night' AND retired_at IS NULL;
COMMENT ON TABLE calibration.product IS 'Calibration files; nightly ones of one camera configuration never overlap in a run, blocks have one';
COMMENT ON COLUMN calibration.product.calibration_id IS 'Key';
COMMENT ON COLUMN calibration.product.run_id IS 'Run that made it';
COMMENT ON COLUMN calibration.product.attempt_id IS 'Attempt that made it';
COMMENT ON COLUMN calibration.product.night_id IS 'Night it was made from; null of a block';
COMMENT ON COLUMN calibration.product.block IS 'Hardware block whose nights it was combined from; null of a night';
COMMENT ON COLUMN calibration.product.kind IS 'night or block: darks, flat, mask and saturation; library: point-spread functions and wells';
COMMENT ON COLUMN calibration.product.hemis IS 'Observatory';
COMMENT ON COLUMN calibration.product.band IS 'j, h or k';
COMMENT ON COLUMN calibration.product.camera IS 'Detector configuration, CAMERA of the darks; blank where several were mixed';
COMMENT ON COLUMN calibration.product.valid IS 'Span of validity, UTC, half open; of a block from its first night to its last';
COMMENT ON COLUMN calibration.product.url IS 'Content-named file in the store';
COMMENT ON COLUMN calibration.product.sha256 IS 'SHA-256 of the file';
COMMENT ON COLUMN calibration.product.facts IS 'Levels, counts and parameters';
COMMENT ON COLUMN calibration.product.retired_at IS 'When an operator recalled it; null while good';

CREATE TABLE calibration.solution (
    solution_id INTEGER GENERATED ALWAYS AS IDENTITY,
    kind TEXT NOT NULL,
    run_id INTEGER NOT NULL,
    night_id INTEGER,
    attempt_id BIGINT NOT NULL,
    parameters JSONB NOT NULL,
    input_hash CHAR(64) NOT NULL,
    content_hash CHAR(64) NOT NULL,
    code_version TEXT NOT NULL,
    code_commit TEXT NOT NULL,
    facts JSONB NOT NULL,
    state TEXT NOT NULL,
    retired_because TEXT,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_solution PRIMARY KEY (solution_id),
    CONSTRAINT ck_solution_kind_known CHECK (kind IN ('night', 'global')),
    CONSTRAINT ck_solution_state_known CHECK (state IN ('draft', 'accepted', 'retired')),
    CONSTRAINT ck_solution_night_of_night CHECK ((kind = 'night') = (night_id IS NOT NULL)),
    CONSTRAINT ck_solution_retired_has_reason CHECK ((state = 'retired') = (retired_because IS NOT NULL)),
    CONSTRAINT fk_solution_run_id FOREIGN KEY(run_id) REFERENCES production.run (run_id),
    CONSTRAINT fk_solution_night_id FOREIGN KEY(night_id) REFERENCES survey.night (night_id),
    CONSTRAINT fk_solution_attempt_id FOREIGN KEY(attempt_id) REFERENCES production.attempt (attempt_id)
);
COMMENT ON TABLE calibration.solution IS 'Photometric solutions: versions of the zero points, never changed, only retired';
COMMENT ON COLUMN calibration.solution.solution_id IS 'Key';
COMMENT ON COLUMN calibration.solution.kind IS 'night or global';
COMMENT ON COLUMN calibration.solution.run_id IS 'Run whose rows it calibrates';
COMMENT ON COLUMN calibration.solution.night_id IS 'Night; null for a global solution';
COMMENT ON COLUMN calibration.solution.attempt_id IS 'Attempt that made it';
COMMENT ON COLUMN calibration.solution.parameters IS 'Parameters of the solution';
COMMENT ON COLUMN calibration.solution.input_hash IS 'SHA-256 over standards, measurements and parameters';
COMMENT ON COLUMN calibration.solution.content_hash IS 'SHA-256 over the zero points and flats';
COMMENT ON COLUMN calibration.solution.code_version IS 'Version of mapps';
COMMENT ON COLUMN calibration.solution.code_commit IS 'Commit of the code';
COMMENT ON COLUMN calibration.solution.facts IS 'Forms compared, widths measured, held-out scatter, counts';
COMMENT ON COLUMN calibration.solution.state IS 'draft, accepted or retired';
COMMENT ON COLUMN calibration.solution.retired_because IS 'What was recalled; null unless retired';
COMMENT ON COLUMN calibration.solution.created_at IS 'When it was made';

CREATE TABLE calibration.zero_point (
    zero_point_id BIGINT GENERATED ALWAYS AS IDENTITY,
    run_id INTEGER NOT NULL,
    attempt_id BIGINT NOT NULL,
    night_id INTEGER NOT NULL,
    band CHAR(1) NOT NULL,
    valid TSTZRANGE NOT NULL,
    zero_point_mag REAL NOT NULL,
    zero_point_error_mag REAL,
    extinction_mag REAL NOT NULL,
    source TEXT NOT NULL,
    CONSTRAINT pk_zero_point PRIMARY KEY (zero_point_id),
    CONSTRAINT ck_zero_point_source_known CHECK (source IN ('header', 'nominal', 'night')),
    CONSTRAINT ck_zero_point_band_known CHECK (band IN ('j', 'h', 'k')),
    CONSTRAINT ex_zero_point_valid EXCLUDE USING gist (run_id WITH =, night_id WITH =, band WITH =, valid WITH &&),
    CONSTRAINT fk_zero_point_run_id FOREIGN KEY(run_id) REFERENCES production.run (run_id),
    CONSTRAINT fk_zero_point_attempt_id FOREIGN KEY(attempt_id) REFERENCES production.attempt (attempt_id),
    CONSTRAINT fk_zero_point_night_id FOREIGN KEY(night_id) REFERENCES survey.night (night_id)
);
COMMENT ON TABLE calibration.zero_point IS 'Photometric zero points';
COMMENT ON COLUMN calibration.zero_point.zero_point_id IS 'Key';
COMMENT ON COLUMN calibration.zero_point.run_id IS 'Run that made it';
COMMENT ON COLUMN calibration.zero_point.attempt_id IS 'Attempt that made it';
COMMENT ON COLUMN calibration.zero_point.night_id IS 'Night';
COMMENT ON COLUMN calibration.zero_point.band IS 'j, h or k';
COMMENT ON COLUMN calibration.zero_point.valid IS 'Span of validity, UTC, half open';
COMMENT ON COLUMN calibration.zero_point.zero_point_mag IS 'Magnitude of 1 DN at airmass 1';
COMMENT ON COLUMN calibration.zero_point.zero_point_error_mag IS 'Its error; null where nominal';
COMMENT ON COLUMN calibration.zero_point.extinction_mag IS 'Extinction per airmass';
COMMENT ON COLUMN calibration.zero_point.source IS 'header, nominal or night';

CREATE TABLE production.attempt_raw_file (
    attempt_id BIGINT NOT NULL,
    raw_file_id BIGINT NOT NULL,
    sha256 CHAR(64),
    CONSTRAINT pk_attempt_raw_file PRIMARY KEY (attempt_id, raw_file_id),
    CONSTRAINT fk_attempt_raw_file_attempt_id FOREIGN KEY(attempt_id) REFERENCES production.attempt (attempt_id),
    CONSTRAINT fk_attempt_raw_file_raw_file_id FOREIGN KEY(raw_file_id) REFERENCES survey.raw_file (raw_file_id)
);
CREATE INDEX ix_attempt_raw_file_raw_file_id ON production.attempt_raw_file (raw_file_id);
COMMENT ON TABLE production.attempt_raw_file IS 'Raw files that a published attempt used';
COMMENT ON COLUMN production.attempt_raw_file.attempt_id IS 'Attempt';
COMMENT ON COLUMN production.attempt_raw_file.raw_file_id IS 'File it read';
COMMENT ON COLUMN production.attempt_raw_file.sha256 IS 'SHA-256 of what it read; the file''s row may get another content later';

CREATE TABLE production.attempt_reference (
    attempt_id BIGINT NOT NULL,
    catalogue_id INTEGER,
    stars INTEGER NOT NULL,
    stars_hash CHAR(64) NOT NULL,
    CONSTRAINT pk_attempt_reference PRIMARY KEY (attempt_id),
    CONSTRAINT fk_attempt_reference_attempt_id FOREIGN KEY(attempt_id) REFERENCES production.attempt (attempt_id),
    CONSTRAINT fk_attempt_reference_catalogue_id FOREIGN KEY(catalogue_id) REFERENCES reference.catalogue (catalogue_id)
);
CREATE INDEX ix_attempt_reference_catalogue_id ON production.attempt_reference (catalogue_id);
COMMENT ON TABLE production.attempt_reference IS 'Reference stars that a published attempt was given';
COMMENT ON COLUMN production.attempt_reference.attempt_id IS 'Attempt';
COMMENT ON COLUMN production.attempt_reference.catalogue_id IS 'Catalogue of the stars; null where none was loaded';
COMMENT ON COLUMN production.attempt_reference.stars IS 'Number of stars it was given';
COMMENT ON COLUMN production.attempt_reference.stars_hash IS 'SHA-256 over the very stars it was given';

CREATE TABLE production.attempt_upstream (
    attempt_id BIGINT NOT NULL,
    upstream_attempt_id BIGINT NOT NULL,
    CONSTRAINT pk_attempt_upstream PRIMARY KEY (attempt_id, upstream_attempt_id),
    CONSTRAINT fk_attempt_upstream_attempt_id FOREIGN KEY(attempt_id) REFERENCES production.attempt (attempt_id),
    CONSTRAINT fk_attempt_upstream_upstream_attempt_id FOREIGN KEY(upstream_attempt_id) REFERENCES production.attempt (attempt_id)
);
CREATE INDEX ix_attempt_upstream_upstream_attempt_id ON production.attempt_upstream (upstream_attempt_id);
COMMENT ON TABLE production.attempt_upstream IS 'Attempts whose rows a published attempt read';
COMMENT ON COLUMN production.attempt_upstream.attempt_id IS 'Attempt';
COMMENT ON COLUMN production.attempt_upstream.upstream_attempt_id IS 'Attempt whose rows or products it read';

CREATE TABLE production.final_scan (
    run_id INTEGER NOT NULL,
    scan_key INTEGER NOT NULL,
    parent_run_id INTEGER NOT NULL,
    attempt_id BIGINT NOT NULL,
    score SMALLINT,
    photometric BOOLEAN,
    CONSTRAINT pk_final_scan PRIMARY KEY (run_id, scan_key),
    CONSTRAINT fk_final_scan_run_id FOREIGN KEY(run_id) REFERENCES production.final_run (run_id),
    CONSTRAINT fk_final_scan_scan_key FOREIGN KEY(scan_key) REFERENCES survey.scan (scan_key),
    CONSTRAINT fk_final_scan_parent_run_id FOREIGN KEY(parent_run_id) REFERENCES production.run (run_id),
    CONSTRAINT fk_final_scan_attempt_id FOREIGN KEY(attempt_id) REFERENCES production.attempt (attempt_id)
);
CREATE INDEX ix_final_scan_scan_key ON production.final_scan (scan_key);
COMMENT ON TABLE production.final_scan IS 'Scans that final runs reduce, with what selected them; never changed';
COMMENT ON COLUMN production.final_scan.run_id IS 'Final run';
COMMENT ON COLUMN production.final_scan.scan_key IS 'Scan that is reduced';
COMMENT ON COLUMN production.final_scan.parent_run_id IS 'Preliminary run that it was selected in';
COMMENT ON COLUMN production.final_scan.attempt_id IS 'Attempt that was accepted there';
COMMENT ON COLUMN production.final_scan.score IS 'Grade that it had there; null for none';
COMMENT ON COLUMN production.final_scan.photometric IS 'Verdict that it had there; null where no solution has it';

CREATE TABLE quality.grade (
    grade_id BIGINT GENERATED ALWAYS AS IDENTITY,
    run_id INTEGER NOT NULL,
    scan_key INTEGER NOT NULL,
    attempt_id BIGINT NOT NULL,
    rule_version TEXT NOT NULL,
    score SMALLINT,
    limiting_factor TEXT,
    rules SMALLINT[] NOT NULL,
    factor_scores DOUBLE PRECISION[] NOT NULL,
    factor_values DOUBLE PRECISION[] NOT NULL,
    flags TEXT[] DEFAULT '{}' NOT NULL,
    graded_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    graded_by TEXT NOT NULL,
    CONSTRAINT pk_grade PRIMARY KEY (grade_id),
    CONSTRAINT fk_grade_attempt_id_run_id_scan_key FOREIGN KEY(attempt_id, run_id, scan_key) REFERENCES production.attempt (attempt_id, run_id, scan_key),
    CONSTRAINT ck_grade_score_range CHECK (score BETWEEN 0 AND 10),
    CONSTRAINT ck_grade_limited_by_factor CHECK ((score IS NULL) = (limiting_factor IS NULL)),
    CONSTRAINT ck_grade_flags_known CHECK (flags <@ ARRAY['hgl', 'cld', 'xph', 'anom']),
    CONSTRAINT fk_grade_rule_version FOREIGN KEY(rule_version) REFERENCES quality.rule_set (rule_version)
);
CREATE INDEX ix_grade_run_id_scan_key ON quality.grade (run_id, scan_key);
COMMENT ON TABLE quality.grade IS 'Grades of scans: only ever appended to; the last one of a rule version counts';
COMMENT ON COLUMN quality.grade.grade_id IS 'Key';
COMMENT ON COLUMN quality.grade.run_id IS 'Run';
COMMENT ON COLUMN quality.grade.scan_key IS 'Scan';
COMMENT ON COLUMN quality.grade.attempt_id IS 'Attempt whose metrics were graded: void where another one is accepted';
COMMENT ON COLUMN quality.grade.rule_version IS 'Version of the rules';
COMMENT ON COLUMN quality.grade.score IS '0 to 10: 10 certainly meets the requirements, 5 is an even chance; null: a value that the former grade rested on is gone, the scan has no grade';
COMMENT ON COLUMN quality.grade.limiting_factor IS 'Factor of the least score; null without a score';
COMMENT ON COLUMN quality.grade.rules IS 'Numbers of the rules that decided its factors, one each, ascending';
COMMENT ON COLUMN quality.grade.factor_scores IS 'Scores of these factors';
COMMENT ON COLUMN quality.grade.factor_values IS 'Values that gave them; null where a missing one has a score';
COMMENT ON COLUMN quality.grade.flags IS 'Flags that are raised: hgl, cld, xph, anom';
COMMENT ON COLUMN quality.grade.graded_at IS 'When';
COMMENT ON COLUMN quality.grade.graded_by IS 'Who asked for it';

CREATE TABLE quality.metric (
    attempt_id BIGINT NOT NULL,
    name TEXT NOT NULL,
    band CHAR(1) NOT NULL,
    value DOUBLE PRECISION NOT NULL,
    CONSTRAINT pk_metric PRIMARY KEY (attempt_id, name, band),
    CONSTRAINT ck_metric_band_known CHECK (band IN ('j', 'h', 'k', '-')),
    CONSTRAINT fk_metric_attempt_id FOREIGN KEY(attempt_id) REFERENCES production.attempt (attempt_id),
    CONSTRAINT fk_metric_name FOREIGN KEY(name) REFERENCES quality.metric_definition (name)
);
COMMENT ON TABLE quality.metric IS 'What a reduction measured of itself, one number a row';
COMMENT ON COLUMN quality.metric.attempt_id IS 'Attempt that measured it';
COMMENT ON COLUMN quality.metric.name IS 'Name, unit included';
COMMENT ON COLUMN quality.metric.band IS 'j, h, k, or - for the scan as a whole';
COMMENT ON COLUMN quality.metric.value IS 'Value';

CREATE TABLE quality.scan_diagnostics (
    attempt_id BIGINT NOT NULL,
    run_id INTEGER NOT NULL,
    scan_key INTEGER NOT NULL,
    url TEXT NOT NULL,
    sha256 CHAR(64) NOT NULL,
    CONSTRAINT pk_scan_diagnostics PRIMARY KEY (attempt_id),
    CONSTRAINT fk_scan_diagnostics_attempt_id_run_id_scan_key FOREIGN KEY(attempt_id, run_id, scan_key) REFERENCES production.attempt (attempt_id, run_id, scan_key),
    CONSTRAINT uq_scan_diagnostics_run_id_scan_key UNIQUE (run_id, scan_key),
    CONSTRAINT fk_scan_diagnostics_run_id FOREIGN KEY(run_id) REFERENCES production.run (run_id),
    CONSTRAINT fk_scan_diagnostics_scan_key FOREIGN KEY(scan_key) REFERENCES survey.scan (scan_key)
);
COMMENT ON TABLE quality.scan_diagnostics IS 'Files with frame, star and residual diagnostics of scans of raw frames';
COMMENT ON COLUMN quality.scan_diagnostics.attempt_id IS 'Attempt that measured them';
COMMENT ON COLUMN quality.scan_diagnostics.run_id IS 'Run';
COMMENT ON COLUMN quality.scan_diagnostics.scan_key IS 'Scan';
COMMENT ON COLUMN quality.scan_diagnostics.url IS 'Content-named file in the store';
COMMENT ON COLUMN quality.scan_diagnostics.sha256 IS 'SHA-256 of the file';

CREATE TABLE release.scan (
    release_id INTEGER NOT NULL,
    run_id INTEGER NOT NULL,
    scan_key INTEGER NOT NULL,
    tile INTEGER,
    attempt_id BIGINT NOT NULL,
    selected BOOLEAN NOT NULL,
    rank SMALLINT NOT NULL,
    reason TEXT NOT NULL,
    CONSTRAINT pk_scan PRIMARY KEY (release_id, run_id, scan_key),
    CONSTRAINT fk_scan_release_id FOREIGN KEY(release_id) REFERENCES release.release (release_id),
    CONSTRAINT fk_scan_run_id FOREIGN KEY(run_id) REFERENCES production.run (run_id),
    CONSTRAINT fk_scan_scan_key FOREIGN KEY(scan_key) REFERENCES survey.scan (scan_key),
    CONSTRAINT fk_scan_attempt_id FOREIGN KEY(attempt_id) REFERENCES production.attempt (attempt_id)
);
COMMENT ON TABLE release.scan IS 'Scans considered by a release, one selected a tile';
COMMENT ON COLUMN release.scan.release_id IS 'Release';
COMMENT ON COLUMN release.scan.run_id IS 'Run';
COMMENT ON COLUMN release.scan.scan_key IS 'Scan';
COMMENT ON COLUMN release.scan.tile IS 'Tile; null where the scan belongs to none';
COMMENT ON COLUMN release.scan.attempt_id IS 'Accepted attempt';
COMMENT ON COLUMN release.scan.selected IS 'Whether its sources are candidates';
COMMENT ON COLUMN release.scan.rank IS 'Rank among the scans of the tile, 1 is best';
COMMENT ON COLUMN release.scan.reason IS 'Why it is in or out';

CREATE TABLE wsdb.atlas_measurement (
    image_id BIGINT GENERATED ALWAYS AS IDENTITY,
    coadd_key BIGINT NOT NULL,
    run_id INTEGER NOT NULL,
    attempt_id BIGINT NOT NULL,
    scan_key INTEGER NOT NULL,
    band CHAR(1) NOT NULL,
    number SMALLINT NOT NULL,
    ra DOUBLE PRECISION NOT NULL,
    decl DOUBLE PRECISION NOT NULL,
    footprint spoly NOT NULL,
    width_pix SMALLINT NOT NULL,
    height_pix SMALLINT NOT NULL,
    url TEXT NOT NULL,
    sha256 CHAR(64) NOT NULL,
    zero_point_mag REAL NOT NULL,
    zero_point_error_mag REAL,
    seeing_shape REAL,
    sky_dn REAL,
    sky_sigma_dn REAL,
    raw_file_id BIGINT,
    CONSTRAINT pk_atlas_measurement PRIMARY KEY (image_id),
    CONSTRAINT fk_atlas_measurement_attempt_id_run_id_scan_key FOREIGN KEY(attempt_id, run_id, scan_key) REFERENCES production.attempt (attempt_id, run_id, scan_key),
    CONSTRAINT uq_atlas_measurement_run_id_scan_key_number_band UNIQUE (run_id, scan_key, number, band),
    CONSTRAINT ck_atlas_measurement_band_known CHECK (band IN ('j', 'h', 'k')),
    CONSTRAINT fk_atlas_measurement_run_id FOREIGN KEY(run_id) REFERENCES production.run (run_id),
    CONSTRAINT fk_atlas_measurement_scan_key FOREIGN KEY(scan_key) REFERENCES survey.scan (scan_key),
    CONSTRAINT fk_atlas_measurement_raw_file_id FOREIGN KEY(raw_file_id) REFERENCES survey.raw_file (raw_file_id)
);
CREATE INDEX ix_atlas_measurement_attempt_id ON wsdb.atlas_measurement (attempt_id);
CREATE INDEX ix_atlas_measurement_footprint ON wsdb.atlas_measurement USING gist (footprint);
COMMENT ON TABLE wsdb.atlas_measurement IS 'Atlas images that a run made, or measured where they were its input';
COMMENT ON COLUMN wsdb.atlas_measurement.image_id IS 'Key';
COMMENT ON COLUMN wsdb.atlas_measurement.coadd_key IS 'scan_key * 1024 + number: the same for the three bands';
COMMENT ON COLUMN wsdb.atlas_measurement.run_id IS 'Run';
COMMENT ON COLUMN wsdb.atlas_measurement.attempt_id IS 'Attempt that made or measured it';
COMMENT ON COLUMN wsdb.atlas_measurement.scan_key IS 'Scan';
COMMENT ON COLUMN wsdb.atlas_measurement.band IS 'j, h or k';
COMMENT ON COLUMN wsdb.atlas_measurement.number IS 'Image number in the scan';
COMMENT ON COLUMN wsdb.atlas_measurement.ra IS 'Right ascension of the centre, ICRS degrees';
COMMENT ON COLUMN wsdb.atlas_measurement.decl IS 'Declination of the centre, ICRS degrees';
COMMENT ON COLUMN wsdb.atlas_measurement.footprint IS 'Area of the image';
COMMENT ON COLUMN wsdb.atlas_measurement.width_pix IS 'Columns';
COMMENT ON COLUMN wsdb.atlas_measurement.height_pix IS 'Rows';
COMMENT ON COLUMN wsdb.atlas_measurement.url IS 'FITS file: name in the store, or path of an ingested image';
COMMENT ON COLUMN wsdb.atlas_measurement.sha256 IS 'SHA-256 of the file';
COMMENT ON COLUMN wsdb.atlas_measurement.zero_point_mag IS 'Magnitude of 1 DN';
COMMENT ON COLUMN wsdb.atlas_measurement.zero_point_error_mag IS 'Its error; null where unknown';
COMMENT ON COLUMN wsdb.atlas_measurement.seeing_shape IS 'Seeing shape; null where not measured';
COMMENT ON COLUMN wsdb.atlas_measurement.sky_dn IS 'Median background; null where the image is empty';
COMMENT ON COLUMN wsdb.atlas_measurement.sky_sigma_dn IS 'Background noise per pixel; null where the image is empty';
COMMENT ON COLUMN wsdb.atlas_measurement.raw_file_id IS 'Ingested file, where the image was not made here; else null';

CREATE TABLE wsdb.extended_measurement (
    ext_id BIGINT NOT NULL,
    attempt_id BIGINT NOT NULL,
    src_id BIGINT,
    ra DOUBLE PRECISION NOT NULL,
    decl DOUBLE PRECISION NOT NULL,
    coadd_key BIGINT NOT NULL,
    sup_ra DOUBLE PRECISION,
    sup_dec DOUBLE PRECISION,
    jdate DOUBLE PRECISION,
    run_id INTEGER NOT NULL,
    scan_key INTEGER NOT NULL,
    x_scan REAL,
    r_3sig REAL,
    j_ba REAL,
    j_phi REAL,
    j_m_5 REAL,
    j_msig_5 REAL,
    j_m_7 REAL,
    j_msig_7 REAL,
    j_m_10 REAL,
    j_msig_10 REAL,
    j_m_15 REAL,
    j_msig_15 REAL,
    j_m_20 REAL,
    j_msig_20 REAL,
    j_m_25 REAL,
    j_msig_25 REAL,
    j_m_30 REAL,
    j_msig_30 REAL,
    j_m_40 REAL,
    j_msig_40 REAL,
    j_m_50 REAL,
    j_msig_50 REAL,
    j_m_60 REAL,
    j_msig_60 REAL,
    j_m_70 REAL,
    j_msig_70 REAL,
    h_ba REAL,
    h_phi REAL,
    h_m_5 REAL,
    h_msig_5 REAL,
    h_m_7 REAL,
    h_msig_7 REAL,
    h_m_10 REAL,
    h_msig_10 REAL,
    h_m_15 REAL,
    h_msig_15 REAL,
    h_m_20 REAL,
    h_msig_20 REAL,
    h_m_25 REAL,
    h_msig_25 REAL,
    h_m_30 REAL,
    h_msig_30 REAL,
    h_m_40 REAL,
    h_msig_40 REAL,
    h_m_50 REAL,
    h_msig_50 REAL,
    h_m_60 REAL,
    h_msig_60 REAL,
    h_m_70 REAL,
    h_msig_70 REAL,
    k_ba REAL,
    k_phi REAL,
    k_m_5 REAL,
    k_msig_5 REAL,
    k_m_7 REAL,
    k_msig_7 REAL,
    k_m_10 REAL,
    k_msig_10 REAL,
    k_m_15 REAL,
    k_msig_15 REAL,
    k_m_20 REAL,
    k_msig_20 REAL,
    k_m_25 REAL,
    k_msig_25 REAL,
    k_m_30 REAL,
    k_msig_30 REAL,
    k_m_40 REAL,
    k_msig_40 REAL,
    k_m_50 REAL,
    k_msig_50 REAL,
    k_m_60 REAL,
    k_msig_60 REAL,
    k_m_70 REAL,
    k_msig_70 REAL,
    x_coadd REAL,
    y_coadd REAL,
    sup_r_3sig REAL,
    sup_ba REAL,
    sup_ba_err REAL,
    sup_phi REAL,
    sersic_n REAL,
    sersic_n_err REAL,
    r_ext REAL,
    r_k20fe REAL,
    r_k20fc REAL,
    r_j21fe REAL,
    r_j21fc REAL,
    r_fe REAL,
    r_fc REAL,
    j_m_ext REAL,
    j_msig_ext REAL,
    j_pchi REAL,
    j_r_eff REAL,
    j_mnsurfb_eff REAL,
    j_con_indx REAL,
    j_peak REAL,
    j_5surf REAL,
    j_5sig_ba REAL,
    j_5sig_phi REAL,
    j_back REAL,
    j_resid_ann REAL,
    j_r_i20e REAL,
    j_r_i20c REAL,
    j_r_i21e REAL,
    j_r_i21c REAL,
    j_r_e REAL,
    j_r_c REAL,
    j_m_k20fe REAL,
    j_msig_k20fe REAL,
    j_m_k20fc REAL,
    j_msig_k20fc REAL,
    j_m_j21fe REAL,
    j_msig_j21fe REAL,
    j_m_j21fc REAL,
    j_msig_j21fc REAL,
    j_m_fe REAL,
    j_msig_fe REAL,
    j_m_fc REAL,
    j_msig_fc REAL,
    j_m_i20e REAL,
    j_msig_i20e REAL,
    j_m_i20c REAL,
    j_msig_i20c REAL,
    j_m_i21e REAL,
    j_msig_i21e REAL,
    j_m_i21c REAL,
    j_msig_i21c REAL,
    j_m_e REAL,
    j_msig_e REAL,
    j_m_c REAL,
    j_msig_c REAL,
    h_m_ext REAL,
    h_msig_ext REAL,
    h_pchi REAL,
    h_r_eff REAL,
    h_mnsurfb_eff REAL,
    h_con_indx REAL,
    h_peak REAL,
    h_5surf REAL,
    h_5sig_ba REAL,
    h_5sig_phi REAL,
    h_back REAL,
    h_resid_ann REAL,
    h_r_i20e REAL,
    h_r_i20c REAL,
    h_r_i21e REAL,
    h_r_i21c REAL,
    h_r_e REAL,
    h_r_c REAL,
    h_m_k20fe REAL,
    h_msig_k20fe REAL,
    h_m_k20fc REAL,
    h_msig_k20fc REAL,
    h_m_j21fe REAL,
    h_msig_j21fe REAL,
    h_m_j21fc REAL,
    h_msig_j21fc REAL,
    h_m_fe REAL,
    h_msig_fe REAL,
    h_m_fc REAL,
    h_msig_fc REAL,
    h_m_i20e REAL,
    h_msig_i20e REAL,
    h_m_i20c REAL,
    h_msig_i20c REAL,
    h_m_i21e REAL,
    h_msig_i21e REAL,
    h_m_i21c REAL,
    h_msig_i21c REAL,
    h_m_e REAL,
    h_msig_e REAL,
    h_m_c REAL,
    h_msig_c REAL,
    k_m_ext REAL,
    k_msig_ext REAL,
    k_pchi REAL,
    k_r_eff REAL,
    k_mnsurfb_eff REAL,
    k_con_indx REAL,
    k_peak REAL,
    k_5surf REAL,
    k_5sig_ba REAL,
    k_5sig_phi REAL,
    k_back REAL,
    k_resid_ann REAL,
    k_r_i20e REAL,
    k_r_i20c REAL,
    k_r_i21e REAL,
    k_r_i21c REAL,
    k_r_e REAL,
    k_r_c REAL,
    k_m_k20fe REAL,
    k_msig_k20fe REAL,
    k_m_k20fc REAL,
    k_msig_k20fc REAL,
    k_m_j21fe REAL,
    k_msig_j21fe REAL,
    k_m_j21fc REAL,
    k_msig_j21fc REAL,
    k_m_fe REAL,
    k_msig_fe REAL,
    k_m_fc REAL,
    k_msig_fc REAL,
    k_m_i20e REAL,
    k_msig_i20e REAL,
    k_m_i20c REAL,
    k_msig_i20c REAL,
    k_m_i21e REAL,
    k_msig_i21e REAL,
    k_m_i21c REAL,
    k_msig_i21c REAL,
    k_m_e REAL,
    k_msig_e REAL,
    k_m_c REAL,
    k_msig_c REAL,
    j_m_sys REAL,
    j_msig_sys REAL,
    j_d_area REAL,
    j_perc_darea REAL,
    j_bisym_rat REAL,
    j_bisym_chi REAL,
    h_m_sys REAL,
    h_msig_sys REAL,
    h_d_area REAL,
    h_perc_darea REAL,
    h_bisym_rat REAL,
    h_bisym_chi REAL,
    k_m_sys REAL,
    k_msig_sys REAL,
    k_d_area REAL,
    k_perc_darea REAL,
    k_bisym_rat REAL,
    k_bisym_chi REAL,
    e_score REAL,
    g_score REAL,
    id INTEGER NOT NULL,
    date DATE NOT NULL,
    glon REAL NOT NULL,
    glat REAL NOT NULL,
    density REAL,
    dist_edge_ns INTEGER,
    dist_edge_ew INTEGER,
    night_key INTEGER NOT NULL,
    j_sh0 REAL,
    j_sig_sh0 REAL,
    h_sh0 REAL,
    h_sig_sh0 REAL,
    k_sh0 REAL,
    k_sig_sh0 REAL,
    j_chif_ellf REAL,
    k_chif_ellf REAL,
    sup_chif_ellf REAL,
    prox REAL,
    pxpa REAL,
    pxcntr INTEGER,
    mp_key INTEGER,
    j_sc_mxdn REAL,
    j_sc_sh REAL,
    j_sc_wsh REAL,
    j_sc_r23 REAL,
    j_sc_1mm REAL,
    j_sc_2mm REAL,
    j_sc_vint REAL,
    j_sc_r1 REAL,
    j_sc_msh REAL,
    j_subst2 REAL,
    j_bndg_per REAL,
    j_bndg_amp REAL,
    j_seetrack REAL,
    h_sc_mxdn REAL,
    h_sc_sh REAL,
    h_sc_wsh REAL,
    h_sc_r23 REAL,
    h_sc_1mm REAL,
    h_sc_2mm REAL,
    h_sc_vint REAL,
    h_sc_r1 REAL,
    h_sc_msh REAL,
    h_subst2 REAL,
    h_bndg_per REAL,
    h_bndg_amp REAL,
    h_seetrack REAL,
    k_sc_mxdn REAL,
    k_sc_sh REAL,
    k_sc_wsh REAL,
    k_sc_r23 REAL,
    k_sc_1mm REAL,
    k_sc_2mm REAL,
    k_sc_vint REAL,
    k_sc_r1 REAL,
    k_sc_msh REAL,
    k_subst2 REAL,
    k_bndg_per REAL,
    k_bndg_amp REAL,
    k_seetrack REAL,
    j_flg_5 SMALLINT,
    j_flg_7 SMALLINT,
    j_flg_10 SMALLINT,
    j_flg_15 SMALLINT,
    j_flg_20 SMALLINT,
    j_flg_25 SMALLINT,
    j_flg_30 SMALLINT,
    j_flg_40 SMALLINT,
    j_flg_50 SMALLINT,
    j_flg_60 SMALLINT,
    j_flg_70 SMALLINT,
    h_flg_5 SMALLINT,
    h_flg_7 SMALLINT,
    h_flg_10 SMALLINT,
    h_flg_15 SMALLINT,
    h_flg_20 SMALLINT,
    h_flg_25 SMALLINT,
    h_flg_30 SMALLINT,
    h_flg_40 SMALLINT,
    h_flg_50 SMALLINT,
    h_flg_60 SMALLINT,
    h_flg_70 SMALLINT,
    k_flg_5 SMALLINT,
    k_flg_7 SMALLINT,
    k_flg_10 SMALLINT,
    k_flg_15 SMALLINT,
    k_flg_20 SMALLINT,
    k_flg_25 SMALLINT,
    k_flg_30 SMALLINT,
    k_flg_40 SMALLINT,
    k_flg_50 SMALLINT,
    k_flg_60 SMALLINT,
    k_flg_70 SMALLINT,
    n_sub SMALLINT,
    j_flg_k20fe SMALLINT,
    j_flg_k20fc SMALLINT,
    j_flg_j21fe SMALLINT,
    j_flg_j21fc SMALLINT,
    j_flg_fe SMALLINT,
    j_flg_fc SMALLINT,
    j_flg_i20e SMALLINT,
    j_flg_i20c SMALLINT,
    j_flg_i21e SMALLINT,
    j_flg_i21c SMALLINT,
    j_flg_e SMALLINT,
    j_flg_c SMALLINT,
    h_flg_k20fe SMALLINT,
    h_flg_k20fc SMALLINT,
    h_flg_j21fe SMALLINT,
    h_flg_j21fc SMALLINT,
    h_flg_fe SMALLINT,
    h_flg_fc SMALLINT,
    h_flg_i20e SMALLINT,
    h_flg_i20c SMALLINT,
    h_flg_i21e SMALLINT,
    h_flg_i21c SMALLINT,
    h_flg_e SMALLINT,
    h_flg_c SMALLINT,
    k_flg_k20fe SMALLINT,
    k_flg_k20fc SMALLINT,
    k_flg_j21fe SMALLINT,
    k_flg_j21fc SMALLINT,
    k_flg_fe SMALLINT,
    k_flg_fc SMALLINT,
    k_flg_i20e SMALLINT,
    k_flg_i20c SMALLINT,
    k_flg_i21e SMALLINT,
    k_flg_i21c SMALLINT,
    k_flg_e SMALLINT,
    k_flg_c SMALLINT,
    sys_flg SMALLINT,
    scan SMALLINT NOT NULL,
    im_nx SMALLINT NOT NULL,
    vc SMALLINT NOT NULL,
    contam_flg SMALLINT NOT NULL,
    n_blank SMALLINT NOT NULL,
    ellfit_flg SMALLINT,
    bl_sub_flg SMALLINT,
    id_flg SMALLINT,
    blk_fac SMALLINT,
    coadd SMALLINT NOT NULL,
    hemis CHAR(1) NOT NULL,
    dist_edge_flg CHAR(2),
    cc_flg CHAR(1) NOT NULL,
    id_cat CHAR(20),
    fg_flg CHAR(6),
    CONSTRAINT fk_extended_measurement_attempt_id_run_id_scan_key FOREIGN KEY(attempt_id, run_id, scan_key) REFERENCES production.attempt (attempt_id, run_id, scan_key)
)
 PARTITION BY LIST (run_id);
COMMENT ON TABLE wsdb.extended_measurement IS 'One row per extended-source extraction of every run (first set of columns)';
COMMENT ON COLUMN wsdb.extended_measurement.ext_id IS 'Unique in a run, made as src_id.';
COMMENT ON COLUMN wsdb.extended_measurement.attempt_id IS 'Attempt that made the row.';
COMMENT ON COLUMN wsdb.extended_measurement.src_id IS 'The same object among the point sources. Null: no point-source row.';
COMMENT ON COLUMN wsdb.extended_measurement.ra IS 'Right ascension, ICRS [deg].';
COMMENT ON COLUMN wsdb.extended_measurement.decl IS 'Declination, ICRS [deg].';
COMMENT ON COLUMN wsdb.extended_measurement.coadd_key IS 'Key of the Atlas image triple.';
COMMENT ON COLUMN wsdb.extended_measurement.sup_ra IS 'Right ascension of the model''s middle, all bands, ICRS [deg]. Null: the galaxy does not lie on an image of the band.';
COMMENT ON COLUMN wsdb.extended_measurement.sup_dec IS 'Declination of the model''s middle, all bands, ICRS [deg]. Null: the galaxy does not lie on an image of the band.';
COMMENT ON COLUMN wsdb.extended_measurement.jdate IS 'Julian date of the measurement, UTC, good to 1 s from frames and to 30 s from finished images [d]. Null: the input has no time.';
COMMENT ON COLUMN wsdb.extended_measurement.run_id IS 'Processing run.';
COMMENT ON COLUMN wsdb.extended_measurement.scan_key IS 'Key of the scan.';
COMMENT ON COLUMN wsdb.extended_measurement.x_scan IS 'Cross-scan position in the U-scan system [arcsec]. Null: no point source of the scan within 10 arcmin.';
COMMENT ON COLUMN wsdb.extended_measurement.r_3sig IS 'Semi-major axis of the 3-sigma isophote in Ks [arcsec]. Null: not measured in Ks.';
COMMENT ON COLUMN wsdb.extended_measurement.j_ba IS 'J axis ratio. Null: not measured in this band.';
COMMENT ON COLUMN wsdb.extended_measurement.j_phi IS 'J position angle, east of north, -90 to 90 [deg]. Null: not measured in this band.';
COMMENT ON COLUMN wsdb.extended_measurement.j_m_5 IS 'J magnitude in a circle of 5 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN wsdb.extended_measurement.j_msig_5 IS 'J uncertainty in a circle of 5 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN wsdb.extended_measurement.j_m_7 IS 'J magnitude in a circle of 7 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN wsdb.extended_measurement.j_msig_7 IS 'J uncertainty in a circle of 7 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN wsdb.extended_measurement.j_m_10 IS 'J magnitude in a circle of 10 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN wsdb.extended_measurement.j_msig_10 IS 'J uncertainty in a circle of 10 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN wsdb.extended_measurement.j_m_15 IS 'J magnitude in a circle of 15 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN wsdb.extended_measurement.j_msig_15 IS 'J uncertainty in a circle of 15 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN wsdb.extended_measurement.j_m_20 IS 'J magnitude in a circle of 20 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN wsdb.extended_measurement.j_msig_20 IS 'J uncertainty in a circle of 20 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN wsdb.extended_measurement.j_m_25 IS 'J magnitude in a circle of 25 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN wsdb.extended_measurement.j_msig_25 IS 'J uncertainty in a circle of 25 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN wsdb.extended_measurement.j_m_30 IS 'J magnitude in a circle of 30 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN wsdb.extended_measurement.j_msig_30 IS 'J uncertainty in a circle of 30 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN wsdb.extended_measurement.j_m_40 IS 'J magnitude in a circle of 40 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN wsdb.extended_measurement.j_msig_40 IS 'J uncertainty in a circle of 40 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN wsdb.extended_measurement.j_m_50 IS 'J magnitude in a circle of 50 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN wsdb.extended_measurement.j_msig_50 IS 'J uncertainty in a circle of 50 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN wsdb.extended_measurement.j_m_60 IS 'J magnitude in a circle of 60 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN wsdb.extended_measurement.j_msig_60 IS 'J uncertainty in a circle of 60 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN wsdb.extended_measurement.j_m_70 IS 'J magnitude in a circle of 70 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN wsdb.extended_measurement.j_msig_70 IS 'J uncertainty in a circle of 70 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN wsdb.extended_measurement.h_ba IS 'H axis ratio. Null: not measured in this band.';
COMMENT ON COLUMN wsdb.extended_measurement.h_phi IS 'H position angle, east of north, -90 to 90 [deg]. Null: not measured in this band.';
COMMENT ON COLUMN wsdb.extended_measurement.h_m_5 IS 'H magnitude in a circle of 5 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN wsdb.extended_measurement.h_msig_5 IS 'H uncertainty in a circle of 5 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN wsdb.extended_measurement.h_m_7 IS 'H magnitude in a circle of 7 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN wsdb.extended_measurement.h_msig_7 IS 'H uncertainty in a circle of 7 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN wsdb.extended_measurement.h_m_10 IS 'H magnitude in a circle of 10 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN wsdb.extended_measurement.h_msig_10 IS 'H uncertainty in a circle of 10 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN wsdb.extended_measurement.h_m_15 IS 'H magnitude in a circle of 15 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN wsdb.extended_measurement.h_msig_15 IS 'H uncertainty in a circle of 15 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN wsdb.extended_measurement.h_m_20 IS 'H magnitude in a circle of 20 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN wsdb.extended_measurement.h_msig_20 IS 'H uncertainty in a circle of 20 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN wsdb.extended_measurement.h_m_25 IS 'H magnitude in a circle of 25 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN wsdb.extended_measurement.h_msig_25 IS 'H uncertainty in a circle of 25 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN wsdb.extended_measurement.h_m_30 IS 'H magnitude in a circle of 30 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN wsdb.extended_measurement.h_msig_30 IS 'H uncertainty in a circle of 30 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN wsdb.extended_measurement.h_m_40 IS 'H magnitude in a circle of 40 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN wsdb.extended_measurement.h_msig_40 IS 'H uncertainty in a circle of 40 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN wsdb.extended_measurement.h_m_50 IS 'H magnitude in a circle of 50 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN wsdb.extended_measurement.h_msig_50 IS 'H uncertainty in a circle of 50 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN wsdb.extended_measurement.h_m_60 IS 'H magnitude in a circle of 60 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN wsdb.extended_measurement.h_msig_60 IS 'H uncertainty in a circle of 60 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN wsdb.extended_measurement.h_m_70 IS 'H magnitude in a circle of 70 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN wsdb.extended_measurement.h_msig_70 IS 'H uncertainty in a circle of 70 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN wsdb.extended_measurement.k_ba IS 'Ks axis ratio. Null: not measured in this band.';
COMMENT ON COLUMN wsdb.extended_measurement.k_phi IS 'Ks position angle, east of north, -90 to 90 [deg]. Null: not measured in this band.';
COMMENT ON COLUMN wsdb.extended_measurement.k_m_5 IS 'Ks magnitude in a circle of 5 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN wsdb.extended_measurement.k_msig_5 IS 'Ks uncertainty in a circle of 5 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN wsdb.extended_measurement.k_m_7 IS 'Ks magnitude in a circle of 7 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN wsdb.extended_measurement.k_msig_7 IS 'Ks uncertainty in a circle of 7 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN wsdb.extended_measurement.k_m_10 IS 'Ks magnitude in a circle of 10 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN wsdb.extended_measurement.k_msig_10 IS 'Ks uncertainty in a circle of 10 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN wsdb.extended_measurement.k_m_15 IS 'Ks magnitude in a circle of 15 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN wsdb.extended_measurement.k_msig_15 IS 'Ks uncertainty in a circle of 15 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN wsdb.extended_measurement.k_m_20 IS 'Ks magnitude in a circle of 20 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN wsdb.extended_measurement.k_msig_20 IS 'Ks uncertainty in a circle of 20 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN wsdb.extended_measurement.k_m_25 IS 'Ks magnitude in a circle of 25 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN wsdb.extended_measurement.k_msig_25 IS 'Ks uncertainty in a circle of 25 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN wsdb.extended_measurement.k_m_30 IS 'Ks magnitude in a circle of 30 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN wsdb.extended_measurement.k_msig_30 IS 'Ks uncertainty in a circle of 30 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN wsdb.extended_measurement.k_m_40 IS 'Ks magnitude in a circle of 40 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN wsdb.extended_measurement.k_msig_40 IS 'Ks uncertainty in a circle of 40 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN wsdb.extended_measurement.k_m_50 IS 'Ks magnitude in a circle of 50 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN wsdb.extended_measurement.k_msig_50 IS 'Ks uncertainty in a circle of 50 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN wsdb.extended_measurement.k_m_60 IS 'Ks magnitude in a circle of 60 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN wsdb.extended_measurement.k_msig_60 IS 'Ks uncertainty in a circle of 60 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN wsdb.extended_measurement.k_m_70 IS 'Ks magnitude in a circle of 70 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN wsdb.extended_measurement.k_msig_70 IS 'Ks uncertainty in a circle of 70 arcsec [mag]. Null: does not fit or negative flux.';
COMMENT ON COLUMN wsdb.extended_measurement.x_coadd IS 'Column of the Atlas image, 0 at the middle of the first [pix]. Null: the galaxy does not lie on an image of the band.';
COMMENT ON COLUMN wsdb.extended_measurement.y_coadd IS 'Row of the Atlas image, 0 at the middle of the first [pix]. Null: the galaxy does not lie on an image of the band.';
COMMENT ON COLUMN wsdb.extended_measurement.sup_r_3sig IS 'Semi-major axis of the 3-sigma isophote, largest of the bands [arcsec]. Null: no isophote in any band.';
COMMENT ON COLUMN wsdb.extended_measurement.sup_ba IS 'Axis ratio of the model, all bands. Null: the galaxy does not lie on an image of the band.';
COMMENT ON COLUMN wsdb.extended_measurement.sup_ba_err IS 'Uncertainty of sup_ba. Null: the galaxy does not lie on an image of the band.';
COMMENT ON COLUMN wsdb.extended_measurement.sup_phi IS 'Position angle of the model, east of north, -90 to 90, all bands [deg]. Null: the galaxy does not lie on an image of the band.';
COMMENT ON COLUMN wsdb.extended_measurement.sersic_n IS 'Sersic index of the model: 1 a disc, 4 an r^1/4 bulge. Null: the galaxy does not lie on an image of the band.';
COMMENT ON COLUMN wsdb.extended_measurement.sersic_n_err IS 'Uncertainty of sersic_n. Null: the galaxy does not lie on an image of the band.';
COMMENT ON COLUMN wsdb.extended_measurement.r_ext IS 'Total radius: semi-major axis that holds nine tenths of the model''s light, 10.05 at least [arcsec]. Null: the galaxy does not lie on an image of the band.';
COMMENT ON COLUMN wsdb.extended_measurement.r_k20fe IS 'Radius of the ellipse of the Ks 20 mag/sq arcsec isophote [arcsec]. Null: no such isophote, or no Ks.';
COMMENT ON COLUMN wsdb.extended_measurement.r_k20fc IS 'Radius of the circle of the Ks 20 mag/sq arcsec isophote [arcsec]. Null: no such isophote, or no Ks.';
COMMENT ON COLUMN wsdb.extended_measurement.r_j21fe IS 'Radius of the ellipse of the J 21 mag/sq arcsec isophote [arcsec]. Null: no such isophote, or no Ks.';
COMMENT ON COLUMN wsdb.extended_measurement.r_j21fc IS 'Radius of the circle of the J 21 mag/sq arcsec isophote [arcsec]. Null: no such isophote, or no Ks.';
COMMENT ON COLUMN wsdb.extended_measurement.r_fe IS 'Radius of the Kron ellipse of Ks [arcsec]. Null: no such isophote, or no Ks.';
COMMENT ON COLUMN wsdb.extended_measurement.r_fc IS 'Radius of the Kron circle of Ks [arcsec]. Null: no such isophote, or no Ks.';
COMMENT ON COLUMN wsdb.extended_measurement.j_m_ext IS 'J total magnitude, of the Sersic model; a limit where msig_ext is 0 [mag]. Null: neither light nor a limit in the band, or the galaxy does not lie on an image of the band.';
COMMENT ON COLUMN wsdb.extended_measurement.j_msig_ext IS 'J uncertainty of the total, with that of the model''s shape; 0 of a limit at 3 sigma [mag]. Null: neither light nor a limit in the band, or the galaxy does not lie on an image of the band.';
COMMENT ON COLUMN wsdb.extended_measurement.j_pchi IS 'J reduced chi-squared of the model; smoothed as pixels of coadds are, noise alone has 0.2 to 0.4. Null: the galaxy does not lie on an image of the band.';
COMMENT ON COLUMN wsdb.extended_measurement.j_r_eff IS 'J semi-major axis of the ellipse that holds half the total light, as observed [arcsec]. Null: no total, or the ellipse leaves the data.';
COMMENT ON COLUMN wsdb.extended_measurement.j_mnsurfb_eff IS 'J mean surface brightness within the half-light ellipse [mag.arcsec**-2]. Null: no half-light radius.';
COMMENT ON COLUMN wsdb.extended_measurement.j_con_indx IS 'J concentration: radius of three quarters of the total light over that of one quarter. Null: no total, or the ellipse leaves the data.';
COMMENT ON COLUMN wsdb.extended_measurement.j_peak IS 'J surface brightness of the brightest pixel within 5 arcsec [mag.arcsec**-2]. Null: no light.';
COMMENT ON COLUMN wsdb.extended_measurement.j_5surf IS 'J mean surface brightness within 5 arcsec [mag.arcsec**-2]. Null: no light.';
COMMENT ON COLUMN wsdb.extended_measurement.j_5sig_ba IS 'J axis ratio of the 5-sigma isophote. Null: no such isophote.';
COMMENT ON COLUMN wsdb.extended_measurement.j_5sig_phi IS 'J position angle of the 5-sigma isophote, east of north, -90 to 90 [deg]. Null: no such isophote.';
COMMENT ON COLUMN wsdb.extended_measurement.j_back IS 'J background, a pixel of 1 arcsec [adu]. Null: the galaxy does not lie on an image of the band.';
COMMENT ON COLUMN wsdb.extended_measurement.j_resid_ann IS 'J level of the ring from 80 to 110 arcsec after the background was subtracted [adu]. Null: no data in the ring.';
COMMENT ON COLUMN wsdb.extended_measurement.j_r_i20e IS 'J radius of the ellipse of its 20 mag/sq arcsec isophote [arcsec]. Null: no such isophote.';
COMMENT ON COLUMN wsdb.extended_measurement.j_r_i20c IS 'J radius of the circle of its 20 mag/sq arcsec isophote [arcsec]. Null: no such isophote.';
COMMENT ON COLUMN wsdb.extended_measurement.j_r_i21e IS 'J radius of the ellipse of its 21 mag/sq arcsec isophote [arcsec]. Null: no such isophote.';
COMMENT ON COLUMN wsdb.extended_measurement.j_r_i21c IS 'J radius of the circle of its 21 mag/sq arcsec isophote [arcsec]. Null: no such isophote.';
COMMENT ON COLUMN wsdb.extended_measurement.j_r_e IS 'J radius of its Kron ellipse [arcsec]. Null: no such isophote.';
COMMENT ON COLUMN wsdb.extended_measurement.j_r_c IS 'J radius of its Kron circle [arcsec]. Null: no such isophote.';
COMMENT ON COLUMN wsdb.extended_measurement.j_m_k20fe IS 'J magnitude in the ellipse of the Ks 20 mag/sq arcsec isophote [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN wsdb.extended_measurement.j_msig_k20fe IS 'J uncertainty in the ellipse of the Ks 20 mag/sq arcsec isophote [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN wsdb.extended_measurement.j_m_k20fc IS 'J magnitude in the circle of the Ks 20 mag/sq arcsec isophote [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN wsdb.extended_measurement.j_msig_k20fc IS 'J uncertainty in the circle of the Ks 20 mag/sq arcsec isophote [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN wsdb.extended_measurement.j_m_j21fe IS 'J magnitude in the ellipse of the J 21 mag/sq arcsec isophote [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN wsdb.extended_measurement.j_msig_j21fe IS 'J uncertainty in the ellipse of the J 21 mag/sq arcsec isophote [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN wsdb.extended_measurement.j_m_j21fc IS 'J magnitude in the circle of the J 21 mag/sq arcsec isophote [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN wsdb.extended_measurement.j_msig_j21fc IS 'J uncertainty in the circle of the J 21 mag/sq arcsec isophote [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN wsdb.extended_measurement.j_m_fe IS 'J magnitude in the Kron ellipse of Ks [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN wsdb.extended_measurement.j_msig_fe IS 'J uncertainty in the Kron ellipse of Ks [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN wsdb.extended_measurement.j_m_fc IS 'J magnitude in the Kron circle of Ks [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN wsdb.extended_measurement.j_msig_fc IS 'J uncertainty in the Kron circle of Ks [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN wsdb.extended_measurement.j_m_i20e IS 'J magnitude in the ellipse of its 20 mag/sq arcsec isophote [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN wsdb.extended_measurement.j_msig_i20e IS 'J uncertainty in the ellipse of its 20 mag/sq arcsec isophote [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN wsdb.extended_measurement.j_m_i20c IS 'J magnitude in the circle of its 20 mag/sq arcsec isophote [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN wsdb.extended_measurement.j_msig_i20c IS 'J uncertainty in the circle of its 20 mag/sq arcsec isophote [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN wsdb.extended_measurement.j_m_i21e IS 'J magnitude in the ellipse of its 21 mag/sq arcsec isophote [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN wsdb.extended_measurement.j_msig_i21e IS 'J uncertainty in the ellipse of its 21 mag/sq arcsec isophote [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN wsdb.extended_measurement.j_m_i21c IS 'J magnitude in the circle of its 21 mag/sq arcsec isophote [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN wsdb.extended_measurement.j_msig_i21c IS 'J uncertainty in the circle of its 21 mag/sq arcsec isophote [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN wsdb.extended_measurement.j_m_e IS 'J magnitude in its Kron ellipse [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN wsdb.extended_measurement.j_msig_e IS 'J uncertainty in its Kron ellipse [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN wsdb.extended_measurement.j_m_c IS 'J magnitude in its Kron circle [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN wsdb.extended_measurement.j_msig_c IS 'J uncertainty in its Kron circle [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN wsdb.extended_measurement.h_m_ext IS 'H total magnitude, of the Sersic model; a limit where msig_ext is 0 [mag]. Null: neither light nor a limit in the band, or the galaxy does not lie on an image of the band.';
COMMENT ON COLUMN wsdb.extended_measurement.h_msig_ext IS 'H uncertainty of the total, with that of the model''s shape; 0 of a limit at 3 sigma [mag]. Null: neither light nor a limit in the band, or the galaxy does not lie on an image of the band.';
COMMENT ON COLUMN wsdb.extended_measurement.h_pchi IS 'H reduced chi-squared of the model; smoothed as pixels of coadds are, noise alone has 0.2 to 0.4. Null: the galaxy does not lie on an image of the band.';
COMMENT ON COLUMN wsdb.extended_measurement.h_r_eff IS 'H semi-major axis of the ellipse that holds half the total light, as observed [arcsec]. Null: no total, or the ellipse leaves the data.';
COMMENT ON COLUMN wsdb.extended_measurement.h_mnsurfb_eff IS 'H mean surface brightness within the half-light ellipse [mag.arcsec**-2]. Null: no half-light radius.';
COMMENT ON COLUMN wsdb.extended_measurement.h_con_indx IS 'H concentration: radius of three quarters of the total light over that of one quarter. Null: no total, or the ellipse leaves the data.';
COMMENT ON COLUMN wsdb.extended_measurement.h_peak IS 'H surface brightness of the brightest pixel within 5 arcsec [mag.arcsec**-2]. Null: no light.';
COMMENT ON COLUMN wsdb.extended_measurement.h_5surf IS 'H mean surface brightness within 5 arcsec [mag.arcsec**-2]. Null: no light.';
COMMENT ON COLUMN wsdb.extended_measurement.h_5sig_ba IS 'H axis ratio of the 5-sigma isophote. Null: no such isophote.';
COMMENT ON COLUMN wsdb.extended_measurement.h_5sig_phi IS 'H position angle of the 5-sigma isophote, east of north, -90 to 90 [deg]. Null: no such isophote.';
COMMENT ON COLUMN wsdb.extended_measurement.h_back IS 'H background, a pixel of 1 arcsec [adu]. Null: the galaxy does not lie on an image of the band.';
COMMENT ON COLUMN wsdb.extended_measurement.h_resid_ann IS 'H level of the ring from 80 to 110 arcsec after the background was subtracted [adu]. Null: no data in the ring.';
COMMENT ON COLUMN wsdb.extended_measurement.h_r_i20e IS 'H radius of the ellipse of its 20 mag/sq arcsec isophote [arcsec]. Null: no such isophote.';
COMMENT ON COLUMN wsdb.extended_measurement.h_r_i20c IS 'H radius of the circle of its 20 mag/sq arcsec isophote [arcsec]. Null: no such isophote.';
COMMENT ON COLUMN wsdb.extended_measurement.h_r_i21e IS 'H radius of the ellipse of its 21 mag/sq arcsec isophote [arcsec]. Null: no such isophote.';
COMMENT ON COLUMN wsdb.extended_measurement.h_r_i21c IS 'H radius of the circle of its 21 mag/sq arcsec isophote [arcsec]. Null: no such isophote.';
COMMENT ON COLUMN wsdb.extended_measurement.h_r_e IS 'H radius of its Kron ellipse [arcsec]. Null: no such isophote.';
COMMENT ON COLUMN wsdb.extended_measurement.h_r_c IS 'H radius of its Kron circle [arcsec]. Null: no such isophote.';
COMMENT ON COLUMN wsdb.extended_measurement.h_m_k20fe IS 'H magnitude in the ellipse of the Ks 20 mag/sq arcsec isophote [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN wsdb.extended_measurement.h_msig_k20fe IS 'H uncertainty in the ellipse of the Ks 20 mag/sq arcsec isophote [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN wsdb.extended_measurement.h_m_k20fc IS 'H magnitude in the circle of the Ks 20 mag/sq arcsec isophote [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN wsdb.extended_measurement.h_msig_k20fc IS 'H uncertainty in the circle of the Ks 20 mag/sq arcsec isophote [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN wsdb.extended_measurement.h_m_j21fe IS 'H magnitude in the ellipse of the J 21 mag/sq arcsec isophote [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN wsdb.extended_measurement.h_msig_j21fe IS 'H uncertainty in the ellipse of the J 21 mag/sq arcsec isophote [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN wsdb.extended_measurement.h_m_j21fc IS 'H magnitude in the circle of the J 21 mag/sq arcsec isophote [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN wsdb.extended_measurement.h_msig_j21fc IS 'H uncertainty in the circle of the J 21 mag/sq arcsec isophote [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN wsdb.extended_measurement.h_m_fe IS 'H magnitude in the Kron ellipse of Ks [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN wsdb.extended_measurement.h_msig_fe IS 'H uncertainty in the Kron ellipse of Ks [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN wsdb.extended_measurement.h_m_fc IS 'H magnitude in the Kron circle of Ks [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN wsdb.extended_measurement.h_msig_fc IS 'H uncertainty in the Kron circle of Ks [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN wsdb.extended_measurement.h_m_i20e IS 'H magnitude in the ellipse of its 20 mag/sq arcsec isophote [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN wsdb.extended_measurement.h_msig_i20e IS 'H uncertainty in the ellipse of its 20 mag/sq arcsec isophote [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN wsdb.extended_measurement.h_m_i20c IS 'H magnitude in the circle of its 20 mag/sq arcsec isophote [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN wsdb.extended_measurement.h_msig_i20c IS 'H uncertainty in the circle of its 20 mag/sq arcsec isophote [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN wsdb.extended_measurement.h_m_i21e IS 'H magnitude in the ellipse of its 21 mag/sq arcsec isophote [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN wsdb.extended_measurement.h_msig_i21e IS 'H uncertainty in the ellipse of its 21 mag/sq arcsec isophote [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN wsdb.extended_measurement.h_m_i21c IS 'H magnitude in the circle of its 21 mag/sq arcsec isophote [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN wsdb.extended_measurement.h_msig_i21c IS 'H uncertainty in the circle of its 21 mag/sq arcsec isophote [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN wsdb.extended_measurement.h_m_e IS 'H magnitude in its Kron ellipse [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN wsdb.extended_measurement.h_msig_e IS 'H uncertainty in its Kron ellipse [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN wsdb.extended_measurement.h_m_c IS 'H magnitude in its Kron circle [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN wsdb.extended_measurement.h_msig_c IS 'H uncertainty in its Kron circle [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN wsdb.extended_measurement.k_m_ext IS 'Ks total magnitude, of the Sersic model; a limit where msig_ext is 0 [mag]. Null: neither light nor a limit in the band, or the galaxy does not lie on an image of the band.';
COMMENT ON COLUMN wsdb.extended_measurement.k_msig_ext IS 'Ks uncertainty of the total, with that of the model''s shape; 0 of a limit at 3 sigma [mag]. Null: neither light nor a limit in the band, or the galaxy does not lie on an image of the band.';
COMMENT ON COLUMN wsdb.extended_measurement.k_pchi IS 'Ks reduced chi-squared of the model; smoothed as pixels of coadds are, noise alone has 0.2 to 0.4. Null: the galaxy does not lie on an image of the band.';
COMMENT ON COLUMN wsdb.extended_measurement.k_r_eff IS 'Ks semi-major axis of the ellipse that holds half the total light, as observed [arcsec]. Null: no total, or the ellipse leaves the data.';
COMMENT ON COLUMN wsdb.extended_measurement.k_mnsurfb_eff IS 'Ks mean surface brightness within the half-light ellipse [mag.arcsec**-2]. Null: no half-light radius.';
COMMENT ON COLUMN wsdb.extended_measurement.k_con_indx IS 'Ks concentration: radius of three quarters of the total light over that of one quarter. Null: no total, or the ellipse leaves the data.';
COMMENT ON COLUMN wsdb.extended_measurement.k_peak IS 'Ks surface brightness of the brightest pixel within 5 arcsec [mag.arcsec**-2]. Null: no light.';
COMMENT ON COLUMN wsdb.extended_measurement.k_5surf IS 'Ks mean surface brightness within 5 arcsec [mag.arcsec**-2]. Null: no light.';
COMMENT ON COLUMN wsdb.extended_measurement.k_5sig_ba IS 'Ks axis ratio of the 5-sigma isophote. Null: no such isophote.';
COMMENT ON COLUMN wsdb.extended_measurement.k_5sig_phi IS 'Ks position angle of the 5-sigma isophote, east of north, -90 to 90 [deg]. Null: no such isophote.';
COMMENT ON COLUMN wsdb.extended_measurement.k_back IS 'Ks background, a pixel of 1 arcsec [adu]. Null: the galaxy does not lie on an image of the band.';
COMMENT ON COLUMN wsdb.extended_measurement.k_resid_ann IS 'Ks level of the ring from 80 to 110 arcsec after the background was subtracted [adu]. Null: no data in the ring.';
COMMENT ON COLUMN wsdb.extended_measurement.k_r_i20e IS 'Ks radius of the ellipse of its 20 mag/sq arcsec isophote [arcsec]. Null: no such isophote.';
COMMENT ON COLUMN wsdb.extended_measurement.k_r_i20c IS 'Ks radius of the circle of its 20 mag/sq arcsec isophote [arcsec]. Null: no such isophote.';
COMMENT ON COLUMN wsdb.extended_measurement.k_r_i21e IS 'Ks radius of the ellipse of its 21 mag/sq arcsec isophote [arcsec]. Null: no such isophote.';
COMMENT ON COLUMN wsdb.extended_measurement.k_r_i21c IS 'Ks radius of the circle of its 21 mag/sq arcsec isophote [arcsec]. Null: no such isophote.';
COMMENT ON COLUMN wsdb.extended_measurement.k_r_e IS 'Ks radius of its Kron ellipse [arcsec]. Null: no such isophote.';
COMMENT ON COLUMN wsdb.extended_measurement.k_r_c IS 'Ks radius of its Kron circle [arcsec]. Null: no such isophote.';
COMMENT ON COLUMN wsdb.extended_measurement.k_m_k20fe IS 'Ks magnitude in the ellipse of the Ks 20 mag/sq arcsec isophote [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN wsdb.extended_measurement.k_msig_k20fe IS 'Ks uncertainty in the ellipse of the Ks 20 mag/sq arcsec isophote [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN wsdb.extended_measurement.k_m_k20fc IS 'Ks magnitude in the circle of the Ks 20 mag/sq arcsec isophote [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN wsdb.extended_measurement.k_msig_k20fc IS 'Ks uncertainty in the circle of the Ks 20 mag/sq arcsec isophote [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN wsdb.extended_measurement.k_m_j21fe IS 'Ks magnitude in the ellipse of the J 21 mag/sq arcsec isophote [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN wsdb.extended_measurement.k_msig_j21fe IS 'Ks uncertainty in the ellipse of the J 21 mag/sq arcsec isophote [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN wsdb.extended_measurement.k_m_j21fc IS 'Ks magnitude in the circle of the J 21 mag/sq arcsec isophote [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN wsdb.extended_measurement.k_msig_j21fc IS 'Ks uncertainty in the circle of the J 21 mag/sq arcsec isophote [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN wsdb.extended_measurement.k_m_fe IS 'Ks magnitude in the Kron ellipse of Ks [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN wsdb.extended_measurement.k_msig_fe IS 'Ks uncertainty in the Kron ellipse of Ks [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN wsdb.extended_measurement.k_m_fc IS 'Ks magnitude in the Kron circle of Ks [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN wsdb.extended_measurement.k_msig_fc IS 'Ks uncertainty in the Kron circle of Ks [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN wsdb.extended_measurement.k_m_i20e IS 'Ks magnitude in the ellipse of its 20 mag/sq arcsec isophote [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN wsdb.extended_measurement.k_msig_i20e IS 'Ks uncertainty in the ellipse of its 20 mag/sq arcsec isophote [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN wsdb.extended_measurement.k_m_i20c IS 'Ks magnitude in the circle of its 20 mag/sq arcsec isophote [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN wsdb.extended_measurement.k_msig_i20c IS 'Ks uncertainty in the circle of its 20 mag/sq arcsec isophote [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN wsdb.extended_measurement.k_m_i21e IS 'Ks magnitude in the ellipse of its 21 mag/sq arcsec isophote [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN wsdb.extended_measurement.k_msig_i21e IS 'Ks uncertainty in the ellipse of its 21 mag/sq arcsec isophote [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN wsdb.extended_measurement.k_m_i21c IS 'Ks magnitude in the circle of its 21 mag/sq arcsec isophote [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN wsdb.extended_measurement.k_msig_i21c IS 'Ks uncertainty in the circle of its 21 mag/sq arcsec isophote [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN wsdb.extended_measurement.k_m_e IS 'Ks magnitude in its Kron ellipse [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN wsdb.extended_measurement.k_msig_e IS 'Ks uncertainty in its Kron ellipse [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN wsdb.extended_measurement.k_m_c IS 'Ks magnitude in its Kron circle [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN wsdb.extended_measurement.k_msig_c IS 'Ks uncertainty in its Kron circle [mag]. Null: the radius is not known, or the aperture leaves the data, or has no light.';
COMMENT ON COLUMN wsdb.extended_measurement.j_m_sys IS 'J magnitude in the ellipse of the Ks 20 mag isophote, neighbours'' light included [mag]. Null: there is no Ks 20 mag isophote, or no magnitude in it.';
COMMENT ON COLUMN wsdb.extended_measurement.j_msig_sys IS 'J uncertainty of m_sys [mag]. Null: there is no Ks 20 mag isophote, or no magnitude in it.';
COMMENT ON COLUMN wsdb.extended_measurement.j_d_area IS 'J area of the 3-sigma isophote less that of the 5-sigma one [arcsec**2]. Null: there is no isophote of 5 sigma.';
COMMENT ON COLUMN wsdb.extended_measurement.j_perc_darea IS 'J d_area in percent of the area of the 3-sigma isophote. Null: there is no isophote of 5 sigma.';
COMMENT ON COLUMN wsdb.extended_measurement.j_bisym_rat IS 'J light on the fainter side of the minor axis over that on the brighter one. Null: a side has no light.';
COMMENT ON COLUMN wsdb.extended_measurement.j_bisym_chi IS 'J differences of opposite pixels, root mean square over their noise. Null: too few pixels have data.';
COMMENT ON COLUMN wsdb.extended_measurement.h_m_sys IS 'H magnitude in the ellipse of the Ks 20 mag isophote, neighbours'' light included [mag]. Null: there is no Ks 20 mag isophote, or no magnitude in it.';
COMMENT ON COLUMN wsdb.extended_measurement.h_msig_sys IS 'H uncertainty of m_sys [mag]. Null: there is no Ks 20 mag isophote, or no magnitude in it.';
COMMENT ON COLUMN wsdb.extended_measurement.h_d_area IS 'H area of the 3-sigma isophote less that of the 5-sigma one [arcsec**2]. Null: there is no isophote of 5 sigma.';
COMMENT ON COLUMN wsdb.extended_measurement.h_perc_darea IS 'H d_area in percent of the area of the 3-sigma isophote. Null: there is no isophote of 5 sigma.';
COMMENT ON COLUMN wsdb.extended_measurement.h_bisym_rat IS 'H light on the fainter side of the minor axis over that on the brighter one. Null: a side has no light.';
COMMENT ON COLUMN wsdb.extended_measurement.h_bisym_chi IS 'H differences of opposite pixels, root mean square over their noise. Null: too few pixels have data.';
COMMENT ON COLUMN wsdb.extended_measurement.k_m_sys IS 'Ks magnitude in the ellipse of the Ks 20 mag isophote, neighbours'' light included [mag]. Null: there is no Ks 20 mag isophote, or no magnitude in it.';
COMMENT ON COLUMN wsdb.extended_measurement.k_msig_sys IS 'Ks uncertainty of m_sys [mag]. Null: there is no Ks 20 mag isophote, or no magnitude in it.';
COMMENT ON COLUMN wsdb.extended_measurement.k_d_area IS 'Ks area of the 3-sigma isophote less that of the 5-sigma one [arcsec**2]. Null: there is no isophote of 5 sigma.';
COMMENT ON COLUMN wsdb.extended_measurement.k_perc_darea IS 'Ks d_area in percent of the area of the 3-sigma isophote. Null: there is no isophote of 5 sigma.';
COMMENT ON COLUMN wsdb.extended_measurement.k_bisym_rat IS 'Ks light on the fainter side of the minor axis over that on the brighter one. Null: a side has no light.';
COMMENT ON COLUMN wsdb.extended_measurement.k_bisym_chi IS 'Ks differences of opposite pixels, root mean square over their noise. Null: too few pixels have data.';
COMMENT ON COLUMN wsdb.extended_measurement.e_score IS 'Extended or point: 1, certainly extended, to 2, certainly a point or a blend. Null: too few pixels, or a patch of low surface brightness that no peak shows.';
COMMENT ON COLUMN wsdb.extended_measurement.g_score IS 'Galaxy or not, colours included: 1, certainly a galaxy, to 2, certainly none. Null: too few pixels, or a patch of low surface brightness that no peak shows.';
COMMENT ON COLUMN wsdb.extended_measurement.id IS 'Number of the source within the scan.';
COMMENT ON COLUMN wsdb.extended_measurement.date IS 'Observation reference date: UT date at sunrise of the night.';
COMMENT ON COLUMN wsdb.extended_measurement.glon IS 'Galactic longitude, rounded to 0.001 [deg].';
COMMENT ON COLUMN wsdb.extended_measurement.glat IS 'Galactic latitude, rounded to 0.001 [deg].';
COMMENT ON COLUMN wsdb.extended_measurement.density IS 'Stars of Ks below 14 mag a square degree of its Atlas image, decimal logarithm. Null: there is no such star, or no image in Ks.';
COMMENT ON COLUMN wsdb.extended_measurement.dist_edge_ns IS 'Distance from the nearer of the northern and southern scan edges [arcsec]. Null: the scan covers nothing.';
COMMENT ON COLUMN wsdb.extended_measurement.dist_edge_ew IS 'Distance from the nearer of the eastern and western scan edges [arcsec]. Null: the scan covers nothing.';
COMMENT ON COLUMN wsdb.extended_measurement.night_key IS 'Key of the night.';
COMMENT ON COLUMN wsdb.extended_measurement.j_sh0 IS 'J shape of stars on its Atlas image (SEESH). Null: the image has none.';
COMMENT ON COLUMN wsdb.extended_measurement.j_sig_sh0 IS 'J scatter of sh0 over the Atlas images of the scan. Null: fewer than two images have a shape.';
COMMENT ON COLUMN wsdb.extended_measurement.h_sh0 IS 'H shape of stars on its Atlas image (SEESH). Null: the image has none.';
COMMENT ON COLUMN wsdb.extended_measurement.h_sig_sh0 IS 'H scatter of sh0 over the Atlas images of the scan. Null: fewer than two images have a shape.';
COMMENT ON COLUMN wsdb.extended_measurement.k_sh0 IS 'Ks shape of stars on its Atlas image (SEESH). Null: the image has none.';
COMMENT ON COLUMN wsdb.extended_measurement.k_sig_sh0 IS 'Ks scatter of sh0 over the Atlas images of the scan. Null: fewer than two images have a shape.';
COMMENT ON COLUMN wsdb.extended_measurement.j_chif_ellf IS 'As in the published catalogue. Null: shapes come from models and moments, not from fits of ellipses to isophotes.';
COMMENT ON COLUMN wsdb.extended_measurement.k_chif_ellf IS 'As in the published catalogue. Null: shapes come from models and moments, not from fits of ellipses to isophotes.';
COMMENT ON COLUMN wsdb.extended_measurement.sup_chif_ellf IS 'As in the published catalogue. Null: shapes come from models and moments, not from fits of ellipses to isophotes.';
COMMENT ON COLUMN wsdb.extended_measurement.prox IS 'As in the published catalogue. Null: releases do not give the neighbours of extended sources yet.';
COMMENT ON COLUMN wsdb.extended_measurement.pxpa IS 'As in the published catalogue. Null: releases do not give the neighbours of extended sources yet.';
COMMENT ON COLUMN wsdb.extended_measurement.pxcntr IS 'As in the published catalogue. Null: releases do not give the neighbours of extended sources yet.';
COMMENT ON COLUMN wsdb.extended_measurement.mp_key IS 'As in the published catalogue. Null: no predictions of minor planets.';
COMMENT ON COLUMN wsdb.extended_measurement.j_sc_mxdn IS 'J score: light within 7 arcsec over that within 2 arcsec, mag, less that of the scan''s stars as bright, in scatters of theirs. Null: a pixel within 7 arcsec has no data, too little light, or fewer than 20 lone stars in the scan, or in up to four finished images that continue one another.';
COMMENT ON COLUMN wsdb.extended_measurement.j_sc_sh IS 'J score: shape alpha beta of the profile exp(-(r/alpha)^(1/beta)) of rings to 7 arcsec, less that of the scan''s stars as bright, in scatters of theirs. Null: a pixel within 7 arcsec has no data, too little light, or fewer than 20 lone stars in the scan, or in up to four finished images that continue one another.';
COMMENT ON COLUMN wsdb.extended_measurement.j_sc_wsh IS 'J score: second smallest of the shapes sh of six wedges of 60 deg, less that of the scan''s stars as bright, in scatters of theirs. Null: a pixel within 7 arcsec has no data, too little light, or fewer than 20 lone stars in the scan, or in up to four finished images that continue one another.';
COMMENT ON COLUMN wsdb.extended_measurement.j_sc_r23 IS 'As in the published catalogue. Null: what the published catalogue measures beyond the wings of a star is not known.';
COMMENT ON COLUMN wsdb.extended_measurement.j_sc_1mm IS 'J score: mean distance of the light within 6 arcsec, less that of the scan''s stars as bright, in scatters of theirs. Null: a pixel within 7 arcsec has no data, too little light, or fewer than 20 lone stars in the scan, or in up to four finished images that continue one another.';
COMMENT ON COLUMN wsdb.extended_measurement.j_sc_2mm IS 'J score: mean squared distance of the light within 6 arcsec, less that of the scan''s stars as bright, in scatters of theirs. Null: a pixel within 7 arcsec has no data, too little light, or fewer than 20 lone stars in the scan, or in up to four finished images that continue one another.';
COMMENT ON COLUMN wsdb.extended_measurement.j_sc_vint IS 'As in the published catalogue. Null: what the published catalogue measures beyond the wings of a star is not known.';
COMMENT ON COLUMN wsdb.extended_measurement.j_sc_r1 IS 'As in the published catalogue. Null: what the published catalogue measures beyond the wings of a star is not known.';
COMMENT ON COLUMN wsdb.extended_measurement.j_sc_msh IS 'J score: shape sh of the medians of rings, less that of the scan''s stars as bright, in scatters of theirs. Null: a pixel within 7 arcsec has no data, too little light, or fewer than 20 lone stars in the scan, or in up to four finished images that continue one another.';
COMMENT ON COLUMN wsdb.extended_measurement.j_subst2 IS 'As in the published catalogue. Null: the background of frames is measured otherwise than by the survey''s fits to half images.';
COMMENT ON COLUMN wsdb.extended_measurement.j_bndg_per IS 'As in the published catalogue. Null: the background of frames is measured otherwise than by the survey''s fits to half images.';
COMMENT ON COLUMN wsdb.extended_measurement.j_bndg_amp IS 'As in the published catalogue. Null: the background of frames is measured otherwise than by the survey''s fits to half images.';
COMMENT ON COLUMN wsdb.extended_measurement.j_seetrack IS 'As in the published catalogue. Null: the profile follows the seeing of every frame.';
COMMENT ON COLUMN wsdb.extended_measurement.h_sc_mxdn IS 'H score: light within 7 arcsec over that within 2 arcsec, mag, less that of the scan''s stars as bright, in scatters of theirs. Null: a pixel within 7 arcsec has no data, too little light, or fewer than 20 lone stars in the scan, or in up to four finished images that continue one another.';
COMMENT ON COLUMN wsdb.extended_measurement.h_sc_sh IS 'H score: shape alpha beta of the profile exp(-(r/alpha)^(1/beta)) of rings to 7 arcsec, less that of the scan''s stars as bright, in scatters of theirs. Null: a pixel within 7 arcsec has no data, too little light, or fewer than 20 lone stars in the scan, or in up to four finished images that continue one another.';
COMMENT ON COLUMN wsdb.extended_measurement.h_sc_wsh IS 'H score: second smallest of the shapes sh of six wedges of 60 deg, less that of the scan''s stars as bright, in scatters of theirs. Null: a pixel within 7 arcsec has no data, too little light, or fewer than 20 lone stars in the scan, or in up to four finished images that continue one another.';
COMMENT ON COLUMN wsdb.extended_measurement.h_sc_r23 IS 'As in the published catalogue. Null: what the published catalogue measures beyond the wings of a star is not known.';
COMMENT ON COLUMN wsdb.extended_measurement.h_sc_1mm IS 'H score: mean distance of the light within 6 arcsec, less that of the scan''s stars as bright, in scatters of theirs. Null: a pixel within 7 arcsec has no data, too little light, or fewer than 20 lone stars in the scan, or in up to four finished images that continue one another.';
COMMENT ON COLUMN wsdb.extended_measurement.h_sc_2mm IS 'H score: mean squared distance of the light within 6 arcsec, less that of the scan''s stars as bright, in scatters of theirs. Null: a pixel within 7 arcsec has no data, too little light, or fewer than 20 lone stars in the scan, or in up to four finished images that continue one another.';
COMMENT ON COLUMN wsdb.extended_measurement.h_sc_vint IS 'As in the published catalogue. Null: what the published catalogue measures beyond the wings of a star is not known.';
COMMENT ON COLUMN wsdb.extended_measurement.h_sc_r1 IS 'As in the published catalogue. Null: what the published catalogue measures beyond the wings of a star is not known.';
COMMENT ON COLUMN wsdb.extended_measurement.h_sc_msh IS 'H score: shape sh of the medians of rings, less that of the scan''s stars as bright, in scatters of theirs. Null: a pixel within 7 arcsec has no data, too little light, or fewer than 20 lone stars in the scan, or in up to four finished images that continue one another.';
COMMENT ON COLUMN wsdb.extended_measurement.h_subst2 IS 'As in the published catalogue. Null: the background of frames is measured otherwise than by the survey''s fits to half images.';
COMMENT ON COLUMN wsdb.extended_measurement.h_bndg_per IS 'As in the published catalogue. Null: the background of frames is measured otherwise than by the survey''s fits to half images.';
COMMENT ON COLUMN wsdb.extended_measurement.h_bndg_amp IS 'As in the published catalogue. Null: the background of frames is measured otherwise than by the survey''s fits to half images.';
COMMENT ON COLUMN wsdb.extended_measurement.h_seetrack IS 'As in the published catalogue. Null: the profile follows the seeing of every frame.';
COMMENT ON COLUMN wsdb.extended_measurement.k_sc_mxdn IS 'Ks score: light within 7 arcsec over that within 2 arcsec, mag, less that of the scan''s stars as bright, in scatters of theirs. Null: a pixel within 7 arcsec has no data, too little light, or fewer than 20 lone stars in the scan, or in up to four finished images that continue one another.';
COMMENT ON COLUMN wsdb.extended_measurement.k_sc_sh IS 'Ks score: shape alpha beta of the profile exp(-(r/alpha)^(1/beta)) of rings to 7 arcsec, less that of the scan''s stars as bright, in scatters of theirs. Null: a pixel within 7 arcsec has no data, too little light, or fewer than 20 lone stars in the scan, or in up to four finished images that continue one another.';
COMMENT ON COLUMN wsdb.extended_measurement.k_sc_wsh IS 'Ks score: second smallest of the shapes sh of six wedges of 60 deg, less that of the scan''s stars as bright, in scatters of theirs. Null: a pixel within 7 arcsec has no data, too little light, or fewer than 20 lone stars in the scan, or in up to four finished images that continue one another.';
COMMENT ON COLUMN wsdb.extended_measurement.k_sc_r23 IS 'As in the published catalogue. Null: what the published catalogue measures beyond the wings of a star is not known.';
COMMENT ON COLUMN wsdb.extended_measurement.k_sc_1mm IS 'Ks score: mean distance of the light within 6 arcsec, less that of the scan''s stars as bright, in scatters of theirs. Null: a pixel within 7 arcsec has no data, too little light, or fewer than 20 lone stars in the scan, or in up to four finished images that continue one another.';
COMMENT ON COLUMN wsdb.extended_measurement.k_sc_2mm IS 'Ks score: mean squared distance of the light within 6 arcsec, less that of the scan''s stars as bright, in scatters of theirs. Null: a pixel within 7 arcsec has no data, too little light, or fewer than 20 lone stars in the scan, or in up to four finished images that continue one another.';
COMMENT ON COLUMN wsdb.extended_measurement.k_sc_vint IS 'As in the published catalogue. Null: what the published catalogue measures beyond the wings of a star is not known.';
COMMENT ON COLUMN wsdb.extended_measurement.k_sc_r1 IS 'As in the published catalogue. Null: what the published catalogue measures beyond the wings of a star is not known.';
COMMENT ON COLUMN wsdb.extended_measurement.k_sc_msh IS 'Ks score: shape sh of the medians of rings, less that of the scan''s stars as bright, in scatters of theirs. Null: a pixel within 7 arcsec has no data, too little light, or fewer than 20 lone stars in the scan, or in up to four finished images that continue one another.';
COMMENT ON COLUMN wsdb.extended_measurement.k_subst2 IS 'As in the published catalogue. Null: the background of frames is measured otherwise than by the survey''s fits to half images.';
COMMENT ON COLUMN wsdb.extended_measurement.k_bndg_per IS 'As in the published catalogue. Null: the background of frames is measured otherwise than by the survey''s fits to half images.';
COMMENT ON COLUMN wsdb.extended_measurement.k_bndg_amp IS 'As in the published catalogue. Null: the background of frames is measured otherwise than by the survey''s fits to half images.';
COMMENT ON COLUMN wsdb.extended_measurement.k_seetrack IS 'As in the published catalogue. Null: the profile follows the seeing of every frame.';
COMMENT ON COLUMN wsdb.extended_measurement.j_flg_5 IS 'J confusion flag in a circle of 5 arcsec, as in the isophotal ellipses. Null: not measured in this band.';
COMMENT ON COLUMN wsdb.extended_measurement.j_flg_7 IS 'J confusion flag in a circle of 7 arcsec, as in the isophotal ellipses. Null: not measured in this band.';
COMMENT ON COLUMN wsdb.extended_measurement.j_flg_10 IS 'J confusion flag in a circle of 10 arcsec, as in the isophotal ellipses. Null: not measured in this band.';
COMMENT ON COLUMN wsdb.extended_measurement.j_flg_15 IS 'J confusion flag in a circle of 15 arcsec, as in the isophotal ellipses. Null: not measured in this band.';
COMMENT ON COLUMN wsdb.extended_measurement.j_flg_20 IS 'J confusion flag in a circle of 20 arcsec, as in the isophotal ellipses. Null: not measured in this band.';
COMMENT ON COLUMN wsdb.extended_measurement.j_flg_25 IS 'J confusion flag in a circle of 25 arcsec, as in the isophotal ellipses. Null: not measured in this band.';
COMMENT ON COLUMN wsdb.extended_measurement.j_flg_30 IS 'J confusion flag in a circle of 30 arcsec, as in the isophotal ellipses. Null: not measured in this band.';
COMMENT ON COLUMN wsdb.extended_measurement.j_flg_40 IS 'J confusion flag in a circle of 40 arcsec, as in the isophotal ellipses. Null: not measured in this band.';
COMMENT ON COLUMN wsdb.extended_measurement.j_flg_50 IS 'J confusion flag in a circle of 50 arcsec, as in the isophotal ellipses. Null: not measured in this band.';
COMMENT ON COLUMN wsdb.extended_measurement.j_flg_60 IS 'J confusion flag in a circle of 60 arcsec, as in the isophotal ellipses. Null: not measured in this band.';
COMMENT ON COLUMN wsdb.extended_measurement.j_flg_70 IS 'J confusion flag in a circle of 70 arcsec, as in the isophotal ellipses. Null: not measured in this band.';
COMMENT ON COLUMN wsdb.extended_measurement.h_flg_5 IS 'H confusion flag in a circle of 5 arcsec, as in the isophotal ellipses. Null: not measured in this band.';
COMMENT ON COLUMN wsdb.extended_measurement.h_flg_7 IS 'H confusion flag in a circle of 7 arcsec, as in the isophotal ellipses. Null: not measured in this band.';
COMMENT ON COLUMN wsdb.extended_measurement.h_flg_10 IS 'H confusion flag in a circle of 10 arcsec, as in the isophotal ellipses. Null: not measured in this band.';
COMMENT ON COLUMN wsdb.extended_measurement.h_flg_15 IS 'H confusion flag in a circle of 15 arcsec, as in the isophotal ellipses. Null: not measured in this band.';
COMMENT ON COLUMN wsdb.extended_measurement.h_flg_20 IS 'H confusion flag in a circle of 20 arcsec, as in the isophotal ellipses. Null: not measured in this band.';
COMMENT ON COLUMN wsdb.extended_measurement.h_flg_25 IS 'H confusion flag in a circle of 25 arcsec, as in the isophotal ellipses. Null: not measured in this band.';
COMMENT ON COLUMN wsdb.extended_measurement.h_flg_30 IS 'H confusion flag in a circle of 30 arcsec, as in the isophotal ellipses. Null: not measured in this band.';
COMMENT ON COLUMN wsdb.extended_measurement.h_flg_40 IS 'H confusion flag in a circle of 40 arcsec, as in the isophotal ellipses. Null: not measured in this band.';
COMMENT ON COLUMN wsdb.extended_measurement.h_flg_50 IS 'H confusion flag in a circle of 50 arcsec, as in the isophotal ellipses. Null: not measured in this band.';
COMMENT ON COLUMN wsdb.extended_measurement.h_flg_60 IS 'H confusion flag in a circle of 60 arcsec, as in the isophotal ellipses. Null: not measured in this band.';
COMMENT ON COLUMN wsdb.extended_measurement.h_flg_70 IS 'H confusion flag in a circle of 70 arcsec, as in the isophotal ellipses. Null: not measured in this band.';
COMMENT ON COLUMN wsdb.extended_measurement.k_flg_5 IS 'Ks confusion flag in a circle of 5 arcsec, as in the isophotal ellipses. Null: not measured in this band.';
COMMENT ON COLUMN wsdb.extended_measurement.k_flg_7 IS 'Ks confusion flag in a circle of 7 arcsec, as in the isophotal ellipses. Null: not measured in this band.';
COMMENT ON COLUMN wsdb.extended_measurement.k_flg_10 IS 'Ks confusion flag in a circle of 10 arcsec, as in the isophotal ellipses. Null: not measured in this band.';
COMMENT ON COLUMN wsdb.extended_measurement.k_flg_15 IS 'Ks confusion flag in a circle of 15 arcsec, as in the isophotal ellipses. Null: not measured in this band.';
COMMENT ON COLUMN wsdb.extended_measurement.k_flg_20 IS 'Ks confusion flag in a circle of 20 arcsec, as in the isophotal ellipses. Null: not measured in this band.';
COMMENT ON COLUMN wsdb.extended_measurement.k_flg_25 IS 'Ks confusion flag in a circle of 25 arcsec, as in the isophotal ellipses. Null: not measured in this band.';
COMMENT ON COLUMN wsdb.extended_measurement.k_flg_30 IS 'Ks confusion flag in a circle of 30 arcsec, as in the isophotal ellipses. Null: not measured in this band.';
COMMENT ON COLUMN wsdb.extended_measurement.k_flg_40 IS 'Ks confusion flag in a circle of 40 arcsec, as in the isophotal ellipses. Null: not measured in this band.';
COMMENT ON COLUMN wsdb.extended_measurement.k_flg_50 IS 'Ks confusion flag in a circle of 50 arcsec, as in the isophotal ellipses. Null: not measured in this band.';
COMMENT ON COLUMN wsdb.extended_measurement.k_flg_60 IS 'Ks confusion flag in a circle of 60 arcsec, as in the isophotal ellipses. Null: not measured in this band.';
COMMENT ON COLUMN wsdb.extended_measurement.k_flg_70 IS 'Ks confusion flag in a circle of 70 arcsec, as in the isophotal ellipses. Null: not measured in this band.';
COMMENT ON COLUMN wsdb.extended_measurement.n_sub IS 'Stars within the Ks 20 mag isophote whose light was subtracted. Null: no such isophote.';
COMMENT ON COLUMN wsdb.extended_measurement.j_flg_k20fe IS 'J confusion flag in the ellipse of the Ks 20 mag/sq arcsec isophote: 0 none, 1 pixels without data, 3 light of a star subtracted, 6 leaves the data, 9 negative light. Null: the radius is not known.';
COMMENT ON COLUMN wsdb.extended_measurement.j_flg_k20fc IS 'J confusion flag in the circle of the Ks 20 mag/sq arcsec isophote: 0 none, 1 pixels without data, 3 light of a star subtracted, 6 leaves the data, 9 negative light. Null: the radius is not known.';
COMMENT ON COLUMN wsdb.extended_measurement.j_flg_j21fe IS 'J confusion flag in the ellipse of the J 21 mag/sq arcsec isophote: 0 none, 1 pixels without data, 3 light of a star subtracted, 6 leaves the data, 9 negative light. Null: the radius is not known.';
COMMENT ON COLUMN wsdb.extended_measurement.j_flg_j21fc IS 'J confusion flag in the circle of the J 21 mag/sq arcsec isophote: 0 none, 1 pixels without data, 3 light of a star subtracted, 6 leaves the data, 9 negative light. Null: the radius is not known.';
COMMENT ON COLUMN wsdb.extended_measurement.j_flg_fe IS 'J confusion flag in the Kron ellipse of Ks: 0 none, 1 pixels without data, 3 light of a star subtracted, 6 leaves the data, 9 negative light. Null: the radius is not known.';
COMMENT ON COLUMN wsdb.extended_measurement.j_flg_fc IS 'J confusion flag in the Kron circle of Ks: 0 none, 1 pixels without data, 3 light of a star subtracted, 6 leaves the data, 9 negative light. Null: the radius is not known.';
COMMENT ON COLUMN wsdb.extended_measurement.j_flg_i20e IS 'J confusion flag in the ellipse of its 20 mag/sq arcsec isophote: 0 none, 1 pixels without data, 3 light of a star subtracted, 6 leaves the data, 9 negative light. Null: the radius is not known.';
COMMENT ON COLUMN wsdb.extended_measurement.j_flg_i20c IS 'J confusion flag in the circle of its 20 mag/sq arcsec isophote: 0 none, 1 pixels without data, 3 light of a star subtracted, 6 leaves the data, 9 negative light. Null: the radius is not known.';
COMMENT ON COLUMN wsdb.extended_measurement.j_flg_i21e IS 'J confusion flag in the ellipse of its 21 mag/sq arcsec isophote: 0 none, 1 pixels without data, 3 light of a star subtracted, 6 leaves the data, 9 negative light. Null: the radius is not known.';
COMMENT ON COLUMN wsdb.extended_measurement.j_flg_i21c IS 'J confusion flag in the circle of its 21 mag/sq arcsec isophote: 0 none, 1 pixels without data, 3 light of a star subtracted, 6 leaves the data, 9 negative light. Null: the radius is not known.';
COMMENT ON COLUMN wsdb.extended_measurement.j_flg_e IS 'J confusion flag in its Kron ellipse: 0 none, 1 pixels without data, 3 light of a star subtracted, 6 leaves the data, 9 negative light. Null: the radius is not known.';
COMMENT ON COLUMN wsdb.extended_measurement.j_flg_c IS 'J confusion flag in its Kron circle: 0 none, 1 pixels without data, 3 light of a star subtracted, 6 leaves the data, 9 negative light. Null: the radius is not known.';
COMMENT ON COLUMN wsdb.extended_measurement.h_flg_k20fe IS 'H confusion flag in the ellipse of the Ks 20 mag/sq arcsec isophote: 0 none, 1 pixels without data, 3 light of a star subtracted, 6 leaves the data, 9 negative light. Null: the radius is not known.';
COMMENT ON COLUMN wsdb.extended_measurement.h_flg_k20fc IS 'H confusion flag in the circle of the Ks 20 mag/sq arcsec isophote: 0 none, 1 pixels without data, 3 light of a star subtracted, 6 leaves the data, 9 negative light. Null: the radius is not known.';
COMMENT ON COLUMN wsdb.extended_measurement.h_flg_j21fe IS 'H confusion flag in the ellipse of the J 21 mag/sq arcsec isophote: 0 none, 1 pixels without data, 3 light of a star subtracted, 6 leaves the data, 9 negative light. Null: the radius is not known.';
COMMENT ON COLUMN wsdb.extended_measurement.h_flg_j21fc IS 'H confusion flag in the circle of the J 21 mag/sq arcsec isophote: 0 none, 1 pixels without data, 3 light of a star subtracted, 6 leaves the data, 9 negative light. Null: the radius is not known.';
COMMENT ON COLUMN wsdb.extended_measurement.h_flg_fe IS 'H confusion flag in the Kron ellipse of Ks: 0 none, 1 pixels without data, 3 light of a star subtracted, 6 leaves the data, 9 negative light. Null: the radius is not known.';
COMMENT ON COLUMN wsdb.extended_measurement.h_flg_fc IS 'H confusion flag in the Kron circle of Ks: 0 none, 1 pixels without data, 3 light of a star subtracted, 6 leaves the data, 9 negative light. Null: the radius is not known.';
COMMENT ON COLUMN wsdb.extended_measurement.h_flg_i20e IS 'H confusion flag in the ellipse of its 20 mag/sq arcsec isophote: 0 none, 1 pixels without data, 3 light of a star subtracted, 6 leaves the data, 9 negative light. Null: the radius is not known.';
COMMENT ON COLUMN wsdb.extended_measurement.h_flg_i20c IS 'H confusion flag in the circle of its 20 mag/sq arcsec isophote: 0 none, 1 pixels without data, 3 light of a star subtracted, 6 leaves the data, 9 negative light. Null: the radius is not known.';
COMMENT ON COLUMN wsdb.extended_measurement.h_flg_i21e IS 'H confusion flag in the ellipse of its 21 mag/sq arcsec isophote: 0 none, 1 pixels without data, 3 light of a star subtracted, 6 leaves the data, 9 negative light. Null: the radius is not known.';
COMMENT ON COLUMN wsdb.extended_measurement.h_flg_i21c IS 'H confusion flag in the circle of its 21 mag/sq arcsec isophote: 0 none, 1 pixels without data, 3 light of a star subtracted, 6 leaves the data, 9 negative light. Null: the radius is not known.';
COMMENT ON COLUMN wsdb.extended_measurement.h_flg_e IS 'H confusion flag in its Kron ellipse: 0 none, 1 pixels without data, 3 light of a star subtracted, 6 leaves the data, 9 negative light. Null: the radius is not known.';
COMMENT ON COLUMN wsdb.extended_measurement.h_flg_c IS 'H confusion flag in its Kron circle: 0 none, 1 pixels without data, 3 light of a star subtracted, 6 leaves the data, 9 negative light. Null: the radius is not known.';
COMMENT ON COLUMN wsdb.extended_measurement.k_flg_k20fe IS 'Ks confusion flag in the ellipse of the Ks 20 mag/sq arcsec isophote: 0 none, 1 pixels without data, 3 light of a star subtracted, 6 leaves the data, 9 negative light. Null: the radius is not known.';
COMMENT ON COLUMN wsdb.extended_measurement.k_flg_k20fc IS 'Ks confusion flag in the circle of the Ks 20 mag/sq arcsec isophote: 0 none, 1 pixels without data, 3 light of a star subtracted, 6 leaves the data, 9 negative light. Null: the radius is not known.';
COMMENT ON COLUMN wsdb.extended_measurement.k_flg_j21fe IS 'Ks confusion flag in the ellipse of the J 21 mag/sq arcsec isophote: 0 none, 1 pixels without data, 3 light of a star subtracted, 6 leaves the data, 9 negative light. Null: the radius is not known.';
COMMENT ON COLUMN wsdb.extended_measurement.k_flg_j21fc IS 'Ks confusion flag in the circle of the J 21 mag/sq arcsec isophote: 0 none, 1 pixels without data, 3 light of a star subtracted, 6 leaves the data, 9 negative light. Null: the radius is not known.';
COMMENT ON COLUMN wsdb.extended_measurement.k_flg_fe IS 'Ks confusion flag in the Kron ellipse of Ks: 0 none, 1 pixels without data, 3 light of a star subtracted, 6 leaves the data, 9 negative light. Null: the radius is not known.';
COMMENT ON COLUMN wsdb.extended_measurement.k_flg_fc IS 'Ks confusion flag in the Kron circle of Ks: 0 none, 1 pixels without data, 3 light of a star subtracted, 6 leaves the data, 9 negative light. Null: the radius is not known.';
COMMENT ON COLUMN wsdb.extended_measurement.k_flg_i20e IS 'Ks confusion flag in the ellipse of its 20 mag/sq arcsec isophote: 0 none, 1 pixels without data, 3 light of a star subtracted, 6 leaves the data, 9 negative light. Null: the radius is not known.';
COMMENT ON COLUMN wsdb.extended_measurement.k_flg_i20c IS 'Ks confusion flag in the circle of its 20 mag/sq arcsec isophote: 0 none, 1 pixels without data, 3 light of a star subtracted, 6 leaves the data, 9 negative light. Null: the radius is not known.';
COMMENT ON COLUMN wsdb.extended_measurement.k_flg_i21e IS 'Ks confusion flag in the ellipse of its 21 mag/sq arcsec isophote: 0 none, 1 pixels without data, 3 light of a star subtracted, 6 leaves the data, 9 negative light. Null: the radius is not known.';
COMMENT ON COLUMN wsdb.extended_measurement.k_flg_i21c IS 'Ks confusion flag in the circle of its 21 mag/sq arcsec isophote: 0 none, 1 pixels without data, 3 light of a star subtracted, 6 leaves the data, 9 negative light. Null: the radius is not known.';
COMMENT ON COLUMN wsdb.extended_measurement.k_flg_e IS 'Ks confusion flag in its Kron ellipse: 0 none, 1 pixels without data, 3 light of a star subtracted, 6 leaves the data, 9 negative light. Null: the radius is not known.';
COMMENT ON COLUMN wsdb.extended_measurement.k_flg_c IS 'Ks confusion flag in its Kron circle: 0 none, 1 pixels without data, 3 light of a star subtracted, 6 leaves the data, 9 negative light. Null: the radius is not known.';
COMMENT ON COLUMN wsdb.extended_measurement.sys_flg IS '1: a neighbouring galaxy adds more than 1 percent to m_sys in a band, else 0. Null: there is no Ks 20 mag isophote, or no magnitude in it.';
COMMENT ON COLUMN wsdb.extended_measurement.scan IS 'Scan number in the night.';
COMMENT ON COLUMN wsdb.extended_measurement.im_nx IS 'Side of its postage stamp [pix].';
COMMENT ON COLUMN wsdb.extended_measurement.vc IS 'Visual verification: -2, nobody looked.';
COMMENT ON COLUMN wsdb.extended_measurement.contam_flg IS '0: no light of stars in the magnitudes, it is subtracted.';
COMMENT ON COLUMN wsdb.extended_measurement.n_blank IS 'Stars that were blanked: 0, they are subtracted (n_sub).';
COMMENT ON COLUMN wsdb.extended_measurement.ellfit_flg IS 'As in the published catalogue. Null: shapes come from models and moments, not from fits of ellipses to isophotes.';
COMMENT ON COLUMN wsdb.extended_measurement.bl_sub_flg IS 'As in the published catalogue. Null: n_blank and n_sub say it; what the published values mean is not known.';
COMMENT ON COLUMN wsdb.extended_measurement.id_flg IS 'As in the published catalogue. Null: no catalogue of galaxies is loaded.';
COMMENT ON COLUMN wsdb.extended_measurement.blk_fac IS 'As in the published catalogue. Null: faint surfaces are found on images blocked by 4 and measured on whole ones.';
COMMENT ON COLUMN wsdb.extended_measurement.coadd IS 'Atlas image number in the scan.';
COMMENT ON COLUMN wsdb.extended_measurement.hemis IS 'Observatory: n Mt. Hopkins, s Cerro Tololo.';
COMMENT ON COLUMN wsdb.extended_measurement.dist_edge_flg IS 'Which edges are nearer: n or s, e or w. Null: the scan covers nothing.';
COMMENT ON COLUMN wsdb.extended_measurement.cc_flg IS '0: clean; c, d: halo or spike of a star of another scan (releases).';
COMMENT ON COLUMN wsdb.extended_measurement.id_cat IS 'As in the published catalogue. Null: no catalogue of galaxies is loaded.';
COMMENT ON COLUMN wsdb.extended_measurement.fg_flg IS 'As in the published catalogue. Null: growth of light is not tested for convergence.';

CREATE TABLE wsdb.forced_light (
    object_set_id INTEGER NOT NULL,
    gcntr BIGINT NOT NULL,
    seed_run_id INTEGER NOT NULL,
    run_id INTEGER NOT NULL,
    attempt_id BIGINT NOT NULL,
    scan_key INTEGER NOT NULL,
    band CHAR(1) NOT NULL,
    flux_nmgy REAL NOT NULL,
    flux_error_nmgy REAL NOT NULL,
    CONSTRAINT pk_forced_light PRIMARY KEY (attempt_id, object_set_id, gcntr, seed_run_id, scan_key, band),
    CONSTRAINT fk_forced_light_object_set_id_gcntr_seed_run_id FOREIGN KEY(object_set_id, gcntr, seed_run_id) REFERENCES release.object (object_set_id, gcntr, seed_run_id),
    CONSTRAINT ck_forced_light_band_known CHECK (band IN ('j', 'h', 'k')),
    CONSTRAINT fk_forced_light_run_id FOREIGN KEY(run_id) REFERENCES production.run (run_id),
    CONSTRAINT fk_forced_light_attempt_id FOREIGN KEY(attempt_id) REFERENCES production.attempt (attempt_id),
    CONSTRAINT fk_forced_light_scan_key FOREIGN KEY(scan_key) REFERENCES survey.scan (scan_key)
);
COMMENT ON TABLE wsdb.forced_light IS 'Light of objects, measured on scans that cover them and have no row of them';
COMMENT ON COLUMN wsdb.forced_light.object_set_id IS 'Set';
COMMENT ON COLUMN wsdb.forced_light.gcntr IS 'Object';
COMMENT ON COLUMN wsdb.forced_light.seed_run_id IS 'Object, with gcntr';
COMMENT ON COLUMN wsdb.forced_light.run_id IS 'Run whose images were measured';
COMMENT ON COLUMN wsdb.forced_light.attempt_id IS 'Attempt that measured';
COMMENT ON COLUMN wsdb.forced_light.scan_key IS 'Scan that covers it and has no row of it';
COMMENT ON COLUMN wsdb.forced_light.band IS 'j, h or k';
COMMENT ON COLUMN wsdb.forced_light.flux_nmgy IS 'Light at the object''s place, nanomaggies on the nominal scale; may be negative';
COMMENT ON COLUMN wsdb.forced_light.flux_error_nmgy IS 'Its error, from empty places of the image';

CREATE TABLE wsdb.point_measurement (
    src_id BIGINT NOT NULL,
    attempt_id BIGINT NOT NULL,
    ra DOUBLE PRECISION NOT NULL,
    decl DOUBLE PRECISION NOT NULL,
    jdate DOUBLE PRECISION,
    j_ra DOUBLE PRECISION,
    j_decl DOUBLE PRECISION,
    h_ra DOUBLE PRECISION,
    h_decl DOUBLE PRECISION,
    k_ra DOUBLE PRECISION,
    k_decl DOUBLE PRECISION,
    coadd_key BIGINT NOT NULL,
    run_id INTEGER NOT NULL,
    scan_key INTEGER NOT NULL,
    id INTEGER NOT NULL,
    dist_edge_ns INTEGER NOT NULL,
    dist_edge_ew INTEGER NOT NULL,
    ext_key INTEGER,
    pts_key INTEGER,
    pxcntr INTEGER,
    date DATE NOT NULL,
    err_maj REAL NOT NULL,
    err_min REAL NOT NULL,
    glon REAL NOT NULL,
    glat REAL NOT NULL,
    x_scan REAL NOT NULL,
    y_scan REAL NOT NULL,
    prox REAL,
    dist_opt REAL,
    b_m_opt REAL,
    vr_m_opt REAL,
    j_m REAL,
    j_msig REAL,
    j_cmsig REAL,
    j_msigcom REAL,
    j_snr REAL,
    j_psfchi REAL,
    j_m_psf REAL,
    j_msig_psf REAL,
    j_m_stdap REAL,
    j_msig_stdap REAL,
    j_growth REAL,
    j_blend_cor REAL,
    j_m_r1 REAL,
    j_msig_r1 REAL,
    j_sky_dn REAL,
    h_m REAL,
    h_msig REAL,
    h_cmsig REAL,
    h_msigcom REAL,
    h_snr REAL,
    h_psfchi REAL,
    h_m_psf REAL,
    h_msig_psf REAL,
    h_m_stdap REAL,
    h_msig_stdap REAL,
    h_growth REAL,
    h_blend_cor REAL,
    h_m_r1 REAL,
    h_msig_r1 REAL,
    h_sky_dn REAL,
    k_m REAL,
    k_msig REAL,
    k_cmsig REAL,
    k_msigcom REAL,
    k_snr REAL,
    k_psfchi REAL,
    k_m_psf REAL,
    k_msig_psf REAL,
    k_m_stdap REAL,
    k_msig_stdap REAL,
    k_growth REAL,
    k_blend_cor REAL,
    k_m_r1 REAL,
    k_msig_r1 REAL,
    k_sky_dn REAL,
    blend_fall REAL,
    blend_id INTEGER,
    blend_part SMALLINT,
    scan SMALLINT NOT NULL,
    coadd SMALLINT NOT NULL,
    err_ang SMALLINT NOT NULL,
    pxpa SMALLINT,
    gal_contam SMALLINT,
    mp_flg SMALLINT,
    dup_src SMALLINT,
    use_src SMALLINT,
    phi_opt SMALLINT,
    nopt_mchs SMALLINT,
    designation CHAR(17),
    ph_qual CHAR(3) NOT NULL,
    rd_flg CHAR(3) NOT NULL,
    bl_flg CHAR(3) NOT NULL,
    cc_flg CHAR(3) NOT NULL,
    ndet CHAR(6) NOT NULL,
    cnf_flg CHAR(6) NOT NULL,
    hemis CHAR(1) NOT NULL,
    dist_edge_flg CHAR(2) NOT NULL,
    a CHAR(1),
    CONSTRAINT fk_point_measurement_attempt_id_run_id_scan_key FOREIGN KEY(attempt_id, run_id, scan_key) REFERENCES production.attempt (attempt_id, run_id, scan_key)
)
 PARTITION BY LIST (run_id);
COMMENT ON TABLE wsdb.point_measurement IS 'One row per merged point-source extraction of every run';
COMMENT ON COLUMN wsdb.point_measurement.src_id IS 'Unique in a run: HEALPix order 12 nested (28 bits), scan_key (25), sequence (10).';
COMMENT ON COLUMN wsdb.point_measurement.attempt_id IS 'Attempt that made the row; leads to run, scan, raw files and calibrations.';
COMMENT ON COLUMN wsdb.point_measurement.ra IS 'Right ascension, ICRS [deg].';
COMMENT ON COLUMN wsdb.point_measurement.decl IS 'Declination, ICRS [deg].';
COMMENT ON COLUMN wsdb.point_measurement.jdate IS 'Julian date of the measurement, UTC, good to 1 s from frames and to 30 s from finished images [d]. Null: the input has no time.';
COMMENT ON COLUMN wsdb.point_measurement.j_ra IS 'Right ascension of the J detection alone [deg]. Null: not measured in this band.';
COMMENT ON COLUMN wsdb.point_measurement.j_decl IS 'Declination of the J detection alone [deg]. Null: not measured in this band.';
COMMENT ON COLUMN wsdb.point_measurement.h_ra IS 'Right ascension of the H detection alone [deg]. Null: not measured in this band.';
COMMENT ON COLUMN wsdb.point_measurement.h_decl IS 'Declination of the H detection alone [deg]. Null: not measured in this band.';
COMMENT ON COLUMN wsdb.point_measurement.k_ra IS 'Right ascension of the Ks detection alone [deg]. Null: not measured in this band.';
COMMENT ON COLUMN wsdb.point_measurement.k_decl IS 'Declination of the Ks detection alone [deg]. Null: not measured in this band.';
COMMENT ON COLUMN wsdb.point_measurement.coadd_key IS 'Key of the Atlas image triple the source stands on (wsdb.atlas_image).';
COMMENT ON COLUMN wsdb.point_measurement.run_id IS 'Processing run.';
COMMENT ON COLUMN wsdb.point_measurement.scan_key IS 'Key of the scan (survey.scan).';
COMMENT ON COLUMN wsdb.point_measurement.id IS 'Number of the source within the scan.';
COMMENT ON COLUMN wsdb.point_measurement.dist_edge_ns IS 'Distance to the nearest north or south edge of what all bands of the scan cover; negative outside [arcsec].';
COMMENT ON COLUMN wsdb.point_measurement.dist_edge_ew IS 'Distance to the nearest east or west edge of what all bands of the scan cover; negative outside [arcsec].';
COMMENT ON COLUMN wsdb.point_measurement.ext_key IS 'Key of the same object among the extended sources. Null: given by a release, not by a reduction.';
COMMENT ON COLUMN wsdb.point_measurement.pts_key IS 'Key in a release. Null: given by a release, not by a reduction.';
COMMENT ON COLUMN wsdb.point_measurement.pxcntr IS 'pts_key of the nearest released neighbour. Null: given by a release, not by a reduction.';
COMMENT ON COLUMN wsdb.point_measurement.date IS 'Observation reference date: UT date at sunrise of the night.';
COMMENT ON COLUMN wsdb.point_measurement.err_maj IS 'Semi-major axis of the 1-sigma error ellipse [arcsec].';
COMMENT ON COLUMN wsdb.point_measurement.err_min IS 'Semi-minor axis of the 1-sigma error ellipse [arcsec].';
COMMENT ON COLUMN wsdb.point_measurement.glon IS 'Galactic longitude, rounded to 0.001 [deg].';
COMMENT ON COLUMN wsdb.point_measurement.glat IS 'Galactic latitude, rounded to 0.001 [deg].';
COMMENT ON COLUMN wsdb.point_measurement.x_scan IS 'Cross-scan position in the U-scan system [arcsec].';
COMMENT ON COLUMN wsdb.point_measurement.y_scan IS 'In-scan position in the U-scan system [arcsec].';
COMMENT ON COLUMN wsdb.point_measurement.prox IS 'Distance to the nearest released neighbour [arcsec]. Null: given by a release, not by a reduction.';
COMMENT ON COLUMN wsdb.point_measurement.dist_opt IS 'Distance to the associated optical source [arcsec]. Null: given by a release, not by a reduction.';
COMMENT ON COLUMN wsdb.point_measurement.b_m_opt IS 'Blue magnitude of the optical source [mag]. Null: given by a release, not by a reduction.';
COMMENT ON COLUMN wsdb.point_measurement.vr_m_opt IS 'V (Tycho-2) or red magnitude of the optical source [mag]. Null: given by a release, not by a reduction.';
COMMENT ON COLUMN wsdb.point_measurement.j_m IS 'J default magnitude, or 95 percent upper limit where ph_qual is U [mag]. Null: ph_qual X, or outside the coverage.';
COMMENT ON COLUMN wsdb.point_measurement.j_msig IS 'J uncorrected measurement uncertainty [mag]. Null: upper limit or no measurement.';
COMMENT ON COLUMN wsdb.point_measurement.j_cmsig IS 'J corrected measurement uncertainty [mag]. Null: upper limit, no measurement, or ph_qual F.';
COMMENT ON COLUMN wsdb.point_measurement.j_msigcom IS 'J total uncertainty with zero point and flat field [mag]. Null: cmsig is null, or the error of the zero point is unknown.';
COMMENT ON COLUMN wsdb.point_measurement.j_snr IS 'J scan signal-to-noise ratio. Null: upper limit or no measurement.';
COMMENT ON COLUMN wsdb.point_measurement.j_psfchi IS 'J reduced chi-squared of the profile fit. Null: no profile fit.';
COMMENT ON COLUMN wsdb.point_measurement.j_m_psf IS 'J profile-fit magnitude on the aperture scale [mag]. Null: no profile fit.';
COMMENT ON COLUMN wsdb.point_measurement.j_msig_psf IS 'J uncertainty of the profile-fit magnitude [mag]. Null: no profile fit.';
COMMENT ON COLUMN wsdb.point_measurement.j_m_stdap IS 'J standard aperture magnitude, 4 arcsec, curve-of-growth corrected [mag]. Null: negative flux or off the coverage.';
COMMENT ON COLUMN wsdb.point_measurement.j_msig_stdap IS 'J uncertainty of the standard aperture magnitude [mag]. Null: negative flux or off the coverage.';
COMMENT ON COLUMN wsdb.point_measurement.j_growth IS 'J curve-of-growth correction applied [mag]. Null: not measured in this band.';
COMMENT ON COLUMN wsdb.point_measurement.j_blend_cor IS 'J correlation of the light with that of the nearest component of its blend. Null: no component of a blend that all bands were fitted to jointly, or not seen in this band.';
COMMENT ON COLUMN wsdb.point_measurement.j_m_r1 IS 'J Read_1 aperture magnitude [mag]. Null: not measured on Read_1 frames; always for sources from Atlas images.';
COMMENT ON COLUMN wsdb.point_measurement.j_msig_r1 IS 'J uncertainty of the Read_1 magnitude [mag]. Null: not measured on Read_1 frames.';
COMMENT ON COLUMN wsdb.point_measurement.j_sky_dn IS 'J local background [adu]. Null: not measured in this band.';
COMMENT ON COLUMN wsdb.point_measurement.h_m IS 'H default magnitude, or 95 percent upper limit where ph_qual is U [mag]. Null: ph_qual X, or outside the coverage.';
COMMENT ON COLUMN wsdb.point_measurement.h_msig IS 'H uncorrected measurement uncertainty [mag]. Null: upper limit or no measurement.';
COMMENT ON COLUMN wsdb.point_measurement.h_cmsig IS 'H corrected measurement uncertainty [mag]. Null: upper limit, no measurement, or ph_qual F.';
COMMENT ON COLUMN wsdb.point_measurement.h_msigcom IS 'H total uncertainty with zero point and flat field [mag]. Null: cmsig is null, or the error of the zero point is unknown.';
COMMENT ON COLUMN wsdb.point_measurement.h_snr IS 'H scan signal-to-noise ratio. Null: upper limit or no measurement.';
COMMENT ON COLUMN wsdb.point_measurement.h_psfchi IS 'H reduced chi-squared of the profile fit. Null: no profile fit.';
COMMENT ON COLUMN wsdb.point_measurement.h_m_psf IS 'H profile-fit magnitude on the aperture scale [mag]. Null: no profile fit.';
COMMENT ON COLUMN wsdb.point_measurement.h_msig_psf IS 'H uncertainty of the profile-fit magnitude [mag]. Null: no profile fit.';
COMMENT ON COLUMN wsdb.point_measurement.h_m_stdap IS 'H standard aperture magnitude, 4 arcsec, curve-of-growth corrected [mag]. Null: negative flux or off the coverage.';
COMMENT ON COLUMN wsdb.point_measurement.h_msig_stdap IS 'H uncertainty of the standard aperture magnitude [mag]. Null: negative flux or off the coverage.';
COMMENT ON COLUMN wsdb.point_measurement.h_growth IS 'H curve-of-growth correction applied [mag]. Null: not measured in this band.';
COMMENT ON COLUMN wsdb.point_measurement.h_blend_cor IS 'H correlation of the light with that of the nearest component of its blend. Null: no component of a blend that all bands were fitted to jointly, or not seen in this band.';
COMMENT ON COLUMN wsdb.point_measurement.h_m_r1 IS 'H Read_1 aperture magnitude [mag]. Null: not measured on Read_1 frames; always for sources from Atlas images.';
COMMENT ON COLUMN wsdb.point_measurement.h_msig_r1 IS 'H uncertainty of the Read_1 magnitude [mag]. Null: not measured on Read_1 frames.';
COMMENT ON COLUMN wsdb.point_measurement.h_sky_dn IS 'H local background [adu]. Null: not measured in this band.';
COMMENT ON COLUMN wsdb.point_measurement.k_m IS 'Ks default magnitude, or 95 percent upper limit where ph_qual is U [mag]. Null: ph_qual X, or outside the coverage.';
COMMENT ON COLUMN wsdb.point_measurement.k_msig IS 'Ks uncorrected measurement uncertainty [mag]. Null: upper limit or no measurement.';
COMMENT ON COLUMN wsdb.point_measurement.k_cmsig IS 'Ks corrected measurement uncertainty [mag]. Null: upper limit, no measurement, or ph_qual F.';
COMMENT ON COLUMN wsdb.point_measurement.k_msigcom IS 'Ks total uncertainty with zero point and flat field [mag]. Null: cmsig is null, or the error of the zero point is unknown.';
COMMENT ON COLUMN wsdb.point_measurement.k_snr IS 'Ks scan signal-to-noise ratio. Null: upper limit or no measurement.';
COMMENT ON COLUMN wsdb.point_measurement.k_psfchi IS 'Ks reduced chi-squared of the profile fit. Null: no profile fit.';
COMMENT ON COLUMN wsdb.point_measurement.k_m_psf IS 'Ks profile-fit magnitude on the aperture scale [mag]. Null: no profile fit.';
COMMENT ON COLUMN wsdb.point_measurement.k_msig_psf IS 'Ks uncertainty of the profile-fit magnitude [mag]. Null: no profile fit.';
COMMENT ON COLUMN wsdb.point_measurement.k_m_stdap IS 'Ks standard aperture magnitude, 4 arcsec, curve-of-growth corrected [mag]. Null: negative flux or off the coverage.';
COMMENT ON COLUMN wsdb.point_measurement.k_msig_stdap IS 'Ks uncertainty of the standard aperture magnitude [mag]. Null: negative flux or off the coverage.';
COMMENT ON COLUMN wsdb.point_measurement.k_growth IS 'Ks curve-of-growth correction applied [mag]. Null: not measured in this band.';
COMMENT ON COLUMN wsdb.point_measurement.k_blend_cor IS 'Ks correlation of the light with that of the nearest component of its blend. Null: no component of a blend that all bands were fitted to jointly, or not seen in this band.';
COMMENT ON COLUMN wsdb.point_measurement.k_m_r1 IS 'Ks Read_1 aperture magnitude [mag]. Null: not measured on Read_1 frames; always for sources from Atlas images.';
COMMENT ON COLUMN wsdb.point_measurement.k_msig_r1 IS 'Ks uncertainty of the Read_1 magnitude [mag]. Null: not measured on Read_1 frames.';
COMMENT ON COLUMN wsdb.point_measurement.k_sky_dn IS 'Ks local background [adu]. Null: not measured in this band.';
COMMENT ON COLUMN wsdb.point_measurement.blend_fall IS 'Change of chi-squared in all bands by this component of a blend, or by a second star that was rejected. Null: no second star was tried, the source has no raw frames, or it saturates.';
COMMENT ON COLUMN wsdb.point_measurement.blend_id IS 'Number, in the scan, of the blend whose components all bands were fitted to jointly. Null: no component of such a blend.';
COMMENT ON COLUMN wsdb.point_measurement.blend_part IS 'Number of the component in its blend, 1 for the brightest. Null: no component of such a blend.';
COMMENT ON COLUMN wsdb.point_measurement.scan IS 'Scan number in the night.';
COMMENT ON COLUMN wsdb.point_measurement.coadd IS 'Atlas image number in the scan.';
COMMENT ON COLUMN wsdb.point_measurement.err_ang IS 'Position angle of the error ellipse, east of north [deg].';
COMMENT ON COLUMN wsdb.point_measurement.pxpa IS 'Position angle of the nearest released neighbour [deg]. Null: given by a release, not by a reduction.';
COMMENT ON COLUMN wsdb.point_measurement.gal_contam IS 'Contamination by an extended source: 0 none, 1 is one, 2 inside one. Null: given by a release, not by a reduction.';
COMMENT ON COLUMN wsdb.point_measurement.mp_flg IS '1 where the predicted place of a minor planet is near, 0 where none is. Null: given by a release, not by a reduction.';
COMMENT ON COLUMN wsdb.point_measurement.dup_src IS 'Duplicate-source flag of a release. Null: given by a release, not by a reduction.';
COMMENT ON COLUMN wsdb.point_measurement.use_src IS 'Use-source flag of a release. Null: given by a release, not by a reduction.';
COMMENT ON COLUMN wsdb.point_measurement.phi_opt IS 'Position angle seen from the optical source, east of north [deg]. Null: given by a release, not by a reduction.';
COMMENT ON COLUMN wsdb.point_measurement.nopt_mchs IS 'Optical sources within 5 arcsec. Null: given by a release, not by a reduction.';
COMMENT ON COLUMN wsdb.point_measurement.designation IS 'Sexagesimal name made from the truncated position. Null: given by a release, not by a reduction.';
COMMENT ON COLUMN wsdb.point_measurement.ph_qual IS 'Photometric quality, one letter a band.';
COMMENT ON COLUMN wsdb.point_measurement.rd_flg IS 'Origin of the default magnitude, one digit a band.';
COMMENT ON COLUMN wsdb.point_measurement.bl_flg IS 'Blend flag, one digit a band.';
COMMENT ON COLUMN wsdb.point_measurement.cc_flg IS 'Contamination and confusion; capitals mean the row is an artefact.';
COMMENT ON COLUMN wsdb.point_measurement.ndet IS 'Frame statistics NjMjNhMhNkMk.';
COMMENT ON COLUMN wsdb.point_measurement.cnf_flg IS 'Candidate matches the band merger met: JH JK HJ HK KJ KH.';
COMMENT ON COLUMN wsdb.point_measurement.hemis IS 'Observatory: n Mt. Hopkins, s Cerro Tololo.';
COMMENT ON COLUMN wsdb.point_measurement.dist_edge_flg IS 'Which edges are nearest: n or s, then e or w.';
COMMENT ON COLUMN wsdb.point_measurement.a IS 'Optical association: 0 none, T Tycho-2, U USNO-A2.0. Null: given by a release, not by a reduction.';

CREATE TABLE wsdb.postage_stamp (
    stamp_id BIGINT GENERATED ALWAYS AS IDENTITY,
    ext_id BIGINT NOT NULL,
    coadd_key BIGINT NOT NULL,
    run_id INTEGER NOT NULL,
    attempt_id BIGINT NOT NULL,
    scan_key INTEGER NOT NULL,
    ra DOUBLE PRECISION NOT NULL,
    decl DOUBLE PRECISION NOT NULL,
    side_pix SMALLINT NOT NULL,
    bands TEXT NOT NULL,
    url TEXT NOT NULL,
    sha256 CHAR(64) NOT NULL,
    CONSTRAINT pk_postage_stamp PRIMARY KEY (stamp_id),
    CONSTRAINT fk_postage_stamp_attempt_id_run_id_scan_key FOREIGN KEY(attempt_id, run_id, scan_key) REFERENCES production.attempt (attempt_id, run_id, scan_key),
    CONSTRAINT uq_postage_stamp_run_id_ext_id UNIQUE (run_id, ext_id),
    CONSTRAINT fk_postage_stamp_run_id FOREIGN KEY(run_id) REFERENCES production.run (run_id),
    CONSTRAINT fk_postage_stamp_scan_key FOREIGN KEY(scan_key) REFERENCES survey.scan (scan_key)
);
CREATE INDEX ix_postage_stamp_attempt_id ON wsdb.postage_stamp (attempt_id);
COMMENT ON TABLE wsdb.postage_stamp IS 'Postage stamps of extended sources, cut from the Atlas images of their scan';
COMMENT ON COLUMN wsdb.postage_stamp.stamp_id IS 'Key';
COMMENT ON COLUMN wsdb.postage_stamp.ext_id IS 'Extended source of the same run';
COMMENT ON COLUMN wsdb.postage_stamp.coadd_key IS 'Atlas image triple that it was cut from';
COMMENT ON COLUMN wsdb.postage_stamp.run_id IS 'Run';
COMMENT ON COLUMN wsdb.postage_stamp.attempt_id IS 'Attempt that made it';
COMMENT ON COLUMN wsdb.postage_stamp.scan_key IS 'Scan';
COMMENT ON COLUMN wsdb.postage_stamp.ra IS 'Right ascension of its middle, ICRS degrees';
COMMENT ON COLUMN wsdb.postage_stamp.decl IS 'Declination of its middle, ICRS degrees';
COMMENT ON COLUMN wsdb.postage_stamp.side_pix IS 'Columns and rows';
COMMENT ON COLUMN wsdb.postage_stamp.bands IS 'Bands that it has: jhk, or fewer';
COMMENT ON COLUMN wsdb.postage_stamp.url IS 'FITS file with a plane a band: name in the store';
COMMENT ON COLUMN wsdb.postage_stamp.sha256 IS 'SHA-256 of the file';

CREATE TABLE wsdb.scan_coverage (
    attempt_id BIGINT NOT NULL,
    run_id INTEGER NOT NULL,
    scan_key INTEGER NOT NULL,
    band CHAR(1) NOT NULL,
    footprint spoly NOT NULL,
    ra_1 DOUBLE PRECISION NOT NULL,
    dec_1 DOUBLE PRECISION NOT NULL,
    ra_2 DOUBLE PRECISION NOT NULL,
    dec_2 DOUBLE PRECISION NOT NULL,
    ra_3 DOUBLE PRECISION NOT NULL,
    dec_3 DOUBLE PRECISION NOT NULL,
    ra_4 DOUBLE PRECISION NOT NULL,
    dec_4 DOUBLE PRECISION NOT NULL,
    coverage INT8MULTIRANGE NOT NULL,
    coverage_order SMALLINT NOT NULL,
    CONSTRAINT pk_scan_coverage PRIMARY KEY (attempt_id, band),
    CONSTRAINT fk_scan_coverage_attempt_id_run_id_scan_key FOREIGN KEY(attempt_id, run_id, scan_key) REFERENCES production.attempt (attempt_id, run_id, scan_key),
    CONSTRAINT uq_scan_coverage_run_id_scan_key_band UNIQUE (run_id, scan_key, band),
    CONSTRAINT ck_scan_coverage_band_known CHECK (band IN ('j', 'h', 'k', '-')),
    CONSTRAINT fk_scan_coverage_run_id FOREIGN KEY(run_id) REFERENCES production.run (run_id),
    CONSTRAINT fk_scan_coverage_scan_key FOREIGN KEY(scan_key) REFERENCES survey.scan (scan_key)
);
CREATE INDEX ix_scan_coverage_footprint ON wsdb.scan_coverage USING gist (footprint) WHERE band = '-';
COMMENT ON TABLE wsdb.scan_coverage IS 'Where the scans of a run looked, by their images: a row a band and one for all bands';
COMMENT ON COLUMN wsdb.scan_coverage.attempt_id IS 'Attempt whose images it is of';
COMMENT ON COLUMN wsdb.scan_coverage.run_id IS 'Run';
COMMENT ON COLUMN wsdb.scan_coverage.scan_key IS 'Scan';
COMMENT ON COLUMN wsdb.scan_coverage.band IS 'j, h or k; - for what all bands of the scan cover: edges count from there';
COMMENT ON COLUMN wsdb.scan_coverage.footprint IS 'Great circles through the corners; gaps within do not show';
COMMENT ON COLUMN wsdb.scan_coverage.ra_1 IS 'ra of the south-eastern corner in the registered solution, ICRS degrees';
COMMENT ON COLUMN wsdb.scan_coverage.dec_1 IS 'dec of the south-eastern corner in the registered solution, ICRS degrees';
COMMENT ON COLUMN wsdb.scan_coverage.ra_2 IS 'ra of the south-western corner in the registered solution, ICRS degrees';
COMMENT ON COLUMN wsdb.scan_coverage.dec_2 IS 'dec of the south-western corner in the registered solution, ICRS degrees';
COMMENT ON COLUMN wsdb.scan_coverage.ra_3 IS 'ra of the north-eastern corner in the registered solution, ICRS degrees';
COMMENT ON COLUMN wsdb.scan_coverage.dec_3 IS 'dec of the north-eastern corner in the registered solution, ICRS degrees';
COMMENT ON COLUMN wsdb.scan_coverage.ra_4 IS 'ra of the north-western corner in the registered solution, ICRS degrees';
COMMENT ON COLUMN wsdb.scan_coverage.dec_4 IS 'dec of the north-western corner in the registered solution, ICRS degrees';
COMMENT ON COLUMN wsdb.scan_coverage.coverage IS 'HEALPix cells with data, as ranges of nested cells of order 29';
COMMENT ON COLUMN wsdb.scan_coverage.coverage_order IS 'HEALPix order of the cells that were found covered';

CREATE TABLE calibration.adopted_scan (
    run_id INTEGER NOT NULL,
    scan_key INTEGER NOT NULL,
    solution_id INTEGER,
    j_centre_mag DOUBLE PRECISION,
    j_slope_mag DOUBLE PRECISION,
    j_curvature_mag DOUBLE PRECISION,
    j_error_mag DOUBLE PRECISION,
    h_centre_mag DOUBLE PRECISION,
    h_slope_mag DOUBLE PRECISION,
    h_curvature_mag DOUBLE PRECISION,
    h_error_mag DOUBLE PRECISION,
    k_centre_mag DOUBLE PRECISION,
    k_slope_mag DOUBLE PRECISION,
    k_curvature_mag DOUBLE PRECISION,
    k_error_mag DOUBLE PRECISION,
    attempt_id BIGINT,
    astrometry_id INTEGER,
    middle_ra_deg DOUBLE PRECISION,
    first_deg DOUBLE PRECISION,
    segment_deg DOUBLE PRECISION,
    east_deg DOUBLE PRECISION[],
    east_slope DOUBLE PRECISION[],
    north_deg DOUBLE PRECISION[],
    north_slope DOUBLE PRECISION[],
    ahead DOUBLE PRECISION[],
    to_the_right DOUBLE PRECISION[],
    start_rad DOUBLE PRECISION,
    segment_rad DOUBLE PRECISION,
    east_arcsec DOUBLE PRECISION[],
    north_arcsec DOUBLE PRECISION[],
    error_arcsec DOUBLE PRECISION[],
    CONSTRAINT pk_adopted_scan PRIMARY KEY (run_id, scan_key),
    CONSTRAINT ck_adopted_scan_places_of_an_attempt CHECK (num_nulls(attempt_id, astrometry_id, error_arcsec) IN (0, 3)),
    CONSTRAINT ck_adopted_scan_adopted_something CHECK (num_nonnulls(solution_id, astrometry_id) > 0),
    CONSTRAINT fk_adopted_scan_run_id FOREIGN KEY(run_id) REFERENCES production.run (run_id),
    CONSTRAINT fk_adopted_scan_scan_key FOREIGN KEY(scan_key) REFERENCES survey.scan (scan_key),
    CONSTRAINT fk_adopted_scan_solution_id FOREIGN KEY(solution_id) REFERENCES calibration.solution (solution_id),
    CONSTRAINT fk_adopted_scan_attempt_id FOREIGN KEY(attempt_id) REFERENCES production.attempt (attempt_id),
    CONSTRAINT fk_adopted_scan_astrometry_id FOREIGN KEY(astrometry_id) REFERENCES calibration.astrometry (astrometry_id)
);
CREATE UNIQUE INDEX ix_adopted_scan_attempt_id ON calibration.adopted_scan (attempt_id);
COMMENT ON TABLE calibration.adopted_scan IS 'Zero points and offsets of adopted solutions, a row a scan: what the calibrated views join, kept by triggers. A stretch lies between the middles of two segments, the first and the last go on beyond';
COMMENT ON COLUMN calibration.adopted_scan.run_id IS 'Run';
COMMENT ON COLUMN calibration.adopted_scan.scan_key IS 'Scan';
COMMENT ON COLUMN calibration.adopted_scan.solution_id IS 'Photometric solution adopted; null: none has the scan';
COMMENT ON COLUMN calibration.adopted_scan.j_centre_mag IS 'J: added to magnitudes at x_scan = 0; null where the solution has none of the band';
COMMENT ON COLUMN calibration.adopted_scan.j_slope_mag IS 'J: times x_scan in arcsec, to be added; null where the solution has none of the band';
COMMENT ON COLUMN calibration.adopted_scan.j_curvature_mag IS 'J: times the square of x_scan in arcsec, to be added too; null where the solution has none of the band';
COMMENT ON COLUMN calibration.adopted_scan.j_error_mag IS 'J: error of the offset; null where the solution has none of the band';
COMMENT ON COLUMN calibration.adopted_scan.h_centre_mag IS 'H: added to magnitudes at x_scan = 0; null where the solution has none of the band';
COMMENT ON COLUMN calibration.adopted_scan.h_slope_mag IS 'H: times x_scan in arcsec, to be added; null where the solution has none of the band';
COMMENT ON COLUMN calibration.adopted_scan.h_curvature_mag IS 'H: times the square of x_scan in arcsec, to be added too; null where the solution has none of the band';
COMMENT ON COLUMN calibration.adopted_scan.h_error_mag IS 'H: error of the offset; null where the solution has none of the band';
COMMENT ON COLUMN calibration.adopted_scan.k_centre_mag IS 'Ks: added to magnitudes at x_scan = 0; null where the solution has none of the band';
COMMENT ON COLUMN calibration.adopted_scan.k_slope_mag IS 'Ks: times x_scan in arcsec, to be added; null where the solution has none of the band';
COMMENT ON COLUMN calibration.adopted_scan.k_curvature_mag IS 'Ks: times the square of x_scan in arcsec, to be added too; null where the solution has none of the band';
COMMENT ON COLUMN calibration.adopted_scan.k_error_mag IS 'Ks: error of the offset; null where the solution has none of the band';
COMMENT ON COLUMN calibration.adopted_scan.attempt_id IS 'Attempt whose places the astrometric solution corrects; null: there is none';
COMMENT ON COLUMN calibration.adopted_scan.astrometry_id IS 'Astrometric solution adopted';
COMMENT ON COLUMN calibration.adopted_scan.middle_ra_deg IS 'As in scan_astrometry';
COMMENT ON COLUMN calibration.adopted_scan.first_deg IS 'Declination at which the stretch of number 0 has its middle; null if directed. The first three stretches and the last ones repeat those within the scan';
COMMENT ON COLUMN calibration.adopted_scan.segment_deg IS 'As in scan_astrometry';
COMMENT ON COLUMN calibration.adopted_scan.east_deg IS 'Offset to the east by stretch: at declination 0, degrees; null if directed';
COMMENT ON COLUMN calibration.adopted_scan.east_slope IS 'Offset to the east by stretch: by degree of declination, degrees; null if directed';
COMMENT ON COLUMN calibration.adopted_scan.north_deg IS 'Offset to the north by stretch: at declination 0, degrees; null if directed';
COMMENT ON COLUMN calibration.adopted_scan.north_slope IS 'Offset to the north by stretch: by degree of declination, degrees; null if directed';
COMMENT ON COLUMN calibration.adopted_scan.ahead IS 'As in scan_astrometry';
COMMENT ON COLUMN calibration.adopted_scan.to_the_right IS 'As in scan_astrometry';
COMMENT ON COLUMN calibration.adopted_scan.start_rad IS 'As in scan_astrometry';
COMMENT ON COLUMN calibration.adopted_scan.segment_rad IS 'As in scan_astrometry';
COMMENT ON COLUMN calibration.adopted_scan.east_arcsec IS 'As in scan_astrometry, of a directed scan; else null';
COMMENT ON COLUMN calibration.adopted_scan.north_arcsec IS 'As in scan_astrometry, of a directed scan; else null';
COMMENT ON COLUMN calibration.adopted_scan.error_arcsec IS 'Error of one coordinate by stretch; of a directed scan one';

CREATE TABLE calibration.adoption (
    run_id INTEGER NOT NULL,
    night_id INTEGER NOT NULL,
    solution_id INTEGER NOT NULL,
    adopted_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    adopted_by TEXT NOT NULL,
    CONSTRAINT pk_adoption PRIMARY KEY (run_id, night_id),
    CONSTRAINT fk_adoption_run_id FOREIGN KEY(run_id) REFERENCES production.run (run_id),
    CONSTRAINT fk_adoption_night_id FOREIGN KEY(night_id) REFERENCES survey.night (night_id),
    CONSTRAINT fk_adoption_solution_id FOREIGN KEY(solution_id) REFERENCES calibration.solution (solution_id)
);
COMMENT ON TABLE calibration.adoption IS 'The solution through which the rows of a night of a run are seen';
COMMENT ON COLUMN calibration.adoption.run_id IS 'Run';
COMMENT ON COLUMN calibration.adoption.night_id IS 'Night';
COMMENT ON COLUMN calibration.adoption.solution_id IS 'Solution its rows are seen by';
COMMENT ON COLUMN calibration.adoption.adopted_at IS 'When';
COMMENT ON COLUMN calibration.adoption.adopted_by IS 'Person, or the task that made the solution';

CREATE TABLE calibration.astrometry_adoption (
    run_id INTEGER NOT NULL,
    night_id INTEGER NOT NULL,
    astrometry_id INTEGER NOT NULL,
    adopted_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    adopted_by TEXT NOT NULL,
    CONSTRAINT pk_astrometry_adoption PRIMARY KEY (run_id, night_id),
    CONSTRAINT fk_astrometry_adoption_run_id FOREIGN KEY(run_id) REFERENCES production.run (run_id),
    CONSTRAINT fk_astrometry_adoption_night_id FOREIGN KEY(night_id) REFERENCES survey.night (night_id),
    CONSTRAINT fk_astrometry_adoption_astrometry_id FOREIGN KEY(astrometry_id) REFERENCES calibration.astrometry (astrometry_id)
);
COMMENT ON TABLE calibration.astrometry_adoption IS 'The astrometric solution through which the places of a night of a run are seen';
COMMENT ON COLUMN calibration.astrometry_adoption.run_id IS 'Run';
COMMENT ON COLUMN calibration.astrometry_adoption.night_id IS 'Night';
COMMENT ON COLUMN calibration.astrometry_adoption.astrometry_id IS 'Solution its places are seen by';
COMMENT ON COLUMN calibration.astrometry_adoption.adopted_at IS 'When';
COMMENT ON COLUMN calibration.astrometry_adoption.adopted_by IS 'Person, or the task that made the solution';

CREATE TABLE calibration.attempt_used (
    solution_id INTEGER NOT NULL,
    attempt_id BIGINT NOT NULL,
    CONSTRAINT pk_attempt_used PRIMARY KEY (solution_id, attempt_id),
    CONSTRAINT fk_attempt_used_solution_id FOREIGN KEY(solution_id) REFERENCES calibration.solution (solution_id),
    CONSTRAINT fk_attempt_used_attempt_id FOREIGN KEY(attempt_id) REFERENCES production.attempt (attempt_id)
);
COMMENT ON TABLE calibration.attempt_used IS 'Attempts whose rows solutions were made of';
COMMENT ON COLUMN calibration.attempt_used.solution_id IS 'Solution';
COMMENT ON COLUMN calibration.attempt_used.attempt_id IS 'Attempt whose rows it read';

CREATE TABLE calibration.overlap_used (
    solution_id INTEGER NOT NULL,
    scan_a INTEGER NOT NULL,
    scan_b INTEGER NOT NULL,
    band CHAR(1) NOT NULL,
    stars INTEGER NOT NULL,
    delta_mag DOUBLE PRECISION NOT NULL,
    scatter_mag DOUBLE PRECISION NOT NULL,
    x_a DOUBLE PRECISION NOT NULL,
    x2_a DOUBLE PRECISION NOT NULL,
    x_b DOUBLE PRECISION NOT NULL,
    x2_b DOUBLE PRECISION NOT NULL,
    residual_mag DOUBLE PRECISION NOT NULL,
    weight DOUBLE PRECISION NOT NULL,
    held_out_mag DOUBLE PRECISION,
    CONSTRAINT pk_overlap_used PRIMARY KEY (solution_id, band, scan_a, scan_b),
    CONSTRAINT ck_overlap_used_band_known CHECK (band IN ('j', 'h', 'k')),
    CONSTRAINT fk_overlap_used_solution_id FOREIGN KEY(solution_id) REFERENCES calibration.solution (solution_id),
    CONSTRAINT fk_overlap_used_scan_a FOREIGN KEY(scan_a) REFERENCES survey.scan (scan_key),
    CONSTRAINT fk_overlap_used_scan_b FOREIGN KEY(scan_b) REFERENCES survey.scan (scan_key)
);
COMMENT ON TABLE calibration.overlap_used IS 'Overlaps of scans that global solutions were made of';
COMMENT ON COLUMN calibration.overlap_used.solution_id IS 'Solution';
COMMENT ON COLUMN calibration.overlap_used.scan_a IS 'Scan';
COMMENT ON COLUMN calibration.overlap_used.scan_b IS 'Scan of a larger key';
COMMENT ON COLUMN calibration.overlap_used.band IS 'j, h or k';
COMMENT ON COLUMN calibration.overlap_used.stars IS 'Stars measured on both';
COMMENT ON COLUMN calibration.overlap_used.delta_mag IS 'Median of magnitudes of a minus b, on the nominal scale';
COMMENT ON COLUMN calibration.overlap_used.scatter_mag IS '1.4826 times the median absolute deviation';
COMMENT ON COLUMN calibration.overlap_used.x_a IS 'Mean of x_scan / 256 of the stars on a';
COMMENT ON COLUMN calibration.overlap_used.x2_a IS 'Mean of its square';
COMMENT ON COLUMN calibration.overlap_used.x_b IS 'Mean of x_scan / 256 of the stars on b';
COMMENT ON COLUMN calibration.overlap_used.x2_b IS 'Mean of its square';
COMMENT ON COLUMN calibration.overlap_used.residual_mag IS 'Delta minus solution';
COMMENT ON COLUMN calibration.overlap_used.weight IS 'Weight that it kept, 0 to 1';
COMMENT ON COLUMN calibration.overlap_used.held_out_mag IS 'Residual of the stars held out; null where there are none';

CREATE TABLE calibration.scan_astrometry (
    astrometry_id INTEGER NOT NULL,
    scan_key INTEGER NOT NULL,
    attempt_id BIGINT NOT NULL,
    middle_ra_deg DOUBLE PRECISION,
    south_deg DOUBLE PRECISION,
    segment_deg DOUBLE PRECISION,
    ahead DOUBLE PRECISION[],
    to_the_right DOUBLE PRECISION[],
    start_rad DOUBLE PRECISION,
    segment_rad DOUBLE PRECISION,
    east_arcsec DOUBLE PRECISION[] NOT NULL,
    north_arcsec DOUBLE PRECISION[] NOT NULL,
    error_arcsec DOUBLE PRECISION[] NOT NULL,
    reference_stars INTEGER NOT NULL,
    segment_overlaps INTEGER NOT NULL,
    CONSTRAINT pk_scan_astrometry PRIMARY KEY (astrometry_id, scan_key),
    CONSTRAINT ck_scan_astrometry_segment_has_length CHECK (segment_deg > 0 OR segment_rad > 0),
    CONSTRAINT ck_scan_astrometry_by_declination CHECK (num_nulls(middle_ra_deg, south_deg, segment_deg) IN (0, 3)),
    CONSTRAINT ck_scan_astrometry_by_direction CHECK (num_nulls(ahead, to_the_right, start_rad, segment_rad) IN (0, 4)),
    CONSTRAINT ck_scan_astrometry_one_of_both CHECK ((south_deg IS NULL) = (ahead IS NOT NULL)),
    CONSTRAINT ck_scan_astrometry_east_of_each CHECK (cardinality(east_arcsec) = cardinality(error_arcsec)),
    CONSTRAINT ck_scan_astrometry_north_of_each CHECK (cardinality(north_arcsec) = cardinality(error_arcsec)),
    CONSTRAINT ck_scan_astrometry_two_segments CHECK (cardinality(error_arcsec) > 1),
    CONSTRAINT ck_scan_astrometry_small_offsets CHECK (2 >= ALL (east_arcsec || north_arcsec) AND -2 <= ALL (east_arcsec || north_arcsec)),
    CONSTRAINT fk_scan_astrometry_astrometry_id FOREIGN KEY(astrometry_id) REFERENCES calibration.astrometry (astrometry_id),
    CONSTRAINT fk_scan_astrometry_scan_key FOREIGN KEY(scan_key) REFERENCES survey.scan (scan_key),
    CONSTRAINT fk_scan_astrometry_attempt_id FOREIGN KEY(attempt_id) REFERENCES production.attempt (attempt_id)
);
COMMENT ON TABLE calibration.scan_astrometry IS 'Offsets of the segments of scans by astrometric solution';
COMMENT ON COLUMN calibration.scan_astrometry.astrometry_id IS 'Solution';
COMMENT ON COLUMN calibration.scan_astrometry.scan_key IS 'Scan';
COMMENT ON COLUMN calibration.scan_astrometry.attempt_id IS 'Attempt whose rows it corrects, and no others';
COMMENT ON COLUMN calibration.scan_astrometry.middle_ra_deg IS 'Right ascension of the middle of the scan; null of a directed scan';
COMMENT ON COLUMN calibration.scan_astrometry.south_deg IS 'Declination at which the first segment begins; null of a directed scan';
COMMENT ON COLUMN calibration.scan_astrometry.segment_deg IS 'Length of a segment in declination; null of a directed scan';
COMMENT ON COLUMN calibration.scan_astrometry.ahead IS 'Of a directed scan its direction as a unit vector: a place along it is the product with the direction of a star; else null';
COMMENT ON COLUMN calibration.scan_astrometry.to_the_right IS 'Of a directed scan the direction to its right, as a unit vector';
COMMENT ON COLUMN calibration.scan_astrometry.start_rad IS 'Place along a directed scan at which the first segment begins';
COMMENT ON COLUMN calibration.scan_astrometry.segment_rad IS 'Length of a segment of a directed scan';
COMMENT ON COLUMN calibration.scan_astrometry.east_arcsec IS 'To be added to the east, of a directed scan to the right, by segment';
COMMENT ON COLUMN calibration.scan_astrometry.north_arcsec IS 'To be added to the north, of a directed scan ahead';
COMMENT ON COLUMN calibration.scan_astrometry.error_arcsec IS 'Error of one coordinate of an offset, 1 sigma';
COMMENT ON COLUMN calibration.scan_astrometry.reference_stars IS 'Reference stars measured on the scan';
COMMENT ON COLUMN calibration.scan_astrometry.segment_overlaps IS 'Overlaps of its segments with other scans';

CREATE TABLE calibration.scan_zero_point (
    solution_id INTEGER NOT NULL,
    scan_key INTEGER NOT NULL,
    band CHAR(1) NOT NULL,
    offset_mag DOUBLE PRECISION NOT NULL,
    linear_mag DOUBLE PRECISION DEFAULT 0 NOT NULL,
    quadratic_mag DOUBLE PRECISION DEFAULT 0 NOT NULL,
    error_mag DOUBLE PRECISION NOT NULL,
    loss_mag DOUBLE PRECISION,
    photometric BOOLEAN NOT NULL,
    reason TEXT NOT NULL,
    CONSTRAINT pk_scan_zero_point PRIMARY KEY (solution_id, scan_key, band),
    CONSTRAINT ck_scan_zero_point_band_known CHECK (band IN ('j', 'h', 'k')),
    CONSTRAINT fk_scan_zero_point_solution_id FOREIGN KEY(solution_id) REFERENCES calibration.solution (solution_id),
    CONSTRAINT fk_scan_zero_point_scan_key FOREIGN KEY(scan_key) REFERENCES survey.scan (scan_key)
);
COMMENT ON TABLE calibration.scan_zero_point IS 'Zero points of scans by solution, with the verdict of each scan';
COMMENT ON COLUMN calibration.scan_zero_point.solution_id IS 'Solution';
COMMENT ON COLUMN calibration.scan_zero_point.scan_key IS 'Scan';
COMMENT ON COLUMN calibration.scan_zero_point.band IS 'j, h or k';
COMMENT ON COLUMN calibration.scan_zero_point.offset_mag IS 'To be added to magnitudes on the nominal scale';
COMMENT ON COLUMN calibration.scan_zero_point.linear_mag IS 'Times x_scan / 256, to be added: flat across the scan';
COMMENT ON COLUMN calibration.scan_zero_point.quadratic_mag IS 'Times (x_scan / 256)^2 - 1/3, to be added too';
COMMENT ON COLUMN calibration.scan_zero_point.error_mag IS 'Error of the offset, 1 sigma';
COMMENT ON COLUMN calibration.scan_zero_point.loss_mag IS 'Light lost against the model of the night; null where no model says it';
COMMENT ON COLUMN calibration.scan_zero_point.photometric IS 'Whether the scan lies in a photometric span and is clear, in all bands';
COMMENT ON COLUMN calibration.scan_zero_point.reason IS 'Why it is photometric, or is not';

CREATE TABLE calibration.set_used (
    solution_id INTEGER NOT NULL,
    night_id INTEGER NOT NULL,
    number SMALLINT NOT NULL,
    band CHAR(1) NOT NULL,
    field TEXT NOT NULL,
    scans SMALLINT NOT NULL,
    standards SMALLINT NOT NULL,
    observed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    airmass DOUBLE PRECISION NOT NULL,
    offset_mag DOUBLE PRECISION NOT NULL,
    error_mag DOUBLE PRECISION NOT NULL,
    scatter_mag DOUBLE PRECISION,
    residual_mag DOUBLE PRECISION,
    weight DOUBLE PRECISION NOT NULL,
    accepted BOOLEAN NOT NULL,
    CONSTRAINT pk_set_used PRIMARY KEY (solution_id, night_id, number, band),
    CONSTRAINT ck_set_used_band_known CHECK (band IN ('j', 'h', 'k')),
    CONSTRAINT fk_set_used_solution_id FOREIGN KEY(solution_id) REFERENCES calibration.solution (solution_id),
    CONSTRAINT fk_set_used_night_id FOREIGN KEY(night_id) REFERENCES survey.night (night_id)
);
COMMENT ON TABLE calibration.set_used IS 'Calibration sets that solutions were made of';
COMMENT ON COLUMN calibration.set_used.solution_id IS 'Solution';
COMMENT ON COLUMN calibration.set_used.night_id IS 'Night';
COMMENT ON COLUMN calibration.set_used.number IS 'Number of the set in its night, in the order of time, from 1';
COMMENT ON COLUMN calibration.set_used.band IS 'j, h or k';
COMMENT ON COLUMN calibration.set_used.field IS 'Calibration field';
COMMENT ON COLUMN calibration.set_used.scans IS 'Scans of the set that were used';
COMMENT ON COLUMN calibration.set_used.standards IS 'Standard stars measured';
COMMENT ON COLUMN calibration.set_used.observed_at IS 'Middle of the set, UTC';
COMMENT ON COLUMN calibration.set_used.airmass IS 'Mean airmass';
COMMENT ON COLUMN calibration.set_used.offset_mag IS 'Mean of standard minus measured magnitude';
COMMENT ON COLUMN calibration.set_used.error_mag IS 'Error of the mean, 1 sigma';
COMMENT ON COLUMN calibration.set_used.scatter_mag IS 'Scatter of the scans of the set; null for a set of one scan';
COMMENT ON COLUMN calibration.set_used.residual_mag IS 'Offset minus solution; null where the set was of no use';
COMMENT ON COLUMN calibration.set_used.weight IS 'Weight that it kept, 0 to 1';
COMMENT ON COLUMN calibration.set_used.accepted IS 'Whether it bounds photometric spans';

CREATE TABLE calibration.standard_used (
    solution_id INTEGER NOT NULL,
    standard TEXT NOT NULL,
    band CHAR(1) NOT NULL,
    measurements INTEGER NOT NULL,
    star_hash CHAR(64) NOT NULL,
    CONSTRAINT pk_standard_used PRIMARY KEY (solution_id, standard, band),
    CONSTRAINT ck_standard_used_band_known CHECK (band IN ('j', 'h', 'k')),
    CONSTRAINT fk_standard_used_solution_id FOREIGN KEY(solution_id) REFERENCES calibration.solution (solution_id)
);
COMMENT ON TABLE calibration.standard_used IS 'Standard stars that solutions were made of';
COMMENT ON COLUMN calibration.standard_used.solution_id IS 'Solution';
COMMENT ON COLUMN calibration.standard_used.standard IS 'Name of the standard star (reference.standard_star)';
COMMENT ON COLUMN calibration.standard_used.band IS 'j, h or k';
COMMENT ON COLUMN calibration.standard_used.measurements IS 'How often it was measured';
COMMENT ON COLUMN calibration.standard_used.star_hash IS 'SHA-256 over the values that it had (reference.standard_star)';

CREATE TABLE production.attempt_calibration (
    attempt_id BIGINT NOT NULL,
    calibration_id BIGINT NOT NULL,
    CONSTRAINT pk_attempt_calibration PRIMARY KEY (attempt_id, calibration_id),
    CONSTRAINT fk_attempt_calibration_attempt_id FOREIGN KEY(attempt_id) REFERENCES production.attempt (attempt_id),
    CONSTRAINT fk_attempt_calibration_calibration_id FOREIGN KEY(calibration_id) REFERENCES calibration.product (calibration_id)
);
CREATE INDEX ix_attempt_calibration_calibration_id ON production.attempt_calibration (calibration_id);
COMMENT ON TABLE production.attempt_calibration IS 'Calibration products that a published attempt used';
COMMENT ON COLUMN production.attempt_calibration.attempt_id IS 'Attempt';
COMMENT ON COLUMN production.attempt_calibration.calibration_id IS 'Product it used';

CREATE TABLE release.astrometry (
    release_id INTEGER NOT NULL,
    run_id INTEGER NOT NULL,
    night_id INTEGER NOT NULL,
    astrometry_id INTEGER NOT NULL,
    content_hash CHAR(64) NOT NULL,
    CONSTRAINT pk_astrometry PRIMARY KEY (release_id, run_id, night_id),
    CONSTRAINT fk_astrometry_release_id FOREIGN KEY(release_id) REFERENCES release.release (release_id),
    CONSTRAINT fk_astrometry_run_id FOREIGN KEY(run_id) REFERENCES production.run (run_id),
    CONSTRAINT fk_astrometry_night_id FOREIGN KEY(night_id) REFERENCES survey.night (night_id),
    CONSTRAINT fk_astrometry_astrometry_id FOREIGN KEY(astrometry_id) REFERENCES calibration.astrometry (astrometry_id)
);
COMMENT ON TABLE release.astrometry IS 'Astrometric solutions of a release''s places; nights without one have them as registered';
COMMENT ON COLUMN release.astrometry.release_id IS 'Release';
COMMENT ON COLUMN release.astrometry.run_id IS 'Run';
COMMENT ON COLUMN release.astrometry.night_id IS 'Night';
COMMENT ON COLUMN release.astrometry.astrometry_id IS 'Solution of its places';
COMMENT ON COLUMN release.astrometry.content_hash IS 'SHA-256 over its offsets';

CREATE TABLE release.solution (
    release_id INTEGER NOT NULL,
    run_id INTEGER NOT NULL,
    night_id INTEGER NOT NULL,
    solution_id INTEGER NOT NULL,
    content_hash CHAR(64) NOT NULL,
    CONSTRAINT pk_solution PRIMARY KEY (release_id, run_id, night_id),
    CONSTRAINT fk_solution_release_id FOREIGN KEY(release_id) REFERENCES release.release (release_id),
    CONSTRAINT fk_solution_run_id FOREIGN KEY(run_id) REFERENCES production.run (run_id),
    CONSTRAINT fk_solution_night_id FOREIGN KEY(night_id) REFERENCES survey.night (night_id),
    CONSTRAINT fk_solution_solution_id FOREIGN KEY(solution_id) REFERENCES calibration.solution (solution_id)
);
COMMENT ON TABLE release.solution IS 'Photometric solutions that a release''s magnitudes were made by; nights without one are nominal';
COMMENT ON COLUMN release.solution.release_id IS 'Release';
COMMENT ON COLUMN release.solution.run_id IS 'Run';
COMMENT ON COLUMN release.solution.night_id IS 'Night with a selected scan';
COMMENT ON COLUMN release.solution.solution_id IS 'Solution of its magnitudes';
COMMENT ON COLUMN release.solution.content_hash IS 'SHA-256 over the zero points and flats of the solution';
-- The two telescopes of the survey.
INSERT INTO survey.site (hemis, name, longitude_deg, latitude_deg) VALUES
    ('n', 'Mt. Hopkins', -110.8788, 31.6812),
    ('s', 'Cerro Tololo', -70.8065, -30.1690);
