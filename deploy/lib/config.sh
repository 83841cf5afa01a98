# shellcheck shell=bash
# What the business set, read by the same code that CDK uses, and where things are.

# Reads the configuration into variables. Mistakes name the key and what would be right.
read_config() {
  install_app
  local lines mistakes code=0
  mistakes=$(mktemp)
  lines=$(cd "$AWS_APP" && node --import tsx bin/config.ts "$CONFIG" 2>"$mistakes") || code=$?
  if [ "$code" -eq 3 ]; then
    while IFS= read -r line; do bad "$line" "edit ${CONFIG#"$ROOT"/}"; done <"$mistakes"
    rm -f "$mistakes"
    exit 1
  elif [ "$code" -ne 0 ]; then
    cat "$mistakes" >&2
    rm -f "$mistakes" "$AWS_APP/node_modules/.installed"
    fail "the configuration cannot be read" "run it again, which installs the packages of deploy/aws anew"
  fi
  rm -f "$mistakes"
  NAME="" TIER="" REGION="" MODELS="" EMBEDDING="" ORIGINS="" FINGERPRINT=""
  # Lines of name=value; values hold no line end.
  while IFS='=' read -r name value; do
    case $name in
      NAME | TIER | REGION | MODELS | EMBEDDING | ORIGINS | FINGERPRINT) printf -v "$name" '%s' "$value" ;;
    esac
  done <<<"$lines"
  EDGE_STACK=$NAME-edge REGISTRY_STACK=$NAME-registry CHATBOT_STACK=$NAME
  export CHATBOT_CONFIG=$CONFIG AWS_REGION=$REGION AWS_DEFAULT_REGION=$REGION
}

# The app's packages, at the versions of its lock file; nothing of theirs runs while they are installed.
install_app() {
  command -v node >/dev/null || fail "node is missing" "install Node.js 20 or newer from nodejs.org"
  command -v npm >/dev/null || fail "npm is missing" "install Node.js 20 or newer from nodejs.org"
  local mark=$AWS_APP/node_modules/.installed
  if [ ! -e "$mark" ] || [ "$AWS_APP/package-lock.json" -nt "$mark" ]; then
    note "installing the packages of deploy/aws"
    npm --prefix "$AWS_APP" ci --no-audit --no-fund --ignore-scripts >/dev/null ||
      fail "the packages of deploy/aws cannot be installed" "look whether npm reaches its registry: npm ping"
    touch "$mark"
  fi
}

cdk() {
  (cd "$AWS_APP" && command "${CDK_COMMAND:-$AWS_APP/node_modules/.bin/cdk}" --no-notices "$@")
}

# Reads an output of a stack; nothing where there is no such stack or output.
output() {
  local value
  value=$(aws cloudformation describe-stacks --region "${3:-$REGION}" --stack-name "$1" \
    --query "Stacks[0].Outputs[?OutputKey=='$2'].OutputValue" --output text 2>/dev/null) || return 0
  if [ "$value" != None ]; then printf '%s' "$value"; fi
}

# Reads a note that belongs to the chatbot: site-key, site-origins, previous-tag.
recall() {
  aws ssm get-parameter --name "/$NAME/$1" --query Parameter.Value --output text 2>/dev/null || true
}

remember() {
  change aws ssm put-parameter --name "/$NAME/$1" --type String --overwrite --value "$2" >/dev/null
}
