# shellcheck shell=bash
# The stacks of CDK: what they need to know, and their order.

# CDK keeps its own things in an account, once for each region.
put_bootstrap() {
  local region regions=us-east-1
  if [ "$REGION" != us-east-1 ]; then regions="us-east-1 $REGION"; fi
  for region in $regions; do
    if aws cloudformation describe-stacks --region "$region" --stack-name CDKToolkit >/dev/null 2>&1; then
      note "CDK is at home in $region"
    else
      change cdk bootstrap "aws://$ACCOUNT/$region" || fail "CDK cannot settle in $region" "it needs an administrator once: cdk bootstrap aws://$ACCOUNT/$region"
    fi
  done
}

put_foundations() {
  deploy_stack "$EDGE_STACK"
  deploy_stack "$REGISTRY_STACK"
}

put_chatbot() {
  local running
  running=$(output "$CHATBOT_STACK" ImageTag)
  if [ -n "$running" ] && [ "$running" != "$TAG" ]; then remember previous-tag "$running"; fi
  deploy_stack "$CHATBOT_STACK"
}

deploy_stack() {
  local firewall
  firewall=$(output "$EDGE_STACK" WebAclArn us-east-1)
  # Nothing asks for the firewall while it is made itself, or in a dry run before it.
  change cdk deploy "$1" --exclusively --require-approval never --context "imageTag=$TAG" \
    --context "webAclArn=${firewall:-none}" --context "cloudFrontList=$CLOUDFRONT_LIST" ||
    fail "the stack $1 could not be brought up to date; what was there before is there again" \
      "read the reason above or in the console under CloudFormation; run deploy.sh again to go on here"
}

# Starts the tasks anew, for secrets that they read at their start.
restart_services() {
  local cluster service
  cluster=$(output "$CHATBOT_STACK" ClusterName)
  for service in $(output "$CHATBOT_STACK" ServiceNames | tr ',' ' '); do
    change aws ecs update-service --cluster "$cluster" --service "$service" --force-new-deployment >/dev/null
  done
  wait_for_services "$cluster"
}

wait_for_services() {
  local services
  services=$(output "$CHATBOT_STACK" ServiceNames | tr ',' ' ')
  # shellcheck disable=SC2086
  change aws ecs wait services-stable --cluster "$1" --services $services ||
    fail "the services do not become steady" "read their log: aws logs tail $(output "$CHATBOT_STACK" LogGroup) --since 15m"
}
