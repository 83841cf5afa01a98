//! Opinions about answers: stored, and read back.

use rusqlite::Connection;

use super::write::{Writing, now_ms};
use crate::error::Error;
use crate::model::{Feedback, Reason};
use crate::store::MOST_OPINIONS;

pub(super) fn record(writing: Writing<'_>, feedback: &Feedback) -> Result<(), Error> {
    let sql = "INSERT INTO feedback (answer_id, positive, comment, given_ms, stored_ms, reason) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    let Feedback { answer_id, positive, comment, given_ms, reason } = feedback;
    let row = (answer_id, positive, comment, given_ms, now_ms(), reason.map(Reason::name));
    writing.transaction.prepare_cached(sql)?.execute(row)?;
    writing.transaction.commit()?;
    Ok(())
}

pub(super) fn list(connection: &Connection, answer_id: &str) -> Result<Vec<Feedback>, Error> {
    let sql = "SELECT answer_id, positive, comment, given_ms, reason FROM feedback WHERE answer_id = ?1 ORDER BY id LIMIT ?2";
    let mut statement = connection.prepare_cached(sql)?;
    let opinions = statement.query_map((answer_id, MOST_OPINIONS), |row| {
        Ok(Feedback {
            answer_id: row.get(0)?,
            positive: row.get(1)?,
            comment: row.get(2)?,
            given_ms: row.get(3)?,
            reason: row.get::<_, Option<String>>(4)?.as_deref().and_then(Reason::from_name),
        })
    })?;
    Ok(opinions.collect::<Result<_, _>>()?)
}
