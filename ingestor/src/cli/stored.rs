//! What the service holds already, asked for in bulk: so that what is unchanged is found by its hash and never sent.

use std::collections::{BTreeSet, HashMap};

use lifecycle::TraceContext;
use proto::v1::{DocumentState, ListRequest, Stage};
use sha2::{Digest, Sha256};

use super::Trouble;
use super::client::{Client, DEADLINE};
use crate::DocumentKey;

/// The documents that the service holds and answers from, by name.
#[derive(Debug, Default)]
pub(super) struct Stored(HashMap<(String, String), DocumentState>);

impl Stored {
    /// Asks for the documents of these collections, a thousand a call.
    pub(super) async fn load(client: &Client, collections: &BTreeSet<&str>) -> Result<Self, Trouble> {
        let mut found = HashMap::new();
        if collections.is_empty() {
            return Ok(Self(found));
        }
        let collections: Vec<String> = collections.iter().map(|name| (*name).to_owned()).collect();
        let (mut grpc, mut page_token) = (client.grpc.clone(), String::new());
        loop {
            let request = ListRequest { collections: collections.clone(), page_size: None, page_token };
            let request = lifecycle::request(request, DEADLINE, &TraceContext::new());
            let page = grpc.list(request).await.map_err(|status| client.trouble(&status))?.into_inner();
            let indexed = page.documents.into_iter().filter(|state| state.stage() == Stage::Indexed);
            found.extend(indexed.map(|state| ((state.collection.clone(), state.document_id.clone()), state)));
            if page.next_page_token.is_empty() {
                return Ok(Self(found));
            }
            page_token = page.next_page_token;
        }
    }

    /// Returns the document where the service holds exactly these bytes and answers from them.
    pub(super) fn holds(&self, key: &DocumentKey, bytes: &[u8]) -> Option<&DocumentState> {
        let state = self.0.get(&(key.collection().to_owned(), key.id().to_owned()))?;
        (Sha256::digest(bytes)[..] == *state.content_sha256).then_some(state)
    }
}
