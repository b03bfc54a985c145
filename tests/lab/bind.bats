#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What bind() would do, who is in the way and when it is gone: against what the kernel then does. The random scenarios of
# tests/random compare verdicts by the thousand; here is what a person meets, with names and times.

load lab.bash

# verdict WANTED STATUS ARGUMENTS...: sockvet says so, with that exit status.
verdict() {
	local wanted=$1 code=$2
	shift 2
	sockvet bind --json "$@"
	holds ".verdict == \"$wanted\"" && [ "$status" -eq "$code" ] && return 0
	echo "wanted $wanted with status $code"
	return 1
}

@test "a free port is called free, with status 0" {
	lab_start listen
	verdict ok 0 127.0.0.1:9999
	holds '.blockers == [] and .errno == null and .fails_at == null and .free_in_ms == null and .end.complete'
	[ "$(really listen 127.0.0.1 9999)" = OK ]
}

@test "a listener is named with its process" {
	lab_start listen
	verdict fails 2 "127.0.0.1:${LAB[port]}"
	[ "$(really bind 127.0.0.1 "${LAB[port]}")" = EADDRINUSE ]
	holds ".errno == \"EADDRINUSE\" and .fails_at == \"bind\" and .blockers[0].why == \"listener\""
	holds '.blockers[0].processes[0].comm == "situation" and .blockers[0].frees_in_ms == null'
	holds '.advice | length > 0'
	holds '.with.reuseaddr == "fails"'
	sockvet bind "127.0.0.1:${LAB[port]}"
	[[ $output == "FAILS: "*situation* ]]
}

@test "a port that is bound and idle is seen" {
	lab_start bound-idle n=1
	sockvet list -tan --json state bound
	local port
	port=$(jq '.sockets[0].local.port' <<<"$output")
	verdict fails 2 "127.0.0.1:$port"
	holds '.blockers[0].why == "bound" and .blockers[0].state == "BOUND"'
	[ "$(really bind 127.0.0.1 "$port")" = EADDRINUSE ]
}

@test "an outgoing connection's source port is called that, and SO_REUSEADDR is not its cure" {
	lab_start established n=1
	sockvet list -tn --json -C +OPENER state established
	local port address
	read -r address port < <(jq -r 'first(.sockets[] | select(.opener == "here")).local | "\(.address) \(.port)"' <<<"$output")
	verdict fails 2 --reuseaddr "$address:$port"
	holds '.blockers[0].why == "client" and .with.reuseaddr == "fails"'
	holds 'all(.advice[]; test("SO_REUSEADDR on your") | not)'
	[ "$(really bind "$address" "$port" reuseaddr)" = EADDRINUSE ]
	[ "$(really bind 127.0.0.1 "$port" reuseaddr)" = OK ]
	verdict ok 0 --reuseaddr "127.0.0.1:$port"
}

@test "TIME_WAIT: its time is told, and SO_REUSEADDR is not promised without the old server's options" {
	lab_start time-wait n=1
	sockvet list -tan --json state time-wait
	local port address
	read -r address port < <(jq -r '.sockets[0].local | "\(.address) \(.port)"' <<<"$output")
	verdict fails 2 "$address:$port"
	holds '.blockers[0].why == "time-wait" and .blockers[0].processes == []'
	holds '.free_in_ms > 0 and .free_in_ms <= 60000 and .with.reuseaddr == "depends"'
	[ "$(really bind "$address" "$port")" = EADDRINUSE ]
	verdict depends 3 --reuseaddr "$address:$port"
}

@test "--probe settles what depends" {
	lab_start time-wait n=1
	sockvet list -tan --json state time-wait
	local port address really
	read -r address port < <(jq -r '.sockets[0].local | "\(.address) \(.port)"' <<<"$output")
	really=$(really bind "$address" "$port" reuseaddr)
	sockvet bind --json --probe --reuseaddr "$address:$port"
	if [ "$really" = OK ]; then
		holds '.verdict == "ok" and .probe.errno == null and .blockers == []' && [ "$status" -eq 0 ]
	else
		holds ".verdict == \"fails\" and .probe.errno == \"$really\"" && [ "$status" -gt 0 ]
	fi
}

@test "each state's verdict is what the kernel does" {
	lab_start all-states
	sockvet list -tan --json
	local address port options answer
	while read -r address port; do
		for options in '' reuseaddr; do
			sockvet bind --json ${options:+--$options} "$address:$port"
			answer=$(jq -r .verdict <<<"$output")
			echo "$address:$port $options: $answer"
			# shellcheck disable=SC2086
			case $answer in
			ok) [ "$(really listen "$address" "$port" $options)" = OK ] ;;
			fails) [ "$(really listen "$address" "$port" $options)" = EADDRINUSE ] ;;
			*) [ "$options" = reuseaddr ] ;;
			esac
		done
	done < <(jq -r '.sockets[].local | select(.address | contains(":") | not) | "\(.address) \(.port)"' <<<"$output" | sort -u)
}

@test "an address that is not here is not called used, and those that are here are listed" {
	lab_start listen
	verdict fails 2 "10.99.99.99:${LAB[port]}"
	holds '.errno == "EADDRNOTAVAIL" and .blockers == []'
	holds 'any(.advice[]; contains("127.0.0.1"))'
	[ "$(really bind 10.99.99.99 "${LAB[port]}")" = EADDRNOTAVAIL ]
}

@test "the text of a verdict begins with it, and is no wider than asked" {
	lab_start all-states
	sockvet bind 8080
	[[ $output == FAILS:* || $output == OK:* || $output == DEPENDS:* ]]
	holds_width=$(script -qec "stty cols 60; nsenter -t $LAB_JOB -U -n --preserve-credentials $SOCKVET bind 8080" /dev/null |
		sed 's/\x1b\[[0-9;]*m//g' | tr -d '\r' | awk '{ if (length($0) > most) most = length($0) } END { print most }')
	[ "$holds_width" -le 60 ]
}

@test "-q prints nothing when the port is free, and something when it is not" {
	lab_start listen
	sockvet bind -q 127.0.0.1:9999
	[ "$status" -eq 0 ] && [ -z "$output$errors" ]
	sockvet bind -q "127.0.0.1:${LAB[port]}"
	[ "$status" -eq 2 ] && [ -n "$output" ]
}

@test "the replay of a recording is the live answer" {
	lab_start all-states
	for words in 8080 "127.0.0.1:8080 --reuseaddr" "--udp 53" "--probe 127.0.0.1:8080" "@nobody" "/nowhere/x"; do
		# shellcheck disable=SC2086
		sockvet bind --json --record "$BATS_TEST_TMPDIR/bind" $words
		local live=$output code=$status
		# shellcheck disable=SC2086
		sockvet bind --json --from "$BATS_TEST_TMPDIR/bind" $words
		echo "$words: live $code, replay $status; $errors"
		[ "$output" = "$live" ] && [ "$status" -eq "$code" ]
	done
}

@test "a recording of everything answers a question about bind with all that it holds" {
	lab_start listen
	sockvet record -q "$BATS_TEST_TMPDIR/all"
	sockvet bind --json --from "$BATS_TEST_TMPDIR/all" "127.0.0.1:${LAB[port]}"
	holds '.verdict == "fails" and .blockers[0].processes[0].comm == "situation"'
	sockvet bind --json --from "$BATS_TEST_TMPDIR/all" --udp 53
	[ "$status" -eq 3 ]
}

@test "an incomplete dump does not make a free port" {
	need_strace
	lab_start listen
	for fault in recvmsg:error=ENOBUFS recvmsg:error=ENOMEM:when=2+ sendto:error=EPERM; do
		run nsenter -t "$LAB_JOB" -U -n --preserve-credentials strace -qq -o "$BATS_TEST_TMPDIR/trace" \
			-e "trace=${fault%%:*}" -e inject="$fault" "$SOCKVET" bind --json 127.0.0.1:9999
		echo "$fault: $status $output"
		[ "$status" -eq 3 ] && [[ $output != *'"verdict": "ok"'* ]]
	done
}

@test "without privileges a verdict is not guessed" {
	[ "$(id -u)" = 0 ] || skip "needs root to become somebody else"
	lab_start listen
	# Through a descriptor: the folder of the build may be closed to others.
	run nsenter -t "$LAB_JOB" -n setpriv --reuid 65534 --clear-groups \
		/proc/self/fd/9 bind --json "127.0.0.1:${LAB[port]}" 9<"$SOCKVET"
	[ "$status" -eq 2 ]
	[ "$(jq -c '[.blockers[0].processes, .blockers[0].flags.reuseaddr]' <<<"$output")" = '[null,null]' ]
	run nsenter -t "$LAB_JOB" -n setpriv --reuid 65534 --clear-groups \
		/proc/self/fd/9 bind --json "127.0.0.1:80" 9<"$SOCKVET"
	[ "$(jq -c '[.verdict, .errno]' <<<"$output")" = '["fails","EACCES"]' ]
}

@test "the TIME_WAIT of a closed connection is seen behind its open file, which has the same cookie" {
	lab_start listen
	run nsenter -t "$LAB_JOB" -U -n --preserve-credentials python3 -c '
import json, socket, subprocess, sys, time
def sockvet(*words):
    return json.loads(subprocess.run([sys.argv[1], *words, "--json"], stdout=subprocess.PIPE).stdout)
listener = socket.create_server(("127.0.0.1", 0))
client = socket.socket()
client.bind(("127.0.0.1", 8089))
client.connect(listener.getsockname())
peer = listener.accept()[0]
sockvet("list", "-tan")     # whoever is listed gets a cookie
for end in client, peer:
    end.shutdown(socket.SHUT_WR)
    time.sleep(0.2)
client.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
answer = sockvet("bind", "127.0.0.1:8089")
print(sorted(blocker["state"] for blocker in answer["blockers"]), sockvet("bind", "--reuseaddr", "127.0.0.1:8089")["verdict"])
' "$SOCKVET"
	echo "$output"
	[ "$output" = "['BOUND', 'TIME_WAIT'] depends" ]
}

@test "a unix path is refused where no socket file can be made, and for another user" {
	lab_start listen
	sockvet bind /proc/x.sock
	[ "$status" -eq 2 ] && [[ $output == FAILS:*ENOENT* ]]
	mkdir "$BATS_TEST_TMPDIR/gone"
	run bash -c 'cd "$1/gone" && rmdir "$1/gone" && exec "$2" bind ./x.sock' - "$BATS_TEST_TMPDIR" "$SOCKVET"
	[ "$status" -eq 2 ] && [[ $output == FAILS:*ENOENT* ]]
	sockvet bind --uid 65534 "$BATS_TEST_TMPDIR/x.sock"
	[ "$status" -eq 3 ] && [ -z "$output" ] && [[ $errors == "sockvet: "*--uid* ]]
}

@test "a client that the kernel connected to itself is named, and said to be" {
	lab_python '
import socket
open("/proc/sys/net/ipv4/ip_local_port_range", "w").write("40000 40001")
while True:
    s = socket.socket()
    try: s.connect(("127.0.0.1", 40000)); break
    except OSError: s.close()
print("READY fd=%d" % s.fileno(), flush=True)
input()'
	[ "$(really bind 0.0.0.0 40000 reuseaddr)" = EADDRINUSE ]
	sockvet bind --reuseaddr 0.0.0.0:40000
	[ "$status" -eq 2 ]
	[[ $output == *"has an outgoing connection from 127.0.0.1:40000 to itself (ESTABLISHED)"* ]]
	[[ $output == *", pid $LAB_JOB fd ${LAB[fd]}, SO_REUSEADDR off"* ]]
	[[ $output == *ip_local_reserved_ports* ]]
}
