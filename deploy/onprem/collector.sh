#!/bin/sh
# A collector's user, which may write below its own name: collector.sh NAME, its password on stdin.
set -eu
name=$1
mc admin user add site "$name"
mc admin policy attach site collector --user "$name" ||
  mc admin user info site "$name" | grep -q collector # Attached before.
