//! A place in a bucket for documents that a service reads only there, such as scans from a folder.

use futures_util::future::BoxFuture;
use sha2::{Digest, Sha256};

use super::{Bucket, Location};
use crate::text_extractor::Shelf;

/// Folder of the lent documents below the prefix; hidden, so that none of them is taken for a document of the store.
const LENT: &str = ".lent/";

impl Bucket {
    /// The same document takes the same place; what a killed process left there is written over, and then removed.
    fn lent(&self, name: &str, bytes: &[u8]) -> Location {
        let mut hash = Sha256::new();
        hash.update((name.len() as u64).to_le_bytes());
        hash.update(name.as_bytes());
        hash.update(bytes);
        let key = format!("{}{LENT}{}", self.naming.prefix(), hex::encode(hash.finalize()));
        Location { bucket: self.options.bucket.clone(), key, version: None }
    }
}

impl Shelf for Bucket {
    fn put<'a>(&'a self, name: &'a str, bytes: &'a [u8]) -> BoxFuture<'a, Result<Location, String>> {
        Box::pin(async move {
            let place = self.lent(name, bytes);
            let put = self.timed(name, Box::pin(self.put(&place.key, name, bytes.to_vec()))).await;
            put.map(|()| place).map_err(|error| error.to_string())
        })
    }

    fn remove<'a>(&'a self, place: &'a Location) -> BoxFuture<'a, Result<(), String>> {
        Box::pin(async move {
            let removed = self.timed(&place.key, Box::pin(self.remove(&place.key, &place.key))).await;
            removed.map_err(|error| error.to_string())
        })
    }
}
