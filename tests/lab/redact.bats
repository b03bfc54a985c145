#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# record --redact: nothing is left that tells whose machine it was, and the verdicts are the same.

load lab.bash

MACHINE='
import socket, subprocess, sys, time
def ip(words):
    subprocess.run(["ip"] + words.split(), check=True)
ip("link add customer7 type veth peer name other9")
for name in "customer7", "other9":
    ip("link set %s up" % name)
ip("addr add 10.11.12.13/24 dev customer7")
ip("addr add 2a02:1234:5678::9/64 dev customer7 nodad")
open("/proc/self/comm", "w").write("billing-daemon")
def serve(address, port):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return socket.create_server((address, port), family=family, dualstack_ipv6=address == "::")
# the route of a new IPv6 address comes when the kernel has seen the link come up
def meet(address):
    for _ in range(100):
        try:
            return socket.create_connection(address)
        except OSError:
            time.sleep(0.05)
    return socket.create_connection(address)
four, six, both = serve("10.11.12.13", 8080), serve("2a02:1234:5678::9", 8081), serve("::", 8082)
held = []
for _ in range(6):
    held.append((socket.create_connection(("10.11.12.13", 8080)), four.accept()))
    held.append((socket.create_connection(("10.11.12.13", 8082)), both.accept()))
    leaked = meet(("2a02:1234:5678::9", 8081))
    six.accept()[0].close()
    held.append(leaked)
datagram = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
datagram.bind(("10.11.12.13", 5353))
named, abstract = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)
named.bind(sys.argv[1] + "/ledger.sock")
named.listen()
abstract.bind("\0ledger-abstract")
print("READY", flush=True)
sys.stdin.read()
'

# Addresses in network and in host order, as text and as in /proc; names of process, interfaces, sockets, namespace.
SECRETS='
import re, sys
secrets = [bytes((10, 11, 12, 13)), bytes((13, 12, 11, 10)), b"10.11.12.13", b"0D0C0B0A", b"0A0B0C0D",
           bytes.fromhex("2a0212345678"), bytes.fromhex("3412022a"), b"2a02:1234", b"3412022A",
           b"billing", b"customer7", b"other9", b"ledger", sys.argv[2].encode()]
content = open(sys.argv[1], "rb").read()
left = [s for s in secrets if s in content]
print(len(left), left)
'

# has_secrets FILE: how many of them.
has_secrets() { python3 -c "$SECRETS" "$1" "$BATS_TEST_TMPDIR" | cut -d' ' -f1; }

# Findings without what is replaced: names, addresses and texts with them.
verdict() {
	local status=0 said
	said=$(mktemp "$BATS_TEST_TMPDIR/check.XXXXXX")         # two of them run at a time
	"$SOCKVET" check --json --warn close-wait-leak=0,count=1 --warn ephemeral-listener=1 "${@:2}" --from "$1" >"$said" || status=$?
	jq -cS '[.findings[] | [.id, .severity, .count, .age_min_ms, .age_max_ms, (.sockets | length), .subject.pid,
		(.evidence | with_entries(select(.value | type != "string")))]] | sort, .summary, .limits, .end' "$said"
	echo "$status"
}

@test "a redacted recording holds no address and no name, and gives the same verdict" {
	local name
	lab_python "$MACHINE" "$BATS_TEST_TMPDIR"
	cd "$BATS_TEST_TMPDIR"
	inside "$SOCKVET" record -q plain
	inside "$SOCKVET" record -q --redact live
	inside "$SOCKVET" list -A all -apbT --record all >/dev/null 2>&1
	inside "$SOCKVET" connect 10.11.12.13:8080 --record connect >/dev/null || true
	inside "$SOCKVET" connect 10.11.12.13:8080 --from-address 10.11.12.13 --record from >/dev/null || true
	inside "$SOCKVET" bind 10.11.12.13:8080 --record bind >/dev/null || true
	inside "$SOCKVET" bind 10.11.12.13:8090 --probe --record probe >/dev/null || true
	inside "$SOCKVET" bind "$BATS_TEST_TMPDIR/ledger.sock" --record unix >/dev/null || true
	for name in plain all connect from bind probe unix; do
		[ "$(has_secrets $name)" -gt 0 ]
		"$SOCKVET" record -q --from $name --redact $name.new
		python3 -c "$SECRETS" $name.new "$BATS_TEST_TMPDIR"
		[ "$(has_secrets $name.new)" -eq 0 ]
		[ "$(stat -c %a $name.new)" = 600 ]
	done
	[ "$(has_secrets live)" -eq 0 ]
	diff <(verdict plain) <(verdict plain.new)
	# a mended answer is found under the pseudonym of the address
	diff <("$SOCKVET" bind --json 240.0.0.1:8090 --probe --from probe.new | jq '.verdict, .probe') \
		<("$SOCKVET" bind --json 10.11.12.13:8090 --probe --from probe | jq '.verdict, .probe')
}

@test "the same address or name has one pseudonym, two never share one, and the kind stays" {
	lab_python "$MACHINE" "$BATS_TEST_TMPDIR"
	sockvet record -q --redact "$BATS_TEST_TMPDIR/new"
	sockvet list -tap --json --from "$BATS_TEST_TMPDIR/new"
	holds '[.sockets[] | select(.family == "ipv4") | .local.address] | unique == ["240.0.0.1"]'
	holds '[.sockets[] | select(.state == "CLOSE_WAIT") | .local.address, .remote.address] | unique == ["2001:db8::1"]'
	holds '[.sockets[] | select(.family == "ipv6" and .local.port == 8082 and .state == "ESTABLISHED") | .local.address] | unique == ["::ffff:240.0.0.1"]'
	holds '[.sockets[] | select(.state == "LISTEN" and .local.port == 8082) | .local.address] == ["::"]'
	holds '[.sockets[].processes[]?.comm] | unique == ["proc-1"]'
	listed '.local.port == 8080 or .remote.port == 8080' 13
	# its own address is still its own
	run "$SOCKVET" bind 240.0.0.1:9000 --from "$BATS_TEST_TMPDIR/new"
	[ "$status" -eq 0 ]
}

@test "a recording of the tree gives the same verdict when it is redacted" {
	local folder
	for folder in "$BATS_TEST_DIRNAME"/../golden/*/; do
		"$SOCKVET" record -q --from "$folder/recording" --redact "$BATS_TEST_TMPDIR/new"
		# shellcheck disable=SC2046
		diff <(verdict "$folder/recording" $(cat "$folder/args" 2>/dev/null)) \
			<(verdict "$BATS_TEST_TMPDIR/new" $(cat "$folder/args" 2>/dev/null)) || { echo "$folder"; return 1; }
		[ "$(grep -ca -e situation -e lab-peer "$BATS_TEST_TMPDIR/new")" = 0 ]
	done
}
