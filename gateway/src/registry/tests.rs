//! Messages that repeat, places, and what is remembered.

use std::sync::Arc;
use std::time::Duration;

use proto::ErrorCode;

use tokio::sync::OwnedSemaphorePermit;

use ulid::Ulid;

use super::{AnswerBounds, Begun, Entry, Owner, Refusal, Registry, Resumed};
use crate::answer::Answer;

fn registry(running: usize) -> Arc<Registry> {
    let (resume_window, key_window) = (Duration::from_secs(60), Duration::from_secs(3600));
    let bounds = AnswerBounds { running, log_bytes: 1000, resume_window, key_window };
    Arc::new(Registry::new(bounds))
}

fn entry<'a>(owner: &'a Owner, message_id: &'a str, print: u8) -> Entry<'a> {
    Entry { owner, message_id, fingerprint: [print; 32], connection_id: "c", kept: Duration::ZERO }
}

type Admitted = (Arc<Answer>, Option<OwnedSemaphorePermit>);

async fn admit(
    registry: &Arc<Registry>,
    owner: &Owner,
    message_id: &str,
    print: u8,
) -> Result<Admitted, Refusal> {
    let entry = entry(owner, message_id, print);
    Ok(match registry.begin(&entry).await? {
        Begun::New(claim) => {
            let place = registry.place()?;
            (registry.complete(claim, &entry, Ulid::new().to_string()), Some(place))
        }
        Begun::Known(answer) => (answer, None),
    })
}

#[tokio::test]
async fn a_repeated_message_leads_to_the_same_answer_and_is_not_new() {
    let registry = registry(8);
    let (a, b) = (Owner::for_tests("a"), Owner::for_tests("b"));
    let (first, place) = admit(&registry, &a, "m", 1).await.expect("new");
    assert!(place.is_some());
    let (again, place) = admit(&registry, &a, "m", 1).await.expect("known");
    assert!(place.is_none() && again.id() == first.id());
    let conflict = admit(&registry, &a, "m", 2).await.expect_err("another question");
    assert_eq!(conflict.code(), ErrorCode::Conflict);
    assert_ne!(admit(&registry, &b, "m", 1).await.expect("another visitor").0.id(), first.id());
    assert_ne!(admit(&registry, &a, "", 1).await.expect("no id").0.id(), first.id());
}

#[tokio::test]
async fn of_equal_messages_at_once_one_is_admitted_and_the_others_get_its_answer() {
    let registry = registry(8);
    let owner = Owner::for_tests("a");
    let equal = entry(&owner, "m", 1);
    let Ok(Begun::New(refused)) = registry.begin(&equal).await else { panic!("it is new") };
    let second = registry.begin(&equal);
    let third = registry.begin(&equal);
    let refusing = async {
        tokio::task::yield_now().await;
        drop(refused);
    };
    // The first was not let in after all, so one of the others takes its turn.
    let answering = async {
        let Ok(Begun::New(claim)) = second.await else { panic!("its turn") };
        tokio::task::yield_now().await;
        registry.complete(claim, &equal, Ulid::new().to_string())
    };
    let (answer, third, ()) = tokio::join!(answering, third, refusing);
    assert!(matches!(third, Ok(Begun::Known(known)) if known.id() == answer.id()));
    assert!(registry.inner().entering.is_empty());
}

#[tokio::test]
async fn a_place_is_free_again_when_its_answer_is_written() {
    let registry = registry(1);
    let owner = Owner::for_tests("a");
    let first = admit(&registry, &owner, "", 1).await.expect("a place");
    let refusal = admit(&registry, &owner, "", 1).await.expect_err("no place");
    assert!(refusal.code() == ErrorCode::Overloaded && refusal.retry_after().is_some());
    drop(first);
    assert!(admit(&registry, &owner, "", 1).await.is_ok());
}

#[tokio::test]
async fn a_resume_is_a_place_a_resync_or_not_found() {
    let registry = registry(1);
    let (owner, other) = (Owner::for_tests("a"), Owner::for_tests("b"));
    let (answer, _place) = admit(&registry, &owner, "m", 1).await.expect("a place");
    let (id, epoch) = (answer.id(), registry.epoch);
    assert!(matches!(registry.resume(&owner, id, (epoch, 0)), Ok(Resumed::Reading(_))));
    assert!(matches!(registry.resume(&owner, id, (epoch, 9)), Ok(Resumed::Resync)), "a gap");
    assert!(matches!(registry.resume(&owner, id, (epoch + 1, 0)), Ok(Resumed::Resync)), "another epoch");
    let foreign = registry.resume(&other, id, (epoch, 0)).expect_err("foreign");
    let unknown = registry.resume(&other, "x", (epoch, 0)).expect_err("unknown");
    assert_eq!((foreign.code(), foreign.message()), (ErrorCode::NotFound, unknown.message()));
    registry.forget(id);
    assert!(matches!(registry.resume(&owner, id, (epoch, 0)), Ok(Resumed::Resync)), "too late");
    assert!(registry.resume(&other, id, (epoch, 0)).is_err(), "still foreign");
}

#[tokio::test(start_paused = true)]
async fn a_key_leads_to_its_answer_until_its_time_is_over() {
    let registry = registry(2);
    let owner = Owner::for_tests("a");
    let (first, _place) = admit(&registry, &owner, "k", 1).await.expect("new");
    registry.finished_under_key(first.id());
    tokio::time::advance(Duration::from_secs(3599)).await;
    assert_eq!(admit(&registry, &owner, "k", 1).await.expect("known").0.id(), first.id());
    tokio::time::advance(Duration::from_secs(1)).await;
    let (second, place) = admit(&registry, &owner, "k", 2).await.expect("free for another question");
    assert!(place.is_some() && second.id() != first.id());
    let inner = registry.inner();
    assert_eq!((inner.answers.len(), inner.messages.len(), inner.keyed.len()), (1, 1, 0));
}

#[tokio::test]
async fn nothing_grows_without_bound() {
    let registry = registry(2);
    let owner = Owner::for_tests("a");
    for number in 0..10_000 {
        let (answer, _place) = admit(&registry, &owner, &number.to_string(), 1).await.expect("a place");
        registry.finished(answer.id());
    }
    let inner = registry.inner();
    assert_eq!((inner.answers.len(), inner.messages.len(), inner.asked_by.len()), (8, 8, 8));
    assert_eq!((inner.forgotten.len(), inner.forgotten_order.len()), (4096, 4096));
}

#[tokio::test]
async fn answers_under_keys_are_as_many_as_all_others() {
    let registry = registry(2);
    let owner = Owner::for_tests("a");
    for number in 0..1000 {
        let (answer, _place) = admit(&registry, &owner, &number.to_string(), 1).await.expect("a place");
        registry.finished_under_key(answer.id());
    }
    let inner = registry.inner();
    assert_eq!((inner.answers.len(), inner.messages.len(), inner.keyed.len()), (8, 8, 8));
}
