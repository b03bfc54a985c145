#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Recordings of machines that are not at hand: huge, older, lying, with counters at their ends and hostile names.

bats_require_minimum_version 1.5.0
load faults.bash

setup() {
	HERE=$BATS_TEST_TMPDIR
	MADE=$HERE/made
	export PYTHONPATH=$BATS_TEST_DIRNAME PYTHONDONTWRITEBYTECODE=1
}

# made [ARGUMENT...]: a recording, by the program on standard input; its name is sys.argv[1].
made() {
	python3 -c "import sys; from recording import *; exec(sys.stdin.read())" "$MADE" "$@"
}

# replayed ARGUMENTS...: like sockvet(), of what was made.
replayed() {
	status=0
	output=$(timeout 60 "$SOCKVET" "$@" --from "$MADE" 2>"$HERE/stderr") || status=$?
	errors=$(cat "$HERE/stderr")
}

# cost ARGUMENTS...: prints "milliseconds-of-CPU peak-KiB" of sockvet, the least of two.
cost() {
	python3 - "$SOCKVET" "$@" <<'END'
import os, resource, sys
best = []
for _ in range(2):
    child = os.fork()
    if not child:
        os.dup2(os.open("/dev/null", os.O_WRONLY), 1)
        os.execv(sys.argv[1], sys.argv[1:])
    _, status, used = os.wait4(child, 0)
    assert os.WIFEXITED(status) and os.WEXITSTATUS(status) < 3, status  # findings are no failure
    best.append((round((used.ru_utime + used.ru_stime) * 1000), used.ru_maxrss))
print(*map(min, zip(*best)))
END
}

# Of each size a file: sockets, and one process in ten of them that holds one.
LARGE='
head = struct.pack("=II", SOCK, 88)
begin = sock(0)[:20] + struct.pack(">H", 443)
middle = sock(0)[24:40]
for count in map(int, sys.argv[2:]):
    def socks():
        one, end = sock(0), struct.Struct("=IIIIIIII").pack
        for i in range(count):
            yield b"".join((begin, (1024 + i % 60000).to_bytes(2, "big"), middle, (0x0a000000 + i).to_bytes(4, "big"), one[44:56],
                            end(0, i + 1, 0, 0, 0, 0, 1000, i + 1)))
    owners = (part for i in range(count // 10) for part in (process(i + 1, "worker"), holder(3, i * 10 + 1)))
    write("%s.%d" % (sys.argv[1], count), socks(), owners)
'

@test "a million sockets and 100,000 processes cost at most ten times a tenth of them" {
	! sanitized || skip "a sanitizer has a memory of its own"
	made 100000 1000000 <<<"$LARGE"
	local arguments few many size
	size=$(($(stat -c %s "$MADE.1000000") / 1024))
	for arguments in "list -tanH" "list -tanpH"; do
		# shellcheck disable=SC2086  # words
		read -r few_ms few_kib <<<"$(cost $arguments --from "$MADE.100000")"
		# shellcheck disable=SC2086  # words
		read -r many_ms many_kib <<<"$(cost $arguments --from "$MADE.1000000")"
		echo "# $arguments: $few_ms and $many_ms ms of CPU, $few_kib and $many_kib KiB, the larger file has $size" >&2
		[ "$many_ms" -le $((20 * few_ms + 100)) ]
		# the file itself, room to grow and the ids of what was seen: a small multiple of what was read
		[ "$many_kib" -le $((5 * size)) ]
	done
	[ "$("$SOCKVET" list -tanH --from "$MADE.1000000" | wc -l)" -eq 1000000 ]
}

# within_thrice ARGUMENTS...: the peak is at most three times what was made, 8 MiB aside.
within_thrice() {
	local size ms kib
	size=$(($(stat -c %s "$MADE") / 1024))
	read -r ms kib <<<"$(cost "$@" --from "$MADE")"
	echo "# $*: $ms ms of CPU, $kib KiB, the file has $size" >&2
	[ "$kib" -le $((3 * size + 8192)) ]
}

@test "as many destinations or groups as sockets cost at most three times the recording" {
	! sanitized || skip "a sanitizer has a memory of its own"
	made <<'END'
write(sys.argv[1], (sock(i + 1, remote=("10.%d.%d.%d" % (1 + (i >> 16), i >> 8 & 255, i & 255), 443),
                         local=("10.0.0.1", 1024 + i % 60000), inode=i + 1) for i in range(100000)))
END
	within_thrice connect
	within_thrice connect --json
	within_thrice list -tan --by remote
	within_thrice list -tan --by remote:port
	within_thrice list -tan --by remote --json
	within_thrice list -tan --sort age
}

@test "rows to be sorted need no second copy of 200,000 links" {
	! sanitized || skip "a sanitizer has a memory of its own"
	made <<'END'
write(sys.argv[1], [sock(1)], links=((i + 1, "eth%d" % i) for i in range(200000)))
END
	within_thrice list -tan --sort age
}

@test "owners, control groups and details that are kept cost at most three times the recording" {
	! sanitized || skip "a sanitizer has a memory of its own"
	made <<'END'
write(sys.argv[1], [sock(1, inode=1)], (part for i in range(200000) for part in (process(i + 1, ""), holder(3, 1))))
END
	within_thrice list -tanp
	within_thrice list -tanp --sort process
	within_thrice list -tan comm = x
	made <<'END'
write(sys.argv[1], [sock(1, inode=1)], (), [(i + 1, "/") for i in range(200000)])
END
	within_thrice list -tan --by cgroup
	made <<'END'
write(sys.argv[1], (sock(i + 1, remote=("10.0.%d.%d" % (i >> 8 & 255, i & 255), 1024 + i % 60000), inode=i + 1) for i in range(100000)),
      (part for i in range(100000) for part in (process(i + 1, "worker"), holder(3, i + 1))))
END
	within_thrice list -tani --sort age
	within_thrice list -tanp --sort process
	within_thrice list -tan --by process
}

@test "what check, bind, findings and groups keep costs at most three times the recording" {
	! sanitized || skip "a sanitizer has a memory of its own"
	made <<'END'
write(sys.argv[1], (sock(i + 1, LISTEN, local=("10.0.%d.%d" % (i >> 16, i >> 8 & 255), 1 + i % 60000),
                         remote=("0.0.0.0", 0), inode=i + 1) for i in range(200000)))
END
	within_thrice check
	within_thrice check "rtt > 10ms"
	made <<'END'
write(sys.argv[1], (sock(i + 1, remote=("10.%d.%d.%d" % (i >> 16, i >> 8 & 255, i & 255), 1024 + i % 60000),
                         inode=i + 1) for i in range(100000)))
END
	within_thrice check "rtt > 10ms"
	within_thrice bind 443
	made <<'END'
write(sys.argv[1], (sock(i + 1, remote=("10.%d.%d.%d" % (i >> 16, i >> 8 & 255, i & 255), 1024 + i % 60000),
                         inode=i + 1) for i in range(100000)),
      (part for i in range(100000) for part in (process(i + 1, "worker"), holder(3, i + 1))))
END
	within_thrice bind 443
	within_thrice list -tan finding close-wait-leak
	made <<'END'
write(sys.argv[1], [sock(1, inode=1)], (part for i in range(200000) for part in (process(i + 1, ""), holder(3, 1))))
END
	within_thrice list -tan --by process
}

@test "a process with a million descriptors is walked once" {
	made <<'END'
write(sys.argv[1], (sock(i + 1, inode=i + 1) for i in range(100)),
      [process(7, "hoarder")] + [struct.pack("=IIiI", HOLDER, 8, fd, 1 + fd % 100) for fd in range(1000000)])
END
	replayed list -tan --by process --json
	ends_in 0
	jq -e '.groups[0].count == 100' <<<"$output"
	[ "$("$SOCKVET" list -tanpH --from "$MADE" | grep -o 'pid=7,' | wc -l)" -eq 1000000 ]
}

@test "a queue, timer or counter at its end does not wrap around, and breaks no line" {
	made <<'END'
most = 0xffffffff
info = attr(INFO, b"\xff" * 248)
memory = attr(MEMORY, struct.pack("=9I", *[most] * 9))
write(sys.argv[1], [sock(i + 1, state, timer=timer, retrans=255, expires=most, recv=most, send=most, uid=most,
                         remote=("10.0.0.%d" % i, 65535), inode=most, attrs=info + memory)
                    for i, (state, timer) in enumerate([(ESTABLISHED, 1), (CLOSE_WAIT, 2), (LISTEN, 0), (TIME_WAIT, 3)])])
END
	replayed list -tanoiem --json
	ends_in 0
	holds 'all(.sockets[]; .recv_queue == 4294967295)'
	# no limit, and nothing measured
	holds 'all(.sockets[].tcp_info | .max_pacing_rate_bytes_per_s, .pacing_rate_bytes_per_s, .min_rtt_us; . == null)'
	holds '[.sockets[] | .timer // empty | [.expires_ms, .retransmits]] | length == 3 and all(.[1] == 255 and (.[0] == 0 or .[0] == 4294967295))'
	# text: each socket on its lines, no negative number anywhere
	local arguments
	for arguments in "list -tanoiemO" "list -tano" "list -tan --csv" "list -tan --by state" "list -tan -s" "check"; do
		# shellcheck disable=SC2086  # words
		replayed $arguments
		[ "$status" -le 3 ]
		is_harmless
		! grep -E '(^|[ :(])-[0-9]' <<<"$output"
	done
	# sums are of 64 bits; what a listener has there are no bytes
	replayed list -tan --by uid --json
	jq -e '[.groups[] | .recv_queue_bytes, .send_queue_bytes] == [8589934590, 8589934590, 4294967295, 4294967295]' <<<"$output"
}

@test "a socket that a recording holds twice is listed and counted once" {
	made <<'END'
rows = [sock(i + 1, remote=("10.0.0.2", 1000 + i)) for i in range(40)]
write(sys.argv[1], rows + rows[::-1] + rows)
END
	replayed list -tan --json
	ends_in 0
	listed true 40
	replayed check --json
	holds '.summary.sockets == 40'
}

@test "bytes of a control group, a device or a process in a recording reach the terminal escaped" {
	made <<'END'
bad = [b"/a\n\x1b[31m.service", b"/system.slice/a\\x2db\xff\x9b.service", b"/\xc2\x9b2J\x7f\t/", "/\u202e\u2066\u061c/x.scope".encode(), b"",
       b"/" + b"x" * 5000]
write(sys.argv[1], [sock(i + 1, CLOSE_WAIT, remote=("10.0.0.2", 1000 + i), inode=i + 1, attrs=attr(CGROUP_ID, struct.pack("=Q", i + 1)))
                    for i in range(len(bad))],
      [part for i, name in enumerate(bad) for part in (process(i + 1, name[:15], i + 1), holder(3, i + 1))],
      list(zip(range(1, 99), bad)), links=[(1, b"l\x1b[0mo\n\xff"), (2, b"")], name=b"\x1b]0;x\x07")
END
	local arguments
	for arguments in "list -tanp --cgroup" "list -tanp --csv -C +CGROUP,UNIT,CONTAINER,COMM" "list -tanp --tsv -C +CGROUP" "list -tan --by unit" \
		"list -tan --by cgroup" "check" "check -q" "bind 10.0.0.1:443" "connect" "list -tanp --ascii" "list -tanp -j" "check --jsonl"; do
		# shellcheck disable=SC2086  # words
		replayed $arguments
		[ "$status" -le 3 ]
		is_harmless || { echo "$arguments"; false; }
	done
	replayed list -tanp --json
	# a unit keeps its own escapes, and what is no UTF-8 its bytes
	holds 'any(.sockets[]; .cgroup | startswith("/system.slice/a\\x2db"))'
	holds 'any(.sockets[]; .cgroup_hex == "2f73797374656d2e736c6963652f615c78326462ff9b2e73657276696365")'
}

# refused PART FILE: no command takes it; one sentence.
refused() {
	local command
	for command in check "list -ta"; do
		MADE=$2
		# shellcheck disable=SC2086  # words
		replayed $command
		ends_in 3 "$1" && [ -z "$output" ] && [ "$(wc -l <<<"$errors")" -eq 1 ] && [[ $errors == "sockvet: "* ]] ||
			{ echo "$command --from $2: '$output'"; return 1; }
	done
}

@test "a recording that lies about itself is refused, and costs no more than its size" {
	# of an empty host: what is told of a file of more than one block depends on how long it is
	unshare -Urn "$SOCKVET" record -q "$HERE/true"
	python3 - "$HERE" <<'END'
import gzip, struct, sys
here = sys.argv[1]
true = open(here + "/true", "rb").read()
def put(name, data):
    open(here + "/" + name, "wb").write(data)
put("magic", b"sockveT\n" + true[8:])
put("order", true[:12] + true[12:16][::-1] + true[16:])
put("newer", true[:8] + struct.pack("=I", 99) + true[12:])
put("never", true[:8] + struct.pack("=I", 0) + true[12:])
put("junk", true + b"\0")
put("twice", true + true)
put("long", true[:20] + struct.pack("=I", 0xffffffff) + true[24:])
put("type", true[:16] + struct.pack("=I", 0xffffffff) + true[20:])
put("flip", true[:200] + bytes([true[200] ^ 1]) + true[201:])
put("count", true[:-16] + struct.pack("=Q", 2**32) + true[-8:])
put("packed", gzip.compress(bytes(50000000)))
put("empty", b"")
put("short", true[:11])
put("message", struct.pack("=IHHII", 0xfffffff0, 20, 0, 0, 0) + bytes(80))
for i, size in enumerate(range(1, len(true), max(1, len(true) // 10))):
    put("cut%d" % i, true[:size])
END
	sanitized || ulimit -v 1000000
	refused "no known start at byte 0" "$HERE/magic"
	refused "byte order of another kind of machine at byte 12" "$HERE/order"
	refused "format 99 at byte 8 is newer" "$HERE/newer"
	refused "format 0" "$HERE/never"
	refused "at byte" "$HERE/junk"
	refused "at byte" "$HERE/twice"
	refused "checksum does not fit" "$HERE/long"
	refused "checksum does not fit" "$HERE/type"
	refused "checksum does not fit" "$HERE/flip"
	refused "number of frames" "$HERE/count"
	refused "no known start at byte 0" "$HERE/packed"
	refused "it is empty" "$HERE/empty"
	refused "within its header" "$HERE/short"
	refused "within a message at byte 0" "$HERE/message"
	local file
	for file in "$HERE"/cut*; do
		"$SOCKVET" list -ta --from "$file" >"$HERE/out" 2>"$HERE/stderr" && false
		[ ! -s "$HERE/out" ]
		grep -q '^sockvet: cannot read the recording .* at byte [0-9]*; record it again$' "$HERE/stderr"
	done
}

@test "a name that is not a file is refused as a recording" {
	"$SOCKVET" record -q "$HERE/true"
	refused "directory" "$HERE"
	refused "no regular file" /dev/zero
	refused "no known start" /dev/stdin </dev/zero
	refused "at byte 0" - </dev/null
	mkfifo "$HERE/fifo"
	timeout 20 cat "$HERE/true" >"$HERE/fifo" 3>&- &
	MADE=-
	replayed list -ta <"$HERE/fifo"
	[ "$output" = "$("$SOCKVET" list -ta --from "$HERE/true" 2>/dev/null)" ]
}
