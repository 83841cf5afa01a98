# shellcheck shell=bash
# What must be right before anything is changed. Every check says how to put it right; all are made before the script gives up.

FAULTS=0

fault() {
  bad "$1" "$2"
  FAULTS=$((FAULTS + 1))
}

# Makes every check, and ends the script where one failed.
check_all() {
  headline "Checks"
  check_tools
  [ "$FAULTS" -eq 0 ] || give_up
  read_config
  good "configuration: $NAME, $TIER, $REGION"
  check_credentials
  [ "$FAULTS" -eq 0 ] || give_up
  check_region
  check_models
  check_rights
  check_space
  [ "$FAULTS" -eq 0 ] || give_up
}

give_up() {
  printf '%s thing(s) to put right; nothing was changed\n' "$FAULTS" >&2
  exit 1
}

check_tools() {
  need node "install Node.js 20 or newer from nodejs.org"
  need npm "install Node.js 20 or newer from nodejs.org"
  need aws "install the AWS CLI: docs.aws.amazon.com/cli/latest/userguide/getting-started-install.html"
  need docker "install Docker: docs.docker.com/engine/install"
  need curl "install curl with your system's packages"
  need git "install git with your system's packages, or name the images with --tag"
  [ -n "${COST_COMMAND:-}" ] && [ -n "${KEYS_COMMAND:-}" ] || need cargo "install Rust from rustup.rs; it counts the price and makes keys"
  [ "$FAULTS" -eq 0 ] || return 0
  local major
  major=$(node -p 'process.versions.node.split(".")[0]')
  [ "$major" -ge 20 ] || fault "Node.js $major is too old" "install Node.js 20 or newer from nodejs.org"
  docker info >/dev/null 2>&1 || fault "Docker does not answer" "start Docker; on Linux: sudo systemctl start docker, and be in the group docker"
  [ -n "$IMAGES" ] || docker buildx version >/dev/null 2>&1 || fault "docker buildx is missing" "install the package docker-buildx-plugin, or pull images with --images"
  [ "$FAULTS" -gt 0 ] || good "tools"
}

need() {
  command -v "$1" >/dev/null || fault "$1 is missing" "$2"
}

check_credentials() {
  local identity
  if ! identity=$(aws sts get-caller-identity --query '[Account,Arn]' --output text 2>&1); then
    fault "AWS does not know who you are: ${identity##*: }" "sign in with aws configure sso and aws sso login, or aws configure; then try aws sts get-caller-identity"
    return
  fi
  read -r ACCOUNT CALLER <<<"$identity"
  export CDK_DEFAULT_ACCOUNT=$ACCOUNT
  good "account $ACCOUNT as ${CALLER##*/}"
}

check_region() {
  if ! aws ec2 describe-availability-zones --query 'AvailabilityZones[0].ZoneName' --output text >/dev/null 2>&1; then
    fault "the region $REGION cannot be used" "turn it on in the console under Account, AWS Regions, or set another region in ${CONFIG#"$ROOT"/}"
    return
  fi
  CLOUDFRONT_LIST=$(aws ec2 describe-managed-prefix-lists --query 'PrefixLists[0].PrefixListId' --output text \
    --filters Name=prefix-list-name,Values=com.amazonaws.global.cloudfront.origin-facing 2>/dev/null) || CLOUDFRONT_LIST=None
  case $CLOUDFRONT_LIST in
    pl-*) good "region $REGION" ;;
    *) fault "AWS's list of CloudFront's addresses is not found in $REGION" "allow ec2:DescribeManagedPrefixLists, or set another region" ;;
  esac
}

# Every model must be open to the account, in this region, and not about to go.
check_models() {
  local id bare state before=$FAULTS
  for id in $MODELS $EMBEDDING; do
    bare=$(sed -E 's/^(us|eu|apac|jp|global)\.//' <<<"$id")
    if [ "$bare" != "$id" ] && ! aws bedrock get-inference-profile --inference-profile-identifier "$id" >/dev/null 2>&1; then
      fault "the inference profile $id is not there in $REGION" "set another in bedrock of ${CONFIG#"$ROOT"/}; aws bedrock list-inference-profiles shows them"
      continue
    fi
    state=$(aws bedrock get-foundation-model-availability --model-id "$bare" \
      --query '[authorizationStatus,entitlementAvailability,regionAvailability,agreementAvailability.status]' --output text 2>&1) || state="error ${state##*: }"
    check_model "$id" "$state"
  done
  [ "$FAULTS" -gt "$before" ] || good "models: $MODELS $EMBEDDING"
}

check_model() {
  local authorized entitled here agreed
  read -r authorized entitled here agreed <<<"$2"
  if [ "$authorized" = error ]; then
    fault "Bedrock does not tell whether $1 may be used: ${2#error }" "allow bedrock:GetFoundationModelAvailability, and look whether $1 is a model's id"
  elif [ "$here" = NOT_AVAILABLE ]; then
    fault "$1 is not in $REGION" "set another region, or a model's profile such as eu.amazon.nova-lite-v1:0, in ${CONFIG#"$ROOT"/}"
  elif [ "$authorized" != AUTHORIZED ] || [ "$entitled" != AVAILABLE ] || [ "$agreed" != AVAILABLE ]; then
    fault "the account has no access to $1" "open Bedrock in the console in $REGION, Model catalog, and ask for access to it"
  fi
}

# What this script does itself; CDK's own roles do the rest.
RIGHTS="cloudformation:DescribeStacks sts:AssumeRole ssm:GetParameter ssm:PutParameter ecr:GetAuthorizationToken ecr:PutImage
  s3:PutObject s3:DeleteObject secretsmanager:GetSecretValue secretsmanager:PutSecretValue ecs:UpdateService ecs:DescribeServices
  cloudfront:CreateInvalidation cloudwatch:DescribeAlarms"

check_rights() {
  local who=$CALLER denied role
  case $CALLER in
    *:root)
      note "you are the account's root; a user or role of your own would be safer"
      return
      ;;
    *:assumed-role/*)
      role=${CALLER#*:assumed-role/}
      who=$(aws iam get-role --role-name "${role%%/*}" --query Role.Arn --output text 2>/dev/null) || who=""
      ;;
  esac
  # shellcheck disable=SC2086
  if [ -z "$who" ] || ! denied=$(aws iam simulate-principal-policy --policy-source-arn "$who" --action-names $RIGHTS \
    --query "EvaluationResults[?EvalDecision!='allowed'].EvalActionName" --output text 2>/dev/null); then
    note "your rights cannot be looked at (iam:SimulatePrincipalPolicy); a missing one will show later"
    return
  fi
  if [ -n "$denied" ] && [ "$denied" != None ]; then
    fault "you may not: $(tr '\t\n' '  ' <<<"$denied")" "ask the account's administrator for them, or use a role that has PowerUserAccess"
  else
    good "rights"
  fi
}

# Building the images takes about 8 GB.
check_space() {
  local free
  [ -z "$IMAGES" ] || return 0
  free=$(df -Pk "$ROOT" | awk 'NR == 2 { print int($4 / 1048576) }')
  [ "$free" -ge "${LEAST_FREE_GB:-8}" ] || fault "only $free GB are free" "make room for 8 GB, for example with docker system prune, or pull images with --images"
}
