# Sourced by the scripts in this folder after they have set the defaults of their options. Sources the path.sh of the
# recipe and parses the options into variables as Kaldi's utils/parse_options.sh does; the rest goes into `arguments`.
# Finds blasr, and adds a run.pl to the PATH if there is none.

echo "$0 $*" >&2 # the command line, for the logs, as in Kaldi's scripts
if [ -f ./path.sh ]; then . ./path.sh; fi
here=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
. "$here/../../../common/options.sh"
command -v run.pl >/dev/null || PATH=$PATH:$(cd "$here/../../utils" && pwd)
set -euo pipefail

# need FILE...: stop if one is missing.
need() {
  local file
  for file in "$@"; do [ -f "$file" ] || fail "no such file: $file"; done
}

# needs NUMBER: print the usage and stop unless there are that many arguments.
needs() {
  [ "${#arguments[@]}" -eq "$1" ] || { usage >&2; fail "found ${#arguments[@]} arguments, expected $1"; }
}

# pipes_option: print --allow-pipes if the option of the script is true.
pipes_option() { if [ "$allow_pipes" = true ]; then echo --allow-pipes; fi; }

# job_failed LOG...: print the errors in the logs and stop.
job_failed() {
  { grep -h -A 1 'error: ' "$@" || true; } | head -n 4 >&2
  fail "a job failed, see $*"
}

# device: print the device that Kaldi's --use-gpu means.
device() {
  case "$use_gpu" in
    yes | true) echo cuda ;;
    no | false) echo cpu ;;
    optional | wait) echo auto ;;
    *) fail "--use-gpu is $use_gpu, expected yes, no or optional" ;;
  esac
}

# split_data DATA: write the parts for the jobs into DATA/split$nj. Each part has whole speakers, because the statistics
# of a speaker normalize the features.
split_data() { blasr data split --data "$1" --parts "$nj" >&2; }

# numbered PREFIX: print PREFIX1 PREFIX2 ... for all jobs.
numbered() {
  local job
  for ((job = 1; job <= nj; job++)); do echo "$1$job"; done
}
