//! Behaviour of the crate from outside: the contract of every store, what the embedded one adds, and the service over a
//! pipe in memory. Each module names what it checks; no test needs the network or a fixed port.
#![expect(
    clippy::panic,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "helpers of tests stop at the first surprise and say where"
)]

mod crash;
mod documents;
mod embedded_store;
mod embedder_failure;
mod explaining;
mod passages;
mod postgres_connection;
mod postgres_crash;
mod postgres_deadline;
mod postgres_faults;
mod postgres_server;
mod postgres_store;
mod postgres_tls;
mod searching;
mod service;
mod store_contract;
mod uploads;
