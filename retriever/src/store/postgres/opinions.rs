//! Opinions about answers: stored, and read back. They belong to no collection.

use deadpool_postgres::ClientWrapper;

use super::write::now_ms;
use crate::error::Error;
use crate::model::{Feedback, Reason};
use crate::store::MOST_OPINIONS;

pub(super) async fn record(client: &ClientWrapper, feedback: &Feedback) -> Result<(), Error> {
    let sql = "INSERT INTO chatbot.feedback (answer_id, positive, comment, given_ms, stored_ms, reason) \
               VALUES ($1, $2, $3, $4, $5, $6)";
    let Feedback { answer_id, positive, comment, given_ms, reason } = feedback;
    let statement = client.prepare_cached(sql).await?;
    let reason = reason.map(Reason::name);
    client.execute(&statement, &[answer_id, positive, comment, given_ms, &now_ms(), &reason]).await?;
    Ok(())
}

pub(super) async fn list(client: &ClientWrapper, answer_id: &str) -> Result<Vec<Feedback>, Error> {
    let sql = "SELECT answer_id, positive, comment, given_ms, reason FROM chatbot.feedback WHERE answer_id = $1 \
               ORDER BY id LIMIT $2";
    let statement = client.prepare_cached(sql).await?;
    let rows = client.query(&statement, &[&answer_id, &MOST_OPINIONS]).await?;
    let opinion = |row: &tokio_postgres::Row| {
        Ok(Feedback {
            answer_id: row.try_get(0)?,
            positive: row.try_get(1)?,
            comment: row.try_get(2)?,
            given_ms: row.try_get(3)?,
            reason: row.try_get::<_, Option<&str>>(4)?.and_then(Reason::from_name),
        })
    };
    rows.iter().map(opinion).collect()
}
