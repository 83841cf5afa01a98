//! What is deployed, as `deploy/config.json` says it.

use std::fs;
use std::path::Path;

use anyhow::Context;
use serde::Deserialize;
use serde_json::Value;

/// How much of AWS a chatbot stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Tier {
    /// One small host with the embedded store.
    Starter,
    /// One task on Fargate, and RDS.
    Business,
    /// Tasks for each service, RDS in two zones, and shared state.
    Scale,
}

/// The policies of Bedrock's guardrail that cost money, each for questions, answers, or both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Guardrail {
    /// Texts of an answer that are held against the content policy: 0 to 2.
    pub content: u8,
    /// … against the denied topics.
    pub topics: u8,
    /// … against the personal data.
    pub personal_data: u8,
}

impl Guardrail {
    /// Only the filters of content, for questions and answers: the chatbot's own guard knows words, topics and patterns for nothing.
    pub const CONTENT: Self = Self { content: 2, topics: 0, personal_data: 0 };
}

/// What is deployed.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// How much of AWS it stands on.
    pub tier: Tier,
    /// The starter tier's host, such as `t4g.small`.
    pub host: String,
    /// Gigabytes of the starter tier's volume.
    pub volume_gib: f64,
    /// The database's class, such as `db.t4g.micro`.
    pub database: String,
    /// Its gigabytes.
    pub database_gib: f64,
    /// The business tier's task: 1,024 are one processor.
    pub task_cpu: f64,
    /// Its memory in MiB.
    pub task_mib: f64,
    /// Tasks of each service of the scale tier.
    pub tasks: f64,
    /// Id of the model that answers.
    pub model: String,
    /// Bedrock's guardrail.
    pub guardrail: Guardrail,
}

impl Plan {
    /// Reads a `config.json`; what it leaves out is as the deployment takes it.
    ///
    /// # Errors
    /// When it cannot be read, or names no tier or model.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let name = path.display();
        let text = fs::read_to_string(path).with_context(|| format!("{name} cannot be read"))?;
        let config: Value = serde_json::from_str(&text).with_context(|| format!("{name} is no JSON"))?;
        Self::of(&config)
            .with_context(|| format!("{name}; `deploy.sh check` tells all that is wrong with it"))
    }

    fn of(config: &Value) -> anyhow::Result<Self> {
        let text = |path: &str, default: &str| {
            config.pointer(path).and_then(Value::as_str).unwrap_or(default).to_owned()
        };
        let number =
            |path: &str, default: f64| config.pointer(path).and_then(Value::as_f64).unwrap_or(default);
        let tier = config.get("tier").cloned().unwrap_or(Value::Null);
        let tier = Tier::deserialize(tier).context("tier: set starter, business or scale")?;
        let model = text("/bedrock/modelId", "");
        anyhow::ensure!(
            !model.is_empty(),
            "bedrock.modelId: set the id of a model, such as amazon.nova-lite-v1:0"
        );
        Ok(Self {
            tier,
            host: text("/capacity/hostType", "t4g.small"),
            volume_gib: number("/storage/volumeGib", 10.0),
            database: text("/database/instanceType", "db.t4g.micro"),
            database_gib: number("/database/allocatedStorage", 20.0),
            task_cpu: number("/capacity/taskCpu", 512.0),
            task_mib: number("/capacity/taskMemoryMib", 2048.0),
            tasks: number("/capacity/minimumTasks", 2.0),
            model,
            guardrail: guardrail(config),
        })
    }
}

fn guardrail(config: &Value) -> Guardrail {
    let made = config.pointer("/bedrock/guardrails/createDefault").and_then(Value::as_bool);
    let rules = config.pointer("/bedrock/guardrails/defaultGuardrailConfig");
    let Some(rules) = rules.filter(|_| made == Some(true)) else { return Guardrail::default() };
    let sides = |list: &str| {
        let rules = rules.pointer(list).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let is_on = |rule: &Value, direction: &str| {
            let strength = rule.get(format!("{direction}Strength")).and_then(Value::as_str);
            let enabled = rule.get(format!("{direction}Enabled")).and_then(Value::as_bool);
            strength != Some("NONE") && enabled != Some(false)
        };
        let count = |direction| u8::from(rules.iter().any(|rule| is_on(rule, direction)));
        count("input") + count("output")
    };
    Guardrail {
        content: sides("/contentPolicyConfig/filtersConfig"),
        topics: sides("/topicPolicyConfig/topicsConfig"),
        personal_data: sides("/sensitiveInformationPolicyConfig/piiEntitiesConfig"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Guardrail, Path, Plan, Tier};

    #[test]
    fn the_config_that_comes_along_is_read() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../config.json");
        let plan = Plan::read(&path).expect("a plan");
        assert_eq!((plan.tier, plan.model.as_str()), (Tier::Starter, "amazon.nova-lite-v1:0"));
    }

    #[test]
    fn what_is_missing_or_wrong_is_named() {
        let config = json!({"tier": "huge", "bedrock": {"modelId": "m"}});
        assert!(Plan::of(&config).expect_err("no tier").to_string().contains("starter, business or scale"));
        let error = Plan::of(&json!({"tier": "scale"})).expect_err("no model").to_string();
        assert!(error.contains("bedrock.modelId"), "{error}");
        assert!(Plan::read(Path::new("/nowhere.json")).is_err());
    }

    #[test]
    fn a_policy_counts_for_each_side_that_it_watches() {
        let plan = |rules| {
            let guardrails = json!({"createDefault": true, "defaultGuardrailConfig": rules});
            let config = json!({"tier": "starter", "bedrock": {"modelId": "m", "guardrails": guardrails}});
            Plan::of(&config).expect("a plan").guardrail
        };
        let content = json!({"contentPolicyConfig": {"filtersConfig": [
            {"type": "HATE", "inputStrength": "LOW", "outputStrength": "LOW"},
            {"type": "PROMPT_ATTACK", "inputStrength": "HIGH", "outputStrength": "NONE"},
        ]}});
        assert_eq!(plan(content), Guardrail::CONTENT);
        let topics = json!({"topicPolicyConfig": {"topicsConfig": [{"name": "x", "outputEnabled": false}]}});
        assert_eq!(plan(topics), Guardrail { topics: 1, ..Guardrail::default() });
        assert_eq!(plan(json!({})), Guardrail::default());
    }
}
