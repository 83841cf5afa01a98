//! Language models on real sockets: a real llama.cpp, and servers that fail as real ones do.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests are not covered by the allowance for tests"
)]

mod answering;
mod bedrock;
mod frames;
mod guardrail;
mod llama;
mod openai;
mod scripted;
mod simulated;
mod simulator;
