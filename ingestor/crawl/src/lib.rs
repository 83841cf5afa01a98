//! Fetches the pages of a website and hands each to a sink: politely (robots.txt, pauses, only what changed) and safely
//! (no private addresses, everything bounded). It knows nothing of documents, indexes or the service that takes the pages.

mod address;
mod connect;
mod error;
mod fetch;
mod markup;
mod media;
mod name;
mod robots;
mod scope;
mod settings;
mod sink;
mod site;
mod sitemap;
mod state;
mod unpack;
mod visit;

pub use address::Permission;
pub use connect::{Resolve, System};
pub use error::{Bound, Error, Failure, Refusal};
pub use settings::{Limits, Settings};
pub use sink::{Event, Outcome, Page, Sink, SinkFailure, Taken};
pub use site::{Summary, check, crawl};
pub use state::{State, StateError};
pub use url::Url;
