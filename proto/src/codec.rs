//! How messages become bytes on gRPC: as prost writes them, through buffers that begin small. A call's buffer grows with its first
//! large message; the many calls that carry a word at a time never need more.

use std::marker::PhantomData;

use prost::Message;
use tonic::codec::BufferSettings;
use tonic_prost::{ProstDecoder, ProstEncoder};

/// Of each direction of a call, at its beginning; tonic's own is 8 KiB, which a gateway full of waiting readers feels.
const FIRST_BYTES: usize = 1024;
/// Messages that are ready travel together up to this size, as in tonic's own.
const TOGETHER_BYTES: usize = 32 * 1024;

/// The codec of every method of the contract.
#[derive(Debug)]
pub struct Codec<Sent, Received>(PhantomData<(Sent, Received)>);

impl<Sent, Received> Default for Codec<Sent, Received> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<Sent, Received> tonic::codec::Codec for Codec<Sent, Received>
where
    Sent: Message + Send + 'static,
    Received: Message + Default + Send + 'static,
{
    type Encode = Sent;
    type Decode = Received;
    type Encoder = ProstEncoder<Sent>;
    type Decoder = ProstDecoder<Received>;

    fn encoder(&mut self) -> Self::Encoder {
        ProstEncoder::new(BufferSettings::new(FIRST_BYTES, TOGETHER_BYTES))
    }

    fn decoder(&mut self) -> Self::Decoder {
        ProstDecoder::new(BufferSettings::new(FIRST_BYTES, TOGETHER_BYTES))
    }
}
