//! What attacks on a prompt say, in several languages, and how much each saying weighs.
//!
//! 4 is certain, 3 likely, 2 possible; 1 only counts beside another one. Texts are folded: lower case, no accents, one space.

/// Weight and pattern of each signal.
#[rustfmt::skip]
pub(super) const SIGNALS: &[(u32, &str)] = &[
    // Forget what you were told.
    (4, r"\b(?:ignor|disregard|forget|overrid|bypass|overlook|discard|neglect|circumvent|violat)\w*\s(?:\w+['\w]*\s){0,5}?(?:previous|prior|earlier|above|preceding|foregoing|initial|original|system|your|all|any|these|those|openai'?s?)\s(?:\w+['\w]*\s){0,4}?(?:instruction|prompt|rule|guideline|direction|directive|context|command|programming|training|constraint|polic|filter|restriction|input|safet|safeguard|guardrail)"),
    (4, r"\b(?:ignore|disregard|forget)\s(?:about\s)?(?:everything|all|anything)\s(?:(?:that\s)?(?:you\s(?:were|have\sbeen|know|knew|learned)|i\s(?:said|told)|above|before|from|prior)\b)"),
    (3, r"\b(?:new|updated|revised|real|actual)\s(?:instructions?|system\sprompt|directives?|rules)\s?:"),
    (3, r"\b(?:do\snot|don't|dont|never|no\slonger)\s(?:have\sto\s)?(?:follow|obey|abide\sby|comply\swith|adhere\sto)\s(?:\w+['\w]*\s){0,4}?(?:rule|polic|guideline|instruction|restriction|law|principle)"),
    // Show what you were told.
    (4, r"\b(?:reveal|print|repeat|output|show|leak|display|disclose|dump|tell|give|translate|list|summari[sz]e|recite|expose|reproduce|encode|echo|share|write|paste|copy|say|return|provide|what(?:'s|\sis|\sare|\swas|\swere))\b[^.!?\n]{0,60}\b(?:system|initial|hidden|original|developer|starting|secret|internal|base)[\s_-](?:prompt|instruction|message|directive)s?\b"),
    (3, r"\b(?:your|the|full|hidden|entire)\s(?:system|initial|hidden|secret|starting|developer|pre)[\s_-]?(?:prompts?|instructions)\b"),
    (3, r"\bsystem[\s_-]?prompt|\bprompt\s(?:injection|leak)|\binitiali[sz]ation\s(?:string|prompt)|\bpre-?prompt\b"),
    (3, r"\b(?:reveal|print|repeat|output|show|leak|display|disclose|dump|translate|recite|expose|echo|tell\sme|give\sme|share|what\sare|what\swere)\s(?:me\s)?(?:\w+\s){0,3}?(?:your|those|these|the\sabove)\s(?:\w+\s){0,2}?(?:instructions|prompt|directives|programming|configuration|guidelines)\b"),
    (3, r"\b(?:not|never|aren't|n't)\s(?:supposed|allowed|permitted)\sto\s(?:tell|say|reveal|share|talk|discuss|disclose)"),
    (3, r"\b(?:text|words|everything|message|conversation)\s(?:above|before\sthis)\b[^.!?\n]{0,40}\b(?:verbatim|word\sfor\sword|code\sblock)|\b(?:verbatim|word\sfor\sword)\b[^.!?\n]{0,60}\b(?:instruction|prompt|above)"),
    (3, r"\b(?:system|initial|startup)\sconfiguration\b[^.!?\n]{0,40}\bprompt|\b(?:maintenance|developer|debug|debugging|god|admin|sudo|root|jailbreak|dan|unrestricted)\smode\b"),
    // Be somebody else.
    (4, r"\bdo\sanything\snow\b|\bjailbr(?:eak|oken)"),
    (4, r"\byou\s(?:are|will\sbe|'re|re)\s(?:now|no\slonger)\s(?:\w+\s){0,4}?(?:mode|ai|bot|chatbot|assistant|model|dan|persona|unrestricted|jailbroken|restricted|filtered|bound|bounded|limited|free)\b"),
    (3, r"\b(?:stay|remain|keep)\sin\scharacter\b|\b(?:break|breaking|out\sof|act\sout\sof)\s(?:the\s)?(?:your\s)?character\b"),
    (2, r"\b(?:pretend|pretending)\s(?:to\sbe|you\sare|you're|that\syou)|\brole-?\s?play(?:ing)?\b|\bimpersonat|\bpersonif(?:y|ies)|\bplay\sthe\s(?:role|character|part)|\bpose\sas\b|\btransform\sinto\b|\bin\sthe\s(?:role|voice|character)\sof\b"),
    (1, r"\b(?:act|acting|behave|respond|answer|reply|talk|speak|write)\s(?:\w+\s)?(?:as|like)\s(?:if\s)?(?:an?\s|the\s|you\b)"),
    (2, r"\bfrom\snow\s(?:on|own)\b[^.!?\n]{0,60}\byou\b|\bhenceforth\b|\bfor\s(?:the\srest\sof\s)?this\s(?:conversation|chat)\b|\bin\sthis\schat\b|\buntil\si\s(?:say|tell)\b"),
    (1, r"\byou\s(?:are|will|shall|must|should|have\sto|can|may)\s(?:now\s|always\s|never\s|also\s|only\s|not\s|going\sto\s|about\sto\s|to\s)"),
    (1, r"\b(?:you\sare|you're)\s(?:now|the|an?)\s"),
    (2, r"\byou\sare\snow\s(?:an?|the|my)\s"),
    (1, r"\b(?:persona|character|hypothetical|fictional|fictitious|simulat\w+|emulat\w+|alter\sego)\b"),
    (1, r"\b(?:chat\s?gpt|open\s?ai|gpt-?\d?|bard|bing\sai|claude|llama|language\smodel|ai\smodel|ai\sassistant|artificial\sintelligence|an\sai\b|as\san\sai|\w+gpt)\b"),
    // Have no limits.
    (2, r"\b(?:unfiltered|uncensored|unrestricted|amoral|immoral|nonmoral|unethical|unbound|limitless)\b"),
    (2, r"\b(?:no|without|free\s(?:of|from)|lacks?|broken\sfree)\s(?:\w+\s){0,3}?(?:restrictions?|limitations?|filters?|censorship|morals?|ethics?|ethical|moral|confines|boundaries|disclaimers?|warnings|remorse)\b"),
    (2, r"\b(?:never|don't|do\snot|cannot|can't|not)\s(?:ever\s)?(?:refuse|reject|decline|deny|say\sno|apologi[sz]e|warn)\b"),
    (2, r"\b(?:bypass|break|breaks|free\sof|ignores?|regardless\sof|not\scare\sabout|without\sregard\w*|doesn't\scare|don't\scare|oblivious)\b[^.!?\n]{0,50}\b(?:rules?|polic\w+|guidelines|laws?|legal\w*|illegal|ethic\w*|moral\w*|consequences|harm\w*)\b"),
    (1, r"\b(?:illegal|unlawful|legality|morally|ethically|dangerous|harmful|explicit|offensive|hate-?\s?speech|controversial|vulgar|swear\w*|profanit\w+)\b"),
    (1, r"\b(?:content|openai|usage|safety|ai)\s(?:polic\w+|guidelines|filters?|restrictions|rules)\b"),
    (4, r"\b(?:switch|turn|disable|deactivate|remove|lift)\w*\s(?:off\s)?(?:\w+\s){0,3}?(?:safety|filters?|guardrails?|safeguards?|censorship|content\sfilter\w*|moderation)\b"),
    (2, r"\b(?:i|we)\s(?:order|command|instruct|demand)\syou\b|\byou\smust\s(?:obey|comply)|\bobey\s(?:me|my|all|every|any)\b|\bi\sam\s(?:your|the|one\sof\syour|an?)\s(?:developers?|creators?|programmer|admin\w*|ceo|master|owner)\b"),
    // Answer in this form.
    (2, r"\b(?:start|begin|prefix|preface|end|precede)\s(?:all|every|each|any|your|of)\s(?:of\s)?(?:your\s)?(?:\w+\s)?(?:responses?|answers?|outputs?|replies|messages?|sentences?)\b"),
    (2, r"\b(?:two|2|both|three|3)\s(?:\w+\s){0,2}?(?:responses|answers|personas|outputs|manners)\b"),
    (1, r"\b(?:two|2|both|three|3)\s(?:\w+\s){0,2}?(?:ways|paragraphs|characters)\b"),
    (2, r"\b(?:answer|respond|reply)\s(?:\w+\s){0,2}?(?:every|each|all|any|only|to\severy|to\sall|with\sonly|with\snothing|in\sthis\sformat|in\sthe\sform|exactly|nothing)\b"),
    (2, r"[\[{(<](?:\w+['\w]*\s){0,6}(?:response|answer|reply|insert|prompt|output)\b[^\]})>\n]{0,40}[\]})>]"),
    (1, r"\b(?:only\ssay|say\sonly|do\syou\sunderstand|if\s(?:you\s)?(?:have\s)?(?:understand|understood|agree)|understood)\b"),
    (1, r"\b(?:my|first)\s(?:first\s)?(?:question|prompt|request|command)\s(?:is\b|:)|\bprompt\s?[:=]"),
    (2, r"(?:^|\n|\s)\W?(?:personality|rules?|role|persona|prompt|job|prefix|never\ssay)\s?=\s?"),
    // Put this into your answer.
    (4, r"\b(?:add|include|append|insert|integrate|put|mention|incorporate|weave|embed|place|introduce|inject|sprinkle|use)\b[^.!?\n]{1,160}?\b(?:in|into|to|from|of|throughout)\s(?:all\s)?(?:your|the)\s(?:\w+\s)?(?:answers?|responses?|replies|reply|outputs?)\b"),
    (4, r"\b(?:remove|replace|encode|encrypt|obfuscate|scramble|rearrange|capitali[sz]e|reverse|shuffle|modify|augment|convert|swap|alter|distort)\b[^.!?\n]{1,100}?\byour\s(?:\w+\s)?(?:answers?|responses?|replies|reply|outputs?)\b"),
    (3, r"\bin\syour\s(?:answers?|responses?|reply|replies),?\s(?:suggest|recommend|mention|promote|include|say|tell|advise|encourage|tease|add)"),
    (3, r"\bno\s(?:citations?|sources?)\sin\syour\b|\b(?:without|stop|omit)\s(?:citing|citations)\b"),
    // Tell of others, or of the inside.
    (4, r"\b(?:other|another|previous|last|all)\s(?:users?|customers?|visitors?|clients?|tenants?|people)(?:'s?|s')?\s(?:\w+\s)?(?:documents?|data|questions?|conversations?|messages?|chats?|details|passwords?|histor(?:y|ies)|orders?|emails?)\b"),
    (3, r"\b(?:raw|full|exact)\s(?:\w+\s)?(?:text|contents?|output)\sof\s(?:every|all|each|the|your)\b[^.!?\n]{0,30}\b(?:chunk|passage|document|context|source|file)s?\b|\b(?:chunks|passages|documents)\s(?:that\s)?you\s(?:retrieved|were\sgiven|received)"),
    (4, r"\b169\.254\.169\.254\b|\bmetadata\.google|\bfile:///|/etc/(?:passwd|shadow)\b|\bhttps?://(?:localhost|127\.0\.0\.1)\b"),
    // Run this.
    (4, r"<\s?/?\s?script\b|\bjavascript\s?:|\bon(?:error|load|click|mouseover|focus)\s?=|<\s?(?:img|iframe|svg|object|embed|body)\b[^>]{0,200}(?:src|onload|onerror|data)\s?=|data:text/html|\balert\s?\(|\beval\s?\(|document\.cookie|\\x[0-9a-f]{2}"),
    (4, r"\bunion\s(?:all\s)?select\b|'\s?or\s'?\d+'?\s?=\s?'?\d+|;\s?(?:drop|delete|truncate|alter|exec|select|update|insert)\s(?:table|database|from|into|@@|\*|\w+\sset)|\bexec\s?\(|\bxp_cmdshell\b|\binformation_schema\b|\bdrop\s(?:table|database)\b|'\s?;\s?--|\bwaitfor\sdelay\b|\bsleep\s?\(\s?\d"),
    (4, r"<\|(?:im_start|im_end|system|user|assistant|endoftext|eot_id|start_header_id|end_header_id)\|>|\[/?inst\]|<</?sys>>|<\|"),
    (3, r"(?:^|\n)\s?#{0,4}\s?(?:system|assistant|admin\soverride|system\soverride)\s?:"),
    (3, r"\b(?:base64|rot13|hex|morse)\b[^.!?\n]{0,80}\b(?:instruction|prompt|decode|execute|follow)|\b(?:decode|decrypt)\b[^.!?\n]{0,40}\b(?:and\s)?(?:execute|follow|run|obey)\b"),
    (2, r"\b(?:decode|translate|encode|convert)\b[^.!?\n]{0,40}\b(?:base64|rot13|emoji|morse|hexadecimal|ascii)\b"),
    // German, Dutch.
    (4, r"\b(?:ignorier|missacht|vergiss|vergess|uberschreib|umgeh|negeer|vergeet)\w*\s(?:sie\s)?(?:\S+\s){0,4}?(?:vorherig|bisherig|obig|vorangegangen|vorangehend|fruher|alle|dein|ihre|system|ursprunglich|eerdere|vorige|voorgaande|bovenstaande|je\b|jouw)\w*\s(?:\S+\s){0,3}?(?:anweisung|instru[kc]ti|befehl|regel|vorgabe|prompt|anordnung|richtlinie|opdracht)"),
    (4, r"\b(?:zeig|gib|nenn|verrat|druck|wiederhol|ubersetz|schreib|wie\slaute|was\s(?:ist|sind|steht)|toon|geef|herhaal|laat)\w*\b[^.!?\n]{0,50}(?:system-?\s?prompt|systemanweisung|systemnachricht|systeemprompt|\bdeine[nr]?\s(?:anweisungen|instruktionen|vorgaben)|\bje\sinstructies)"),
    (2, r"\bdu\sbist\s(?:jetzt|nun|ab\s(?:jetzt|sofort))\b|\bab\s(?:jetzt|sofort)\s(?:bist|antwortest|wirst)\sdu\b|\btu(?:e)?\sso,?\sals\b|\bohne\s(?:\w+\s)?(?:einschrankung|filter|zensur)"),
    // Spanish, Portuguese.
    (4, r"\b(?:ignor|olvid|omit|descart|desobedec|esquec|esquec|desconsider)\w*\s(?:\S+\s){0,4}?(?:instruccion|indicacion|ordenes|reglas?|prompt|directiva|directrices|instruc|regras|ordens|comandos|diretrizes)\w*"),
    (4, r"\b(?:muestra|muestrame|revela|dime|imprime|repite|ensena|escribe|dame|cual\ses|cuales\sson|mostre|revele|diga|imprima|repita|qual\se|quais\ssao)\b[^.!?\n]{0,50}(?:prompt\s(?:del?|do|inicial)|prompt\b|\b(?:tus|suas|tuas)\s(?:instruc\w+|directrices|reglas\sinternas)|instruc\w+\s(?:del|do|de)\ssistema)"),
    (2, r"\b(?:ahora\seres|eres\sahora|agora\svoce\se|voce\sagora\se|voce\se\sagora)\b|\ba\spartir\s(?:de\s)?(?:ahora|agora)\b|\bsin\s(?:\w+\s)?(?:restricciones|filtros|censura)|\bsem\s(?:\w+\s)?(?:restricoes|filtros|censura)|\b(?:finge|fingir|finja)\sque\b"),
    // French, Italian.
    (4, r"\b(?:ignor|oubli|neglige|dimentic)\w*\s(?:\S+\s){0,4}?(?:instructions|consignes|directives|prompt|istruzioni|regole\sprecedenti|indicazioni|direttive|regles\sprecedentes)\b|\bne\s(?:tiens|tenez)\spas\scompte\sd\S*\s(?:\S+\s){0,3}?(?:instructions|consignes|regles)"),
    (4, r"\b(?:montre|revele|affiche|donne|repete|traduis|quel\sest|quelles\ssont|mostra|mostrami|rivela|dimmi|ripeti|stampa|qual\se|quali\ssono)\w*[^.!?\n]{0,50}(?:prompt|(?:tes|vos)\s(?:instructions|consignes)|(?:tue|vostre)\sistruzioni|istruzioni\sdi\ssistema|message\ssysteme)"),
    (2, r"\btu\ses\s(?:maintenant|desormais)\b|\bvous\setes\s(?:maintenant|desormais)\b|\bsei\s(?:ora|adesso)\sun|\b(?:fais|faites)\ssemblant\b|\bsans\s(?:\w+\s)?(?:restriction|filtre|censure)|\bsenza\s(?:\w+\s)?(?:restrizioni|filtri|censura)|\bfai\sfinta\b"),
    // Polish, Turkish, Swedish.
    (4, r"\b(?:zignoruj|ignoruj|zapomnij|pomin)\w*\s(?:\S+\s){0,4}?(?:polecen|instrukcj|zasad|regul)\w*|\b(?:pokaz|wypisz|ujawnij|podaj|powtorz)\b[^.!?\n]{0,50}(?:prompt|instrukcje\s(?:systemowe|poczatkowe)|swoje\sinstrukcje)"),
    (4, r"\b(?:onceki|tum|butun|yukaridaki)\s(?:\S+\s){0,3}?(?:talimat|komut|kural)\w*\s(?:\S+\s){0,2}?(?:yok\ssay|unut|gormezden|dikkate\salma)|\bsistem\s(?:komut|istem|prompt|talimat)\w*|\b(?:ignorera|glom)\s(?:\S+\s){0,4}?(?:instruktion|regl|prompt)\w*"),
    // Russian, Ukrainian.
    (4, r"(?:игнорируи|проигнорируи|забудь|забудьте|отбрось|игноруи)\S*\s(?:\S+\s){0,4}?(?:инструкц|указан|команд|правил|промпт|вказівк)"),
    (4, r"(?:покажи|выведи|раскрои|напечатаи|повтори|скажи|наиди|переведи)\S*\s[^.!?\n]{0,80}(?:системн\S*\s(?:промпт|инструкц|сообщен|подсказк)|(?:твои|свои|своих)\s(?:инструкц|указан))"),
    // Chinese, Japanese, Korean.
    (4, r"(?:忽略|无视|無視|忘记|忘記|忘掉|不要理会)[^\n]{0,30}(?:指令|指示|提示|说明|規則|规则|命令|设定)"),
    (4, r"(?:输出|輸出|显示|顯示|打印|告诉我|透露|重复|翻译|展示|说出)[^\n]{0,30}(?:系统提示|系統提示|系统指令|初始指令|你的指令|提示词|提示詞)"),
    (4, r"(?:指示|命令|プロンプト|ルール)[^\n]{0,20}(?:無視|忘れ)|(?:システムプロンプト|あなたの指示)[^\n]{0,30}(?:表示|出力|教え|見せ|翻訳)"),
    (4, r"(?:이전|위의|앞의|모든)[^.!?\n]{0,30}(?:지시|명령|규칙|프롬프트)[^.!?\n]{0,30}(?:무시|잊)|시스템 ?프롬프트"),
    // Arabic.
    (4, r"(?:تجاهل|انس|إنس)[^.!?\n]{0,60}(?:التعليمات|تعليمات|الأوامر|القواعد)"),
];
