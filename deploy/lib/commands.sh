# shellcheck shell=bash
# The commands, each from its beginning to its end.

command_check() {
  check_all
  note "all is well"
}

command_deploy() {
  check_all
  choose_tag
  show_price
  agree "Put $NAME ($TIER, images $TAG) into account $ACCOUNT, $REGION?"
  begin_progress
  step bootstrap "CDK's own things" put_bootstrap
  step foundations "Firewall, budget, registry" put_foundations
  step images "Images" put_images
  step chatbot "The chatbot" put_chatbot
  step keys "Keys" put_keys
  step website "Website" put_website
  step documents "Documents" put_documents
  step question "A first question" ask_question
  end_progress
  show_embedding
}

show_price() {
  headline "Price"
  local command=${COST_COMMAND:-cargo run -q --locked -p cost --}
  # shellcheck disable=SC2086
  (cd "$ROOT" && $command --config "$CONFIG") || fail "the price cannot be told" "try it by hand: $command --config $CONFIG; COST_COMMAND names another program"
}

command_status() {
  need_deployed
  local cluster services
  cluster=$(output "$CHATBOT_STACK" ClusterName) services=$(output "$CHATBOT_STACK" ServiceNames | tr ',' ' ')
  headline "$NAME in $REGION"
  note "address  $(output "$CHATBOT_STACK" Address)"
  note "images   $(output "$CHATBOT_STACK" ImageTag)"
  note "stack    $(aws cloudformation describe-stacks --stack-name "$CHATBOT_STACK" --query 'Stacks[0].StackStatus' --output text)"
  headline "Services"
  # shellcheck disable=SC2016,SC2086
  aws ecs describe-services --cluster "$cluster" --services $services --output text \
    --query 'services[].[serviceName,join(`/`,[to_string(runningCount),to_string(desiredCount)]),deployments[0].rolloutState]' | sed 's/^/  /'
  headline "Alarms that ring"
  local alarms
  alarms=$(aws cloudwatch describe-alarms --alarm-name-prefix "$NAME-" --state-value ALARM --query 'MetricAlarms[].[AlarmName,AlarmDescription]' --output text)
  if [ -n "$alarms" ] && [ "$alarms" != None ]; then printf '%s\n' "$alarms" | sed 's/^/  /'; else note "none"; fi
}

command_documents() {
  if [ -n "$ARGUMENT" ]; then DOCUMENTS=$ARGUMENT; fi
  need_deployed
  put_documents
}

# The stack as it is now, with the images from before.
command_rollback() {
  need_deployed
  check_region
  [ "$FAULTS" -eq 0 ] || give_up
  local running
  running=$(output "$CHATBOT_STACK" ImageTag)
  TAG=${ARGUMENT:-$(recall previous-tag)}
  [ -n "$TAG" ] || fail "it is not known what ran before" "name it: deploy.sh rollback TAG; aws ecr list-images --repository-name $NAME/gateway shows tags"
  [ "$TAG" != "$running" ] || fail "$TAG is what runs" "name another: aws ecr list-images --repository-name $NAME/gateway shows tags"
  local service
  for service in $SERVICES; do has_image "$service" || fail "$service:$TAG is not in the registry any more" "name another: aws ecr list-images --repository-name $NAME/$service"; done
  agree "Run $TAG instead of $running?"
  headline "Back to $TAG"
  put_chatbot
  ask_question
}

command_rotate() {
  local what=$ARGUMENT
  case $what in
    service-token | token-secret | site-key) ;;
    *) wrong_usage "rotate what? service-token, token-secret or site-key" ;;
  esac
  need_deployed
  case $what in
    service-token)
      agree "A new service token starts every service anew. Go on?"
      rotate_secret ServiceTokenSecret
      ;;
    token-secret)
      agree "A new token secret signs out every visitor once. Go on?"
      rotate_secret TokenSecret
      ;;
    site-key)
      agree "Make a new site key? The old one opens until it is revoked."
      new_site_key "$(recall site-origins)"
      put_website
      show_embedding
      ;;
  esac
}

# Reads the configuration and the account, and ends the script where nothing is deployed.
need_deployed() {
  need aws "install the AWS CLI: docs.aws.amazon.com/cli/latest/userguide/getting-started-install.html"
  [ "$FAULTS" -eq 0 ] || give_up
  read_config
  check_credentials >/dev/null
  [ "$FAULTS" -eq 0 ] || give_up
  [ -n "$(output "$CHATBOT_STACK" Address)" ] || fail "$NAME is not deployed in $REGION" "deploy it first: deploy.sh"
}
