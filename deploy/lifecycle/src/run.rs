//! The life of a process: settings, logs, start, signals, drain, exit code.

use std::io;
use std::process::ExitCode;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::Instant;

use crate::settings::{Mistakes, Reader};
use crate::{Collector, LogFormat, Shutdown};

/// Signals within this time of the first one are its echo.
const ECHO: Duration = Duration::from_millis(500);

/// Why a process could not start or go on.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// What every process reads.
#[derive(Clone, Copy, Debug)]
struct Life {
    log_format: LogFormat,
    /// Time that open work gets once shutdown begins: `DRAIN_SECONDS`, default 30.
    drain: Duration,
    /// Time between not ready and shutdown, in which balancers look elsewhere: `LINGER_SECONDS`, default 0.
    linger: Duration,
}

/// Runs a service whose settings all start with `prefix` from the environment; see [`run_with`].
pub fn run<S, R, F>(
    prefix: &str,
    read: impl FnOnce(&mut Reader) -> Option<S>,
    start: impl FnOnce(S, Shutdown) -> F,
) -> ExitCode
where
    F: Future<Output = Result<R, Failure>>,
{
    run_with(Reader::from_environment(), &[prefix], read, start)
}

/// Reads the settings, starts, serves until SIGTERM or SIGINT, drains and returns the exit code.
///
/// `read` returns nothing when it noted a mistake it cannot go on from. What `start` returns is kept until the end. A
/// second signal leaves at once. Exit codes: 0 drained, 1 failed, 2 wrong settings.
pub fn run_with<S, R, F>(
    mut reader: Reader,
    prefixes: &[&str],
    read: impl FnOnce(&mut Reader) -> Option<S>,
    start: impl FnOnce(S, Shutdown) -> F,
) -> ExitCode
where
    F: Future<Output = Result<R, Failure>>,
{
    let life = Life {
        log_format: reader.parsed("LOG_FORMAT", "json", "json or pretty").unwrap_or(LogFormat::Json),
        drain: reader.seconds("DRAIN_SECONDS", Duration::from_secs(30), 0.0..=3600.0),
        linger: reader.seconds("LINGER_SECONDS", Duration::ZERO, 0.0..=300.0),
    };
    let collector = read_collector(&mut reader);
    if reader.flag("PROFILES", false) {
        telemetry::allow_profiles();
    }
    let level = reader.text("LOG_LEVEL", "info");
    telemetry::start_logs(life.log_format, &level);
    let settings = read(&mut reader);
    let settings = match (reader.finish(prefixes), settings) {
        (Ok(resolved), Some(settings)) => {
            // A person who starts it by hand knows them; a collector of logs wants them kept.
            if life.log_format == LogFormat::Json {
                tracing::info!(settings = ?resolved, "settings in force");
            }
            settings
        }
        (Ok(_), None) => return refuse(&Mistakes(vec!["a required setting is missing".to_owned()])),
        (Err(mistakes), _) => return refuse(&mistakes),
    };
    let begun = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let lived = begun.map_err(Failure::from).and_then(|runtime| {
        let lived = runtime.block_on(async {
            collector.as_ref().map_or(Ok(()), telemetry::start_spans)?;
            live(settings, start, life).await
        });
        telemetry::flush_spans();
        // Whatever still runs has had its time.
        runtime.shutdown_background();
        lived
    });
    lived.unwrap_or_else(|error| {
        tracing::error!(error = chain(&*error), "cannot start");
        ExitCode::FAILURE
    })
}

/// Reads where spans go: `OTLP_ENDPOINT` or `OTEL_EXPORTER_OTLP_ENDPOINT` (default nowhere), `OTLP_SHARE` (which part of the
/// traces that begin here; default 1) and `OTEL_SERVICE_NAME` (default the program's name).
fn read_collector(reader: &mut Reader) -> Option<Collector> {
    let standard = reader.optional_text("OTEL_EXPORTER_OTLP_ENDPOINT");
    let endpoint = reader.optional_text("OTLP_ENDPOINT").or(standard);
    let share = reader.number("OTLP_SHARE", 1.0, 0.0..=1.0);
    let program = std::env::args().next().unwrap_or_default();
    let service = reader.text("OTEL_SERVICE_NAME", program.rsplit('/').next().unwrap_or_default());
    endpoint.map(|endpoint| Collector { endpoint, share, service })
}

/// Returns an error with everything that led to it.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

#[expect(clippy::print_stderr, reason = "a wrong setting must be seen even where nobody collects the logs")]
fn refuse(mistakes: &Mistakes) -> ExitCode {
    eprintln!("{mistakes}");
    ExitCode::from(2)
}

async fn live<S, R, F>(
    settings: S,
    start: impl FnOnce(S, Shutdown) -> F,
    life: Life,
) -> Result<ExitCode, Failure>
where
    F: Future<Output = Result<R, Failure>>,
{
    let mut signals = Signals::listen()?;
    let shutdown = Shutdown::new();
    let _running = tokio::select! {
        started = start(settings, shutdown.clone()) => started?,
        () = signals.next() => return Ok(ExitCode::SUCCESS),
    };
    tokio::select! {
        () = signals.next() => {}
        () = shutdown.token().cancelled() => {}
    }
    let drained = tokio::select! {
        drained = leave(&shutdown, life) => drained,
        () = signals.second() => {
            tracing::warn!("second signal: leaving at once");
            return Ok(ExitCode::FAILURE);
        }
    };
    if !drained {
        tracing::warn!(tasks = shutdown.task_count(), "drain time is over; leaving work behind");
    }
    Ok(if shutdown.has_failed() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

async fn leave(shutdown: &Shutdown, life: Life) -> bool {
    tracing::info!(tasks = shutdown.task_count(), "shutting down");
    shutdown.leave();
    if !shutdown.is_shutting_down() {
        tokio::time::sleep(life.linger).await;
    }
    shutdown.begin();
    shutdown.drained(life.drain).await
}

struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn listen() -> io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }

    /// Waits for another signal. Supervisors that signal a whole process group deliver the first one twice.
    async fn second(&mut self) {
        let first = Instant::now();
        while first.elapsed() <= ECHO {
            self.next().await;
        }
    }
}
