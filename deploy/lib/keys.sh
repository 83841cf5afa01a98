# shellcheck shell=bash
# The gateway's keys: a file in Secrets Manager that `gateway keys` changes, and the site's key, which is public and stands in its pages.

# Makes the site's key where there is none for these pages.
put_keys() {
  local address origins key
  address=$(output "$CHATBOT_STACK" Address)
  origins=$address${ORIGINS:+ $ORIGINS}
  key=$(recall site-key)
  if [ -n "$address" ] && [ -n "$key" ] && [ "$(recall site-origins)" = "$origins" ]; then
    note "the site has its key"
    return
  fi
  if [ -n "$key" ]; then note "the pages are others than before, so they get another key; the old one still opens for the old pages"; fi
  new_site_key "$origins"
}

# Makes a key for pages of these origins, and lets the gateways read it.
new_site_key() {
  if [ -n "$DRY_RUN" ]; then
    note "would make a site key for $1"
    return
  fi
  local secret file made key origin options=()
  secret=$(output "$CHATBOT_STACK" KeysSecret)
  file=$(mktemp)
  # shellcheck disable=SC2064
  trap "rm -f '$file'" EXIT
  aws secretsmanager get-secret-value --secret-id "$secret" --query SecretString --output text >"$file" ||
    fail "the key file cannot be read" "allow secretsmanager:GetSecretValue on $secret"
  for origin in $1; do options+=(--origin "$origin"); done
  made=$(keys_command --file "$file" --json create site --name "$NAME" "${options[@]}") ||
    fail "no key could be made" "try it by hand: cargo run -q -p gateway -- keys help"
  key=$(node -p 'JSON.parse(process.argv[1]).key' "$made")
  aws secretsmanager put-secret-value --secret-id "$secret" --secret-string "file://$file" >/dev/null ||
    fail "the key file cannot be written" "allow secretsmanager:PutSecretValue on $secret"
  rm -f "$file"
  remember site-key "$key"
  remember site-origins "$1"
  note "a new site key: $key"
  restart_services
}

keys_command() {
  if [ -n "${KEYS_COMMAND:-}" ]; then
    # shellcheck disable=SC2086
    $KEYS_COMMAND "$@"
  else
    (cd "$ROOT" && cargo run -q --locked -p gateway -- keys "$@")
  fi
}

# Puts 64 new characters into a secret and starts the services with them.
rotate_secret() {
  local secret value
  secret=$(output "$CHATBOT_STACK" "$1")
  [ -n "$secret" ] || fail "$NAME is not deployed in $REGION" "deploy it first: deploy.sh"
  if [ -z "$DRY_RUN" ]; then
    value=$(aws secretsmanager get-random-password --password-length 64 --exclude-punctuation --query RandomPassword --output text)
    # A file, so that the value stands in no list of processes.
    aws secretsmanager put-secret-value --secret-id "$secret" --secret-string "file://"<(printf %s "$value") >/dev/null ||
      fail "the secret cannot be written" "allow secretsmanager:PutSecretValue on $secret"
  else
    note "would write a new value into $secret"
  fi
  restart_services
}
