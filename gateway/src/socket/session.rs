//! One chat over a WebSocket: what each frame leads to, and when the connection ends.

use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;

use lifecycle::TraceContext;
use proto::ErrorCode;
use tokio::time::{Instant, sleep_until};
use tokio_tungstenite::tungstenite::Utf8Bytes;
use ulid::Ulid;

use super::wire::{Gone, Received, Wire};
use crate::admission::Caller;
use crate::answer::{Logged, Reader};
use crate::chat::{Opinion, Origin};
use crate::frame::{self, Action, Resume, SendMessage};
use crate::http::Edge;
use crate::question::Asked;
use crate::refusal::Refusal;
use crate::registry::Resumed;

/// Frames in a row that make no sense before the connection is closed.
const MAX_BAD_FRAMES: u32 = 10;
const GOING_AWAY: u16 = 1001;

type Pending = Pin<Box<dyn Future<Output = Result<(), Refusal>> + Send>>;

/// How a session ends.
enum Leave {
    Close(u16, &'static str),
    Finish,
    Drop,
}

impl From<Gone> for Leave {
    fn from(_: Gone) -> Self {
        Self::Drop
    }
}

pub(super) struct Session {
    edge: Arc<Edge>,
    wire: Wire,
    connection_id: String,
    caller: Option<Caller>,
    address: IpAddr,
    reader: Option<Reader>,
    opinion: Option<Pending>,
    bad_frames: u32,
    opened: Instant,
    heard: Instant,
    pinged: Instant,
    close_at: Option<Instant>,
}

impl Session {
    pub(super) fn new(edge: Arc<Edge>, wire: Wire, (caller, address): (Option<Caller>, IpAddr)) -> Self {
        let now = Instant::now();
        Self {
            edge,
            wire,
            connection_id: Ulid::new().to_string(),
            caller,
            address,
            reader: None,
            opinion: None,
            bad_frames: 0,
            opened: now,
            heard: now,
            pinged: now,
            close_at: None,
        }
    }

    pub(super) async fn run(mut self) {
        let leave = loop {
            if let Err(leave) = self.step().await {
                break leave;
            }
        };
        // From here on nobody reads the answer, whatever time the goodbye takes.
        drop(self.reader.take());
        match leave {
            Leave::Close(code, reason) => self.wire.close(code, reason).await,
            Leave::Finish => self.wire.finish().await,
            Leave::Drop => {}
        }
    }

    async fn step(&mut self) -> Result<(), Leave> {
        let bounds = self.edge.settings.connections;
        let leaving = self.edge.shutdown.token().clone();
        let close_at = self.close_at.filter(|_| self.reader.is_none());
        tokio::select! {
            received = self.wire.receive() => self.received(received).await,
            event = next_event(&mut self.reader) => self.forward(event).await,
            done = finished(&mut self.opinion) => self.opined(done).await,
            () = sleep_until(self.pinged + bounds.ping) => {
                self.pinged = Instant::now();
                Ok(self.wire.ping().await?)
            }
            () = sleep_until(self.heard + bounds.idle) => Err(Leave::Close(GOING_AWAY, "nothing was heard for too long")),
            () = sleep_until(self.opened + bounds.auth), if self.caller.is_none() => {
                Err(Leave::Close(ErrorCode::Unauthenticated.close(), "no key was named in time"))
            }
            () = leaving.cancelled(), if self.close_at.is_none() => self.drain().await,
            () = sleep_until(close_at.unwrap_or(self.opened)), if close_at.is_some() => {
                self.wire.send(frame::draining()).await?;
                Err(Leave::Close(ErrorCode::ShuttingDown.close(), "the service is moving"))
            }
        }
    }

    /// A running answer is finished first; its reader is told at once that the connection then ends.
    async fn drain(&mut self) -> Result<(), Leave> {
        self.close_at = Some(Instant::now() + self.edge.sockets.close_delay());
        if self.reader.is_some() {
            self.wire.send(frame::draining()).await?;
        }
        Ok(())
    }

    async fn forward(&mut self, event: Option<Arc<Logged>>) -> Result<(), Leave> {
        let Some((logged, reader)) = event.as_ref().zip(self.reader.as_ref()) else {
            self.reader = None;
            return Ok(());
        };
        let frame = logged.frame(|event| frame::event_frame(event, reader.answer().connection_id()));
        if logged.is_last() {
            // The client may ask again as soon as it has read the frame.
            self.reader = None;
        }
        Ok(self.wire.send(frame).await?)
    }

    async fn received(&mut self, received: Received) -> Result<(), Leave> {
        self.heard = Instant::now();
        match received {
            Received::Text(text) => self.text(&text).await,
            Received::Binary(_) => {
                let refusal = Refusal::new(
                    ErrorCode::UnsupportedMedia,
                    "frames are JSON text; binary ones are not taken",
                );
                self.tell(&refusal).await?;
                Err(Leave::Close(refusal.code().close(), "binary frames are not taken"))
            }
            Received::Sign => Ok(()),
            Received::Closing => Err(Leave::Finish),
            Received::Broken(code) => Err(Leave::Close(code, broken_reason(code))),
            Received::Lost => Err(Leave::Drop),
        }
    }

    async fn text(&mut self, text: &Utf8Bytes) -> Result<(), Leave> {
        let acted = match frame::read::<Action>(text.as_bytes()) {
            Ok(action) => self.act(action).await?,
            Err(refusal) => Err(refusal),
        };
        let Err(refusal) = acted else {
            self.bad_frames = 0;
            return Ok(());
        };
        self.tell(&refusal).await?;
        let code = refusal.code();
        if matches!(code, ErrorCode::InvalidArgument | ErrorCode::Unauthenticated) {
            self.bad_frames += 1;
        }
        if self.bad_frames >= MAX_BAD_FRAMES {
            return Err(Leave::Close(
                ErrorCode::InvalidArgument.close(),
                "too many frames in a row made no sense",
            ));
        }
        Ok(())
    }

    async fn tell(&mut self, refusal: &Refusal) -> Result<(), Gone> {
        self.edge.chat.metrics().refused(refusal.code());
        self.wire.send(frame::refusal_frame(refusal)).await
    }

    async fn act(&mut self, action: Action) -> Result<Result<(), Refusal>, Leave> {
        if let Action::Heartbeat(_) = action {
            self.wire.send(frame::heartbeat()).await?;
            return Ok(Ok(()));
        }
        if let Action::Authenticate(named) = action {
            return self.authenticate(&named.api_key).await;
        }
        let Some(caller) = self.caller.clone() else {
            let message = "name a key first, with `authenticate`";
            return Ok(Err(Refusal::new(ErrorCode::Unauthenticated, message)));
        };
        Ok(match action {
            Action::SendMessage(message) => self.ask(&caller, message),
            Action::Stop(stop) => self.edge.chat.stop(&caller, &stop.answer_id).map(|_| ()),
            Action::Resume(place) => return self.resume(&caller, &place).await,
            Action::Feedback(feedback) => self.opine(caller, feedback.into()),
            Action::Heartbeat(_) | Action::Authenticate(_) => Ok(()),
        })
    }

    async fn authenticate(&mut self, key: &str) -> Result<Result<(), Refusal>, Leave> {
        match self.edge.chat.admission().admit(Some(key), Some(self.address), "") {
            Ok(caller) => {
                self.caller = Some(caller);
                self.wire.send(frame::authenticated()).await?;
                Ok(Ok(()))
            }
            Err(refusal) => {
                self.tell(&refusal).await?;
                Err(Leave::Close(refusal.code().close(), "the key is not known"))
            }
        }
    }

    fn ask(&mut self, caller: &Caller, message: SendMessage) -> Result<(), Refusal> {
        let question = Asked::from(message).check()?;
        if let Some(reader) = &self.reader {
            let running = self.edge.chat.is_answer_to(caller, reader.answer(), &question);
            return if running { Ok(()) } else { Err(busy()) };
        }
        let origin = Origin {
            connection_id: self.connection_id.clone(),
            trace: TraceContext::new(),
            deadline: None,
            resumable: true,
        };
        self.reader = Some(self.edge.chat.ask(caller, question, &origin)?);
        Ok(())
    }

    async fn resume(&mut self, caller: &Caller, place: &Resume) -> Result<Result<(), Refusal>, Leave> {
        if self.reader.as_ref().is_some_and(|reader| reader.answer().id() != place.answer_id) {
            return Ok(Err(busy()));
        }
        match self.edge.chat.resume(caller, &place.answer_id, (place.epoch, place.after_seq)) {
            Ok(Resumed::Reading(reader)) => {
                self.reader = Some(reader);
                Ok(Ok(()))
            }
            Ok(Resumed::Resync) => {
                self.wire.send(frame::resync(&place.answer_id)).await?;
                Ok(Ok(()))
            }
            Err(refusal) => Ok(Err(refusal)),
        }
    }

    /// Stores an opinion beside the running answer, one at a time.
    fn opine(&mut self, caller: Caller, opinion: Opinion) -> Result<(), Refusal> {
        if self.opinion.is_some() {
            return Err(Refusal::hidden(ErrorCode::Overloaded, "an opinion is being stored"));
        }
        let edge = Arc::clone(&self.edge);
        self.opinion =
            Some(Box::pin(async move { edge.chat.feedback(&caller, opinion, &TraceContext::new()).await }));
        Ok(())
    }

    async fn opined(&mut self, done: Result<(), Refusal>) -> Result<(), Leave> {
        self.opinion = None;
        match done {
            Ok(()) => Ok(()),
            Err(refusal) => Ok(self.tell(&refusal).await?),
        }
    }
}

fn busy() -> Refusal {
    Refusal::new(ErrorCode::Conflict, "an answer is being written; wait for its end or stop it first")
}

fn broken_reason(code: u16) -> &'static str {
    if code == ErrorCode::TooLarge.close() {
        "messages hold at most 65,536 bytes"
    } else if code == ErrorCode::InvalidUtf8.close() {
        "text frames are UTF-8"
    } else {
        "the WebSocket protocol was broken"
    }
}

async fn next_event(reader: &mut Option<Reader>) -> Option<Arc<Logged>> {
    match reader {
        Some(reader) => reader.next().await,
        None => std::future::pending().await,
    }
}

async fn finished(opinion: &mut Option<Pending>) -> Result<(), Refusal> {
    match opinion {
        Some(opinion) => opinion.await,
        None => std::future::pending().await,
    }
}
