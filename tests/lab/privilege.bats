#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Each line of the table in the man page's section PRIVILEGES, with exactly those capabilities as a real other user:
# it works, and without any one of them it says what it could not see. Then what root gives up, and set-user-id.

load lab.bash

NOBODY=65534

setup_file() {
	# a place that nobody can reach and where set-user-id counts: mostly the folder of bats is not
	PLACE=$BATS_FILE_TMPDIR/place
	mkdir -m 755 "$PLACE"
	setpriv --reuid=$NOBODY --regid=$NOBODY --clear-groups test -x "$PLACE" 2>/dev/null || PLACE=$(mktemp -d)
	export PLACE
	chmod 755 "$PLACE"
	install -m 755 "${SOCKVET:-build/sockvet}" "$PLACE/sockvet"
}

teardown_file() { rm -rf "$PLACE"; }

setup() {
	[ "$(id -u)" -eq 0 ] && unshare -nmpf --mount-proc true 2>/dev/null ||
		skip "ONLY REAL ROOT can give single capabilities to another user: privileges are not checked"
	command -v setpriv >/dev/null || skip "SETPRIV IS MISSING: privileges are not checked (apt install util-linux)"
}

# unshare itself takes no SIGTERM; it ends when its child, which is all in there, does.
teardown() {
	[ -z "${HOLDER:-}" ] || kill -9 "$HOLDER" 2>/dev/null || true
	[ -z "$LAB_JOB" ] || wait "$LAB_JOB" 2>/dev/null || true
	LAB_JOB=
}

# Sockets of root in namespaces of its own, where nobody is another user.
HELD='
import ctypes, socket, struct, sys
def tell(peer, key):
    return struct.pack("=HH4s120xBBHi", socket.AF_INET, 0, socket.inet_aton(peer), 0, 0, len(key), 0) + key.ljust(80, b"\0")
listener = socket.create_server(("127.0.0.1", 8080))
listener.setsockopt(socket.SOL_SOCKET, socket.SO_MARK, 7)
try:
    listener.setsockopt(socket.IPPROTO_TCP, 14, tell("127.9.8.7", b"topsecretkey"))
    md5 = 1
except OSError:
    md5 = 0
client = socket.create_connection(("127.0.0.1", 8080))
server = listener.accept()[0]
packet = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 3)
code = ctypes.create_string_buffer(struct.pack("HBBI", 6, 0, 0, 0xffff))
packet.setsockopt(socket.SOL_SOCKET, 26, struct.pack("HL", 1, ctypes.addressof(code)))
print("READY md5=%d" % md5, flush=True)
for line in sys.stdin:
    client = socket.create_connection(("127.0.0.1", 8080))
    print("NEXT", flush=True)
'
# Process 2 looks like the one that makes the kernel's threads: nothing is outside of the first process namespace.
MAKE='echo 1 >/proc/sys/kernel/ns_last_pid; sleep 600 & mount -t tmpfs none /proc/2 &&
	echo "2 (kthreadd) S 0 0 0 0 -1 2129984 0 0" >/proc/2/stat && mount -t tmpfs none /run && mkdir /run/netns && : >/run/netns/blue &&
	unshare -n sh -c "mount --bind /proc/self/ns/net /run/netns/blue" && ip link set lo up && exec python3 -c "$0"'

hold() {
	coproc LAB_IO { exec unshare -nmpf --mount-proc --kill-child sh -c "$MAKE" "$HELD" 2>"$BATS_TEST_TMPDIR/situation.err" 3>&-; }
	LAB_JOB=$LAB_IO_PID
	LAB=()
	lab_take READY
	HOLDER=$(pgrep -P "$LAB_JOB")
}

# with "cap_a cap_b" ARGUMENTS...: sockvet as nobody with these capabilities and no others, in there.
with() {
	local plus='' each
	for each in $1; do plus+=${plus:+,}+${each#cap_}; done
	shift
	status=0
	output=$(nsenter -t "$HOLDER" -n -m -p setpriv --reuid=$NOBODY --regid=$NOBODY --clear-groups \
		${plus:+--inh-caps="$plus" --ambient-caps="$plus"} \
		timeout 60 "$PLACE/sockvet" "$@" 2>"$BATS_TEST_TMPDIR/stderr" 3>&-) || status=$?
	errors=$(cat "$BATS_TEST_TMPDIR/stderr")
}

is() { jq -e "$1" <<<"$output" >/dev/null 2>&1; }
has_gap() { is ".end.gaps | any(.text | test(\"$1\"))"; }

# Each says "works", "told" when what is missing is told, or nothing: that would be a lie.
sees_sockets() {
	with "$1" list -ta --json
	is '.sockets | map(.state) | index("LISTEN") and index("ESTABLISHED")' && is 'all(.sockets[]; .uid == 0)' && echo works
}
sees_cgroups() {
	with "$1" list -ta --json -C +CGROUP
	is 'all(.sockets[]; .cgroup != null)' && echo works
}
sees_names() {
	with "$1" list -f netlink -a
	[[ $output == *sockvet/* ]] && echo works
}
sees_owners() {
	with "$1" list -tap --json 'sport = :8080'
	if is 'all(.sockets[]; .processes | any(.pid == 1 and .comm == "python3"))'; then echo works
	elif is 'all(.sockets[]; .processes == null)' && has_gap 'could not be read'; then echo told; fi
}
sees_counts() {
	with "$1" check --json --warn fd-exhaustion=0,count=1
	if is 'any(.findings[]; .id == "fd-exhaustion" and .subject.pid == 1)'; then echo works
	elif has_gap 'descriptors of 1 process could not be read'; then echo told; fi
}
sees_flags() {
	with "$1" bind --json 8080
	if is '.blockers | any(.flags.reuseaddr == true)'; then echo works
	elif is 'all(.blockers[]; .flags.reuseaddr == null)' && has_gap 'could not be read'; then echo told; fi
}
sees_marks() {
	with "$1" list -ta --json -e 'fwmark = 7'
	if [ "$status" -eq 0 ] && is '.sockets | any(.mark == 7)'; then echo works
	elif [ "$status" -eq 3 ] && has_gap 'mark'; then echo told; fi
}
sees_keys() {
	[ "${LAB[md5]}" = 1 ] || { [ -n "$1" ] && echo works || echo told; return; }
	with "$1" list -tl --json -i
	if is '.sockets | any(.md5_keys == [{"address": "127.9.8.7", "prefix": 32}])' && [[ $output != *topsecret* ]]; then echo works
	elif is 'all(.sockets[]; .md5_keys == null and .md5_keys_count == null)'; then echo told; fi
}
sees_filters() {
	with "$1" list -0ba
	if [[ $output == *"bpf filter"* ]]; then echo works
	elif [[ $errors == *CAP_NET_ADMIN* ]]; then echo told; fi
}
closes() {
	lab_next
	with "$1" list -K --yes state established dport = :8080
	if [ "$status" -eq 0 ] && [[ $output == *destroyed* ]]; then echo works
	elif [ "$status" -eq 3 ] && [[ $errors == *CAP_NET_ADMIN* ]]; then echo told; fi
}
enters() {
	with "$1" list -taH -N "$2"
	if [ "$status" -eq 0 ]; then echo works
	elif [ "$status" -eq 3 ] && [[ $errors == *"cannot enter the network namespace $2"*root* ]]; then echo told; fi
}
enters_a_name() { enters "$1" blue; }
enters_a_process() { enters "$1" 1; }
enters_all() {
	with "$1" list -taH -G
	if [ "$status" -eq 0 ]; then echo works
	elif [ "$status" -eq 3 ] && [[ $errors == *namespace* ]]; then echo told; fi
}
binds_low() {
	with "$1" bind --json 80
	if is '.verdict == "ok"'; then echo works
	elif is '.verdict == "fails" and .errno == "EACCES"'; then echo told; fi
}
probes() {
	with "$1" bind --json --probe "${@:2}"
	if is '.probe.errno == null and .probe != null and .verdict == "ok"'; then echo works
	elif [ "$status" -eq 3 ] && [[ $errors == *"--probe: "* ]] && is '.probe == null or .probe.made == false'; then echo told; fi
}
probes_reuseport() { probes "$1" --uid 12 --reuseport 9090; }
probes_low() { probes "$1" --uid 0 90; }

declare -gA PROBES=(
	["sockets with state, queues, timer, user and ages"]=sees_sockets
	["cgroup, unit and container of a socket"]=sees_cgroups
	["names of processes"]=sees_names
	["processes and descriptors that hold a socket"]=sees_owners
	["open descriptors of a process against their limit"]=sees_counts
	["options of a socket, for bind"]=sees_flags
	["mark of a socket, and fwmark in a filter"]=sees_marks
	["peers with TCP MD5 keys"]=sees_keys
	["filters of packet sockets"]=sees_filters
	["closing sockets"]=closes
	["a network namespace by its name"]=enters_a_name
	["the network namespace of a process"]=enters_a_process
	["every network namespace"]=enters_all
	["binding a low port as oneself"]=binds_low
	["probing SO_REUSEPORT as another user"]=probes_reuseport
	["probing a low port as root"]=probes_low
)

# "what<TAB>capabilities" of each line of the man page's table.
table() {
	awk '/^\.Sh PRIVILEGES/ { on = 1 } /^\.Sh ENVIRONMENT/ { on = 0 } on && /^\.It .* Ta / && !/^\.It Em/' man/sockvet.8 |
		sed -e 's/^\.It //; s/ Ta /\t/; s/ nothing$//; s/\tnothing$/\t/; s/Dv //g; s/CAP_/cap_/g' | tr 'A-Z' 'a-z' | sed 's/tcp md5/TCP MD5/; s/so_reuseport/SO_REUSEPORT/'
}

@test "each line of the table of privileges is tested, and each test is in it" {
	diff <(table | cut -f1 | sort) <(printf '%s\n' "${!PROBES[@]}" | sort)
}

@test "a capability of the table is enough, and one that is missing is told" {
	hold
	local what needs each fewer told wrong=''
	while IFS=$'\t' read -r what needs; do
		told=$("${PROBES[$what]}" "$needs" || true)
		[ "$told" = works ] || wrong+="with '$needs', $what: '${told:-nothing told}'"$'\n'
		for each in $needs; do
			fewer=$(tr ' ' '\n' <<<"$needs" | grep -vx "$each" | xargs)
			told=$("${PROBES[$what]}" "$fewer" || true)
			[ "$told" = told ] || wrong+="with '$fewer', $what: '${told:-nothing told}'"$'\n'
		done
	done < <(table)
	echo "$wrong"
	[ -z "$wrong" ]
}

# While sockvet ("$@") waits for its standard input, what its process may do: CAPS and NEW.
while_it_waits() {
	local fifo=$PLACE/fifo tries
	mkfifo "$fifo"
	exec 9<>"$fifo"         # does not wait for the other end, which may never come
	"$@" <"$fifo" >/dev/null 2>&1 3>&- 9>&- &
	local pid=$!
	for ((tries = 0; tries < 200; tries++)); do
		[ "$(awk '{ print $1 }' "/proc/$pid/syscall" 2>/dev/null)" = 0 ] && break    # read()
		sleep 0.05
	done
	CAPS=$(awk '/^Cap(Inh|Prm|Eff)/ { printf "%s ", $2 }' "/proc/$pid/status")
	NEW=$(awk '/^NoNewPrivs/ { print $2 }' "/proc/$pid/status")
	exec 9>&-
	wait "$pid" || true
	rm "$fifo"
}

NONE=0000000000000000

@test "a recording is parsed without capabilities, and without a way to get new ones" {
	while_it_waits "$PLACE/sockvet" check --from -
	[ "$CAPS" = "$NONE $NONE $NONE " ]
	[ "$NEW" = 1 ]
	# no file is in the way of what it keeps for writing: nothing but that
	while_it_waits "$PLACE/sockvet" record --from - --redact "$PLACE/new"
	[ "$CAPS" = "$NONE 000000000000000a 000000000000000a " ]
}

@test "a filter is parsed only with the capabilities that a listing needs" {
	local kept
	while_it_waits "$PLACE/sockvet" list -F -
	[ "$NEW" = 1 ]
	for kept in $CAPS; do
		# DAC_READ_SEARCH, NET_ADMIN, SYS_PTRACE; PERFMON and BPF where owners come by BPF
		[ $((0x$kept & ~0xc000081004)) -eq 0 ]
	done
}

@test "a root without capabilities lists what it may see, and says which one it lacks" {
	hold
	local words
	for words in "list -tapH" "bind 8080" "check --warn ephemeral-listener=1"; do
		# shellcheck disable=SC2086  # words
		run nsenter -t "$HOLDER" -n -m -p setpriv --bounding-set=-all --inh-caps=-all "$PLACE/sockvet" $words 3>&-
		[ "$status" -ne 3 ]
		[[ $output == *"descriptors of 1 process could not be read (this root lacks CAP_SYS_PTRACE)"* ]]
		[[ $output != *"could not be"*"could not be"* && $output != *"run as root"* ]]
		run nsenter -t "$HOLDER" -n -m -p unshare -Ur "$PLACE/sockvet" $words 3>&-
		[[ $output == *"descriptors of 1 process could not be read (they are outside of this user namespace: run as root outside of it)"* ]]
	done
}

# Started with rights that its caller does not have. Such a process cannot be traced, and so
# an instrumented build cannot look for leaks in it.
borrowed() {
	local -x ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0
	run setpriv --reuid=$NOBODY --regid=$NOBODY --clear-groups --bounding-set=-all,+net_admin --inh-caps=-all "$@" 3>&-
}

refuses_all_but_listing() {
	local words
	echo secret >"$PLACE/secret"
	chmod 600 "$PLACE/secret"
	for words in "check --from secret" "list --from secret" "list --record made" "record made" "record --from secret --redact made" \
		"list -F secret" "check -F secret" "check -N 1" "list -G" "list -K state established" "list -D made" "bind 80" "bind ./secret" "connect"; do
		# shellcheck disable=SC2086
		borrowed sh -c "cd '$PLACE' && exec $1 $words"
		[ "$status" -eq 3 ]
		[[ $output == "sockvet: "* && $output != *secret$'\n'* && $output == *"file capabilities"* ]] || { echo "$words: $output"; return 1; }
		[ ! -e "$PLACE/made" ]
	done
	borrowed env CLICOLOR_FORCE=1 "$1" check
	[ "$status" -le 2 ]
	[[ $output == *LISTEN* || $output == *sockets* ]]
	[[ $output != *$'\e'* ]]
	borrowed "$1" list -taH
	[ "$status" -eq 0 ]
}

@test "a set-user-id sockvet reads and writes no files, and ignores the environment" {
	install -m 4755 -o root "$PLACE/sockvet" "$PLACE/set-user-id"
	run setpriv --reuid=$NOBODY --regid=$NOBODY --clear-groups "$PLACE/set-user-id" record "$PLACE/made"
	[[ $output == *"file capabilities"* ]] || skip "set-user-id does not count in $PLACE"
	refuses_all_but_listing "$PLACE/set-user-id"
}

@test "a sockvet with file capabilities reads and writes no files, and ignores the environment" {
	command -v setcap >/dev/null || skip "SETCAP IS MISSING: file capabilities are not checked (apt install libcap2-bin)"
	install -m 755 "$PLACE/sockvet" "$PLACE/with-capabilities"
	setcap cap_net_admin+ep "$PLACE/with-capabilities" || skip "this file system knows no file capabilities"
	refuses_all_but_listing "$PLACE/with-capabilities"
}

@test "a recording made by root holds no key, and nobody else can read it" {
	hold
	(umask 000; nsenter -t "$HOLDER" -n -m -p "$PLACE/sockvet" record -q "$PLACE/made" 3>&-)
	[ "$(stat -c %a "$PLACE/made")" = 600 ]
	[ "$(grep -ca topsecretkey "$PLACE/made")" = 0 ]
	"$PLACE/sockvet" list -tl --json -i --from "$PLACE/made" >"$PLACE/list"
	[ "${LAB[md5]}" = 0 ] || jq -e '.sockets[0].md5_keys[0].address == "127.9.8.7"' "$PLACE/list"
}

@test "root writes no recording where anybody can replace it" {
	mkdir "$PLACE/open"
	chmod 777 "$PLACE/open"
	run "$PLACE/sockvet" record -q "$PLACE/open/made"
	[ "$status" -eq 3 ]
	[[ $output == *"anybody"* ]]
	[ -z "$(ls -A "$PLACE/open")" ]
	chmod +t "$PLACE/open"
	"$PLACE/sockvet" record -q "$PLACE/open/made"
	# also into folders of others, and over a recording of another
	chown -R $NOBODY "$PLACE/open"
	"$PLACE/sockvet" record -q "$PLACE/open/made"
	[ "$(stat -c %u "$PLACE/open/made")" = 0 ]
}

# proc_is OPTIONS ARGUMENTS...: as nobody under another /proc.
proc_is() {
	status=0
	output=$(nsenter -t "$HOLDER" -n -m -p unshare -m sh -c 'mount -t proc -o "$1" none /proc && shift &&
		exec setpriv --reuid=65534 --regid=65534 --clear-groups timeout 60 "$@"' sh "$1" "$PLACE/sockvet" "${@:2}" \
		2>"$BATS_TEST_TMPDIR/stderr" 3>&-) || status=$?
	errors=$(cat "$BATS_TEST_TMPDIR/stderr")
}

@test "processes that /proc hides are told as hidden" {
	hold
	local options
	for options in hidepid=invisible hidepid=ptraceable hidepid=noaccess subset=pid,hidepid=invisible; do
		proc_is "$options" list -tap --json
		is '.sockets | map(.state) | index("LISTEN") and index("ESTABLISHED")' && is 'all(.sockets[]; .processes == null)' &&
			is ".end.gaps | any(.kind == \"owners\" and (.text | test(\"hidepid|could not be read\")))" || { echo "$options: $output"; return 1; }
		proc_is "$options" list -tapH --strict
		[ "$status" -eq 3 ]
		proc_is "$options" list -tapH
		[ "$status" -eq 0 ] && [[ $errors == "sockvet: note: "* ]]
		proc_is "$options" bind 8080
		[ "$status" -eq 2 ] && [[ $output == *"Not seen:"*owners* ]]
	done
}

@test "root is told to mount a /proc that is not there, and of no security module" {
	[ "$(id -u)" -eq 0 ] && [ "$(stat -Lc %i /proc/self/ns/user)" -eq 4026531837 ] || skip "not the root of the machine"
	run unshare -mn sh -c 'mount -t tmpfs none /proc && exec "$1" list -tap' sh "$SOCKVET" 3>&-
	[ "$status" -eq 0 ]
	[[ $output == *"not mounted, or hides processes (mount -t proc proc /proc)"* ]]
}

@test "limits that cannot be read are not guessed" {
	hold
	proc_is subset=pid check --json
	is '.limits.port_range == null and .limits.fin_timeout_s == null'
	is '.end.gaps | any(.text | test("limits or counters could not be read"))'
	proc_is subset=pid connect --json 127.0.0.1:8080
	[ "$status" -eq 3 ]
	[[ $errors == *range* || $errors == *limits* ]]
}

# Whoever may send a probe a signal can hold it, and the port with it. The attack comes when the port is taken.
@test "a process of the asked user can neither stop a probe nor keep its port" {
	[ "$(id -u)" = 0 ] || skip "needs root to become somebody else"
	timeout -s KILL 20 unshare -nmpf --kill-child --mount-proc sh -c 'ip link set lo up
		export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}verify_asan_link_order=0"
		LD_PRELOAD=$3 STOP_UID=$2 timeout -s KILL 5 "$1" bind --probe --uid "$2" --reuseport --json 127.0.0.1:8080 >"$4/told" || exit
		exec python3 -c "import socket; socket.create_server((\"\", 8080))"' \
		sh "$PLACE/sockvet" "$NOBODY" "${BUILD:-$BATS_TEST_DIRNAME/../../build}/tests/faults-stop.so" "$BATS_TEST_TMPDIR" 3>&-
	jq -e '.probe == {"errno": null} and .verdict == "ok"' "$BATS_TEST_TMPDIR/told"
}
