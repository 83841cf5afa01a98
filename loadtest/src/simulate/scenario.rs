//! What the simulated services know and how they behave, as TOML:
//!
//! ```toml
//! access_keys = ["AKIDEXAMPLE"]        # others are refused; absent: every signed request is taken
//!
//! [[fault]]                            # see `src/simulate/fault.rs`
//! operation = "StartDocumentAnalysis"
//! error = "ThrottlingException"
//! times = 2
//!
//! [textract]                           # see `src/simulate/textract/scenario.rs`
//! max_results = 7
//!
//! [[textract.document]]
//! key = "menu.pdf"
//! [[textract.document.page]]
//! [[textract.document.page.part]]
//! kind = "title"
//! lines = ["Lunch menu"]
//!
//! [bedrock]                            # see `src/simulate/bedrock/scenario.rs`
//! seed = 7
//! [[bedrock.model]]
//! behaviour = "fixed"
//! text = "Hello."
//! ```

use std::path::Path;

use anyhow::Context;
use serde::Deserialize;

use super::bedrock::scenario::BedrockScenario;
pub use super::fault::FaultRule;
use super::textract::TextractScenario;

/// Everything that is scripted; the default lets all go well.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Scenario {
    /// Ids of the access keys that are known; without any, every signed request is taken. `bearer` lets in those with a token
    /// instead of a signature.
    pub access_keys: Vec<String>,
    /// What goes wrong, whatever the service.
    pub fault: Vec<FaultRule>,
    /// Amazon Textract.
    pub textract: TextractScenario,
    /// Amazon Bedrock Runtime.
    pub bedrock: BedrockScenario,
}

impl Scenario {
    /// Reads a scenario from its text.
    ///
    /// # Errors
    /// When it is no TOML, or names what does not exist.
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        toml::from_str(text).context("the scenario is wrong")
    }

    /// Reads a scenario from a file.
    ///
    /// # Errors
    /// When the file cannot be read, is no TOML, or names what does not exist.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(path);
        let text = text.with_context(|| format!("{} cannot be read", path.display()))?;
        Self::parse(&text).with_context(|| path.display().to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::Scenario;

    #[test]
    fn a_misspelt_name_is_said_and_not_ignored() {
        let error = Scenario::parse("[textract]\nmax_result = 3").expect_err("no such name");
        assert!(format!("{error:#}").contains("max_result"), "{error:#}");
        assert!(Scenario::parse("[[fault]]\nstall = true").is_ok());
    }
}
