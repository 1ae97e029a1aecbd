# Shared by ./foretoken and ./test: finding or installing what a build needs, and building. Sourced, never run.

say() { printf 'foretoken: %s\n' "$*" >&2; }
die() { say "$*"; exit 2; }

export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1 DOTNET_GENERATE_ASPNET_CERTIFICATE=false
# No build servers are left behind: a container would never stop them.
export MSBUILDDISABLENODEREUSE=1 DOTNET_CLI_USE_MSBUILD_SERVER=0 MSBUILDUSESERVER=0

# Without a home that can be written, the tools' caches go to a place that can.
usable_home() {
  if [ -z "${HOME:-}" ] || [ ! -w "${HOME:-/nonexistent}" ]; then
    export HOME="$1/home"
    mkdir -p "$HOME"
  fi
  export DOTNET_CLI_HOME="${DOTNET_CLI_HOME:-$HOME}"
}

can_apt() { [ "$(id -u)" = 0 ] && command -v apt-get > /dev/null; }

# Installs Debian packages; an index that is missing or a mirror that hiccups gets a second chance.
apt_install() {
  local log
  log=$(mktemp)
  for attempt in 1 2; do
    if DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" > "$log" 2>&1; then
      rm -f "$log"
      return 0
    fi
    [ "$attempt" = 1 ] && { apt-get update > /dev/null 2>&1 || true; sleep 2; }
  done
  tail -n 5 "$log" >&2
  rm -f "$log"
  return 1
}

have_sdk() { command -v dotnet > /dev/null && dotnet --list-sdks 2> /dev/null | grep -q '^10\.'; }

need_sdk() {
  have_sdk && return
  # A freshly installed SDK is often not on the path yet.
  for place in "${DOTNET_ROOT:-}" /usr/share/dotnet /usr/lib/dotnet "$HOME/.dotnet"; do
    if [ -n "$place" ] && [ -x "$place/dotnet" ]; then
      export PATH="$place:$PATH" DOTNET_ROOT="$place"
      have_sdk && return
    fi
  done
  if can_apt; then
    say "installing the .NET 10 SDK"
    apt_install dotnet-sdk-10.0 && have_sdk && return
  fi
  die "needs the .NET 10 SDK and cannot install it here: get it from https://dotnet.microsoft.com/download/dotnet/10.0"
}

need_npm() {
  command -v node > /dev/null && command -v npm > /dev/null && return
  if can_apt; then
    say "installing Node.js and npm"
    apt_install nodejs npm && command -v npm > /dev/null && return
  fi
  die "needs Node.js with npm (the report's charts are built from a package) and cannot install it here: get it from https://nodejs.org"
}

# One builder at a time; everybody else waits for it and then finds the work done.
with_lock() {
  local lock=$1
  shift
  if command -v flock > /dev/null; then
    (flock -n 9 || { say "waiting for a build that is under way"; flock 9; }; "$@") 9> "$lock"
  else
    mkdir "$lock.d" 2> /dev/null || { say "waiting for a build that is under way"; until mkdir "$lock.d" 2> /dev/null; do sleep 0.2; done; }
    trap 'rmdir "$lock.d" 2> /dev/null' EXIT
    "$@"
    rmdir "$lock.d"
    trap - EXIT
  fi
}

# build_app ROOT HOME STAMP STALE: publishes the program to HOME/app if STALE (a function) still says so.
build_app() {
  mkdir -p "$2" 2> /dev/null || die "cannot build: $2 cannot be written; name a folder that can with XDG_CACHE_HOME"
  usable_home "$2"
  need_sdk
  need_npm
  with_lock "$2/app.lock" publish_app "$@" || exit $?
}

publish_app() {
  local root=$1 home=$2 stamp=$3 stale=$4
  $stale || return 0
  local began=$home/app.began.$$ next=$home/app.$$ log=$home/app.log
  say "building (once, about a minute)"
  touch "$began"
  if [ ! -w "$root" ]; then
    # The page of the report installs its packages beside its sources, so a checkout that cannot be written is copied.
    rm -rf "$home/tree"
    mkdir -p "$home/tree"
    cp -r "$root/src" "$root/eng" "$root"/Directory.* "$root/global.json" "$root/.editorconfig" "$home/tree/"
    chmod -R u+w "$home/tree"
    root=$home/tree
  fi
  local arch
  case $(uname -m) in x86_64) arch=x64 ;; aarch64 | arm64) arch=arm64 ;; *) arch= ;; esac
  # A second try covers a package feed that hiccuped; without the ahead-of-time compiler the plain build does, only slower to start.
  if ! { { [ -n "$arch" ] && [ "$(uname -s)" = Linux ] && publish "$root" "$home" "$next" "$log" -p:PublishProfile=App -r "linux-$arch"; } ||
    { ! grep -q 'error CS' "$log" 2> /dev/null && publish "$root" "$home" "$next" "$log"; }; }; then
    rm -rf "$next" "$began"
    say "the build failed; the whole log is in $log"
    grep -E '(error|warning) [A-Z]+[0-9]+|error *:' "$log" | sort -u | head -n 20 >&2 || tail -n 20 "$log" >&2
    return 70
  fi
  # A program that is running keeps its files: the old folder is only unlinked.
  rm -rf "$home/app.old"
  [ -e "$home/app" ] && mv "$home/app" "$home/app.old"
  mv "$next" "$home/app"
  rm -rf "$home/app.old"
  # The time at which the build began: what changed while it ran makes the next start build again.
  mv "$began" "$stamp"
}

publish() {
  local root=$1 home=$2 next=$3 log=$4
  shift 4
  # What the trimmer leaves is written into a list that an incremental build does not renew: begin that project afresh.
  rm -rf "$next" "$home"/app-build/*/Foretoken.Cli
  (cd "$root" && dotnet publish src/Foretoken.Cli/Foretoken.Cli.csproj -c Release -v q --nologo -nodeReuse:false \
    -p:UseSharedCompilation=false --artifacts-path "$home/app-build" -o "$next" "$@") > "$log" 2>&1
}

# set_up ROOT HOME NAME: brings an optional part into HOME. Nothing else needs it.
set_up() {
  [ $# = 3 ] && [ "$3" = duckdb ] || die "usage: ./foretoken setup duckdb (for foretoken optables import)"
  mkdir -p "$2" 2> /dev/null || die "cannot set up: $2 cannot be written; name a folder that can with XDG_CACHE_HOME"
  usable_home "$2"
  [ "$(uname -s) $(uname -m)" = "Linux x86_64" ] ||
    die "there is a package of DuckDB's library for Linux on x86-64 only: name one of your own with FORETOKEN_DUCKDB=/path/to/libduckdb.so"
  need_npm
  with_lock "$2/duckdb.lock" fetch_duckdb "$1" "$2" || exit $?
}

# The C library comes in the package of DuckDB's Node.js bindings; the lock file pins its checksum.
fetch_duckdb() {
  local root=$1 home=$2 next=$2/duckdb.$$ library
  if [ -e "$home/duckdb/libduckdb.so" ] && cmp -s "$root/eng/duckdb/package-lock.json" "$home/duckdb/package-lock.json"; then
    say "DuckDB is there already: $home/duckdb/libduckdb.so"
    return 0
  fi
  say "fetching DuckDB (24 MB)"
  rm -rf "$next"
  mkdir -p "$next"
  cp "$root/eng/duckdb/package.json" "$root/eng/duckdb/package-lock.json" "$next/"
  if ! (cd "$next" && npm ci --ignore-scripts --no-audit --no-fund) > "$home/duckdb.log" 2>&1; then
    tail -n 5 "$home/duckdb.log" >&2
    rm -rf "$next"
    die "DuckDB cannot be fetched; the whole log is in $home/duckdb.log"
  fi
  library=$(find "$next/node_modules/@duckdb" -name 'libduckdb.so' -print -quit 2> /dev/null)
  if [ -z "$library" ]; then
    rm -rf "$next"
    die "the package of DuckDB holds no library; the whole log is in $home/duckdb.log"
  fi
  mv "$library" "$(dirname "$library")/LICENSE" "$next/"
  rm -rf "$next/node_modules" "$home/duckdb"
  mv "$next" "$home/duckdb"
  say "DuckDB is in $home/duckdb"
}
