//! The parent's side: it starts a child for a document, feeds it, waits for it and says what became of it.

use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use formats::{Contents, Limits};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStderr, ChildStdout, Command};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::{Answer, BECOME, Found, READ, Request, Task};
use crate::extract::Unreadable;

/// An answer repeats the text with marks around it, escapes included; a longer one is none of ours.
const ANSWER_PER_TEXT: u64 = 8;
/// Last words of a child that are looked at.
const LAST_WORDS_BYTES: usize = 4096;
const KILLED: i32 = 9;
const CPU_TIME_OVER: i32 = 24;

/// What a child may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// What the readers keep to by themselves.
    pub limits: Limits,
    /// Most address space, enforced by the system: 64 MiB to 4 GiB.
    pub memory_bytes: u64,
    /// Longest time, on the clock and on the processor: 1 second to 10 minutes.
    pub time: Duration,
    /// Children that run at once; others wait, and their time begins after that.
    pub children: usize,
}

/// Reads documents in children.
#[derive(Clone, Debug)]
pub struct Confined {
    program: PathBuf,
    allowance: Allowance,
    turns: Arc<Semaphore>,
}

/// Another program to be run with limits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Program<'a> {
    pub(crate) path: &'a Path,
    pub(crate) arguments: &'a [&'a str],
    pub(crate) environment: &'a [(&'a str, &'a str)],
    pub(crate) memory_bytes: u64,
    pub(crate) time: Duration,
}

/// What a child is held to.
#[derive(Clone, Copy, Debug)]
struct Bounds {
    answer_bytes: u64,
    memory_bytes: u64,
    time: Duration,
}

/// What a child said and how it ended.
struct Talk {
    answer: Vec<u8>,
    last_words: Vec<u8>,
    ended: ExitStatus,
}

impl Confined {
    /// `program` is one whose `main` calls [`super::run_child`] where [`super::is_child`] says so.
    pub fn new(program: PathBuf, allowance: Allowance) -> Self {
        Self { program, allowance, turns: Arc::new(Semaphore::new(allowance.children)) }
    }

    /// Reads a document. Dropping the future ends the child.
    ///
    /// # Errors
    /// Why the document cannot be read; [`Unreadable::ReaderFailed`] where no child can be started.
    pub async fn read(&self, task: Task, bytes: &[u8]) -> Result<Contents, Unreadable> {
        let answer_bytes = self.allowance.limits.text_bytes.saturating_mul(ANSWER_PER_TEXT);
        let answer = self.ask(task, None, bytes, answer_bytes).await?;
        let answer: Answer = serde_json::from_slice(&answer).map_err(|_| Unreadable::ReaderFailed)?;
        Ok(answer?)
    }

    /// Returns the picture that a page of a PDF shows, as a PNG or JPEG file. Pages count from 1.
    ///
    /// # Errors
    /// As [`Confined::read`].
    pub async fn picture(&self, bytes: &[u8], page: u32) -> Result<Vec<u8>, Unreadable> {
        let answer_bytes = self.allowance.limits.unpacked_bytes;
        let mut answer = self.ask(Task::Pdf, Some(page), bytes, answer_bytes).await?;
        let line = answer.iter().position(|byte| *byte == b'\n').ok_or(Unreadable::ReaderFailed)?;
        let file = answer.split_off(line.saturating_add(1));
        let found: Found = serde_json::from_slice(&answer).map_err(|_| Unreadable::ReaderFailed)?;
        found?;
        Ok(file)
    }

    async fn ask(
        &self,
        task: Task,
        picture_of: Option<u32>,
        bytes: &[u8],
        answer_bytes: u64,
    ) -> Result<Vec<u8>, Unreadable> {
        let Allowance { limits, memory_bytes, time, .. } = self.allowance;
        let request = Request { task, picture_of, limits, memory_bytes, cpu_seconds: time.as_secs().max(1) };
        let mut line = serde_json::to_vec(&request).map_err(|_| Unreadable::ReaderFailed)?;
        line.push(b'\n');
        let mut command = self.command(READ);
        command.env_clear();
        self.converse(command, &[&line, bytes], Bounds { answer_bytes, memory_bytes, time }).await
    }

    /// Runs another program with limits and returns what it prints. Dropping the future ends it.
    ///
    /// # Errors
    /// As [`Confined::read`].
    pub(crate) async fn run(&self, program: Program<'_>, input: &[u8]) -> Result<Vec<u8>, Unreadable> {
        let Program { path, arguments, environment, memory_bytes, time } = program;
        let mut command = self.command(BECOME);
        command.arg(memory_bytes.to_string()).arg(time.as_secs().max(1).to_string());
        command.arg(path).args(arguments).envs(environment.iter().copied());
        let bounds = Bounds { answer_bytes: self.allowance.limits.text_bytes, memory_bytes, time };
        self.converse(command, &[input], bounds).await
    }

    fn command(&self, argument: &str) -> Command {
        let mut command = Command::new(&self.program);
        command.arg(argument).current_dir("/").kill_on_drop(true);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Starts a child, feeds it, and returns what it printed once it ended well.
    async fn converse(
        &self,
        mut command: Command,
        input: &[&[u8]],
        bounds: Bounds,
    ) -> Result<Vec<u8>, Unreadable> {
        let _turn = self.turns.acquire().await.map_err(|_| Unreadable::ReaderFailed)?;
        let child = command.spawn().map_err(|error| {
            tracing::error!(program = ?command.as_std().get_program(), %error, "no reader can be started");
            Unreadable::ReaderFailed
        })?;
        let talk = timeout(bounds.time, talk(child, input, bounds.answer_bytes)).await;
        let Ok(talk) = talk else { return Err(bounds.too_slow()) };
        let Talk { ended, answer, last_words } = talk.map_err(|_| Unreadable::ReaderFailed)?;
        if ended.success() { Ok(answer) } else { Err(bounds.cause(ended, &last_words)) }
    }
}

async fn talk(mut child: Child, input: &[&[u8]], answer_bytes: u64) -> std::io::Result<Talk> {
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let feed = async move {
        let Some(mut stdin) = stdin else { return };
        for part in input {
            // A child that ends before it has read everything says why in another way.
            if stdin.write_all(part).await.is_err() {
                return;
            }
        }
    };
    let listen = async |pipe: Option<ChildStdout>| {
        let mut answer = Vec::new();
        let Some(pipe) = pipe else { return Ok(answer) };
        pipe.take(answer_bytes).read_to_end(&mut answer).await.map(|_| answer)
    };
    let overhear = async |pipe: Option<ChildStderr>| {
        let mut words = Vec::new();
        let Some(mut pipe) = pipe else { return words };
        let mut part = [0; 1024];
        // All is read, so that the child never waits, and the end is kept.
        while let Ok(read @ 1..) = pipe.read(&mut part).await {
            words.extend(part.iter().take(read));
            words.drain(..words.len().saturating_sub(LAST_WORDS_BYTES));
        }
        words
    };
    let ((), answer, last_words) = tokio::join!(feed, listen(stdout), overhear(stderr));
    Ok(Talk { answer: answer?, ended: child.wait().await?, last_words })
}

impl Bounds {
    /// Returns why a child ended without an answer.
    fn cause(self, ended: ExitStatus, last_words: &[u8]) -> Unreadable {
        let said = String::from_utf8_lossy(last_words);
        if said.contains("memory allocation") || said.contains("bad_alloc") {
            let mebibytes = self.memory_bytes / (1024 * 1024);
            return Unreadable::TooCostly { what: format!("{mebibytes} MiB of memory") };
        }
        match ended.signal() {
            Some(CPU_TIME_OVER | KILLED) => self.too_slow(),
            signal => {
                tracing::warn!(signal, code = ended.code(), "a reader failed on a document");
                Unreadable::ReaderFailed
            }
        }
    }

    fn too_slow(self) -> Unreadable {
        let seconds = self.time.as_secs();
        Unreadable::TooCostly { what: format!("{seconds} second{}", if seconds == 1 { "" } else { "s" }) }
    }
}
