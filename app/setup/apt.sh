# System packages, for install.sh: which are missing, where they come from, how they get in.
#
# pgSphere must be 1.4 or later: 1.1.1, which Debian 12 itself carries, fails at CREATE EXTENSION on
# PostgreSQL 15.20 ("commutator operator @> is already the commutator of operator <@").

oldest_pgsphere=1.4
backports_file=/etc/apt/sources.list.d/mapps-backports.sources
missing_packages=
backports_suite=
backports_uri=

release_field() { sed -n "s/^$1=//p" /etc/os-release | tr -d '"'; }

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# A pgSphere control file of 1.4 or later beside a complete server: then nothing of the system is touched.
pgsphere_is_there() {
    for folder in /usr/lib/postgresql/*/bin; do
        [ -x "$folder/postgres" ] && [ -x "$folder/initdb" ] || continue
        version=${folder%/bin}
        version=${version##*/}
        control=/usr/share/postgresql/$version/extension/pg_sphere.control
        [ -f "$control" ] || continue
        found=$(sed -n "s/^default_version *= *'\(.*\)'/\1/p" "$control")
        if dpkg --compare-versions "$found" ge "$oldest_pgsphere"; then
            return 0
        fi
    done
    return 1
}

candidate() { LC_ALL=C apt-cache policy "$1" 2>/dev/null | sed -n 's/^  Candidate: //p' | grep -v '(none)' || true; }

# The newest postgresql-NN-pgsphere of at least 1.4 among all versions apt knows, not only the preferred one:
# backports are never preferred.
best_pgsphere() {
    LC_ALL=C apt-cache --names-only search '^postgresql-[0-9]+-pgsphere$' 2>/dev/null | cut -d' ' -f1 | sort -t- -k2,2nr |
        while read -r package; do
            version=$(LC_ALL=C apt-cache madison "$package" | cut -d'|' -f2 | tr -d ' ' |
                while read -r offered; do
                    if dpkg --compare-versions "$offered" ge "$oldest_pgsphere"; then echo "$offered"; fi
                done | head -n 1)
            if [ -n "$version" ]; then
                echo "$package=$version"
                return 0
            fi
        done
}

# The mirror this machine uses for a suite, from one-line and deb822 sources alike.
#   own_mirror SUITE [FOLDER]    FOLDER is /etc/apt unless a test says otherwise
own_mirror() {
    apt_folder=${2:-/etc/apt}
    {
        cat "$apt_folder/sources.list" "$apt_folder"/sources.list.d/*.list 2>/dev/null |
            sed -n 's/^deb  *\(\[[^]]*\]  *\)\{0,1\}\([^ ]*\)  *\([^ ]*\).*/\3 \2/p'
        for file in "$apt_folder"/sources.list.d/*.sources; do
            [ -f "$file" ] || continue
            awk 'function flush(   i, n, names) {
                     if (on) { n = split(suites, names, " "); for (i = 1; i <= n; i++) print names[i], uri }
                     uri = ""; suites = ""; on = 1
                 }
                 BEGIN { on = 1 }
                 /^[ \t]*$/ { flush(); next }
                 /^#/ { next }
                 tolower($1) == "uris:" { uri = $2 }
                 tolower($1) == "suites:" { $1 = ""; suites = $0 }
                 tolower($1) == "enabled:" && tolower($2) == "no" { on = 0 }
                 END { flush() }' "$file"
        done
    } | awk -v suite="$1" '$1 == suite && $2 != "" { print $2; exit }'
}

# On Debian 12 pgSphere 1.4 is in the suite bookworm-backports only.
plan_backports() {
    codename=$(release_field VERSION_CODENAME)
    [ "$(release_field ID)" = debian ] && [ "$codename" = bookworm ] || return 0
    [ -z "$(own_mirror "$codename-backports")" ] || return 0
    backports_uri=$(own_mirror "$codename")
    [ -n "$backports_uri" ] || fail "no source for the suite $codename in the apt configuration; add the backports suite by hand, or use: docker compose up"
    backports_suite=$codename-backports
}

plan_system() {
    if pgsphere_is_there; then
        return 0
    fi
    command -v apt-get >/dev/null || fail "neither PostgreSQL with pgSphere >= $oldest_pgsphere nor apt is here; use: docker compose up"
    if [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null; then
        fail "system packages are missing and this user is neither root nor has sudo; ask root to run: sh app/setup/install.sh --system"
    fi
    plan_backports
    say "PostgreSQL with pgSphere >= $oldest_pgsphere is missing. It will be installed by apt:"
    if [ -n "$backports_suite" ]; then
        say "  a sources file $backports_file for the suite $backports_suite, mirror as configured here"
    fi
    say "  apt-get update, if the lists lack the package"
    say "  postgresql-NN-pgsphere and its server postgresql-NN"
    say "  no system cluster is made and no service is started by this"
}

add_backports() {
    keyring=/usr/share/keyrings/debian-archive-keyring.gpg
    scratch=$(mktemp)
    {
        echo "# Written by mapps' set-up: pgSphere $oldest_pgsphere or later is in this suite only."
        echo "Types: deb"
        echo "URIs: $backports_uri"
        echo "Suites: $backports_suite"
        echo "Components: main"
        echo "Signed-By: $keyring"
    } >"$scratch"
    as_root install -m 0644 "$scratch" "$backports_file"
    rm -f "$scratch"
}

# Debian's server package makes and starts a cluster "main" unless postgresql-common is told not to. It is told
# so for the moment of this installation only, by a file of ours that goes away again: nobody's configuration
# and nobody's cluster changes.
no_cluster_file=/etc/postgresql-common/createcluster.d/mapps.conf

keep_clusters_out() {
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends postgresql-common
    scratch=$(mktemp)
    echo "create_main_cluster = false" >"$scratch"
    as_root install -D -m 0644 "$scratch" "$no_cluster_file"
    rm -f "$scratch"
    trap 'as_root rm -f "$no_cluster_file"' EXIT
}

install_system() {
    if pgsphere_is_there; then
        say "PostgreSQL with pgSphere is there"
        return 0
    fi
    if [ -n "$backports_suite" ]; then
        add_backports
        as_root apt-get update -q
    fi
    chosen=$(best_pgsphere)
    if [ -z "$chosen" ]; then
        as_root apt-get update -q
        chosen=$(best_pgsphere)
    fi
    [ -n "$chosen" ] || fail "apt offers no pgSphere >= $oldest_pgsphere for $(release_field PRETTY_NAME); use: docker compose up"
    say "installing $chosen and the server it needs"
    keep_clusters_out
    # The exact version is named because backports are never preferred by themselves. The server comes as its
    # dependency: naming it would upgrade, and restart, a server that other clusters use.
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$chosen"
    as_root rm -f "$no_cluster_file"
    trap - EXIT
    pgsphere_is_there || fail "pgSphere >= $oldest_pgsphere is still missing after installing $chosen"
}
