//! What a load brought: counts, histograms, the hops of a first token, and how all of it went second by second.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::client::Exchange;
use super::latency::{Latency, Percentiles};

/// Where the time to a first token goes, in its order. `start` is the harness's own lateness; `rest` is the gateway and the way to
/// and from it; `model` is the generator with its guard and its model, whose shares no event tells apart.
pub const HOPS: [&str; 6] = ["start", "connect", "embed", "search", "model", "rest"];

/// One finished question.
#[derive(Clone, Debug)]
pub struct Finished {
    /// Which kind of visitor asked.
    pub name: &'static str,
    /// When it was to be asked.
    pub planned: Instant,
    /// When the harness began with it.
    pub started: Instant,
    /// What happened.
    pub exchange: Exchange,
}

/// Takes what happens.
#[derive(Debug)]
pub struct Recorder {
    begun: Instant,
    /// Arrivals before this moment are counted nowhere.
    from: Instant,
    counts: Counts,
    latencies: Latencies,
    hops: Vec<Latency>,
    by_client: BTreeMap<&'static str, Latency>,
    seconds: BTreeMap<u64, Second>,
}

#[derive(Debug)]
struct Latencies {
    start: Latency,
    connect: Latency,
    first_token: Latency,
    gap: Latency,
    answer: Latency,
}

/// What was counted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Questions planned.
    pub planned: u64,
    /// Questions that could not begin because too many were under way.
    pub dropped: u64,
    /// Whole answers.
    pub answered: u64,
    /// Failed questions by code.
    pub errors: BTreeMap<String, u64>,
    /// Pieces of text.
    pub tokens: u64,
    /// Bytes received.
    pub bytes: u64,
    /// Times that an answer was gone on with over a new connection.
    pub resumed: u64,
}

impl Counts {
    /// Returns how many questions failed.
    pub fn failed(&self) -> u64 {
        self.errors.values().sum()
    }
}

/// What one second brought, by when questions were planned and when things came.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Second {
    /// Seconds from the beginning.
    pub at: u64,
    /// Questions planned.
    pub planned: u32,
    /// Answers that ended.
    pub answered: u32,
    /// Questions that failed or were dropped.
    pub failed: u32,
    /// Longest wait for a first token of a question that was planned here, in milliseconds.
    pub worst_first_token_ms: f64,
}

/// All that was measured of a load.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// What was counted.
    #[serde(flatten)]
    pub counts: Counts,
    /// From the first counted arrival to the last answer.
    pub seconds: f64,
    /// Pieces of text a second.
    pub tokens_per_second: f64,
    /// From the planned time to when the harness began.
    pub start: Option<Percentiles>,
    /// From the beginning to the open connection.
    pub connect: Option<Percentiles>,
    /// From the planned time to the first text.
    pub first_token: Option<Percentiles>,
    /// Between two pieces of text.
    pub gap: Option<Percentiles>,
    /// From the planned time to the end of a whole answer.
    pub answer: Option<Percentiles>,
    /// Where the time to the first token went, by the names of [`HOPS`].
    pub hops: BTreeMap<String, Percentiles>,
    /// First tokens by the kind of visitor.
    pub by_client: BTreeMap<String, Percentiles>,
    /// Second by second.
    pub timeline: Vec<Second>,
}

impl Recorder {
    /// Returns an empty one; what is planned in the first `warm_up` is not counted.
    ///
    /// # Errors
    /// When a histogram cannot be made.
    pub fn new(begun: Instant, warm_up: Duration) -> anyhow::Result<Self> {
        let latencies = Latencies {
            start: Latency::new()?,
            connect: Latency::new()?,
            first_token: Latency::new()?,
            gap: Latency::new()?,
            answer: Latency::new()?,
        };
        let hops = HOPS.iter().map(|_| Latency::new()).collect::<Result<_, _>>()?;
        let (counts, by_client, seconds) = (Counts::default(), BTreeMap::new(), BTreeMap::new());
        Ok(Self { begun, from: begun + warm_up, counts, latencies, hops, by_client, seconds })
    }

    /// Returns what was counted up to now.
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// Notes that a question was planned.
    pub fn planned(&mut self, at: Instant) {
        if at >= self.from {
            self.counts.planned += 1;
            self.second(at).planned += 1;
        }
    }

    /// Notes that a question could not begin.
    pub fn dropped(&mut self, planned: Instant) {
        if planned >= self.from {
            self.counts.dropped += 1;
            self.second(planned).failed += 1;
        }
    }

    /// Notes that a visitor's task broke.
    pub fn broke(&mut self) {
        *self.counts.errors.entry("CLIENT_PANIC".to_owned()).or_default() += 1;
    }

    /// Takes a finished question.
    pub fn add(&mut self, finished: &Finished) {
        let Finished { name, planned, started, exchange } = finished;
        if *planned < self.from {
            return;
        }
        self.counts.tokens += exchange.tokens;
        self.counts.bytes += exchange.bytes;
        self.counts.resumed += u64::from(exchange.resumed);
        self.latencies.start.record(*started - *planned);
        if let Some(connected) = exchange.connected {
            self.latencies.connect.record(connected - *started);
        }
        exchange.gaps.iter().for_each(|gap| self.latencies.gap.record(*gap));
        if let Some(first) = exchange.first_text {
            let wait = first - *planned;
            self.latencies.first_token.record(wait);
            // A histogram of these bounds can always be made: one was.
            if let Ok(empty) = Latency::new() {
                self.by_client.entry(name).or_insert(empty).record(wait);
            }
            let second = self.second(*planned);
            second.worst_first_token_ms = second.worst_first_token_ms.max(wait.as_secs_f64() * 1e3);
            self.add_hops(finished, first);
        }
        match &exchange.ended {
            Some(Ok(ended)) => {
                self.counts.answered += 1;
                self.latencies.answer.record(*ended - *planned);
                self.second(*ended).answered += 1;
            }
            Some(Err(code)) => self.fail(*planned, code),
            None => self.fail(*planned, "NO_END"),
        }
    }

    fn fail(&mut self, planned: Instant, code: &str) {
        *self.counts.errors.entry(code.to_owned()).or_default() += 1;
        self.second(planned).failed += 1;
    }

    /// Only a first token whose answer told its stages can be taken apart.
    fn add_hops(&mut self, finished: &Finished, first: Instant) {
        let Some(stages) = finished.exchange.stages else { return };
        let milliseconds = |from: Instant, to: Instant| (to - from).as_secs_f64() * 1e3;
        let connected = finished.exchange.connected.unwrap_or(finished.started);
        let told = [stages.embed_ms, stages.search_ms, stages.first_token_ms].map(Option::unwrap_or_default);
        let rest = milliseconds(connected, first) - told.iter().sum::<f64>();
        let [embed, search, model] = told;
        let start = milliseconds(finished.planned, finished.started);
        let connect = milliseconds(finished.started, connected);
        let all = [start, connect, embed, search, model, rest.max(0.0)];
        self.hops.iter_mut().zip(all).for_each(|(hop, milliseconds)| hop.record_ms(milliseconds));
    }

    fn second(&mut self, moment: Instant) -> &mut Second {
        let at = moment.saturating_duration_since(self.begun).as_secs();
        self.seconds.entry(at).or_insert_with(|| Second { at, ..Second::default() })
    }

    /// Returns what was measured.
    pub fn measured(self) -> Measured {
        let seconds = self.from.elapsed().as_secs_f64();
        let named = |(name, latency): (&str, &Latency)| Some((name.to_owned(), latency.percentiles()?));
        Measured {
            tokens_per_second: if seconds > 0.0 { self.counts.tokens as f64 / seconds } else { 0.0 },
            seconds,
            start: self.latencies.start.percentiles(),
            connect: self.latencies.connect.percentiles(),
            first_token: self.latencies.first_token.percentiles(),
            gap: self.latencies.gap.percentiles(),
            answer: self.latencies.answer.percentiles(),
            hops: HOPS.iter().copied().zip(&self.hops).filter_map(named).collect(),
            by_client: self
                .by_client
                .iter()
                .map(|(name, latency)| (*name, latency))
                .filter_map(named)
                .collect(),
            timeline: self.seconds.into_values().collect(),
            counts: self.counts,
        }
    }
}
