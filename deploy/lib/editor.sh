# shellcheck shell=bash
# One command of `ingestor`, run in a task beside the chatbot, because the ingestor's port is open to nothing else.

command_editor() {
  [ "${#EDITOR_WORDS[@]}" -gt 0 ] || wrong_usage "which command? for example: deploy.sh editor -- list"
  need_deployed
  local cluster task place overrides id code
  cluster=$(output "$CHATBOT_STACK" ClusterName) task=$(output "$CHATBOT_STACK" EditorTask)
  place=(--launch-type EC2)
  local server=http://127.0.0.1:7003
  if [ "$TIER" != starter ]; then
    server=http://$(ingestor_address "$cluster"):7003
    place=(--launch-type FARGATE --network-configuration
      "awsvpcConfiguration={subnets=[$(output "$CHATBOT_STACK" PublicSubnet)],securityGroups=[$(output "$CHATBOT_STACK" EditorGroup)],assignPublicIp=ENABLED}")
  fi
  overrides=$(node -p 'const [server, ...command] = process.argv.slice(1);
    JSON.stringify({ containerOverrides: [{ name: "editor", command, environment: [{ name: "INGESTOR_SERVER", value: server }] }] })' -- "$server" "${EDITOR_WORDS[@]}")
  if [ -n "$DRY_RUN" ]; then
    note "would run in $cluster: $overrides"
    return
  fi
  id=$(aws ecs run-task --cluster "$cluster" --task-definition "$task" "${place[@]}" --overrides "$overrides" --query 'tasks[0].taskArn' --output text)
  case $id in
    arn:*) ;;
    *) fail "the command could not be started" "look at the cluster $cluster in the console; on a small host there may be no room" ;;
  esac
  aws ecs wait tasks-stopped --cluster "$cluster" --tasks "$id" || fail "the command does not end" "its lines: aws logs tail $(output "$CHATBOT_STACK" LogGroup) --since 15m"
  aws logs get-log-events --log-group-name "$(output "$CHATBOT_STACK" LogGroup)" --log-stream-name "editor/editor/${id##*/}" --start-from-head \
    --query 'events[].[message]' --output text
  code=$(aws ecs describe-tasks --cluster "$cluster" --tasks "$id" --query 'tasks[0].containers[0].exitCode' --output text)
  [ "$code" = 0 ] || exit 1
}

# The address of the task that the ingestor runs in.
ingestor_address() {
  local task address
  task=$(aws ecs list-tasks --cluster "$1" --service-name "$(output "$CHATBOT_STACK" IngestorService)" --desired-status RUNNING --query 'taskArns[0]' --output text)
  address=$(aws ecs describe-tasks --cluster "$1" --tasks "$task" --query "tasks[0].containers[?name=='ingestor'] | [0].networkInterfaces[0].privateIpv4Address" --output text)
  case $address in
    [0-9]*) printf '%s' "$address" ;;
    *) fail "the ingestor does not run" "deploy/deploy.sh status tells more" ;;
  esac
}
