-- Hash of the reference catalogue that is loaded; no row where none is.
SELECT content_hash FROM reference.catalogue WHERE state = 'current'
