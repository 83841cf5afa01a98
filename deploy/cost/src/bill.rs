//! The bill of a month: each thing that AWS charges for, and how much of it a tier takes.

use serde::Serialize;

use crate::{Plan, Prices, Tier, Usage};

/// Hours of an average month.
const HOURS: f64 = 730.0;
/// The host's own disk; the image of ECS takes as much.
const HOST_DISK_GIB: f64 = 30.0;
/// Copies of the starter tier's volume, of which only changes count.
const SNAPSHOT_GIB: f64 = 2.0;
/// Rules and managed groups of the firewall.
const FIREWALL_RULES: f64 = 4.0;
/// Series that the services' metrics make, label by label, and those that are free.
const METRICS: f64 = 44.0;
const FREE_METRICS: f64 = 10.0;
const FREE_ALARMS: f64 = 10.0;
/// Four images, and ten releases of each that share most of their layers.
const IMAGES_GIB: f64 = 0.5;
/// Documents and the website.
const OBJECTS_GIB: f64 = 0.1;
/// Thousandths of a processor and MiB of one task of each service of the scale tier: gateway, retriever, generator; the ingestor is one.
const MANY: [(f64, f64); 3] = [(512.0, 1024.0), (1024.0, 2048.0), (256.0, 512.0)];
const INGESTOR: (f64, f64) = (512.0, 2048.0);

/// One thing that AWS charges for.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Line {
    /// What it is.
    pub what: String,
    /// How much of it, in words.
    pub quantity: String,
    /// Dollars a month.
    pub dollars: f64,
}

/// All of a month.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Bill {
    /// Line by line.
    pub lines: Vec<Line>,
}

impl Bill {
    /// Returns the bill of a plan that is used so much.
    ///
    /// # Errors
    /// When the price of something is not known.
    pub fn of(prices: &Prices, plan: &Plan, usage: &Usage) -> anyhow::Result<Self> {
        let mut bill = Self::default();
        match plan.tier {
            Tier::Starter => bill.host(prices, plan)?,
            Tier::Business => bill.task(prices, plan)?,
            Tier::Scale => bill.tasks(prices, plan)?,
        }
        bill.edge(prices, usage)?;
        bill.watching(prices, plan.tier)?;
        bill.answers(prices, plan, usage)?;
        Ok(bill)
    }

    /// Returns the sum of the lines.
    pub fn total(&self) -> f64 {
        self.lines.iter().map(|line| line.dollars).sum()
    }

    pub(crate) fn add(&mut self, what: &str, quantity: impl Into<String>, dollars: f64) {
        self.lines.push(Line { what: what.to_owned(), quantity: quantity.into(), dollars });
    }

    fn host(&mut self, prices: &Prices, plan: &Plan) -> anyhow::Result<()> {
        self.add("Host", plan.host.clone(), HOURS * prices.hour_of(&plan.host)?);
        let gib = HOST_DISK_GIB + plan.volume_gib;
        self.add("Disks", format!("{gib} GiB"), gib * prices.of("disk_gib_month")?);
        let copies = SNAPSHOT_GIB * prices.of("snapshot_gib_month")?;
        self.add("Nightly copies", format!("{SNAPSHOT_GIB} GiB"), copies);
        self.addresses(prices, 1.0)
    }

    fn task(&mut self, prices: &Prices, plan: &Plan) -> anyhow::Result<()> {
        self.compute(prices, &[(1.0, (plan.task_cpu, plan.task_mib))])?;
        self.addresses(prices, 1.0)?;
        self.balancer(prices, 0.1)?;
        self.database(prices, plan, 1.0)
    }

    fn tasks(&mut self, prices: &Prices, plan: &Plan) -> anyhow::Result<()> {
        let many = MANY.into_iter().map(|size| (plan.tasks, size));
        let sizes: Vec<(f64, (f64, f64))> = many.chain([(1.0, INGESTOR)]).collect();
        self.compute(prices, &sizes)?;
        self.addresses(prices, sizes.iter().map(|(count, _)| count).sum())?;
        self.balancer(prices, 0.3)?;
        self.database(prices, plan, 2.0)?;
        let node = "cache.t4g.micro";
        self.add("Shared state", format!("2 x {node}"), 2.0 * HOURS * prices.hour_of(node)?);
        Ok(())
    }

    fn compute(&mut self, prices: &Prices, tasks: &[(f64, (f64, f64))]) -> anyhow::Result<()> {
        let processors: f64 = tasks.iter().map(|(count, (cpu, _))| count * cpu / 1024.0).sum();
        let gib: f64 = tasks.iter().map(|(count, (_, mib))| count * mib / 1024.0).sum();
        let an_hour = processors * prices.of("fargate_vcpu_hour")? + gib * prices.of("fargate_gib_hour")?;
        let count: f64 = tasks.iter().map(|(count, _)| count).sum();
        self.add("Tasks", format!("{count}: {processors} vCPU, {gib} GiB"), HOURS * an_hour);
        Ok(())
    }

    fn addresses(&mut self, prices: &Prices, count: f64) -> anyhow::Result<()> {
        self.add("Public addresses", format!("{count}"), count * HOURS * prices.of("address_hour")?);
        Ok(())
    }

    fn balancer(&mut self, prices: &Prices, units: f64) -> anyhow::Result<()> {
        let an_hour = prices.of("balancer_hour")? + units * prices.of("balancer_unit_hour")?;
        self.add("Load balancer", format!("{units} LCU"), HOURS * an_hour);
        Ok(())
    }

    fn database(&mut self, prices: &Prices, plan: &Plan, zones: f64) -> anyhow::Result<()> {
        let a_zone =
            HOURS * prices.hour_of(&plan.database)? + plan.database_gib * prices.of("database_gib_month")?;
        let quantity = format!("{zones} x {}, {} GiB", plan.database, plan.database_gib);
        self.add("Database", quantity, zones * a_zone);
        Ok(())
    }

    fn edge(&mut self, prices: &Prices, usage: &Usage) -> anyhow::Result<()> {
        let rules = prices.of("firewall_month")? + FIREWALL_RULES * prices.of("firewall_rule_month")?;
        let requests = usage.requests() / 1e6 * prices.of("firewall_million")?;
        self.add("Firewall", format!("{FIREWALL_RULES} rules"), rules + requests);
        // A terabyte and ten million requests a month are free.
        self.add("CloudFront", "within what is free", 0.0);
        Ok(())
    }

    fn watching(&mut self, prices: &Prices, tier: Tier) -> anyhow::Result<()> {
        let (secrets, alarms) = match tier {
            Tier::Starter => (3.0, 9.0),
            Tier::Business => (4.0, 12.0),
            Tier::Scale => (6.0, 12.0),
        };
        let secret = secrets * prices.of("secret_month")? + prices.of("key_month")?;
        self.add("Secrets and a key", format!("{secrets} + 1"), secret);
        let series = (METRICS - FREE_METRICS) * prices.of("metric_month")?;
        let ringing = f64::max(alarms - FREE_ALARMS, 0.0) * prices.of("alarm_month")?;
        self.add("Metrics and alarms", format!("{METRICS} + {alarms}"), series + ringing);
        let kept =
            IMAGES_GIB * prices.of("image_gib_month")? + OBJECTS_GIB * prices.of("object_gib_month")?;
        self.add("Images and documents", format!("{} GiB", IMAGES_GIB + OBJECTS_GIB), kept);
        Ok(())
    }

    fn answers(&mut self, prices: &Prices, plan: &Plan, usage: &Usage) -> anyhow::Result<()> {
        let (tokens, written) = (prices.model(&plan.model)?, usage.written());
        let an_answer = (usage.input_tokens * tokens.input + usage.output_tokens * tokens.output) / 1e6;
        let embedding = usage.question_tokens * prices.of("embedding_million")? / 1e6;
        self.add("Model", format!("{written:.0} answers"), written * (an_answer + embedding));
        let guardrail = plan.guardrail;
        let a_check = f64::from(guardrail.content) * prices.policy("content")
            + f64::from(guardrail.topics) * prices.policy("topics")
            + f64::from(guardrail.personal_data) * prices.policy("personal_data");
        let texts = guardrail.content + guardrail.topics + guardrail.personal_data;
        self.add("Guardrail", format!("{texts} units an answer"), written * a_check);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Bill, Plan, Prices, Tier, Usage};
    use crate::Guardrail;

    fn bill(tier: Tier, guardrail: Guardrail, usage: Usage) -> Bill {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../config.json");
        let plan = Plan { tier, guardrail, ..Plan::read(&path).expect("a plan") };
        Bill::of(&Prices::read().expect("prices"), &plan, &usage).expect("a bill")
    }

    fn line(bill: &Bill, what: &str) -> f64 {
        bill.lines.iter().find(|line| line.what == what).expect("a line").dollars
    }

    #[test]
    fn the_lines_are_those_of_the_price_list_times_what_is_used() {
        let bill = bill(Tier::Starter, Guardrail::CONTENT, Usage::of(50.0, 10.0));
        let near = |what: &str, dollars: f64| {
            assert!(
                (line(&bill, what) - dollars).abs() < 0.01,
                "{what}: {} instead of {dollars}",
                line(&bill, what)
            );
        };
        // 15,208 answers of 2,650 and 220 tokens, and a vector of the question.
        near("Model", 3.235);
        near("Guardrail", 4.5625);
        near("Public addresses", 3.65);
        near("Disks", 3.20);
        let sum: f64 = bill.lines.iter().map(|line| line.dollars).sum();
        assert!((bill.total() - sum).abs() < 1e-9);
    }

    #[test]
    fn a_larger_tier_costs_more_and_what_is_given_again_costs_nothing() {
        let usage = Usage::of(150.0, 12.0);
        let totals = [Tier::Starter, Tier::Business, Tier::Scale]
            .map(|tier| bill(tier, Guardrail::CONTENT, usage).total());
        assert!(totals[0] < totals[1] && totals[1] < totals[2], "{totals:?}");
        let half = bill(Tier::Starter, Guardrail::CONTENT, Usage { repeated: 0.5, ..usage });
        let whole = bill(Tier::Starter, Guardrail::CONTENT, usage);
        for what in ["Model", "Guardrail"] {
            assert!((2.0 * line(&half, what) - line(&whole, what)).abs() < 1e-9, "{what}");
        }
        assert!(line(&bill(Tier::Starter, Guardrail::default(), usage), "Guardrail").abs() < 1e-9);
    }
}
