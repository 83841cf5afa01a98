//! Load: arrivals by a schedule that no answer can slow down, clients of every transport, and what came of it.
//!
//! A [`scenario`] says what arrives when and over what; the [`driver`] starts each arrival at its time with a [`client`]; the
//! [`record`] takes what happened; the [`report`] shows it beside the scenario's limits. None of them knows the product's inside.

pub mod capacity;

pub mod client;

pub mod compare;

pub mod crowd;

pub mod driver;

pub mod hosts;

pub mod latency;

pub mod limits;

pub mod mix;

pub mod page;

pub mod record;

pub mod report;

pub mod run;

pub mod scenario;

pub mod schedule;

pub mod watch;
