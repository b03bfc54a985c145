#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# `list`: order, groups, values for machines, repetition. Each of them against the JSON of the same sockets, which nothing
# moves between two calls except their ages.

load lab

SOCKETS='
import ctypes, os, socket, sys, time
name = lambda text: ctypes.CDLL(None).prctl(15, text.encode(), 0, 0, 0)
name("=a,\"b é")
keep = []
listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen(50)
for i in range(13):
    client = socket.create_connection(listener.getsockname())
    server, _ = listener.accept()
    server.send(b"x" * (i * 7 % 5 * 10))
    keep += [client, server]
    if i % 4 == 1:
        server.shutdown(socket.SHUT_WR)
dual = socket.socket(socket.AF_INET6)
dual.bind(("::", 0))
dual.listen(5)
keep.append(socket.create_connection(("127.0.0.1", dual.getsockname()[1])))
# Acknowledgements are delayed; then nothing moves any more.
info = lambda s: s.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104)
while any(info(s)[0] == 4 or int.from_bytes(info(s)[24:28], sys.byteorder) for s in keep[:-2]):
    time.sleep(0.005)
ready, other = os.pipe()
if os.fork() == 0:
    name("worker")
    os.write(other, b"1")
    os.read(0, 1)
    os._exit(0)
os.read(ready, 1)
print("READY", flush=True)
os.read(0, 1)
'

start() {
	lab_python "$SOCKETS"
}

# json OPTIONS...: the sockets as JSON, in ALL.
json() {
	sockvet list --json "$@"
	[ "$status" -eq 0 ]
	ALL=$output
}

# same WANT GOT
same() {
	[ "$1" = "$2" ] && return 0
	diff <(echo "$1") <(echo "$2")
	return 1
}

# A number where it is known, else what comes last.
@test "--sort orders rows by their numbers" {
	local want got
	start
	json -ta
	for word in recvq:recv_queue inode:inode lport:local.port; do
		want=$(jq -c "[.sockets[].${word#*:}] | map(. // infinite) | sort" <<<"$ALL")
		sockvet list -ta --json --sort "${word%%:*}"
		got=$(jq -c "[.sockets[].${word#*:}] | map(. // infinite)" <<<"$output")
		same "$want" "$got"
	done
	want=$(jq -c '[.sockets[].recv_queue] | sort | reverse' <<<"$ALL")
	sockvet list -ta --json --sort -RECVQ
	same "$want" "$(jq -c '[.sockets[].recv_queue]' <<<"$output")"
}

@test "--sort by age puts the oldest last, and the unknown behind them" {
	start
	for order in age -age; do
		sockvet list -ta --json --sort "$order"
		holds '[.sockets[].age_min_ms] | . as $a | [$a[] | numbers] as $n | $n == ($n | sort | if "'"$order"'" == "-age" then reverse else . end)'
		holds '[.sockets[].age_min_ms] | (map(. == null) | index(true)) as $first | $first == null or all(.[$first:][]; . == null)'
		holds '[.sockets[].age_min_ms | numbers] | length > 5'
	done
}

@test "--sort with two columns keeps the first one's order" {
	local want
	start
	json -ta
	want=$(jq -c '[.sockets | sort_by(.state, -.recv_queue)[] | [.state, .recv_queue]]' <<<"$ALL")
	sockvet list -ta --json --sort state,-recvq
	same "$want" "$(jq -c '[.sockets[] | [.state, .recv_queue]]' <<<"$output")"
}

@test "equal rows keep their order when they are sorted" {
	start
	json -ta
	sockvet list -ta --json --sort family
	same "$(jq -c '[.sockets | sort_by(.family)[].cookie]' <<<"$ALL")" "$(jq -c '[.sockets[].cookie]' <<<"$output")"
}

@test "--top shows the first rows, and JSON says how many matched" {
	start
	json -ta --sort -recvq,inode
	sockvet list -ta --json --sort -recvq,inode --top 3
	same "$(jq -c '[.sockets[:3][].cookie]' <<<"$ALL")" "$(jq -c '[.sockets[].cookie]' <<<"$output")"
	holds ".end.sockets == 3 and .end.matched == $(jq '.sockets | length' <<<"$ALL")"
	sockvet list -tan -H --top 2
	[ "$(wc -l <<<"$output")" -eq 2 ] && [ "$status" -eq 0 ] && [ -z "$errors" ]
}

@test "a sorted listing keeps the details of its rows" {
	start
	json -tai
	sockvet list -tai --json --sort -cwnd
	same "$(jq -cS '[.sockets[] | [.cookie, .tcp_info.snd_cwnd_segments, .tcp_info.acked_bytes]] | sort' <<<"$ALL")" \
		"$(jq -cS '[.sockets[] | [.cookie, .tcp_info.snd_cwnd_segments, .tcp_info.acked_bytes]] | sort' <<<"$output")"
	holds '[.sockets[] | select(.tcp_info != null)] | length > 10'
}

@test "--by state counts as jq does" {
	start
	json -ta
	sockvet list -ta --json --by state
	same "$(jq -cS '[.sockets | group_by(.state)[] | {state: .[0].state, count: length}] | sort' <<<"$ALL")" \
		"$(jq -cS '[.groups[] | {state, count}] | sort' <<<"$output")"
	holds '[.groups[].count] | . == (sort | reverse)'
	holds ".end.sockets == $(jq '.sockets | length' <<<"$ALL")"
}

@test "--by remote:port or local:port counts as jq does" {
	start
	json -t4a
	for key in remote local; do
		sockvet list -t4a --json --by $key:port
		same "$(jq -cS "[.sockets | group_by(.$key)[] | {end: .[0].$key, count: length, bytes: (map(select(.state != \"LISTEN\").recv_queue) | add // 0)}] | sort" <<<"$ALL")" \
			"$(jq -cS "[.groups[] | {end: .$key, count, bytes: .recv_queue_bytes}] | sort" <<<"$output")"
	done
}

@test "--by process counts a socket for each process that holds it, and those without one" {
	start
	json -tap
	sockvet list -ta --json --by process
	same "$(jq -cS '[.sockets[] | (.processes // [{pid: "hidden"}]) | if . == [] then [{pid: null}] else . end | [.[].pid] | unique[]] | group_by(.) | map([.[0], length]) | sort' <<<"$ALL")" \
		"$(jq -cS '[.groups[] | [if .owner == "hidden" then "hidden" else .pid end, .count]] | sort' <<<"$output")"
	holds '[.groups[] | select(.owner == "seen")] | length == 2'
}

@test "the states of the groups add up to the sockets, and --top keeps the biggest groups" {
	start
	json -ta
	sockvet list -ta --json --by state,local
	holds '[.groups[] | .count == ([.states[]] | add)] | all'
	holds "([.groups[].count] | add) == $(jq '.sockets | length' <<<"$ALL")"
	want=$(jq -c '[.groups[:2][].count]' <<<"$output")
	sockvet list -ta --json --by state,local --top 2
	same "$want" "$(jq -c '[.groups[].count]' <<<"$output")"
}

# python's csv module against JSON, value by value; an apostrophe guards what a spreadsheet would run.
@test "a value of --csv or --tsv is that of JSON" {
	start
	json -tap --sort local,peer
	for format in csv tsv; do
		sockvet list -tap --$format --sort local,peer \
			-C STATE,RECVQ,SENDQ,LOCAL,PEER,PROCESS,FAMILY,UID,INODE,COOKIE,OPENER,TIMER,CGROUP
		[ "$status" -eq 0 ]
		printf '%s\n' "$output" >"$BATS_TEST_TMPDIR/values"
		echo "$ALL" >"$BATS_TEST_TMPDIR/json"
		python3 - "$BATS_TEST_TMPDIR/values" "$BATS_TEST_TMPDIR/json" $format <<'PYTHON'
import csv, json, sys
form = sys.argv[3]
lines = open(sys.argv[1], newline="", encoding="utf-8")
if form == "csv":
    rows = list(csv.DictReader(lines, strict=True))
else:
    head, *rest = [line.rstrip("\n").split("\t") for line in lines]
    rows = [dict(zip(head, [v.replace("\\t", "\t").replace("\\n", "\n").replace("\\\\", "\\") for v in line], strict=True))
            for line in rest]
sockets = json.load(open(sys.argv[2]))["sockets"]
text = lambda value: "" if value is None else str(value)
def guarded(value):
    return "'" + value if form == "csv" and value[:1] in set("=+-@") and value else value
assert len(rows) == len(sockets) > 20, (len(rows), len(sockets))
for row, s in zip(rows, sockets):
    holders = s["processes"] or []
    want = {
        "state": s["state"], "recv_queue": text(s["recv_queue"]), "send_queue": text(s["send_queue"]),
        "local_address": text(s["local"]["address"]), "local_port": text(s["local"]["port"]),
        "interface": text(s["interface"]),
        "remote_address": text(s["remote"]["address"]), "remote_port": text(s["remote"]["port"]),
        "pids": ",".join(str(p["pid"]) for p in holders), "fds": ",".join(str(p["fd"]) for p in holders),
        "comms": guarded(",".join(p["comm"].replace(",", "\\x2c") for p in holders)),
        "family": s["family"], "uid": text(s["uid"]), "inode": text(s["inode"]), "cookie": text(s["cookie"]),
        "opener": text(s["opener"]), "timer_kind": text(s["timer"] and s["timer"]["kind"]),
        "cgroup": text(s["cgroup"]),
    }
    assert row == want, (row, want)
assert any("=a\\x2c\"b é" in row["comms"] for row in rows)
PYTHON
	done
}

@test "--pids prints the processes of ss, each once" {
	local want
	start
	want=$(nsenter -t "$LAB_JOB" -U -n --preserve-credentials ss -Htanp 3>&- | grep -o 'pid=[0-9]*' | cut -d= -f2 | sort -nu)
	[ -n "$want" ]
	sockvet list -tan --pids
	[ "$status" -eq 0 ]
	same "$want" "$output"
	sockvet list -tan --pids state syn-sent
	[ "$status" -eq 0 ] && [ -z "$output" ] && [[ $errors == "sockvet: note: "* ]]
	sockvet list -tanq --pids state syn-sent
	[ "$status" -eq 0 ] && [ -z "$output$errors" ]
}

@test "-H with -C leaves no field of a line empty" {
	start
	sockvet list -tan -H -C STATE,PID,FD,IFACE,UID,AGE,OPENER,UNIT,TIMER
	[ "$status" -eq 0 ]
	[ "$(awk '{ print NF }' <<<"$output" | sort -u)" = 9 ]
	[ -z "$(grep ' $' <<<"$output")" ]
}

# The reader ends it: head goes away, and the next round finds nobody to write to.
@test "-c separates the rounds, and ends without a reader" {
	start
	run timeout 60 nsenter -t "$LAB_JOB" -U -n --preserve-credentials bash -c '
		"$1" list -tanH -c0.01 | awk "/^\$/ { if (++n == 4) exit }"; echo "${PIPESTATUS[0]}"' - "$SOCKVET" 3>&-
	[ "$status" -eq 0 ]
	[ "$output" -eq 141 ]
	run timeout 60 nsenter -t "$LAB_JOB" -U -n --preserve-credentials bash -c '
		"$1" list -tac 0.01 --json | jq -c --unbuffered .end.complete | head -n 3' - "$SOCKVET" 3>&-
	[ "$output" = $'true\ntrue\ntrue' ]
	run timeout 60 nsenter -t "$LAB_JOB" -U -n --preserve-credentials bash -c '
		"$1" list -ctaH --csv -C RECVQ | head -n 2' - "$SOCKVET" 3>&-
	[ "${#lines[@]}" -eq 2 ]
}

@test "-c dies by the signal that ends it, and leaves the terminal in order" {
	start
	run timeout 60 python3 - "$SOCKVET" 3>&- <<'PYTHON'
import os, pty, signal, sys
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, None):
    pid, tty = pty.fork()
    if pid == 0:
        os.execv(sys.argv[1], [sys.argv[1], "-tanc0.01"])
    seen = b""
    while seen.count(b"\x1b[H") < 3:
        seen += os.read(tty, 65536)
    if number is None:  # the terminal itself goes away, and takes no more bytes
        os.close(tty)
        _, status = os.waitpid(pid, 0)
        assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGHUP, status
        break
    os.kill(pid, number)
    try:
        while chunk := os.read(tty, 65536):
            seen += chunk
    except OSError:
        pass
    _, status = os.waitpid(pid, 0)
    assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == number, status
    assert seen.rindex(b"\x1b[?7h") > seen.rindex(b"\x1b[?7l"), seen[-80:]
PYTHON
	echo "$output"
	[ "$status" -eq 0 ]
}

# The parent of the stopped one is in another group of the same session, as a shell is.
@test "a stopped -c leaves the terminal with line wrap, and goes on afterwards" {
	start
	run timeout 60 python3 - "$SOCKVET" 3>&- <<'PYTHON'
import os, pty, signal, sys
shell, tty = pty.fork()
if shell == 0:
    pid = os.fork()
    if pid == 0:
        os.setpgid(0, 0)
        os.execv(sys.argv[1], [sys.argv[1], "-tanc0.01"])
    for i in range(5):
        os.write(1, b"<%d>" % pid)
        _, status = os.waitpid(pid, os.WUNTRACED)
        os.write(1, b"|stopped %d|" % (os.WIFSTOPPED(status) and os.WSTOPSIG(status)))
        os.kill(pid, signal.SIGCONT)
    os.kill(pid, signal.SIGKILL)
    os._exit(0)
seen, done = b"", 0
def more():
    global seen
    seen += os.read(tty, 65536)
for i in range(5):
    while seen.count(b"<") <= i or seen.rindex(b"<") > seen.rfind(b"\x1b[H"):
        more()
    os.kill(int(seen[seen.rindex(b"<") + 1:].split(b">")[0]), signal.SIGTSTP)
    while seen.count(b"|stopped 20|") <= i:
        more()
    before = seen[:seen.rindex(b"|stopped")]
    assert before.rindex(b"\x1b[?7h") > before.rindex(b"\x1b[?7l"), before[-80:]
os.waitpid(shell, 0)
PYTHON
	echo "$output"
	[ "$status" -eq 0 ]
}

@test "options that exclude each other are refused" {
	local words
	start
	while read -r words; do
		# shellcheck disable=SC2086
		sockvet list $words
		[ "$status" -eq 3 ] && [ -z "$output" ] && [[ $errors == "sockvet: "* ]] && [ "$(wc -l <<<"$errors")" -eq 1 ] ||
			{ echo "$words: status $status, $output $errors"; return 1; }
	done <<'WORDS'
--csv --json
--csv --tsv
--pids --csv
--jsonl --tsv
--by state --sort age
--by state --pids
--by state -C AGE
--csv -o
--tsv -tanpi
--csv --tos
--pids -m
--by state -e
--by nothing
--by state,
--sort nothing
--sort age,,recvq
--sort -
--top 0
--top -1
--top 1x
--top 99999999999999999999
-c0
-c0.001
-c5x
--continuous=-1
-c1e3
-c --record /dev/null
-c --from /dev/null
-K --csv
-E --sort age
WORDS
}

@test "list -s tells no number of IPv6 where its file cannot be read" {
	need_strace
	local fault=openat,open:error=EACCES
	output=$(unshare -Urn strace -f -qq -o /dev/null -P /proc/thread-self/net/sockstat6 -e "trace=${fault%%:*}" \
		-e inject="$fault" "$SOCKVET" list -s --json 2>/dev/null)
	jq -e '.summary.transports.tcp | .ipv6 == null and .total == null and .ipv4 == 0' <<<"$output"
	jq -e '.summary.tcp.closed == null' <<<"$output"
}
