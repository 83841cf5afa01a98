//! Words that hold a sentence together and say nothing about its subject, for the main languages.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use super::normalise::fold;

/// Returns whether a normalised word, with or without its accents, is a stop word of the language, an ISO 639-1 code.
/// Languages without a list have none.
pub fn is_stop_word(word: &str, language: &str) -> bool {
    SETS.get(language)
        .is_some_and(|set| if word.is_ascii() { set.contains(word) } else { set.contains(&*fold(word)) })
}

/// Returns whether a normalised word is a stop word of any language that has a list: for text too short to tell its
/// language.
pub fn is_stop_word_anywhere(word: &str) -> bool {
    let folded = fold(word);
    SETS.values().any(|set| set.contains(&*folded))
}

/// Returns the stop words of a language, folded, in no particular order.
pub fn stop_words(language: &str) -> impl Iterator<Item = &'static str> {
    SETS.get(language).into_iter().flatten().copied()
}

/// Returns the languages that have a list.
pub(super) fn listed_languages() -> impl Iterator<Item = &'static str> {
    LISTS.iter().map(|(language, _)| *language)
}

static SETS: LazyLock<HashMap<&'static str, HashSet<&'static str>>> = LazyLock::new(|| {
    LISTS.iter().map(|(language, list)| (*language, list.split_ascii_whitespace().collect())).collect()
});

/// Folded words by language.
const LISTS: [(&str, &str); 14] = [
    (
        "en",
        "a about after all also an and any are as at be because been before being between both but by can could did do \
         does doing during each either for from had has have having he her here hers him his how i if in into is it its \
         itself just me might more most must my no nor not now of off on once only onto or other our ours out over own \
         please shall she should so some such than that the their theirs them then there these they this those through \
         to too under until up upon very was we were what when where whether which while who whom whose why will with \
         within without would you your yours yourself isn aren wasn weren don doesn didn won wouldn can couldn shouldn \
         haven hasn hadn am let",
    ),
    (
        "de",
        "aber alle allem allen aller alles als also am an andere anderen anderer anderes auch auf aus bei beim bin bis \
         bist bitte da damit dann das dass dein deine dem den denn der des dessen deren dich die dies diese diesem \
         diesen dieser dieses dir doch dort du durch ein eine einem einen einer eines er es etwas euch euer eure fur gegen hab \
         habe haben hat hatte hatten hier hin ich ihm ihn ihnen ihr ihre ihrem ihren ihrer im in ist ja jede jedem jeden \
         jeder jedes kann kannst konnen konnte kein keine keinem keinen keiner mein meine man mehr mich mir mit mochte \
         muss nach nein nicht noch nun nur ob oder ohne sehr sein seine seinem seinen seiner seit sich sie sind so solche \
         soll sollte sondern uber um und uns unser unsere unter viel viele vom von vor wann war waren warum was welche \
         welchem welchen welcher welches wem wen wenn wer werde werden weshalb wessen wie wieso wieviel wir wird wo woher \
         wohin wofur wogegen womit worauf woran woraus worin woruber wovon wozu wurde wurden zu zum zur zwischen",
    ),
    (
        "es",
        "a al algo ante antes aquel aquella como con contra cual cuales cuando cuanta cuantas cuanto cuantos de del desde \
         donde dos durante e el ella ellas ellos en entre era eran es esa esas ese eso esos esta estaba estan estas este \
         esto estos fue fueron ha haber habia hace hacer han hasta hay he la las le les lo los mas me mi mis muy ni no \
         nos nosotros nuestra nuestro o os otra otras otro otros para pero poco por porque puede pueden puedo que quien \
         quienes se sea ser si sido sin sobre son su sus tambien te tenia tiene tienen tengo todo todos tu tus u un una \
         unas uno unos usted ustedes y ya yo",
    ),
    (
        "fr",
        "a ai alors as au aucun aussi autre aux avait avec avez avoir avons c ce ceci cela celle celles celui ces cet \
         cette ceux chez comment d dans de depuis des donc dont du elle elles en encore es est et etaient etait etant ete \
         etes etre eu eux fait faire faut il ils j je l la le les leur leurs lui m ma mais me meme mes moi mon n ne ni \
         nos notre nous on ont ou par parce pas peut peuvent peux plus pour pourquoi qu quand que quel quelle quelles \
         quels qui quoi s sa sans se sera ses si son sont sous suis sur t ta te tes toi ton tous tout toute toutes tres \
         tu un une vers vos votre vous y",
    ),
    (
        "it",
        "a ad agli ai al alla alle allo anche avere aveva c che chi ci come con cosa cui d da dagli dai dal dalla dalle \
         dallo degli dei del dell della delle dello di dov dove e ed era erano essere fa fare gli ha hai hanno ho i il in \
         io l la le lei li lo loro lui ma mi mia mie mio nei negli nel nell nella nelle nello noi non nostra nostro o per \
         perche piu posso puo qual quale quali quando quant quanta quanti quanto quello questa queste questi questo se \
         sei si siamo sono sta stata stato su sua sue sugli sui sul sulla sulle suo ti tra tu tua tuo tutti tutto un una \
         uno vi voi",
    ),
    (
        "pt",
        "a ao aos aquela aquele aquilo as ate com como da das de dela dele deles depois do dos e ela elas ele eles em \
         entre era eram essa essas esse esses esta estao estar estas estava este estes eu faz fazer foi foram ha isso \
         isto ja la lhe mais mas me mesmo meu meus minha muito na nao nas nem no nos nossa nosso num numa o onde os ou \
         para pela pelas pelo pelos pode podem por porque posso qual quais quando quanto quantos que quem se sem ser sera \
         seu seus so sao sobre sua suas tambem te tem ter teu tinha tu tua um uma umas uns voce voces",
    ),
    (
        "nl",
        "aan af al alle als ben bent bij daar dan dat de deze die dit doe doen door dus een en er ge geen haar had heb \
         hebben heeft hem het hier hij hoe hoeveel hun ik in is ja je jij jouw jullie kan kunnen kunt maar me meer men met \
         mij mijn moet na naar niet nog nu of om omdat onder ons onze ook op over te tegen tot u uit uw van veel voor waar \
         waarom wanneer want waren was wat we welk welke werd wie wij wil word worden wordt ze zich zij zijn zo zonder zou",
    ),
    (
        "sv",
        "alla allt att av blev bli da de dem den denna deras dess det detta dig din du efter ej eller en er ett fran for \
         ha hade han hans har hon hur i icke in inte jag kan man med men mig min mycket nar ni nu och om oss pa sa sig sin \
         ska skulle som till under upp ut vad var vara varfor vem vi vid vilka vilken vilket ar",
    ),
    (
        "da",
        "af alle at blev blive da de dem den der deres det dette dig din du efter eller en er et for fra ha han hans har \
         havde hun hvad hvem hvis hvor hvordan hvorfor hvornar i ikke ind jeg kan man med meget men mig min mod nar ned \
         nogle nu og om op os over pa sig sin skal skulle som til ud under var ved vi vil ville",
    ),
    (
        "pl",
        "a aby ale bez bo by byc byl byla bylo byly co czy dla do gdy gdzie go i ich ile im ja jak jaka jaki jakie je jego \
         jej jest jestem juz kiedy kto ktora ktore ktory lub ma mam mi mnie moge moj mozna na nad nie niz o od on ona one \
         oni oraz po pod prosze przed przez przy sa sie tak tam te tego tej ten to tu tym u w we wszystkie z za ze",
    ),
    (
        "ru",
        "а без более бы был была были было быть в вам вас весь во вот все всего всех вы где да для до его ее если есть еще \
         же за здесь и из или им их к как какая какие какои какое ко когда кто ли мне может можно мои моя мы на над надо \
         наш не него нее нет ни них но ну о об он она они оно от очень по под при про с со сколько так также там те тем \
         то того тоже тои только том ты у уже чего чем что чтобы эта эти это этого этои этот я",
    ),
    (
        "tr",
        "acaba ama ancak bana bazi belki ben beni benim bir biz bizim bu bunu bunun cok da daha de degil diye en gibi hangi \
         hem her hic icin ile ise kac kadar ki kim mi mu nasil ne neden nedir nerede nicin o olan olarak olur ona onlar \
         onu onun sen siz sizin su ve veya ya yok var",
    ),
    (
        "ar",
        "ا ان او اي الى الي اذا التي الذي الذين انا انت اين بعد بين تكون تلك ثم حتي حيث دون ذلك عن عند على علي في فيه فيها قبل قد كان \
         كانت كل كم كما كيف لا لان لدي لكم لكن لم لماذا لن له لها لهم لو ليس ما ماذا متي متى مع من منه منها نحن نعم هذا هذه هل هم هنا هناك \
         هو هي و يا يكون",
    ),
    (
        "he",
        "או אז אחרי אך אל אם אני אנחנו אפשר אשר את אתה אתם בין גם האם הוא היא היה היו הם הן זאת זה זו יש כל כי כמה כמו לא לי לך להם לפני לו \
         לכם מה מי מתי למה מדוע עד על עם של שלי שלך שלכם רק",
    ),
];
