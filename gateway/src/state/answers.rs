//! Answers that several gateways know: whose they are, their events, whether their writer lives, and who reads them. It knows
//! events as bytes only.

use std::sync::LazyLock;
use std::time::Duration;

use ::redis::{Script, ScriptInvocation};

use super::redis::{Away, Redis};

static OPEN: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("scripts/open.lua")));
static RELEASE: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("scripts/release.lua")));
static WRITE: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("scripts/write.lua")));
static FOLLOW: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("scripts/follow.lua")));
static FIND: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("scripts/find.lua")));
static STOP: LazyLock<Script> =
    LazyLock::new(|| Script::new("return redis.call('SET', KEYS[1], 1, 'PX', ARGV[1])"));

/// How long a writer counts as living after its last sign.
pub(crate) const LEASE: Duration = Duration::from_secs(3);
/// How long a reader counts after its last sign.
const PRESENCE: Duration = Duration::from_secs(2);
/// How long it is known whose an answer was, so that nobody else has an opinion about it.
const REMEMBERED: Duration = Duration::from_secs(60 * 60);
/// Events returned at once.
const PAGE: usize = 128;

/// What is known of an answer before its first event.
#[derive(Clone, Debug)]
pub(crate) struct Label {
    /// The answer's id.
    pub(crate) id: String,
    /// Stands for the owner.
    pub(crate) owner: String,
    /// Epoch of the writer's numbering.
    pub(crate) epoch: u64,
    /// The connection that asked.
    pub(crate) connection: String,
    /// Stands for the owner's message, when it has an id.
    pub(crate) message: Option<String>,
    /// How long the events are kept.
    pub(crate) window: Duration,
}

/// Whether a message is new.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Opened {
    /// It is.
    New,
    /// It led to this answer, as the question of this fingerprint.
    Known(String, String),
}

/// An answer that some gateway writes or wrote.
#[derive(Debug)]
pub(crate) struct Found {
    /// Stands for the owner.
    pub(crate) owner: String,
    /// Epoch of the writer's numbering.
    pub(crate) epoch: u64,
    /// The connection that asked.
    pub(crate) connection: String,
    /// Whether the last event has been written.
    pub(crate) is_over: bool,
    /// Whether its events are still there.
    pub(crate) has_events: bool,
}

/// Events to add.
#[derive(Debug)]
pub(crate) struct Batch {
    /// Number of the first one.
    pub(crate) first: u64,
    /// The events.
    pub(crate) events: Vec<Vec<u8>>,
    /// Empty, or how the answer ends with them: `ended` or `failed`.
    pub(crate) end: &'static str,
}

/// What the others say to the writer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Told {
    /// Number of the last event before the batch; the batch was added only if it followed.
    pub(crate) last: u64,
    /// Whether somebody else has ended the answer.
    pub(crate) is_over: bool,
    /// Whether its reader wants it stopped.
    pub(crate) stop: bool,
    /// Whether it is read elsewhere.
    pub(crate) is_read: bool,
}

/// Events that follow.
#[derive(Debug)]
pub(crate) struct Page {
    /// Whether the answer is known.
    pub(crate) is_known: bool,
    /// Whether its writer lives.
    pub(crate) has_writer: bool,
    /// Whether its last event has been written.
    pub(crate) is_over: bool,
    /// The next events.
    pub(crate) events: Vec<Vec<u8>>,
}

impl Redis {
    /// Makes an answer known, unless its message has one already that is not `replaced`.
    ///
    /// # Errors
    /// [`Away`].
    pub(crate) async fn open_answer(
        &self,
        label: &Label,
        fingerprint: &str,
        replaced: &str,
    ) -> Result<Opened, Away> {
        let mut call = OPEN.prepare_invoke();
        self.name_keys(&mut call, label, &["answer", "lease"]);
        call.arg(&label.id).arg(&label.owner).arg(label.epoch).arg(&label.connection).arg(fingerprint);
        call.arg(milliseconds(LEASE)).arg(milliseconds(REMEMBERED)).arg(replaced);
        let known: Vec<String> = self.run(&call).await?;
        Ok(match <[String; 2]>::try_from(known) {
            Ok([answer, fingerprint]) => Opened::Known(answer, fingerprint),
            Err(_) => Opened::New,
        })
    }

    /// Forgets an answer that was not let in. While the Redis is away its lease ends it.
    pub(crate) async fn release_answer(&self, label: &Label) {
        let mut call = RELEASE.prepare_invoke();
        self.name_keys(&mut call, label, &["answer", "lease"]);
        call.arg(&label.id);
        _ = self.run::<i64>(&call).await;
    }

    /// Adds events and says that the writer lives.
    ///
    /// # Errors
    /// [`Away`]; the batch may have been added then, and may be added again without harm.
    pub(crate) async fn write_answer(&self, label: &Label, batch: &Batch) -> Result<Told, Away> {
        let mut call = WRITE.prepare_invoke();
        self.name_keys(&mut call, label, &["answer", "lease", "events", "stop", "readers"]);
        call.arg(&label.id).arg(&label.owner).arg(label.epoch).arg(&label.connection);
        let window = label.window.max(LEASE);
        call.arg(milliseconds(LEASE)).arg(milliseconds(REMEMBERED.max(window))).arg(milliseconds(window));
        call.arg(batch.first).arg(batch.end);
        for event in &batch.events {
            call.arg(event.as_slice());
        }
        let (last, is_over, stop, is_read): (u64, u8, u8, u8) = self.run(&call).await?;
        Ok(Told { last, is_over: is_over == 1, stop: stop == 1, is_read: is_read == 1 })
    }

    /// Returns the events after number `after` and says that they are read. With `last_event`, that one ends an answer whose
    /// writer is gone.
    ///
    /// # Errors
    /// [`Away`].
    pub(crate) async fn follow_answer(
        &self,
        id: &str,
        after: u64,
        last_event: Option<&[u8]>,
        window: Duration,
    ) -> Result<Page, Away> {
        let mut call = FOLLOW.prepare_invoke();
        for kind in ["answer", "lease", "events", "readers"] {
            call.key(self.key(kind, id));
        }
        call.arg(after).arg(PAGE).arg(milliseconds(PRESENCE)).arg(u8::from(last_event.is_some()));
        call.arg(last_event.unwrap_or_default()).arg(milliseconds(window.max(LEASE))).arg(id);
        let (is_known, has_writer, is_over, events): (u8, u8, u8, Vec<Vec<u8>>) = self.run(&call).await?;
        Ok(Page { is_known: is_known == 1, has_writer: has_writer == 1, is_over: is_over == 1, events })
    }

    /// Returns what is known of an answer.
    ///
    /// # Errors
    /// [`Away`].
    pub(crate) async fn find_answer(&self, id: &str) -> Result<Option<Found>, Away> {
        let mut call = FIND.prepare_invoke();
        call.key(self.key("answer", id)).key(self.key("events", id));
        let known: Vec<String> = self.run(&call).await?;
        let Ok([owner, epoch, connection, end, has_events]) = <[String; 5]>::try_from(known) else {
            return Ok(None);
        };
        let epoch = epoch.parse().unwrap_or_default();
        Ok(Some(Found { owner, epoch, connection, is_over: !end.is_empty(), has_events: has_events == "1" }))
    }

    /// Asks an answer's writer to stop; while the Redis is away nobody hears it.
    pub(crate) async fn stop_answer(&self, id: &str) {
        let mut call = STOP.prepare_invoke();
        call.key(self.key("stop", id)).arg(milliseconds(REMEMBERED));
        _ = self.run::<String>(&call).await;
    }

    fn name_keys(&self, call: &mut ScriptInvocation<'_>, label: &Label, kinds: &[&str]) {
        for kind in kinds {
            call.key(self.key(kind, &label.id));
        }
        if let Some(message) = &label.message {
            call.key(self.key("message", message));
        }
    }
}

fn milliseconds(length: Duration) -> u64 {
    u64::try_from(length.as_millis()).unwrap_or(u64::MAX)
}
