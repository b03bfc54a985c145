#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Tables beside TCP: the rows of the installed ss are the judge, on the same sockets in a namespace of their own.

load lab.bash

setup_file() {
	cat >"$BATS_FILE_TMPDIR/sockets.py" <<-'PYTHON'
	import ctypes, os, socket, struct, sys
	kept = []
	def make(*kind, bind=None, device=False):
	    s = socket.socket(*kind)
	    if device:
	        s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"lo\0")
	    if bind is not None:
	        s.bind(bind)
	    kept.append(s)
	    return s
	os.chdir(sys.argv[1])
	v4, v6, unix = socket.AF_INET, socket.AF_INET6, socket.AF_UNIX
	stream, dgram, seq, raw = socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_SEQPACKET, socket.SOCK_RAW
	make(v4, dgram, bind=("127.0.0.1", 5353))
	s = make(v4, dgram, bind=("127.0.0.1", 6000)); s.connect(("127.0.0.1", 5353)); s.send(b"x" * 10)
	make(v6, dgram, bind=("::", 7000))
	make(v4, dgram, bind=("0.0.0.0", 67), device=True)
	make(v4, raw, 1); make(v4, raw, 255); make(v6, raw, 58)
	s = make(v4, raw, 89, bind=("127.0.0.1", 0)); s.connect(("127.0.0.1", 0))
	s = make(v4, stream, bind=("127.0.0.1", 8080)); s.listen(5)
	make(v4, stream).connect(("127.0.0.1", 8080))
	s = make(v6, stream, bind=("::", 8081)); s.listen(5)
	try:
	    s = make(v4, stream, 262, bind=("127.0.0.1", 8090)); s.listen(3)
	    make(v4, stream, 262).connect(("127.0.0.1", 8090)); kept.append(s.accept()[0])
	except OSError:
	    pass
	s = make(unix, stream, bind="l.sock"); s.listen(7)
	make(unix, stream).connect("l.sock"); kept.append(s.accept()[0])
	make(unix, stream).connect("l.sock")
	make(unix, dgram, bind="\0abs\0tract")
	s = make(unix, dgram); s.connect("\0abs\0tract"); s.send(b"hey")
	s = make(unix, seq, bind="a b:c.sock"); s.listen(2)
	make(unix, stream); kept.extend(socket.socketpair()); kept.extend(socket.socketpair(unix, dgram))
	packet, netlink = socket.AF_PACKET, socket.AF_NETLINK
	make(packet, raw, socket.htons(3))
	make(packet, dgram, socket.htons(0x800), bind=("lo", 0x800))
	make(packet, raw, 0, bind=("lo", 0x1234))
	make(netlink, raw, 0, bind=(0, 1)); make(netlink, raw, 0, bind=(0, 0)); make(netlink, raw, 15, bind=(99999999, 2))
	make(netlink, raw, 16).connect((0, 3))
	ring = make(packet, dgram, socket.htons(0x800), bind=("lo", 0x800))
	ring.setsockopt(263, 5, struct.pack("IIII", 4096, 4, 2048, 8))
	ring.setsockopt(263, 13, struct.pack("IIII", 4096, 2, 2048, 4))
	make(packet, raw, 0, bind=("lo", 0x1234)).setsockopt(263, 18, struct.pack("I", 1 << 16 | 7))
	s = make(packet, raw, socket.htons(3))
	s.setsockopt(263, 8, 1); s.setsockopt(263, 9, 1)
	steps = ctypes.create_string_buffer(struct.pack("HBBIHBBI", 0x28, 0, 0, 12, 6, 1, 2, 0xffffffff))
	s.setsockopt(socket.SOL_SOCKET, 26, struct.pack("HxxxxxxQ", 2, ctypes.addressof(steps)))
	if len(sys.argv) > 2:
	    s = make(unix, stream, bind=b"\0ev\x1b[31mil\xff"); s.listen(1)
	print("READY", flush=True)
	sys.stdin.read()
	PYTHON
}

# families_start [evil]
# shellcheck disable=SC2030,SC2031,SC2034  # lab_take reads LAB_IO; each test is a shell
families_start() {
	lab_stop
	mkdir -p "$BATS_TEST_TMPDIR/d"
	coproc LAB_IO { exec unshare -Urn sh -c 'ip link set lo up && exec python3 "$@"' sh \
		"$BATS_FILE_TMPDIR/sockets.py" "$BATS_TEST_TMPDIR/d" "$@" \
		2>"$BATS_TEST_TMPDIR/situation.err" 3>&-; }
	LAB_JOB=$LAB_IO_PID
	lab_take READY
}

# What asks is in the tables itself: netlink's sock_diag, and the pids of the askers. ss repeats members of groups.
rows() {
	tr -s ' ' | sed 's/ $//; s/^ //' | grep -vE '(^| )(tcpdiag|4):' | sort -u
}

# same OPTIONS...: the rows of ss and of sockvet
# shellcheck disable=SC2154  # sockvet sets status, output, errors
same() {
	local theirs ours
	theirs=$(nsenter -t "$LAB_JOB" -U -n --preserve-credentials ss -H "$@" 2>/dev/null 3>&- | rows)
	sockvet list -H "$@"
	ours=$(rows <<<"$output" | grep . || true)
	[ "$status" -eq 0 ] || { echo "list $*: status $status: $errors"; return 1; }
	[ "$theirs" = "$ours" ] && return 0
	echo "ss and sockvet differ with $*"
	diff <(echo "$theirs") <(echo "$ours")
}

@test "rows of UDP are those of ss" {
	families_start
	same -una && same -un && same -unl && same -n4ua && same -n6ua && same -nu state all
}

@test "rows of raw sockets are those of ss" {
	families_start
	same -wa && same -wna && same -wn && same -wnl && same -n6wa
}

@test "rows of unix sockets are those of ss" {
	families_start
	same -xa && same -x && same -xl && same -f unix && same -A u_str,u_seq -a && same -xa state listening
}

@test "rows of packet sockets are those of ss" {
	families_start
	same -0a && same -0 && same -0l && same -0na && same -f link
}

@test "rows of netlink sockets are those of ss" {
	families_start
	same -a -A netlink && same -n -a -A netlink && same -A netlink && same -f netlink
}

@test "rows of MPTCP are those of ss" {
	families_start
	same -Mna && same -Mn && same -Mnl && same -Mna dport = :8090
}

@test "rows of several tables together are those of ss" {
	families_start
	same -tuln && same -tuxan && same -n -A all,!netlink -a && same -n -f inet6 -a && same -n -A all &&
		same -0xn && same -nt4x && same -n6x && same -n -A inet -l
}

@test "a table before -A is dropped, and one behind it is kept" {
	families_start
	same -n -t -A udp -a && same -n -A udp -t && same -n -A tcp -A udp -a && same -n -A all,!tcp -t
}

@test "holders of other tables are shown" {
	families_start
	same -nxap && same -np0a && same -nupa
	sockvet list -pa -A netlink --json
	holds '[.sockets[] | select(.local.service == "99999999") | .processes[0].comm] == ["python3"]'
}

@test "what -e, -m and -b show of other tables is that of ss" {
	families_start
	same -xae && same -xaem && same -xaeO && same -xae -A u_str && same -0ae && same -0aem && same -0ab && same -0aebm &&
		same -0aebmO && same -A netlink -ae && same -A netlink -aem && same -Mnai && same -Mnaiem && same -naxe0M
}

@test "who waits for accept() on a unix socket is told with -e" {
	families_start
	sockvet list -xae --json
	holds 'any(.sockets[]; .local.address == "l.sock" and (.waiting_inodes | length) == 1 and .file.inode > 0)'
	holds 'all(.sockets[]; .state == "LISTEN" or .waiting_inodes == null)'
}

# The kernel ends its listing without a word at a listener that does not fit into a message; ss -xae loses what follows.
# shellcheck disable=SC2030,SC2031,SC2034  # lab_take reads LAB_IO; each test is a shell
@test "a listener for which many wait does not hide the unix sockets behind it" {
	[ "$(ulimit -Hn)" = unlimited ] || [ "$(ulimit -Hn)" -ge 10000 ] || skip "TOO FEW DESCRIPTORS: not tried"
	lab_stop
	coproc LAB_IO { exec unshare -Urn python3 -c '
import resource, socket, sys
most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
open("/proc/sys/net/core/somaxconn", "w").write("20000")
def listener(name):
    s = socket.socket(socket.AF_UNIX); s.bind(name); s.listen(20000); return s
kept = [listener("\0many")]
for _ in range(9000):
    s = socket.socket(socket.AF_UNIX); s.connect("\0many"); kept.append(s)
kept += [listener("\0few%d" % i) for i in range(20)]
print("READY", flush=True)
sys.stdin.read()' 2>"$BATS_TEST_TMPDIR/situation.err" 3>&-; }
	LAB_JOB=$LAB_IO_PID
	lab_take READY
	sockvet list -xaeH
	[ "$status" -eq 0 ]
	[ "$(wc -l <<<"$output")" -eq 9021 ]
}

@test "-b without packet sockets, or without the right to see filters, ends with 3" {
	families_start
	sockvet list -tb
	[ "$status" -eq 3 ] && [ -z "$output" ]
	sockvet list -0ab --json
	[ "$status" -eq 0 ]
	holds '[.sockets[].bpf[]] | map(.value) == [12, 4294967295]'
	# shellcheck disable=SC2031
	run nsenter -t "$LAB_JOB" -U -n --preserve-credentials setpriv --bounding-set=-all --inh-caps=-all "$SOCKVET" list -0ab
	[ "$status" -eq 3 ]
	[[ $output == *CAP_NET_ADMIN* ]]
}

@test "numbers of an MPTCP connection are not read as those of TCP" {
	[ -e /proc/sys/net/mptcp/enabled ] || skip "MPTCP IS MISSING: nothing is compared"
	families_start
	sockvet list -Mnai --json
	holds 'all(.sockets[]; .tcp_info == null and .age_min_ms == null)'
	holds 'any(.sockets[]; .mptcp_info.token > 0 and .mptcp_info.last_ack_recv_ms != null)'
	sockvet list -tnai --json
	holds 'all(.sockets[]; has("mptcp_info") | not)'
}

@test "JSON of other tables has its members, and each socket once" {
	families_start
	sockvet list -A all -a --json
	[ "$status" -eq 0 ]
	holds '[.sockets[].cookie | select(. != null)] | length == (unique | length)'
	holds 'any(.sockets[]; .protocol == "unix_stream" and .state == "LISTEN" and .local.address == "l.sock" and .send_queue == 7)'
	# shellcheck disable=SC2016  # jq's variables
	holds '[.sockets[] | select(.family == "unix")] as $all | all($all[]; .peer_inode as $peer | $peer == null or any($all[]; .inode == $peer))'
	holds 'any(.sockets[]; .family == "packet" and .protocol_number == 2048 and .interface == "lo")'
	holds 'any(.sockets[]; .family == "netlink" and .port_id == 99999999 and .groups == 2)'
	holds 'any(.sockets[]; .protocol == "raw" and .local.port == 89 and .state == "ESTABLISHED")'
	holds '.end.gaps | any(.kind == "table")'
}

@test "bytes of a unix name reach the terminal escaped" {
	families_start evil
	sockvet list -xl
	[[ $output == *'@ev\x1b[31mil\xff '* ]]
	[[ $output != *$'\e'* ]]
	sockvet list -xl --json
	holds 'any(.sockets[]; .local.address_hex == "4065761b5b33316d696cff")'
	[[ $output != *$'\e'* ]]
}

@test "a recording of other tables gives the same JSON, and answers as many questions" {
	local live
	families_start
	sockvet list -A all -a -p --json --record "$BATS_TEST_TMPDIR/recording"
	live=$output
	[ "$("$SOCKVET" list -A all -a -p --json --from "$BATS_TEST_TMPDIR/recording")" = "$live" ]
	[ "$("$SOCKVET" list -xl -H --from "$BATS_TEST_TMPDIR/recording" | wc -l)" -eq 3 ]
	[ "$("$SOCKVET" list -wa -4 -H --from "$BATS_TEST_TMPDIR/recording" | wc -l)" -eq 3 ]
	# recorded with one table only: the other is a gap, not an empty table
	sockvet list -t --record "$BATS_TEST_TMPDIR/tcp"
	run "$SOCKVET" list -xa --from "$BATS_TEST_TMPDIR/tcp"
	[ "$status" -eq 3 ]
}

@test "a table that is not served is refused before any output" {
	local option
	export OUT=$BATS_TEST_TMPDIR/out
	for option in -S -d --tipc --vsock --xdp '-A sctp' '-A nothing' '-f help' '-A !tcp'; do
		# shellcheck disable=SC2086  # option and argument
		run bash -c '"$@" 2>&1 >"$OUT"' sh "$SOCKVET" list -t $option
		[ "$status" -eq 3 ]
		[ ! -s "$OUT" ]
		[[ $output == *"${option%% *}"* ]]
	done
}
