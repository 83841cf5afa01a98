//! The contract: messages, services, the table of error codes, and how a client reaches a service.
//!
//! It knows no service and no transport beyond gRPC channels; the JSON frames of the edge stand in `frames/`.

pub mod channel;
pub mod code;
pub mod codec;

pub use channel::{ServiceChannel, ServiceToken, Target};
pub use code::ErrorCode;

/// Messages and services of package `smallbiz.chatbot.v1`.
pub mod v1 {
    pub use generated::*;

    #[expect(
        clippy::all,
        clippy::pedantic,
        clippy::allow_attributes,
        clippy::allow_attributes_without_reason,
        missing_docs,
        reason = "made by tonic-prost-build"
    )]
    mod generated {
        include!("generated/smallbiz.chatbot.v1.rs");
    }
}

/// The encoded descriptors of every `.proto` file, for server reflection.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!("generated/descriptor.bin");
