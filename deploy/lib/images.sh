# shellcheck shell=bash
# The images of the services: built here or pulled, and put into the account's registry under one tag.

SERVICES="gateway retriever generator ingestor"

# The commit, or a name of what differs from it.
choose_tag() {
  if [ -n "$TAG" ]; then return 0; fi
  local commit
  commit=$(git -C "$ROOT" rev-parse --short=12 HEAD 2>/dev/null) || fail "there is no commit to name the images after" "name them with --tag"
  if [ -z "$(git -C "$ROOT" status --porcelain)" ]; then
    TAG=$commit
  else
    TAG=$commit-$({ git -C "$ROOT" diff HEAD; git -C "$ROOT" status --porcelain; } | git hash-object --stdin | cut -c1-8)
  fi
}

put_images() {
  local registry=$ACCOUNT.dkr.ecr.$REGION.amazonaws.com service signed_in=""
  for service in $SERVICES; do
    if has_image "$service"; then
      note "$service:$TAG is there"
      continue
    fi
    if [ -z "$signed_in" ]; then sign_in "$registry" && signed_in=1; fi
    if [ -n "$IMAGES" ]; then pull_image "$service" "$registry"; else build_image "$service" "$registry"; fi
  done
}

has_image() {
  aws ecr describe-images --repository-name "$NAME/$1" --image-ids "imageTag=$TAG" >/dev/null 2>&1
}

sign_in() {
  if [ -n "$DRY_RUN" ]; then return 0; fi
  aws ecr get-login-password | docker login --username AWS --password-stdin "$1" >/dev/null ||
    fail "Docker cannot sign in to $1" "try: aws ecr get-login-password | docker login --username AWS --password-stdin $1"
}

build_image() {
  note "building $1"
  change docker buildx build --platform linux/arm64 --provenance=false --build-arg "SERVICE=$1" \
    --file "$ROOT/deploy/containers/Dockerfile" --tag "$2/$NAME/$1:$TAG" --push "$ROOT" ||
    fail "$1 cannot be built" "read what docker says above; run deploy.sh again to go on here"
}

pull_image() {
  note "pulling $1"
  { change docker pull --platform linux/arm64 "$IMAGES/$1:$TAG" &&
    change docker tag "$IMAGES/$1:$TAG" "$2/$NAME/$1:$TAG" &&
    change docker push "$2/$NAME/$1:$TAG"; } ||
    fail "$IMAGES/$1:$TAG cannot be pulled" "look whether it exists and Docker may read it: docker pull $IMAGES/$1:$TAG"
}
