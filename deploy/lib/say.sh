# shellcheck shell=bash
# What is said and asked, and how commands that change something are run. Works with a terminal and without.

if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then BOLD=$'\e[1m' RED=$'\e[31m' GREEN=$'\e[32m' PLAIN=$'\e[0m'; else BOLD="" RED="" GREEN="" PLAIN=""; fi

headline() { printf '%s%s%s\n' "$BOLD" "$1" "$PLAIN"; }
note() { printf '  %s\n' "$1"; }
good() { printf '  %sok%s  %s\n' "$GREEN" "$PLAIN" "$1"; }

# What is wrong, and what to do about it.
bad() { printf '  %swrong%s  %s\n         fix: %s\n' "$RED" "$PLAIN" "$1" "$2" >&2; }

fail() {
  bad "$1" "$2"
  exit 1
}

wrong_usage() {
  printf '%s\n\n' "$1" >&2
  usage >&2
  exit 2
}

# Runs a command that changes something; a dry run only shows it.
change() {
  if [ -n "$DRY_RUN" ]; then
    printf '  would run:'
    printf ' %q' "$@"
    printf '\n'
  else
    "$@"
  fi
}

# Asks, and ends the script with 3 where the answer is not yes. Without a terminal only --yes agrees.
agree() {
  if [ -n "$YES" ] || [ -n "$DRY_RUN" ]; then return 0; fi
  if [ ! -t 0 ]; then
    bad "nobody is there to be asked: $1" "run it in a terminal, or add --yes"
    exit 3
  fi
  local answer
  read -r -p "$1 [y/N] " answer
  case $answer in
    y | Y | yes) ;;
    *) note "nothing was changed" && exit 3 ;;
  esac
}

# Asks for a word to be typed, for what cannot be undone.
agree_by_name() {
  if [ -n "$YES" ] || [ -n "$DRY_RUN" ]; then return 0; fi
  if [ ! -t 0 ]; then
    bad "nobody is there to be asked: $1" "run it in a terminal, or add --yes"
    exit 3
  fi
  local answer
  read -r -p "$1 Type $2 to go on: " answer
  [ "$answer" = "$2" ] || { note "nothing was changed" && exit 3; }
}
