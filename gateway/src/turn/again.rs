//! A turn whose answer is there already, or in the making for somebody else.

use proto::ErrorCode;
use proto::v1::chat_event::Event;
use proto::v1::{AnswerSource, Delta, FinishReason, Finished, Notice, Retract, Usage};

use super::{Draft, Turn};
use crate::answer::Reader;
use crate::cache::{Found, Kept, KeptParts, Place};
use crate::refusal::Refusal;

/// What a reader is told when the knowledge cannot be asked whether an answer still holds.
const STALE: &str =
    "Our documents cannot be searched right now; this is an earlier answer to the same question.";
/// Why an answer begins anew.
const REPLACED: &str = "The answer so far is replaced, because its writing broke off.";

impl Turn {
    /// Writes the answer: an earlier one to the same question, one in the making that somebody else asked for, or a new one.
    pub(super) async fn write(&self, draft: &mut Draft) -> Result<Finished, Refusal> {
        draft.place = self.cache.place(&self.question, &self.collections);
        while let Some(place) = draft.place.clone() {
            let found = self.cache.find(&place, &self.answer);
            if !matches!(found, Found::Nothing(_)) && !Box::pin(self.is_newest(&place)).await {
                draft.place = None;
                break;
            }
            match found {
                Found::Kept(kept) => return self.give_again(&kept, draft, "hit"),
                Found::Nothing(flight) => {
                    self.metrics.looked_up("miss");
                    draft.flight = Some(flight);
                    break;
                }
                Found::Flying(reader) => {
                    self.metrics.looked_up("shared");
                    if let Some(finished) = Box::pin(self.follow(reader, draft)).await? {
                        return Ok(finished);
                    }
                    self.take_back(draft)?;
                }
            }
        }
        match self.write_anew(draft).await {
            Err(refusal) if !draft.started && is_out_of_reach(&refusal) => self.give_stale(draft, refusal),
            done => done,
        }
    }

    /// Whether no change was committed of which the gateway has not heard yet: whoever was told that a document is in gets no answer
    /// without it.
    async fn is_newest(&self, place: &Place) -> bool {
        self.services.newest_generation().await.is_ok_and(|newest| newest == place.generation())
    }

    /// Gives an earlier answer again, at once and for nothing.
    pub(super) fn give_again(
        &self,
        kept: &Kept,
        draft: &mut Draft,
        result: &'static str,
    ) -> Result<Finished, Refusal> {
        self.metrics.looked_up(result);
        draft.generation = kept.generation;
        draft.is_marked = true;
        self.begin(draft)?;
        for citation in &kept.citations {
            draft.citations.push(citation.clone());
            self.append(&Event::Citation(citation.clone()))?;
        }
        draft.text.clone_from(&kept.text);
        self.metrics.first_token(self.admitted.elapsed());
        self.append(&Event::Delta(Delta { text: kept.text.clone() }))?;
        Ok(Finished {
            finish_reason: FinishReason::Complete.into(),
            usage: Some(Usage::default()),
            source: AnswerSource::Cache.into(),
            model: kept.model.clone(),
            follow_ups: kept.follow_ups.clone(),
        })
    }

    /// Gives an earlier answer again while nobody can say whether the knowledge has changed; else the refusal stands.
    fn give_stale(&self, draft: &mut Draft, refusal: Refusal) -> Result<Finished, Refusal> {
        let Some(kept) = self.cache.stale(&self.question, &self.collections) else { return Err(refusal) };
        draft.generation = kept.generation;
        self.begin(draft)?;
        self.append(&Event::Notice(Notice { kind: "degraded".to_owned(), text: STALE.to_owned() }))?;
        self.give_again(&kept, draft, "stale")
    }

    /// Shows another visitor's answer as it is written. Returns nothing when that visitor has stopped it.
    async fn follow(&self, mut reader: Reader, draft: &mut Draft) -> Result<Option<Finished>, Refusal> {
        // Whoever asked first pays, and is the one whose answer is kept.
        draft.is_marked = true;
        while let Some(event) = reader.next().await {
            match event.event {
                Some(Event::Started(started)) => {
                    draft.generation = started.generation;
                    self.begin(draft)?;
                }
                Some(Event::Ended(ended)) if ended.finish_reason() == FinishReason::Stopped => break,
                Some(Event::Ended(ended)) => {
                    return Ok(Some(Finished {
                        finish_reason: ended.finish_reason,
                        usage: Some(Usage::default()),
                        source: ended.source,
                        model: ended.model,
                        follow_ups: ended.follow_ups,
                    }));
                }
                Some(Event::Failed(failed)) => {
                    let refusal = Refusal::of(&failed);
                    if is_of_the_other(refusal.code()) {
                        break;
                    }
                    return Err(refusal);
                }
                Some(event) => self.pass_on(&event, draft)?,
                None => {}
            }
        }
        Ok(None)
    }

    fn pass_on(&self, event: &Event, draft: &mut Draft) -> Result<(), Refusal> {
        match event {
            Event::Delta(delta) => {
                if !draft.shown {
                    self.metrics.first_token(self.admitted.elapsed());
                }
                draft.text.push_str(&delta.text);
            }
            Event::Citation(citation) => {
                draft.citations.retain(|earlier| earlier.number != citation.number);
                draft.citations.push(citation.clone());
            }
            Event::Retract(retract) => draft.retract(retract)?,
            _ => {}
        }
        draft.shown = true;
        self.append(event)
    }

    /// Withdraws what was shown of an answer that nobody writes on.
    fn take_back(&self, draft: &mut Draft) -> Result<(), Refusal> {
        draft.is_marked = false;
        if !std::mem::take(&mut draft.shown) {
            return Ok(());
        }
        draft.text.clear();
        draft.citations.clear();
        draft.retracted = true;
        self.append(&Event::Retract(Retract { from_byte: 0, reason: REPLACED.to_owned() }))
    }

    /// Keeps a finished answer, to be given again.
    pub(super) fn keep(&self, draft: &Draft, finished: &Finished) {
        let Some(place) = draft.place.as_ref().filter(|_| !draft.is_marked) else { return };
        let parts = KeptParts {
            text: draft.text.clone(),
            citations: draft.citations.clone(),
            vector: draft.vector.clone(),
            generation: draft.generation,
        };
        self.cache.keep(place, parts, finished);
    }
}

/// Whether an answer failed for its own asker only: that one's deadline, patience and key say nothing about another's.
fn is_of_the_other(code: ErrorCode) -> bool {
    matches!(code, ErrorCode::Cancelled | ErrorCode::DeadlineExceeded | ErrorCode::Unauthenticated)
}

/// Whether nobody could be asked, rather than that somebody said no.
fn is_out_of_reach(refusal: &Refusal) -> bool {
    matches!(refusal.code(), ErrorCode::Unavailable | ErrorCode::DeadlineExceeded)
}
