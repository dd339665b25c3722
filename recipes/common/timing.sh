# Sourced by a recipe after common/options.sh: the time and memory of every command of blasr, and of those after `timed`,
# are added to the file $timings. `stage` of common/options.sh sets the stage's title.

timed() { python -m recipes.common.timing --log "$timings" --stage "$stage_title" "$@"; }
blasr() { timed blasr "$@"; }
