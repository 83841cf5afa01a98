//! Notes in a bucket: below a hidden folder, so that none of them is a document.

use super::{Bucket, StoreError, received};

/// Folder of the notes below the prefix.
const NOTES: &str = ".quarantine/";

impl Bucket {
    fn note(&self, name: &str) -> String {
        format!("{}{NOTES}{name}", self.naming.prefix())
    }

    pub(super) async fn list_all_notes(&self) -> Result<Vec<String>, StoreError> {
        let prefix = self.note("");
        let mut names = Vec::new();
        self.each_object(&prefix, |key, _| {
            let name = key.strip_prefix(&prefix).filter(|name| !name.is_empty() && !name.contains('/'));
            names.extend(name.map(str::to_owned));
            Ok(())
        })
        .await?;
        Ok(names)
    }

    pub(super) async fn read_one_note(
        &self,
        name: &str,
        limit_bytes: u64,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        match self.get(&self.note(name), name).await? {
            Some(output) => received(output.body, limit_bytes, name).await.map(Some),
            None => Ok(None),
        }
    }

    pub(super) async fn write_one_note(&self, name: &str, bytes: Option<Vec<u8>>) -> Result<(), StoreError> {
        match bytes {
            Some(bytes) => self.put(&self.note(name), name, bytes).await,
            None => self.remove(&self.note(name), name).await,
        }
    }
}
