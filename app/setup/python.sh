# Python packages, for install.sh: a virtual environment beside the code, exact versions from requirements.lock.

oldest_minor=11
venv=$root/.venv
stamp=$venv/.mapps-installed

# The newest Python of 3.11 or later; MAPPS_PYTHON has the last word.
find_python() {
    for name in ${MAPPS_PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11 /usr/bin/python3; do
        if "$name" -c "import sys; sys.exit(sys.version_info < (3, $oldest_minor))" 2>/dev/null; then
            command -v "$name"
            return 0
        fi
    done
    return 1
}

# What the environment was made from: the lock, the project's metadata and where it stands.
python_state() { { cat "$root/requirements.lock" "$root/pyproject.toml"; echo "$root"; } | sha256sum | cut -d' ' -f1; }

python_is_there() { [ -x "$venv/bin/mapps" ] && [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$(python_state)" ]; }

venv_package_is_missing() { ! "$1" -c 'import ensurepip, venv' 2>/dev/null; }

plan_python() {
    if python_is_there; then
        return 0
    fi
    python=$(find_python) || fail "Python 3.$oldest_minor or later is required; install it, or name it: MAPPS_PYTHON=/path/to/python3 make install"
    say "Python packages will be installed into $venv (by $python, versions from requirements.lock)"
    if venv_package_is_missing "$python"; then
        say "  and, by apt, python3-venv, which $python needs for that"
    fi
}

install_python() {
    if python_is_there; then
        say "Python packages are there"
        return 0
    fi
    python=$(find_python) || fail "Python 3.$oldest_minor or later is required"
    if venv_package_is_missing "$python"; then
        command -v apt-get >/dev/null || fail "$python lacks the module venv; install it"
        as_root apt-get install -y -q --no-install-recommends python3-venv ||
            { as_root apt-get update -q && as_root apt-get install -y -q --no-install-recommends python3-venv; }
    fi
    [ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r "$root/requirements.lock"
    # The build tools are in the lock: no isolated environment, so nothing else is fetched.
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation \
        --editable "$root"
    python_state >"$stamp"
    # Kernels are compiled once now, so that the first scan is not the slow one.
    if "$venv/bin/python" -c 'import workers.process.warm' 2>/dev/null; then
        say "compiling the pixel kernels"
        "$venv/bin/mapps" worker warm || say "kernels will be compiled at first use instead"
    fi
}
