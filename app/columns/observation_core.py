"""Columns of ivoa.obscore, in the order of the standard (IVOA ObsCore 1.1, table 5)."""

from __future__ import annotations

from app.columns.public_table import PublicColumn, PublicTable

BAND_LIMITS_UM: dict[str, tuple[float, float]] = {
    "j": (1.154, 1.316),
    "h": (1.5365, 1.7875),
    "k": (2.028, 2.290),
}
"""Where each band begins and ends, vacuum wavelength in micrometres: centre and width of Cohen, Wheaton, Megeath 2003
(AJ 126, 1090, table 2), J 1.235 and 0.162, H 1.662 and 0.251, Ks 2.159 and 0.262."""


def _column(
    name: str, datatype: str, description: str, utype: str, ucd: str = "", unit: str = "", xtype: str = ""
) -> PublicColumn:
    size = "*" if datatype == "char" else ""
    indexed = name in {"s_region", "s_ra", "s_dec"}
    return PublicColumn(
        name, datatype, description, size, xtype, unit, ucd, f"obscore:{utype}" if utype else "", indexed, standard=True
    )  # fmt: skip


OBSCORE = PublicTable(
    "ivoa.obscore",
    "Atlas images of all releases, as the ObsCore data model describes observations",
    (
        _column("dataproduct_type", "char", "image", "ObsDataset.dataProductType", "meta.code.class"),
        _column("calib_level", "int", "2: calibrated, physical units", "ObsDataset.calibLevel", "meta.code;obs.calib"),
        _column("obs_collection", "char", "Name of the release", "DataID.collection", "meta.id"),
        _column("obs_id", "char", "Key of the image triple", "DataID.observationID", "meta.id"),
        _column("obs_publisher_did", "char", "Identifier of the image", "Curation.publisherDID", "meta.ref.ivoid"),
        _column("access_url", "char", "Where what belongs to the image is listed", "Access.reference", "meta.ref.url"),
        _column("access_format", "char", "Media type of that list", "Access.format", "meta.code.mime"),
        _column("access_estsize", "long", "Size of the image", "Access.size", "phys.size;meta.file", "kbyte"),
        _column("target_name", "char", "Tile that was scanned", "Target.name", "meta.id;src"),
        _column("s_ra", "double", "Right ascension of the centre, ICRS",
                "Char.SpatialAxis.Coverage.Location.Coord.Position2D.Value2.C1", "pos.eq.ra", "deg"),
        _column("s_dec", "double", "Declination of the centre, ICRS",
                "Char.SpatialAxis.Coverage.Location.Coord.Position2D.Value2.C2", "pos.eq.dec", "deg"),
        _column("s_fov", "double", "Diameter of the circle around the image",
                "Char.SpatialAxis.Coverage.Bounds.Extent.diameter", "phys.angSize;instr.fov", "deg"),
        _column("s_region", "char", "Area of the image",
                "Char.SpatialAxis.Coverage.Support.Area", "pos.outline;obs.field", "", "adql:REGION"),
        _column("s_resolution", "double", "Width of stars; null where not measured",
                "Char.SpatialAxis.Resolution.Refval.value", "pos.angResolution", "arcsec"),
        _column("s_xel1", "long", "Columns of the image", "Char.SpatialAxis.numBins1", "meta.number"),
        _column("s_xel2", "long", "Rows of the image", "Char.SpatialAxis.numBins2", "meta.number"),
        _column("t_min", "double", "Begin of the scan; null where the files carry no time",
                "Char.TimeAxis.Coverage.Bounds.Limits.StartTime", "time.start;obs.exposure", "d"),
        _column("t_max", "double", "End of the scan; null where the files carry no time",
                "Char.TimeAxis.Coverage.Bounds.Limits.StopTime", "time.end;obs.exposure", "d"),
        _column("t_exptime", "double", "Exposure of a place, six frames of 1.3 s: nominal",
                "Char.TimeAxis.Coverage.Support.Extent", "time.duration;obs.exposure", "s"),
        _column("t_resolution", "double", "The same as t_exptime",
                "Char.TimeAxis.Resolution.Refval.value", "time.resolution", "s"),
        _column("t_xel", "long", "1: images have no time axis", "Char.TimeAxis.numBins", "meta.number"),
        _column("em_min", "double", "Where the band begins, vacuum",
                "Char.SpectralAxis.Coverage.Bounds.Limits.LoLimit", "em.wl;stat.min", "m"),
        _column("em_max", "double", "Where the band ends, vacuum",
                "Char.SpectralAxis.Coverage.Bounds.Limits.HiLimit", "em.wl;stat.max", "m"),
        _column("em_res_power", "double", "Null: a broad band",
                "Char.SpectralAxis.Resolution.ResolPower.refVal", "spect.resolution"),
        _column("em_xel", "long", "1: one band", "Char.SpectralAxis.numBins", "meta.number"),
        _column("o_ucd", "char", "What pixels hold", "Char.ObservableAxis.ucd", "meta.ucd"),
        _column("pol_states", "char", "Null: no polarisation", "Char.PolarizationAxis.stateList",
                "meta.code;phys.polarization"),
        _column("pol_xel", "long", "0: no polarisation", "Char.PolarizationAxis.numBins", "meta.number"),
        _column("facility_name", "char", "Observatory", "Provenance.ObsConfig.Facility.name", "meta.id;instr.tel"),
        _column("instrument_name", "char", "Camera and band", "Provenance.ObsConfig.Instrument.name", "meta.id;instr"),
    ),
    utype="ivo://ivoa.net/std/ObsCore#table-1.1",
)  # fmt: skip
"""The observations table."""
