//! What is said when the documents hold no answer.

use crate::extractive::question_language;
use crate::prompt::Prompt;
use crate::settings::AnswerSettings;

/// Fixed sentences in one language.
struct Sentences {
    language: &'static str,
    /// The passages hold no answer.
    refusal: &'static str,
    /// The words before the contact.
    contact: &'static str,
    /// A guardrail stopped the question or the answer.
    blocked: &'static str,
    /// Why text disappears.
    withdrawn: &'static str,
    /// Nothing could be written.
    later: &'static str,
    /// Why an answer begins anew.
    broken: &'static str,
    /// Passages are quoted instead of an answer.
    quoted: &'static str,
    /// Another model writes.
    smaller: &'static str,
    /// An answer is given again.
    earlier: &'static str,
    /// A sentence is left out.
    withheld: &'static str,
}

#[rustfmt::skip]
const SENTENCES: [Sentences; 8] = [
    Sentences {
        language: "en",
        refusal: "I could not find that in our documents.",
        contact: "Please contact us:",
        blocked: "I cannot help with that.",
        withdrawn: "Part of this answer was withdrawn.",
        later: "Something went wrong on our side. Please try again in a few minutes.",
        broken: "The answer so far is replaced, because its writing broke off.",
        quoted: "The usual model is not available; these are quotations from our documents.",
        smaller: "A smaller model answers, because the usual one is not available.",
        earlier: "The usual model is not available; this answer was given before to nearly the same question.",
        withheld: "A sentence was left out, because our documents do not say so.",
    },
    Sentences {
        language: "de",
        refusal: "Das konnte ich in unseren Unterlagen nicht finden.",
        contact: "Bitte wenden Sie sich an uns:",
        blocked: "Dabei kann ich nicht helfen.",
        withdrawn: "Ein Teil dieser Antwort wurde zurückgezogen.",
        later: "Bei uns ist etwas schiefgegangen. Bitte versuchen Sie es in ein paar Minuten noch einmal.",
        broken: "Die bisherige Antwort wird ersetzt, weil sie abgebrochen ist.",
        quoted: "Das übliche Modell ist nicht verfügbar; dies sind Zitate aus unseren Unterlagen.",
        smaller: "Es antwortet ein kleineres Modell, weil das übliche nicht verfügbar ist.",
        earlier: "Das übliche Modell ist nicht verfügbar; diese Antwort wurde zuvor auf fast dieselbe Frage gegeben.",
        withheld: "Ein Satz wurde weggelassen, weil er nicht in unseren Unterlagen steht.",
    },
    Sentences {
        language: "es",
        refusal: "No he encontrado eso en nuestros documentos.",
        contact: "Póngase en contacto con nosotros:",
        blocked: "No puedo ayudar con eso.",
        withdrawn: "Se ha retirado una parte de esta respuesta.",
        later: "Algo ha fallado por nuestra parte. Inténtelo de nuevo en unos minutos.",
        broken: "La respuesta anterior se sustituye porque se interrumpió.",
        quoted: "El modelo habitual no está disponible; estas son citas de nuestros documentos.",
        smaller: "Responde un modelo más pequeño porque el habitual no está disponible.",
        earlier: "El modelo habitual no está disponible; esta respuesta se dio antes a una pregunta casi igual.",
        withheld: "Se ha omitido una frase porque no consta en nuestros documentos.",
    },
    Sentences {
        language: "fr",
        refusal: "Je n'ai pas trouvé cela dans nos documents.",
        contact: "Contactez-nous :",
        blocked: "Je ne peux pas vous aider à ce sujet.",
        withdrawn: "Une partie de cette réponse a été retirée.",
        later: "Un problème est survenu de notre côté. Réessayez dans quelques minutes.",
        broken: "La réponse précédente est remplacée, car elle s'est interrompue.",
        quoted: "Le modèle habituel n'est pas disponible ; voici des citations de nos documents.",
        smaller: "Un modèle plus petit répond, car le modèle habituel n'est pas disponible.",
        earlier: "Le modèle habituel n'est pas disponible ; cette réponse a déjà été donnée à une question presque identique.",
        withheld: "Une phrase a été omise, car nos documents ne le disent pas.",
    },
    Sentences {
        language: "it",
        refusal: "Non ho trovato questa informazione nei nostri documenti.",
        contact: "Contattateci:",
        blocked: "Non posso aiutare con questo.",
        withdrawn: "Una parte di questa risposta è stata ritirata.",
        later: "Qualcosa è andato storto da parte nostra. Riprovate tra qualche minuto.",
        broken: "La risposta precedente viene sostituita perché si è interrotta.",
        quoted: "Il modello abituale non è disponibile; queste sono citazioni dai nostri documenti.",
        smaller: "Risponde un modello più piccolo perché quello abituale non è disponibile.",
        earlier: "Il modello abituale non è disponibile; questa risposta è già stata data a una domanda quasi uguale.",
        withheld: "Una frase è stata omessa perché non risulta dai nostri documenti.",
    },
    Sentences {
        language: "pt",
        refusal: "Não encontrei isso nos nossos documentos.",
        contact: "Entre em contacto connosco:",
        blocked: "Não posso ajudar com isso.",
        withdrawn: "Uma parte desta resposta foi retirada.",
        later: "Algo correu mal do nosso lado. Tente de novo dentro de alguns minutos.",
        broken: "A resposta anterior é substituída porque foi interrompida.",
        quoted: "O modelo habitual não está disponível; estas são citações dos nossos documentos.",
        smaller: "Responde um modelo mais pequeno porque o habitual não está disponível.",
        earlier: "O modelo habitual não está disponível; esta resposta já foi dada a uma pergunta quase igual.",
        withheld: "Uma frase foi omitida porque não consta dos nossos documentos.",
    },
    Sentences {
        language: "zh",
        refusal: "我在我们的资料中没有找到相关内容。",
        contact: "请联系我们：",
        blocked: "这个问题我无法提供帮助。",
        withdrawn: "此回答的一部分已被撤回。",
        later: "我们这边出了点问题，请几分钟后再试。",
        broken: "之前的回答中断了，现在由新的回答代替。",
        quoted: "常用模型暂时不可用；以下内容摘自我们的资料。",
        smaller: "常用模型暂时不可用，由较小的模型回答。",
        earlier: "常用模型暂时不可用；以下是此前对几乎相同的问题所作的回答。",
        withheld: "有一句话被省略，因为我们的资料中没有相关说明。",
    },
    Sentences {
        language: "ar",
        refusal: "لم أجد ذلك في مستنداتنا.",
        contact: "يرجى التواصل معنا:",
        blocked: "لا أستطيع المساعدة في ذلك.",
        withdrawn: "تم سحب جزء من هذه الإجابة.",
        later: "حدث خطأ من جانبنا. يرجى المحاولة مرة أخرى بعد بضع دقائق.",
        broken: "تُستبدل الإجابة السابقة لأنها انقطعت.",
        quoted: "النموذج المعتاد غير متاح؛ هذه اقتباسات من مستنداتنا.",
        smaller: "يجيب نموذج أصغر لأن النموذج المعتاد غير متاح.",
        earlier: "النموذج المعتاد غير متاح؛ سبق تقديم هذه الإجابة عن سؤال مماثل تقريبًا.",
        withheld: "حُذفت جملة لأن مستنداتنا لا تذكر ذلك.",
    },
];

/// What is said instead of an answer, in one language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FixedTexts {
    /// The passages hold no answer.
    pub(crate) refusal: String,
    /// A guardrail stopped the question or the answer.
    pub(crate) blocked: String,
    /// Why text that was shown disappears.
    pub(crate) withdrawn: String,
    /// Nothing could be written.
    pub(crate) later: String,
    /// Why an answer begins anew.
    pub(crate) broken: &'static str,
    /// Passages are quoted instead of an answer.
    pub(crate) quoted: &'static str,
    /// Another model writes.
    pub(crate) smaller: &'static str,
    /// An answer is given again.
    pub(crate) earlier: &'static str,
    /// A sentence is left out.
    pub(crate) withheld: &'static str,
}

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

    /// Returns the sentences for a prompt: in the language that the caller names, else in the question's own.
    pub(crate) fn texts(&self, prompt: &Prompt) -> FixedTexts {
        let named = prompt.language.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
        let language = if named.is_empty() { question_language(prompt) } else { &named };
        let known = SENTENCES.iter().find(|sentences| sentences.language == language);
        let sentences = known.unwrap_or(&SENTENCES[0]);
        let refusal = self.own.as_deref().unwrap_or(sentences.refusal);
        let with_contact = |text: &str| match &self.contact {
            Some(contact) => format!("{text} {} {contact}", sentences.contact),
            None => text.to_owned(),
        };
        FixedTexts {
            refusal: with_contact(refusal),
            blocked: sentences.blocked.to_owned(),
            withdrawn: sentences.withdrawn.to_owned(),
            later: with_contact(sentences.later),
            broken: sentences.broken,
            quoted: sentences.quoted,
            smaller: sentences.smaller,
            earlier: sentences.earlier,
            withheld: sentences.withheld,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Refusal;
    use crate::prompt::{Prompt, Task};

    fn prompt(question: &str, language: &str) -> Prompt {
        let (question, language) = (question.to_owned(), language.to_owned());
        Prompt {
            question,
            language,
            passages: Vec::new(),
            history: Vec::new(),
            max_output_tokens: 100,
            task: Task::Answer,
            earlier: None,
        }
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
            let text = refusal.texts(&prompt(question, language)).refusal;
            assert!(text.starts_with(start), "{text}");
        }
    }

    #[test]
    fn a_business_may_word_its_own_refusal() {
        let refusal = Refusal { own: Some("No idea.".to_owned()), contact: None };
        assert_eq!(refusal.texts(&prompt("Verkauft ihr Boote?", "")).refusal, "No idea.");
    }
}
