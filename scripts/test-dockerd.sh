#!/bin/sh
# A private Docker engine for tests: scripts/test-dockerd.sh start|stop|kill DIR
#
# It shares nothing with an engine that already runs here: its own data, sockets and network
# namespace, so that neither flushes the other's firewall rules. It therefore reaches no registry.
# Needs root and Debian's docker.io (or any dockerd). `start` prints DOCKER_HOST; `kill` ends the
# daemon with SIGKILL and leaves the data, as a crash would; `stop` ends it and removes DIR.
set -eu

command=${1:-}
dir=${2:-}
[ -n "$command" ] && [ -n "$dir" ] || { echo "usage: $0 start|stop|kill DIR" >&2; exit 2; }
mkdir -p "$dir"
dir=$(cd "$dir" && pwd -P)

running() { [ -s "$dir/pid" ] && kill -0 "$(cat "$dir/pid")" 2>/dev/null; }
answers() { curl -fsS -m 2 --unix-socket "$dir/docker.sock" http://docker/_ping >/dev/null 2>&1; }

start() {
  if running && answers; then echo "unix://$dir/docker.sock"; return; fi
  rm -f "$dir/pid" "$dir/docker.sock" "$dir/exec/containerd/containerd.pid"
  # shellcheck disable=SC2016
  setsid unshare --net sh -c '
    ip link set lo up
    exec dockerd --data-root "$1/data" --exec-root "$1/exec" --pidfile "$1/pid" -H "unix://$1/docker.sock" \
      --bridge none --default-address-pool base=10.213.0.0/16,size=24
  ' sh "$dir" >>"$dir/log" 2>&1 </dev/null &
  tries=0
  until answers; do
    tries=$((tries + 1))
    if [ "$tries" -gt 150 ]; then tail -n 20 "$dir/log" >&2; exit 1; fi
    sleep 0.2
  done
  echo "unix://$dir/docker.sock"
}

# Ends containers whose engine ended without them. Their shims name this engine's socket.
end_orphans() {
  for shim in $(pgrep -f -- "containerd-shim.* -address $dir/exec/containerd/containerd.sock"); do
    pkill -KILL -P "$shim" || true
    kill -9 "$shim" 2>/dev/null || true
  done
}

stop() {
  if running; then
    pid=$(cat "$dir/pid")
    # Killing is quicker than the engine's own way, but old engines sometimes never answer it.
    docker -H "unix://$dir/docker.sock" ps -q 2>/dev/null |
      timeout 10 xargs -r docker -H "unix://$dir/docker.sock" kill >/dev/null 2>&1 || true
    kill "$pid"
    tries=0
    while kill -0 "$pid" 2>/dev/null && [ "$tries" -lt 200 ]; do tries=$((tries + 1)); sleep 0.1; done
    kill -9 "$pid" 2>/dev/null || true
  fi
  end_orphans
  # What a crashed engine left mounted would keep the folder busy.
  awk -v dir="$dir/" 'index($2, dir) == 1 { print $2 }' /proc/mounts | sort -r | while read -r mount; do
    umount -l "$mount" 2>/dev/null || true
  done
  rm -rf "$dir" 2>/dev/null || true
}

case $command in
  start) start ;;
  stop) stop ;;
  kill) running && kill -9 "$(cat "$dir/pid")" ;;
  *) echo "usage: $0 start|stop|kill DIR" >&2; exit 2 ;;
esac
