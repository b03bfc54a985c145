# SPDX-License-Identifier: GPL-2.0-or-later
# Helpers of the lab: start a situation in its own namespaces, ask sockvet inside them, compare, stop.
#
# SOCKVET and SITUATION name the two binaries; the defaults are those of the Makefile.

: "${SOCKVET:=$BATS_TEST_DIRNAME/../../build/sockvet}"
: "${SITUATION:=$BATS_TEST_DIRNAME/../../build/tests/situation}"

declare -gA LAB=()      # the values of the last READY or NEXT line: ${LAB[pid]}, ${LAB[port]} ...
LAB_JOB=

setup() {
	[ -x "$SOCKVET" ] || { echo "no sockvet at $SOCKVET"; return 1; }
	[ -x "$SITUATION" ] || { echo "no situation at $SITUATION"; return 1; }
	unshare -Urn true 2>/dev/null || skip "this machine gives no user namespaces"
}

teardown() {
	lab_stop
}

# lab_start NAME [KEY=VALUE...]: returns when the situation is there.
lab_start() {
	lab_stop
	coproc LAB_IO { exec unshare -Urn "$SITUATION" "$@" 2>"$BATS_TEST_TMPDIR/situation.err" 3>&-; }
	LAB_JOB=$LAB_IO_PID
	LAB=()
	lab_take READY
}

# lab_python PROGRAM [ARGUMENT...]: the same with a program of the test; lo is up.
lab_python() {
	lab_stop
	coproc LAB_IO { exec unshare -Urn sh -c 'ip link set lo up; exec python3 -c "$@"' sh "$@" \
		2>"$BATS_TEST_TMPDIR/situation.err" 3>&-; }
	LAB_JOB=$LAB_IO_PID
	LAB=()
	lab_take READY
}

# inside COMMAND...: runs it in the situation's namespaces.
inside() {
	nsenter -t "$LAB_JOB" -U -n --preserve-credentials "$@" 3>&-
}

# lab_next: the situation takes its next step; what it tells is added to LAB.
lab_next() {
	echo >&"${LAB_IO[1]}"
	lab_take NEXT
}

# shellcheck disable=SC2034  # the tests read LAB
lab_take() {
	local line word
	if ! IFS= read -r -t 40 line <&"${LAB_IO[0]}" || [ "${line%% *}" != "$1" ]; then
		echo "situation: no $1: ${line:-} $(cat "$BATS_TEST_TMPDIR/situation.err")"
		return 1
	fi
	for word in $line; do
		[[ $word == *=* ]] && LAB[${word%%=*}]=${word#*=}
	done
	return 0
}

# The coprocess is unshare become situation: the process that we started, ended by its own id.
lab_stop() {
	[ -n "$LAB_JOB" ] || return 0
	kill "$LAB_JOB" 2>/dev/null || true
	wait "$LAB_JOB" 2>/dev/null || true
	LAB_JOB=
}

# sockvet ARGUMENTS: inside the situation's namespaces. Sets output, errors and status; never fails itself.
sockvet() {
	status=0
	output=$(inside timeout 60 "$SOCKVET" "$@" 2>"$BATS_TEST_TMPDIR/stderr") || status=$?
	errors=$(cat "$BATS_TEST_TMPDIR/stderr")
}

# holds JQ-CONDITION: true of the JSON that sockvet gave last; else it is shown.
holds() {
	[ -n "$output" ] && jq -e "$1" <<<"$output" >/dev/null 2>&1 && return 0
	echo "not so: $1"
	echo "status $status, stderr: $errors"
	jq -c 'if .findings then .findings[] else .sockets[] end | del(.sockets, .fix, .avoid)' <<<"$output" 2>&1 | head -n 40
	return 1
}

# listed CONDITION COUNT: that many of the listed sockets are so.
listed() {
	holds "[.sockets[] | select($1)] | length == $2"
}

# check_says CONDITION OPTIONS...: some finding is so. An age may still be below its threshold: asks again, for 10 s.
check_says() {
	local tries condition=$1
	shift
	for ((tries = 0; tries < 100; tries++)); do
		sockvet check --json "$@"
		jq -e "any(.findings[]; $condition)" <<<"$output" >/dev/null 2>&1 && break
		[ "$status" -le 2 ] || break
		sleep 0.1
	done
	holds "any(.findings[]; $condition)" && status_is_the_worst_finding && holds '.end.complete == true'
}

# check_is_silent_about ID OPTIONS...
check_is_silent_about() {
	local id=$1
	shift
	sockvet check --json "$@"
	holds "all(.findings[]; .id != \"$id\")" && status_is_the_worst_finding
}

check_finds_nothing() {
	sockvet check --json "$@"
	holds '.findings == []' && holds '.end.complete == true' && [ "$status" -eq 0 ]
}

status_is_the_worst_finding() {
	local worst
	worst=$(jq '[.findings[].severity | {notice: 0, warning: 1, critical: 2}[.]] | max // 0' <<<"$output")
	[ "$status" -eq "$worst" ] && return 0
	echo "exit status $status, but the worst finding means $worst; stderr: $errors"
	return 1
}

# evidence ID MEMBER [CONDITION]: of the first finding with that id that is so.
evidence() {
	jq -r "first(.findings[] | select(.id == \"$1\" and (${3:-true}))).evidence.$2" <<<"$output"
}

# really bind|listen ADDRESS PORT [reuseaddr] [reuseport] [v6only]: what the kernel does inside the situation's
# namespaces; prints OK or the errno, and undoes it at once.
really() {
	# shellcheck disable=SC2016  # the variables are perl's
	inside perl -MSocket -MErrno -e '
		my ($call, $address, $port, @options) = @ARGV;
		my %is = map { $_ => 1 } @options;
		my $v6 = $address =~ /:/;
		socket(my $s, $v6 ? AF_INET6 : AF_INET, SOCK_STREAM, 0) or die;
		$v6 and setsockopt($s, IPPROTO_IPV6, IPV6_V6ONLY, $is{v6only} // 0);
		setsockopt($s, SOL_SOCKET, SO_REUSEADDR, $is{reuseaddr} // 0);
		setsockopt($s, SOL_SOCKET, SO_REUSEPORT, $is{reuseport} // 0);
		my $at = $v6 ? pack_sockaddr_in6($port, inet_pton(AF_INET6, $address)) : pack_sockaddr_in($port, inet_aton($address));
		my $done = bind($s, $at) && ($call eq "bind" || listen($s, 128));
		print $done ? "OK" : (grep { $!{$_} } keys %!)[0], "\n"' "$@"
}

# For tests that trace sockvet. An instrumented build cannot look for leaks below a tracer.
need_strace() {
	command -v strace >/dev/null || skip "STRACE IS MISSING: faults of the kernel are not injected (apt install strace)"
	export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0
}

# holds_sockets MAKE [STEP...]: a program that begins with $holder, the test file's own tools, then does MAKE, and one
# STEP for each lab_next.
# shellcheck disable=SC2154  # the test file has it
holds_sockets() {
	lab_python "$holder"'
exec(sys.argv[1])
print("READY", flush=True)
for step in sys.argv[2:]:
    if not sys.stdin.readline():
        break
    exec(step)
    print("NEXT", flush=True)
sys.stdin.read()
' "$@"
}
