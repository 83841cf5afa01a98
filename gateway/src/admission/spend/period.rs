//! The day and the month of UTC that money is counted in.

use std::time::{SystemTime, UNIX_EPOCH};

use time::{Date, OffsetDateTime};

/// A day, and its month.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Period {
    /// Julian day.
    pub(super) day: i32,
    /// Months since the year 0.
    pub(super) month: i32,
}

impl Period {
    /// Returns the period of a time; one that no calendar holds counts as the first day of 1970.
    pub(super) fn at(time: SystemTime) -> Self {
        let seconds = time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let moment =
            i64::try_from(seconds).ok().and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok());
        Self::of(moment.unwrap_or(OffsetDateTime::UNIX_EPOCH).date())
    }

    /// Returns the period of a Julian day, none where no calendar holds it.
    pub(super) fn of_day(day: i32) -> Option<Self> {
        Date::from_julian_day(day).ok().map(Self::of)
    }

    fn of(date: Date) -> Self {
        Self { day: date.to_julian_day(), month: date.year() * 12 + i32::from(u8::from(date.month())) }
    }
}
