"""Atlas images over HTTP: found by SIA2, described by datalink, cut by SODA, seen as pictures."""
