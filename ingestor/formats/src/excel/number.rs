//! Shows numbers as their formats say (ECMA-376, part 1, 18.8.30 and 18.8.31), in English. Dates whose order a reader's
//! computer would choose are shown as ISO 8601 does.

mod clock;
mod digits;
mod tokens;

use std::collections::HashMap;

use tokens::Token;

/// How numbers are shown, for each sign.
#[derive(Clone, Debug, Default)]
pub(super) struct NumberFormat {
    sections: Vec<Section>,
}

#[derive(Clone, Debug, Default)]
struct Section {
    tokens: Vec<Token>,
    condition: Option<Condition>,
}

#[derive(Clone, Debug)]
struct Condition {
    sign: String,
    bound: f64,
}

impl Condition {
    fn holds(&self, value: f64) -> bool {
        match self.sign.as_str() {
            "<" => value < self.bound,
            "<=" => value <= self.bound,
            ">" => value > self.bound,
            ">=" => value >= self.bound,
            "<>" => (value - self.bound).abs() > f64::EPSILON,
            _ => (value - self.bound).abs() <= f64::EPSILON,
        }
    }
}

impl NumberFormat {
    pub(super) fn parse(code: &str) -> Self {
        Self { sections: tokens::sections(code) }
    }

    /// Returns what a person sees of a number.
    pub(super) fn show(&self, value: f64, counts_from_1904: bool) -> String {
        let Some((section, is_negative_section)) = self.section(value) else { return general(value) };
        if section.tokens.iter().any(|token| matches!(token, Token::General | Token::Fraction)) {
            return general(value);
        }
        if section.tokens.iter().any(Token::is_date) {
            return clock::show(&section.tokens, value, counts_from_1904).unwrap_or_else(|| general(value));
        }
        let is_number = section.tokens.iter().any(|token| matches!(token, Token::Digit(_)));
        if !is_number && section.tokens.contains(&Token::Text) {
            return general(value);
        }
        let shown = digits::show(&section.tokens, value.abs());
        // A section of its own writes the sign as it likes.
        if value < 0.0 && !is_negative_section && shown.bytes().any(|byte| matches!(byte, b'1'..=b'9')) {
            return format!("-{shown}");
        }
        shown
    }

    /// Returns the section for a value, and whether it is for negative values alone.
    fn section(&self, value: f64) -> Option<(&Section, bool)> {
        if self.sections.iter().any(|section| section.condition.is_some()) {
            let fitting = self
                .sections
                .iter()
                .find(|section| section.condition.as_ref().is_none_or(|condition| condition.holds(value)));
            return fitting.map(|section| (section, false));
        }
        let numeric = self.sections.len().min(3);
        let place = match numeric {
            2 | 3 if value < 0.0 => 1,
            3 if value == 0.0 => 2,
            _ => 0,
        };
        self.sections.get(place).map(|section| (section, place == 1))
    }
}

/// Shows a number without a format: all digits of a whole number, eleven of another.
pub(super) fn general(value: f64) -> String {
    let size = value.abs();
    if !value.is_finite() {
        return String::new();
    }
    if size >= 1e15 || size > 0.0 && size < 1e-9 {
        return format!("{value:e}").replace('e', "E");
    }
    let significant = if size >= 1e9 { 14 } else { 10 };
    let rounded: f64 =
        if value.fract() == 0.0 { value } else { format!("{value:.significant$e}").parse().unwrap_or(value) };
    // Minus zero is zero.
    format!("{}", rounded + 0.0)
}

/// The formats that workbooks refer to without writing them.
pub(super) fn built_in() -> HashMap<u32, NumberFormat> {
    const CODES: &[(u32, &str)] = &[
        (1, "0"),
        (2, "0.00"),
        (3, "#,##0"),
        (4, "#,##0.00"),
        (9, "0%"),
        (10, "0.00%"),
        (11, "0.00E+00"),
        (14, "yyyy-mm-dd"),
        (15, "d-mmm-yy"),
        (16, "d-mmm"),
        (17, "mmm-yy"),
        (18, "h:mm AM/PM"),
        (19, "h:mm:ss AM/PM"),
        (20, "h:mm"),
        (21, "h:mm:ss"),
        (22, "yyyy-mm-dd h:mm"),
        (37, "#,##0;(#,##0)"),
        (38, "#,##0;(#,##0)"),
        (39, "#,##0.00;(#,##0.00)"),
        (40, "#,##0.00;(#,##0.00)"),
        (41, "#,##0;(#,##0);\"-\""),
        (42, "$#,##0;$(#,##0);$\"-\""),
        (43, "#,##0.00;(#,##0.00);\"-\""),
        (44, "$#,##0.00;$(#,##0.00);$\"-\""),
        (45, "mm:ss"),
        (46, "[h]:mm:ss"),
        (47, "mm:ss"),
        (48, "##0.0E+0"),
    ];
    // These are dates in the order of East Asian calendars.
    let asian = (27..=36).chain(50..=58).map(|id| (id, "yyyy-mm-dd"));
    CODES.iter().copied().chain(asian).map(|(id, code)| (id, NumberFormat::parse(code))).collect()
}

#[cfg(test)]
mod tests {
    use super::NumberFormat;

    fn check(code: &str, value: f64, expected: &str) {
        assert_eq!(NumberFormat::parse(code).show(value, false), expected, "{code} of {value}");
    }

    #[test]
    fn numbers_are_shown_by_their_formats() {
        for (code, value, expected) in [
            ("General", 0.1 + 0.2, "0.3"),
            ("General", 4_006_381_333_931.0, "4006381333931"),
            ("General", 1e20, "1E20"),
            ("General", -0.0, "0"),
            ("0", 2.5, "3"),
            ("0.00", 1234.5, "1234.50"),
            ("#,##0.00", 1_234_567.891, "1,234,567.89"),
            ("#,##0", 999.0, "999"),
            ("0%", 0.25, "25%"),
            ("0.0%", 0.256, "25.6%"),
            ("#,##0.00 \"€\"", 1234.5, "1,234.50 €"),
            ("[$€-407] #,##0.00", 9.9, "€ 9.90"),
            ("\"$\"#,##0.00_);(\"$\"#,##0.00)", -12.0, "($12.00)"),
            ("0.00", -1.0, "-1.00"),
            ("0.00", -0.001, "0.00"),
            ("#.##", 0.5, ".5"),
            ("0.0#", 1.5, "1.5"),
            ("00000", 42.0, "00042"),
            ("000-0000", 5_551_234.0, "555-1234"),
            ("0.00E+00", 12345.0, "1.23E+04"),
            ("#,##0,\"k\"", 12_345.0, "12k"),
            ("[Red][<0]0.0;[>=100]0;0.00", 5.0, "5.00"),
            ("[Red][<0]0.0;[>=100]0;0.00", 150.0, "150"),
            ("0;-0;\"none\"", 0.0, "none"),
            ("@", 12.5, "12.5"),
            ("# ?/?", 0.5, "0.5"),
            (";;;", 5.0, ""),
            ("0 \\k\\g", 7.0, "7 kg"),
            ("", 7.5, "7.5"),
        ] {
            check(code, value, expected);
        }
    }

    #[test]
    fn dates_and_times_are_shown_by_their_formats() {
        for (code, value, expected) in [
            ("yyyy-mm-dd", 45_292.0, "2024-01-01"),
            ("dd.mm.yyyy", 45_351.0, "29.02.2024"),
            ("d. mmmm yyyy", 45_351.0, "29. February 2024"),
            ("ddd d-mmm-yy", 45_292.0, "Mon 1-Jan-24"),
            ("h:mm AM/PM", 0.75, "6:00 PM"),
            ("h:mm AM/PM", 0.0, "12:00 AM"),
            ("hh:mm:ss", 0.5, "12:00:00"),
            ("[h]:mm", 1.5, "36:00"),
            ("mm:ss", 0.001, "01:26"),
            ("[$-407]dd/mm/yy;@", 45_292.0, "01/01/24"),
            ("yyyy-mm-dd hh:mm:ss.000", 45_292.5, "2024-01-01 12:00:00"),
            ("dddd", 45_292.0, "Monday"),
            ("yyyy-mm-dd", -5.0, "-5"),
        ] {
            check(code, value, expected);
        }
    }

    #[test]
    fn no_format_breaks_the_reader() {
        for code in [
            "\"", "[", "\\", "_", "*", "[$", "0,,,,,,,", "E", "E+", ";;;;;;", "[h", "AM/", "0.0.0",
            "%%%%%%%%", "€",
        ] {
            for value in [0.0, -1.5, 1e300, 45_000.25, f64::NAN] {
                NumberFormat::parse(code).show(value, false);
            }
        }
    }
}
