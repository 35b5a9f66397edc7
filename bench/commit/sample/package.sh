#!/usr/bin/env bash
# Stage the shared package beside each handler, then upload one archive per function.
#   ./package.sh depot my-deploy-bucket
# template-deploy.yaml takes the archives; `sam build` takes the staged folders.
set -euo pipefail
cd "$(dirname "$0")"
depot=$1
bucket=$2

for folder in "$depot"/functions/*/; do
  name=$(basename "$folder")
  cp -R shared "$folder"
  (cd "$folder" && zip -qr - .) | aws s3 cp - "s3://$bucket/lambda/$depot-$name.zip"
done
