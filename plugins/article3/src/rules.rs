//! The rules: what makes a text worth a look, why, and after which source. One table, to be read and
//! changed by people who are no programmers.
//!
//! # Patterns
//!
//! A pattern is words, one after the other in one sentence:
//!
//! | written | matches |
//! |---|---|
//! | `treason` | this word |
//! | `шпигун*` | every word that begins so: Ukrainian and Russian are inflected at the end |
//! | `draft\|conscription` | either |
//! | `evasion .. draft` | up to three words may stand between |
//!
//! Patterns are written in small letters. Case, apostrophes and accents do not matter, and neither
//! do й and и, ё and е, ї and і. What `except` matches, in any language, is taken out again: it
//! must overlap a match of its rule. A stem that begins other words as well is written as its
//! forms (`измена|измены|измене`, since `измен*` is also a change).

use serde::Serialize;

/// Speaks for a predominant political, military, religious or racial character.
const FOR: &str = "for";

/// Speaks for a predominant ordinary-law character.
const AGAINST: &str = "against";

/// Look at it.
const REVIEW: &str = "review";

/// Look at it first.
const REVIEW_FIRST: &str = "review first";

const POLITICAL: &str = "political";
const MILITARY: &str = "military";
const RELIGIOUS: &str = "religious";
const RACIAL: &str = "racial";
const EXPOSED_PERSON: &str = "exposed person";
const CIRCUMVENTION: &str = "circumvention";
const REQUESTER_HISTORY: &str = "requester history";
const ORDINARY_LAW: &str = "ordinary law";

/// Pure offences: those that are political, military, religious or racial by their nature.
const PURE_OFFENCES: &str = "INTERPOL AGN/53/RES/7 (1984), offences by their nature";

/// The status of the person is one of the factors of the predominance test.
const STATUS: &str = "INTERPOL Rules on the Processing of Data, Article 34(3), status of the persons; \
                      Repository of Practice on Article 3";

/// The nature of the offence and the general context are others.
const NATURE: &str = "INTERPOL Rules on the Processing of Data, Article 34(3), nature of the offence and \
                      context; Repository of Practice on Article 3";

const PREDOMINANCE: &str = "INTERPOL AGN/20/RES/11 (1951) and AGN/53/RES/7 (1984), predominance of the \
                            ordinary-law character";

const POSITIONS: &str =
    "INTERPOL Rules on the Processing of Data, Article 34(3), positions expressed by others";

/// A rule.
#[derive(Debug, Serialize)]
pub(crate) struct Rule {
    /// A name that stays.
    pub(crate) id: &'static str,
    /// Which character, status or circumvention it is about.
    pub(crate) category: &'static str,
    /// For an Article 3 concern, or against it.
    pub(crate) bearing: &'static str,
    /// How urgent a look is; nothing is decided by it.
    pub(crate) review: &'static str,
    /// Why, in plain words.
    pub(crate) reason: &'static str,
    /// The text that the rule follows.
    pub(crate) source: &'static str,
    pub(crate) english: &'static [&'static str],
    pub(crate) ukrainian: &'static [&'static str],
    pub(crate) russian: &'static [&'static str],
    /// What the patterns do not mean.
    pub(crate) except: &'static [&'static str],
}

/// The rules that look at texts.
pub(crate) static TEXT_RULES: &[Rule] = &[
    // Political character.
    Rule {
        id: "membership",
        category: POLITICAL,
        bearing: FOR,
        review: REVIEW_FIRST,
        reason: "membership of or support for a banned organisation may be the whole charge; look for acts beyond it",
        source: PURE_OFFENCES,
        english: &[
            "member|members|membership|belonging|participation|participating|participated|leader|leading|supporting|support|joined|joining|creating|created .. banned|prohibited|outlawed|proscribed|undesirable|unregistered|extremist|terrorist .. organisation|organisations|organization|organizations|group|groups|party|movement|association",
            "membership in|of .. organisation|organization|party|movement|association",
        ],
        ukrainian: &[
            "член*|участ*|учасни*|належн*|створен*|керівництв*|підтрим* .. заборонен*|екстремістськ*|терористичн*|небажан*|незареєстрован* .. організац*|угрупован*|груп*|партії|партія|партію|рух|руху|рухом|об'єднан*",
        ],
        russian: &[
            "член*|участи*|участни*|принадлежн*|создани*|руководств*|поддержк* .. запрещенн*|экстремистск*|террористическ*|нежелательн*|незарегистрированн* .. организац*|группировк*|групп*|партия|партии|партию|движени*|объединени*",
        ],
        except: &["membership .. fee|fees|criminal|sports|trade|housing|professional"],
    },
    Rule {
        id: "extremism",
        category: POLITICAL,
        bearing: FOR,
        review: REVIEW,
        reason: "extremism is charged for violence and for opinions alike; look which it is",
        source: NATURE,
        english: &["extremism|extremist|extremists"],
        ukrainian: &["екстремізм*|екстреміст*"],
        russian: &["экстремизм*|экстремист*"],
        except: &[],
    },
    Rule {
        id: "treason",
        category: POLITICAL,
        bearing: FOR,
        review: REVIEW_FIRST,
        reason: "treason is an offence against the State itself",
        source: PURE_OFFENCES,
        english: &["treason|treasonous|treasonable"],
        ukrainian: &[
            "державн* зрада|зради|зраді|зраду|зрадою|зрадни*",
            "зрад* батьківщин*|вітчизн*",
        ],
        russian: &[
            "государственн* измена|измены|измене|измену|изменой|изменник*",
            "измена|измены|измене|измену|изменой родине|родины",
        ],
        except: &[],
    },
    Rule {
        id: "espionage",
        category: POLITICAL,
        bearing: FOR,
        review: REVIEW_FIRST,
        reason: "espionage is an offence against the State itself",
        source: PURE_OFFENCES,
        english: &["espionage", "spying|spied for"],
        ukrainian: &["шпигунств*|шпигува*"],
        russian: &["шпионаж*|шпионств*"],
        except: &[
            "industrial|corporate|commercial|economic espionage",
            "промислов*|комерційн*|економічн* шпигунств*",
            "промышленн*|коммерческ*|экономическ* шпионаж*",
        ],
    },
    Rule {
        id: "overthrow",
        category: POLITICAL,
        bearing: FOR,
        review: REVIEW_FIRST,
        reason: "overthrow or seizure of power is an offence against the security of the State",
        source: PURE_OFFENCES,
        english: &[
            "coup d'etat|d'état",
            "military|attempted|armed coup",
            "coup attempt|plot",
            "overthrow|overthrowing|overthrown .. government|regime|constitutional|state|president",
            "seizure|seize|seizing .. power",
            "undermining .. constitutional|state",
        ],
        ukrainian: &[
            "державн* переворот*",
            "повален* .. влади|ладу|режиму|уряду",
            "насильницьк* змін* .. влади|ладу",
            "захоплен* .. влади",
        ],
        russian: &[
            "государственн* переворот*",
            "свержен* .. власти|строя|режима|правительства",
            "насильственн* изменен* .. власти|строя",
            "захват* .. власти",
        ],
        except: &["power tool|tools|cable|cables|plant|plants"],
    },
    Rule {
        id: "separatism",
        category: POLITICAL,
        bearing: FOR,
        review: REVIEW,
        reason: "separatism is charged for violence and for opinions alike; look which it is",
        source: PURE_OFFENCES,
        english: &["separatism|separatist|separatists", "territorial integrity"],
        ukrainian: &["сепаратизм*|сепаратист*", "територіальн* цілісн*"],
        russian: &["сепаратизм*|сепаратист*", "территориальн* целостн*"],
        except: &[],
    },
    Rule {
        id: "state-secrets",
        category: POLITICAL,
        bearing: FOR,
        review: REVIEW_FIRST,
        reason: "state secrets concern the internal or external security of the State",
        source: PURE_OFFENCES,
        english: &["state|military|official secret|secrets"],
        ukrainian: &["державн*|військов* таємниц*"],
        russian: &["государственн*|военн* тайна|тайны|тайне|тайну|тайной"],
        except: &[],
    },
    Rule {
        id: "insult-authorities",
        category: POLITICAL,
        bearing: FOR,
        review: REVIEW_FIRST,
        reason: "insulting or defaming those in office is a matter of opinion",
        source: PURE_OFFENCES,
        english: &[
            "insult|insulting|insulted|insults|defamation|defaming|defamed|slander|libel|libelling .. president|king|queen|monarch|government|official|officials|authorities|authority|judge|judges|minister|police|state|army",
            "lese majeste|majesté",
        ],
        ukrainian: &[
            "образа|образи|образу|образою|образити|образив|образила|ображання|наклеп* .. президент*|посадов*|представник*|влади|владу|держави|державу|судді|суддю|суду|поліці*|прапор*",
        ],
        russian: &[
            "оскорблен*|оскорби*|оскорбля*|клевет* .. президент*|должностн*|представител*|власти|власть|государств*|судьи|судью|суда|суду|полиц*|чиновник*|флаг*",
        ],
        except: &[],
    },
    Rule {
        id: "discrediting-army",
        category: POLITICAL,
        bearing: FOR,
        review: REVIEW_FIRST,
        reason: "statements about the armed forces are a matter of opinion",
        source: PURE_OFFENCES,
        english: &[
            "discredit|discrediting|discredited|discreditation .. army|armed|military",
            "false|fake .. information|news|reports|statements .. army|armed|military",
        ],
        ukrainian: &[
            "дискредит* .. армії|армію|збройн*|військ*",
            "неправдив* .. інформац*|відомост* .. армії|армію|збройн*|військ*",
        ],
        russian: &[
            "дискредит* .. армии|армию|вооруженн*|войск*",
            "ложн* .. информац*|сведени* .. армии|армию|вооруженн*|войск*",
        ],
        except: &[],
    },
    Rule {
        id: "opinion-and-press",
        category: POLITICAL,
        bearing: FOR,
        review: REVIEW,
        reason: "the charge may be about something said, written or published",
        source: PURE_OFFENCES,
        english: &[
            "anti government|state agitation|propaganda|statements|activity",
            "propaganda against .. state|government|system|regime",
            "spreading|spread|dissemination|disseminating .. false|fake information|news|rumours|rumors",
            "public|publicly calls|calling|called for|to .. overthrow|boycott|extremist|separatism|protest|protests",
        ],
        ukrainian: &[
            "антидержавн*|антиурядов* агітац*|пропаганд*|діяльн*",
            "поширен*|поширюва* .. неправдив* інформац*|відомост*",
            "публічн* заклик*",
        ],
        russian: &[
            "антигосударственн*|антиправительственн* агитац*|пропаганд*|деятельн*",
            "распростран* .. ложн* информац*|сведени*",
            "публичн* призыв*",
        ],
        except: &[],
    },
    Rule {
        id: "protest",
        category: POLITICAL,
        bearing: FOR,
        review: REVIEW,
        reason: "the charge may be about taking part in a protest; look for violence by the person",
        source: NATURE,
        english: &[
            "unauthorised|unauthorized|unsanctioned|illegal|prohibited|unlawful rally|rallies|assembly|demonstration|demonstrations|protest|protests",
            "mass riots|disorder|unrest|protests",
        ],
        ukrainian: &[
            "несанкціонован*|незаконн*|заборонен* мітинг*|зібран*|демонстрац*|протест*",
            "масов* заворушен*|протест*",
        ],
        russian: &[
            "несанкционированн*|незаконн*|запрещенн* митинг*|собрани*|демонстрац*|шестви*|протест*",
            "массов* беспорядк*|протест*",
        ],
        except: &[],
    },
    Rule {
        id: "political-activity",
        category: POLITICAL,
        bearing: FOR,
        review: REVIEW,
        reason: "the text itself speaks of political activity, views or motives",
        source: NATURE,
        english: &[
            "political party|parties|activity|activities|opponent|opponents|motive|motives|motivated|opinion|opinions|views|campaign|persecution|prisoner|prisoners|activist|activists",
            "politically motivated",
            "opposition party|parties|movement|rally",
        ],
        ukrainian: &[
            "політичн* партії|партія|партію|партій|діяльн*|опонент*|мотив*|погляд*|переконан*|переслідуван*|в'язень|в'язн*",
        ],
        russian: &[
            "политическ* партия|партии|партию|партий|деятельн*|оппонент*|мотив*|взгляд*|убежден*|преследован*|заключенн*",
        ],
        except: &[],
    },
    // Military character.
    Rule {
        id: "desertion",
        category: MILITARY,
        bearing: FOR,
        review: REVIEW_FIRST,
        reason: "desertion is a purely military offence",
        source: PURE_OFFENCES,
        english: &[
            "desertion|deserter|deserters",
            "deserted from|his|her|their|the .. unit|army|regiment|forces|post",
            "absent|absence without leave",
            "awol",
            "abandoned|abandoning|abandonment .. military unit|post|service",
        ],
        ukrainian: &["дезертир*", "самовільн* залишен* .. частин*|служби"],
        russian: &[
            "дезертир*",
            "самовольн* оставлен* .. части|часть|службы|места",
        ],
        except: &["desertion of .. child|children|spouse|family|wife|husband|dependants"],
    },
    Rule {
        id: "draft-evasion",
        category: MILITARY,
        bearing: FOR,
        review: REVIEW_FIRST,
        reason: "evasion of military service is a purely military offence",
        source: PURE_OFFENCES,
        english: &[
            "evasion|evading|evaded|evade|avoiding|avoided|avoidance|refusal|refusing|refused|dodging|dodged .. conscription|mobilisation|mobilization",
            "evasion|evading|evaded|evade|avoiding|avoided|avoidance|refusal|refusing|refused .. military service|duty",
            "draft evasion|evader|evaders|dodger|dodgers|dodging",
            "evading|evasion|dodging .. draft",
            "conscientious objector|objectors|objection",
        ],
        ukrainian: &["ухилен*|ухиля*|ухили* .. мобілізац*|призову|призов|військов*|строков*"],
        russian: &["уклонен*|уклоня*|уклони* .. мобилизац*|призыва|призыв|воинск*|военн*"],
        except: &[
            "ухилен*|ухиля*|ухили* .. сплат*|податк*|збору|зборів",
            "уклонен*|уклоня*|уклони* .. уплат*|налог*|сбора|сборов",
        ],
    },
    Rule {
        id: "military-orders",
        category: MILITARY,
        bearing: FOR,
        review: REVIEW,
        reason: "disobedience within the armed forces is a purely military offence",
        source: PURE_OFFENCES,
        english: &[
            "insubordination",
            "disobeying|disobeyed|disobedience|refusal|refusing|refused .. order|orders .. commander|superior|officer",
        ],
        ukrainian: &["непокор*", "невиконан* наказ* .. командир*|начальник*"],
        russian: &["неповиновен*|неисполнен* .. командир*|начальник*"],
        except: &["court order|orders"],
    },
    // Religious character.
    Rule {
        id: "blasphemy",
        category: RELIGIOUS,
        bearing: FOR,
        review: REVIEW_FIRST,
        reason: "blasphemy, apostasy and insults to a religion are matters of belief and opinion",
        source: PURE_OFFENCES,
        english: &[
            "blasphemy|blasphemous|blasphemer|blaspheming|apostasy|apostate|apostates",
            "insult|insulting|insulted|offending|offended|offence|hurting .. religion|religious|believers|prophet",
        ],
        ukrainian: &[
            "богохульств*|богохульн*|віровідступ*",
            "образа|образи|образу|образою|образити|образив|образила|ображання .. релігійн*|вірян|віруючих|святин*",
        ],
        russian: &[
            "богохульств*|богохульн*|вероотступ*",
            "оскорблен*|оскорби*|оскорбля* .. верующих|религиозн*|святын*",
        ],
        except: &[],
    },
    Rule {
        id: "religious-practice",
        category: RELIGIOUS,
        bearing: FOR,
        review: REVIEW_FIRST,
        reason: "practising or spreading a religion may be the whole charge",
        source: PURE_OFFENCES,
        english: &[
            "proselytism|proselytising|proselytizing|proselytise|proselytize",
            "banned|prohibited|unregistered|illegal religion|religious|church|sect|faith|worship|missionary",
            "jehovah's witness|witnesses",
        ],
        ukrainian: &[
            "прозелітизм*",
            "заборонен*|незареєстрован*|незаконн* релігійн*|секта|секти|секту|сектою|віросповідан*|місіонер*",
            "свідки|свідків|свідок єгови",
        ],
        russian: &[
            "прозелитизм*",
            "запрещенн*|незарегистрированн*|незаконн* религиозн*|секта|секты|секту|секте|сектой|вероисповедан*|миссионер*",
            "свидетели|свидетелей|свидетель иеговы",
        ],
        except: &[],
    },
    // Racial character.
    Rule {
        id: "race-or-ethnicity",
        category: RACIAL,
        bearing: FOR,
        review: REVIEW_FIRST,
        reason: "the text names race or ethnicity; look whether the case is about it rather than about an act",
        source: PURE_OFFENCES,
        english: &[
            "ethnic|racial origin|minority|minorities|background|identity|association",
            "national minority|minorities|origin",
            "because|grounds|account of .. race|ethnicity",
        ],
        ukrainian: &[
            "етнічн*|расов* походжен*|меншин*|приналежн*|належн*",
            "національн* меншин*|приналежн*|належн*",
            "ознак* .. раси|расов*|національн*|етнічн*",
        ],
        russian: &[
            "этническ*|расов* происхожден*|меньшинств*|принадлежн*",
            "национальн* меньшинств*|принадлежн*",
            "признак* .. расы|расов*|национальн*|этническ*",
        ],
        except: &["race car|cars|track|tracks|horse|horses|course|meeting"],
    },
    Rule {
        id: "incitement-of-hatred",
        category: RACIAL,
        bearing: FOR,
        review: REVIEW,
        reason: "such charges cover hate crime as well as criticism; look at what was said or done",
        source: NATURE,
        english: &["inciting|incited|incitement|incite .. hatred|enmity|discord|hostility"],
        ukrainian: &["розпалюван*|розпал* .. ворожнеч*|ненавист*|розбрат*"],
        russian: &["возбужден*|разжиган* .. ненавист*|вражд*|розни"],
        except: &[],
    },
    // Exposed persons.
    Rule {
        id: "politician",
        category: EXPOSED_PERSON,
        bearing: FOR,
        review: REVIEW,
        reason: "the text names a politician; look whether it is the wanted person, and whether the case is about politics",
        source: STATUS,
        english: &[
            "former|ex minister|president|senator|governor|mayor|ambassador|deputy",
            "former|ex prime minister",
            "member|members|deputy of .. parliament|congress|senate|duma",
            "opposition leader|leaders|politician|politicians|figure|figures|member|members|candidate|candidates",
            "politician|politicians|parliamentarian|parliamentarians",
            "candidate|candidates for|in .. election|elections|president|presidency|parliament|mayor",
            "presidential candidate|candidates",
        ],
        ukrainian: &[
            "колишн*|екс міністр*|прем'єр*|президент*|депутат*|губернатор*|посол|посла|мер|мера|меру|мером",
            "народн* депутат*",
            "опозиційн* політик*|лідер*|діяч*|кандидат*",
            "опозиціонер*",
            "лідер* опозиції|партії",
            "кандидат* .. депутати|президенти|мери|депутата|президента|мера",
        ],
        russian: &[
            "бывш*|экс министр*|премьер*|президент*|депутат*|губернатор*|посол|посла|мэр|мэра|мэру|мэром",
            "депутат* .. парламент*|думы|рады|госдумы|совета",
            "оппозиционн* политик*|лидер*|деятел*|кандидат*",
            "оппозиционер*",
            "лидер* оппозиции|партии",
            "кандидат* .. депутаты|президенты|мэры|депутата|президента|мэра",
        ],
        except: &[
            "former|ex president|deputy|governor .. company|bank|corporation|club|firm|federation|director|manager",
            "колишн*|екс президент* .. компані*|банку|клубу|федерації",
            "бывш*|экс президент* .. компани*|банка|клуба|федерации",
            "murder|killing|assassination|kidnapping|abduction|robbery of .. minister|president|senator|governor|mayor|ambassador|politician|politicians",
            "attack|attacks|assault|threats on|against|to .. minister|president|senator|governor|mayor|ambassador|politician|politicians",
            "murdered|killed|attacked|assaulted|threatened|kidnapped|robbed|impersonating .. minister|president|senator|governor|mayor|ambassador|politician|politicians",
            "вбивств*|убивств*|вбив|напад*|побит*|викраден*|погроз* .. міністра|президента|депутата|губернатора|посла|мера",
            "убийств*|убил|нападен*|избиен*|похищен*|угроз* .. министра|президента|депутата|губернатора|посла|мэра",
        ],
    },
    Rule {
        id: "journalist",
        category: EXPOSED_PERSON,
        bearing: FOR,
        review: REVIEW,
        reason: "the text names a journalist; look whether it is the wanted person, and whether the case is about their work",
        source: STATUS,
        english: &[
            "journalist|journalists|journalism|reporter|reporters|blogger|bloggers|correspondent|correspondents",
            "newspaper|magazine|news editor|editors",
        ],
        ukrainian: &[
            "журналіст*|блогер*|редактор|редактора|редактору|редактором|репортер*|кореспондент*",
        ],
        russian: &[
            "журналист*|блогер*|блоггер*|редактор|редактора|редактору|редактором|репортер*|корреспондент*",
        ],
        except: &[
            "murder|killing|assassination|kidnapping|abduction|robbery of .. journalist|journalists|reporter|reporters|blogger|bloggers|correspondent|editor",
            "attack|attacks|assault|threats on|against|to .. journalist|journalists|reporter|reporters|blogger|bloggers|correspondent|editor",
            "murdered|killed|attacked|assaulted|threatened|kidnapped|robbed|impersonating .. journalist|journalists|reporter|reporters|blogger|bloggers|correspondent|editor",
            "вбивств*|убивств*|вбив|напад*|побит*|викраден*|погроз*|пограбуван* .. журналіста|журналістки|журналістку|журналістів|журналісту|блогера|блогерів|редактора|репортера|кореспондента",
            "убийств*|убил|нападен*|избиен*|похищен*|угроз*|ограблен* .. журналиста|журналистки|журналистку|журналистов|журналисту|блогера|блогеров|редактора|репортера|корреспондента",
        ],
    },
    Rule {
        id: "activist",
        category: EXPOSED_PERSON,
        bearing: FOR,
        review: REVIEW,
        reason: "the text names an activist or a defender of rights; look whether it is the wanted person, and whether the case is about their work",
        source: STATUS,
        english: &[
            "activist|activists|dissident|dissidents|whistleblower|whistleblowers",
            "human rights defender|defenders|lawyer|lawyers|worker|workers|organisation|organization",
        ],
        ukrainian: &["активіст*|правозахисни*|дисидент*|викривач*"],
        russian: &["активист*|правозащитни*|диссидент*"],
        except: &[
            "murder|killing|assassination|kidnapping|abduction|robbery of .. activist|activists|dissident|dissidents",
            "attack|attacks|assault|threats on|against|to .. activist|activists|dissident|dissidents",
            "murdered|killed|attacked|assaulted|threatened|kidnapped|robbed .. activist|activists|dissident|dissidents",
            "вбивств*|убивств*|вбив|напад*|побит*|викраден*|погроз* .. активіста|активістки|активістку|активістів|активісту|правозахисника|правозахисників|дисидента",
            "убийств*|убил|нападен*|избиен*|похищен*|угроз* .. активиста|активистки|активистку|активистов|активисту|правозащитника|правозащитников|диссидента",
        ],
    },
    Rule {
        id: "refugee",
        category: EXPOSED_PERSON,
        bearing: FOR,
        review: REVIEW_FIRST,
        reason: "the text speaks of refugee status or asylum; look whether the wanted person has it, and against which country",
        source: "INTERPOL GA-2017-86-RES-09 (2017), refugees",
        english: &["refugee|refugees|asylum"],
        ukrainian: &["біжен*", "політичн* притул*", "надан* притул*"],
        russian: &[
            "беженец|беженца|беженцу|беженцем|беженцев|беженцы|беженк*|беженств*",
            "политическ*|предоставлен* убежищ*",
        ],
        except: &[
            "refugee|refugees|asylum .. camp|camps|centre|centres|center|centers|shelter|shelters|hostel|hostels",
            "табор*|центр* .. біжен*",
            "притул* .. тварин*",
            "лагер*|центр* .. беженц*",
        ],
    },
    // Circumvention that the text itself speaks of.
    Rule {
        id: "refused-elsewhere",
        category: CIRCUMVENTION,
        bearing: FOR,
        review: REVIEW_FIRST,
        reason: "the text speaks of a refusal by another authority; look why it refused",
        source: POSITIONS,
        english: &[
            "extradition .. refused|denied|rejected|declined",
            "refused|refuses|refusal|denied|denial|rejected .. extradition|extradite",
            "red|interpol notice|notices|diffusion|diffusions .. deleted|cancelled|canceled|withdrawn|refused|removed",
        ],
        ukrainian: &[
            "відмов* .. екстрадиц*|видачі",
            "екстрадиц*|видачі .. відмовлен*",
        ],
        russian: &[
            "отказ* .. экстрадиц*|выдаче|выдачи|выдать",
            "экстрадиц*|выдаче|выдачи .. отказан*",
        ],
        except: &[
            "видачі .. кредит*|позик*|паспорт*|довідк*|ліценз*|дозвол*|віз",
            "выдаче|выдачи|выдать .. кредит*|займ*|паспорт*|справк*|лиценз*|разрешен*|виз|визы",
        ],
    },
    // Against: what speaks for an ordinary-law character.
    Rule {
        id: "violence",
        category: ORDINARY_LAW,
        bearing: AGAINST,
        review: REVIEW,
        reason: "violence against persons speaks for an ordinary-law crime; look at the facts given for it",
        source: PREDOMINANCE,
        english: &[
            "murder|murders|murdered|murderer|manslaughter|homicide|killed|killing|rape|raped|torture|tortured|hostage|hostages|kidnapping|kidnapped|abduction|abducted|assassination|stabbed|stabbing|beheaded",
            "grievous|serious bodily",
            "attempted to kill",
        ],
        ukrainian: &[
            "вбивств*|убивств*|вбив|вбила|вбили|зґвалт*|згвалт*|катуван*|тортур*|заручни*",
            "тяжк* тілесн*",
            "викраден* .. людини|людей|особи|осіб|дитини",
        ],
        russian: &[
            "убийств*|убил|убила|убили|изнасил*|пытки|пыток|пытками|истязан*|заложни*",
            "тяжк* .. вред*|телесн*",
            "похищен* .. человека|людей|лица|ребенка",
        ],
        except: &["without .. violence|killing"],
    },
    Rule {
        id: "weapons-or-explosives",
        category: ORDINARY_LAW,
        bearing: AGAINST,
        review: REVIEW,
        reason: "weapons, explosives and arson speak for an ordinary-law crime; look at the facts given for it",
        source: PREDOMINANCE,
        english: &[
            "explosive|explosives|explosion|bomb|bombs|bombing|firearm|firearms|grenade|grenades|ammunition|arson",
        ],
        ukrainian: &[
            "вибух*|бомба|бомби|бомбу|бомбою|вогнепальн*|граната|гранати|гранату|гранатою|боєприпас*|підпал*",
        ],
        russian: &[
            "взрыв*|бомба|бомбы|бомбу|бомбой|огнестрельн*|граната|гранаты|гранату|гранатой|боеприпас*|поджог*|поджег*|подожг*",
        ],
        except: &[],
    },
    Rule {
        id: "terrorist-act",
        category: ORDINARY_LAW,
        bearing: AGAINST,
        review: REVIEW,
        reason: "an act of terrorism may be treated as an ordinary-law crime; membership alone is another matter",
        source: PREDOMINANCE,
        english: &[
            "terrorist attack|attacks|act|acts|bombing",
            "act|acts of terrorism",
        ],
        ukrainian: &["терористичн* акт|акту|актом|акти|актів|напад*", "теракт*"],
        russian: &[
            "террористическ* акт|акта|акту|актом|акты|актов|нападен*",
            "теракт*",
        ],
        except: &[],
    },
    Rule {
        id: "international-crime",
        category: ORDINARY_LAW,
        bearing: AGAINST,
        review: REVIEW,
        reason: "genocide, crimes against humanity and war crimes are examined under rules of their own",
        source: "INTERPOL AGN/63/RES/9 (1994), violations of international humanitarian law",
        english: &[
            "genocide",
            "war crime|crimes",
            "crimes|crime against humanity",
        ],
        ukrainian: &[
            "геноцид*",
            "воєнн* злочин*",
            "злочин* проти людяності|людства",
        ],
        russian: &[
            "геноцид*",
            "военн* преступлен*",
            "преступлен* против человечности|человечества",
        ],
        except: &[],
    },
    Rule {
        id: "organised-crime",
        category: ORDINARY_LAW,
        bearing: AGAINST,
        review: REVIEW,
        reason: "organised crime and money laundering speak for an ordinary-law crime; look at the facts given for it",
        source: PREDOMINANCE,
        english: &[
            "organised|organized crime|criminal",
            "criminal organisation|organization|group|gang|association|network|community",
            "money laundering",
            "laundering|laundered .. money|proceeds|funds",
        ],
        ukrainian: &[
            "злочинн* організац*|угрупован*|групи|група|групу|спільнот*",
            "організован* злочинн*|групи|група|групу",
            "відмиван*|легалізац* .. кошт*|доход*|майна",
        ],
        russian: &[
            "преступн* организац*|группировк*|группа|группы|группу|сообществ*",
            "организованн* преступн*|группа|группы|группу|группой",
            "отмыван*|легализац* .. денег|денежн*|средств*|доход*|имуществ*",
        ],
        except: &[],
    },
    Rule {
        id: "trafficking",
        category: ORDINARY_LAW,
        bearing: AGAINST,
        review: REVIEW,
        reason: "trafficking and smuggling speak for an ordinary-law crime; look at the facts given for it",
        source: PREDOMINANCE,
        english: &[
            "drug|drugs|narcotic|narcotics|cocaine|heroin|smuggling|smuggled|smuggler",
            "human trafficking",
            "trafficking in",
        ],
        ukrainian: &[
            "наркотик*|наркотичн*|кокаїн*|героїн|героїну|героїном|контрабанд*",
            "торгівл* людьми",
        ],
        russian: &[
            "наркотик*|наркотическ*|кокаин*|героин|героина|героином|контрабанд*",
            "торговл* людьми",
        ],
        except: &[],
    },
    Rule {
        id: "property-or-office",
        category: ORDINARY_LAW,
        bearing: AGAINST,
        review: REVIEW,
        reason: "fraud, theft, robbery and corruption are ordinary-law crimes; such charges can also be a pretext, so look at the facts given for them",
        source: PREDOMINANCE,
        english: &[
            "fraud|fraudulent|embezzlement|embezzled|embezzling|bribe|bribes|bribery|corruption|extortion|theft|stolen|burglary|burgled|burglar|robbery|robbed",
        ],
        ukrainian: &[
            "шахрай*|шахраїв|розтрат*|хабар*|корупц*|вимаган*|крадіжк*|крадіжок|викрадено|грабіж*|грабеж*|розбій*|розбою",
        ],
        russian: &[
            "мошеннич*|мошенник*|растрат*|взятк*|взяток|взяточ*|коррупц*|вымогат*|краж*|похищено|грабеж*|разбой*|разбоя",
        ],
        except: &[],
    },
];

const ACROSS_REQUESTS: Rule = Rule {
    id: "",
    category: CIRCUMVENTION,
    bearing: FOR,
    review: REVIEW_FIRST,
    reason: "",
    source: POSITIONS,
    english: &[],
    ukrainian: &[],
    russian: &[],
    except: &[],
};

/// The same subject is requested again, by the requester that was refused.
pub(crate) static AGAIN_SAME_REQUESTER: Rule = Rule {
    id: "again-same-requester",
    reason: "the same requester asks again for a subject after a refusal; look what is new",
    ..ACROSS_REQUESTS
};

/// The same subject is requested by another requester than the one that was refused.
pub(crate) static AGAIN_OTHER_REQUESTER: Rule = Rule {
    id: "again-other-requester",
    reason: "another requester asks for a subject after a refusal; look whether it is the same case",
    ..ACROSS_REQUESTS
};

/// The same subject is requested again with another charge.
pub(crate) static AGAIN_OTHER_CHARGE: Rule = Rule {
    id: "again-other-charge",
    reason: "a subject is asked for again with another charge than the one refused; look whether the facts are others",
    ..ACROSS_REQUESTS
};

/// Many of the requester's requests were refused.
pub(crate) static REQUESTER_REFUSED_OFTEN: Rule = Rule {
    id: "requester-refused-often",
    category: REQUESTER_HISTORY,
    review: REVIEW,
    reason: "many requests of this requester were refused; it says nothing of this one",
    source: "INTERPOL Rules on the Processing of Data, Article 34(3), identity of the source of the data",
    ..ACROSS_REQUESTS
};

/// All rules.
pub(crate) fn all() -> impl Iterator<Item = &'static Rule> {
    TEXT_RULES.iter().chain([
        &AGAIN_SAME_REQUESTER,
        &AGAIN_OTHER_REQUESTER,
        &AGAIN_OTHER_CHARGE,
        &REQUESTER_REFUSED_OFTEN,
    ])
}
