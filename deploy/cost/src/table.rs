//! Bills side by side, as text.

use std::fmt::Write;

use crate::Bill;

/// Returns a table with a column for each bill, line by line, and their sums. The bills have the same lines.
pub fn table(title: &str, bills: &[(String, Bill)]) -> String {
    let mut text = String::new();
    let name = |text: &str| format!("  {text:24}");
    _ = write!(text, "{title}\n{}", name("dollars a month"));
    for (column, _) in bills {
        _ = write!(text, "{column:>12}");
    }
    let rows = bills.first().map_or(0, |(_, bill)| bill.lines.len());
    for row in 0..rows {
        let lines: Vec<_> = bills.iter().filter_map(|(_, bill)| bill.lines.get(row)).collect();
        _ = write!(text, "\n{}", name(lines.first().map_or("", |line| &line.what)));
        lines.iter().for_each(|line| _ = write!(text, "{:>12.2}", line.dollars));
        // What is the same for all is worth a word.
        if let Some(line) =
            lines.first().filter(|line| lines.iter().all(|other| other.quantity == line.quantity))
        {
            _ = write!(text, "   {}", line.quantity);
        }
    }
    _ = write!(text, "\n{}", name("in all"));
    bills.iter().for_each(|(_, bill)| _ = write!(text, "{:>12.2}", bill.total()));
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::{Bill, table};

    #[test]
    fn columns_stand_below_each_other_with_their_sums() {
        let bill = |dollars| {
            let mut bill = Bill::default();
            bill.add("Host", "t4g.small", dollars);
            bill.add("Model", format!("{dollars} answers"), 1.0);
            bill
        };
        let text = table("Starter", &[("small".to_owned(), bill(12.5)), ("large".to_owned(), bill(25.0))]);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[2].trim_start(), "Host                           12.50       25.00   t4g.small");
        assert_eq!(lines[3].split_whitespace().collect::<Vec<_>>(), ["Model", "1.00", "1.00"]);
        assert_eq!(lines[4].split_whitespace().collect::<Vec<_>>(), ["in", "all", "13.50", "26.00"]);
    }
}
