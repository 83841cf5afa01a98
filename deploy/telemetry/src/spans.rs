//! Spans: what took how long within a trace, sent to a collector over OTLP (<https://opentelemetry.io/docs/specs/otlp/>).
//!
//! They are begun and noted by hand, with names and numbers that the code holds: no text of a person can slip in. The queue is
//! bounded; what does not fit is dropped. Without a collector a span is nothing but a name that nobody keeps.

use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

use opentelemetry::trace::{SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState};
use opentelemetry::{InstrumentationScope, KeyValue, Value};
use opentelemetry_otlp::{ExporterBuildError, SpanExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{
    BatchConfigBuilder, BatchSpanProcessor, SpanData, SpanEvents, SpanLinks, SpanProcessor,
};

use crate::TraceContext;

const QUEUE: usize = 2048;
const BATCH: usize = 512;
const EVERY: Duration = Duration::from_secs(1);
const EXPORT_TIMEOUT: Duration = Duration::from_secs(5);
const MOST_NOTES: usize = 16;

static EXPORT: OnceLock<Export> = OnceLock::new();

/// Where spans go.
#[derive(Clone, Debug)]
pub struct Collector {
    /// Address of an OTLP collector that speaks gRPC, such as `http://127.0.0.1:4317`.
    pub endpoint: String,
    /// Which part of the traces that begin here is sent: 0 to 1.
    pub share: f64,
    /// Name of this process among others.
    pub service: String,
}

#[derive(Debug)]
struct Export {
    processor: BatchSpanProcessor,
    share: f64,
    scope: InstrumentationScope,
}

/// Sends every span from here on to a collector, for the whole process; a second call changes nothing. Must be called within a
/// runtime that goes on running.
///
/// # Errors
/// When the endpoint is no address.
pub fn start_spans(collector: &Collector) -> Result<(), ExporterBuildError> {
    let exporter = SpanExporter::builder().with_tonic().with_endpoint(collector.endpoint.as_str());
    let exporter = exporter.with_timeout(EXPORT_TIMEOUT).build()?;
    let batches = BatchConfigBuilder::default()
        .with_max_queue_size(QUEUE)
        .with_max_export_batch_size(BATCH)
        .with_scheduled_delay(EVERY)
        .build();
    let mut processor = BatchSpanProcessor::builder(exporter).with_batch_config(batches).build();
    let resource = Resource::builder_empty().with_service_name(collector.service.clone()).build();
    processor.set_resource(&resource);
    let scope = InstrumentationScope::builder("chatbot").build();
    _ = EXPORT.set(Export { processor, share: collector.share, scope });
    Ok(())
}

/// Sends what is still queued; blocks for at most the export's own timeout.
pub fn flush_spans() {
    if let Some(export) = EXPORT.get() {
        // A collector that is away has lost them; nobody can be told.
        _ = export.processor.force_flush();
    }
}

/// Returns whether a trace of this id, begun here, is to be sent.
pub(crate) fn is_sampled(trace_id: u128) -> bool {
    EXPORT.get().is_none_or(|export| {
        // The lower half is as random as the whole.
        let place = (trace_id & u128::from(u32::MAX)) as f64 / f64::from(u32::MAX);
        export.share >= 1.0 || place < export.share
    })
}

/// A stretch of work within a trace; it ends when this is dropped.
#[derive(Debug)]
pub struct Span {
    context: TraceContext,
    open: Option<Box<Open>>,
}

#[derive(Debug)]
struct Open {
    name: &'static str,
    began: SystemTime,
    notes: Vec<KeyValue>,
    failed: Option<&'static str>,
}

impl Span {
    pub(crate) fn begin(context: TraceContext, name: &'static str) -> Self {
        let is_sent = context.is_sampled() && EXPORT.get().is_some();
        let open = is_sent
            .then(|| Box::new(Open { name, began: SystemTime::now(), notes: Vec::new(), failed: None }));
        Self { context, open }
    }

    /// Returns the place of this span in its trace, for what is called within it.
    pub fn context(&self) -> &TraceContext {
        &self.context
    }

    /// Notes a fact. Never text that a person wrote.
    pub fn note(&mut self, name: &'static str, value: impl Into<Value>) {
        if let Some(open) = self.open.as_mut().filter(|open| open.notes.len() < MOST_NOTES) {
            open.notes.push(KeyValue::new(name, value));
        }
    }

    /// Notes that the work failed, by the name of its error code.
    pub fn fail(&mut self, code: &'static str) {
        if let Some(open) = self.open.as_mut() {
            open.failed = Some(code);
        }
    }
}

impl Drop for Span {
    fn drop(&mut self) {
        let (Some(open), Some(export)) = (self.open.take(), EXPORT.get()) else { return };
        let (trace_id, span_id, parent_id, is_remote) = self.context.ids();
        let trace_id = TraceId::from_bytes(trace_id.to_be_bytes());
        let span_id = SpanId::from_bytes(span_id.to_be_bytes());
        let flags = TraceFlags::SAMPLED;
        export.processor.on_end(SpanData {
            span_context: SpanContext::new(trace_id, span_id, flags, false, TraceState::default()),
            parent_span_id: SpanId::from_bytes(parent_id.to_be_bytes()),
            parent_span_is_remote: is_remote,
            span_kind: if is_remote || parent_id == 0 { SpanKind::Server } else { SpanKind::Internal },
            name: open.name.into(),
            start_time: open.began,
            end_time: SystemTime::now().max(open.began),
            attributes: open.notes,
            dropped_attributes_count: 0,
            events: SpanEvents::default(),
            links: SpanLinks::default(),
            status: open.failed.map_or(Status::Unset, Status::error),
            instrumentation_scope: export.scope.clone(),
        });
    }
}
