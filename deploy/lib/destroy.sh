# shellcheck shell=bash
# Takes the chatbot away. Documents, the last snapshot and the key to read them stay unless their removal is asked for by name.

command_destroy() {
  need_deployed
  check_region
  [ "$FAULTS" -eq 0 ] || give_up
  TAG=$(output "$CHATBOT_STACK" ImageTag)
  local documents website database
  documents=$(output "$CHATBOT_STACK" DocumentsBucket) website=$(output "$CHATBOT_STACK" WebsiteBucket)
  database=$(output "$CHATBOT_STACK" DatabaseInstance)
  if [ -n "$WITH_DATA" ]; then
    agree_by_name "This removes the chatbot $NAME and every version of its documents, for good." "$NAME"
  else
    agree_by_name "This removes the chatbot $NAME; its documents stay in $documents." "$NAME"
  fi
  headline "Protection"
  change aws cloudformation update-termination-protection --no-enable-termination-protection --stack-name "$CHATBOT_STACK" >/dev/null
  if [ -n "$database" ]; then
    change aws rds modify-db-instance --db-instance-identifier "$database" --no-deletion-protection --apply-immediately >/dev/null
    change aws rds wait db-instance-available --db-instance-identifier "$database"
  fi
  headline "Stacks"
  destroy_stack "$CHATBOT_STACK"
  destroy_stack "$REGISTRY_STACK"
  destroy_stack "$EDGE_STACK"
  change aws ssm delete-parameters --names "/$NAME/site-key" "/$NAME/site-origins" "/$NAME/previous-tag" >/dev/null
  empty_and_remove "$website"
  if [ -n "$WITH_DATA" ]; then empty_and_remove "$documents"; fi
  if [ -z "$DRY_RUN" ]; then rm -f "${DEPLOY_STATE:-$ROOT/.deploy}/$NAME.progress"; fi
  show_rest "$documents"
}

destroy_stack() {
  change cdk destroy "$1" --exclusively --force --context "imageTag=$TAG" --context "webAclArn=none" --context "cloudFrontList=$CLOUDFRONT_LIST" ||
    fail "the stack $1 could not be removed" "read the reason above or in the console under CloudFormation; run deploy.sh destroy again"
}

# A bucket with versions is empty only once each of them is gone.
empty_and_remove() {
  local versions
  [ -n "$1" ] || return 0
  if [ -n "$DRY_RUN" ]; then
    note "would remove the bucket $1 and everything in it"
    return
  fi
  while true; do
    versions=$(aws s3api list-object-versions --bucket "$1" --max-items 500 --output json \
      --query '{Objects: [Versions[].{Key: Key, VersionId: VersionId}, DeleteMarkers[].{Key: Key, VersionId: VersionId}][]}') ||
      fail "the bucket $1 cannot be looked into" "allow s3:ListBucketVersions on it; run deploy.sh destroy again or remove it in the console"
    [ "$(node -p '(JSON.parse(process.argv[1]).Objects ?? []).filter(Boolean).length' "$versions")" -gt 0 ] || break
    aws s3api delete-objects --bucket "$1" --delete "$(node -p 'JSON.stringify({ Objects: JSON.parse(process.argv[1]).Objects.filter(Boolean), Quiet: true })' "$versions")" >/dev/null ||
      fail "the bucket $1 cannot be emptied" "allow s3:DeleteObjectVersion on it"
  done
  aws s3api delete-bucket --bucket "$1" || fail "the bucket $1 cannot be removed" "allow s3:DeleteBucket on it"
  note "removed $1"
}

show_rest() {
  headline "What is left, and costs a little"
  if [ -z "$WITH_DATA" ]; then note "the documents: s3://$1"; fi
  note "the last snapshot of the store: EC2 or RDS in the console, under Snapshots"
  note "the secret $NAME/keys, and the key of KMS that reads documents and snapshots; remove both last"
}
