//! What goes wrong by script, whatever the service.

use std::sync::{Mutex, PoisonError};

use hyper::StatusCode;
use serde::Deserialize;

use super::reply::ServiceError;

/// One way of failing, for some calls of an operation. Exactly one of `error`, `stall` and `broken` is set.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FaultRule {
    /// The operation that fails: `GetDocumentAnalysis`; absent for all.
    pub operation: Option<String>,
    /// Name of the error: `ThrottlingException`.
    pub error: Option<String>,
    /// What the error says.
    pub message: String,
    /// HTTP status of the error; absent for the one that its name usually has.
    pub status: Option<u16>,
    /// Never answers.
    pub stall: bool,
    /// Begins an answer and ends the connection.
    pub broken: bool,
    /// Calls that go well before it.
    pub after: u32,
    /// Calls that fail; absent for all from then on.
    pub times: Option<u32>,
}

/// What happens to one call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    Error(ServiceError),
    Stall,
    Broken,
}

/// The script; each rule counts its own calls.
#[derive(Debug)]
pub(super) struct Faults(Mutex<Vec<Rule>>);

#[derive(Debug)]
struct Rule {
    operation: Option<String>,
    fault: Fault,
    after: u32,
    times: Option<u32>,
}

impl Faults {
    /// Returns the script, checked.
    pub(super) fn new(rules: Vec<FaultRule>) -> anyhow::Result<Self> {
        let rules: anyhow::Result<Vec<Rule>> = rules.into_iter().map(Rule::new).collect();
        Ok(Self(Mutex::new(rules?)))
    }

    /// Returns what goes wrong with the next call of an operation: the first rule that still has something to say.
    pub(super) fn next(&self, operation: &str) -> Option<Fault> {
        let mut rules = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_meant = |rule: &&mut Rule| rule.operation.as_deref().is_none_or(|meant| meant == operation);
        for rule in rules.iter_mut().filter(is_meant) {
            if let Some(after) = rule.after.checked_sub(1) {
                rule.after = after;
                continue;
            }
            match rule.times.as_mut() {
                None => return Some(rule.fault.clone()),
                Some(0) => {}
                Some(times) => {
                    *times -= 1;
                    return Some(rule.fault.clone());
                }
            }
        }
        None
    }
}

impl Rule {
    fn new(rule: FaultRule) -> anyhow::Result<Self> {
        let FaultRule { operation, error, message, status, stall, broken, after, times } = rule;
        let fault = match (error, stall, broken) {
            (Some(name), false, false) => {
                let mut error = ServiceError::new(&name, message);
                error.status = status.map(StatusCode::from_u16).transpose()?;
                Fault::Error(error)
            }
            (None, true, false) => Fault::Stall,
            (None, false, true) => Fault::Broken,
            _ => anyhow::bail!("a fault has one of `error`, `stall = true` and `broken = true`"),
        };
        Ok(Self { operation, fault, after, times })
    }
}

#[cfg(test)]
mod tests {
    use super::{Fault, FaultRule, Faults};

    #[test]
    fn a_rule_lets_calls_through_fails_some_and_is_done() {
        let error = Some("ThrottlingException".to_owned());
        let rule = FaultRule {
            operation: Some("A".to_owned()),
            error,
            after: 1,
            times: Some(2),
            ..FaultRule::default()
        };
        let faults = Faults::new(vec![rule]).expect("a script");
        let failed: Vec<bool> = (0..5).map(|_| faults.next("A").is_some()).collect();
        assert_eq!(failed, [false, true, true, false, false]);
        assert_eq!(faults.next("B"), None);
    }

    #[test]
    fn a_rule_without_an_end_goes_on_and_one_without_a_fault_is_wrong() {
        let faults = Faults::new(vec![FaultRule { stall: true, ..FaultRule::default() }]).expect("a script");
        assert!((0..10).all(|_| faults.next("any") == Some(Fault::Stall)));
        assert!(Faults::new(vec![FaultRule::default()]).is_err());
        assert!(Faults::new(vec![FaultRule { stall: true, broken: true, ..FaultRule::default() }]).is_err());
    }
}
