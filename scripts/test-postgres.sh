#!/bin/sh
# Runs a command with TEST_POSTGRES_URL naming a PostgreSQL of its own, which ends with the command:
#
#   scripts/test-postgres.sh npx vitest run test/store
#
# Without a command it prints the URL and serves until it is interrupted.
set -eu

bin=$(pg_config --bindir 2>/dev/null || true)
[ -x "$bin/initdb" ] || bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)
if [ ! -x "$bin/initdb" ]; then
  echo "PostgreSQL is not installed (on Debian: apt-get install postgresql)" >&2
  exit 1
fi

folder=$(mktemp -d "${TMPDIR:-/tmp}/raworc-postgres-XXXXXX")
owner=""
if [ "$(id -u)" = 0 ]; then # the server refuses to run as root
  chown postgres "$folder"
  owner="runuser -u postgres --"
fi

stop() {
  trap - EXIT
  (cd / && $owner "$bin/pg_ctl" stop -D "$folder/data" -m immediate >/dev/null 2>&1) || true
  rm -rf "$folder"
}
trap stop EXIT
trap 'exit 130' INT TERM HUP

port=$(node -e 'const s=require("net").createServer().listen(0,"127.0.0.1",()=>{console.log(s.address().port);s.close()})')
start() {
  # What the planner knows of a table is to depend on the test, not on when the server last looked by itself.
  cd /
  $owner "$bin/initdb" -D "$folder/data" -U test -A trust -E UTF8 --no-sync
  $owner "$bin/pg_ctl" start -w -D "$folder/data" -l "$folder/log" -o \
    "-p $port -k '$folder' -c listen_addresses=127.0.0.1 -c fsync=off -c autovacuum=off -c max_connections=200"
}
(start) >"$folder.out" 2>&1 || { cat "$folder.out" "$folder/log" >&2; rm -f "$folder.out"; exit 1; }
rm -f "$folder.out"

TEST_POSTGRES_URL="postgresql://test@127.0.0.1:$port/postgres"
export TEST_POSTGRES_URL
if [ $# -gt 0 ]; then
  "$@"
else
  echo "$TEST_POSTGRES_URL"
  while :; do sleep 3600 & wait $!; done
fi
