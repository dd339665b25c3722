#!/usr/bin/env bash
# Runs jobs on this machine. Replaces Kaldi's utils/run.pl (same arguments, log lines and exit status) if that is not on
# the PATH.
#
# Usage: run.pl [--max-jobs-run N] [--OPTION VALUE]... [JOB=1:4] LOGFILE COMMAND...
# JOB is replaced by 1, 2, 3, 4 in LOGFILE and COMMAND; bash runs the command, so it may contain '|' and '>'.

fail() { echo "$0: error: $*" >&2; exit 1; }

limit=0 name= first=1 last=1
while [ $# -gt 0 ]; do
  case "$1" in
    --max-jobs-run) limit=$2 && shift 2 ;;
    -V | -sync) shift ;;
    --* | -l | -tc) shift 2 ;; # options of queue.pl: memory, threads, GPUs
    *) break ;;
  esac
done
if [[ ${1:-} =~ ^([A-Za-z_][A-Za-z0-9_]*)=([0-9]+)(:([0-9]+))?$ ]]; then
  name=${BASH_REMATCH[1]} first=${BASH_REMATCH[2]} last=${BASH_REMATCH[4]:-${BASH_REMATCH[2]}}
  shift
fi
[ $# -ge 2 ] || fail "expected LOGFILE COMMAND..., found '$*'"
[ "$first" -le "$last" ] || fail "no job is in $first:$last"
logfile=$1
shift
[ "$limit" -gt 0 ] || limit=$((last - first + 1))
if [ "$last" -gt "$first" ] && [ "${logfile/$name/}" = "$logfile" ]; then fail "no $name in the name of the log $logfile"; fi

# As in Kaldi: a word without spaces is not quoted, so an escaped '|' is a pipe for the shell.
command=
for word in "$@"; do
  if [[ $word =~ ^[^[:space:]]+$ ]]; then command+="$word "
  elif [[ $word != *\"* ]]; then command+="\"$word\" "
  else command+="'$word' "; fi
done

run_one() { # NUMBER
  local log=$logfile line=$command begun=$SECONDS status
  if [ -n "$name" ]; then log=${log//$name/$1} line=${line//$name/$1}; fi
  mkdir -p "$(dirname "$log")" || return 1
  printf '# %s\n# Started at %s\n#\n' "${line% }" "$(date)" >"$log"
  bash -e -o pipefail -c "($line
) >>\"\$1\" 2>>\"\$1\" </dev/null" run.pl "$log"
  status=$?
  printf '# Accounting: time=%s threads=1\n# Ended (code %s) at %s, elapsed time %s seconds\n' \
    $((SECONDS - begun)) "$status" "$(date)" $((SECONDS - begun)) >>"$log"
  return "$status"
}

failed=0
pids=()
reap() { wait "${pids[0]}" || failed=$((failed + 1)); pids=("${pids[@]:1}"); }
for ((job = first; job <= last; job++)); do
  while [ "${#pids[@]}" -ge "$limit" ]; do reap; done
  run_one "$job" &
  pids+=($!)
done
while [ "${#pids[@]}" -gt 0 ]; do reap; done
[ "$failed" -eq 0 ] && exit 0
if [ -n "$name" ]; then logfile=${logfile//$name/*}; fi
echo "$0: $failed / $((last - first + 1)) failed, log is in $logfile" >&2
exit 1
