//! What a child may not do, enforced by the system: use more memory and time than it was given, or open, connect, start
//! or change anything.

use std::io;

use rustix::process::{Resource, Rlimit, setrlimit};

/// Closes the fence around this process for good. The open files 0, 1 and 2 stay usable.
///
/// # Errors
/// When the system refuses; nothing hostile may be read then.
pub(super) fn close(memory_bytes: u64, cpu_seconds: u64) -> io::Result<()> {
    limit(memory_bytes, cpu_seconds)?;
    // No further file and no socket: even where the filter below is not to be had.
    set(Resource::Nofile, 3)?;
    filter()
}

/// Limits memory, processor time and the size of files, for good.
///
/// # Errors
/// When the system refuses.
pub(super) fn limit(memory_bytes: u64, cpu_seconds: u64) -> io::Result<()> {
    set(Resource::As, memory_bytes)?;
    set(Resource::Cpu, cpu_seconds)?;
    set(Resource::Core, 0)?;
    set(Resource::Fsize, 0)
}

fn set(resource: Resource, most: u64) -> io::Result<()> {
    Ok(setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) })?)
}

/// Refuses every system call by which a process reaches outside.
#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
fn filter() -> io::Result<()> {
    use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, TargetArch};

    let architecture = if cfg!(target_arch = "x86_64") { TargetArch::x86_64 } else { TargetArch::aarch64 };
    let refused = REFUSED.iter().map(|call| (*call, Vec::new())).collect();
    let denied = SeccompAction::Errno(u32::try_from(libc::EPERM).unwrap_or(1));
    let filter = SeccompFilter::new(refused, SeccompAction::Allow, denied, architecture);
    let program: BpfProgram = filter.and_then(TryInto::try_into).map_err(io::Error::other)?;
    seccompiler::apply_filter(&program).map_err(io::Error::other)
}

#[cfg(not(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64"))))]
fn filter() -> io::Result<()> {
    Ok(())
}

#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
const REFUSED: &[i64] = &[
    libc::SYS_socket,
    libc::SYS_socketpair,
    libc::SYS_connect,
    libc::SYS_bind,
    libc::SYS_openat,
    libc::SYS_openat2,
    libc::SYS_open_by_handle_at,
    libc::SYS_execve,
    libc::SYS_execveat,
    libc::SYS_clone,
    libc::SYS_clone3,
    libc::SYS_unlinkat,
    libc::SYS_renameat2,
    libc::SYS_linkat,
    libc::SYS_symlinkat,
    libc::SYS_mkdirat,
    libc::SYS_mknodat,
    libc::SYS_fchmodat,
    libc::SYS_fchownat,
    libc::SYS_truncate,
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_chroot,
    libc::SYS_setns,
    libc::SYS_unshare,
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_pidfd_getfd,
    libc::SYS_kill,
    libc::SYS_tkill,
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_io_uring_setup,
    libc::SYS_keyctl,
    libc::SYS_add_key,
    libc::SYS_userfaultfd,
    libc::SYS_memfd_create,
    libc::SYS_shmget,
    libc::SYS_msgget,
    libc::SYS_semget,
    // What newer systems left behind, and some still have.
    #[cfg(target_arch = "x86_64")]
    libc::SYS_open,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_creat,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_fork,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_vfork,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_unlink,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_rename,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_renameat,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_link,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_symlink,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_mkdir,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_rmdir,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_chmod,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_chown,
];

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::fs::File;
    use std::net::TcpListener;
    use std::process::Command;

    use super::close;

    /// Names no test; as an argument it tells the process that is to close the fence around itself.
    const INSIDE: &str = "inside-the-fence";
    const MEBIBYTE: usize = 1024 * 1024;

    #[test]
    fn nothing_outside_can_be_reached_from_inside() {
        if std::env::args().any(|argument| argument == INSIDE) {
            return from_inside();
        }
        let own = std::env::current_exe().expect("a program");
        let name = "confined::fence::tests::nothing_outside_can_be_reached_from_inside";
        let output = Command::new(own).args(["--exact", name, "--nocapture", INSIDE]).output();
        let output = output.expect("starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    #[expect(clippy::expect_used, reason = "a helper of a test may fail the test")]
    fn from_inside() {
        let kept = File::open("/proc/self/status").expect("open to all before");
        close(u64::try_from(512 * MEBIBYTE).expect("fits"), 60).expect("closes");
        drop(kept);
        assert!(File::open("/proc/self/status").is_err(), "a file");
        assert!(File::create("/tmp/from-inside-the-fence").is_err(), "a new file");
        assert!(TcpListener::bind("127.0.0.1:0").is_err(), "a socket");
        assert!(Command::new("/bin/true").status().is_err(), "a program");
        assert!(std::fs::remove_file("/tmp/from-inside-the-fence-too").is_err(), "a deletion");
        let mut much: Vec<u8> = Vec::new();
        assert!(much.try_reserve_exact(1024 * MEBIBYTE).is_err(), "memory");
    }
}
