# shellcheck shell=bash
# The website with the widget, the documents, and the first question.

# Fills in the widget's settings and uploads the files.
put_website() {
  local bucket address key stage
  bucket=$(output "$CHATBOT_STACK" WebsiteBucket) address=$(output "$CHATBOT_STACK" Address) key=$(recall site-key)
  stage=$(mktemp -d)
  mkdir "$stage/languages"
  cp "$ROOT/widget/dist/widget.js" "$stage/"
  cp "$ROOT"/widget/languages/*.json "$stage/languages/"
  (cd "$AWS_APP" && node --import tsx bin/embed.ts page "$CONFIG" "$address" "$key") >"$stage/index.html"
  change aws s3 sync "$stage" "s3://${bucket:-website}" --delete --cache-control "public, max-age=300" --only-show-errors ||
    fail "the website cannot be uploaded" "allow s3:PutObject and s3:DeleteObject on $bucket"
  rm -rf "$stage"
  change aws cloudfront create-invalidation --distribution-id "$(output "$CHATBOT_STACK" DistributionId)" --paths '/*' >/dev/null ||
    fail "CloudFront keeps the old files for five minutes" "allow cloudfront:CreateInvalidation, or wait"
}

# Uploads a folder; what stands in the bucket alone stays there.
put_documents() {
  local folder=${DOCUMENTS:-$ROOT/documents} bucket
  if [ ! -d "$folder" ]; then
    [ -z "$DOCUMENTS" ] || fail "there is no folder $DOCUMENTS" "make it, and put documents in"
    note "no folder documents: put documents there and run deploy.sh documents"
    return
  fi
  bucket=$(output "$CHATBOT_STACK" DocumentsBucket)
  change aws s3 sync "$folder" "s3://${bucket:-documents}" --exclude '.*' --exclude '*/.*' --only-show-errors ||
    fail "the documents cannot be uploaded" "allow s3:PutObject on $bucket, and kms:GenerateDataKey on its key"
  note "$(find "$folder" -type f -not -name '.*' | wc -l | tr -d ' ') documents are there; the ingestor reads what is new"
}

# Asks one question as a page would, until it is answered.
ask_question() {
  local address key answer tries=${SMOKE_ATTEMPTS:-60} try
  address=$(output "$CHATBOT_STACK" Address) key=$(recall site-key)
  if [ -n "$DRY_RUN" ]; then
    note "would ask a question at ${address:-the address}/chat"
    return
  fi
  for try in $(seq "$tries"); do
    # The key in a file: a list of processes shows arguments.
    if answer=$(curl -sS --fail-with-body --max-time 60 --config <(printf 'header = "x-api-key: %s"\n' "$key") \
      -H "origin: $address" -H 'content-type: application/json' -d '{"message":"What can you help me with?"}' "$address/chat" 2>&1); then
      note "asked and answered: $(cut -c1-200 <<<"$answer")"
      return
    fi
    if [ "$try" -lt "$tries" ]; then sleep "${SMOKE_PAUSE:-10}"; fi
  done
  fail "no answer from $address/chat: $(cut -c1-300 <<<"$answer")" "read the log: aws logs tail $(output "$CHATBOT_STACK" LogGroup) --since 15m; see deploy/docs/troubleshooting.md"
}

show_embedding() {
  local address
  address=$(output "$CHATBOT_STACK" Address)
  headline "Put this into your pages"
  (cd "$AWS_APP" && node --import tsx bin/embed.ts snippet "$CONFIG" "${address:-https://ADDRESS}" "$(recall site-key)")
  note "to try it: ${address:-https://ADDRESS}"
  if [ -z "$ORIGINS" ]; then note "pages of your own are let in once api.allowedOrigins in ${CONFIG#"$ROOT"/} names them"; fi
}
