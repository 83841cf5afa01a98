//! Crawls of a web server that lives in the test.
#![expect(clippy::expect_used, clippy::panic, reason = "helpers of tests may fail the test")]

mod again;
mod hostile;
mod manners;
mod pages;
mod reach;
mod secure;
mod server;
mod shelf;
