//! Answers from scripted pieces, on a paused clock.

use std::time::Duration;

use super::{
    Arc, Error, Finish, FinishReason, ModelEvent, Piece, Pieces, Prices, Rendered, RetractReason, Stop,
    StreamExt, Terms, Usage, stream, write,
};
use crate::settings::ModelSettings;

fn terms() -> Terms {
    let mut reader = lifecycle::Reader::from_pairs([("GENERATOR_MAX_ANSWER_BYTES", "256")]);
    let settings = ModelSettings::read(&mut reader);
    let price = settings.prices.of("amazon.nova-lite-v1:0").expect("a price");
    Terms {
        limits: settings.limits,
        prices: Arc::<Prices>::new(settings.prices),
        price,
        max_output_tokens: 50,
    }
}

fn text(text: &str) -> Piece {
    Piece::Text(text.to_owned())
}

/// Pieces that come at once, and then an open stream that stays silent.
fn silent_after(pieces: Vec<Piece>) -> Pieces {
    stream::iter(pieces).map(Ok).chain(stream::pending()).boxed()
}

fn ending(pieces: Vec<Piece>) -> Pieces {
    stream::iter(pieces).map(Ok).boxed()
}

async fn events(pieces: Pieces) -> Vec<Result<ModelEvent, Error>> {
    let rendered = Rendered { system: String::new(), turns: Vec::new(), passages: 2, most_tokens: 1_000 };
    write(pieces, &rendered, terms()).collect().await
}

fn finish(events: &[Result<ModelEvent, Error>]) -> Finish {
    match events.last() {
        Some(Ok(ModelEvent::Finished(finish))) => *finish,
        other => unreachable!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn text_and_citations_stream_and_the_usage_is_priced() {
    let used = Piece::Used(Usage { input_tokens: 1_000, output_tokens: 100, ..Usage::default() });
    let pieces = vec![text("We open at nine"), text(" [2"), text("]."), Piece::Stopped(Stop::Complete), used];
    let events = events(silent_after(pieces)).await;
    let expected = [
        ModelEvent::Text("We open at nine".to_owned()),
        ModelEvent::Cite { passage: 1, quote: String::new() },
        ModelEvent::Text(".".to_owned()),
    ];
    let shown: Vec<&ModelEvent> = events.iter().flatten().take(3).collect();
    assert_eq!(shown, expected.iter().collect::<Vec<_>>());
    let finish = finish(&events);
    assert_eq!(
        (finish.reason, finish.input_tokens, finish.cost_microdollars),
        (FinishReason::Complete, 1_000, 84)
    );
}

#[tokio::test(start_paused = true)]
async fn missing_usage_is_estimated_from_above() {
    for pieces in [
        ending(vec![text("Nine."), Piece::Stopped(Stop::Length)]),
        silent_after(vec![text("Nine."), Piece::Stopped(Stop::Length)]),
    ] {
        let finish = finish(&events(pieces).await);
        assert_eq!(
            (finish.reason, finish.input_tokens, finish.output_tokens),
            (FinishReason::Length, 1_000, 5)
        );
        assert!(finish.cost_microdollars > 60);
    }
}

#[tokio::test(start_paused = true)]
async fn silence_ends_an_answer_at_each_stage() {
    let start = tokio::time::Instant::now();
    let late = events(silent_after(vec![])).await;
    assert!(
        matches!(late.as_slice(), [Err(Error::ModelTimedOut { waiting_for: "its first words", .. })]),
        "{late:?}"
    );
    assert_eq!(start.elapsed(), Duration::from_secs(7));
    let stalled = events(silent_after(vec![text("We")])).await;
    assert!(
        matches!(stalled.last(), Some(Err(Error::ModelTimedOut { waiting_for: "more words", .. }))),
        "{stalled:?}"
    );
    let drops = stream::unfold((), |()| async {
        tokio::time::sleep(Duration::from_secs(5)).await;
        Some((Ok(text("a")), ()))
    });
    let slow = events(drops.boxed()).await;
    let Some(Err(Error::ModelTimedOut { waiting_for, after })) = slow.last() else {
        unreachable!("{slow:?}")
    };
    assert_eq!((*waiting_for, *after), ("the end of its answer", Duration::from_secs(120)));
}

#[tokio::test(start_paused = true)]
async fn an_answer_without_an_end_is_cut_even_after_text() {
    for pieces in [vec![], vec![text("We are open.")]] {
        let events = events(ending(pieces)).await;
        assert!(matches!(events.last(), Some(Err(Error::ModelCut(_)))), "{events:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_guardrail_stops_is_withdrawn() {
    let late = events(ending(vec![text("We are"), text(" Sorry."), Piece::Stopped(Stop::Blocked)])).await;
    let retracts =
        late.iter().filter(|event| matches!(event, Ok(ModelEvent::Retract(RetractReason::Blocked))));
    assert_eq!(retracts.count(), 1, "{late:?}");
    assert_eq!(finish(&late).reason, FinishReason::Blocked);
    let early = events(ending(vec![Piece::Stopped(Stop::Blocked)])).await;
    assert!(matches!(early.as_slice(), [Ok(ModelEvent::Finished(_))]), "{early:?}");
}

#[tokio::test(start_paused = true)]
async fn no_answer_is_recognised_wherever_it_stands() {
    let end = Piece::Stopped(Stop::Complete);
    let first = events(ending(vec![text("[NO_"), text("ANSWER] I think so [1]."), end.clone()])).await;
    assert!(matches!(first.as_slice(), [Ok(ModelEvent::Finished(_))]), "{first:?}");
    assert_eq!(finish(&first).reason, FinishReason::NoEvidence);
    let later = events(ending(vec![text("I do not know. [NO_ANSWER]"), end.clone()])).await;
    assert!(later.iter().any(|event| matches!(event, Ok(ModelEvent::Retract(RetractReason::NoEvidence)))));
    assert_eq!(finish(&later).reason, FinishReason::NoEvidence);
    let partly = events(ending(vec![text("We open at nine [1]. Else: [NO_ANSWER]"), end])).await;
    assert_eq!(finish(&partly).reason, FinishReason::Complete);
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_bounded_and_an_empty_one_is_none() {
    let endless = stream::repeat_with(|| Ok(text("word ")));
    let events_of_endless = events(endless.boxed()).await;
    assert!(matches!(events_of_endless.last(), Some(Err(Error::AnswerTooLarge { limit: 256 }))));
    let empty = events(ending(vec![text(""), Piece::Stopped(Stop::Complete)])).await;
    assert!(matches!(empty.as_slice(), [Err(Error::ModelUnavailable(_))]), "{empty:?}");
}
