#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Behind the first 256 rows `list` writes plain ones by a way of their own, and asks less of the kernel for them. Nobody
# may notice: with colours every row goes the general way, and a recording is always read whole.

load lab

# Connections of both families, mapped and on a device; listeners of every kind; queues of one to seven digits; marks; and
# as many UDP sockets. Then nothing moves any more.
SOCKETS='
import socket, struct, sys, time
keep = []
def listen(family, address, port, v6only=None, device=None):
    s = socket.socket(family)
    if v6only is not None:
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, v6only)
    if device:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device)
    s.bind((address, port))
    s.listen(4096 if port % 2 else 5)
    keep.append(s)
    return s
def connect(listener, family, address, n, device=None):
    client = socket.socket(family)
    if device:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device)
    if n % 3 == 0:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_MARK, n + 1)
    client.connect((address, listener.getsockname()[1]))
    server = listener.accept()[0]
    if n % 4 == 1:
        server.sendall(b"x" * 10 ** (n // 4 % 5))
    if n % 40 == 7:
        server.setblocking(False)
        try:
            while True:
                server.send(b"x" * 65536)
        except BlockingIOError:
            pass
    keep.extend((client, server))
v4, v6 = socket.AF_INET, socket.AF_INET6
any4, any6 = listen(v4, "127.0.0.1", 81), listen(v6, "::", 82, v6only=1)
dual, held = listen(v6, "::", 83), listen(v4, "0.0.0.0", 84, device=b"lo")
listen(v4, "0.0.0.0", 85), listen(v6, "::1", 86, device=b"lo")
for n in range(120):
    connect(any4, v4, "127.0.0.1", n)
for n in range(60):
    connect(any6, v6, "::1", n)
for n in range(40):
    connect(dual, v6, "::ffff:127.0.0.1", n)
    connect(dual, v4, "127.0.0.1", n)
for n in range(20):
    connect(held, v4, "127.0.0.1", n, device=b"lo")
for n in range(30):
    s = socket.socket(v4 if n % 2 else v6)
    s.bind(("127.0.0.1" if n % 2 else "::", 0))
    keep.append(s)
# IPv4 is listed first, so what comes here with IPv6 widens columns when the first rows are long written; each row one of
# them in one way only: a port, a queue, an address.
def datagrams(family, address, port):
    s = socket.socket(family, socket.SOCK_DGRAM)
    s.bind((address, port))
    keep.append(s)
for n in range(300):
    datagrams(v4, ("0.0.0.0", "127.0.0.1")[n % 2], 200 + n)
for n in range(10):
    datagrams(v6, "::1", (2000, 600, 700 + n)[min(n, 2)])
with socket.socket(v6, socket.SOCK_DGRAM) as sender:
    sender.sendto(b"x" * 100, ("::1", 600))
datagrams(v6, "::ffff:127.0.0.1", 601)
time.sleep(0.3)  # what is delayed, and rests when it is there
print("READY rows=700", flush=True)
sys.stdin.read()
'

plain() {
	sed $'s/\e\\[[0-9;]*m//g'
}

# way general|swift ARGUMENTS...: the listing; ends when it is not complete.
way() {
	local colour=never
	[ "$1" = swift ] || colour=always
	inside timeout 60 "$SOCKVET" list --color $colour "${@:2}" | plain
	[ "${PIPESTATUS[0]}" -eq 0 ] || { echo "incomplete: $*"; return 1; }
}

# is_the_same WANT GOT ROWS: both are files, with at least so many lines.
is_the_same() {
	diff "$1" "$2" | head -n 20
	[ "${PIPESTATUS[0]}" -eq 0 ]
	[ "$(wc -l <"$2")" -ge "$3" ] || { echo "only $(wc -l <"$2") lines"; return 1; }
}

# both_ways ROWS ARGUMENTS...
both_ways() {
	way general "${@:2}" >"$BATS_TEST_TMPDIR/general"
	way swift "${@:2}" >"$BATS_TEST_TMPDIR/swift"
	is_the_same "$BATS_TEST_TMPDIR/general" "$BATS_TEST_TMPDIR/swift" "$1"
}

# Until two listings in a row are the same: what was sent has arrived.
rests() {
	local before now tries
	for ((tries = 0; tries < 100; tries++)); do
		now=$(inside timeout 60 "$SOCKVET" list -tuanH | md5sum)
		[ "$now" != "$before" ] || return 0
		before=$now
		sleep 0.1
	done
}

take_sockets() {
	lab_python "$SOCKETS"
	rests
}

recording() {
	RECORDING=$BATS_TEST_TMPDIR/recording
	inside timeout 60 "$SOCKVET" record "$RECORDING" 2>/dev/null || [ $? -le 2 ]
}

# Rows in one order, without what runs on.
rows() {
	sed 's/ timer:([^)]*)//' | tr -s ' ' | sort
}

# as_recorded ROWS ARGUMENTS...: live and of the recording.
as_recorded() {
	inside timeout 60 "$SOCKVET" list "${@:2}" | rows >"$BATS_TEST_TMPDIR/live"
	inside timeout 60 "$SOCKVET" list --from "$RECORDING" "${@:2}" | rows >"$BATS_TEST_TMPDIR/replayed"
	is_the_same "$BATS_TEST_TMPDIR/live" "$BATS_TEST_TMPDIR/replayed" "$1"
}

@test "a live row is the same behind the first ones and among them" {
	take_sockets
	for options in -tan -tanH -tn -4tan -6tan -uan -uanH -tuan; do
		both_ways 250 $options
	done
	both_ways 200 -tan sport gt 80
	both_ways 200 -tanH state established 'not src 127.0.0.1:81'
	for columns in STATE,LOCAL,PEER RECVQ,SENDQ PEER,LOCAL,SENDQ LOCAL PEER,STATE SENDQ; do
		both_ways 400 -tan -C $columns
		both_ways 400 -tanH -C $columns
	done
	both_ways 400 -tan -C +UID
}

@test "details behind a row do not depend on how the row was written" {
	take_sockets
	recording
	for options in -tan -tano -tani -tanoH -tane -tanm -tanp -uanpe -tanoemi; do
		both_ways 300 $options --from "$RECORDING"
	done
	both_ways 200 -tano --from "$RECORDING" 'recvq > 0 or sport = :81'
	both_ways 300 -tane --from "$RECORDING" -C LOCAL,STATE
}

@test "what is shown without options needs no attribute that a live listing leaves unread" {
	take_sockets
	recording
	for options in -tan -tanH -4tan -6tan -uan -tuan -tanp -tane; do
		as_recorded 250 $options
	done
	for options in -tan -uan; do
		as_recorded 250 $options --csv
		as_recorded 250 $options --tsv
		for state in live replayed; do
			from=
			[ $state = live ] || from="--from $RECORDING"
			# shellcheck disable=SC2086
			inside timeout 60 "$SOCKVET" list $from $options --jsonl |
				jq -c 'select(.type == "socket") | del(.age_min_ms, .age_max_ms, .unacked_min_ms, .timer)' |
				sort >"$BATS_TEST_TMPDIR/$state"
		done
		is_the_same "$BATS_TEST_TMPDIR/live" "$BATS_TEST_TMPDIR/replayed" 250
	done
}
