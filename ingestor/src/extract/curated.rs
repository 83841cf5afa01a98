//! Tells curated questions and answers from other rows and records, by the names of their columns. It knows no format.

use embedding::analysis::{fold, is_dense, normalise};

use super::builder::{Builder, one_line};

/// Names of columns, folded and without anything but letters and digits.
const QUESTION_NAMES: [&str; 26] = [
    "question",
    "questions",
    "q",
    "faq",
    "faqquestion",
    "frage",
    "fragen",
    "pregunta",
    "preguntas",
    "domanda",
    "domande",
    "vraag",
    "vragen",
    "pergunta",
    "perguntas",
    "pytanie",
    "fraga",
    "sporgsmal",
    "soru",
    "вопрос",
    "问题",
    "問題",
    "質問",
    "سؤال",
    "السؤال",
    "سوال",
];
const ANSWER_NAMES: [&str; 26] = [
    "answer",
    "answers",
    "a",
    "faqanswer",
    "antwort",
    "antworten",
    "respuesta",
    "respuestas",
    "reponse",
    "reponses",
    "risposta",
    "risposte",
    "antwoord",
    "antwoorden",
    "resposta",
    "respostas",
    "odpowiedz",
    "svar",
    "cevap",
    "yanit",
    "ответ",
    "答案",
    "回答",
    "جواب",
    "الجواب",
    "اجابة",
];
const ALTERNATIVE_NAMES: [&str; 9] = [
    "alternatives",
    "alternative",
    "alternativequestions",
    "alternativen",
    "alternativfragen",
    "alternativas",
    "alternativi",
    "alternatieven",
    "variants",
];
/// What divides alternatives inside one cell.
const ALTERNATIVE_DIVIDERS: [char; 3] = ['\n', ';', '|'];

/// What a column or field is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Question,
    Answer,
    Alternatives,
    /// Kept as text after the answer.
    Other,
}

/// Returns the role of each column, when one of them holds questions and another answers.
pub(super) fn roles(names: impl IntoIterator<Item: AsRef<str>>) -> Option<Vec<Role>> {
    let mut roles: Vec<Role> = Vec::new();
    for name in names {
        // The first column of a name has the role; a second one is as good as any other.
        let role = Some(role(name.as_ref())).filter(|role| !roles.contains(role));
        roles.push(role.unwrap_or(Role::Other));
    }
    (roles.contains(&Role::Question) && roles.contains(&Role::Answer)).then_some(roles)
}

fn role(name: &str) -> Role {
    let name: String = fold(&normalise(name)).chars().filter(|c| c.is_alphanumeric()).collect();
    let is_in = |names: &[&str]| names.contains(&name.as_str());
    if is_in(&QUESTION_NAMES) {
        Role::Question
    } else if is_in(&ANSWER_NAMES) {
        Role::Answer
    } else if is_in(&ALTERNATIVE_NAMES) {
        Role::Alternatives
    } else {
        Role::Other
    }
}

/// One curated answer.
#[derive(Debug, Default)]
pub(super) struct Entry {
    questions: Vec<String>,
    answer: String,
    more: Vec<String>,
}

impl Entry {
    /// Takes in one value by its role.
    pub(super) fn put(&mut self, role: Role, name: &str, value: &str) {
        match role {
            // The question itself comes before its alternatives, wherever their columns stand.
            Role::Question => self.questions.insert(0, one_line(value)),
            Role::Answer => self.answer = tidy(value),
            Role::Alternatives => self.questions.extend(value.split(ALTERNATIVE_DIVIDERS).map(one_line)),
            Role::Other => {
                let (name, value) = (one_line(name), one_line(value));
                if !value.is_empty() {
                    let is_named = !name.is_empty();
                    self.more.push(if is_named {
                        format!("{}: {value}", name.trim_end_matches(':'))
                    } else {
                        value
                    });
                }
            }
        }
    }

    /// Whether it has a question in words and an answer.
    pub(super) fn is_complete(&self) -> bool {
        self.questions.first().is_some_and(|question| question.contains(char::is_alphabetic))
            && !self.answer.is_empty()
    }

    /// Adds one block for each way of asking.
    pub(super) fn add_to(&self, builder: &mut Builder) {
        let mut asked: Vec<String> = Vec::new();
        let mut answer = self.answer.clone();
        for line in &self.more {
            answer.push('\n');
            answer.push_str(line);
        }
        for question in self.questions.iter().filter(|question| question.contains(char::is_alphabetic)) {
            let question = with_mark(question);
            let plain = question.to_lowercase();
            if !asked.contains(&plain) {
                builder.question_answer(&question, &answer);
                asked.push(plain);
            }
        }
    }
}

/// Returns a question with its mark: whoever quotes the answer tells by it where the question ends.
fn with_mark(question: &str) -> String {
    if question.ends_with(['?', '？', '؟']) {
        return question.to_owned();
    }
    let bare = question.trim_end_matches(['.', '!', ':', '…', '。', '！', '：', ' ']);
    let mark = match bare.chars().last() {
        Some(last) if is_dense(last) => '？',
        Some('\u{600}'..='\u{6ff}') => '؟',
        _ => '?',
    };
    format!("{bare}{mark}")
}

/// Returns a text without white space at the ends of its lines; line breaks stay.
fn tidy(text: &str) -> String {
    let lines: Vec<&str> = text.trim().lines().map(str::trim_end).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::{Role, roles, with_mark};

    #[test]
    fn columns_are_told_by_their_names_in_many_languages() {
        for (question, answer) in [
            ("Question", "Answer"),
            ("FRAGE", "Antwort:"),
            ("pregunta", "respuesta"),
            ("question", "Réponse"),
            ("Domanda", "risposta"),
            ("vraag", "antwoord"),
            ("Pergunta", "resposta"),
            ("Q", "A"),
            ("faq question", "FAQ-Answer"),
            ("Вопрос", "Ответ"),
            ("问题", "答案"),
            ("سؤال", "جواب"),
        ] {
            let roles = roles([question, answer, "Category", "alternatives"]).expect(question);
            assert_eq!(roles, [Role::Question, Role::Answer, Role::Other, Role::Alternatives]);
        }
        for names in
            [&["name", "price"][..], &["question", "votes"], &["answer"], &["questionnaire", "answered"]]
        {
            assert_eq!(roles(names), None, "{names:?}");
        }
    }

    #[test]
    fn a_question_has_its_mark_in_its_own_script() {
        for (question, expected) in [
            ("Do you deliver?", "Do you deliver?"),
            ("Opening hours", "Opening hours?"),
            ("Tell me about returns.", "Tell me about returns?"),
            ("营业时间", "营业时间？"),
            ("مواعيد العمل", "مواعيد العمل؟"),
        ] {
            assert_eq!(with_mark(question), expected);
        }
    }
}
