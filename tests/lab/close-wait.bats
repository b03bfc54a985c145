#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The peer closed and this program did not: whose fault, by which cause, and what is no leak at all.

load lab.bash

soon=(--warn "close-wait-leak=100ms,count=1")

@test "a client that never closes is named before its descriptors run out" {
	lab_start close-wait-leak-client limit=2000
	check_says ".id == \"close-wait-leak\" and .subject.pid == ${LAB[pid]} and .count == ${LAB[n]}" "${soon[@]}"
	[ "$(evidence close-wait-leak causes.close_forgotten)" -eq "${LAB[n]}" ]
	[ "$(evidence close-wait-leak openers.opened_here)" -eq "${LAB[n]}" ]
	[ "$(evidence close-wait-leak openers.accepted_here)" -eq 0 ]
	check_says ".id == \"fd-exhaustion\" and .subject.pid == ${LAB[pid]}" "${soon[@]}"
	[ "$(evidence fd-exhaustion limit)" -eq 2000 ]
	[ "$(evidence fd-exhaustion descriptors)" -eq "$(find "/proc/${LAB[pid]}/fd" -type l | wc -l)" ]
	[ "$(evidence fd-exhaustion sockets)" -eq "${LAB[n]}" ]
	# in all namespaces the owners are looked up once, of which this one takes its process's
	sockvet check -G --json
	holds "[.namespaces[].findings[] | select(.id == \"fd-exhaustion\") | .evidence.sockets] == [${LAB[n]}]"
}

@test "the same program with room left is not called out of descriptors" {
	lab_start close-wait-leak-client limit=2000 n=200
	check_is_silent_about fd-exhaustion
}

# handlers_leak SITUATION CAUSE: eight accepted connections, all for that cause
handlers_leak() {
	local family
	for family in 4 6; do
		lab_start "$1" family=$family
		check_says ".id == \"close-wait-leak\" and .subject.pid == ${LAB[pid]} and .count == 8" "${soon[@]}"
		holds "first(.findings[] | select(.id == \"close-wait-leak\")).evidence.causes | .$2 == 8 and add == 8"
		holds 'first(.findings[] | select(.id == "close-wait-leak")).evidence.openers | .accepted_here == 8 and add == 8'
		lab_stop
	done
}

@test "a handler that read the end of stream and sleeps has forgotten to close" {
	handlers_leak handler-sleeps close_forgotten
}

@test "a handler that does not read has not noticed the close" {
	handlers_leak handler-eof-unread eof_unread
}

@test "a handler with unread data is told apart from one that forgot to close" {
	handlers_leak handler-data-unread data_unread
}

@test "a handler that goes on answering a half-closed client is no leak" {
	lab_start handler-still-sending
	sockvet list -tan --json
	listed '.state == "CLOSE_WAIT" and .send_queue > 0' 1
	check_is_silent_about close-wait-leak --warn close-wait-leak=1s,count=1
	check_finds_nothing
}

@test "connections that were never accepted are the listener's, not a leak" {
	local family
	for family in 4 6; do
		lab_start never-accepted family=$family
		check_says ".id == \"accept-stalled\" and .subject.port == ${LAB[port]} and .count == 8" \
			"${soon[@]}" --warn accept-stalled=100ms,count=1
		holds 'all(.findings[]; .id != "close-wait-leak")'
		sockvet list -tan --json
		listed '.state == "CLOSE_WAIT" and .inode == null' 8
		lab_stop
	done
}

@test "young CLOSE_WAITs are not called a leak by default" {
	lab_start handler-sleeps n=50
	check_is_silent_about close-wait-leak
}

@test "list -p names the holder of a CLOSE_WAIT" {
	lab_start close-wait
	sockvet list -tanp --json
	listed ".state == \"CLOSE_WAIT\" and any(.processes[]; .pid == ${LAB[pid]} and .comm == \"situation\")" 1
}

@test "a leak behind MPTCP is found with the age of the connection, and one that fell back to TCP is counted once" {
	python3 -c 'import socket; socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262)' || skip "this kernel has no MPTCP"
	lab_python '
import os, socket, time
def connect(port):
	made = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262)
	made.connect(("127.0.0.1", port))
	return made
whole = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262)
whole.bind(("127.0.0.1", 8080)); whole.listen()
plain = socket.create_server(("127.0.0.1", 8081))
pairs = [(connect(8080), whole.accept()[0]) for _ in range(6)]
fallen = [(connect(8081), plain.accept()[0]) for _ in range(6)]
for client, server in pairs: client.send(b"job"); server.recv(9)
time.sleep(.5)
for pair in pairs: pair[0].close()
for pair in fallen: pair[1].close()
print(f"READY pid={os.getpid()}", flush=True)
time.sleep(60)'
	check_says ".id == \"close-wait-leak\" and .subject.pid == ${LAB[pid]} and .evidence.mptcp == 6 and .count == 6 and
		.evidence.openers.accepted_here == 6 and .age_min_ms + 400 <= .age_max_ms" "${soon[@]}"
	holds '[.findings[] | select(.id == "close-wait-leak") | .count] == [6, 6]'
}

@test "an idle pool that its server closed is called that, and is a warning at most" {
	lab_python '
import os, socket, time
server = socket.create_server(("127.0.0.1", 8080))
pairs = [(socket.create_connection(("127.0.0.1", 8080)), server.accept()[0]) for _ in range(20)]
for client, served in pairs: client.send(b"ask"); served.recv(9); served.send(b"answer"); client.recv(9)
for pair in pairs: pair[1].close()
print(f"READY pid={os.getpid()}", flush=True)
time.sleep(60)'
	check_says ".id == \"close-wait-leak\" and .subject.pid == ${LAB[pid]} and .count == 20" "${soon[@]}" \
		--crit close-wait-leak=101ms
	holds '.findings[0] | .severity == "warning" and .evidence.as_in_idle_pool == 20 and
		(.cause | contains("as in an idle pool that the server closed"))'
}

@test "a leak whose age is renewed each second by answered keepalive probes is found at every look" {
	lab_python '
import os, socket, time
server = socket.create_server(("127.0.0.1", 8080))
pairs = [(socket.create_connection(("127.0.0.1", 8080)), server.accept()[0]) for _ in range(6)]
for client, served in pairs:
	served.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
	served.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 1)
	served.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 1)
	client.shutdown(socket.SHUT_WR)
time.sleep(1.5)
print(f"READY pid={os.getpid()}", flush=True)
time.sleep(60)'
	for _ in 1 2; do
		sockvet check --json --warn close-wait-leak=1400ms
		holds ".findings | map(select(.id == \"close-wait-leak\")) | .[0].subject.pid == ${LAB[pid]} and .[0].count == 6"
	done
}
