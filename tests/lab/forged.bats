#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Whoever owns a network namespace can send to every netlink socket in it. Nothing of that is taken for the kernel's.

load lab.bash

# Sends to each netlink socket that it finds in the namespace: "done" to any question, twice or (flood) for ever; or
# events of sockets that never were. With root's rights in the namespace, as its owner has them.
forger='
import os, socket, struct, sys, threading, time
def message(kind, payload):
    return struct.pack("=IHHII", 16 + len(payload), kind, 0, 0, 0) + payload
done = message(2, struct.pack("=i", 0) + message(21, b""))
freed = message(20, struct.pack("=BBBB", 2, 7, 0, 0) + struct.pack(">HH", 4711, 4712) + bytes(64) + struct.pack("=HHI", 5, 17, 6))
def forge(bus, groups):
    sent = {}
    out = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, bus)
    mine = out.getsockname()[0]
    while True:
        for row in list(open("/proc/thread-self/net/netlink"))[1:]:
            word = row.split()
            if int(word[1]) != bus or int(word[2]) in (0, mine):
                continue
            for _ in range(50 if "flood" in sys.argv else max(0, 2 - sent.get(word[9], 0))):
                try:
                    out.sendto(freed if groups else done, socket.MSG_DONTWAIT, (0 if groups else int(word[2]), groups))
                    sent[word[9]] = sent.get(word[9], 0) + 1
                except OSError:
                    break
        time.sleep(0.001)
for bus, groups in ((4, 0), (0, 0)) + (((4, 15),) if "events" in sys.argv else ()):
    threading.Thread(target=forge, args=(bus, groups), daemon=True).start()
listener = socket.socket()
listener.bind(("127.0.0.1", 7070))
listener.listen(64)
pairs = [(socket.create_connection(("127.0.0.1", 7070)), listener.accept()[0]) for _ in range(4)]
idle = socket.socket()
idle.bind(("127.0.0.1", 7090))
print("READY", flush=True)
for step in sys.stdin:
    pairs[0][0].setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, bytes([1] + 7 * [0]))
    pairs.pop(0)[0].close()
    print("NEXT", flush=True)
'

# slowed ARGUMENTS...: like sockvet(), with time before each question for somebody to answer it first.
slowed() {
	need_strace
	status=0
	output=$(inside timeout 60 strace -f -qq -o /dev/null -e trace=sendto -e inject=sendto:delay_enter=100000 \
		"$SOCKVET" "$@" 2>"$BATS_TEST_TMPDIR/stderr") || status=$?
	errors=$(cat "$BATS_TEST_TMPDIR/stderr")
}

@test "a forged acknowledgement makes no socket destroyed" {
	lab_python "$forger"
	slowed list -K --yes --json state bound-inactive
	[ "$status" -eq 3 ]
	holds '.kill.destroyed == 0 and .kill.unsupported == 1'
	slowed list -K --yes --json dport = :7070
	[ "$status" -eq 0 ]
	holds '.kill.destroyed == 4'
}

@test "forged messages do not break a listing, and are nothing in it" {
	lab_python "$forger" flood
	slowed list -tan --json
	[ "$status" -eq 0 ] && [ -z "$errors" ]
	holds '.end.complete and (.sockets | length) == 10 and .end.gaps == []'
	slowed check --json
	[ "$status" -eq 0 ]
}

@test "forged messages are no devices, no addresses and no routes" {
	lab_python "$forger" flood
	slowed connect 127.0.0.1:7070 --json
	[ "$status" -eq 0 ]
	jq -e '.source.address == "127.0.0.1"' <<<"$output"
	slowed bind 127.0.0.2:9999 --json
	[ "$status" -eq 0 ]
	jq -e '.verdict == "ok"' <<<"$output"
}

@test "forged events are not told, and those of the kernel are" {
	lab_python "$forger" flood events
	inside timeout 60 "$SOCKVET" list -E --json --max 1 >"$BATS_TEST_TMPDIR/events" 2>"$BATS_TEST_TMPDIR/stderr" 3>&- &
	local events=$! tries
	for ((tries = 0; tries < 400; tries++)); do
		[ -s "$BATS_TEST_TMPDIR/events" ] && break
		sleep 0.05
	done
	sleep 0.5
	lab_next
	status=0
	wait "$events" || status=$?
	# what a flood leaves no room for is missing, and that is told
	jq -es 'all(.[] | select(.type == "event"); .local.port != 4711 and .remote.port != 4711)' "$BATS_TEST_TMPDIR/events"
	jq -es 'any(.[]; .type == "gap") or any(.[]; .type == "event" and .last_state == "ESTABLISHED")' "$BATS_TEST_TMPDIR/events"
	[ "$status" -eq 0 ] || grep -q 'may be missing' "$BATS_TEST_TMPDIR/stderr"
}
