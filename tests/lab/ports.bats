#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Ephemeral ports towards one destination: what sockvet predicts against what connect() then really does.

load lab.bash

low=(--warn "port-exhaustion=10,count=1")

# predicted RECYCLABLE KEYS...: left is what the kernel then gives, to the last port. The range has 100 ports.
predicted() {
	local recyclable=$1
	shift
	lab_start ephemeral-full exhaust=1 "$@"
	check_says ".id == \"port-exhaustion\" and .subject.port == 8080 and .evidence.recyclable == $recyclable" "${low[@]}"
	local left
	left=$(evidence port-exhaustion left '.subject.port == 8080')
	lab_next
	echo "predicted $left, really ${LAB[more]}"
	[ "${LAB[next]}" = EADDRNOTAVAIL ]
	[ "$left" = "${LAB[more]}" ]
}

@test "a full range: nothing is left, the kernel says EADDRNOTAVAIL, and the shares are right" {
	lab_start ephemeral-full established=40 time_wait=60 tw_reuse=0
	check_says '.id == "port-exhaustion" and .severity == "critical" and .evidence.left == 0'
	holds 'first(.findings[] | select(.id == "port-exhaustion")) |
		.subject.source == "127.0.0.1" and .subject.destination == "127.0.0.1" and .subject.port == 8080'
	holds 'first(.findings[] | select(.id == "port-exhaustion")).evidence |
		.capacity == 100 and .used == 100 and .time_wait == 60 and .established == 40 and .recyclable == 0'
	[ "$status" -eq 2 ]
	lab_next
	[ "${LAB[next]}" = EADDRNOTAVAIL ]
}

@test "only ESTABLISHED: the prediction is exact" {
	predicted 0 established=70 time_wait=0
}

@test "ESTABLISHED and TIME_WAIT, tcp_tw_reuse 0: no TIME_WAIT counts as free" {
	predicted 0 established=30 time_wait=30 tw_reuse=0 reuse_delay=1
}

@test "tcp_tw_reuse 1: every old enough TIME_WAIT counts as free" {
	predicted 30 established=30 time_wait=30 tw_reuse=1 reuse_delay=1
}

@test "tcp_tw_reuse 1 on a real interface" {
	predicted 30 established=30 time_wait=30 tw_reuse=1 reuse_delay=1 route=far
}

@test "tcp_tw_reuse 1 with TIME_WAITs that are too young: none counts as free" {
	predicted 0 established=30 time_wait=30 tw_reuse=1 reuse_delay=60000
}

@test "tcp_tw_reuse 1 without timestamps: none counts as free" {
	predicted 0 established=30 time_wait=30 tw_reuse=1 reuse_delay=1 timestamps=0
}

@test "tcp_tw_reuse 2 on loopback: counts as free" {
	predicted 30 established=30 time_wait=30 tw_reuse=2 reuse_delay=1
}

@test "tcp_tw_reuse 2 on a real interface: does not count as free" {
	predicted 0 established=30 time_wait=30 tw_reuse=2 reuse_delay=1 route=far
}

@test "a full range of recyclable TIME_WAIT is not called exhausted" {
	lab_start ephemeral-full established=0 time_wait=100 tw_reuse=1 reuse_delay=1
	check_says '.id == "port-exhaustion" and .evidence.left == 100' --warn port-exhaustion=0,count=1 ||
		check_is_silent_about port-exhaustion
	holds 'all(.findings[]; .id != "port-exhaustion" or .severity != "critical")'
	lab_next
	[ "${LAB[next]}" = OK ]
}

@test "several destinations share ports: each is judged alone" {
	predicted 0 established=30 time_wait=20 tw_reuse=0 destinations=4
	holds '[.findings[] | select(.id == "port-exhaustion")] | all(.evidence.left == 50)'
}

@test "reserved ports are taken off the capacity" {
	predicted 0 established=40 time_wait=20 tw_reuse=0 reserved=40010-40019,40099
	[ "$(evidence port-exhaustion capacity)" -eq 89 ]
	[ "$(evidence port-exhaustion reserved)" -eq 11 ]
}

@test "IPv6: the prediction is exact" {
	predicted 30 established=30 time_wait=30 tw_reuse=1 reuse_delay=1 family=6
}

# inside_the_interval KEYS...: where one snapshot cannot tell, the truth is between left_min and left_max
inside_the_interval() {
	lab_start ephemeral-full exhaust=1 "$@"
	check_says '.id == "port-exhaustion" and .subject.port == 8080' "${low[@]}"
	local least most
	least=$(evidence port-exhaustion left_min '.subject.port == 8080')
	most=$(evidence port-exhaustion left_max '.subject.port == 8080')
	lab_next
	echo "predicted $least..$most, really ${LAB[more]}"
	[ "$least" -le "${LAB[more]}" ]
	[ "${LAB[more]}" -le "$most" ]
}

@test "ports of programs that bind before they connect: the truth is inside the interval" {
	inside_the_interval established=30 time_wait=30 tw_reuse=0 bind_first=10
}

@test "a range of odd size: the truth is inside the interval" {
	inside_the_interval range=40000-40100 established=30 time_wait=30 tw_reuse=0
}

@test "more than half of the range towards one destination is the search cliff, less is not" {
	lab_start ephemeral-full established=60 time_wait=0
	check_says '.id == "connect-search-cliff"' --warn connect-search-cliff=50,count=1
	lab_start ephemeral-full established=40 time_wait=0
	check_is_silent_about connect-search-cliff --warn connect-search-cliff=50,count=1
}

@test "a listener inside the ephemeral range is found unless its port is reserved" {
	lab_start ephemeral-listener
	check_says '.id == "ephemeral-listener" and .subject.port == 40001' --warn ephemeral-listener=1,count=1
	holds '.findings[0].severity == "warning"'
	sockvet check -q --crit ephemeral-listener=1
	[[ $status -eq 2 && $output == "CRITICAL: "* ]]
	lab_start ephemeral-listener reserved=40001
	check_is_silent_about ephemeral-listener --warn ephemeral-listener=1,count=1
}

@test "listeners that bind() gave a free port, or that publish one of a container, are a notice" {
	lab_python '
import socket
def listener(port):
    s = socket.socket(); s.bind(("0.0.0.0", port)); s.listen(); return s
keep = [listener(0), listener(0)]
print("READY", flush=True); input()
open("/proc/self/comm", "w").write("docker-proxy")
keep.append(listener(45000))
print("NEXT", flush=True); input()
open("/proc/self/comm", "w").write("mysqld")
keep.append(listener(33060))
print("NEXT", flush=True); input()'
	for step in bound published; do
		check_says '.id == "ephemeral-listener" and .severity == "notice"'
		holds '.findings | length == 1'
		sockvet check
		[[ $status -eq 0 && $output == OK*": 1 notice in "* ]]
		sockvet check -q
		[[ $status -eq 0 && -z $output ]]
		sockvet check -qj
		holds '.findings == []'
		[ $step = published ] || lab_next
	done
	lab_next
	check_says '.severity == "warning" and .evidence.chosen and .subject.comm == "mysqld" and
		(.evidence.reserve | contains("33060") and contains("45000"))'
}
