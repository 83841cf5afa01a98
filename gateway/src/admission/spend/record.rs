//! What was spent, in a file that outlives the process. It is written a piece ahead of what is spent, so that it is
//! written seldom, and a process that is killed has never spent more than the file says.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::SpendCaps;
use super::period::Period;

/// Share of a cap that is written down ahead; as much may be lost to a process that is killed.
const PIECES: u64 = 100;

/// What everybody spent, in millionths of a US dollar.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Totals {
    pub(super) day: u64,
    pub(super) month: u64,
}

impl Totals {
    /// Returns the totals with so much more.
    pub(super) fn plus(self, amount: u64) -> Self {
        Self { day: self.day.saturating_add(amount), month: self.month.saturating_add(amount) }
    }
}

/// The file's content.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Content {
    /// Julian day of UTC.
    day: i32,
    day_microdollars: u64,
    month_microdollars: u64,
}

/// The file, and how far it goes.
#[derive(Debug)]
pub(super) struct Record {
    file: PathBuf,
    period: Period,
    covered: Totals,
}

impl Record {
    /// Opens the file, and returns what it says of this period; a missing one begins with nothing.
    pub(super) fn open(file: PathBuf, period: Period) -> io::Result<(Self, Totals)> {
        let totals = match fs::read(&file) {
            Ok(bytes) => spent(&file, &bytes, period)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Totals::default(),
            Err(error) => return Err(named(&file, &error)),
        };
        let record = Self { file, period, covered: totals };
        // A folder that cannot be written to shows now, and not with the first answer.
        record.write(period, totals)?;
        Ok((record, totals))
    }

    /// Sees to it that the file says at least so much.
    pub(super) fn cover(&mut self, period: Period, wanted: Totals, caps: &SpendCaps) -> io::Result<()> {
        let is_covered = wanted.day <= self.covered.day && wanted.month <= self.covered.month;
        if is_covered && period == self.period {
            return Ok(());
        }
        let ahead = |wanted: u64, cap: u64| {
            // A cap that is lifted has no pieces; then a few answers make one.
            let piece =
                if cap == 0 { caps.answer.saturating_mul(10) } else { (cap / PIECES).max(caps.answer) };
            let more = wanted.saturating_add(piece);
            if cap == 0 { more } else { more.min(cap.max(wanted)) }
        };
        let covered = Totals { day: ahead(wanted.day, caps.day), month: ahead(wanted.month, caps.month) };
        self.write(period, covered)?;
        (self.period, self.covered) = (period, covered);
        Ok(())
    }

    fn write(&self, period: Period, totals: Totals) -> io::Result<()> {
        let content =
            Content { day: period.day, day_microdollars: totals.day, month_microdollars: totals.month };
        let beside = self.file.with_extension("new");
        let replace = || {
            let mut file = File::create(&beside)?;
            file.write_all(&serde_json::to_vec(&content)?)?;
            file.sync_all()?;
            fs::rename(&beside, &self.file)
        };
        replace().map_err(|error| named(&self.file, &error))
    }
}

fn spent(file: &Path, bytes: &[u8], now: Period) -> io::Result<Totals> {
    let content: Content = serde_json::from_slice(bytes).map_err(|error| {
        let said = format!(
            "it is no record of what was spent ({error}): mend it, or remove it to begin with nothing"
        );
        named(file, &io::Error::other(said))
    })?;
    let Some(then) = Period::of_day(content.day) else { return Ok(Totals::default()) };
    let of = |is_same: bool, amount: u64| if is_same { amount } else { 0 };
    Ok(Totals {
        day: of(then.day == now.day, content.day_microdollars),
        month: of(then.month == now.month, content.month_microdollars),
    })
}

fn named(file: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", file.display()))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::super::{Ledger, Owner, SpendCaps};

    const NOON: SystemTime = SystemTime::UNIX_EPOCH;

    fn ledger(file: &std::path::Path, now: SystemTime) -> std::io::Result<Ledger> {
        let file = Some(file.to_owned());
        let caps = SpendCaps { answer: 100, visitor_day: 0, key_day: 0, day: 20_000, month: 30_000, file };
        Ledger::open_at(caps, now)
    }

    fn visitor() -> Owner {
        Owner { key: 0, visitor: "a".into() }
    }

    #[test]
    fn a_killed_process_has_spent_no_more_than_the_next_one_knows() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("spend.json");
        let mut spent = 0;
        for _ in 0..150 {
            let ledger = ledger(&file, NOON).expect("opens");
            let known = ledger.state.lock().expect("no test has failed").totals.day;
            assert!(known >= spent && known <= spent + 200 * (spent / 100 + 1), "{known} of {spent}");
            spent += ledger.reserve_at(&visitor(), None, NOON).amount();
        }
        assert!(spent <= 20_000, "{spent}");
        let day = Duration::from_secs(24 * 60 * 60);
        let tomorrow = ledger(&file, NOON + day).expect("opens");
        let totals = tomorrow.state.lock().expect("no test has failed").totals;
        assert!(totals.day == 0 && totals.month >= spent, "{totals:?}");
    }

    #[test]
    fn a_file_that_is_none_or_cannot_be_written_is_refused_by_name() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("spend.json");
        std::fs::write(&file, b"{}").expect("written");
        assert!(ledger(&file, NOON).expect_err("no record").to_string().contains("spend.json"));
        let nowhere = folder.path().join("no/such/spend.json");
        assert!(ledger(&nowhere, NOON).expect_err("no folder").to_string().contains("no/such"));
    }

    #[test]
    fn nothing_is_spent_that_cannot_be_written_down() {
        let folder = tempfile::tempdir().expect("a folder");
        let inner = folder.path().join("inner");
        std::fs::create_dir(&inner).expect("made");
        let ledger = ledger(&inner.join("spend.json"), NOON).expect("opens");
        std::fs::remove_dir_all(&inner).expect("removed");
        assert_eq!(ledger.reserve_at(&visitor(), None, NOON).amount(), 0);
    }
}
