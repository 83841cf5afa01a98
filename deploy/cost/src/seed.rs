//! The bill that an earlier, serverless product promised, made again from its own assumptions, to be held beside ours.
//!
//! It told four things only in part: the tokens of an answer, the seconds of its functions, the bytes that leave, and the disk of its
//! larger database. The values here are those that lead to its sums.

use crate::{Bill, Usage};

/// Days of its months.
const DAYS: f64 = 30.0;
/// Tokens read and written for an answer, and of the question's vector.
const TOKENS: [f64; 3] = [500.0, 125.0, 20.0];
/// Dollars for a million of each.
const TOKEN_DOLLARS: [f64; 3] = [0.06, 0.24, 0.10];
/// Dollars for the vectors of the documents.
const DOCUMENTS: f64 = 0.0055;
/// A function that is kept warm, a month; a gigabyte-second; a call.
const WARM: f64 = 0.91;
const GIGABYTE_SECOND: f64 = 0.000_013_333_3;
const CALL: f64 = 0.20 / 1e6;
/// Gigabyte-seconds of an answer.
const SECONDS: f64 = 0.945;
/// Its entrance, for each request, and what leaves with it.
const ENTRANCE: f64 = 3.5 / 1e6;
const LEAVING: f64 = 0.000_196 * 0.09;
/// Disk and copies of its database, a gigabyte.
const DATABASE_GIB: f64 = 0.115 + 0.095;

/// A size of business, with the database and the warm functions that it was given.
const SIZES: [(f64, f64, f64); 3] = [(15.18, 20.0, 1.0), (15.18, 20.0, 1.0), (30.37, 50.0, 2.0)];

/// What it promised for the three businesses: database, firewall, models, functions, all else.
pub const PROMISED: [[f64; 5]; 3] =
    [[19.38, 8.01, 0.94, 1.11, 0.32], [19.38, 8.03, 3.35, 1.61, 1.15], [40.87, 8.14, 13.96, 4.69, 4.75]];

/// Returns its bills for the three businesses.
pub fn bills() -> Vec<(String, Bill)> {
    let sized = Usage::BUSINESSES.iter().zip(SIZES);
    sized.map(|((name, usage), size)| ((*name).to_owned(), bill(usage, size))).collect()
}

fn bill(usage: &Usage, (database, gib, warm): (f64, f64, f64)) -> Bill {
    let answers = usage.visitors * usage.questions * DAYS;
    let tokens: f64 = TOKENS.iter().zip(TOKEN_DOLLARS).map(|(count, dollars)| count * dollars / 1e6).sum();
    let mut bill = Bill::default();
    bill.add("Database", format!("{gib} GB"), database + gib * DATABASE_GIB);
    bill.add("Firewall", "", 8.0 + answers * 0.60 / 1e6);
    bill.add("Models", "500 and 125 tokens, no guardrail", answers * tokens + DOCUMENTS);
    bill.add("Functions", format!("{warm} warm"), warm * WARM + answers * (SECONDS * GIGABYTE_SECOND + CALL));
    bill.add("All else", "", answers * (ENTRANCE + LEAVING));
    bill
}

#[cfg(test)]
mod tests {
    use super::{PROMISED, bills};

    #[test]
    fn its_tables_come_out_to_the_cent() {
        for ((name, bill), promised) in bills().iter().zip(PROMISED) {
            for (line, promised) in bill.lines.iter().zip(promised) {
                assert!(
                    (line.dollars - promised).abs() < 0.015,
                    "{name} {}: {} instead of {promised}",
                    line.what,
                    line.dollars
                );
            }
            let promised: f64 = promised.iter().sum();
            assert!((bill.total() - promised).abs() < 0.03, "{name}: {} instead of {promised}", bill.total());
        }
    }
}
