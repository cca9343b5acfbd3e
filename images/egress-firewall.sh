#!/bin/sh
# Closes, in the host's own firewall, what computers with EGRESS must not reach: a second lock beside the
# filter that the gateway loads inside each of them (docs/decisions/egress-network.md).
#
#   egress-firewall.sh apply     for every egress network of the engine; may be repeated
#   egress-firewall.sh remove
#
# Run it as root on the engine's host, after the first computer with EGRESS was started, after each restart of
# the host, and when a deployment is added. Needs iptables and the docker command; DOCKER_HOST is honoured.
set -eu

chain=RAWORC-EGRESS
ranges="0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 192.168.0.0/16
  198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4"

bridges() {
  docker network ls --quiet --filter label=raworc.deployment | while read -r id; do
    docker network inspect --format '{{with index .Options "com.docker.network.bridge.name"}}{{.}}{{else}}br-{{slice $.Id 0 12}}{{end}}' "$id"
  done
}

# Every rule that jumps to the chain, as arguments to delete it.
jumps() { iptables -S | sed -n "s/^-A \(.* -j $chain\)\$/\1/p"; }

remove() {
  jumps | while read -r rule; do
    # shellcheck disable=SC2086
    iptables -D $rule
  done
  if iptables -n -L "$chain" >/dev/null 2>&1; then
    iptables -F "$chain"
    iptables -X "$chain"
  fi
}

apply() {
  found=$(bridges)
  [ -n "$found" ] || { echo "no egress network yet: start a computer with EGRESS first" >&2; exit 1; }
  remove
  iptables -N "$chain"
  # Answers to what the host itself asked of a computer may pass.
  iptables -A "$chain" -m conntrack --ctstate ESTABLISHED,RELATED -j RETURN
  for range in $ranges; do iptables -A "$chain" -d "$range" -j DROP; done
  # Whatever else is addressed to the host, by a public address of its own.
  iptables -A "$chain" -m addrtype --dst-type LOCAL -j DROP
  for bridge in $found; do
    iptables -I INPUT -i "$bridge" -j "$chain"
    iptables -I DOCKER-USER -i "$bridge" -j "$chain"
    echo "closed: $bridge"
  done
}

case ${1:-} in
  apply) apply ;;
  remove) remove ;;
  *) echo "usage: $0 apply|remove" >&2; exit 2 ;;
esac
