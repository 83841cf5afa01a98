//! The child: it reads one document from its input and writes what it holds to its output.

use std::ffi::OsString;
use std::io::{self, BufRead, Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

use super::{Answer, BECOME, Found, Request, Task, fence};

/// Does what the arguments of this process ask for, see [`super::is_child`], and returns its exit code. The parent learns
/// everything else from the output.
pub fn run() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next().is_some_and(|argument| argument == BECOME) {
        return become_another(arguments);
    }
    // What a parser says when it panics is of no use to anybody who reads the log.
    std::panic::set_hook(Box::new(|_| {}));
    match answer() {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn answer() -> io::Result<()> {
    let mut input = io::stdin().lock();
    let mut line = String::new();
    input.read_line(&mut line)?;
    let request: Request = serde_json::from_str(&line)?;
    let mut bytes = Vec::new();
    input.read_to_end(&mut bytes)?;
    fence::close(request.memory_bytes, request.cpu_seconds)?;
    let mut output = io::BufWriter::new(io::stdout().lock());
    match request.picture_of {
        None => serde_json::to_writer(&mut output, &read(&request, &bytes))?,
        Some(page) => write_picture(&mut output, pdf::picture(&bytes, page, &request.limits))?,
    }
    output.flush()
}

fn write_picture(output: &mut impl Write, picture: Result<pdf::Picture, formats::Failure>) -> io::Result<()> {
    let (found, file): (Found, _) = match picture {
        Ok(picture) => (Ok(()), picture.bytes),
        Err(failure) => (Err(failure), Vec::new()),
    };
    serde_json::to_writer(&mut *output, &found)?;
    output.write_all(b"\n")?;
    output.write_all(&file)
}

/// Becomes the program that the arguments name after the limits on memory (bytes) and processor time (seconds).
fn become_another(mut arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let mut number = || arguments.next()?.to_str()?.parse::<u64>().ok();
    let limits = number().zip(number());
    let (Some((memory_bytes, cpu_seconds)), Some(program)) = (limits, arguments.next()) else {
        return ExitCode::FAILURE;
    };
    if fence::limit(memory_bytes, cpu_seconds).is_ok() {
        // It returns only where it failed.
        _ = Command::new(program).args(arguments).exec();
    }
    ExitCode::FAILURE
}

fn read(request: &Request, bytes: &[u8]) -> Answer {
    match request.task {
        Task::Pdf => pdf::read(bytes, &request.limits),
        Task::Packed(format) => formats::read(format, bytes, &request.limits),
    }
}
