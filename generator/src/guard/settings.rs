//! Which rules the guard follows, read from the settings. The rules' own file is read by `config.rs`.

use std::time::Duration;

use lifecycle::Reader;

use super::config::GuardrailConfig;
use crate::settings::{GuardPassages, GuardrailSettings, GuardrailStream, GuardrailTrace};

/// Of the file of rules, in bytes: 10,000 words of 100 characters are less than half of it.
const MAX_FILE_BYTES: u64 = 8 * 1024 * 1024;

/// Which rules the guard follows.
#[derive(Clone, Debug, PartialEq)]
pub struct GuardSettings {
    /// The local rules, in the shape of `CreateGuardrail`: the file that `GENERATOR_GUARDRAILS_FILE` names; default are
    /// built-in rules that stop attacks on the prompt and hide numbers of cards, accounts and identities.
    pub config: GuardrailConfig,
    /// The guardrail of Bedrock that reads every question first: `GENERATOR_GUARDRAIL_APPLY`, `none` (the default) or
    /// `question`; which one, by `GENERATOR_GUARDRAIL_ID` and `GENERATOR_GUARDRAIL_VERSION`.
    pub applied: Option<GuardrailSettings>,
    /// For Bedrock's guardrail to decide, 0.05 to 60 seconds: `GENERATOR_GUARDRAIL_SECONDS`, default 3. A question that
    /// is not decided by then is not answered.
    pub patience: Duration,
    /// Bytes of a text that is checked as a whole, 1,000 to 1,048,576: `GENERATOR_GUARDRAIL_TEXT_BYTES`, default 65,536.
    pub max_text_bytes: usize,
}

impl GuardSettings {
    /// Reads the settings; a mistake is noted in the reader and gives the default.
    pub fn read(reader: &mut Reader) -> Self {
        let config = match reader.optional_text("GENERATOR_GUARDRAILS_FILE") {
            None => GuardrailConfig::built_in(),
            Some(path) => from_file(reader, &path),
        };
        let seconds = Duration::from_secs(3);
        Self {
            config,
            applied: applied(reader),
            patience: reader.seconds("GENERATOR_GUARDRAIL_SECONDS", seconds, 0.05..=60.0),
            max_text_bytes: reader.number("GENERATOR_GUARDRAIL_TEXT_BYTES", 65_536, 1_000..=1_048_576),
        }
    }
}

fn applied(reader: &mut Reader) -> Option<GuardrailSettings> {
    let when = reader.text("GENERATOR_GUARDRAIL_APPLY", "none");
    let id = reader.optional_text("GENERATOR_GUARDRAIL_ID");
    let version = reader.optional_text("GENERATOR_GUARDRAIL_VERSION");
    match (when.as_str(), id, version) {
        ("none", ..) => None,
        ("question", Some(id), Some(version)) => Some(GuardrailSettings {
            id,
            version,
            stream: GuardrailStream::Sync,
            trace: GuardrailTrace::Enabled,
            passages: GuardPassages::None,
        }),
        ("question", ..) => {
            let mistake = "expected GENERATOR_GUARDRAIL_ID and GENERATOR_GUARDRAIL_VERSION beside `question`";
            reader.mistake("GENERATOR_GUARDRAIL_APPLY", mistake);
            None
        }
        (other, ..) => {
            reader.mistake("GENERATOR_GUARDRAIL_APPLY", format!("expected none or question, got `{other}`"));
            None
        }
    }
}

fn from_file(reader: &mut Reader, path: &str) -> GuardrailConfig {
    let name = "GENERATOR_GUARDRAILS_FILE";
    let mistakes = match file(path) {
        Ok(text) => match GuardrailConfig::parse(&text) {
            Ok(config) => return config,
            Err(mistakes) => mistakes,
        },
        Err(mistake) => vec![mistake],
    };
    for mistake in mistakes {
        reader.mistake(name, mistake);
    }
    GuardrailConfig::built_in()
}

fn file(path: &str) -> Result<String, String> {
    let size = std::fs::metadata(path).map_err(|error| format!("{path} cannot be read: {error}"))?.len();
    if size > MAX_FILE_BYTES {
        return Err(format!("{path} has {size} bytes, at most {MAX_FILE_BYTES} are read"));
    }
    std::fs::read_to_string(path).map_err(|error| format!("{path} cannot be read: {error}"))
}

#[cfg(test)]
mod tests {
    use super::{GuardSettings, Reader};

    fn mistakes(pairs: &[(&str, &str)]) -> String {
        let mut reader = Reader::from_pairs(pairs.iter().copied());
        GuardSettings::read(&mut reader);
        reader.finish(&["GENERATOR_"]).err().map(|mistakes| mistakes.to_string()).unwrap_or_default()
    }

    #[test]
    fn every_setting_has_a_default_and_a_range() {
        assert_eq!(mistakes(&[]), "");
        for (pair, part) in [
            (("GENERATOR_GUARDRAIL_APPLY", "answer"), "expected none or question, got `answer`"),
            (
                ("GENERATOR_GUARDRAIL_APPLY", "question"),
                "GENERATOR_GUARDRAIL_ID and GENERATOR_GUARDRAIL_VERSION",
            ),
            (("GENERATOR_GUARDRAIL_SECONDS", "0"), "from 0.05 to 60"),
            (("GENERATOR_GUARDRAIL_TEXT_BYTES", "1"), "from 1000 to 1048576"),
            (("GENERATOR_GUARDRAILS_FILE", "/no/such/file"), "cannot be read"),
        ] {
            assert!(mistakes(&[pair]).contains(part), "{pair:?}: {}", mistakes(&[pair]));
        }
    }

    #[test]
    fn every_mistake_of_the_file_is_said_at_once() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("config.json");
        std::fs::write(&path, r#"{"name": "a b", "blockedInputMessaging": "No."}"#).expect("written");
        let said = mistakes(&[("GENERATOR_GUARDRAILS_FILE", path.to_str().expect("a path"))]);
        assert!(said.contains("name: ") && said.contains("blockedOutputsMessaging: "), "{said}");
    }
}
