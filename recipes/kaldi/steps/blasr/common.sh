# Sourced by the scripts beside it, after they have given their options their defaults: sources the recipe's path.sh,
# parses the options as Kaldi's utils/parse_options.sh does (into variables; what is left goes to `arguments`), finds
# blasr, and gives the PATH a run.pl where it has none.

echo "$0 $*" >&2 # the command line, for logs, as Kaldi's scripts say it
if [ -f ./path.sh ]; then . ./path.sh; fi
here=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
. "$here/../../../common/options.sh"
command -v run.pl >/dev/null || PATH=$PATH:$(cd "$here/../../utils" && pwd)
set -euo pipefail

# need FILE...: stop where one is missing.
need() {
  local file
  for file in "$@"; do [ -f "$file" ] || fail "no such file: $file"; done
}

# needs NUMBER: stop with the usage unless that many arguments were given.
needs() {
  [ "${#arguments[@]}" -eq "$1" ] || { usage >&2; fail "found ${#arguments[@]} arguments, expected $1"; }
}

# pipes_option: --allow-pipes where the caller's option says so.
pipes_option() { if [ "$allow_pipes" = true ]; then echo --allow-pipes; fi; }

# job_failed LOG...: stop, with the errors in the logs.
job_failed() {
  { grep -h -A 1 'error: ' "$@" || true; } | head -n 4 >&2
  fail "a job failed, see $*"
}

# device: where blasr computes, from Kaldi's --use-gpu.
device() {
  case "$use_gpu" in
    yes | true) echo cuda ;;
    no | false) echo cpu ;;
    optional | wait) echo auto ;;
    *) fail "--use-gpu is $use_gpu, expected yes, no or optional" ;;
  esac
}

# split_data DATA: the parts for the jobs, in DATA/split$nj (of whole speakers, whose statistics normalise the features).
split_data() { blasr data split --data "$1" --parts "$nj" >&2; }

# numbered PREFIX: PREFIX1 PREFIX2 ... for all jobs.
numbered() {
  local job
  for ((job = 1; job <= nj; job++)); do echo "$1$job"; done
}
