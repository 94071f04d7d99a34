"""The text of `mapps --help` around the list of nouns."""

PURPOSE = """\
Survey production: raw near-infrared nights become calibrated Atlas images, source tables in PostgreSQL, and
releases drawn by SQL."""

EPILOG = """\
A typical session:
  mapps db start                        make and start the private PostgreSQL server
  mapps ingest atlas FOLDER             take a folder of Atlas images in
  mapps run create plane --kind preliminary
  mapps run queue plane --dry-run       list what would be queued, then without --dry-run
  mapps worker --processes 2 --until-idle
  mapps run status plane                how far it is
  mapps release build plane-1 --run plane --kind sampler
  mapps db psql                         query the result
  mapps serve                           let tools and browsers query it

Each noun explains its verbs: mapps run --help. Commands that list something take --json.

Exit codes:
  0    done
  1    stopped by the reader of a pipe; or a comparison (replay, match, nights of a block) found a difference
  2    the request or its input is wrong; the message says what to change
  3    the surroundings need attention: server, disk, network (see: mapps doctor)
  4    done in part: ingest refused something, and listed it; or not all could be replayed
  70   a bug; the traceback is shown, please report it
  130  interrupted

Environment (every setting also stands in mapps.toml, in lower case and without the prefix):
  MAPPS_HOME             folder of the private server and the file store
  MAPPS_DATABASE_URL     another PostgreSQL server instead of the private one
  MAPPS_STORE_URL        folder or fsspec URL of the file store
  MAPPS_CONFIG           settings file instead of ./mapps.toml
  MAPPS_HIPS             folder of the tiles of the sky, for workers and the service; MAPPS_HOME/hips when absent
  MAPPS_PG_BIN           folder of the PostgreSQL server programs
  MAPPS_SERVER_ACCOUNT   account that runs the private server for root
  MAPPS_LEASE_SECONDS, MAPPS_RENEW_SECONDS, MAPPS_POLL_SECONDS, MAPPS_GRACE_SECONDS, MAPPS_MAX_ATTEMPTS,
  MAPPS_BACKOFF_SECONDS, MAPPS_READER_TIMEOUT_SECONDS
                         the workers' protocol; see docs
"""
