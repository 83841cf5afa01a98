//! Where the processor's time goes: stacks are sampled for a while and told as one line each, as flame graph tools read them.
//! Off until it is allowed, because sampling interrupts every thread.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use pprof::{Frames, ProfilerGuard, ProfilerGuardBuilder};

static ALLOWED: AtomicBool = AtomicBool::new(false);

/// Whose frames are no place to look at the stack from: a thread may hold a lock there that looking needs.
const BLOCKED: [&str; 4] = ["libc", "libgcc", "pthread", "vdso"];

/// Why there is no profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoProfile {
    /// Nobody has allowed profiles.
    Off,
    /// One is being taken, or the system has no timer for it.
    Busy,
}

/// Lets profiles be taken in this process from now on.
pub fn allow_profiles() {
    ALLOWED.store(true, Ordering::Relaxed);
}

/// A profile that is being taken; dropping it ends it.
#[expect(missing_debug_implementations, reason = "the library's guard has none")]
pub struct Profile(ProfilerGuard<'static>);

impl Profile {
    /// Begins to sample every thread that runs, `hertz` times a second of its time.
    ///
    /// # Errors
    /// [`NoProfile`].
    pub fn begin(hertz: i32) -> Result<Self, NoProfile> {
        if !ALLOWED.load(Ordering::Relaxed) {
            return Err(NoProfile::Off);
        }
        let builder = ProfilerGuardBuilder::default().frequency(hertz).blocklist(&BLOCKED);
        builder.build().map(Self).map_err(|_| NoProfile::Busy)
    }

    /// Returns the stacks so far, each as `thread;outermost;…;innermost samples`. Names are looked up now, which takes long
    /// enough to be done where nobody waits.
    ///
    /// # Errors
    /// [`NoProfile::Busy`].
    pub fn finish(self) -> Result<String, NoProfile> {
        let report = self.0.report().build().map_err(|_| NoProfile::Busy)?;
        let mut stacks: BTreeMap<String, isize> = BTreeMap::new();
        for (frames, samples) in &report.data {
            *stacks.entry(stack(frames)).or_default() += samples;
        }
        Ok(stacks.iter().map(|(stack, samples)| format!("{stack} {samples}\n")).collect())
    }
}

fn stack(frames: &Frames) -> String {
    let mut names = vec![frames.thread_name.replace(';', ":")];
    let outermost_first = frames.frames.iter().rev().flat_map(|frame| frame.iter().rev());
    names.extend(outermost_first.map(|symbol| symbol.name().replace(';', ":")));
    names.join(";")
}
