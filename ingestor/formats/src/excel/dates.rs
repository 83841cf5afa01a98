//! Turns the day numbers of a spreadsheet into dates and times.

/// Days from the day before the first numbered one to 1 March 0000 of the calendar of today.
const DAYS_BEFORE: i64 = 693_899;
/// Days between the two beginnings that workbooks count from.
const DAYS_TO_1904: f64 = 1462.0;
/// The last day that dates can have: 31 December 9999.
const LAST_DAY: f64 = 2_958_466.0;
const SECONDS_A_DAY: f64 = 86_400.0;

/// A date and a time of the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moment {
    pub(super) year: i64,
    /// From 1.
    pub(super) month: usize,
    pub(super) day: i64,
    /// From 0 for Sunday.
    pub(super) weekday: usize,
    /// Since midnight.
    pub(super) seconds: i64,
    /// Since day 0, for durations.
    pub(super) all_seconds: i64,
}

/// Returns the moment that a number stands for, or `None` outside of the calendar.
pub(super) fn moment(number: f64, counts_from_1904: bool) -> Option<Moment> {
    let number = if counts_from_1904 { number + DAYS_TO_1904 } else { number };
    if !(0.0..LAST_DAY).contains(&number) {
        return None;
    }
    let all_seconds = whole(number * SECONDS_A_DAY)?;
    let (days, seconds) = (all_seconds.div_euclid(86_400), all_seconds.rem_euclid(86_400));
    // Day 60 is a 29 February 1900 that never was; the days before it are one behind.
    let days = if days < 60 { days.saturating_add(1) } else { days };
    let (year, month, day) = civil(days.saturating_add(DAYS_BEFORE));
    let weekday = usize::try_from(days.saturating_add(6).rem_euclid(7)).ok()?;
    Some(Moment { year, month, day, weekday, seconds, all_seconds })
}

/// Returns the nearest whole number.
fn whole(number: f64) -> Option<i64> {
    format!("{:.0}", number.round()).parse().ok()
}

/// Returns year, month and day of a day counted from 1 March 0000: years that begin in March have their leap day at the end
/// (after Howard Hinnant, "chrono-compatible low-level date algorithms").
fn civil(days: i64) -> (i64, usize, i64) {
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, usize::try_from(month).unwrap_or(1), day)
}

#[cfg(test)]
mod tests {
    use super::moment;

    #[test]
    fn day_numbers_are_dates() {
        for (number, from_1904, expected) in [
            (1.0, false, (1900, 1, 1)),
            (59.0, false, (1900, 2, 28)),
            (61.0, false, (1900, 3, 1)),
            (45_292.0, false, (2024, 1, 1)),
            (45_351.0, false, (2024, 2, 29)),
            (43_830.0, true, (2024, 1, 1)),
        ] {
            let moment = moment(number, from_1904).unwrap();
            assert_eq!((moment.year, moment.month, moment.day), expected, "{number}");
        }
        assert_eq!(moment(45_292.0, false).unwrap().weekday, 1);
        assert_eq!(moment(0.5, false).unwrap().seconds, 43_200);
    }

    #[test]
    fn numbers_outside_of_the_calendar_are_no_dates() {
        for number in [-1.0, 3e6, f64::NAN, f64::INFINITY] {
            assert_eq!(moment(number, false), None);
        }
    }
}
