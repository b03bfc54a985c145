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

# host PID COMM CGROUP FD=INODE...: adds a process to the tree of a host that is mounted on $HOST.
host() {
	local process=$HOST/proc/$1 comm=$2 cgroup=$3 held
	mkdir -p "$process/fd"
	echo "$comm" >"$process/comm"
	printf %b "$cgroup" >"$process/cgroup"
	shift 3
	for held in "$@"; do
		ln -s "socket:[${held#*=}]" "$process/fd/${held%%=*}"
	done
}

# The inode of the listener, which the lab's server holds.
listening() {
	sockvet list -tln --json
	jq .sockets[0].inode <<<"$output"
}

@test "--root and PROC_ROOT read the files of the host, and what tells of us from our own" {
	local inode
	HOST=$BATS_TEST_TMPDIR/host
	lab_python "$SERVER"
	inode=$(listening)
	host 1 systemd '0::/init.scope\n'
	host 4711 web "5:cpuset:/docker/$ID\\n1:name=systemd:/\\n" "7=$inode"
	sockvet list -tlnp --json --root "$HOST"
	[ "$status" -eq 0 ]
	[ -z "$errors" ]
	holds ".sockets[0] | .processes == [{pid: 4711, comm: \"web\", fd: 7}] and .container == \"$ID\""
	sockvet bind "127.0.0.1:${LAB[port]}" --json --root "$HOST/"
	holds ".blockers[0].processes[0].pid == 4711"
	check_says '.subject.pid == null or .subject.comm != "python3"' --warn close-wait-leak=1ms,count=1 --root "$HOST"
	# as ss has it: only /proc, relative to where we are, and / when it is empty
	inside() {
		nsenter -t "$LAB_JOB" -U -n --preserve-credentials env -C "$HOST" PROC_ROOT="$PROC" "$@" 3>&-
	}
	for PROC in "$HOST/proc" "$HOST/proc/" proc; do
		[[ $(inside "$SOCKVET" list -tlnpH) == *'(("web",pid=4711,fd=7))'* ]]
	done
	for PROC in "" nowhere; do
		sockvet list -tlnp --json
		[ "$status" -eq 0 ]
		holds '.sockets[0].processes == null and (.end.gaps | length) > 0'
	done
	sockvet list -tlnp --json --root /
	holds ".sockets[0].processes[0].pid == ${LAB[pid]}"
}

@test "a --root that has no host is refused with one sentence" {
	local root
	lab_python "$SERVER"
	mkdir -p "$BATS_TEST_TMPDIR/empty/proc" "$BATS_TEST_TMPDIR/bare"
	for root in "" /nonexistent /etc/passwd "$BATS_TEST_TMPDIR/bare" "$BATS_TEST_TMPDIR/empty"; do
		for command in check list "bind 80" "connect 127.0.0.1:80" "record $BATS_TEST_TMPDIR/none"; do
			# shellcheck disable=SC2086  # two words
			sockvet $command --root "$root"
			[ "$status" -eq 3 ]
			[ -z "$output" ]
			[ "$(wc -l <<<"$errors")" -eq 1 ]
			[[ $errors == "sockvet: --root '$root'"* ]]
		done
	done
	[ ! -e "$BATS_TEST_TMPDIR/none" ]
}

@test "a --root that is no host keeps nobody waiting, and one that hides processes says so, however it is spelled" {
	local root=$BATS_TEST_TMPDIR/root spelled
	mkdir -p "$root/proc/1" "$root/proc/self"
	mkfifo "$root/proc/self/mountinfo" "$root/proc/1/comm" "$root/proc/1/cgroup"
	run timeout 30 "$SOCKVET" check --root "$root"
	[ "$status" -ne 124 ]
	for spelled in "$root" "$root/" "$root/../root"; do
		run unshare -Urmpfn sh -c 'mount --rbind / "$1" && mount -t proc -o hidepid=2 proc "$1/proc" &&
			exec "$2" check -j --root "$3"' sh "$root" "$SOCKVET" "$spelled" 3>&-
		[ -n "$output" ] && [ "$status" -lt 3 ] || skip "no mount namespace like that: $output"
		[[ $output == *hidepid* ]]
	done
}

@test "an agent in a pid namespace of its own names owners by the host's root" {
	lab_python "$SERVER"
	# the mounts of a container: a /proc of its own, and the host's root below a folder
	inside() {
		nsenter -t "$LAB_JOB" -U -n --preserve-credentials unshare -m sh -c '
			mkdir -p "$1/host" && mount --rbind / "$1/host" && shift && exec unshare -pf --mount-proc "$@"
		' sh "$BATS_TEST_TMPDIR" "$@" 3>&-
	}
	inside true || skip "no mount namespace like that"
	sockvet list -tlnp --json
	holds '.sockets[0].processes == null'
	sockvet list -tlnp --json --root "$BATS_TEST_TMPDIR/host"
	holds ".sockets[0].processes[0].pid == ${LAB[pid]}"
	check_says ".subject.pid == ${LAB[pid]}" --warn close-wait-leak=1ms,count=1 --root "$BATS_TEST_TMPDIR/host"
	sockvet bind "127.0.0.1:${LAB[port]}" --root "$BATS_TEST_TMPDIR/host"
	[[ $output == *"python3[${LAB[pid]}]"* ]]
}

@test "pods and containers have the names of the kubelet's logs, live, recorded and redacted" {
	local inode uid=0b3a1f5c-4e0f-4d6b-9d0a-3c2b1a000001 saved=$BATS_TEST_TMPDIR/saved names
	local slice="kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${uid//-/_}.slice"
	HOST=$BATS_TEST_TMPDIR/host
	lab_python "$SERVER"
	inode=$(listening)
	host 1 systemd '0::/init.scope\n'
	mkdir -p "$HOST/var/log/pods/shop_web-0_$uid/nginx" "$HOST/var/log/containers" \
		"$HOST/var/log/pods/kube-system_etcd_0123456789abcdef0123456789abcdef" "$HOST/var/log/pods/_x_$uid"
	ln -s nowhere "$HOST/var/log/containers/web-0_shop_nginx-$ID.log"
	touch "$HOST/var/log/containers/a_b_c_d-$ID.log" "$HOST/var/log/containers/x-$ID.log"
	names='[.pod_namespace, .pod_name, .container_name]'
	# the path of the holder, and the names that are told of it
	while read -r path want; do
		host 4711 web "0::$path\\n" "7=$inode"
		sockvet list -tlnp --json --root "$HOST"
		holds ".sockets[0] | $names == $want"
		rm -r "$HOST/proc/4711"
	done <<-EOF
		/../$slice/cri-containerd-$ID.scope ["shop","web-0","nginx"]
		/../kubepods/besteffort/pod$uid/$ID ["shop","web-0","nginx"]
		/../kubepods/besteffort/pod$uid/$ID/docker/${ID//a/c} ["shop","web-0",null]
		/../kubepods/besteffort/pod$uid/${ID//a/c} ["shop","web-0",null]
		/../docker-$ID.scope ["shop","web-0","nginx"]
		/../kubepods/pod0123456789abcdef0123456789abcdef/${ID//a/c} ["kube-system","etcd",null]
		/../docker-${ID//a/c}.scope [null,null,null]
		/../system.slice/nginx.service [null,null,null]
	EOF
	host 4711 web "0::/../$slice/cri-containerd-$ID.scope\\n" "7=$inode"
	sockvet list -tlnpH -C PODNS,PODNAME,CNAME --root "$HOST"
	echo "$output"
	[[ $output =~ ^shop\ +web-0\ +nginx ]]
	sockvet bind "127.0.0.1:${LAB[port]}" --root "$HOST"
	[[ $output == *"web[4711] in the container nginx (${ID:0:12}) of the pod shop/web-0 listens"* ]]
	sockvet record --root "$HOST" "$saved"
	[ "$status" -eq 0 ]
	sockvet list -tlnp --json --from "$saved"
	holds ".sockets[0] | $names == [\"shop\", \"web-0\", \"nginx\"]"
	sockvet record --from "$saved" --redact "$saved.redacted"
	[ "$(grep -c 'web-0\|nginx\|shop\|0b3a1f5c' "$saved.redacted")" -eq 0 ]
	sockvet list -tlnp --json --from "$saved.redacted"
	holds '.sockets[0] | .pod_namespace, .pod_name, .container_name | test("^group-[0-9]+$")'
	holds '.sockets[0].pod == "00000000-0000-0000-0000-000000000001"'
}
