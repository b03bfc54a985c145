#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Unit, container and pod where the cgroup of the socket does not tell them: v1, hybrid, cgroup namespaces.

load lab

ID=$(printf 'ab12%.0s' {1..16})

# A server in the cgroup of that folder: a listener, and a connection that its client closed.
SERVER='
import os, socket, sys
if sys.argv[1:]:
    open(sys.argv[1] + "/cgroup.procs", "w").write("0")
server = socket.create_server(("127.0.0.1", 0))
with socket.create_connection(server.getsockname()):
    held = server.accept()[0]
print("READY port=%d pid=%d" % (server.getsockname()[1], os.getpid()), flush=True)
sys.stdin.read()
'

GROUP=

# group TYPE OPTION PATH: makes that cgroup, and remembers it for teardown.
group() {
	local mount
	mount=$(findmnt -rn -t "$1" -O "$2" -o TARGET | head -n 1)
	[ -n "$mount" ] || skip "no $1 ($2) is mounted"
	GROUP=$mount/sockvet-test.$BATS_TEST_NUMBER.$$
	mkdir -p "$GROUP/$3" 2>/dev/null || skip "no cgroup can be made"
}

teardown() {
	lab_stop
	[ -z "$GROUP" ] || find "$GROUP" -depth -type d -exec rmdir {} \; 2>/dev/null || true
}

# names CONDITION: so is what list, check and bind say, live, of a recording, and of a redacted one (a shape there).
names() {
	local saved=$BATS_TEST_TMPDIR/saved
	sockvet list -tlnp --json
	holds ".sockets[0] | $1"
	check_says ".id == \"close-wait-leak\" and (.subject | $1)" --warn close-wait-leak=1ms,count=1
	sockvet bind "127.0.0.1:${LAB[port]}" --json
	holds ".blockers[0] | $1"
	[[ $(jq -r .cause <<<"$output") == *"${ID:0:12}"* ]]
	sockvet record "$saved"
	[ "$status" -eq 0 ]
	sockvet list -tlnp --json --from "$saved"
	holds ".sockets[0] | $1"
	sockvet record --from "$saved" --redact "$saved.redacted"
	[ "$(grep -c "$ID" "$saved.redacted")" -eq 0 ]
	sockvet list -tlnp --json --from "$saved.redacted"
	holds '.sockets[0].container | test("^0{63}[0-9a-f]$")'
}

@test "a container that only a line of v1 tells is named everywhere" {
	group cgroup pids "docker/$ID"
	lab_python "$SERVER" "$GROUP/docker/$ID"
	names ".container == \"$ID\" and (.cgroup | endswith(\"/docker/$ID\"))"
	sockvet list -tnp -C CONTAINER,STATE -H state close-wait
	[[ $output == "$ID"* ]]
	# without a walk through /proc nobody asks the holder
	sockvet list -tln --json
	holds '.sockets[0].container == null'
}

@test "a cgroup outside of our own namespace has the names that its path tells" {
	local place
	for place in "cgroup pids" "cgroup2 rw"; do
		# shellcheck disable=SC2086  # two words
		group $place "docker-$ID.scope"
		mkdir "$GROUP/ours"
		lab_python "$SERVER" "$GROUP/docker-$ID.scope"
		inside() {
			nsenter -t "$LAB_JOB" -U -n --preserve-credentials sh -c \
				'echo 0 >"$1/ours/cgroup.procs"; shift; exec unshare -C "$@"' sh "$GROUP" "$@" 3>&-
		}
		names ".container == \"$ID\" and .unit == \"docker-$ID.scope\""
		teardown
	done
}
