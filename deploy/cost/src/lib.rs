//! What the chatbot costs a month in AWS: prices, a tier and its use make a bill, line by line.
//!
//! Amounts are US dollars before tax for an average month of 730 hours in us-east-1. Nothing is asked of AWS.

mod bill;
mod plan;
mod prices;
pub mod seed;
mod table;
mod usage;

pub use bill::{Bill, Line};
pub use plan::{Guardrail, Plan, Tier};
pub use prices::Prices;
pub use table::table;
pub use usage::Usage;
