//! The gateway from outside: real sockets in front, fakes of the retriever and the generator behind.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test's helpers fail the test")]

mod admission;
mod answers;
mod bad_input;
mod client;
mod fakes;
mod frames;
mod grpc;
mod pages;
mod rest;
mod rewriting;
mod shutdown;
mod spending;
mod stack;
mod websocket;
