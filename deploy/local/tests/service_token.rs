//! Nobody calls a service from the network without the token that all services share.
#![expect(clippy::expect_used, reason = "helpers of tests stop at the first surprise")]

use std::net::SocketAddr;

use lifecycle::{Listener, Reader, Shutdown};
use prost::Message;
use prost_types::FileDescriptorSet;
use proto::v1::retriever_client::RetrieverClient;
use proto::v1::{GenerateRequest, ListCollectionsRequest};
use proto::{ServiceToken, Target};
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::{Code, Request};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use tonic_prost::ProstCodec;

const TOKEN: &str = "0123456789abcdef0123456789abcdef";

fn read<S>(pairs: &[(&str, &str)], read: impl FnOnce(&mut Reader) -> Option<S>) -> S {
    let own = pairs.iter().copied().chain([("SERVICE_TOKEN", TOKEN)]);
    let mut reader = Reader::from_pairs(own);
    let settings = read(&mut reader).expect("complete");
    reader.finish(&[]).expect("no mistake");
    settings
}

async fn port() -> (Listener, SocketAddr) {
    let listener = Listener::bind("127.0.0.1:0".parse().expect("an address")).await.expect("binds");
    let address = listener.local_addr().expect("an address");
    (listener, address)
}

/// Returns the paths of all methods of a service, as the contract lists them.
fn methods(service: &str) -> Vec<String> {
    let files = FileDescriptorSet::decode(proto::FILE_DESCRIPTOR_SET).expect("descriptors").file;
    let services =
        files.iter().flat_map(|file| file.service.iter().map(move |service| (file.package(), service)));
    let own = services.filter(|(_, known)| known.name() == service);
    let path = |package: &str, method: &str| format!("/{package}.{service}/{method}");
    own.flat_map(|(package, known)| known.method.iter().map(move |method| path(package, method.name())))
        .collect()
}

async fn code(target: &Target, path: &str) -> Code {
    let mut grpc = Grpc::new(target.service_channel());
    grpc.ready().await.expect("connects");
    let path = PathAndQuery::try_from(path).expect("a path");
    let codec = ProstCodec::<GenerateRequest, ()>::default();
    let called = grpc.unary(Request::new(GenerateRequest::default()), path, codec).await;
    called.map_or_else(|status| status.code(), |_| Code::Ok)
}

#[tokio::test]
async fn every_method_of_every_service_refuses_a_call_without_the_token() {
    let (shutdown, folder) = (Shutdown::new(), tempfile::tempdir().expect("a folder"));
    let path = |name: &str| folder.path().join(name).display().to_string();
    std::fs::create_dir(path("documents")).expect("a folder");

    let (grpc, retriever) = port().await;
    let settings = read(&[("RETRIEVER_DATA_DIR", &path("data"))], retriever::Settings::read);
    let listeners = retriever::Listeners { grpc, internal: None };
    let _retriever = retriever::start(settings, listeners, &shutdown).await.expect("starts");
    let (grpc, generator) = port().await;
    let settings = read(&[], generator::Settings::read);
    let listeners = generator::Listeners { grpc, internal: None };
    let _generator = generator::start(&settings, listeners, &shutdown).await.expect("starts");
    let (listener, ingestor) = port().await;
    let at = format!("http://{retriever}");
    let pairs = [("INGESTOR_DOCUMENTS", path("documents")), ("INGESTOR_RETRIEVER", at.clone())];
    let pairs = pairs.each_ref().map(|(name, value)| (*name, value.as_str()));
    let settings = read(&pairs, ingestor::Settings::read);
    let index = settings.retriever.clone();
    let running = ingestor::start(settings, index, listener, &shutdown).await.expect("starts");
    // It has called the retriever, with the token.
    running.reconciled().await;

    for (service, address, least) in
        [("Retriever", retriever, 10), ("Generator", generator, 2), ("Ingestor", ingestor, 5)]
    {
        let methods = methods(service);
        assert!(methods.len() >= least, "{methods:?}");
        let bare: Target = format!("http://{address}").parse().expect("an address");
        let wrong = bare.clone().guarded_by(ServiceToken::new("0123456789abcdef0123456789abcdeF"));
        for method in &methods {
            for target in [&bare, &wrong] {
                assert_eq!(code(target, method).await, Code::Unauthenticated, "{method}");
            }
        }
        for other in ["/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", "/no.Such/Method"] {
            assert_eq!(code(&bare, other).await, Code::Unauthenticated, "{other}");
        }
        let health = HealthClient::new(bare.channel()).check(HealthCheckRequest::default()).await;
        assert!(health.is_ok(), "whether it lives is no secret: {health:?}");
    }
    let target = at.parse::<Target>().expect("an address").guarded_by(ServiceToken::new(TOKEN));
    let mut client = RetrieverClient::new(target.service_channel());
    client.list_collections(ListCollectionsRequest::default()).await.expect("let in");
    shutdown.begin();
}
