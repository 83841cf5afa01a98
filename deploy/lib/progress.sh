# shellcheck shell=bash
# Which steps of a deployment are done, so that an interrupted one goes on where it stopped. The notes are of one configuration and one tag;
# a run that reaches its end forgets them.

PROGRESS=""

begin_progress() {
  local folder=${DEPLOY_STATE:-$ROOT/.deploy}
  PROGRESS=$folder/$NAME.progress
  mkdir -p "$folder"
  local wanted="$ACCOUNT $REGION $FINGERPRINT $TAG"
  if [ -n "$AGAIN" ] || [ ! -e "$PROGRESS" ] || [ "$(head -n 1 "$PROGRESS")" != "$wanted" ]; then
    if [ -z "$DRY_RUN" ]; then printf '%s\n' "$wanted" >"$PROGRESS"; fi
  else
    note "going on after: $(tail -n +2 "$PROGRESS" | tr '\n' ' ')"
  fi
}

# Runs a step unless an interrupted run has finished it: step NAME TEXT FUNCTION
step() {
  if [ -e "$PROGRESS" ] && [ -z "$AGAIN" ] && tail -n +2 "$PROGRESS" | grep -qx "$1"; then
    note "$2: already done"
    return
  fi
  headline "$2"
  "$3"
  if [ -z "$DRY_RUN" ]; then printf '%s\n' "$1" >>"$PROGRESS"; fi
}

end_progress() {
  if [ -z "$DRY_RUN" ]; then rm -f "$PROGRESS"; fi
}
