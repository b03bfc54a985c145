# SPDX-License-Identifier: GPL-2.0-or-later
"""Real daemons under load by their real clients, looked at for minutes: check finds nothing.

daemons.py SOCKVET [NAME...]: as root, since most daemons change to users of their own. Each daemon lives in a network,
process and mount namespace of its own with its clients. DAEMON_SECONDS (180) is how long they are looked at, every
DAEMON_PAUSE (4) seconds, by the usual thresholds. Prints a table; the status is 1 when there was a finding.

To add one: a function that starts it and its clients in the folder that it is given, and `make deps daemons` has
its package.
"""
import ftplib
import glob
import http.client
import http.server
import imaplib
import json
import os
import shutil
import smtplib
import socket
import subprocess
import sys
import tempfile
import threading
import time

import hosts
from hosts import KEEP, connect, echo, listener

DAEMONS = {}
SECONDS = float(os.environ.get("DAEMON_SECONDS", "180"))
PATH = ":".join(["/usr/bin", "/usr/sbin", *glob.glob("/usr/lib/postgresql/*/bin")])
PAUSE = float(os.environ.get("DAEMON_PAUSE", "4"))


def daemon(program, package, but=None):
    """PROGRAM is of the Debian PACKAGE. BUT: an id that is found and is true, and why."""
    return lambda start: DAEMONS.setdefault(start.__name__, (start, program, package, but))


# ---- what they are started with ---------------------------------------------------

def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def run(*words, **more):
    return subprocess.run(words, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, **more)


def start(*words, port=None, user=None):
    """Starts a program of the foreground, and waits until PORT is listened on."""
    if user:
        words = ("setpriv", "--reuid", user, "--regid", user, "--clear-groups", *words)
    KEEP.append(subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL))
    if port:
        hosts.until(lambda: answers(port), f"port {port} of {words}")


def answers(port):
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) == 0


def clients(step, count=1, pause=3.0):
    """COUNT threads that do STEP again and again; they stop when it fails, and say so."""
    def work():
        try:
            while True:
                step()
                time.sleep(pause)
        except Exception as e:      # the table shows it
            print(f"client: {e!r}", file=sys.stderr, flush=True)
            os._exit(1)
    for _ in range(count):
        threading.Thread(target=work, daemon=True).start()


def program(*words):
    """A client that is a program."""
    return lambda: run(*words, stderr=subprocess.DEVNULL)


def idle(port, count, hello=b""):
    """COUNT connections that say HELLO and wait; what the server closes is closed here, and made again."""
    def stay():
        with socket.create_connection(("127.0.0.1", port)) as sock:
            sock.sendall(hello)
            while sock.recv(65536):
                pass
    clients(stay, count)


class Origins(http.server.ThreadingHTTPServer):
    request_queue_size = 256


class Origin(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = b"x" * 20000
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def origin(port):
    server = Origins(("127.0.0.1", port), Origin)
    hosts.child(lambda: hosts.background(server.serve_forever), "origin")
    server.socket.close()


def get(port, path="/", requests=10, pause=0.1):
    """One connection with some requests."""
    def step():
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        for _ in range(requests):
            client.request("GET", path)
            client.getresponse().read()
            time.sleep(pause)
        client.close()
    return step


def download(port, path, size=65536, pause=0.2):
    """A client with a slow link: reads a little at a time."""
    def step():
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        client.request("GET", path)
        answer = client.getresponse()
        while answer.read(size):
            time.sleep(pause)
        client.close()
    return step


def ab(port, *options):
    return program("ab", "-q", "-n", "200", "-c", "10", *options, f"http://127.0.0.1:{port}/index.html")


def site(folder):
    write(folder + "/index.html", "<p>hello</p>" * 500)
    with open(folder + "/large", "wb") as file:
        file.truncate(20 << 20)


def web_clients(port):
    clients(ab(port, "-k"))
    clients(ab(port))
    clients(get(port, "/index.html"), 5)
    clients(download(port, "/large"), 3)
    idle(port, 5)


# ---- the daemons --------------------------------------------------------------------

@daemon("nginx", "nginx-light")
def nginx(folder):
    site(folder)
    write(folder + "/conf", f"""
user root; pid {folder}/pid; error_log {folder}/log; worker_processes 2;
events {{ worker_connections 500; }}
http {{ access_log off; keepalive_timeout 20;
  upstream origin {{ server 127.0.0.1:8081; keepalive 8; }}
  server {{ listen 127.0.0.1:8080 reuseport; root {folder};
    location /origin {{ proxy_pass http://origin; proxy_http_version 1.1; proxy_set_header Connection ""; }} }} }}""")
    origin(8081)
    start("nginx", "-c", folder + "/conf", "-e", folder + "/log", "-g", "daemon off;", port=8080)
    web_clients(8080)
    clients(get(8080, "/origin"), 5)


@daemon("lighttpd", "lighttpd")
def lighttpd(folder):
    site(folder)
    write(folder + "/conf", f'server.document-root = "{folder}"\nserver.port = 8080\nserver.bind = "127.0.0.1"\n')
    start("lighttpd", "-D", "-f", folder + "/conf", port=8080)
    web_clients(8080)


@daemon("haproxy", "haproxy")
def haproxy(folder):
    write(folder + "/conf", """
defaults
  mode http
  timeout connect 5s
  timeout client 50s
  timeout server 50s
frontend web
  bind 127.0.0.1:8080
  default_backend origins
backend origins
  server one 127.0.0.1:8081 check
  server two 127.0.0.1:8082 check
listen tcp
  mode tcp
  bind 127.0.0.1:9000
  server echo 127.0.0.1:9001
""")
    origin(8081)
    origin(8082)
    echo(listener(9001))
    start("haproxy", "-db", "-f", folder + "/conf", port=8080)
    clients(ab(8080, "-k"))
    clients(ab(8080))
    clients(get(8080), 5)
    talkers(9000, 5)
    idle(9000, 10)


def talkers(port, count):
    """Sessions that say something now and then and read what comes back."""
    def work(sock):
        sock.sendall(b"hello\n")
        sock.recv(100)
    for _ in range(count):
        sock = connect("127.0.0.1", port)
        clients(lambda sock=sock: work(sock), 1, 0.5)


@daemon("varnishd", "varnish")
def varnish(folder):
    origin(8081)
    start("varnishd", "-F", "-a", "127.0.0.1:8080", "-b", "127.0.0.1:8081", "-n", folder + "/varnish", "-j", "none",
          "-s", "malloc,16m", "-T", "none", port=8080)
    clients(ab(8080, "-k"))
    clients(ab(8080))
    clients(get(8080), 5)
    idle(8080, 3)


@daemon("squid", "squid")
def squid(folder):
    write(folder + "/conf", f"""
http_port 127.0.0.1:3128
http_access allow all
cache deny all
access_log none
cache_log {folder}/log
pid_filename none
netdb_filename none
shutdown_lifetime 1 second
cache_effective_user proxy
""")
    origin(8081)
    start("squid", "-N", "-f", folder + "/conf", port=3128)
    clients(program("ab", "-q", "-n", "100", "-c", "5", "-X", "127.0.0.1:3128", "http://127.0.0.1:8081/"))
    clients(program("curl", "-s", "-x", "127.0.0.1:3128", "http://127.0.0.1:8081/"), 2)
    clients(get(3128, "http://127.0.0.1:8081/"), 5)
    idle(3128, 3)


@daemon("redis-server", "redis-server")
def redis(folder):
    start("redis-server", "--port", "6379", "--bind", "127.0.0.1", "--save", "", "--dir", folder, port=6379)
    clients(program("redis-benchmark", "-p", "6379", "-c", "50", "-n", "1000", "-t", "set,get,lpush", "-q"))
    idle(6379, 10, b"SUBSCRIBE news\r\n")
    idle(6379, 5, b"BLPOP nothing 0\r\n")
    idle(6379, 20)


@daemon("memcached", "memcached")
def memcached(folder):
    start("memcached", "-u", "nobody", "-l", "127.0.0.1", "-p", "11211", port=11211)
    pool = [connect("127.0.0.1", 11211) for _ in range(20)]

    def step():
        for sock in pool:
            sock.sendall(b"set key 0 0 5\r\nvalue\r\nget key\r\n")
            sock.recv(1000)
    clients(step, 1, 0.5)
    idle(11211, 10)


def postgres_at(folder, port):
    os.chmod(folder, 0o777)
    tools = max(glob.glob("/usr/lib/postgresql/*/bin/"))
    as_postgres = ("setpriv", "--reuid", "postgres", "--regid", "postgres", "--clear-groups")
    run(*as_postgres, tools + "initdb", "-D", folder + "/data", "-A", "trust", "-N")
    os.makedirs("/run/postgresql", exist_ok=True)
    shutil.chown("/run/postgresql", "postgres")
    start(tools + "postgres", "-D", folder + "/data", "-p", str(port), "-h", "127.0.0.1", "-F", user="postgres", port=port)
    hosts.until(lambda: subprocess.run([tools + "psql", "-h", "127.0.0.1", "-p", str(port), "-U", "postgres", "-c", "select 1"],
                                       capture_output=True, check=False).returncode == 0, "postgres")
    run(tools + "pgbench", "-i", "-q", "-h", "127.0.0.1", "-p", str(port), "-U", "postgres", "postgres", stderr=subprocess.DEVNULL)
    return tools


@daemon("postgres", "postgresql")
def postgres(folder):
    tools = postgres_at(folder, 5432)
    clients(program(tools + "pgbench", "-h", "127.0.0.1", "-U", "postgres", "-c", "8", "-T", "5", "-R", "30", "postgres"))
    clients(program(tools + "pgbench", "-h", "127.0.0.1", "-U", "postgres", "-C", "-c", "2", "-t", "20", "-S", "postgres"))
    for _ in range(5):
        KEEP.append(subprocess.Popen([tools + "psql", "-q", "-h", "127.0.0.1", "-U", "postgres"], stdin=subprocess.PIPE,
                                     stdout=subprocess.DEVNULL))
        KEEP[-1].stdin.write(b"listen news;\n")
        KEEP[-1].stdin.flush()


@daemon("pgbouncer", "pgbouncer")
def pgbouncer(folder):
    tools = postgres_at(folder, 5432)
    write(folder + "/users", '"postgres" ""\n')
    write(folder + "/conf", f"""
[databases]
* = host=127.0.0.1 port=5432
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = 6432
auth_type = trust
auth_file = {folder}/users
pool_mode = transaction
default_pool_size = 6
server_idle_timeout = 20
unix_socket_dir =
""")
    start("pgbouncer", folder + "/conf", user="postgres", port=6432)
    clients(program(tools + "pgbench", "-h", "127.0.0.1", "-p", "6432", "-U", "postgres", "-c", "10", "-T", "5", "-R", "30",
                    "postgres"), 1, 6)
    clients(program(tools + "pgbench", "-h", "127.0.0.1", "-p", "6432", "-U", "postgres", "-C", "-S", "-c", "4", "-t", "20",
                    "postgres"))


@daemon("mariadbd", "mariadb-server")
def mariadb(folder):
    os.chmod(folder, 0o777)
    run("mysql_install_db", "--no-defaults", "--user=mysql", f"--datadir={folder}/data", "--skip-test-db", stderr=subprocess.DEVNULL)
    start("mariadbd", "--no-defaults", "--user=mysql", f"--datadir={folder}/data", f"--socket={folder}/socket", "--port=3306",
          "--bind-address=127.0.0.1", "--skip-grant-tables", "--skip-name-resolve", f"--log-error={folder}/log", port=3306)
    slap = ("mariadb-slap", "--no-defaults", "-h", "127.0.0.1", "-P", "3306", "-u", "root", "--auto-generate-sql")
    clients(program(*slap, "--concurrency=8", "--number-of-queries=200"), 1, 2)
    clients(program("mysql", "--no-defaults", "-h", "127.0.0.1", "-P", "3306", "-u", "root", "-e", "select sleep(2)"), 4, 0.5)
    for _ in range(5):
        KEEP.append(subprocess.Popen(["mysql", "--no-defaults", "-h", "127.0.0.1", "-P", "3306", "-u", "root"],
                                     stdin=subprocess.PIPE))


@daemon("sshd", "openssh-server")
def sshd(folder):
    os.makedirs("/run/sshd", exist_ok=True)
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder + "/host")
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder + "/key")
    write(folder + "/conf", f"""
Port 2222
ListenAddress 127.0.0.1
HostKey {folder}/host
AuthorizedKeysFile {folder}/key.pub
StrictModes no
UsePAM no
PermitRootLogin yes
PidFile none
MaxStartups 50
Subsystem sftp internal-sftp
""")
    start("/usr/sbin/sshd", "-D", "-f", folder + "/conf", "-E", folder + "/log", port=2222)
    ssh = ("ssh", "-p", "2222", "-i", folder + "/key", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
           "-o", "LogLevel=ERROR", "root@127.0.0.1")
    with open(folder + "/large", "wb") as file:
        file.truncate(5 << 20)
    clients(program(*ssh, "true"), 2)
    clients(program(*ssh, f"cat {folder}/large; sleep 1"), 2)
    for _ in range(4):
        KEEP.append(subprocess.Popen([*ssh, "cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL))
    echo(listener(9001))
    start(*ssh[:-1], "-N", "-L", "9000:127.0.0.1:9001", ssh[-1], port=9000)
    talkers(9000, 3)
    idle(9000, 3)


@daemon("rsync", "rsync")
def rsync(folder):
    os.makedirs(folder + "/data")
    for i in range(200):
        write(f"{folder}/data/{i}", "x" * 20000)
    write(folder + "/conf", f"use chroot = no\nuid = root\ngid = root\n[data]\npath = {folder}/data\n")
    start("rsync", "--daemon", "--no-detach", f"--config={folder}/conf", "--port=8730", "--address=127.0.0.1", port=8730)

    def copy(i, *options):
        target = f"{folder}/copy{i}"
        shutil.rmtree(target, ignore_errors=True)
        run("rsync", "-a", *options, "rsync://127.0.0.1:8730/data/", target)
    clients(lambda: copy(1))
    clients(lambda: copy(2, "--bwlimit=500"))


@daemon("vsftpd", "vsftpd")
def vsftpd(folder):
    os.makedirs(folder + "/ftp")
    os.makedirs(folder + "/empty")
    with open(folder + "/ftp/large", "wb") as file:
        file.truncate(5 << 20)
    os.chmod(folder, 0o755)
    write(folder + "/conf", f"""
listen=YES
listen_address=127.0.0.1
background=NO
anonymous_enable=YES
no_anon_password=YES
anon_root={folder}/ftp
secure_chroot_dir={folder}/empty
port_enable=YES
connect_from_port_20=NO
seccomp_sandbox=NO
xferlog_enable=NO
""")
    start("vsftpd", folder + "/conf", port=21)

    def fetch(passive, pause):
        with ftplib.FTP("127.0.0.1", timeout=60) as ftp:
            ftp.login()
            ftp.set_pasv(passive)
            ftp.nlst()
            ftp.retrbinary("RETR large", lambda _: time.sleep(pause), 1 << 16)
    clients(lambda: fetch(True, 0), 2)
    clients(lambda: fetch(False, 0), 2)
    clients(lambda: fetch(True, 0.1), 2)
    for _ in range(3):
        KEEP.append(ftplib.FTP("127.0.0.1", timeout=60))
        KEEP[-1].login()


@daemon("mosquitto", "mosquitto")
def mosquitto(folder):
    write(folder + "/conf", "listener 1883 127.0.0.1\nallow_anonymous true\nuser root\n")
    start("mosquitto", "-c", folder + "/conf", port=1883)
    for i in range(10):
        KEEP.append(subprocess.Popen(["mosquitto_sub", "-h", "127.0.0.1", "-t", "news" if i % 2 else "silence", "-k", "10"],
                                     stdout=subprocess.DEVNULL))
    clients(program("mosquitto_pub", "-h", "127.0.0.1", "-t", "news", "-m", "hello"), 3, 1)


@daemon("stunnel4", "stunnel4")
def stunnel(folder):
    run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=x", "-days", "2", "-keyout", folder + "/key",
        "-out", folder + "/cert", stderr=subprocess.DEVNULL)
    write(folder + "/conf", f"""
foreground = yes
pid =
debug = 0
[server]
accept = 127.0.0.1:9443
connect = 127.0.0.1:9001
cert = {folder}/cert
key = {folder}/key
[client]
client = yes
accept = 127.0.0.1:9000
connect = 127.0.0.1:9443
""")
    echo(listener(9001))
    start("stunnel4", folder + "/conf", port=9000)
    talkers(9000, 6)
    idle(9000, 3)

    def short():
        with socket.create_connection(("127.0.0.1", 9000)) as sock:
            sock.sendall(b"hello")
            sock.recv(10)
    clients(short, 3, 1)


@daemon("dovecot", "dovecot-imapd")
def dovecot(folder):
    os.makedirs("/run/dovecot", exist_ok=True)
    os.chmod(folder, 0o777)
    write(folder + "/conf", f"""
protocols = imap
listen = 127.0.0.1
base_dir = /run/dovecot
log_path = {folder}/log
ssl = no
disable_plaintext_auth = no
mail_location = maildir:{folder}/mail/%u
first_valid_uid = 1
mail_uid = mail
mail_gid = mail
passdb {{
  driver = static
  args = nopassword=y
}}
userdb {{
  driver = static
  args = uid=mail gid=mail home={folder}/mail/%u
}}
""")
    os.makedirs(folder + "/mail")
    shutil.chown(folder + "/mail", "mail", "mail")
    start("dovecot", "-F", "-c", folder + "/conf", port=143)

    def session():
        with imaplib.IMAP4("127.0.0.1", timeout=60) as imap:
            imap.login("someone", "x")
            imap.select()
            imap.append("INBOX", None, None, b"Subject: x\r\n\r\nhello\r\n")
            imap.fetch("1:*", "(RFC822)")
    clients(session, 3)
    for _ in range(5):
        KEEP.append(imaplib.IMAP4("127.0.0.1"))
        KEEP[-1].login("someone", "x")
        KEEP[-1].select()
        KEEP[-1].send(b"a IDLE\r\n")


@daemon("exim4", "exim4-daemon-light")
def exim(folder):
    os.chmod(folder, 0o777)
    write(folder + "/conf", f"""
log_file_path = {folder}/log.%s
spool_directory = {folder}/spool
acl_smtp_rcpt = accept
qualify_domain = example.org
smtp_accept_max = 50
begin routers
all:
  driver = redirect
  data = :blackhole:
""")
    start("exim4", "-C", folder + "/conf", "-bdf", "-oX", "127.0.0.1.2525", port=2525)

    def send():
        with smtplib.SMTP("127.0.0.1", 2525, timeout=60) as smtp:
            for _ in range(3):
                smtp.sendmail("a@example.org", ["b@example.org"], "Subject: x\r\n\r\n" + "hello\r\n" * 2000)
    clients(send, 3)
    idle(2525, 3)


@daemon("dnsmasq", "dnsmasq-base")
def dnsmasq(folder):
    start("dnsmasq", "-k", "-p", "53", "-C", "/dev/null", "--no-resolv", "--no-hosts", "--user=root", "--address=/x/127.0.0.2",
          "--listen-address=127.0.0.1", "--bind-interfaces", "--pid-file=", port=53)
    question = b"\x12\x34\x01\0\0\x01\0\0\0\0\0\0\x01x\0\0\x01\0\x01"

    def ask():
        with socket.create_connection(("127.0.0.1", 53)) as sock:
            for _ in range(3):
                sock.sendall(len(question).to_bytes(2, "big") + question)
                sock.recv(512)
    clients(ask, 4, 0.5)


@daemon("beanstalkd", "beanstalkd")
def beanstalkd(folder):
    start("beanstalkd", "-l", "127.0.0.1", "-p", "11300", port=11300)

    def put(sock):
        sock.sendall(b"put 0 0 60 5\r\nhello\r\n")
        sock.recv(100)

    def take(sock):
        sock.sendall(b"reserve\r\n")
        job = sock.recv(1000).split()[1]
        sock.sendall(b"delete " + job + b"\r\n")
        sock.recv(100)
    for step, count, pause in ((put, 3, 0.3), (take, 5, 0.01)):
        for _ in range(count):
            clients(lambda sock=connect("127.0.0.1", 11300), step=step: step(sock), 1, pause)


@daemon("iperf3", "iperf3")
def iperf(folder):
    for port in ("5201", "5202"):
        start("iperf3", "-s", "-p", port, "-B", "127.0.0.1")
    time.sleep(1)
    clients(program("iperf3", "-c", "127.0.0.1", "-p", "5201", "-t", "6", "-P", "4", "-b", "10M"))
    clients(program("iperf3", "-c", "127.0.0.1", "-p", "5202", "-t", "6", "-R", "-P", "2", "-b", "10M"))


@daemon("rpc.statd", "nfs-common")
def statd(folder):
    os.makedirs("/run/rpcbind", exist_ok=True)
    shutil.chown("/run/rpcbind", "_rpc")
    os.makedirs("/var/lib/nfs/sm")
    os.makedirs("/var/lib/nfs/sm.bak")
    for path in ("/var/lib/nfs", "/var/lib/nfs/sm", "/var/lib/nfs/sm.bak"):
        shutil.chown(path, "statd")
    start("rpcbind", "-f", port=111)
    start("rpc.statd", "-F", "--no-notify")
    clients(program("rpcinfo", "-p", "127.0.0.1"), 2)
    time.sleep(2)
    clients(program("rpcinfo", "-t", "127.0.0.1", "status"), 2)


# ---- looking -----------------------------------------------------------------------

def version(package):
    done = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", package], capture_output=True, text=True, check=False)
    return done.stdout


def play(name, folder):
    """In the namespaces: starts it and stays."""
    for path in ("/run", "/var/log", "/var/lib/nfs", "/var/spool"):
        if os.path.isdir(path):
            run("mount", "-t", "tmpfs", "tmpfs", path)
    hosts.loopback_up()
    hosts.LIFETIME_S = 0
    os.nice(5)
    DAEMONS[name][0](folder)
    print("ready", flush=True)
    while True:
        time.sleep(60)


def begin(name, folder):
    os.makedirs(folder)
    with open(folder + ".err", "w", encoding="utf-8") as errors:
        return subprocess.Popen(["unshare", "-n", "-m", "-p", "--fork", "--kill-child", "--mount-proc", sys.executable, "-B",
                                 __file__, "--play", name, folder], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=errors, text=True, preexec_fn=hosts.dies_with_its_parent)


def look(tool, process):
    done = subprocess.run([tool, "check", "--json", "-N", str(process.pid)], capture_output=True, text=True, check=False, timeout=60)
    if done.returncode == 3:
        return 0, [{"id": "status 3", "cause": done.stderr, "severity": "critical"}]
    answer = json.loads(done.stdout)
    if not answer["end"]["complete"]:
        answer["findings"].append({"id": "incomplete", "cause": str(answer["end"]["gaps"]), "severity": "critical"})
    return answer["summary"]["sockets"], answer["findings"]


def watch(tool, running):
    """Looks at all of them until the time is over: {name: (looks, most sockets, {finding: (times, first of them)})}."""
    seen = {name: [0, 0, {}] for name in running}
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        for name, process in running.items():
            if process.poll() is not None:
                continue
            sockets, findings = look(tool, process)
            seen[name][0] += 1
            seen[name][1] = max(seen[name][1], sockets)
            for finding in findings:
                key = finding["id"], finding["severity"]
                times, first = seen[name][2].get(key, (0, finding))
                if not times:
                    print(f"{name}: {json.dumps(finding)}", flush=True)
                seen[name][2][key] = times + 1, first
        time.sleep(PAUSE)
    return seen


def tell(running, seen, folder):
    wrong = 0
    print(f"{'daemon':12} {'version':28} {'looks':>5} {'sockets':>7}  findings")
    for name, (looks, most, findings) in seen.items():
        _, _, package, but = DAEMONS[name]
        told = [f"{key} ({severity}, {times} looks)" for (key, severity), (times, _) in findings.items()]
        wrong += sum(severity != "notice" and not (but and but[0] == key) for key, severity in findings)
        if running[name].poll() is not None:
            with open(f"{folder}/{name}.err", encoding="utf-8") as file:
                told.append("ENDED: " + file.read()[-300:])
            wrong += 1
        print(f"{name:12} {version(package):28} {looks:5} {most:7}  {', '.join(told) or 'none'}{' (' + but[1] + ')' if but else ''}")
    return wrong


def main():
    tool, names = sys.argv[1], sys.argv[2:] or list(DAEMONS)
    if os.geteuid():
        sys.exit("daemons.py: run as root: most daemons change to users of their own")
    folder = tempfile.mkdtemp(prefix="daemons.")
    os.chmod(folder, 0o755)
    running = {}
    for name in names:
        program_name, package = DAEMONS[name][1:3]
        if not shutil.which(program_name, path=PATH):
            print(f"{name}: {program_name.upper()} IS MISSING (make deps daemons installs {package})")
            continue
        running[name] = begin(name, f"{folder}/{name}")
    for name, process in running.items():
        if process.stdout.readline() != "ready\n":
            with open(f"{folder}/{name}.err", encoding="utf-8") as file:
                print(f"{name}: did not start: {file.read()[-600:]}")
    seen = watch(tool, running)
    wrong = tell(running, seen, folder)
    for process in running.values():
        process.kill()
        process.wait()
    shutil.rmtree(folder, ignore_errors=True)
    sys.exit(1 if wrong else 0)


if sys.argv[1] == "--play":
    play(*sys.argv[2:4])
else:
    main()
