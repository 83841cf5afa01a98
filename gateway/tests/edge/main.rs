//! The gateway from outside: real sockets in front, fakes of the retriever and the generator behind.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test's helpers fail the test")]

mod access;
mod admission;
mod answers;
mod bad_input;
mod caching;
mod client;
mod doors;
mod fakes;
mod frames;
mod grpc;
mod grpc_web;
mod handoff;
mod intruders;
mod letters;
mod limits;
mod openai;
mod overload;
mod pages;
mod receivers;
mod rest;
mod revoking;
mod rewriting;
mod shutdown;
mod spending;
mod stack;
mod suggestions;
mod tls;
mod tries;
mod websocket;
