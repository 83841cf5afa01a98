//! Which embedder a service uses. Reading the choice from settings is the service's part.

use std::sync::Arc;

use crate::embedder::{Embedder, Error};
use crate::offline::OfflineEmbedder;
use crate::titan::{TitanEmbedder, TitanOptions};

/// An embedder to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// The offline embedder, with vectors of this many numbers.
    Offline(usize),
    /// Titan through Bedrock.
    Titan(TitanOptions),
}

impl Choice {
    /// Checks what can be checked without making the embedder.
    ///
    /// # Errors
    /// [`Error::Settings`] names what is wrong and what would be right.
    pub fn check(&self) -> Result<(), Error> {
        match self {
            Self::Offline(dimensions) => OfflineEmbedder::new(*dimensions).map(|_| ()),
            Self::Titan(options) => options.check(),
        }
    }

    /// Makes the embedder. Titan is not called yet, but its region and the source of its credentials are looked up.
    ///
    /// # Errors
    /// [`Error::Settings`] when the settings make no sense or name no region.
    pub async fn connect(self) -> Result<Arc<dyn Embedder>, Error> {
        Ok(match self {
            Self::Offline(dimensions) => Arc::new(OfflineEmbedder::new(dimensions)?),
            Self::Titan(options) => Arc::new(TitanEmbedder::connect(options).await?),
        })
    }
}
