#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Arguments, names and an environment that somebody else chose: nothing steers a terminal, forges a
# line, moves a column, or comes back whole.

bats_require_minimum_version 1.5.0

load faults.bash

# Any of this in what is printed would be read as what it is not.
FORGED=$'\e[31m\nsockvet: note: forged\u202e\x9b'

setup() { :; }

# run_bounded ARGUMENTS...: as sockvet() of the lab, but outside of any situation.
run_bounded() {
	status=0
	output=$(timeout 20 "$SOCKVET" "$@" 2>"$BATS_TEST_TMPDIR/stderr" </dev/null) || status=$?
	errors=$(cat "$BATS_TEST_TMPDIR/stderr")
}

# is_told: standard error is one line of ours at most, and nothing in it steers a terminal.
is_told() {
	[ "$(grep -vc '^sockvet: ' <<<"$errors")" -eq 0 ] && [ "$(grep -c . <<<"$errors")" -le 1 ] && is_harmless && return 0
	echo "stderr: $errors"
	return 1
}

@test "an argument reaches standard error made safe and short, and its reason with it" {
	run timeout 60 python3 -B - "$SOCKVET" <<'END'
import os, re, subprocess, sys
LONG, FORGED = b"A" * 10000, b"\x1b[31m\nsockvet: note: forged\xe2\x80\xae\x9b"
LONGS = b"from netns color deadline columns filter warn crit uid dev from-address sort by top max family query continuous diag".split()
STEERS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]")
def ask(*arguments):
    done = subprocess.run([os.fsencode(sys.argv[1]), *arguments], stdin=subprocess.DEVNULL, capture_output=True, timeout=20)
    told, said = done.stderr.decode(), done.stdout.decode()
    what = (arguments[0], arguments[-1][:30], done.returncode, told)
    assert not STEERS.search(told) and not STEERS.search(said.replace("\t", "")), what
    assert told.startswith("sockvet: ") and told.count("\nsockvet: ") == 0 or not told, what
    # the caret of a filter has two lines more
    assert told.count("\n") in (0, 1, 3) and len(told) < 700, what
    assert not re.search("A{130}", told) and not told.endswith("AAA\n"), what
for word in LONG, FORGED:
    for command in b"check", b"list", b"bind", b"connect", b"explain", b"tables":
        for argument in word, b"--" + word, b"-" + word, b"@" + word, b"[%b]:1" % word, b"::1%%%b" % word, b"127.0.0.1:" + word, b"/" + word:
            ask(command, argument)
        for name in LONGS:
            ask(command, b"--%b=%b" % (name, word))
        ask(command, b"--record=/nonexistent/" + word)
    for condition in b"%b", b"dev %b", b"cgroup %b", b"comm = %b", b"sport = %b", b"dst %b/8", b"state %b", b"( %b", b"sport = :1 %b":
        ask(b"list", b"-t", condition.replace(b"%b", word))
    ask(b"record", b"/nonexistent/" + word)
END
	[ "$status" -eq 0 ] || { echo "$output"; return 1; }
}

@test "record names its files without their control bytes" {
	local file=$BATS_TEST_TMPDIR/$FORGED
	run_bounded record "$file"
	[ "$status" -eq 0 ] && [ -s "$file" ]
	# of this machine more may be told, by us
	errors=$(grep -v '^sockvet: note: .* of [0-9]* process' <<<"$errors")
	is_told
	run_bounded record --from "$file" --redact "$file.2"
	[ "$status" -eq 0 ] && [ -s "$file.2" ]
	is_told
	[[ $errors == *'\x1b[31m\x0asockvet: note'* ]]
}

# Sockets of processes, units and cgroups with the names of NAMES, and a device and a namespace.
made() {
	python3 -B - "$BATS_TEST_DIRNAME" "$1" <<'END'
import sys
sys.path.insert(0, sys.argv[1])
from recording import *
NAMES = ["", "-", "*", "a b", 'x",pid=1,fd=3)', "b (pid 6)", "x[6]", "a,b", "\x1b[31m", "n\nl", "t\tb", "\u202ex", "\x9b2J",
         "nb\u00a0sp", "\\x41", "'q'", "=1+1", "not seen", "x ino:99", b"\xff\xfe", "x;reboot"]
NAMES = [name if isinstance(name, bytes) else name.encode() for name in NAMES]
def listener(number, cgroup, device=0):
    message = bytearray(sock(number + 1, LISTEN, ("127.0.0.1", 40000 + number), ("0.0.0.0", 0), inode=1000 + number,
                             attrs=attr(CGROUP_ID, struct.pack("=Q", 100 + cgroup))))
    message[56:60] = struct.pack("=I", device)
    return bytes(message)
socks = [listener(i, i) for i in range(len(NAMES))] + [listener(99, 3, 5)]
holders, cgroups = [], []
for i, name in enumerate(NAMES):
    holders += [process(200 + i, name, 100 + i), holder(3, 1000 + i)]
    cgroups.append((100 + i, b"/" + name + b"e.slice/../../" + name + b".service"))
write(sys.argv[2], socks, holders, cgroups, links=[(5, 'e"t h\x1b[1m\n')], name='n s\x1b[31m\n"')
END
}

@test "a name is one word of a table, one value of CSV and TSV, and no pattern of ss finds anything in it" {
	local file=$BATS_TEST_TMPDIR/recording columns=COMM,PID,FD,UNIT,CGROUP,CONTAINER,POD,IFACE,NETNS form
	made "$file"
	run_bounded list -tlnH --from "$file" -C "$columns"
	[ "$status" -eq 0 ] && is_harmless
	[ "$(wc -l <<<"$output")" -eq 22 ]
	[ -z "$(awk 'NF != 9 || NR < 22 && $2 != 199 + NR' <<<"$output")" ]
	# whoever splits at the blanks of Unicode finds as many
	python3 -c 'import sys; assert all(len(line.split()) == 9 for line in sys.stdin)' <<<"$output"
	[ "$(awk 'NR < 4 { printf "%s ", $1 }' <<<"$output")" = '- \x2d \x2a ' ]
	[ "$(awk '{ print $1 }' <<<"$output" | sort -u | wc -l)" -eq 21 ]
	for form in csv tsv; do
		run_bounded list -tlnH --from "$file" -C "$columns" --$form
		[ "$status" -eq 0 ]
		python3 -c 'import csv, sys
rows = list(csv.reader(sys.stdin) if sys.argv[1] == "csv" else (line.rstrip("\n").split("\t") for line in sys.stdin))
assert len(rows) == 22 and all(len(row) == 9 for row in rows), rows
assert [row[1] for row in rows] == [str(200 + i) for i in range(21)] + [""], rows
assert len({row[0] for row in rows[:21]}) == 21 and all(row[0] for row in rows[:21]), rows' $form <<<"$output"
		output=${output//$'\t'/ }
		is_harmless
	done
	run_bounded list -tlnpe --from "$file"
	[ "$status" -eq 0 ] && is_harmless
	[ "$(grep -oE 'pid=[0-9]+' <<<"$output" | tr '\n' ' ')" = "$(printf 'pid=%d ' {200..220})" ]
	[ "$(grep -oE 'fd=[0-9]+' <<<"$output" | sort -u)" = fd=3 ]
	[ "$(grep -oE '\bino:[0-9]+' <<<"$output" | tr '\n' ' ')" = "$(printf 'ino:%d ' {1000..1020} 1099)" ]
	# ordinary ones as ss has them
	[[ $output == *'users:(("a b",pid=203'* && $output == *'(("b (pid 6)",pid=205'* && $output == *"((\"'q'\",pid=215"* ]]
	run_bounded list -tlnpe --json --from "$file"
	jq -e '[.sockets[].processes // [] | .[].comm] | length == 21 and .[:5] == [null, "-", "*", "a b", "x\",pid=1,fd=3)"]' <<<"$output"
}

@test "names in groups, findings, verdicts and advice are one word each" {
	local file=$BATS_TEST_TMPDIR/recording key port form
	made "$file"
	for key in process comm unit cgroup netns local process,cgroup; do
		run_bounded list -tln --from "$file" --by "$key"
		[ "$status" -eq 0 ] && is_harmless
		for form in --csv --tsv; do
			run_bounded list -tln --from "$file" --by "$key" $form
			[ "$status" -eq 0 ]
			output=${output//$'\t'/ }
			is_harmless
		done
		run_bounded list -tln --from "$file" --by "$key" --json
		jq -e .groups <<<"$output" >"$BATS_TEST_TMPDIR/json"
	done
	run_bounded list -tlnH --from "$file" --by comm
	[ "$(grep -cE '^  [^ ]+ +1 +5% ' <<<"$output")" -eq 21 ]
	for port in {40000..40020}; do
		run_bounded bind "$port" --from "$file"
		[ "$status" -eq 2 ] && is_harmless
		[ "$(grep -oE '\[[0-9]+\] ' <<<"$output" | sort -u)" = "[$((port - 39800))] " ] || { echo "$output"; return 1; }
		[ "$(grep -c '^[A-Z]' <<<"$output")" -eq 1 ]
	done
	# what a shell is given is one word for it, too
	[[ $output == *'systemctl stop x\x3breboot.service.'* ]]
	for form in '' -q --json --long -q\ --warn\ ephemeral-listener=1; do
		# shellcheck disable=SC2086
		run_bounded check --from "$file" $form
		[ "$status" -le 1 ] && is_harmless
	done
	run_bounded connect 127.0.0.1:40003 --from "$file"
	is_harmless
}

# The same names on a machine: processes, devices, namespaces, paths and, where we may, cgroups.
@test "what is named so on this machine splits no line and steers no terminal" {
	unshare -Urnm true 2>/dev/null || skip "this machine gives no user namespaces"
	local may=(unshare -nm)
	"${may[@]}" true 2>/dev/null || may=(unshare -Urnm)
	run timeout 60 "${may[@]}" python3 -B - "$SOCKVET" "$BATS_TEST_TMPDIR" <<'END'
import ctypes, glob, json, os, re, select, signal, socket, subprocess, sys
sockvet, folder = sys.argv[1:]
signal.signal(signal.SIGTERM, lambda *_: sys.exit("too slow"))
libc = ctypes.CDLL(None, use_errno=True)
NAMES = [b"", b"-", b"a b", b'x",pid=1,fd=3)', b"b (pid 6)", b"\x1b[31m", b"n\nl", b"t\tb", "\u202ex".encode(), b"\xff\x9b2J", b"..", b"a\\b"]
STEERS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]")
def sh(*words):
    return subprocess.run(words, capture_output=True).returncode == 0
def start(name, work):
    """A process called so, once its work is done."""
    ready, told = os.pipe()
    pid = os.fork()
    if not pid:
        libc.prctl(1, signal.SIGKILL)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        libc.prctl(15, name)
        held = work()
        os.write(told, b".")
        signal.pause()
        os._exit(len(held))
    os.close(told)
    assert os.read(ready, 1), name
    return pid
ended = []
def end(pid):
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    ended.append(pid)
def tcp(port, device=b""):
    s = socket.create_server(("127.0.0.1", port))
    if device:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device)
    return s
def unix(name):
    s, t = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)
    s.bind(b"%b/%b.sock" % (os.fsencode(folder), name or b"x"))
    t.bind(b"\0" + name + b"@")
    s.listen(1)
    t.listen(1)
    return [s, t]
def cgroup(number, name):
    """A cgroup of that name for the process that asks, where there may be one."""
    for line in open("/proc/self/mounts"):
        if line.split()[2] == "cgroup2" and b"\n" not in name and name not in (b"", b".."):
            path = os.fsencode(line.split()[1]) + b"/sockvet-test-%d-%d" % (os.getppid(), number)
            try:
                os.makedirs(path + b"/" + name)
                with open(path + b"/" + name + b"/cgroup.procs", "wb") as file:
                    file.write(b"0")
                return True
            except OSError:
                return False
    return False
sh("ip", "link", "set", "lo", "up")
devices = [name for name in (b'e"[1m', b"e\x1b[1m", b"=1,2") if sh("ip", "link", "add", "name", name, "type", "bridge")]
sh("mount", "-t", "tmpfs", "none", "/run")
os.makedirs("/run/netns")
children, made, home = [], [], os.getpid()
try:
    listener = socket.create_server(("127.0.0.1", 6999))
    for i, name in enumerate(NAMES):
        children.append(start(name, lambda: (cgroup(i, name), tcp(7000 + i, devices[i] if i < len(devices) else b""), unix(name),
                                             socket.create_connection(("127.0.0.1", 6999)))))
    for name in NAMES:
        if name in (b"", b".."):
            continue
        pid = start(name, lambda: (libc.unshare(0x40000000), sh("ip", "link", "set", "lo", "up"), tcp(7100)))
        children.append(pid)
        open(b"/run/netns/" + name, "wb").close()
        assert sh("mount", "--bind", f"/proc/{pid}/ns/net", b"/run/netns/" + name), name
    def ask(*words, lines=None, statuses=(0,)):
        done = subprocess.run([sockvet, *words], stdin=subprocess.DEVNULL, capture_output=True, timeout=30)
        said, told = done.stdout.decode(), done.stderr.decode()
        what = (words, done.returncode, said, told)
        assert done.returncode in statuses, what
        assert not STEERS.search(said + told) and ("\t" not in said or "--tsv" in words), what
        assert lines is None or said.count("\n") == lines, what
        assert all(line.startswith("sockvet: ") for line in told.splitlines()), what
        return said
    count, ours = len(NAMES), ("sport", ">=", ":7000")
    own = [line.split() for line in ask("list", "-tlnH", "-C", "COMM,PID,CGROUP,UNIT,IFACE,LPORT", *ours, lines=count).splitlines()]
    assert all(len(words) == 6 for words in own) and sorted(int(words[1]) for words in own) == sorted(children[:count]), own
    shown = ask("list", "-tlnpeH", "--cgroup", *ours, lines=count)
    assert sorted(map(int, re.findall("pid=([0-9]+)", shown))) == sorted(children[:count]), shown
    ask("list", "-xlnpH", lines=2 * count)
    rows = [line.split() for line in ask("list", "-xlnH", "-C", "LADDR,LPORT,COMM,PID", lines=2 * count).splitlines()]
    assert all(len(words) == 4 for words in rows), rows
    for form in "--json", "--jsonl":
        for table in "-tlnp", "-xlnp":
            [json.loads(part) for part in ([ask("list", table, form)] if form == "--json" else ask("list", table, form).splitlines())]
    for key in "process", "comm", "cgroup", "unit", "netns", "local":
        for form in (), ("--csv",), ("--tsv",), ("--json",):
            ask("list", "-tln", "--by", key, *form)
    for words in ("--csv",), ("--tsv",):
        assert ask("list", "-xln", *words, lines=2 * count + 1)
    everywhere = [line.split() for line in ask("list", "-GtlnH", "-C", "NETNS,COMM,PID", "sport", "=", ":7100", lines=count - 2, statuses=(0, 3)).splitlines()]
    assert all(len(words) == 3 for words in everywhere), everywhere
    for words in ("check", "-G"), ("check", "-Gq"), ("check", "-G", "--json"), ("bind", "-G", "7100"), ("bind", "7003"), ("bind", "7004"), \
            ("bind", folder + "/a b.sock"), ("bind", "@a b@"), ("connect", "127.0.0.1:7003"), ("connect",), ("bind", "--json", "7004"):
        ask(*words, statuses=(0, 1, 2, 3))
    verdict = ask("bind", "7004", statuses=(2,))
    assert set(re.findall(r"\[([0-9]+)\] ", verdict)) == {str(children[4])}, verdict
    # what would be closed, what is, and the end of what was
    ask("list", "-K", "-tlnpH", *ours, lines=count, statuses=(0, 1))
    follower = subprocess.Popen([sockvet, "list", "-E", "-t"], stdout=subprocess.PIPE, bufsize=0, stderr=subprocess.DEVNULL)
    follower.stdout.readline()
    closed = ask("list", "-K", "--yes", "-tnp", "dport", "=", ":6999", lines=count + 1, statuses=(0, 3))
    assert sorted(map(int, re.findall("pid=([0-9]+)", closed))) == sorted(children[:count]), closed
    while children:
        end(children.pop())
    events = b""
    while events.count(b"\n") < count and select.select([follower.stdout], [], [], 10)[0]:
        events += os.read(follower.stdout.fileno(), 65536)
    follower.terminate()
    events = events.decode().splitlines()
    assert len(events) >= count, events
    assert all(re.match(r"\d\d:\d\d:", line) and not STEERS.search(line) for line in events), events
    assert set(map(int, re.findall("pid=([0-9]+)", "".join(events)))) <= {home, *ended}, events
    print(len(devices), "devices", sum("sockvet-test" in words[2] for words in own), "cgroups", len(events), "events")
finally:
    for pid in children:
        end(pid)
    for path in glob.glob("/sys/fs/cgroup/**/sockvet-test-%d-*" % home, recursive=True):
        for inner in os.scandir(os.fsencode(path)):
            if inner.is_dir():
                os.rmdir(inner.path)
        os.rmdir(path)
END
	echo "$output"
	[ "$status" -eq 0 ]
}

@test "no environment breaks a line, draws what the terminal cannot, or changes an answer" {
	made "$BATS_TEST_TMPDIR/recording"
	run timeout 100 python3 -B - "$SOCKVET" "$BATS_TEST_TMPDIR/recording" <<'END'
import fcntl, os, pty, re, select, struct, subprocess, sys, termios
sockvet, recording = sys.argv[1:]
INK = re.compile(rb"\x1b\[[0-9;]*m")
def shown(*words, rows=24, columns=0, **environment):
    """Bytes on a terminal; on standard error nothing but a note may stand."""
    master, tty = pty.openpty()
    fcntl.ioctl(tty, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    child = subprocess.Popen([sockvet, *words], stdin=tty, stdout=tty, stderr=subprocess.PIPE,
                             env={"PATH": os.environ["PATH"], "TERM": "xterm", **environment})
    os.close(tty)
    said = b""
    try:
        while part := os.read(master, 65536):
            said += part
    except OSError:
        pass        # it ended
    os.close(master)
    told = child.stderr.read()
    # the listener of the recording has no owner
    assert child.wait() in (0, 1, 2) and re.fullmatch(rb"(sockvet: note: [ -~]*\n)?", told), (words, environment, child.returncode, told)
    return said.replace(b"\r\n", b"\n")
def check(said, what, utf8=False, ink=True):
    plain = INK.sub(b"", said)
    assert ink or plain == said, (what, said)
    assert not re.search(rb"[\x00-\x08\x0b-\x1f\x7f]", plain), (what, plain)
    text = plain.decode("utf-8" if utf8 else "ascii")
    assert not re.search("[\x80-\x9f\u202e]", text), (what, text)
    return text
COMMANDS = [("check",), ("check", "-q"), ("list", "-tlnpe"), ("list", "-tln", "-C", "+COMM,UNIT"), ("list", "-tln", "--by", "comm,state"),
            ("bind", "40004"), ("list", "-s")]
for command in COMMANDS:
    words = *command, "--from", recording
    usual = check(shown(*words, LC_ALL="C.UTF-8", columns=80), words, utf8=True)
    for locale in "C", "POSIX", "en_US.ISO-8859-1", "de_DE.ISO8859-15@euro", "nosuch", "", "x" * 5000, "\x1b[31m", "../../etc", "UTF-8", "C.utf-8x", "%s%n":
        for name in "LC_ALL", "LANG":
            check(shown(*words, columns=80, **{name: locale}), (words, name, locale[:20]))
    check(shown(*words, columns=80, LC_ALL="xx_XX.UTF-8"), words, utf8=True)
    # the size is the terminal's; where it tells none COLUMNS counts, if it makes sense
    wide = check(shown(*words, LC_ALL="C.UTF-8", COLUMNS="80"), words, utf8=True)
    assert wide == usual, (words, wide, usual)
    for columns in "0", "1", "-5", "99999999999", "99999999999999999999999", "abc", "", "60x", "\x1b[31m", "0x50", " 60", "+60", "1e2":
        assert check(shown(*words, LC_ALL="C.UTF-8", COLUMNS=columns), (words, columns), utf8=True) == usual, (words, columns)
    for lines in "0", "-1", "abc", "99999999999":
        assert check(shown(*words, LC_ALL="C.UTF-8", LINES=lines, columns=80), words, utf8=True) == usual, (words, lines)
    for columns in 1, 2, 7, 19, 65535:
        check(shown(*words, LC_ALL="C.UTF-8", columns=columns, rows=1), (words, columns), utf8=True)
    for term in "", "dumb", "nosuch", "x" * 5000, "\x1b[31m\n", "../../etc/passwd", "%s%n":
        check(shown(*words, LC_ALL="C.UTF-8", TERM=term, columns=80), (words, term[:20]), utf8=True, ink=term not in ("", "dumb"))
    for name, value, ink in ("NO_COLOR", "1", False), ("NO_COLOR", "\x1b", False), ("NO_COLOR", "", True), ("CLICOLOR_FORCE", "0", False), \
            ("CLICOLOR_FORCE", "\x1b[31m", True):
        check(shown(*words, LC_ALL="C.UTF-8", columns=80, **{name: value}), (words, name), utf8=True, ink=ink)
END
	[ "$status" -eq 0 ] || { echo "$output"; return 1; }
}
