-- All statements of the build see the runs as of one moment, whatever workers publish meanwhile.
SET TRANSACTION ISOLATION LEVEL REPEATABLE READ
