# need.sh COMMAND PACKAGE: see that COMMAND is there, else install Debian's PACKAGE, where we may.
set -eu
command="$1" package="$2"

if [ -n "$command" ] && command -v "$command" >/dev/null; then exit 0; fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "Installing $package …"
  apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y "$package" >/dev/null
  exit 0
fi
if command -v apt-get >/dev/null; then
  echo "Please type: sudo apt-get install -y $package" >&2
else
  echo "Please install $package, then try again." >&2
fi
exit 1
