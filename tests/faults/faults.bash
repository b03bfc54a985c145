# SPDX-License-Identifier: GPL-2.0-or-later
# Helpers of the fault tests, beside those of the lab: sockvet with a shim of this folder preloaded.

load ../lab/lab

: "${BUILD:=$BATS_TEST_DIRNAME/../../build}"

# Many connections in one namespace: the listing takes several datagrams.
# shellcheck disable=SC2034  # the tests have it
CONNECTED='
import resource, socket, sys
resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
listener = socket.create_server(("127.0.0.1", 8080), backlog=100)
held = []
for _ in range(int(sys.argv[1])):
    held.append(socket.create_connection(("127.0.0.1", 8080)))
    held.append(listener.accept()[0])
print("READY", flush=True)
sys.stdin.read()
'

# preloaded SHIM VARIABLE=VALUE... -- ARGUMENTS...: sockvet inside the situation with that shim. Like sockvet().
preloaded() {
	local shim=$BUILD/tests/faults-$1.so settings=()
	shift
	[ -f "$shim" ] || { echo "no $shim"; return 1; }
	while [ "$1" != -- ]; do
		settings+=("$1")
		shift
	done
	shift
	status=0
	# a sanitizer would come first; here it need not
	output=$(inside timeout 60 env "LD_PRELOAD=$shim" "ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}verify_asan_link_order=0" \
		"${settings[@]}" "$SOCKVET" "$@" 2>"$BATS_TEST_TMPDIR/stderr") || status=$?
	errors=$(cat "$BATS_TEST_TMPDIR/stderr")
}

sanitized() {
	nm -D "$SOCKVET" | grep -q '__asan_\|__ubsan_'
}

# ends_in STATUS [PART OF STDERR]: of what ran last.
ends_in() {
	if [ "$status" -eq "$1" ] && [[ $errors == *"${2:-}"* ]]; then
		return 0
	fi
	echo "status $status, not $1 with '${2:-}'; stderr: $errors"
	return 1
}

# is_harmless: what ran last said UTF-8, and nothing in it steers a terminal.
is_harmless() {
	local said=$output$'\n'$errors
	iconv -f UTF-8 -t UTF-8 <<<"$said" >/dev/null || { echo "no UTF-8: $said"; return 1; }
	! LC_ALL=C.UTF-8 grep -P '[\x{0}-\x{8}\x{b}-\x{1f}\x{7f}-\x{9f}\p{Cf}\p{Co}\p{Zl}\p{Zp}]' <<<"$said" || {
		echo "this steers a terminal"
		return 1
	}
}
