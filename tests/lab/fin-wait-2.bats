#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# FIN_WAIT_2: held by a program (for ever) or by the kernel (for a minute), and who is to blame.

load lab.bash

soon=(--warn "fin-wait-2-held=100ms,count=1")

@test "a held FIN_WAIT_2 is its program's, and is not called an orphan" {
	lab_start fin-wait-2-owned n=4
	check_says ".id == \"fin-wait-2-held\" and .count == 4 and .subject.pid == ${LAB[pid]}" \
		"${soon[@]}" --warn fin-wait-2-orphans=1,count=1
	holds 'all(.findings[]; .id != "fin-wait-2-orphans")'
}

@test "orphaned FIN_WAIT_2 are not called held" {
	lab_start fin-wait-2-orphan n=20
	check_says '.id == "fin-wait-2-orphans" and .count == 20' "${soon[@]}" --warn fin-wait-2-orphans=10,count=10
	holds 'all(.findings[]; .id != "fin-wait-2-held")'
}

@test "the guilty process on this machine is named" {
	local family
	for family in 4 6; do
		lab_start fin-wait-2-peer-local family=$family
		check_says ".id == \"fin-wait-2-held\" and .count == 4 and .subject.pid == ${LAB[pid]}" "${soon[@]}"
		[ "$(evidence fin-wait-2-held peer_pid)" = "${LAB[peer_pid]}" ]
		[ "$(evidence fin-wait-2-held peer_comm)" = lab-peer ]
		lab_stop
	done
}

@test "a guilty process in another namespace is never confused with somebody else" {
	lab_start fin-wait-2-peer-other-netns
	check_says ".id == \"fin-wait-2-held\" and .count == 4 and .subject.pid == ${LAB[pid]}" "${soon[@]}"
	[[ "$(evidence fin-wait-2-held peer_pid)" =~ ^(null|${LAB[peer_pid]})$ ]]
	[[ "$(evidence fin-wait-2-held peer_comm)" =~ ^(null|lab-peer)$ ]]
}

# Four services of one worker, each with three half-closed clients: 9001 works on its answers, the clients of 9002
# do not read, those of 9003 have vanished while the worker does not read, those of 9004 were never read from.
halves='
import ctypes, os, signal, socket, struct, sys, time
def listener(port):
	return socket.create_server(("127.0.0.1", port))
def fill(sock):
	sock.setblocking(False)
	try:
		while True: sock.send(bytes(65536))
	except BlockingIOError: pass
def deaf(sock):
	code = ctypes.create_string_buffer(struct.pack("=HBBI", 6, 0, 0, 0))
	sock.setsockopt(socket.SOL_SOCKET, 26, struct.pack("@HxxxxxxP", 1, ctypes.addressof(code)))
ports = (9001, 9002, 9003, 9004)
listeners = {port: listener(port) for port in ports}
clients = {port: [socket.create_connection(("127.0.0.1", port)) for _ in range(3)] for port in ports}
for port in ports:
	for client in clients[port]:
		if port != 9002: client.send(b"x" * 31)
		client.shutdown(socket.SHUT_WR)
ready, go = os.pipe(), os.pipe()
worker = os.fork()
if not worker:
	signal.alarm(60)
	ctypes.CDLL(None).prctl(15, b"lab-worker")
	ctypes.CDLL(None).prctl(1, 9)
	served = {port: [listeners[port].accept()[0] for _ in range(3)] for port in ports}
	for sock in sum(clients.values(), []): sock.close()
	for sock in served[9001]: sock.recv(99), sock.recv(99)
	for sock in served[9002]: sock.recv(99), fill(sock)
	os.write(ready[1], b"x"); os.read(go[0], 1)
	for sock in served[9003]: sock.send(b"y" * 2000)
	time.sleep(99)
for made in listeners.values(): made.close()
os.read(ready[0], 1)
for client in clients[9003]:
	while client.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1) != b"\x05": time.sleep(.01)
	deaf(client)
os.write(go[1], b"x")
# more than three alike of one process would be one finding
if not os.fork():
	signal.alarm(60)
	ctypes.CDLL(None).prctl(1, 9)
	for port in ports:
		for client in clients[port]:
			if port != 9003: client.close()
	time.sleep(99)
for client in clients[9003]: client.close()
time.sleep(1)
print(f"READY pid={os.getpid()} worker={worker}", flush=True)
time.sleep(99)
'

@test "both ends of half-closed connections are called what their queues show, and what is not known is a warning" {
	lab_python "$halves"
	local options=(--warn close-wait-leak=500ms,count=1 --crit close-wait-leak=1s --warn fin-wait-2-held=500ms,count=1
		--crit fin-wait-2-held=1s --warn peer-silent=500ms,count=1)
	check_says '.id == "fin-wait-2-held" and .subject.remote.port == 9002 and .severity == "critical"' "${options[@]}"
	check_says '.id == "close-wait-leak" and .subject.remote.port == 9003 and .severity == "critical"' "${options[@]}"
	holds "[.findings[] | select(.id == \"close-wait-leak\") | .subject.pid == ${LAB[worker]}] | length == 3 and all"
	holds '.findings[] | select(.id == "close-wait-leak" and .subject.remote.port == 9001) | .severity == "warning" and
		.evidence.may_still_answer == 3 and (.cause | contains("or still works on the answer"))'
	holds '.findings[] | select(.id == "close-wait-leak" and .subject.remote.port == 9003) | .count == 3 and
		.evidence.causes.data_unread == 3 and .evidence.unacknowledged == 3'
	holds '.findings[] | select(.id == "close-wait-leak" and .subject.remote.port == 9004) | .severity == "critical" and
		.evidence.causes.data_unread == 3 and .evidence.unacknowledged == 0'
	holds 'all(.findings[]; .id != "peer-silent")'

	holds "[.findings[] | select(.id == \"fin-wait-2-held\" and .subject.remote.port != 9003) | .subject.pid == ${LAB[pid]} and
		.evidence.peer_pid == ${LAB[worker]}] | all"
	holds '.findings[] | select(.id == "fin-wait-2-held" and .subject.remote.port == 9001) | .severity == "warning" and
		(.cause | contains("or still works on the answer")) and .evidence.unread == 0'
	holds '.findings[] | select(.id == "fin-wait-2-held" and .subject.remote.port == 9002) | .severity == "critical" and
		.evidence.unread == 3 and .evidence.peers_sending == 3 and (.cause | contains("does not read"))'
	holds '.findings[] | select(.id == "fin-wait-2-held" and .subject.remote.port == 9004) | .severity == "critical" and
		.evidence.peers_eof_unread == 3'
}
