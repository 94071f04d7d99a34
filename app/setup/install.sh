#!/bin/sh
# Installs what mapps needs and is missing: PostgreSQL with pgSphere by apt, Python packages into .venv.
#
#   sh app/setup/install.sh              everything, asking nobody, saying first what it will do
#   sh app/setup/install.sh --plan       only say it
#   sh app/setup/install.sh --system     system packages only (the Docker image)
#   sh app/setup/install.sh --python     Python packages only
#
# Needs root or sudo for the system packages, and nothing of the kind when they are there. After this no
# network is used any more.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
root=$(CDPATH='' cd -- "$here/../.." && pwd)
. "$here/apt.sh"
. "$here/python.sh"

want_system=yes
want_python=yes
plan_only=no
for argument in "$@"; do
    case $argument in
    --plan) plan_only=yes ;;
    --system) want_python=no ;;
    --python) want_system=no ;;
    *)
        echo "install.sh: unknown option $argument; see the head of the file" >&2
        exit 2
        ;;
    esac
done

say() { printf 'mapps set-up: %s\n' "$*"; }
fail() {
    printf 'mapps set-up: error: %s\n' "$*" >&2
    exit 3
}

[ "$want_system" = no ] || plan_system
[ "$want_python" = no ] || plan_python

if [ "$plan_only" = yes ]; then
    exit 0
fi

[ "$want_system" = no ] || install_system
[ "$want_python" = no ] || install_python
