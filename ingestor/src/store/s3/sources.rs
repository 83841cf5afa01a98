//! Web addresses that documents were uploaded with, each in an object of its own below a hidden folder, as in a folder.

use sha2::{Digest, Sha256};

use super::{Bucket, StoreError, received};
use crate::document::DocumentKey;

/// Folder of the addresses below the prefix.
const SOURCES: &str = ".sources/";
/// No address that was taken is longer; more was not written here.
const MOST_BYTES: u64 = 4_096;

impl Bucket {
    /// Any document's name fits as a hash.
    fn source(&self, key: &DocumentKey) -> String {
        let hash = Sha256::digest(format!("{}/{}", key.collection(), key.id()));
        format!("{}{SOURCES}{}", self.naming.prefix(), hex::encode(hash))
    }

    pub(super) async fn read_one_source(&self, key: &DocumentKey) -> Result<Option<String>, StoreError> {
        let name = key.to_string();
        let Some(output) = self.get(&self.source(key), &name).await? else { return Ok(None) };
        let bytes = received(output.body, MOST_BYTES, &name).await?;
        // What is not text was not written here.
        let address = String::from_utf8(bytes).unwrap_or_default().trim().to_owned();
        Ok(Some(address).filter(|address| !address.is_empty()))
    }

    pub(super) async fn write_one_source(
        &self,
        key: &DocumentKey,
        source_url: Option<String>,
    ) -> Result<(), StoreError> {
        let (object, name) = (self.source(key), key.to_string());
        match source_url {
            Some(address) => self.put(&object, &name, address.into_bytes()).await,
            None if self.find_object(&object).await?.is_none() => Ok(()),
            None => self.remove(&object, &name).await,
        }
    }
}
