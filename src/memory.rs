//! What work needs of the memory of the machine or of a GPU, and what there is of it: a process that takes more of the
//! former is ended by the system without a word.
//!
//! ```text
//! trials                     trials * steps * (inputs + 2 outputs) * 4 bytes
//! room = the least of        MemAvailable of /proc/meminfo
//!                            memory limit - use of each control group of the process (1 and 2), page cache apart
//!                            limit of the address space (ulimit -v) - its size
//! ```
//!
//! It is Linux that keeps these accounts; elsewhere nothing is refused. An NVIDIA GPU says what it has left; an Apple
//! GPU takes of the machine's.

use std::{fs, path::Path};

use candle_core::Device;

use crate::error::{Error, Result};

/// Work that takes less is not compared with the machine.
const ALWAYS: u64 = 64 << 20;

/// Bytes of one number.
const NUMBER: u64 = 4;

/// A product of sizes in numbers, in bytes.
pub(crate) fn bytes_of(sizes: &[usize]) -> u64 {
    sizes.iter().fold(NUMBER, |product, size| product.saturating_mul(*size as u64))
}

/// The bytes of inputs, targets and loss mask.
pub(crate) fn trial_bytes(trials: usize, steps: usize, inputs: usize, outputs: usize) -> u64 {
    bytes_of(&[trials, steps, inputs.saturating_add(2 * outputs)])
}

/// Refuses work that needs more bytes than there are. `field` is the setting to change, `what` the work with its sizes,
/// `remedy` what to do.
///
/// # Errors
/// If there are too few.
pub(crate) fn check(field: &str, what: &str, needed: u64, remedy: &str) -> Result<()> {
    check_on(&Device::Cpu, field, what, needed, remedy)
}

/// The same of the memory in which the tensors of a device lie.
///
/// # Errors
/// As [`check`].
pub(crate) fn check_on(device: &Device, field: &str, what: &str, needed: u64, remedy: &str) -> Result<()> {
    if needed < ALWAYS { Ok(()) } else { compare(field, what, needed, remedy, room_on(device)) }
}

/// Whether the host has so many bytes left, as far as it tells.
pub(crate) fn fits(needed: u64) -> bool {
    room(Path::new("/")).is_none_or(|room| needed <= room.bytes)
}

fn compare(field: &str, what: &str, needed: u64, remedy: &str, room: Option<Room>) -> Result<()> {
    match room {
        Some(Room { bytes, whose }) if needed > bytes => {
            let (needed, left) = (gib(needed), gib(bytes));
            let message = format!("{what} takes about {needed} of memory, but {whose} has {left} left; {remedy}");
            Err(Error::setting(field, message))
        }
        _ => Ok(()),
    }
}

/// Bytes in words.
pub(crate) fn gib(bytes: u64) -> String {
    format!("{:.1} GiB", bytes as f64 / f64::from(1 << 30))
}

/// Bytes that can still be had, and of what.
#[derive(Debug, PartialEq)]
struct Room {
    bytes: u64,
    whose: &'static str,
}

fn room_on(device: &Device) -> Option<Room> {
    if device.is_cuda() { gpu_room(device) } else { room(Path::new("/")) }
}

/// What the driver says is free.
#[cfg(feature = "cuda")]
fn gpu_room(device: &Device) -> Option<Room> {
    let (free, _) = device.as_cuda_device().ok()?.cuda_stream().context().mem_get_info().ok()?;
    Some(Room { bytes: free as u64, whose: "this GPU" })
}

#[cfg(not(feature = "cuda"))]
fn gpu_room(_: &Device) -> Option<Room> {
    None
}

/// The least room that a limit leaves, as told below `root`.
fn room(root: &Path) -> Option<Room> {
    let read = |file: &str| fs::read_to_string(root.join(file)).ok();
    let machine = || kib(&read("proc/meminfo")?, "MemAvailable:");
    let address_space = || {
        let used = kib(&read("proc/self/status")?, "VmSize:")?;
        Some(address_limit(&read("proc/self/limits")?)?.saturating_sub(used))
    };
    [
        (machine(), "this machine"),
        (address_space(), "this process under the limit of its address space (`ulimit -v`)"),
        (group_room(root), "this job under the memory limit of its control group"),
    ]
    .into_iter()
    .filter_map(|(bytes, whose)| Some(Room { bytes: bytes?, whose }))
    .min_by_key(|room| room.bytes)
}

/// A line of the kernel's accounts, in bytes.
pub(crate) fn kib(text: &str, line: &str) -> Option<u64> {
    let rest = text.lines().find_map(|found| found.strip_prefix(line))?;
    rest.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

/// The soft limit of the address space, if there is one.
fn address_limit(limits: &str) -> Option<u64> {
    limits.lines().find_map(|line| line.strip_prefix("Max address space"))?.split_whitespace().next()?.parse().ok()
}

/// The least room in the control groups that the process is in.
fn group_room(root: &Path) -> Option<u64> {
    let groups = fs::read_to_string(root.join("proc/self/cgroup")).ok()?;
    let rooms = groups.lines().flat_map(|line| {
        let mut parts = line.splitn(3, ':').skip(1);
        let (controllers, path) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let account = match controllers {
            "" => Some(("sys/fs/cgroup", ["memory.max", "memory.current", ""])),
            _ if controllers.split(',').any(|controller| controller == "memory") => {
                Some(("sys/fs/cgroup/memory", ["memory.limit_in_bytes", "memory.usage_in_bytes", "total_"]))
            }
            _ => None,
        };
        // A limit of a group holds for those in it.
        let below = Path::new(path.trim_start_matches('/'));
        account.into_iter().flat_map(move |(mount, names)| {
            let mount = root.join(mount);
            below.ancestors().map(move |group| mount.join(group)).filter_map(move |group| one_group(&group, names))
        })
    });
    rooms.min()
}

fn one_group(group: &Path, [limit, usage, prefix]: [&str; 3]) -> Option<u64> {
    let number = |file: &str| fs::read_to_string(group.join(file)).ok()?.trim().parse::<u64>().ok();
    // Without a limit version 2 says `max`, version 1 a number beyond every machine.
    let (limit, usage) = (number(limit)?, number(usage)?);
    let stat = fs::read_to_string(group.join("memory.stat")).unwrap_or_default();
    let cache = |name: &str| -> Option<u64> {
        let line = stat.lines().find_map(|line| line.strip_prefix(prefix)?.strip_prefix(name)?.strip_prefix(' '))?;
        line.trim().parse().ok()
    };
    let cached = ["active_file", "inactive_file"].into_iter().filter_map(cache).sum::<u64>();
    Some(limit.saturating_sub(usage.saturating_sub(cached)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        folder
    }

    const MACHINE: (&str, &str) = ("proc/meminfo", "MemTotal:    9000 kB\nMemAvailable:    8000 kB\n");
    const STATUS: (&str, &str) = ("proc/self/status", "Name:\tnn4n\nVmSize:\t    1000 kB\n");

    fn least(files: &[(&str, &str)]) -> Option<(u64, &'static str)> {
        room(machine(files).path()).map(|room| (room.bytes, room.whose))
    }

    #[test]
    fn the_least_limit_counts() {
        assert_eq!(least(&[]), None);
        assert_eq!(least(&[MACHINE, STATUS]), Some((8000 << 10, "this machine")));
        let limits = |soft: &str| {
            format!("Limit   Soft Limit  Hard Limit  Units\nMax address space   {soft}  unlimited  bytes\n")
        };
        let few = least(&[MACHINE, STATUS, ("proc/self/limits", &limits("2048000"))]).unwrap();
        assert!(few.0 == (1000 << 10) && few.1.contains("ulimit -v"), "{few:?}");
        let unlimited = limits("unlimited");
        assert_eq!(least(&[MACHINE, STATUS, ("proc/self/limits", &unlimited)]), Some((8000 << 10, "this machine")));
    }

    #[test]
    fn control_groups_of_either_version_and_those_around_them_count() {
        let of = |files: &[(&str, &str)]| least(&[&[MACHINE], files].concat()).unwrap();
        let second = [
            ("proc/self/cgroup", "0::/jobs/7\n"),
            ("sys/fs/cgroup/jobs/memory.max", "5000\n"),
            ("sys/fs/cgroup/jobs/memory.current", "3000\n"),
            ("sys/fs/cgroup/jobs/memory.stat", "anon 2000\nactive_file 600\ninactive_file 300\n"),
            ("sys/fs/cgroup/jobs/7/memory.max", "max\n"),
            ("sys/fs/cgroup/jobs/7/memory.current", "3000\n"),
        ];
        assert_eq!(of(&second).0, 5000 - (3000 - 900));
        let first = [
            ("proc/self/cgroup", "3:cpu,cpuacct:/\n2:memory:/job\n"),
            ("sys/fs/cgroup/memory/job/memory.limit_in_bytes", "4000"),
            ("sys/fs/cgroup/memory/job/memory.usage_in_bytes", "4096"),
            ("sys/fs/cgroup/memory/job/memory.stat", "active_file 1\ntotal_active_file 96\ntotal_inactive_file 0\n"),
        ];
        assert_eq!(of(&first), (0, "this job under the memory limit of its control group"));
    }

    #[test]
    fn work_beyond_the_room_is_refused_with_the_setting_the_sizes_and_the_remedy() {
        let room = |bytes| Some(Room { bytes, whose: "this machine" });
        let checked = |needed, room| compare("train.batch_size", "a batch of 9", needed, "take fewer", room);
        assert!(checked(3 << 30, room(3 << 30)).is_ok() && checked(u64::MAX, None).is_ok());
        assert_eq!(
            checked(3 << 30, room(2 << 30)).unwrap_err().to_string(),
            "train.batch_size: a batch of 9 takes about 3.0 GiB of memory, but this machine has 2.0 GiB left; take \
            fewer"
        );
        assert!(check("train.batch_size", "all", u64::MAX, "take fewer").is_err() || cfg!(not(target_os = "linux")));
    }

    /// 20 trials of 50 steps with 3 inputs and 2 outputs: 1000 * 7 numbers.
    #[test]
    fn sizes_are_bytes_and_have_no_end() {
        assert_eq!(trial_bytes(20, 50, 3, 2), 28_000);
        assert_eq!(bytes_of(&[usize::MAX, usize::MAX]), u64::MAX);
    }
}
