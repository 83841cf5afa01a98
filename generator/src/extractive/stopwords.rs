//! Words that carry no content: function words per language, question phrases of scripts without spaces, and
//! words that questions use without meaning much by them.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use super::language::Language;
use super::terms::fold;

#[rustfmt::skip]
const FUNCTION_WORDS: [(Language, &str); 9] = [
    (Language::English,
     "a about above across after again all also am an and any anyone anything are around as at be because been before being \
      between both but by can could d did do does doing don done during each either else every for from get gets getting \
      give go going got had has have having he her here hers him his how i if in into is isn it its just let ll long many \
      may me might mine more most much must my no nor not of off often on once one ones only or other our ours out over \
      please re s shall she should so some someone something such t tell than that the their them then there these they \
      this those through to too under until up upon us ve very via want was we were what when where whether which while \
      who whom whose why will with within without would yes you your yours aren doesn didn won wasn hasn haven hello hi"),
    (Language::German,
     "aber alle allem allen aller alles als also am an auch auf aus bei beim bekomme bekommt bin bis bist bitte da dabei \
      damit dann das dass daß dein deine dem den denn der des dich die dies diese diesem diesen dieser dieses dir doch \
      dort du durch ein eine einem einen einer eines er es etwas euch euer eure eurem euren eurer für gab gegen gibt habe \
      haben habt hast hat hatte hatten hier hin ich ihm ihn ihnen ihr ihre ihrem ihren ihrer im in ins ist ja jede jedem \
      jeden jeder jedes jetzt kann kannst können könnt könnte man manche mein meine meinem meinen meiner mich mir mit muss \
      müssen nach nicht noch nun nur ob oder ohne sehr sein seine seinem seinen seiner sich sie sind so soll sollte um und \
      uns unser unsere unter viel viele vom von vor wann war waren warum was weil welche welchem welchen welcher welches \
      wem wen wenn wer werde werden wessen wie wieviel wieviele will wir wird wo woher wohin wurde wurden zu zum zur zwischen über lange hoch hallo wofür worauf wogegen wovon womit woran \
      wodurch worin worüber wonach außer beide beiden sowie jeweils"),
    (Language::Spanish,
     "a al algo algún alguna algunas alguno algunos ante antes aquel aquella así aunque cada como con contra cual cuál \
      cuales cuáles cuando cuándo cuanta cuánta cuantas cuántas cuanto cuánto cuantos cuántos cómo de del desde donde \
      dónde dos durante e el él ella ellas ellos en entre era eran eres es esa esas ese eso esos esta está estaba están \
      estas este esto estos fue fueron ha había habían hace hacen hacer hacia han hasta hay la las le les lo los más me mi \
      mis mucho muchos muy nada ni no nos nosotros nuestra nuestro o os otra otro para pero poco por porque por-qué puede \
      pueden puedo qué que quien quién quienes quiénes se sea según ser si sí sido sin sobre son soy su sus también tan \
      tanto te tengo tiene tienen todo todos tras tu tú tus un una unas uno unos usted ustedes vosotros vuestra vuestro y \
      ya yo favor hola tarda"),
    (Language::French,
     "à ai as au aucun aussi autre aux avec avez avoir avons c ce cela ces cet cette chez ci combien comme comment dans de \
      des du elle elles en entre est et êtes être eu fait faire fut hors il ils j je jusqu l la là le les leur leurs lui m \
      ma mais me même mes moi mon n ne nos notre nous on ont ou où par pas peut peux plus pour pourquoi qu quand que quel \
      quelle quelles quels qui quoi s sa sans se sera ses si son sont sous sur t ta te tes toi ton tous tout toute très tu un une \
      vos votre vous y bonjour"),
    (Language::Italian,
     "a ad agli ai al alla alle allo anche avete c che chi ci cioè come con cosa cui da dagli dai dal dalla dalle dei del \
      della delle dello di dove è e ed era fa gli ha hai hanno ho i il in io l la le lei lo loro lui ma mi mia mio ne nei \
      nel nella nelle noi non nostro o per perché più può puoi qual quale quali quando quanti quanto quanta quante questo \
      questa sei si sia siete sono su sua sul sulla suo ti tra tu un una uno vi voi vostra vostri vostro ciao"),
    (Language::Portuguese,
     "a ao aos as às até com como da das de dela dele do dos e é ela ele em entre era essa esse esta está este eu foi há \
      isso isto já la lhe lo mais mas me meu minha muito na nas não nem no nos nós nossa nosso o onde os ou para pela pelo \
      por porque pode podem posso qual quais quando quantas quanto quanta quantos que quê quem se sem ser seu seus são só sua suas também te \
      tem têm tu um uma umas uns você vocês vos olá"),
    (Language::Dutch,
     "aan al als ben bij bent dan dat de deze die dit doen door dus een en er ge geen had heb hebben hebt heeft hem het hier \
      hij hoe hoeveel hun ik in is je jij jou jouw jullie kan kun kunnen maar me meer met mij mijn moet na naar niet nog nu \
      of om onder ons onze ook op over te tot u uit uw van veel voor waar waarom wanneer was wat we wel welk welke wie wij \
      wil worden wordt zal ze zich zij zijn zo zou hallo lang"),
    (Language::Russian,
     "а без бы был была были было быть в вам вас ваш ваша ваше ваши во вот все вы где да для до его ее если есть еще же за \
      и из или им их к как какая какие какой какое когда который кто куда ли мне мой мы на над надо не него нее нет ни но ну о об \
      он она они оно от очень по под при про с со сколько так также там то того тоже той только том ты у уже чего чем что \
      чтобы это этот эта эти я можно ваших"),
    (Language::Arabic,
     "في من على إلى الى عن مع هل ما ماذا متى أين اين كم كيف لماذا أي اي هو هي هم نحن أنا انا أنت انت أنتم انتم التي الذي \
      الذين هذا هذه ذلك تلك كان كانت يكون تكون قد لا لم لن ليس أو او ثم إن ان أن كل بعض عند عندكم لديكم لدي لكم لك \
      بين بعد قبل حتى منذ يوجد توجد هناك و ف ب ل يتم بكم فيها فيه من فضلك يوم"),
];

/// Questions' phrases of scripts without spaces, longest first where one holds another.
#[rustfmt::skip]
const UNSPACED_PHRASES: [&str; 58] = [
    "什么时候", "多长时间", "为什么", "有没有", "是不是", "可不可以", "能不能", "怎么样", "多少钱", "请问一下",
    "请问", "你们", "我们", "他们", "您们", "什么", "怎么", "怎样", "如何", "多少", "多久", "几点", "几个", "几天", "哪里",
    "哪儿", "哪个", "哪些", "哪", "谁", "可以", "是否", "一个", "这个", "那个", "吗", "呢", "吧", "啊", "的", "了", "是", "在", "有", "你",
    "我", "您", "和", "与", "要", "会", "能", "及", "或", "被", "把", "都", "也",
];

/// Words that a question may hold and its answer may lack without answering something else.
const WEAK_WORDS: &str = "accept accepted accepts allow allowed allows bring buy details options policy policies rules welcome shop store business company office answer available called call common different example exactly find following happen happened help information inform kind know known list main make makes mean name named \
    need number offer place possible provide question referred say says show shown sort sell still term thing things time type types unit units use used using way work year \
    article articles current currently person people described describe considered piece pieces many day days \
    akzeptiert akzeptieren erlaubt anbieten angeboten bietet mitbringen laden geschäft firma unternehmen kaufen verkauft verkaufen art artikel nummer lautet begriff beispiel beispiele nannte bezeichnet gilt name heißt heissen genannt nennt zeit jahr jahre bekannt gehört tag tage \
    acepta aceptan permite permiten vende venden ofrece tienda negocio empresa comprar tipo tipos ejemplo ejemplos término nombre número llama llamado año tiempo día días conoce ofrecen \
    nom numéro type temps jour jours appelle";

static FUNCTION: LazyLock<HashMap<Language, HashSet<String>>> = LazyLock::new(|| {
    FUNCTION_WORDS
        .iter()
        .map(|(language, words)| (*language, words.split_whitespace().map(fold).collect()))
        .collect()
});

static WEAK: LazyLock<HashSet<String>> = LazyLock::new(|| WEAK_WORDS.split_whitespace().map(fold).collect());

/// Returns whether a word, in any case, is a function word of the language.
pub(crate) fn contains(language: Language, word: &str) -> bool {
    FUNCTION.get(&language).is_some_and(|words| words.contains(&fold(word)))
}

/// Returns whether a folded word says little about what is asked.
pub(crate) fn is_weak(folded: &str) -> bool {
    WEAK.contains(folded)
}

/// Returns the pieces of an unspaced run that are left when question phrases are taken out.
pub(crate) fn unspaced_content(run: &str) -> Vec<String> {
    let mut rest = run.to_owned();
    for phrase in UNSPACED_PHRASES {
        rest = rest.replace(phrase, " ");
    }
    rest.split_whitespace().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::{Language, contains, is_weak, unspaced_content};

    #[test]
    fn function_words_are_found_in_any_case_and_with_accents() {
        assert!(contains(Language::English, "When"));
        assert!(contains(Language::German, "für"));
        assert!(contains(Language::Spanish, "Cuándo"));
        assert!(!contains(Language::English, "sunday"));
        assert!(is_weak("units"));
    }

    #[test]
    fn question_phrases_leave_the_content_of_an_unspaced_run() {
        assert_eq!(unspaced_content("你们星期天几点开门"), ["星期天", "开门"]);
    }
}
