# Two images: `database` (PostgreSQL with pgSphere) and `app` (commands and workers). See docker-compose.yml.

# Debian's own server, of which app/setup/install.sh makes use elsewhere, is not in this image: the official one
# brings the PostgreSQL project's packages, configured, with pgSphere 1.5.
FROM postgres:17-bookworm AS database
COPY app/setup /usr/local/share/mapps/app/setup
# install.sh finds pgSphere there and checks that it is 1.4 or later; the build fails if it is not.
RUN apt-get update -q \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "postgresql-${PG_MAJOR}-pgsphere" \
    && sh /usr/local/share/mapps/app/setup/install.sh --system \
    && rm -rf /var/lib/apt/lists/*


FROM python:3.11-slim-bookworm AS app
RUN useradd --create-home --uid 1000 mapps \
    && install -d -o mapps -g mapps /opt/mapps /var/lib/mapps
USER mapps
WORKDIR /opt/mapps
# The lock first: packages are installed again only when it changes, not with every change of the code.
COPY --chown=mapps requirements.lock ./
RUN python -m venv .venv && .venv/bin/python -m pip install --quiet --no-cache-dir -r requirements.lock
COPY --chown=mapps . .
ARG COMMIT=unknown
RUN echo "$COMMIT" > app/COMMIT && sh app/setup/install.sh --python
ENV PATH=/opt/mapps/.venv/bin:$PATH MAPPS_HOME=/var/lib/mapps
ENTRYPOINT ["mapps"]
CMD ["--help"]
