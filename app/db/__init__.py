"""Database access: private server, engine, pgSphere types, named SQL, binary COPY."""
