"""Each signal is true only where the machine shows it, and unknown where it shows nothing."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from enigm.agent.posture.collect import COLLECTORS
from enigm.agent.posture.installation import agent_integrity, privacy_mode
from enigm.agent.posture.kernel import kernel_current, kernel_lockdown, secure_boot
from enigm.agent.posture.network import firewall, listening_services, network_policy
from enigm.agent.posture.session import screen_lock
from enigm.agent.posture.storage import disk_encryption
from enigm.agent.posture.updates import update_state, updates_pending
from enigm.wire.posture_report import Signal, State
from tests.agent.laid_out import NOW, USER, LaidOut

if TYPE_CHECKING:
    from collections.abc import Callable

    from enigm.agent.posture.machine import Machine
    from enigm.agent.posture.readings import Reading

pytestmark = pytest.mark.requirement("TSC-01")

GUID = "8be4df61-93ca-11d2-aa0d-00e098032b8c"
DAY = 86_400


def code(collector: Callable[[Machine, int], Reading], laid_out: LaidOut) -> str:
    """Return ``state code`` of one signal."""
    reading = collector(laid_out.machine, NOW)
    return f"{reading.state.word} {reading.code.partition('.')[2]}"


@pytest.mark.parametrize("signal", Signal)
def test_a_machine_that_shows_nothing_is_well_in_nothing(signal: Signal, laid_out: LaidOut) -> None:
    reading = COLLECTORS[signal](laid_out.machine, NOW)
    assert reading.signal is signal
    assert reading.state is State.UNKNOWN
    assert reading.code.startswith(f"{signal.word}.")


def test_a_disk_beneath_luks_and_lvm_is_encrypted(laid_out: LaidOut) -> None:
    laid_out.mount("254:1 / ext4 /dev/mapper/vg-root", "8:1 /boot ext4 /dev/sda1")
    laid_out.block("254:1", "dm-1", "LVM-abc", on="dm-0")
    laid_out.block("254:0", "dm-0", "CRYPT-LUKS2-abc-luks", on="sda2")
    laid_out.block("8:2", "sda2")
    assert code(disk_encryption, laid_out) == "true encrypted"


def test_one_plain_place_spoils_the_others(laid_out: LaidOut) -> None:
    laid_out.mount("254:0 / ext4 /dev/mapper/root", "8:3 /home ext4 /dev/sda3")
    laid_out.block("254:0", "dm-0", "CRYPT-LUKS2-abc-luks")
    laid_out.block("8:3", "sda3")
    assert code(disk_encryption, laid_out) == "false plain"


def test_swap_on_a_plain_partition_is_not_encrypted(laid_out: LaidOut) -> None:
    laid_out.mount("254:0 / ext4 /dev/mapper/root")
    laid_out.block("254:0", "dm-0", "CRYPT-LUKS2-abc-luks")
    laid_out.block("8:4", "sda4")
    swaps = "Filename Type Size\n/dev/zram0 partition 9\n/dev/sda4 partition 9\n"
    laid_out.put("/proc/swaps", swaps)
    laid_out.put("/dev/sda4")
    assert code(disk_encryption, laid_out) == "false plain"


def test_btrfs_is_followed_by_the_name_of_its_device(laid_out: LaidOut) -> None:
    laid_out.mount("0:27 / btrfs /dev/mapper/luks-root")
    laid_out.link("/dev/mapper/luks-root", "../dm-0")
    laid_out.block("254:0", "dm-0", "CRYPT-LUKS2-abc-luks")
    assert code(disk_encryption, laid_out) == "true encrypted"


def test_verity_checks_and_hides_nothing(laid_out: LaidOut) -> None:
    laid_out.mount("254:0 / squashfs /dev/mapper/root")
    laid_out.block("254:0", "dm-0", "CRYPT-VERITY-abc-root", on="sda2")
    assert code(disk_encryption, laid_out) == "unknown not_told"
    laid_out.mount("254:0 / squashfs /dev/mapper/root", "254:1 /var ext4 /dev/mapper/var")
    laid_out.block("254:1", "dm-1", "CRYPT-LUKS2-abc-var")
    assert code(disk_encryption, laid_out) == "true encrypted"


def test_a_file_system_whose_disks_are_hidden_is_unknown(laid_out: LaidOut) -> None:
    laid_out.mount("0:30 / overlay overlay")
    assert code(disk_encryption, laid_out) == "unknown not_told"


@pytest.mark.parametrize(
    ("enforcing", "setup", "expected"),
    [(1, 0, "true enforcing"), (0, 0, "false off"), (1, 1, "false off")],
)
def test_secure_boot_is_what_the_firmware_says(
    enforcing: int, setup: int, expected: str, laid_out: LaidOut
) -> None:
    for name, value in (("SecureBoot", enforcing), ("SetupMode", setup)):
        octets = b"\x06\x00\x00\x00" + bytes([value])
        laid_out.put(f"/sys/firmware/efi/efivars/{name}-{GUID}", octets)
    assert code(secure_boot, laid_out) == expected


def test_a_machine_without_efi_starts_anything(laid_out: LaidOut) -> None:
    laid_out.put("/sys/firmware/acpi/tables/DSDT")
    assert code(secure_boot, laid_out) == "false no_efi"
    laid_out.put("/proc/device-tree/model", "a board")
    assert code(secure_boot, laid_out) == "unknown no_efi"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("none [integrity] confidentiality\n", "true integrity"),
        ("[none] integrity confidentiality\n", "false none"),
        ("what is this\n", "unknown not_shown"),
    ],
)
def test_lockdown_is_the_mode_in_brackets(text: str, expected: str, laid_out: LaidOut) -> None:
    laid_out.put("/sys/kernel/security/lockdown", text)
    assert code(kernel_lockdown, laid_out) == expected


def test_a_kernel_without_lockdown_is_not_locked_down(laid_out: LaidOut) -> None:
    laid_out.put("/sys/kernel/security/lsm", "capability")
    assert code(kernel_lockdown, laid_out) == "false not_built_in"


def test_a_newer_installed_kernel_waits_for_a_restart(laid_out: LaidOut) -> None:
    laid_out.put("/proc/version", "Linux version 6.1.0-9-amd64 (debian) #1 SMP")
    laid_out.put("/boot/vmlinuz-6.1.0-9-amd64")
    assert code(kernel_current, laid_out) == "true newest"
    laid_out.put("/boot/vmlinuz-6.1.0-10-amd64")
    assert code(kernel_current, laid_out) == "false restart_needed"


def security_list(laid_out: LaidOut, age_seconds: int, *packages: tuple[str, str]) -> None:
    text = "\n".join(f"Package: {n}\nArchitecture: amd64\nVersion: {v}\n" for n, v in packages)
    laid_out.put("/var/lib/apt/lists/example_debian-security_main_binary-amd64_Packages", text)
    laid_out.put("/var/lib/apt/lists/partial/.keep")
    for path in ("/var/lib/apt/lists/partial", "/var/lib/apt/lists"):
        fetched = NOW - age_seconds
        os.utime(laid_out.machine.at(path), (fetched, fetched))


def installed(laid_out: LaidOut, *packages: tuple[str, str, str]) -> None:
    text = "\n".join(
        f"Package: {name}\nStatus: {status}\nPriority: optional\nVersion: {version}\n"
        for name, status, version in packages
    )
    laid_out.put("/var/lib/dpkg/status", text)


def test_a_published_security_update_that_is_not_installed_is_pending(laid_out: LaidOut) -> None:
    installed(
        laid_out,
        ("openssl", "install ok installed", "3.0.9-1"),
        ("vim", "install ok installed", "9"),
    )
    security_list(laid_out, DAY, ("openssl", "3.0.11-1~deb12u2"), ("absent", "2"))
    assert code(updates_pending, laid_out) == "false waiting"
    installed(laid_out, ("openssl", "install ok installed", "3.0.11-1"))
    assert code(updates_pending, laid_out) == "true none"


def test_a_removed_package_needs_no_update(laid_out: LaidOut) -> None:
    installed(
        laid_out,
        ("openssl", "deinstall ok config-files", "1"),
        ("vim", "install ok installed", "9"),
    )
    security_list(laid_out, DAY, ("openssl", "2"))
    assert code(updates_pending, laid_out) == "true none"


def test_lists_that_are_old_say_nothing(laid_out: LaidOut) -> None:
    installed(laid_out, ("openssl", "install ok installed", "2"))
    security_list(laid_out, 8 * DAY, ("openssl", "2"))
    assert code(updates_pending, laid_out) == "unknown stale_lists"


def test_compressed_lists_are_read_through_apt_or_not_at_all(laid_out: LaidOut) -> None:
    installed(laid_out, ("openssl", "install ok installed", "1"))
    security_list(laid_out, DAY)
    laid_out.put("/var/lib/apt/lists/example_debian-security_main_binary-i386_Packages.lz4")
    os.utime(laid_out.machine.at("/var/lib/apt/lists"), (NOW, NOW))
    assert code(updates_pending, laid_out) == "unknown unreadable_lists"
    laid_out.runner.answers["/usr/lib/apt/apt-helper cat-file"] = "Package: openssl\nVersion: 2\n"
    assert code(updates_pending, laid_out) == "false waiting"


def test_updates_are_automatic_when_they_are_on_and_ran_lately(laid_out: LaidOut) -> None:
    laid_out.put("/etc/apt/apt.conf.d/10periodic", 'APT::Periodic::Unattended-Upgrade "0";\n')
    assert code(update_state, laid_out) == "false not_automatic"
    laid_out.put("/etc/apt/apt.conf.d/20auto", 'APT::Periodic::Unattended-Upgrade "1";\n')
    assert code(update_state, laid_out) == "false not_automatic"
    laid_out.command("unattended-upgrade")
    assert code(update_state, laid_out) == "unknown never_ran"
    stamp = laid_out.put("/var/lib/apt/periodic/unattended-upgrades-stamp")
    os.utime(stamp, (NOW - DAY, NOW - DAY))
    assert code(update_state, laid_out) == "true automatic"
    os.utime(stamp, (NOW - 9 * DAY, NOW - 9 * DAY))
    assert code(update_state, laid_out) == "false stuck"


def chain(family: str, policy: str = "drop", hook: str = "input") -> dict[str, Any]:
    return {"chain": {"family": family, "table": "t", "name": hook, "hook": hook, "policy": policy}}


def rule(family: str, *expressions: dict[str, Any]) -> dict[str, Any]:
    return {"rule": {"family": family, "table": "t", "chain": "input", "expr": list(expressions)}}


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ([chain("inet")], "true refusing"),
        ([chain("ip"), chain("ip6")], "true refusing"),
        ([chain("ip")], "false open"),
        ([chain("inet", "accept")], "false open"),
        ([chain("inet", "accept"), rule("inet", {"counter": {}}, {"reject": {}})], "true refusing"),
        ([chain("inet", "accept"), rule("inet", {"match": {}}, {"drop": None})], "false open"),
        (
            [chain("inet", "accept"), rule("inet", {"drop": None}), rule("inet", {"accept": None})],
            "false open",
        ),
        ([chain("inet", hook="forward")], "false open"),
        ([], "false open"),
    ],
)
def test_a_firewall_is_what_the_loaded_rules_refuse(
    entries: list[dict[str, Any]], expected: str, laid_out: LaidOut
) -> None:
    laid_out.put("/proc/net/if_inet6", "…")
    laid_out.command("nft", "nft --json", json.dumps({"nftables": [{"metainfo": {}}, *entries]}))
    assert code(firewall, laid_out) == expected


def test_a_firewall_that_may_not_be_read_is_unknown(laid_out: LaidOut) -> None:
    laid_out.command("nft")
    laid_out.put("/etc/ufw/ufw.conf", "ENABLED=yes\n")
    assert code(firewall, laid_out) == "unknown not_permitted"
    laid_out.runner.answers["nft"] = "not JSON"
    assert code(firewall, laid_out) == "unknown not_permitted"


def test_older_tables_count_as_well(laid_out: LaidOut) -> None:
    laid_out.put("/proc/net/if_inet6", "…")
    laid_out.command("iptables", "iptables -S INPUT", "-P INPUT DROP\n")
    assert code(firewall, laid_out) == "false open"
    laid_out.command("ip6tables", "ip6tables -S INPUT", "-P INPUT ACCEPT\n-A INPUT -j REJECT\n")
    assert code(firewall, laid_out) == "true refusing"


def test_without_any_tool_there_is_no_firewall(laid_out: LaidOut) -> None:
    laid_out.put("/proc/net/ip_tables_names", "")
    assert code(firewall, laid_out) == "false none_found"


TCP = "  sl  local_address rem_address   st\n"


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ("   0: 0100007F:0CEA 00000000:0000 0A 0\n", "true none_reachable"),
        ("   0: 00000000:0016 00000000:0000 0A 0\n", "false reachable"),
        ("   0: 00000000:0016 0100007F:1234 01 0\n", "true none_reachable"),
    ],
)
def test_only_ports_that_others_can_reach_count(
    rows: str, expected: str, laid_out: LaidOut
) -> None:
    laid_out.put("/proc/net/tcp", TCP + rows)
    assert code(listening_services, laid_out) == expected


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("00000000000000000000000001000000", "true none_reachable"),
        ("0000000000000000FFFF00000100007F", "true none_reachable"),
        ("00000000000000000000000000000000", "false reachable"),
    ],
)
def test_the_newer_protocol_counts_too(address: str, expected: str, laid_out: LaidOut) -> None:
    laid_out.put("/proc/net/tcp", TCP)
    laid_out.put("/proc/net/tcp6", TCP + f"   0: {address}:0016 {'0' * 32}:0000 0A 0\n")
    assert code(listening_services, laid_out) == expected


def test_network_settings_are_well_when_all_that_exist_are(laid_out: LaidOut) -> None:
    for name, value in (
        ("ipv4/ip_forward", "0"),
        ("ipv4/conf/all/accept_redirects", "0"),
        ("ipv4/conf/all/rp_filter", "2"),
    ):
        laid_out.put(f"/proc/sys/net/{name}", value + "\n")
    assert code(network_policy, laid_out) == "true kept"
    laid_out.put("/proc/sys/net/ipv4/ip_forward", "1\n")
    assert code(network_policy, laid_out) == "false deviates"


def session(
    laid_out: LaidOut, *, kind: str = "wayland", user: int = USER, desktop: str = "GNOME"
) -> None:
    text = f"UID={user}\nCLASS=user\nTYPE={kind}\nDESKTOP={desktop}\n"
    laid_out.put("/run/systemd/sessions/2", text)
    laid_out.put(f"/run/user/{USER}/bus")


def lock(laid_out: LaidOut, enabled: str, idle: str) -> None:
    laid_out.runner.answers["gsettings get org.gnome.desktop.screensaver"] = enabled
    laid_out.runner.answers["gsettings get org.gnome.desktop.session"] = idle


@pytest.mark.parametrize(
    ("enabled", "idle", "expected"),
    [
        ("true\n", "uint32 300\n", "true locks"),
        ("false\n", "uint32 300\n", "false does_not_lock"),
        ("true\n", "uint32 0\n", "false does_not_lock"),
        ("true\n", "uint32 7200\n", "false does_not_lock"),
    ],
)
def test_a_screen_locks_if_the_live_session_says_so(
    enabled: str, idle: str, expected: str, laid_out: LaidOut
) -> None:
    session(laid_out)
    lock(laid_out, enabled, idle)
    assert code(screen_lock, laid_out) == expected


def test_a_settings_default_on_a_machine_without_a_session_is_no_evidence(
    laid_out: LaidOut,
) -> None:
    lock(laid_out, "true\n", "uint32 300\n")
    assert code(screen_lock, laid_out) == "unknown no_session"
    session(laid_out, kind="tty")
    assert code(screen_lock, laid_out) == "unknown no_session"
    session(laid_out, user=USER + 1)
    assert code(screen_lock, laid_out) == "unknown no_session"
    session(laid_out, desktop="sway")
    assert code(screen_lock, laid_out) == "unknown other_desktop"


def test_an_agent_is_as_installed_until_a_file_is_changed_added_or_gone(
    laid_out: LaidOut,
) -> None:
    source = laid_out.installation / "enigm" / "agent.py"
    source.parent.mkdir()
    source.write_bytes(b"honest")
    digest = base64.urlsafe_b64encode(hashlib.sha256(b"honest").digest()).decode().rstrip("=")
    folder = laid_out.installation / "enigm-0.1.0.dist-info"
    folder.mkdir()
    (folder / "RECORD").write_text(f"enigm/agent.py,sha256={digest},6\nenigm-0.1.0/RECORD,,\n")
    assert code(agent_integrity, laid_out) == "true as_installed"
    source.write_bytes(b"turned")
    assert code(agent_integrity, laid_out) == "false changed"
    source.write_bytes(b"honest")
    (source.parent / "added.py").write_bytes(b"")
    assert code(agent_integrity, laid_out) == "false changed"
    (source.parent / "added.py").unlink()
    source.unlink()
    assert code(agent_integrity, laid_out) == "false changed"


def test_a_service_that_reports_by_itself_is_named(laid_out: LaidOut) -> None:
    laid_out.put("/etc/popularity-contest.conf", 'PARTICIPATE="no"\n')
    assert code(privacy_mode, laid_out) == "true quiet"
    laid_out.put("/etc/popularity-contest.conf", 'PARTICIPATE="yes"\n')
    reading = privacy_mode(laid_out.machine, NOW)
    assert (reading.state, reading.facts["by"]) == (State.FALSE, "popularity-contest.conf")
