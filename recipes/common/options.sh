# Sourced by every recipe after it has given its options their defaults, as Kaldi's utils/parse_options.sh:
# `--some-name VALUE` sets the variable some_name, `--help` prints the recipe's leading comment, and what is not
# an option is left in the array `arguments`. Also puts this checkout's blasr on the path and defines `stage`.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
if [ -x "$root/.venv/bin/blasr" ]; then PATH=$root/.venv/bin:$PATH; fi
export PATH PYTHONPATH="$root${PYTHONPATH:+:$PYTHONPATH}"
export OMP_WAIT_POLICY=${OMP_WAIT_POLICY:-passive} # waiting threads sleep: spinning ones stop one another on a busy machine

fail() { echo "$0: error: $*" >&2; exit 2; }
usage() { sed -n '2,/^[^#]/{s/^# \{0,1\}//p}' "$0"; }

arguments=()
while [ $# -gt 0 ]; do
  case "$1" in
    -h | --help) usage; exit 0 ;;
    --*)
      name=${1#--} && name=${name//-/_}
      declare -p "$name" &>/dev/null || { usage >&2; fail "no option $1"; }
      [ $# -gt 1 ] || fail "$1 needs a value"
      printf -v "$name" '%s' "$2" && shift 2 ;;
    *) arguments+=("$1") && shift ;;
  esac
done
command -v blasr >/dev/null || fail "blasr is not installed here; fix: run make setup in $root"

# stage NUMBER TITLE: says the title, unless --stage asked for a later one; for use as `if stage 1 "..."; then`.
stage() {
  [ "$1" -ge "$stage" ] || return 1
  echo "== stage $1: $2 (after ${SECONDS} s)" >&2
}
