//! The running ingestor over real gRPC in memory, against an index that lives in the test.
#![expect(clippy::expect_used, clippy::panic, reason = "helpers of tests may fail the test")]

mod aws;
mod bucket;
mod calls;
mod command;
mod contract;
mod fake;
mod metadata;
mod past;
mod quarantine;
mod reconcile;
mod refusals;
mod scans;
mod sources;
mod stack;
mod vectors;
