//! What the commands print. A key is shown once, when it is made.

use std::io::{self, Write};

use serde::Serialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::Made;
use crate::keys::{Entry, Kind, Quota, Scope};

#[derive(Serialize)]
struct Listed<'a> {
    id: &'a str,
    kind: Kind,
    name: &'a str,
    state: &'static str,
    created: String,
    expires: Option<String>,
    old_key_until: Option<String>,
    collections: &'a [String],
    scopes: &'a [Scope],
    origins: &'a [String],
    quota: Quota,
    has_identity_secret: bool,
}

pub(super) fn made(made: &Made, json: bool, out: &mut impl Write) -> io::Result<()> {
    let Made { id, key, identity_secret } = made;
    if json {
        let shown = serde_json::json!({ "id": id, "key": key, "identity_secret": identity_secret });
        return writeln!(out, "{shown}");
    }
    writeln!(out, "id               {id}\nkey              {key}")?;
    if let Some(secret) = identity_secret {
        writeln!(out, "identity secret  {secret}")?;
    }
    writeln!(out, "Keep it now: only its hash is stored, so nobody can show it again.")
}

pub(super) fn revoked(id: &str, json: bool, out: &mut impl Write) -> io::Result<()> {
    if json {
        return writeln!(out, "{}", serde_json::json!({ "id": id, "state": "revoked" }));
    }
    writeln!(out, "revoked {id}")
}

pub(super) fn list(keys: &[Entry], now_s: u64, json: bool, out: &mut impl Write) -> io::Result<()> {
    let listed: Vec<Listed<'_>> = keys.iter().map(|key| listed(key, now_s)).collect();
    if json {
        serde_json::to_writer(&mut *out, &listed)?;
        return writeln!(out);
    }
    if listed.is_empty() {
        return writeln!(out, "no keys yet; `gateway keys create` makes one");
    }
    writeln!(out, "{:<8}  {:<6}  {:<7}  {:<20}  {:<20}  RIGHTS", "ID", "KIND", "STATE", "EXPIRES", "NAME")?;
    for key in listed {
        let kind = if key.kind == Kind::Site { "site" } else { "secret" };
        let scopes: Vec<&str> = key.scopes.iter().map(|scope| scope.name()).collect();
        let expires = key.expires.as_deref().unwrap_or("never");
        let (collections, origins) = (key.collections.join("+"), key.origins.join(" "));
        writeln!(
            out,
            "{:<8}  {kind:<6}  {:<7}  {expires:<20}  {:<20}  {} of {collections} {origins}",
            key.id,
            key.state,
            key.name,
            scopes.join("+"),
        )?;
    }
    Ok(())
}

fn listed(key: &Entry, now_s: u64) -> Listed<'_> {
    let state = match key.expires_s {
        _ if key.revoked_s.is_some() => "revoked",
        Some(expires) if expires <= now_s => "expired",
        _ => "valid",
    };
    let old = key.previous.as_ref().filter(|previous| previous.until_s > now_s);
    Listed {
        id: &key.id,
        kind: key.kind,
        name: &key.name,
        state,
        created: date(key.created_s),
        expires: key.expires_s.map(date),
        old_key_until: old.map(|previous| date(previous.until_s)),
        collections: &key.collections,
        scopes: &key.scopes,
        origins: &key.origins,
        quota: key.quota,
        has_identity_secret: key.identity_secret.is_some(),
    }
}

fn date(seconds: u64) -> String {
    let date =
        i64::try_from(seconds).ok().and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok());
    date.and_then(|date| date.format(&Rfc3339).ok()).unwrap_or_else(|| "far away".to_owned())
}
