//! W3C trace context, carried from the edge through every gRPC call (<https://www.w3.org/TR/trace-context/>).

use std::hash::{BuildHasher, Hasher, RandomState};

use tonic::Request;
use tonic::metadata::MetadataMap;

use crate::Span;
use crate::spans;

const HEADER: &str = "traceparent";

/// One span of a distributed trace: who asked, and under which trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceContext {
    trace_id: u128,
    span_id: u64,
    /// The span that this one is part of; 0 for none.
    parent_id: u64,
    /// Whether the parent is another process's.
    is_remote: bool,
    sampled: bool,
}

impl TraceContext {
    /// Starts a new trace with random ids.
    #[expect(clippy::new_without_default, reason = "each call returns another value")]
    pub fn new() -> Self {
        let trace_id = u128::from(random_id()) << 64 | u128::from(random_id());
        let sampled = spans::is_sampled(trace_id);
        Self { trace_id, span_id: random_id(), parent_id: 0, is_remote: false, sampled }
    }

    /// Continues the trace that the metadata names, or starts one.
    pub fn from_metadata(metadata: &MetadataMap) -> Self {
        Self::continue_or_start(metadata.get(HEADER).and_then(|value| value.to_str().ok()))
    }

    /// Continues the trace that the headers name, or starts one.
    pub fn from_headers(headers: &::http::HeaderMap) -> Self {
        Self::continue_or_start(headers.get(HEADER).and_then(|value| value.to_str().ok()))
    }

    fn continue_or_start(header: Option<&str>) -> Self {
        let parent = header.and_then(Self::parse);
        parent.map_or_else(Self::new, |parent| Self { is_remote: true, ..parent.child() })
    }

    /// Returns a new span in the same trace.
    #[must_use]
    pub fn child(&self) -> Self {
        Self { span_id: random_id(), parent_id: self.span_id, is_remote: false, ..*self }
    }

    /// Begins the span of this context.
    pub fn begin(&self, name: &'static str) -> Span {
        Span::begin(*self, name)
    }

    pub(crate) fn is_sampled(&self) -> bool {
        self.sampled
    }

    /// Returns the ids of the trace, the span and its parent, and whether that is another process's.
    pub(crate) fn ids(&self) -> (u128, u64, u64, bool) {
        (self.trace_id, self.span_id, self.parent_id, self.is_remote)
    }

    /// Returns the trace's id: 32 lower-case hexadecimal digits.
    pub fn trace_id(&self) -> String {
        format!("{:032x}", self.trace_id)
    }

    /// Adds the context to an outgoing call.
    pub fn attach<T>(&self, request: &mut Request<T>) {
        if let Ok(value) = self.header().parse() {
            request.metadata_mut().insert(HEADER, value);
        }
    }

    fn header(&self) -> String {
        format!("00-{:032x}-{:016x}-{:02x}", self.trace_id, self.span_id, u8::from(self.sampled))
    }

    fn parse(header: &str) -> Option<Self> {
        let mut parts = header.split('-');
        let (version, trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let lower = |text: &str| text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        let sizes = [version.len(), trace.len(), span.len(), flags.len()];
        // A version after 00 may add parts; version ff is invalid.
        if sizes != [2, 32, 16, 2] || version == "ff" || (version == "00" && parts.next().is_some()) {
            return None;
        }
        if ![version, trace, span, flags].into_iter().all(lower) {
            return None;
        }
        let trace_id = u128::from_str_radix(trace, 16).ok().filter(|id| *id != 0)?;
        let span_id = u64::from_str_radix(span, 16).ok().filter(|id| *id != 0)?;
        let sampled = u8::from_str_radix(flags, 16).ok()? & 1 == 1;
        Some(Self { trace_id, span_id, parent_id: 0, is_remote: true, sampled })
    }
}

/// Returns a random number above 0. Each `RandomState` is keyed from the operating system's randomness once per thread
/// and differs from the one before; that is enough for ids that protect nothing.
fn random_id() -> u64 {
    RandomState::new().build_hasher().finish().max(1)
}

#[cfg(test)]
mod tests {
    use super::{HEADER, Request, TraceContext};

    #[test]
    fn a_trace_continues_across_a_call() {
        let edge = TraceContext::new();
        let mut request = Request::new(());
        edge.attach(&mut request);
        let inner = TraceContext::from_metadata(request.metadata());
        assert_eq!(inner.trace_id(), edge.trace_id());
        assert_ne!(inner, edge, "a new span");
    }

    #[test]
    fn a_broken_header_starts_a_new_trace() {
        let good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        assert!(TraceContext::parse(good).is_some());
        for wrong in [
            "",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4BF92F3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x",
            "00-+bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        ] {
            assert_eq!(TraceContext::parse(wrong), None, "{wrong}");
            let mut headers = http::HeaderMap::new();
            headers.insert(HEADER, wrong.parse().expect("ASCII"));
            assert_eq!(TraceContext::from_headers(&headers).trace_id().len(), 32);
        }
    }
}
