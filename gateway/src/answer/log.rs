//! The events of one answer, one behind the other as bytes of the wire: a crowd of answers that wait for slow readers costs its
//! text and a few bytes for each event, not a structure for each word. It knows no reader.

use prost::Message;
use proto::v1::ChatEvent;
use proto::v1::chat_event::Event;

use super::LogFull;

/// Items that a list has room for when it grows.
const LEAST_ROOM: usize = 128;

/// How an answer has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// With its whole text.
    Ended,
    /// With an error.
    Failed,
}

impl End {
    /// Returns how an answer ends with this event; nothing when it goes on.
    pub(super) fn of(event: &Event) -> Option<Self> {
        match event {
            Event::Ended(_) => Some(Self::Ended),
            Event::Failed(_) => Some(Self::Failed),
            _ => None,
        }
    }
}

/// Events in their order.
#[derive(Debug, Default)]
pub(super) struct Log {
    bytes: Vec<u8>,
    /// Where each event ends.
    ends: Vec<u32>,
    end: Option<End>,
}

impl Log {
    /// Returns how many events there are.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Returns how the answer has ended.
    pub(super) fn end(&self) -> Option<End> {
        self.end
    }

    /// Adds an event. The last one always fits.
    ///
    /// # Errors
    /// [`LogFull`] when the log would then hold more than `limit_bytes`.
    pub(super) fn push(&mut self, event: &Event, limit_bytes: usize) -> Result<(), LogFull> {
        let end = End::of(event);
        let held = self.bytes.len() + event.encoded_len();
        let place = u32::try_from(held).map_err(|_| LogFull)?;
        if end.is_none() && held + self.ends.len() * size_of::<u32>() > limit_bytes {
            return Err(LogFull);
        }
        make_room(&mut self.bytes, event.encoded_len());
        make_room(&mut self.ends, 1);
        // The fields of an event beside its answer's: a message of its own, which says no id and no number.
        event.encode(&mut self.bytes);
        self.ends.push(place);
        self.end = end;
        if end.is_some() {
            // What was reserved for more text is given back; the answer may be kept for a while.
            self.bytes.shrink_to_fit();
            self.ends.shrink_to_fit();
        }
        Ok(())
    }

    /// Returns the event at this place, the first being 0, without what is the answer's.
    pub(super) fn get(&self, place: usize) -> Option<Event> {
        let end = *self.ends.get(place)? as usize;
        let start = match place.checked_sub(1) {
            Some(before) => *self.ends.get(before)? as usize,
            None => 0,
        };
        // What was written here can be read.
        ChatEvent::decode(self.bytes.get(start..end)?).ok()?.event
    }
}

/// A list that doubles would hold twice what it needs; one that grows by an eighth is copied eight times as often, which is
/// little beside what made each of its events.
fn make_room<Item>(list: &mut Vec<Item>, more: usize) {
    if list.capacity() - list.len() < more {
        list.reserve_exact(more + list.len() / 8 + LEAST_ROOM);
    }
}

#[cfg(test)]
mod tests {
    use proto::v1::chat_event::Event;
    use proto::v1::{Delta, Ended, Failed, Started};

    use super::{End, Log};

    #[test]
    fn events_come_back_as_they_went_in() {
        let events = [
            Event::Started(Started { generation: 0 }),
            Event::Delta(Delta { text: String::new() }),
            Event::Delta(Delta { text: "Grüße".to_owned() }),
            Event::Ended(Ended { text: "Grüße".to_owned(), ..Ended::default() }),
        ];
        let mut log = Log::default();
        for event in &events {
            assert_eq!(log.end(), None);
            log.push(event, 1000).expect("it fits");
        }
        let read: Vec<Event> = (0..log.len()).filter_map(|place| log.get(place)).collect();
        assert_eq!(read, events);
        assert_eq!(log.get(events.len()), None);
        assert_eq!(log.end(), Some(End::Ended));
        assert_eq!(End::of(&Event::Failed(Failed::default())), Some(End::Failed));
    }

    #[test]
    fn a_word_costs_its_text_and_a_few_bytes() {
        let mut log = Log::default();
        for _ in 0..1000 {
            log.push(&Event::Delta(Delta { text: "word ".to_owned() }), 1 << 20).expect("it fits");
        }
        assert!(log.bytes.capacity() + log.ends.capacity() * size_of::<u32>() <= 1000 * (5 + 4 + 4) * 5 / 4);
    }
}
