//! Keys as people make and revoke them: what an entry of the key file says, and the command line that writes it.
//!
//! It knows no request; who is let in by a key is decided in `admission`.

mod cli;
mod file;
mod text;

use serde::{Deserialize, Serialize};

use crate::admission::is_origin;
use crate::settings::is_collection;

pub use cli::{KeysArguments, run};
pub(crate) use file::{FileError, read};
pub(crate) use text::{digest, parse_hash, random};

/// Characters of a name.
const NAME_CHARACTERS: usize = 64;
/// Origins of one site key.
const MAX_ORIGINS: usize = 64;
/// Collections of one key.
const MAX_COLLECTIONS: usize = 64;
/// Hexadecimal digits of an id.
const ID_DIGITS: usize = 8;
/// Ids below are those of keys from `GATEWAY_API_KEYS`, which are counted from 1.
const LEAST_ID: u32 = 0x0100_0000;

/// Who may know a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    /// Everybody: it stands in a web page, and only opens chats from pages of its origins.
    Site,
    /// One's own servers only.
    Secret,
}

/// What a key may be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Scope {
    /// Ask, resume, stop, give an opinion.
    Chat,
    /// Search without an answer.
    Search,
    /// Explain a search.
    Explain,
}

impl Scope {
    /// Every scope.
    pub(crate) const ALL: [Self; 3] = [Self::Chat, Self::Search, Self::Explain];

    /// Returns the name, as it is written in the key file.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Search => "search",
            Self::Explain => "explain",
        }
    }
}

/// What may be used up with one key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Quota {
    /// Requests a minute of all its visitors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) per_minute: Option<u32>,
    /// Requests an hour of all its visitors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) per_hour: Option<u32>,
    /// Millionths of a US dollar a day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) spend_day_microdollars: Option<u64>,
}

/// The key before the last rotation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Previous {
    pub(crate) sha256: String,
    /// Seconds since the Unix epoch; from then on it is no key any more.
    pub(crate) until_s: u64,
}

/// One key. Times are seconds since the Unix epoch.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Entry {
    /// Eight hexadecimal digits that name the key in lists and commands; they stay when it is rotated.
    pub(crate) id: String,
    pub(crate) kind: Kind,
    /// The site or the program that uses it. Keys of one name share the limits of their site.
    pub(crate) name: String,
    /// SHA-256 of the key's text, as hexadecimal digits.
    pub(crate) sha256: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) previous: Option<Previous>,
    pub(crate) created_s: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) expires_s: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) revoked_s: Option<u64>,
    pub(crate) collections: Vec<String>,
    pub(crate) scopes: Vec<Scope>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) origins: Vec<String>,
    #[serde(default)]
    pub(crate) quota: Quota,
    /// What the site signs the ids of its signed-in visitors with, as hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) identity_secret: Option<String>,
}

impl std::fmt::Debug for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "key {} ({})", self.id, self.name)
    }
}

impl Entry {
    /// Returns the id as a number.
    pub(crate) fn number(&self) -> Option<u32> {
        let right = self.id.len() == ID_DIGITS && self.id.bytes().all(|byte| byte.is_ascii_hexdigit());
        let number = u32::from_str_radix(&self.id, 16).ok().filter(|_| right);
        number.filter(|number| *number >= LEAST_ID)
    }

    /// Says what is wrong with the entry; nothing of a key stands in the text.
    pub(crate) fn mistake(&self) -> Option<String> {
        let Self { kind, name, scopes, origins, collections, .. } = self;
        let hashes = [Some(&self.sha256), self.previous.as_ref().map(|previous| &previous.sha256)];
        let is_site = *kind == Kind::Site;
        let named = |byte: u8| byte.is_ascii_alphanumeric() || b" ._-".contains(&byte);
        let checks = [
            (self.number().is_some(), "the id is not right; expected eight hexadecimal digits from 01000000"),
            (
                (1..=NAME_CHARACTERS).contains(&name.len()) && name.bytes().all(named),
                "the name is not right; expected 1 to 64 of the characters A-Z a-z 0-9 . _ - and space",
            ),
            (
                hashes.into_iter().flatten().all(|hash| parse_hash(hash).is_some()),
                "a hash is not right; expected 64 hexadecimal digits",
            ),
            (
                (1..=MAX_COLLECTIONS).contains(&collections.len())
                    && collections.iter().all(|collection| is_collection(collection)),
                "the collections are not right; expected 1 to 64, each of 1 to 64 characters of a-z 0-9 - _",
            ),
            (
                !is_site || *scopes == [Scope::Chat],
                "a site key may only chat, because everybody can read it; leave the scopes out",
            ),
            (is_site || !scopes.is_empty(), "the scopes are missing; expected some of chat, search, explain"),
            (is_site || origins.is_empty(), "a secret key has no origins; it must never stand in a page"),
            (
                !is_site || (1..=MAX_ORIGINS).contains(&origins.len()),
                "a site key needs the origins of its pages: 1 to 64, such as https://shop.example",
            ),
            (
                origins.iter().all(|origin| is_origin(origin)),
                "an origin is not right; expected it as browsers send it, such as https://shop.example: lower case, \
                 no path, no default port, foreign letters as xn--",
            ),
            (
                self.identity_secret.as_deref().is_none_or(|secret| is_site && parse_hash(secret).is_some()),
                "the identity secret is not right; expected 64 hexadecimal digits, at a site key only",
            ),
        ];
        checks.into_iter().find(|(right, _)| !right).map(|(_, mistake)| mistake.to_owned())
    }
}

/// Returns the seconds since the Unix epoch.
pub(crate) fn now_s() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.unwrap_or_default().as_secs()
}
