//! `cost`: what the chatbot costs a month in AWS, before it is deployed.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line answers so")]

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use cost::{Bill, Guardrail, Plan, Prices, Tier, Usage, seed, table};

/// Tells what the chatbot costs a month in AWS, in dollars before tax, line by line. Nothing is asked of AWS.
#[derive(Debug, Parser)]
#[command(name = "cost")]
struct Arguments {
    /// What is deployed.
    #[arg(long, value_name = "FILE", default_value = "deploy/config.json")]
    config: PathBuf,
    /// Visitors a day who chat; without it three sizes of business stand side by side.
    #[arg(long, value_name = "COUNT", value_parser = count)]
    visitors: Option<f64>,
    /// Questions of each visitor.
    #[arg(long, value_name = "COUNT", default_value = "10", value_parser = count)]
    questions: f64,
    /// Share of the answers that the chatbot gives again from its cache, 0 to 1.
    #[arg(long, value_name = "SHARE", default_value = "0", value_parser = share)]
    repeated: f64,
    /// As if this tier was deployed.
    #[arg(long, value_enum)]
    tier: Option<Tier>,
    /// As if all three tiers were deployed, one after the other.
    #[arg(long, conflicts_with = "tier")]
    tiers: bool,
    /// As if the starter tier had this host, such as t4g.medium.
    #[arg(long, value_name = "TYPE")]
    host: Option<String>,
    /// As if this model answered, such as amazon.nova-micro-v1:0.
    #[arg(long, value_name = "ID")]
    model: Option<String>,
    /// As if Bedrock's guardrail had these policies.
    #[arg(long, value_enum)]
    guardrail: Option<Policies>,
    /// The bill that an earlier, serverless product promised for the same businesses, made again from its own assumptions.
    #[arg(long)]
    seed: bool,
    /// Each price, and where it stands.
    #[arg(long)]
    prices: bool,
    /// The same as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Policies {
    None,
    Content,
    All,
}

impl From<Policies> for Guardrail {
    fn from(policies: Policies) -> Self {
        match policies {
            Policies::None => Self::default(),
            Policies::Content => Self::CONTENT,
            Policies::All => Self { content: 2, topics: 2, personal_data: 2 },
        }
    }
}

fn count(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|number: &f64| number.is_finite() && (0.0..=1e9).contains(number));
    number.ok_or_else(|| "expected a number from 0 to 1,000,000,000".to_owned())
}

fn share(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|number| (0.0..=1.0).contains(number));
    number.ok_or_else(|| "expected a share from 0 to 1, such as 0.3".to_owned())
}

impl Arguments {
    fn uses(&self) -> Vec<(String, Usage)> {
        let of = |usage: Usage| Usage { repeated: self.repeated, ..usage };
        match self.visitors {
            Some(visitors) => {
                let name = format!("{visitors} x {}", self.questions);
                vec![(name, of(Usage::of(visitors, self.questions)))]
            }
            None => Usage::BUSINESSES.iter().map(|(name, usage)| ((*name).to_owned(), of(*usage))).collect(),
        }
    }

    fn plan(&self) -> anyhow::Result<Plan> {
        let plan = Plan::read(&self.config)?;
        Ok(Plan {
            tier: self.tier.unwrap_or(plan.tier),
            host: self.host.clone().unwrap_or(plan.host),
            model: self.model.clone().unwrap_or(plan.model),
            guardrail: self.guardrail.map_or(plan.guardrail, Guardrail::from),
            ..plan
        })
    }
}

fn bills(prices: &Prices, plan: &Plan, uses: &[(String, Usage)]) -> anyhow::Result<Vec<(String, Bill)>> {
    uses.iter().map(|(name, usage)| Ok((name.clone(), Bill::of(prices, plan, usage)?))).collect()
}

fn main() -> ExitCode {
    match tell(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn tell(given: &Arguments) -> anyhow::Result<()> {
    let prices = Prices::read()?;
    if given.prices {
        prices.sources().for_each(|(name, dollars, source)| println!("{name:24} {dollars:>10} {source}"));
        return Ok(());
    }
    let mut tables = Vec::new();
    if given.seed {
        let title = "An earlier, serverless product, by its own assumptions: visitors a day x questions";
        tables.push((title.to_owned(), seed::bills()));
    } else {
        let plan = given.plan()?;
        let tiers =
            if given.tiers { vec![Tier::Starter, Tier::Business, Tier::Scale] } else { vec![plan.tier] };
        for tier in tiers {
            let plan = Plan { tier, ..plan.clone() };
            let name = tier.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
            let title = format!(
                "Tier {name}, {}, prices of {}: visitors a day x questions",
                plan.model, prices.checked
            );
            tables.push((title, bills(&prices, &plan, &given.uses())?));
        }
    }
    if given.json {
        println!("{}", serde_json::to_string_pretty(&tables)?);
        return Ok(());
    }
    tables.iter().for_each(|(title, bills)| println!("{}", table(title, bills)));
    Ok(())
}
