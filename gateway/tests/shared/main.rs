//! Several gateways that share a real Redis, and what happens when it fails. Debian's redis-server must be installed.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test's helpers fail the test")]
#![allow(dead_code, reason = "not every helper of the other tests is of use here")]
#![allow(clippy::allow_attributes, reason = "an expectation fails where one of the files uses everything")]

#[path = "../edge/client.rs"]
mod client;
#[path = "../edge/fakes.rs"]
mod fakes;
#[path = "../edge/stack.rs"]
mod stack;

mod caching;
mod faults;
mod limits;
mod redis;
mod resuming;
