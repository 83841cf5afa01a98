//! The quotable units of a passage: sentences, list items, rows. Each keeps its place, so that a quote is the
//! document's own words. It knows nothing of questions.

mod lines;
mod sentences;

use std::ops::Range;

use lines::Line;

/// A piece of a passage that can be quoted on its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unit {
    /// Where it stands in the passage's text: bytes.
    pub(crate) range: Range<usize>,
    pub(crate) form: Form,
    /// What introduces it inside the passage: headings, a label such as "Opening hours:", or the question it answers.
    pub(crate) lead: String,
}

/// How a unit is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Sentence,
    Item,
    /// Named values, in order; at least one.
    Record(Vec<Field>),
}

/// A named value of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Field {
    pub(crate) key: String,
    pub(crate) value: String,
}

/// Items up to this length are quoted whole, longer ones by the sentence: bytes.
const WHOLE_ITEM_BYTES: usize = 320;

/// Returns the units of a passage's text, in order and without overlap.
pub(crate) fn of(text: &str) -> Vec<Unit> {
    let lines: Vec<(Range<usize>, Line)> = lines::of(text);
    let mut builder = Builder { text, units: Vec::new(), heading: String::new(), label: String::new() };
    let mut place = 0;
    while let Some((range, line)) = lines.get(place) {
        if is_asked(&lines, place, text) {
            place += builder.label(&text[range.clone()]);
            continue;
        }
        place += match line {
            Line::Blank | Line::Rule => 1,
            Line::Heading(title) => builder.heading(title),
            Line::Label(label) => builder.label(label),
            Line::Row(_) => builder.table(&lines[place..]),
            Line::Record(fields) => builder.record(range.clone(), fields.clone()),
            Line::Pair(_) => builder.pairs(&lines[place..]),
            Line::Item => builder.item(&lines[place..]),
            Line::Text => builder.paragraph(&lines[place..]),
        };
    }
    builder.units
}

/// Whether a line at the head of a block is the question that the lines below it answer, whatever else it looks like:
/// curated answers are written so.
fn is_asked(lines: &[(Range<usize>, Line)], place: usize, text: &str) -> bool {
    let is_plain = |place: usize| match lines.get(place) {
        None | Some((_, Line::Blank)) => false,
        Some((range, _)) => !is_question(&text[range.clone()]),
    };
    let is_first = place.checked_sub(1).is_none_or(|before| lines[before].1 == Line::Blank);
    let is_heading = matches!(lines[place].1, Line::Blank | Line::Heading(_));
    is_first && !is_heading && is_question(&text[lines[place].0.clone()]) && is_plain(place + 1)
}

/// Each method takes what it understands from the front of the lines and returns how many lines that were.
struct Builder<'t> {
    text: &'t str,
    units: Vec<Unit>,
    heading: String,
    label: String,
}

impl Builder<'_> {
    fn heading(&mut self, title: &str) -> usize {
        title.clone_into(&mut self.heading);
        self.label.clear();
        1
    }

    fn label(&mut self, label: &str) -> usize {
        label.clone_into(&mut self.label);
        1
    }

    fn push(&mut self, range: Range<usize>, form: Form) {
        let lead = format!("{} {}", self.heading, self.label).trim().to_owned();
        self.units.push(Unit { range, form, lead });
    }

    fn record(&mut self, range: Range<usize>, fields: Vec<Field>) -> usize {
        self.push(range, Form::Record(fields));
        1
    }

    /// A table's first row names the columns when a rule follows it; without a rule every row is an item.
    fn table(&mut self, lines: &[(Range<usize>, Line)]) -> usize {
        let rows = lines.iter().take_while(|(_, line)| matches!(line, Line::Row(_) | Line::Rule)).count();
        let has_header = matches!(lines.get(1), Some((_, Line::Rule)));
        let mut header: &[String] = &[];
        for (place, (range, line)) in lines[..rows].iter().enumerate() {
            let Line::Row(cells) = line else { continue };
            if place == 0 && has_header {
                header = cells;
                continue;
            }
            let named = header.iter().zip(cells).filter(|(_, value)| !value.is_empty());
            let fields: Vec<Field> =
                named.map(|(key, value)| Field { key: key.clone(), value: value.clone() }).collect();
            let form = if fields.is_empty() { Form::Item } else { Form::Record(fields) };
            self.push(range.clone(), form);
        }
        rows
    }

    /// Lines of the form `key: value` belong together; one alone is an item.
    fn pairs(&mut self, lines: &[(Range<usize>, Line)]) -> usize {
        let fields: Vec<Field> = lines
            .iter()
            .map_while(|(_, line)| match line {
                Line::Pair(field) => Some(field.clone()),
                _ => None,
            })
            .collect();
        let count = fields.len();
        let range = lines[0].0.start..lines[count - 1].0.end;
        // The same key again and again is a list of remarks, not one record.
        let distinct: std::collections::HashSet<&str> =
            fields.iter().map(|field| field.key.as_str()).collect();
        if count > 1 && distinct.len() == count {
            self.push(range, Form::Record(fields));
        } else {
            for (range, _) in &lines[..count] {
                self.push(range.clone(), Form::Item);
            }
        }
        count
    }

    fn item(&mut self, lines: &[(Range<usize>, Line)]) -> usize {
        let is_continuation = |(range, line): &&(Range<usize>, Line)| {
            matches!(line, Line::Text) && self.text[..range.start].ends_with(' ')
        };
        let count = 1 + lines[1..].iter().take_while(is_continuation).count();
        let range = lines[0].0.start..lines[count - 1].0.end;
        if range.len() <= WHOLE_ITEM_BYTES {
            self.push_item(range);
        } else {
            for sentence in sentences::of(self.text, range) {
                self.push_item(sentence);
            }
        }
        count
    }

    fn push_item(&mut self, range: Range<usize>) {
        // A list of questions answers nothing.
        if !is_question(&self.text[range.clone()]) {
            self.push(range, Form::Item);
        }
    }

    /// Lines that are wrapped, not ended, belong to one paragraph.
    fn paragraph(&mut self, lines: &[(Range<usize>, Line)]) -> usize {
        let is_text = |(_, line): &&(Range<usize>, Line)| matches!(line, Line::Text);
        let mut count = 1;
        for (range, _) in lines[1..].iter().take_while(is_text) {
            if !lines::is_wrapped(&self.text[lines[count - 1].0.clone()], &self.text[range.clone()]) {
                break;
            }
            count += 1;
        }
        for sentence in sentences::of(self.text, lines[0].0.start..lines[count - 1].0.end) {
            if is_question(&self.text[sentence.clone()]) {
                self.text[sentence].clone_into(&mut self.label);
            } else {
                self.push_sentence(sentence);
            }
        }
        count
    }

    /// A sentence that points back says nothing alone, so it is quoted with the one before it.
    fn push_sentence(&mut self, range: Range<usize>) {
        let points_back = points_back(&self.text[range.clone()]);
        let before = self.units.last_mut().filter(|unit| unit.form == Form::Sentence);
        match before {
            Some(unit)
                if points_back
                    && range.end - unit.range.start <= WHOLE_ITEM_BYTES
                    && !self.text[unit.range.end..range.start].contains("\n\n") =>
            {
                unit.range.end = range.end;
            }
            _ => self.push(range, Form::Sentence),
        }
    }
}

/// Words at the head of a sentence whose meaning stands in the sentence before.
const POINTERS: [&str; 26] = [
    "it", "its", "they", "their", "this", "these", "that", "those", "he", "she", "es", "sie", "er", "dies",
    "diese", "dieser", "dieses", "esto", "estos", "ellos", "il", "elle", "ils", "elles", "cela", "ceux",
];

fn points_back(sentence: &str) -> bool {
    let first = sentence.split(|c: char| !c.is_alphanumeric()).find(|word| !word.is_empty());
    first.is_some_and(|word| POINTERS.contains(&word.to_lowercase().as_str()))
}

fn is_question(text: &str) -> bool {
    text.trim_end_matches(['"', '”', '»', '*', '_', ' ']).ends_with(['?', '？', '؟'])
}

#[cfg(test)]
mod tests {
    use super::{Field, Form, of};

    fn texts(text: &str) -> Vec<&str> {
        of(text).into_iter().map(|unit| &text[unit.range]).collect()
    }

    fn fields(text: &str) -> Vec<Vec<(String, String)>> {
        let of_record = |form| match form {
            Form::Record(fields) => {
                Some(fields.into_iter().map(|Field { key, value }| (key, value)).collect())
            }
            Form::Sentence | Form::Item => None,
        };
        of(text).into_iter().filter_map(|unit| of_record(unit.form)).collect()
    }

    #[test]
    fn prose_is_cut_into_sentences() {
        let cases: [(&str, &[&str]); 8] = [
            (
                "We open at 9. We close at 5 p.m. on weekdays.",
                &["We open at 9.", "We close at 5 p.m. on weekdays."],
            ),
            ("Ask Mr. Miller or Dr. May. They know.", &["Ask Mr. Miller or Dr. May. They know."]),
            (
                "Wir liefern ab dem 3. Mai. Der Versand kostet z. B. 5 Euro.",
                &["Wir liefern ab dem 3. Mai.", "Der Versand kostet z. B. 5 Euro."],
            ),
            ("星期天营业。其他时间休息！", &["星期天营业。", "其他时间休息！"]),
            ("نفتح يوم الأحد. نغلق يوم الجمعة.", &["نفتح يوم الأحد.", "نغلق يوم الجمعة."]),
            (
                "A line that is wrapped by its editor because it is long\nends here. Next.",
                &["A line that is wrapped by its editor because it is long\nends here.", "Next."],
            ),
            (
                "We repair bicycles. It takes a day. Bring it in.",
                &["We repair bicycles. It takes a day.", "Bring it in."],
            ),
            ("Main Street 5\n12345 Town", &["Main Street 5", "12345 Town"]),
        ];
        for (text, expected) in cases {
            assert_eq!(texts(text), expected);
        }
    }

    #[test]
    fn lists_and_labels_and_questions_keep_their_roles() {
        let text = "## Hours\n\nOpening hours:\n- Sunday 11:00 to 16:00\n- Monday closed\n\nCan I park? Yes, behind the shop.";
        let units = of(text);
        assert_eq!(texts(text), ["Sunday 11:00 to 16:00", "Monday closed", "Yes, behind the shop."]);
        assert_eq!(units[0].lead, "Hours Opening hours:");
        assert_eq!(units[2].lead, "Hours Can I park?");
    }

    #[test]
    fn the_question_of_a_curated_answer_is_never_quoted() {
        for (text, lead, expected) in [
            ("Do you deliver?\nYes, to every town.", "Do you deliver?", "Yes, to every town."),
            ("I lost my key. What now?\nCall us.", "I lost my key. What now?", "Call us."),
            ("Delivery: to Hamburg?\nWithin two days.", "Delivery: to Hamburg?", "Within two days."),
            ("Delivery: how; costs: what?\nFree.", "Delivery: how; costs: what?", "Free."),
            ("1. Can I pay by card?\nCash only.", "Can I pay by card?", "Cash only."),
            ("营业时间？\n九点。", "营业时间？", "九点。"),
            ("Do you deliver?\n- yes, on Monday", "Do you deliver?", "yes, on Monday"),
        ] {
            let units = of(text);
            assert_eq!((units.len(), units[0].lead.as_str()), (1, lead), "{text}");
            assert_eq!(&text[units[0].range.clone()], expected);
        }
        assert!(of("- Do you deliver?\n- Do you wrap?").is_empty(), "questions alone answer nothing");
    }

    #[test]
    fn rows_become_records_however_they_are_written() {
        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        let expected = [vec![pair("Day", "Sunday"), pair("Hours", "11:00–16:00")]];
        assert_eq!(fields("Day: Sunday; Hours: 11:00–16:00"), expected);
        assert_eq!(fields("| Day | Hours |\n|---|---|\n| Sunday | 11:00–16:00 |"), expected);
        assert_eq!(fields("Day: Sunday\nHours: 11:00–16:00"), expected);
        assert!(fields("See https://example.com; or call: us.").is_empty());
    }

    #[test]
    fn any_text_gives_units_inside_it_in_order() {
        proptest::proptest!(|(text in "(?s)[ -~äé星。\n|;:#*-]{0,200}")| {
            let mut end = 0;
            for unit in of(&text) {
                assert!(unit.range.start >= end && !text[unit.range.clone()].trim().is_empty());
                end = unit.range.end;
            }
        });
    }
}
