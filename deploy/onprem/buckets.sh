#!/bin/sh
# Buckets, and users with narrow policies. Running it again changes nothing.
set -eu
mc alias set site http://minio:9000 "$MINIO_ROOT_USER" "$MINIO_ROOT_PASSWORD"
mc mb --ignore-existing site/uploads site/data
for name in watcher collector; do
  mc admin policy create site "$name" "/setup/policies/$name.json"
done
mc admin user add site "$WATCHER_KEY" "$WATCHER_SECRET"
mc admin policy attach site watcher --user "$WATCHER_KEY" ||
  mc admin user info site "$WATCHER_KEY" | grep -q watcher # Attached before.
