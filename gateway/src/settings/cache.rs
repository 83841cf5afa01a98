//! What can be set about answers that are given again.

use std::time::Duration;

use lifecycle::Reader;

/// Bounds of the answer cache.
#[derive(Clone, Copy, Debug)]
pub struct CacheBounds {
    /// `GATEWAY_CACHE_BYTES`: answers kept to be given again, with their sources; default 16,777,216; 0 keeps none.
    pub bytes: u64,
    /// `GATEWAY_CACHE_SECONDS`: how long one is kept while the knowledge does not change; default 3,600.
    pub lifetime: Duration,
    /// `GATEWAY_CACHE_STALE_SECONDS`: how long after the retriever was lost an answer is still given again, and marked as
    /// degraded; default 300.
    pub stale: Duration,
    /// `GATEWAY_CACHE_NEAR`: answers to nearly the same question.
    pub near: Near,
    /// `GATEWAY_CACHE_NEAR_SIMILARITY`: cosine that the embeddings of two nearly equal questions have at least, .5 to 1;
    /// default .8.
    pub similarity: f32,
}

/// When the answer to nearly the same question is given again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Near {
    /// `off`: never.
    Off,
    /// `ladder`, the default: where no model can answer, before passages are quoted.
    Ladder,
    /// `always`: instead of asking a model.
    Always,
}

/// Reads every setting of the cache; wrong ones are noted with the reader.
pub(super) fn read(reader: &mut Reader) -> CacheBounds {
    const MOST_BYTES: u64 = 16 * 1024 * 1024 * 1024;
    CacheBounds {
        bytes: reader.number("GATEWAY_CACHE_BYTES", 16 * 1024 * 1024, 0..=MOST_BYTES),
        lifetime: reader.seconds("GATEWAY_CACHE_SECONDS", Duration::from_secs(3600), 1.0..=2_592_000.0),
        stale: reader.seconds("GATEWAY_CACHE_STALE_SECONDS", Duration::from_secs(300), 0.0..=86_400.0),
        near: read_near(reader),
        similarity: reader.number("GATEWAY_CACHE_NEAR_SIMILARITY", 0.8, 0.5..=1.0),
    }
}

fn read_near(reader: &mut Reader) -> Near {
    let text = reader.text("GATEWAY_CACHE_NEAR", "ladder");
    match text.as_str() {
        "off" => Near::Off,
        "ladder" => Near::Ladder,
        "always" => Near::Always,
        other => {
            reader.mistake("GATEWAY_CACHE_NEAR", format!("expected off, ladder or always, got `{other}`"));
            Near::Ladder
        }
    }
}
