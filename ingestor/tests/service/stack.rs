//! Starts an ingestor over a temporary folder with the fake index, and calls it.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use embedding::{Choice, Embedded, Embedder, Embedding, OfflineEmbedder};
use ingestor::store::{DocumentStore, Folder};
use ingestor::text_extractor::TextExtractor;
use ingestor::{Parts, Running, Settings, start_with};
use lifecycle::{GrpcOptions, Listener, Reader, Readiness, Shutdown, memory_listener};
use proto::Target;
use proto::v1::ingestor_client::IngestorClient;
use proto::v1::upload_event::Event;
use proto::v1::upload_request::Part;
use proto::v1::{UploadEvent, UploadHeader, UploadRequest};
use tonic::Status;
use tonic::service::Routes;
use tonic::transport::Channel;

use crate::fake::FakeIndex;

/// An ingestor with its index and folder.
pub(crate) struct Stack {
    pub(crate) index: FakeIndex,
    pub(crate) folder: Arc<tempfile::TempDir>,
    pub(crate) client: IngestorClient<Channel>,
    pub(crate) running: Running,
    pub(crate) embedder: Arc<Moody>,
    pub(crate) shutdown: Shutdown,
}

/// Where the ingestor is called, and until when.
struct Door {
    target: Target,
    listener: Listener,
    shutdown: Shutdown,
}

/// An embedder that can be told to break its promise.
#[derive(Debug)]
pub(crate) struct Moody {
    honest: OfflineEmbedder,
    pub(crate) is_broken: AtomicBool,
    /// Texts embedded so far.
    pub(crate) embedded: AtomicUsize,
}

impl Embedder for Moody {
    fn model_id(&self) -> &str {
        self.honest.model_id()
    }

    fn dimensions(&self) -> usize {
        self.honest.dimensions()
    }

    fn embed<'a>(&'a self, texts: &'a [&'a str]) -> Embedding<'a> {
        if self.is_broken.load(Ordering::Relaxed) {
            let vectors = vec![vec![f32::NAN; self.dimensions()]; texts.len()];
            return Box::pin(async move { Ok(Embedded { vectors, tokens: 0 }) });
        }
        self.embedded.fetch_add(texts.len(), Ordering::Relaxed);
        self.honest.embed(texts)
    }
}

/// Starts the fake index on a pipe; it ends with the shutdown.
pub(crate) fn serve_index(index: &FakeIndex, shutdown: &Shutdown) -> Target {
    let (sender, listener) = memory_listener();
    let (server, own) = (index.server(), shutdown.clone());
    let options = GrpcOptions {
        access: lifecycle::Access::default(),
        descriptor: proto::FILE_DESCRIPTOR_SET,
        services: &[],
        readiness: Readiness::new(shutdown),
        reflection: false,
        drain: std::time::Duration::ZERO,
        limits: lifecycle::GrpcLimits::INSIDE,
    };
    shutdown.spawn("index", async move {
        lifecycle::serve_grpc(listener, Routes::new(server), options, &own).await.expect("serves");
    });
    Target::Memory(sender)
}

impl Stack {
    pub(crate) async fn start() -> Self {
        let folder = Arc::new(tempfile::tempdir().expect("temporary folder"));
        Self::start_over(FakeIndex::new(), folder, &[]).await
    }

    /// Starts over an index and a folder that exist, and waits for the first reconciliation.
    pub(crate) async fn start_over(
        index: FakeIndex,
        folder: Arc<tempfile::TempDir>,
        settings: &[(&str, &str)],
    ) -> Self {
        let shutdown = Shutdown::new();
        let retriever = serve_index(&index, &shutdown);
        let stack = Self::start_against(index, folder, settings, &retriever, shutdown);
        stack.running.reconciled().await;
        stack
    }

    /// Starts over a folder, for programs that come over the network; returns the address as well.
    pub(crate) async fn start_on_network(folder: Arc<tempfile::TempDir>) -> (Self, String) {
        let (shutdown, index) = (Shutdown::new(), FakeIndex::new());
        let retriever = serve_index(&index, &shutdown);
        let listener = Listener::bind("127.0.0.1:0".parse().expect("an address")).await.expect("binds");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let door = Door { target: address.parse().expect("an address"), listener, shutdown };
        let store = Arc::new(Folder::open(folder.path()).expect("opens"));
        let stack = Self { folder, ..Self::open(index, store, &read(&[]), &retriever, door) };
        stack.running.reconciled().await;
        (stack, address)
    }

    pub(crate) fn start_against(
        index: FakeIndex,
        folder: Arc<tempfile::TempDir>,
        settings: &[(&str, &str)],
        retriever: &Target,
        shutdown: Shutdown,
    ) -> Self {
        let store = Arc::new(Folder::open(folder.path()).expect("opens"));
        Self { folder, ..Self::start_with(index, store, settings, retriever, shutdown) }
    }

    /// Starts over a store of any kind, without waiting.
    pub(crate) fn start_with(
        index: FakeIndex,
        store: Arc<dyn DocumentStore>,
        settings: &[(&str, &str)],
        retriever: &Target,
        shutdown: Shutdown,
    ) -> Self {
        Self::open(index, store, &read(settings), retriever, Door::in_memory(shutdown))
    }

    /// Starts with a reader of pictures of this kind.
    pub(crate) async fn start_reading(extractor: Arc<dyn TextExtractor>) -> Self {
        let folder = Arc::new(tempfile::tempdir().expect("temporary folder"));
        let (index, shutdown) = (FakeIndex::new(), Shutdown::new());
        let retriever = serve_index(&index, &shutdown);
        let mut settings = read(&[]);
        settings.reading = settings.reading.with_extractor(extractor);
        let store = Arc::new(Folder::open(folder.path()).expect("opens"));
        let door = Door::in_memory(shutdown);
        let stack = Self { folder, ..Self::open(index, store, &settings, &retriever, door) };
        stack.running.reconciled().await;
        stack
    }

    /// Starts all of it; the folder is another one, for who has none.
    fn open(
        index: FakeIndex,
        store: Arc<dyn DocumentStore>,
        settings: &Settings,
        retriever: &Target,
        Door { target, listener, shutdown }: Door,
    ) -> Self {
        let Choice::Offline(dimensions) = settings.embedder else { unreachable!("the default") };
        let honest = OfflineEmbedder::new(dimensions).expect("fits");
        let embedder =
            Arc::new(Moody { honest, is_broken: AtomicBool::new(false), embedded: AtomicUsize::new(0) });
        let parts = Parts { store, embedder: embedder.clone() };
        let running = start_with(settings, parts, retriever, listener, &shutdown);
        let client = IngestorClient::new(target.channel());
        let folder = Arc::new(tempfile::tempdir().expect("temporary folder"));
        Self { index, folder, client, running, embedder, shutdown }
    }

    /// Ends everything at once, as a killed process would.
    pub(crate) fn kill(self) -> (FakeIndex, Arc<tempfile::TempDir>) {
        self.shutdown.begin();
        (self.index, self.folder)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        write(self.folder.path(), name, text.as_bytes());
    }

    pub(crate) fn remove(&self, name: &str) {
        std::fs::remove_file(self.folder.path().join(name)).expect("removes");
    }

    /// Uploads and returns all events.
    pub(crate) async fn upload(&self, name: &str, bytes: &[u8]) -> Result<Vec<Event>, Status> {
        let header = header(name, bytes);
        self.send(vec![Part::Header(header), Part::Data(bytes.to_vec().into())]).await
    }

    pub(crate) async fn send(&self, parts: Vec<Part>) -> Result<Vec<Event>, Status> {
        let parts = parts.into_iter().map(|part| UploadRequest { part: Some(part) });
        let mut client = self.client.clone();
        let mut events = client.upload(tokio_stream::iter(parts)).await?.into_inner();
        let mut all = Vec::new();
        while let Some(UploadEvent { event }) = events.message().await? {
            all.push(event.expect("each event says something"));
        }
        Ok(all)
    }
}

impl Door {
    fn in_memory(shutdown: Shutdown) -> Self {
        let (sender, listener): (_, Listener) = memory_listener();
        Self { target: Target::Memory(sender), listener, shutdown }
    }
}

/// Reads settings over those that every test has.
fn read(settings: &[(&str, &str)]) -> Settings {
    let defaults = [
        ("INGESTOR_DEBOUNCE_MILLIS", "20"),
        ("INGESTOR_EMBEDDING_DIMENSIONS", "64"),
        ("INGESTOR_READER_PROGRAM", env!("CARGO_BIN_EXE_ingestor")),
    ];
    let mut reader = Reader::from_pairs(defaults.iter().chain(settings).copied());
    let settings = Settings::read(&mut reader).expect("complete");
    reader.finish(&["INGESTOR_"]).expect("no mistake");
    settings
}

pub(crate) fn header(name: &str, bytes: &[u8]) -> UploadHeader {
    UploadHeader {
        document_id: name.to_owned(),
        collection: String::new(),
        content_bytes: u64::try_from(bytes.len()).expect("fits"),
        content_sha256: Vec::new(),
        source_url: String::new(),
    }
}

/// Writes a file and the folders above it.
pub(crate) fn write(folder: &Path, name: &str, bytes: &[u8]) {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().expect("has one")).expect("makes folders");
    std::fs::write(path, bytes).expect("writes");
}
