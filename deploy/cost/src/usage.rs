//! How much a chatbot is used.

/// Days of an average month.
const DAYS: f64 = 365.0 / 12.0;

/// What visitors ask of a chatbot, and what an answer takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Usage {
    /// Visitors a day who chat.
    pub visitors: f64,
    /// Questions of each.
    pub questions: f64,
    /// Tokens that the model reads for an answer: what it is told, 350; earlier messages, 500; five passages, 350 each; the question.
    pub input_tokens: f64,
    /// Tokens of an answer, about 900 characters.
    pub output_tokens: f64,
    /// Tokens of a question.
    pub question_tokens: f64,
    /// Share of the answers that the chatbot gives again, for nothing: 0 to 1.
    pub repeated: f64,
}

impl Usage {
    /// Returns the use by so many visitors a day.
    pub const fn of(visitors: f64, questions: f64) -> Self {
        Self {
            visitors,
            questions,
            input_tokens: 2650.0,
            output_tokens: 220.0,
            question_tokens: 50.0,
            repeated: 0.0,
        }
    }

    /// Three businesses that are told apart by their size alone.
    pub const BUSINESSES: [(&'static str, Self); 3] = [
        ("50 x 10", Self::of(50.0, 10.0)),
        ("150 x 12", Self::of(150.0, 12.0)),
        ("500 x 15", Self::of(500.0, 15.0)),
    ];

    /// Returns the questions of a month.
    pub fn asked(&self) -> f64 {
        self.visitors * self.questions * DAYS
    }

    /// Returns the answers of a month that a model writes.
    pub fn written(&self) -> f64 {
        self.asked() * (1.0 - self.repeated)
    }

    /// Returns the requests of a month that reach the firewall: each question, and the widget's files for each visitor.
    pub fn requests(&self) -> f64 {
        self.asked() + 4.0 * self.visitors * DAYS
    }
}
