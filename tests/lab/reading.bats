#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Programs that do not read, and their peers.

load lab.bash

# Side by side, each with a listener of its own: 8001 a server that reads nothing of a flood, 8002 one that leaves
# requests unread, 8003 a reader that is slow and never stops, 8004 idle clients with a few unread bytes, 8005 a client
# that reads nothing. The stuck ones are a process of their own: ${LAB[stuck]}.
PROGRAM='
import os, socket, time
def listen(port):
    s = socket.socket(); s.bind(("127.0.0.1", port)); s.listen(64); return s
def connect(port): return socket.create_connection(("127.0.0.1", port))
def fill(s):
    s.setblocking(False)
    try:
        while True: s.send(b"z" * 65536)
    except BlockingIOError: pass
L = {port: listen(port) for port in range(8001, 8006)}
mine, theirs = os.pipe(), os.pipe()
stuck = os.fork()
if not stuck:
    keep = [connect(8005) for i in range(3)]
    keep += [L[port].accept()[0] for port in (8001, 8002) for i in range(3)]
    for port in L: L[port].close()
    os.write(mine[1], b"x")
    os.read(theirs[0], 1)
    os._exit(0)
writers = [connect(8001) for i in range(3)] + [L[8005].accept()[0] for i in range(3)]
askers = [connect(8002) for i in range(3)]
os.read(mine[0], 1)
pushed = [connect(8003) for i in range(3)]
slow = [L[8003].accept()[0] for i in range(3)]
pool = [connect(8004) for i in range(3)]
served = [L[8004].accept()[0] for i in range(3)]
for s in writers + pushed: fill(s)
for s in askers: s.send(b"GET / HTTP/1.1\r\n\r\n")
for s in served: s.send(b"ticket" * 50)
for port in L: L[port].close()
print("READY stuck=%d" % stuck, flush=True)
import select, sys
while not select.select([sys.stdin], [], [], .02)[0]:
    for s in slow: s.recv(1000)
'

reading() {
	sockvet check --json --warn not-reading=1 --warn peer-not-reading=500ms "$@"
}

@test "who does not read is found from both ends, and who reads slowly is not" {
	local tries
	lab_python "$PROGRAM"
	check_finds_nothing
	for ((tries = 0; tries < 60; tries++)); do
		reading
		jq -e '[.findings[].count] | add == 15' <<<"$output" >/dev/null && break
		sleep 0.1
	done
	holds ".findings | all(.subject.pid == ${LAB[stuck]} or .id == \"peer-not-reading\")"
	holds '[.findings[] | select(.id == "not-reading") | [.subject.remote.port, .count]] | sort == [[8001, 3], [8002, 3], [8005, 3]]'
	holds 'any(.findings[]; .evidence.unread_bytes == 54 and .evidence.may_be_slow == 0 and .age_min_ms >= 1000)'
	holds "[.findings[] | select(.id == \"peer-not-reading\" and .evidence.peer_pid == ${LAB[stuck]} and .evidence.peers_here == 3)
		| .subject.remote.port] | sort == [8001, 8005]"
	holds 'all(.findings[] | select(.id == "peer-not-reading"); .evidence.peer_window_most_bytes == 0 and
		.evidence.queued_bytes > 100000 and .evidence.orphans == 0)'
	# answered probes do not make the age young again
	holds '.findings | any(.id == "peer-not-reading" and .age_min_ms > 600)'
}
