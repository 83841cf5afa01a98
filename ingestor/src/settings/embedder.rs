//! Which embedder makes the vectors of chunks, read from the settings. The retriever must name the same model and size.

use std::time::Duration;

use embedding::{Choice, DEFAULT_DIMENSIONS, TitanOptions};
use lifecycle::Reader;

/// Reads the choice; a mistake is noted in the reader.
///
/// - `INGESTOR_EMBEDDER`: `offline` (hashed n-grams, no network; the default) or `titan` (Bedrock; region, credentials
///   and endpoint as AWS's tools find them: `AWS_REGION`, `AWS_ENDPOINT_URL_BEDROCK_RUNTIME`, ...).
/// - `INGESTOR_EMBEDDING_DIMENSIONS`: numbers in a vector, default 512; 64 to 4,096 offline, 256, 512 or 1,024 for Titan
///   v2, 1,536 for v1.
/// - `INGESTOR_TITAN_MODEL`: the model's id or ARN, default `amazon.titan-embed-text-v2:0`.
/// - `INGESTOR_EMBED_CONCURRENCY`: calls of Titan at the same time, 1 to 256, default 8.
/// - `INGESTOR_EMBED_ATTEMPTS`: attempts for each text, 1 to 10, default 5.
/// - `INGESTOR_EMBED_ATTEMPT_SECONDS`: time for one attempt, 0.05 to 60, default 10.
/// - `INGESTOR_EMBED_TIMEOUT_SECONDS`: time for one text with all attempts, 0.05 to 600, default 60.
pub(super) fn read(reader: &mut Reader) -> Choice {
    let seconds = Duration::from_secs;
    let kind = reader.text("INGESTOR_EMBEDDER", "offline");
    let options = TitanOptions {
        model: reader.text("INGESTOR_TITAN_MODEL", "amazon.titan-embed-text-v2:0"),
        dimensions: reader.number("INGESTOR_EMBEDDING_DIMENSIONS", DEFAULT_DIMENSIONS, 64..=4_096),
        concurrency: reader.number("INGESTOR_EMBED_CONCURRENCY", 8, 1..=256),
        attempts: reader.number("INGESTOR_EMBED_ATTEMPTS", 5, 1..=10),
        attempt_timeout: reader.seconds("INGESTOR_EMBED_ATTEMPT_SECONDS", seconds(10), 0.05..=60.0),
        timeout: reader.seconds("INGESTOR_EMBED_TIMEOUT_SECONDS", seconds(60), 0.05..=600.0),
    };
    let choice = match kind.as_str() {
        "offline" => Choice::Offline(options.dimensions),
        "titan" => Choice::Titan(options),
        other => {
            reader.mistake("INGESTOR_EMBEDDER", format!("expected offline or titan, got `{other}`"));
            Choice::Offline(options.dimensions)
        }
    };
    if let Err(error) = choice.check() {
        reader.mistake("INGESTOR_EMBEDDER", error);
    }
    choice
}

#[cfg(test)]
mod tests {
    use super::{Choice, Reader, read};

    /// Settings, and a part of the mistake that they make.
    type Case = (&'static [(&'static str, &'static str)], Option<&'static str>);

    #[test]
    fn the_embedder_is_chosen_and_checked_as_a_whole() {
        let cases: [Case; 7] = [
            (&[], None),
            (&[("INGESTOR_EMBEDDER", "titan")], None),
            (
                &[("INGESTOR_EMBEDDER", "titan"), ("INGESTOR_EMBEDDING_DIMENSIONS", "384")],
                Some("256, 512 or 1024"),
            ),
            (
                &[
                    ("INGESTOR_EMBEDDER", "titan"),
                    ("INGESTOR_TITAN_MODEL", "own"),
                    ("INGESTOR_EMBEDDING_DIMENSIONS", "384"),
                ],
                None,
            ),
            (&[("INGESTOR_EMBEDDER", "glove")], Some("offline or titan")),
            (&[("INGESTOR_EMBEDDER", "titan"), ("INGESTOR_EMBED_TIMEOUT_SECONDS", "0.1")], Some("timeout")),
            (&[("INGESTOR_EMBED_CONCURRENCY", "0")], Some("1 to 256")),
        ];
        for (pairs, mistake) in cases {
            let mut reader = Reader::from_pairs(pairs.iter().copied());
            let choice = read(&mut reader);
            let finished = reader.finish(&["INGESTOR_"]);
            let text = finished.as_ref().err().map(ToString::to_string);
            assert_eq!(text.is_some(), mistake.is_some(), "{pairs:?}: {text:?}");
            assert!(text.unwrap_or_default().contains(mistake.unwrap_or_default()), "{pairs:?}");
            let is_titan = pairs.contains(&("INGESTOR_EMBEDDER", "titan"));
            assert_eq!(matches!(choice, Choice::Titan(_)), is_titan, "{pairs:?}");
        }
    }
}
