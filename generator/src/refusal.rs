//! What is said when the documents hold no answer.

use crate::extractive::question_language;
use crate::prompt::Prompt;
use crate::settings::AnswerSettings;

/// Language, refusal, and the words before the contact.
#[rustfmt::skip]
const SENTENCES: [(&str, &str, &str); 8] = [
    ("en", "I could not find that in our documents.", "Please contact us:"),
    ("de", "Das konnte ich in unseren Unterlagen nicht finden.", "Bitte wenden Sie sich an uns:"),
    ("es", "No he encontrado eso en nuestros documentos.", "Póngase en contacto con nosotros:"),
    ("fr", "Je n'ai pas trouvé cela dans nos documents.", "Contactez-nous :"),
    ("it", "Non ho trovato questa informazione nei nostri documenti.", "Contattateci:"),
    ("pt", "Não encontrei isso nos nossos documentos.", "Entre em contacto connosco:"),
    ("zh", "我在我们的资料中没有找到相关内容。", "请联系我们："),
    ("ar", "لم أجد ذلك في مستنداتنا.", "يرجى التواصل معنا:"),
];

/// The fixed texts of a business.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    own: Option<String>,
    contact: Option<String>,
}

impl Refusal {
    pub(crate) fn new(settings: &AnswerSettings) -> Self {
        Self { own: settings.refusal.clone(), contact: settings.contact.clone() }
    }

    /// Returns the sentence for a prompt: in the language that the caller names, else in the question's own.
    pub(crate) fn text(&self, prompt: &Prompt) -> String {
        let named = prompt.language.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
        let language = if named.is_empty() { question_language(prompt) } else { &named };
        let sentence = SENTENCES.iter().find(|(tag, ..)| *tag == language).unwrap_or(&SENTENCES[0]);
        let refusal = self.own.as_deref().unwrap_or(sentence.1);
        match &self.contact {
            Some(contact) => format!("{refusal} {} {contact}", sentence.2),
            None => refusal.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Refusal;
    use crate::prompt::Prompt;

    fn prompt(question: &str, language: &str) -> Prompt {
        let (question, language) = (question.to_owned(), language.to_owned());
        Prompt { question, language, passages: Vec::new(), history: Vec::new(), max_output_tokens: 100 }
    }

    #[test]
    fn a_refusal_speaks_the_questions_language() {
        let refusal = Refusal { own: None, contact: Some("info@shop.example".to_owned()) };
        let cases = [
            (
                "Do you sell boats?",
                "",
                "I could not find that in our documents. Please contact us: info@shop.example",
            ),
            ("Verkauft ihr auch Boote?", "", "Das konnte ich"),
            ("你们卖船吗？", "", "我在我们的资料中"),
            ("Do you sell boats?", "es-MX", "No he encontrado"),
            ("Продаете ли вы лодки?", "", "I could not find"),
        ];
        for (question, language, start) in cases {
            let text = refusal.text(&prompt(question, language));
            assert!(text.starts_with(start), "{text}");
        }
    }

    #[test]
    fn a_business_may_word_its_own_refusal() {
        let refusal = Refusal { own: Some("No idea.".to_owned()), contact: None };
        assert_eq!(refusal.text(&prompt("Verkauft ihr Boote?", "")), "No idea.");
    }
}
