//! Members of a JSON object, each read once, with a path for every mistake.

use std::cell::RefCell;

use serde_json::{Map, Value};

/// Beyond these, more mistakes help nobody.
const MOST_MISTAKES: usize = 50;

/// Names that are often written for others.
const MISNAMED: [(&str, &str); 12] = [
    ("filters", "filtersConfig"),
    ("strength", "inputStrength and outputStrength"),
    ("managedWordLists", "managedWordListsConfig"),
    ("customWordLists", "wordsConfig"),
    ("words", "wordsConfig"),
    ("piiEntities", "piiEntitiesConfig"),
    ("regexes", "regexesConfig"),
    ("regex", "pattern"),
    ("topics", "topicsConfig"),
    ("blockedOutputMessaging", "blockedOutputsMessaging"),
    ("blockedInputsMessaging", "blockedInputMessaging"),
    ("tier", "tierConfig"),
];

/// Collects what is wrong.
#[derive(Debug, Default)]
pub(super) struct Mistakes(RefCell<Vec<String>>);

impl Mistakes {
    pub(super) fn note(&self, path: &str, mistake: &str) {
        let mut noted = self.0.borrow_mut();
        if noted.len() < MOST_MISTAKES {
            noted.push(format!("{path}: {mistake}"));
        }
    }

    pub(super) fn into_inner(self) -> Vec<String> {
        self.0.into_inner()
    }
}

/// Members of an object.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fields<'a> {
    members: &'a Map<String, Value>,
    pub(super) path: &'a str,
    pub(super) mistakes: &'a Mistakes,
}

impl<'a> Fields<'a> {
    /// Takes an object that has only members of these names.
    pub(super) fn of(
        value: &'a Value,
        path: &'a str,
        names: &[&str],
        mistakes: &'a Mistakes,
    ) -> Option<Self> {
        let Some(members) = value.as_object() else {
            mistakes.note(path, &format!("expected an object, got {}", kind(value)));
            return None;
        };
        for name in members.keys().filter(|name| !names.contains(&name.as_str())) {
            let meant = MISNAMED.iter().find(|(wrong, right)| {
                wrong == name && names.iter().any(|known| right.split(" and ").any(|right| right == *known))
            });
            let right = match meant {
                Some((_, right)) => format!("did you mean {right}?"),
                None => format!("expected one of {}", names.join(", ")),
            };
            let shown: String = name.chars().take(60).collect();
            mistakes.note(path, &format!("`{shown}` is no member here; {right}"));
        }
        Some(Self { members, path, mistakes })
    }

    pub(super) fn note(&self, name: &str, mistake: &str) {
        self.mistakes.note(&self.path_of(name), mistake);
    }

    pub(super) fn path_of(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    pub(super) fn get(&self, name: &str) -> Option<&'a Value> {
        self.members.get(name)
    }

    /// Returns a text of at most so many characters; an empty one is a mistake.
    pub(super) fn text(&self, name: &str, most: usize) -> Option<&'a str> {
        let value = self.get(name)?;
        let Some(text) = value.as_str() else {
            self.note(name, &format!("expected a text, got {}", kind(value)));
            return None;
        };
        let length = text.chars().count();
        if length == 0 || length > most {
            self.note(name, &format!("expected 1 to {most} characters, got {length}"));
            return None;
        }
        Some(text)
    }

    /// The same; absence is a mistake.
    pub(super) fn required_text(&self, name: &str, most: usize) -> Option<&'a str> {
        if self.get(name).is_none() {
            self.note(name, &format!("must be set: expected 1 to {most} characters"));
        }
        self.text(name, most)
    }

    /// Returns what a word stands for.
    pub(super) fn one_of<T: Copy>(&self, name: &str, words: &[(&str, T)]) -> Option<T> {
        let value = self.get(name)?;
        let found = words.iter().find(|(word, _)| value.as_str() == Some(word));
        if found.is_none() {
            let shown: String = value.to_string().chars().take(60).collect();
            self.note(name, &format!("expected {}, got {shown}", choices(words)));
        }
        found.map(|(_, meaning)| *meaning)
    }

    /// The same; absence is a mistake.
    pub(super) fn required_one_of<T: Copy>(&self, name: &str, words: &[(&str, T)]) -> Option<T> {
        if self.get(name).is_none() {
            self.note(name, &format!("must be set: expected {}", choices(words)));
        }
        self.one_of(name, words)
    }

    pub(super) fn flag(&self, name: &str, default: bool) -> bool {
        let Some(value) = self.get(name) else { return default };
        value.as_bool().unwrap_or_else(|| {
            self.note(name, &format!("expected true or false, got {}", kind(value)));
            default
        })
    }

    /// Returns the members of a list, at most so many.
    pub(super) fn list(&self, name: &str, most: usize) -> &'a [Value] {
        let Some(value) = self.get(name) else { return &[] };
        let Some(list) = value.as_array() else {
            self.note(name, &format!("expected a list, got {}", kind(value)));
            return &[];
        };
        if list.len() > most {
            self.note(name, &format!("expected at most {most}, got {}", list.len()));
        }
        list.get(..list.len().min(most)).unwrap_or(list)
    }
}

fn choices<T>(words: &[(&str, T)]) -> String {
    let words: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
    format!("{}{}", if words.len() > 1 { "one of " } else { "" }, words.join(", "))
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
