"""What each signal means to a person: what is well, why it matters, and what to do."""

from __future__ import annotations

from dataclasses import dataclass

from enigm.wire.posture_report import Signal


@dataclass(frozen=True, slots=True)
class Advice:
    """One signal in words.

    ``promise`` is true where the state is; ``remedy`` mends a false one; ``to_know`` helps where
    it cannot be told.
    """

    title: str
    promise: str
    why: str
    remedy: str
    to_know: str


ADVICE: dict[Signal, Advice] = {
    Signal.DISK_ENCRYPTION: Advice(
        "Disk encryption",
        "Everything that is stored is encrypted, swap too.",
        "Who takes or finds the machine can read a disk that is not encrypted.",
        "Back up, then install anew with full-disk encryption (LUKS), swap included.",
        "Run `lsblk -f` and look for crypto_LUKS above each data partition.",
    ),
    Signal.SECURE_BOOT: Advice(
        "Secure boot",
        "The firmware starts only signed software.",
        "Without it somebody with a moment alone can put a program beneath the system.",
        "Turn Secure Boot on in the firmware's settings, and leave setup mode.",
        "Run `mokutil --sb-state` as an administrator.",
    ),
    Signal.KERNEL_LOCKDOWN: Advice(
        "Kernel lockdown",
        "Even root cannot change the running kernel.",
        "A program that became root could otherwise hide in the kernel for good.",
        "Start with `lockdown=integrity` on the kernel's command line; Secure Boot does it too.",
        "Mount securityfs, then read /sys/kernel/security/lockdown.",
    ),
    Signal.KERNEL_CURRENT: Advice(
        "Running kernel",
        "The newest installed kernel is the one that runs.",
        "A fixed kernel protects only after the machine was started anew.",
        "Restart the machine.",
        "This kernel was not installed by the system's packages: ask who provides it.",
    ),
    Signal.UPDATES_PENDING: Advice(
        "Security updates",
        "No published security update waits to be installed.",
        "Holes that are published are used within days.",
        "Run `sudo apt update && sudo apt upgrade`.",
        "Run `sudo apt update`, then look again.",
    ),
    Signal.FIREWALL: Advice(
        "Firewall",
        "Traffic that nobody here asked for is refused.",
        "Any program that opens a port is otherwise offered to the whole network.",
        "Run `sudo ufw enable`, or load an nftables ruleset whose input policy is drop.",
        "Run `sudo enigm agent posture`: only an administrator may read the rules.",
    ),
    Signal.SCREEN_LOCK: Advice(
        "Screen lock",
        "The screen locks by itself when nobody is there.",
        "An open screen is an open door to everything that is signed in.",
        "Set the screen to lock within 15 minutes in the desktop's privacy settings.",
        "Run this inside your desktop session; without one there is no screen to ask about.",
    ),
    Signal.LISTENING_SERVICES: Advice(
        "Listening services",
        "No program waits for connections from other machines.",
        "Each such program is a way in if it has a flaw.",
        "See `ss -tlnp`; stop what you do not need or bind it to 127.0.0.1.",
        "Run `ss -tln` and look for addresses other than 127.0.0.1 and ::1.",
    ),
    Signal.AGENT_INTEGRITY: Advice(
        "This agent",
        "The agent's files are those that were installed.",
        "An agent that was changed can say whatever its changer wants.",
        "Remove Enigm and install it again from a release.",
        "Install Enigm from a release; a copy that is edited in place has no record to compare.",
    ),
    Signal.UPDATE_STATE: Advice(
        "Automatic updates",
        "Security updates install themselves and did so lately.",
        "Updates that wait for a person wait too long.",
        "Run `sudo apt install unattended-upgrades` and turn it on.",
        "Look at `systemctl status apt-daily-upgrade.timer`.",
    ),
    Signal.NETWORK_POLICY: Advice(
        "Network settings",
        "The kernel neither routes for others nor follows forged directions.",
        "A neighbour on the network could otherwise send your traffic through their machine.",
        "Put the named setting right in /etc/sysctl.d and run `sudo sysctl --system`.",
        "Read `sysctl net.ipv4` outside of a container.",
    ),
    Signal.PRIVACY_MODE: Advice(
        "Privacy mode",
        "No known service reports about this machine by itself.",
        "Crash and usage reports can carry what was on the screen or in memory.",
        "Turn the named reporting service off, or remove it.",
        "Look through the desktop's privacy settings.",
    ),
}
