# Sourced by every recipe after it has set the defaults of its options, like Kaldi's utils/parse_options.sh.
# `--some-name VALUE` sets the variable some_name; if its default is `false`, the option alone sets `true`. `--help` prints
# the comment at the top of the recipe, and the other arguments are collected in the array `arguments`. This file also puts
# this checkout's blasr on the PATH and defines `stage`.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
if [ -x "$root/.venv/bin/blasr" ]; then PATH=$root/.venv/bin:$PATH; fi
export PATH PYTHONPATH="$root${PYTHONPATH:+:$PYTHONPATH}"
export OMP_WAIT_POLICY=${OMP_WAIT_POLICY:-passive} # idle threads sleep instead of spinning

fail() { echo "$0: error: $*" >&2; exit 2; }
usage() { sed -n '2,/^[^#]/{s/^# \{0,1\}//p}' "$0"; }

arguments=()
while [ $# -gt 0 ]; do
  case "$1" in
    -h | --help) usage; exit 0 ;;
    --*)
      name=${1#--} && name=${name//-/_}
      declare -p "$name" &>/dev/null || { usage >&2; fail "unknown option $1"; }
      if [ "${!name}" = false ] && [[ ! ${2:-} =~ ^(true|false)$ ]]; then
        printf -v "$name" true && shift && continue
      fi
      [ $# -gt 1 ] || fail "$1 needs a value"
      printf -v "$name" '%s' "$2" && shift 2 ;;
    *) arguments+=("$1") && shift ;;
  esac
done
command -v blasr >/dev/null || fail "blasr is not installed; fix: pip install blasr, or run make setup in $root"

# stage NUMBER TITLE: print the title, or return 1 if --stage starts the recipe later, or --last (if the recipe has it) ends
# it earlier. Use: `if stage 1 "..."; then`.
stage() {
  [ "$1" -ge "$stage" ] && [ "$1" -le "${last:-$1}" ] || return 1
  stage_title="$1 $2"
  echo "== stage $1: $2 (after ${SECONDS} s)" >&2
}
