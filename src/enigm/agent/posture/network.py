"""What this machine lets in, what listens on it, and how its kernel treats foreign traffic."""

from __future__ import annotations

import ipaddress
import json
import re
import struct
from typing import TYPE_CHECKING, Any, cast

from enigm.agent.posture.readings import Reading, not_well, unknown, well
from enigm.wire.posture_report import Signal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from enigm.agent.posture.machine import Machine

# The kernel's tables (proc_net_tcp(5)): number, local address, remote address, state, …
_STATE_COLUMN = 3
_LISTENING = "0A"
_PORTS_SHOWN_MAX = 8
_REFUSING = {"drop", "reject"}
_LEGACY_REFUSING = re.compile(r"-P INPUT DROP|-A INPUT -j (?:DROP|REJECT)")

# What a machine that is no router needs (kernel documentation, ip-sysctl): each setting, and
# the values that are well. A setting that is absent belongs to a protocol that is off.
_SETTINGS: dict[str, tuple[str, ...]] = {
    "ipv4/ip_forward": ("0",),
    "ipv4/tcp_syncookies": ("1", "2"),
    "ipv4/conf/all/accept_redirects": ("0",),
    "ipv4/conf/default/accept_redirects": ("0",),
    "ipv4/conf/all/accept_source_route": ("0",),
    "ipv4/conf/all/rp_filter": ("1", "2"),
    "ipv6/conf/all/accept_redirects": ("0",),
    "ipv6/conf/all/accept_source_route": ("0", "-1"),
    "ipv6/conf/all/forwarding": ("0",),
}


def firewall(machine: Machine, _now: int) -> Reading:
    """Ask the kernel's own tables whether what nobody asked for is refused, for both protocols.

    A settings file that says so is no evidence: the rules that are loaded are.
    """
    signal = Signal.FIREWALL
    if machine.has_command("nft"):
        answer = machine.runner.run("nft", "--json", "list", "ruleset")
        refused = None if answer is None else _refused_by_nft(answer)
    elif machine.has_command("iptables"):
        refused = _refused_by_iptables(machine)
    elif not _kernel_filters(machine):
        return not_well(signal, "none_found")
    else:
        return unknown(signal, "no_tool")
    if refused is None:
        return unknown(signal, "not_permitted")
    needed = {"ip", "ip6"} if machine.exists("/proc/net/if_inet6") else {"ip"}
    missing = sorted(needed - refused)
    if missing:
        return not_well(signal, "open", open_for=", ".join(missing))
    return well(signal, "refusing")


def listening_services(machine: Machine, _now: int) -> Reading:
    """Find TCP ports that other machines can reach; those of this machine alone do not count."""
    signal = Signal.LISTENING_SERVICES
    tables = [machine.text("/proc/net/tcp"), machine.text("/proc/net/tcp6")]
    if tables[0] is None:
        return unknown(signal, "no_table")
    ports = sorted({port for table in tables for port in _open_ports(table or "")})
    if ports:
        shown = ", ".join(map(str, ports[:_PORTS_SHOWN_MAX]))
        return not_well(signal, "reachable", count=len(ports), ports=shown)
    return well(signal, "none_reachable")


def network_policy(machine: Machine, _now: int) -> Reading:
    """Compare the kernel's network settings with those of a machine that routes for nobody."""
    signal = Signal.NETWORK_POLICY
    found = {name: machine.line(f"/proc/sys/net/{name}") for name in _SETTINGS}
    if found["ipv4/ip_forward"] is None:
        return unknown(signal, "no_settings")
    other = [
        name for name, value in found.items() if value is not None and value not in _SETTINGS[name]
    ]
    if other:
        return not_well(signal, "deviates", count=len(other), first=other[0].replace("/", "."))
    return well(signal, "kept")


def _refused_by_nft(answer: str) -> set[str] | None:
    """Return the protocols whose unasked-for traffic some input chain refuses (JSON of nft)."""
    try:
        ruleset = json.loads(answer)["nftables"]
        entries = [cast("dict[str, Any]", entry) for entry in ruleset]
    except (ValueError, KeyError, TypeError):
        return None
    rules: dict[tuple[str, str, str], set[str]] = {}
    for rule in (entry["rule"] for entry in entries if "rule" in entry):
        # The last rule of a chain decides what none before it did.
        rules[rule["family"], rule["table"], rule["chain"]] = _unconditional(rule.get("expr", []))
    refused: set[str] = set()
    for chain in (entry["chain"] for entry in entries if "chain" in entry):
        place = (chain["family"], chain["table"], chain["name"])
        ends = {chain.get("policy", "")} | rules.get(place, set())
        if chain.get("hook") == "input" and ends & _REFUSING:
            refused |= {"ip", "ip6"} if chain["family"] == "inet" else {chain["family"]}
    return refused


def _unconditional(expressions: list[dict[str, Any]]) -> set[str]:
    """Return the verdict of a rule that has no condition."""
    kinds = {kind for expression in expressions for kind in expression}
    return kinds & _REFUSING if not kinds - _REFUSING - {"counter", "log"} else set()


def _refused_by_iptables(machine: Machine) -> set[str] | None:
    answers = {
        "ip": machine.runner.run("iptables", "-S", "INPUT"),
        "ip6": machine.runner.run("ip6tables", "-S", "INPUT"),
    }
    if answers["ip"] is None:
        return None
    return {name for name, text in answers.items() if text and _LEGACY_REFUSING.search(text)}


def _kernel_filters(machine: Machine) -> bool:
    """Say whether a packet filter could be loaded by something that we cannot ask."""
    tables = machine.line("/proc/net/ip_tables_names")
    return tables != "" or machine.exists("/sys/module/nf_tables")


def _open_ports(table: str) -> Iterator[int]:
    for row in table.splitlines()[1:]:
        columns = row.split()
        if columns[_STATE_COLUMN : _STATE_COLUMN + 1] == [_LISTENING]:
            address, _, port = columns[1].partition(":")
            if not _is_loopback(address):
                yield int(port, 16)


def _is_loopback(text: str) -> bool:
    """Read an address as the kernel prints it: 32-bit words in this machine's byte order."""
    words = [int(text[at : at + 8], 16) for at in range(0, len(text), 8)]
    address = ipaddress.ip_address(struct.pack(f"={len(words)}I", *words))
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback
