#!/usr/bin/env bash
# Puts the chatbot into an account of AWS, looks after it there and takes it away again. `deploy.sh help` tells the commands.
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
AWS_APP=$ROOT/deploy/aws
# The parts use the variables below, which are set before any of their functions runs.
# shellcheck disable=SC2034
LIB=$ROOT/deploy/lib
# shellcheck source=deploy/lib/say.sh
source "$LIB/say.sh"
# shellcheck source=deploy/lib/config.sh
source "$LIB/config.sh"
# shellcheck source=deploy/lib/checks.sh
source "$LIB/checks.sh"
# shellcheck source=deploy/lib/progress.sh
source "$LIB/progress.sh"
# shellcheck source=deploy/lib/images.sh
source "$LIB/images.sh"
# shellcheck source=deploy/lib/stacks.sh
source "$LIB/stacks.sh"
# shellcheck source=deploy/lib/keys.sh
source "$LIB/keys.sh"
# shellcheck source=deploy/lib/website.sh
source "$LIB/website.sh"
# shellcheck source=deploy/lib/editor.sh
source "$LIB/editor.sh"
# shellcheck source=deploy/lib/commands.sh
source "$LIB/commands.sh"
# shellcheck source=deploy/lib/destroy.sh
source "$LIB/destroy.sh"

usage() {
  cat <<'TEXT'
deploy.sh [COMMAND] [OPTIONS]

  deploy              check, show the price and ask, then put everything there; goes on where it was interrupted (default)
  check               check tools, configuration, account, region, models and rights; change nothing
  status              what runs there, and which alarms ring
  documents [FOLDER]  upload a folder of documents (default documents)
  editor -- COMMAND   a command of ingestor where it runs, such as: editor -- status faq.md
  rollback [TAG]      run the images from before, or those of a tag
  rotate WHAT         new service-token, token-secret or site-key
  destroy [--data]    take everything away; documents and snapshots stay, with --data the documents go too
  help                this text

  --config FILE       what the business set (default deploy/config.json)
  --yes               ask nothing
  --dry-run           show what would change, and change nothing
  --again             do steps that an interrupted run has finished once more
  --tag TAG           images of this tag (default: the commit)
  --images REGISTRY   pull REGISTRY/SERVICE:TAG instead of building
  --documents FOLDER  the folder that deploy uploads (default documents, where it exists)

  COST_COMMAND, KEYS_COMMAND and CDK_COMMAND name other programs for the price, the keys and CDK.
  Exit codes: 0 done, 1 something failed, 2 wrong usage, 3 not agreed.
TEXT
}

COMMAND=""
ARGUMENT=""
CONFIG=$ROOT/deploy/config.json
YES="" DRY_RUN="" AGAIN="" TAG="" IMAGES="" DOCUMENTS="" WITH_DATA=""
EDITOR_WORDS=()

# shellcheck disable=SC2034
parse() {
  while [ $# -gt 0 ]; do
    case $1 in
      --config | --tag | --images | --documents)
        [ $# -ge 2 ] || wrong_usage "$1 needs a value"
        case $1 in
          --config) CONFIG=$2 ;;
          --tag) TAG=$2 ;;
          --images) IMAGES=${2%/} ;;
          --documents) DOCUMENTS=$2 ;;
        esac
        shift
        ;;
      --yes) YES=1 ;;
      --dry-run) DRY_RUN=1 ;;
      --again) AGAIN=1 ;;
      --data) WITH_DATA=1 ;;
      --)
        shift
        EDITOR_WORDS=("$@")
        return
        ;;
      -h | --help) COMMAND=help ;;
      -*) wrong_usage "$1 is not known" ;;
      *)
        if [ -z "$COMMAND" ]; then COMMAND=$1; elif [ -z "$ARGUMENT" ]; then ARGUMENT=$1; else wrong_usage "$1 is one too many"; fi
        ;;
    esac
    shift
  done
}

main() {
  parse "$@"
  COMMAND=${COMMAND:-deploy}
  case $COMMAND in
    help) usage ;;
    deploy | check | status | documents | editor | rollback | rotate | destroy)
      export AWS_PAGER=""
      "command_$COMMAND"
      ;;
    *) wrong_usage "$COMMAND is not known" ;;
  esac
}

main "$@"
