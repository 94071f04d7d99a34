"""What ties scans to standards and to each other: the input of every solution, one band."""

from __future__ import annotations

from typing import NamedTuple

from app.arrays import Bools, Doubles, Integers


class Scans(NamedTuple):
    """Scans in the order of their keys.

    Attributes
    ----------
    night : (n,) integers
        Index of the night, counted over all sites.
    hours : (n,) float64
        Middle of the scan, hours since the beginning of its night.
    airmass : (n,) float64
        Mean airmass.
    """

    night: Integers
    hours: Doubles
    airmass: Doubles


class Sets(NamedTuple):
    """Calibration sets: a few scans of one field within some minutes.

    Attributes
    ----------
    night : (m,) integers
        Index of the night.
    hours : (m,) float64
        Middle of the set, hours since the beginning of its night.
    airmass : (m,) float64
        Mean airmass.
    field : (m,) integers
        Index of the calibration field.
    offset_mag : (m,) float64
        Mean of standard magnitude minus measured magnitude.
    error_mag : (m,) float64
        Error of that mean, 1 sigma, without the field's own error.
    """

    night: Integers
    hours: Doubles
    airmass: Doubles
    field: Integers
    offset_mag: Doubles
    error_mag: Doubles

    def rows(self, kept: Bools | Integers | slice) -> Sets:
        """Take the sets of these rows."""
        return Sets(
            self.night[kept],
            self.hours[kept],
            self.airmass[kept],
            self.field[kept],
            self.offset_mag[kept],
            self.error_mag[kept],
        )


class Overlaps(NamedTuple):
    """Stars that two scans share, one row a pair of scans.

    Attributes
    ----------
    scan_a, scan_b : (p,) integers
        Indices of the scans.
    x_a, x_b : (p,) float64
        Mean place of the stars across each scan, in half widths from its middle, -1 to 1.
    x2_a, x2_b : (p,) float64
        Mean of the squares of these places.
    delta_mag : (p,) float64
        Median of the measured magnitudes of a minus those of b.
    scatter_mag : (p,) float64
        1.4826 times the median absolute deviation of the differences of single stars.
    stars : (p,) integers
        Number of stars.
    """

    scan_a: Integers
    scan_b: Integers
    x_a: Doubles
    x2_a: Doubles
    x_b: Doubles
    x2_b: Doubles
    delta_mag: Doubles
    scatter_mag: Doubles
    stars: Integers

    def rows(self, kept: Bools | Integers | slice) -> Overlaps:
        """Take the overlaps of these rows."""
        return Overlaps(
            self.scan_a[kept],
            self.scan_b[kept],
            self.x_a[kept],
            self.x2_a[kept],
            self.x_b[kept],
            self.x2_b[kept],
            self.delta_mag[kept],
            self.scatter_mag[kept],
            self.stars[kept],
        )


class Groups(NamedTuple):
    """To what nights and fields belong.

    Attributes
    ----------
    month : (nights,) integers
        Index of site and month of each night; extinction is alike within one.
    period : (nights,) integers
        Index of the hardware period of a site; the flat across a scan is constant within one.
    primary : (fields,) bool
        Fields whose mean defines the scale of the band.
    """

    month: Integers
    period: Integers
    primary: Bools


class Ties(NamedTuple):
    """All ties of a band."""

    scans: Scans
    sets: Sets
    overlaps: Overlaps
    groups: Groups
