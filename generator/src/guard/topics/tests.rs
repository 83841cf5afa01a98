//! Topics: how many questions of their kind are found, and that ordinary ones are not.

use super::{Direction, Folder, GuardrailConfig, Sentence, Topics};

const TOPICS: &str = r#"{"name":"a","blockedInputMessaging":"No.","blockedOutputsMessaging":"No.","topicPolicyConfig":{"topicsConfig":[
    {"name":"Politics","type":"DENY","definition":"Opinions on political parties, politicians, elections, government policy or how to vote.",
     "examples":["Who should I vote for?","What do you think of the president?","Which party has the best policy?"]},
    {"name":"Financial advice","type":"DENY","definition":"Recommendations on investments, stocks, shares, crypto, pensions, loans or how to invest money.",
     "examples":["Should I invest in stocks?","Which shares should I buy now?","Is bitcoin a good investment?"]},
    {"name":"Legal advice","type":"DENY","definition":"Requests for guidance on laws, contracts, courts, lawyers or litigation for a specific situation.",
     "examples":["Can I sue my landlord?","Is this contract legally binding?","Do I need a lawyer for my divorce?"]}]}}"#;

fn is_denied(topics: &Topics, text: &str) -> bool {
    let (mut folder, mut sentence) = (Folder::default(), Sentence::default());
    let mut read = |word: super::Word<'_>| topics.read(&mut sentence, word);
    text.chars().for_each(|character| folder.push(character, &mut read));
    folder.finish(&mut read);
    topics.decide(&mut sentence).0
}

fn topics() -> Topics {
    let config = GuardrailConfig::parse(TOPICS).expect("right rules");
    Topics::new(&config, Direction::Input).expect("topics")
}

#[test]
fn a_topic_is_found_by_its_name_and_by_questions_like_its_examples() {
    let topics = topics();
    for text in [
        "Can you give me legal advice?",
        "I need financial advice.",
        "What about politics?",
        "Who should we vote for in the elections?",
        "Should I invest in shares?",
        "Can I sue my neighbour or my landlord?",
        "Is this rental contract legally binding?",
        "Is bitcoin still a good investment?",
    ] {
        assert!(is_denied(&topics, text), "{text}");
    }
}

#[test]
fn ordinary_questions_share_words_with_a_topic_and_pass() {
    let topics = topics();
    for text in [
        "What is your return policy?",
        "Can I buy this now?",
        "Which shoes should I buy?",
        "Do you have a book about politics in the Roman empire and its coins?",
        "How do I cancel my contract?",
        "Do you share my data?",
        "Is there a party room that I can rent for my birthday?",
        "Do you offer loans of bicycles?",
        "What is the best price?",
        "",
    ] {
        assert!(!is_denied(&topics, text), "{text}");
    }
}

#[test]
fn a_topic_that_is_only_noted_blocks_nothing() {
    let noted = TOPICS.replace(r#""type":"DENY","#, r#""type":"DENY","inputAction":"NONE","#);
    let config = GuardrailConfig::parse(&noted).expect("right rules");
    let topics = Topics::new(&config, Direction::Input).expect("topics");
    let mut sentence = Sentence::default();
    for text in ["legal", "advice"] {
        topics.read(&mut sentence, super::Word { text, is_spelled: false });
    }
    assert_eq!(topics.decide(&mut sentence), (false, 1));
}
