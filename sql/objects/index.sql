-- Indexes and statistics of the working tables: the server cannot know how they fill.
CREATE INDEX ON covered (attempt_id, first);
CREATE INDEX ON apparition (cell);
ANALYZE covered;
ANALYZE apparition
