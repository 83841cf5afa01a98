//! Notices from the server: a task with a connection of its own that listens, and connects anew when it breaks.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{Either, select};
use lifecycle::Shutdown;
use tokio_postgres::AsyncMessage;

use super::backoff::Backoff;
use super::connection::Database;
use super::opener::Opener;
use crate::error::Error;

/// First and longest pause before connecting anew.
const PAUSES: (Duration, Duration) = (Duration::from_millis(50), Duration::from_millis(500));

/// What a listener hears.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// It listens from now on; what was said before went by unheard.
    Connected,
    /// Somebody committed a `NOTIFY` with this payload.
    Payload(String),
}

/// Calls `on` with each notice of the channel until shutdown. `channel` is an identifier in lower case.
pub fn listen(
    database: &Database,
    channel: &'static str,
    on: impl Fn(Notice) + Send + Sync + 'static,
    shutdown: &Shutdown,
) {
    let opener = Arc::clone(database.opener());
    let token = shutdown.token().clone();
    shutdown.spawn("notices", async move {
        tokio::select! {
            () = token.cancelled() => {}
            () = listen_on(&opener, channel, on) => {}
        }
    });
}

async fn listen_on(opener: &Opener, channel: &'static str, on: impl Fn(Notice) + Send + Sync) {
    let mut backoff = Backoff::new(PAUSES.0, PAUSES.1);
    loop {
        let broken = hear_until_broken(opener, channel, &on, &mut backoff).await;
        if let Err(error) = broken {
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            tracing::warn!(channel, %error, cause, "notices are not heard");
        }
        tokio::time::sleep(backoff.pause()).await;
    }
}

async fn hear_until_broken(
    opener: &Opener,
    channel: &str,
    on: impl Fn(Notice),
    backoff: &mut Backoff,
) -> Result<(), Error> {
    let connect = |config: tokio_postgres::Config| async move { config.connect(opener.tls()).await };
    let (client, mut connection) = opener.log_in(connect).await?;
    let listen = format!("LISTEN {channel}");
    let mut ready = pin!(client.batch_execute(&listen));
    let mut is_ready = false;
    loop {
        let message = poll_fn(|context| connection.poll_message(context));
        let message = if is_ready {
            message.await
        } else {
            match select(ready.as_mut(), pin!(message)).await {
                Either::Left((outcome, _)) => {
                    outcome?;
                    is_ready = true;
                    backoff.reset();
                    on(Notice::Connected);
                    continue;
                }
                Either::Right((message, _)) => message,
            }
        };
        match message {
            Some(Ok(AsyncMessage::Notification(notice))) => on(Notice::Payload(notice.payload().to_owned())),
            Some(Ok(_)) => {}
            Some(Err(error)) => return Err(error.into()),
            None => return Ok(()),
        }
    }
}
