"""Tries what the sandbox of a unit forbids, and prints what came of it, as JSON: an error's name, or a value."""
import ctypes
import errno
import json
import mmap
import os
import resource
import socket
import sys
import time

libc = ctypes.CDLL(None, use_errno=True)
state = os.environ.get("STATE_DIRECTORY", "/var/lib/probe").split(":")[0]
file = os.path.join(state, "probe")


def call(name, *args):
    """A function of the C library that returns -1 for an error."""
    if getattr(libc, name)(*args) == -1:
        raise OSError(ctypes.get_errno(), name)


def connect(address):
    with socket.socket(socket.AF_INET) as connection:
        connection.settimeout(2)
        connection.connect((address, 1))


def status(name):
    with open("/proc/self/status") as lines:
        return next(line.split()[1] for line in lines if line.startswith(name + ":"))


def memory_limit():
    with open("/proc/self/cgroup") as lines:
        groups = dict(line.strip().split(":")[1:] for line in lines)
    if "memory" in groups:
        path = "/sys/fs/cgroup/memory" + groups["memory"] + "/memory.limit_in_bytes"
    else:
        path = "/sys/fs/cgroup" + groups[""] + "/memory.max"
    with open(path) as limit:
        return limit.read().strip()


def mode():
    return oct(os.stat(file).st_mode & 0o777)


def user_namespace():
    with open("/proc/self/uid_map") as lines:
        return "all users" if "4294967295" in lines.read() else "own user"


def is_read_only(path):
    return bool(os.statvfs(path).f_flag & os.ST_RDONLY)


TRIES = {
    "StateDirectory": lambda: open(file, "w").close(),
    "UMask": mode,
    "DynamicUser": lambda: "dynamic" if 61184 <= os.getuid() <= 65519 else os.getuid(),
    "CapabilityBoundingSet": lambda: status("CapBnd"),
    "NoNewPrivileges": lambda: status("NoNewPrivs"),
    "LockPersonality": lambda: call("personality", 8),
    "MemoryDenyWriteExecute": lambda: mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC).close(),
    "MemoryMax": memory_limit,
    "PrivateDevices": lambda: is_read_only("/dev"),
    "PrivateTmp": lambda: os.path.exists("/tmp/of-the-machine"),
    "PrivateUsers": user_namespace,
    "ProcSubset": lambda: os.path.exists("/proc/meminfo"),
    # -1 is no time: without a sandbox the kernel says so.
    "ProtectClock": lambda: time.clock_settime(time.CLOCK_REALTIME, -1),
    "ProtectControlGroups": lambda: is_read_only("/sys/fs/cgroup/" + ("memory" if os.path.isdir("/sys/fs/cgroup/memory") else "")),
    "ProtectHome": lambda: os.listdir("/root") and None,
    "ProtectHostname": lambda: call("sethostname", b"other", 5),
    "ProtectKernelLogs": lambda: call("klogctl", 10, None, 0),
    # There is no module of this name.
    "ProtectKernelModules": lambda: call("syscall", 176, b"none", 0),
    "ProtectProc": lambda: os.path.exists("/proc/1"),
    "ProtectSystem": lambda: open("/etc/probe", "w").close(),
    "RemoveIPC": lambda: call("shmget", 4711, 4096, 0o1600),
    "RestrictAddressFamilies": lambda: socket.socket(socket.AF_UNIX).close(),
    "RestrictSUIDSGID": lambda: os.chmod(file, 0o4700),
    "RestrictNamespaces": lambda: call("unshare", 0x04000000),
    "SystemCallFilter": lambda: os.setpriority(os.PRIO_PROCESS, 0, 1),
    "IPAddressAllow": lambda: connect("127.0.0.1"),
    "IPAddressDeny": lambda: connect("10.9.9.9"),
    "LimitNOFILE": lambda: resource.getrlimit(resource.RLIMIT_NOFILE)[1],
}

answers = {}
for name, attempt in TRIES.items():
    try:
        answers[name] = attempt()
    except OSError as error:
        answers[name] = errno.errorcode.get(error.errno, str(error))
json.dump(answers, sys.stdout)
