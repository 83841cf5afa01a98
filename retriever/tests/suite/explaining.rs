//! What an explained search tells, over real gRPC.

use proto::v1;
use proto::v1::candidate::Outcome;

use crate::service::{search, serve};

#[tokio::test]
async fn an_explained_search_shows_what_the_filter_excludes() {
    let mut served = serve(&[]).await;
    served.put("a.md", &["Parcels are insured up to 500 euros."]).await;
    served.put("b.md", &["Parcels are insured by the carrier."]).await;
    let filter = v1::SearchFilter { document_ids: vec!["a.md".to_owned()], ..Default::default() };
    let search = v1::SearchRequest { filter: Some(filter), ..search("Are parcels insured?") };
    let request = v1::ExplainRequest { search: Some(search), ranking: None };
    let explained = served.client.explain(request).await.unwrap().into_inner();
    let outcome = |id: &str| {
        let of = |candidate: &&v1::Candidate| candidate.passage.as_ref().unwrap().document_id == id;
        explained.candidates.iter().filter(of).map(v1::Candidate::outcome).collect::<Vec<_>>()
    };
    assert_eq!(outcome("a.md"), [Outcome::Kept]);
    assert_eq!(outcome("b.md"), [Outcome::Filtered]);
}

#[tokio::test]
async fn what_if_settings_are_applied_and_told() {
    let mut served = serve(&[]).await;
    served.put("a.md", &["Parcels are insured up to 500 euros."]).await;
    let asked = v1::SearchRequest {
        evidence_threshold: Some(1.0),
        top_k: Some(3),
        budget_tokens: Some(77),
        ..search("Do parcels have any insurance?")
    };
    let ranking = v1::RankingSettings { evidence_meaning_share: Some(0.0), ..Default::default() };
    let request = v1::ExplainRequest { search: Some(asked.clone()), ranking: Some(ranking) };
    let explained = served.client.explain(request).await.unwrap().into_inner();
    let told = explained.ranking.unwrap();
    assert_eq!((told.evidence_meaning_share, told.meaning_weight), (Some(0.0), Some(1.0)));
    assert_eq!((explained.top_k, explained.budget_tokens), (3, 77));
    assert_eq!(explained.candidates[0].outcome(), Outcome::BelowThreshold);
    let stages: Vec<&str> = explained.stages.iter().map(|stage| stage.name.as_str()).collect();
    assert_eq!(stages, ["rewrite", "embed", "store", "rank", "join"]);
    for (ranking, field) in [
        (v1::RankingSettings { meaning_weight: Some(10.1), ..Default::default() }, "ranking.meaning_weight"),
        (
            v1::RankingSettings { importance_weight: Some(f32::NAN), ..Default::default() },
            "ranking.importance_weight",
        ),
    ] {
        let request = v1::ExplainRequest { search: Some(asked.clone()), ranking: Some(ranking) };
        let refused = served.client.explain(request).await.unwrap_err();
        assert!(refused.message().starts_with(field), "{refused}");
    }
}
