#!/bin/sh
# Buckets, and users with narrow policies. Running it again changes nothing.
# MC_HOST_site says where MinIO is, and as whom: no secret is an argument, which others could read.
set -eu
mc mb --ignore-existing site/uploads site/data
# A collector may write again to a name of its own. What it wrote before stays as an older version.
mc version enable site/uploads
for name in watcher labels collector; do
  mc admin policy create site "$name" "/setup/policies/$name.json"
done
user() { # NAME KEY; its secret comes on stdin.
  mc admin user add site "$2"
  mc admin policy attach site "$1" --user "$2" ||
    mc admin user info site "$2" | grep -q "$1" # Attached before.
}
printf '%s\n' "$WATCHER_SECRET" | user watcher "$WATCHER_KEY"
printf '%s\n' "$LABELS_SECRET" | user labels "$LABELS_KEY"
