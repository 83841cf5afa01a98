//! One chat over a WebSocket: what each frame leads to, and when the connection ends.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use lifecycle::TraceContext;
use proto::ErrorCode;
use proto::v1::ChatEvent;
use tokio::time::{Instant, sleep_until};
use tokio_tungstenite::tungstenite::Utf8Bytes;
use ulid::Ulid;

use super::wire::{GATHERED_BYTES, Gone, Received, Wire};
use crate::admission::{Caller, Whence};
use crate::answer::{Reader, is_last};
use crate::chat::{Opinion, Origin};
use crate::frame::{self, Action, HandoffBody, Resume, SendMessage};
use crate::handoff::{Handing, Receipt, Wish};
use crate::http::Edge;
use crate::question::Asked;
use crate::refusal::Refusal;
use crate::registry::Resumed;

/// Frames in a row that make no sense before the connection is closed.
const MAX_BAD_FRAMES: u32 = 10;
const GOING_AWAY: u16 = 1001;
const MINUTE: Duration = Duration::from_secs(60);

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
    whence: Whence,
    reader: Option<Reader>,
    opinion: Option<Pending>,
    handing: Option<Box<Handing>>,
    bad_frames: u32,
    /// Frames of the minute that began then.
    frames: (u32, Instant),
    opened: Instant,
    heard: Instant,
    pinged: Instant,
    close_at: Option<Instant>,
}

impl Session {
    pub(super) fn new(edge: Arc<Edge>, wire: Wire, (caller, whence): (Option<Caller>, Whence)) -> Self {
        let now = Instant::now();
        Self {
            edge,
            wire,
            connection_id: Ulid::new().to_string(),
            caller,
            whence,
            reader: None,
            opinion: None,
            handing: None,
            bad_frames: 0,
            frames: (0, now),
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
            Leave::Close(code, reason) => Box::pin(self.wire.close(code, reason)).await,
            Leave::Finish => Box::pin(self.wire.finish()).await,
            Leave::Drop => {}
        }
    }

    async fn step(&mut self) -> Result<(), Leave> {
        let bounds = self.edge.settings.connections;
        let leaving = self.edge.shutdown.token().clone();
        // Where answers are shared, the reader goes on with the next gateway while the answer is finished here.
        let moves_on = self.edge.chat.is_shared();
        // Whoever waits for a receipt gets it within seconds; elsewhere nobody knows what became of the handoff.
        let is_owed = self.handing.as_ref().is_some_and(|handing| !handing.is_told());
        let close_at = self.close_at.filter(|_| (self.reader.is_none() || moves_on) && !is_owed);
        tokio::select! {
            // What comes from the client is rare and its future large; what goes to it is neither.
            received = self.wire.receive() => Box::pin(self.received(received)).await,
            event = next_event(&mut self.reader) => self.forward(event).await,
            done = finished(&mut self.opinion) => Box::pin(self.opined(done)).await,
            receipt = next_receipt(&mut self.handing) => Box::pin(self.handed_over(receipt)).await,
            () = sleep_until(self.pinged + bounds.ping) => {
                self.pinged = Instant::now();
                Ok(self.wire.ping().await?)
            }
            () = sleep_until(self.heard + bounds.idle) => Err(Leave::Close(GOING_AWAY, "nothing was heard for too long")),
            () = sleep_until(self.opened + bounds.auth), if self.caller.is_none() => {
                Err(Leave::Close(ErrorCode::Unauthenticated.close(), "no key was named in time"))
            }
            () = gone(self.caller.as_ref()) => {
                Err(Leave::Close(ErrorCode::Unauthenticated.close(), "the key opens nothing any more"))
            }
            () = leaving.cancelled(), if self.close_at.is_none() => Box::pin(self.drain()).await,
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

    /// Sends an event, and with it those that are ready behind it: one write for as many words as came together.
    async fn forward(&mut self, event: Option<ChatEvent>) -> Result<(), Leave> {
        let Some(mut reader) = self.reader.take() else { return Ok(()) };
        let (mut next, mut is_over, mut gathered) = (event, true, 0);
        while let Some(event) = next {
            let frame = frame::event_frame(&event, reader.answer().connection_id());
            gathered += frame.len();
            is_over = is_last(&event);
            self.wire.feed(frame).await?;
            next = if gathered < GATHERED_BYTES { reader.ready() } else { None };
        }
        // The client may ask again as soon as it has read the last one.
        self.reader = (!is_over).then_some(reader);
        Ok(self.wire.flush().await?)
    }

    async fn received(&mut self, received: Received) -> Result<(), Leave> {
        self.heard = Instant::now();
        if self.is_flooded() {
            return Err(Leave::Close(ErrorCode::RateLimited.close(), "too many frames in a minute"));
        }
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

    /// Counts a frame. Questions have limits of their own; this one is for frames that cost nobody anything but time.
    fn is_flooded(&mut self) -> bool {
        if self.heard - self.frames.1 >= MINUTE {
            self.frames = (0, self.heard);
        }
        self.frames.0 += 1;
        self.frames.0 > self.edge.settings.connections.frames_per_minute
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
            return match named.credential() {
                Ok(credential) => self.authenticate(credential).await,
                Err(refusal) => Ok(Err(refusal)),
            };
        }
        let Some(caller) = self.caller.clone() else {
            let message = "name a key first, with `authenticate`";
            return Ok(Err(Refusal::new(ErrorCode::Unauthenticated, message)));
        };
        Ok(match action {
            Action::SendMessage(message) => self.ask(&caller, message).await,
            Action::Stop(stop) => self.edge.chat.stop(&caller, &stop.answer_id).await.map(|_| ()),
            Action::Resume(place) => return self.resume(&caller, &place).await,
            Action::Feedback(feedback) => self.opine(caller, feedback.into()),
            Action::Handoff(handoff) => Box::pin(self.hand_over(&caller, handoff)).await,
            Action::Heartbeat(_) | Action::Authenticate(_) => Ok(()),
        })
    }

    async fn authenticate(&mut self, credential: &str) -> Result<Result<(), Refusal>, Leave> {
        match self.edge.chat.admission().admit(Some(credential), &self.whence, "") {
            Ok(caller) => {
                self.caller = Some(caller);
                self.wire.send(frame::authenticated()).await?;
                Ok(Ok(()))
            }
            Err(refusal) => {
                self.tell(&refusal).await?;
                Err(Leave::Close(refusal.code().close(), "the key or token does not open this"))
            }
        }
    }

    async fn ask(&mut self, caller: &Caller, message: SendMessage) -> Result<(), Refusal> {
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
            is_keyed: false,
        };
        self.reader = Some(self.edge.chat.ask(caller, question, &origin).await?);
        Ok(())
    }

    async fn resume(&mut self, caller: &Caller, place: &Resume) -> Result<Result<(), Refusal>, Leave> {
        if self.reader.as_ref().is_some_and(|reader| reader.answer().id() != place.answer_id) {
            return Ok(Err(busy()));
        }
        match self.edge.chat.resume(caller, &place.answer_id, (place.epoch, place.after_seq)).await {
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

    /// Passes the conversation on, one at a time; where it is queued, its end is told as well.
    async fn hand_over(&mut self, caller: &Caller, handoff: HandoffBody) -> Result<(), Refusal> {
        if self.handing.as_ref().is_some_and(|handing| !handing.is_told()) {
            let message = "a conversation is being passed on; wait for its receipt";
            return Err(Refusal::new(ErrorCode::Conflict, message));
        }
        let conversation = Wish::from(handoff).check()?;
        self.handing = Some(Box::new(self.edge.desk.take(&self.edge.chat, caller, &conversation).await?));
        Ok(())
    }

    async fn handed_over(&mut self, receipt: Option<Receipt>) -> Result<(), Leave> {
        match receipt {
            Some(receipt) => Ok(self.wire.send(frame::receipt_frame(&receipt)).await?),
            None => {
                self.handing = None;
                Ok(())
            }
        }
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
        "the message is too large"
    } else if code == ErrorCode::InvalidUtf8.close() {
        "text frames are UTF-8"
    } else {
        "the WebSocket protocol was broken"
    }
}

/// Waits until the caller's key opens nothing any more.
async fn gone(caller: Option<&Caller>) {
    match caller {
        Some(caller) => caller.gone().cancelled().await,
        None => std::future::pending().await,
    }
}

async fn next_event(reader: &mut Option<Reader>) -> Option<ChatEvent> {
    match reader {
        Some(reader) => reader.next().await,
        None => std::future::pending().await,
    }
}

async fn next_receipt(handing: &mut Option<Box<Handing>>) -> Option<Receipt> {
    match handing {
        Some(handing) => handing.next().await,
        None => std::future::pending().await,
    }
}

async fn finished(opinion: &mut Option<Pending>) -> Result<(), Refusal> {
    match opinion {
        Some(opinion) => opinion.await,
        None => std::future::pending().await,
    }
}
