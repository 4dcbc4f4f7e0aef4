//! The aspects that English questions ask for and English leaflets cover, with the words that tell
//! them: in a question, in a heading, and in a line that answers.

use super::super::interface::Aspect;

/// Stands among the headings of an aspect of which the answer may stand under any other as well.
const ANYWHERE: &str = "*";

const ASPECTS: &[[&str; 4]] = &[
    [
        "symptoms",
        "symptom|signs of|sign of|look like|how do i know|how do i recogni|look out for\
         |warning sign|feel like",
        "symptom|signs|look like|recogni",
        "symptom|signs|may have|may cause|pain|fever",
    ],
    [
        "causes",
        "cause|why do|why does|why is|why are|reason|trigger|come from|comes from|brings on\
         |bring on|due to|how did|result of|get it from",
        "cause|why do|why does|trigger|come from",
        "because|cause|due to|trigger|result|occurs when|occurs after",
    ],
    [
        "susceptibility",
        "who gets|more likely|at risk|who is at|risk factor|chances of getting",
        "at risk|risk|who gets|more likely",
        "more likely|risk|more often",
    ],
    [
        "treatment",
        "treat|cure|therap|medicine for|medication for|be done|help with|helps against\
         |help against|what helps|relie|remed|get rid of|ease|alternatives to|surgery for\
         |options|stop the|heal ",
        "treat|cure|therap|easing|relie|remed|manag|what can help",
        "treat|therap|cure|surgery|medicine|drug|help",
    ],
    [
        "prevention",
        "prevent|protect|lower the risk|lower my risk|reduce the risk|reduce my risk\
         |stop me getting|avoid getting|stop from getting",
        "prevent|protect|lower|reduc|staying safe|keeping safe",
        "prevent|protect|lower|avoid",
    ],
    [
        "diagnosis",
        "diagnos|test |tests |tested|detect|find out if|examin|scan for|screen",
        "diagnos|test|exam|screen",
        "test|diagnos|scan|exam",
    ],
    [
        "outlook",
        "outlook|prognos|life expectancy|surviv|back to normal|recover|live with|long term|get better|go away",
        "outlook|prognos|recover|life expectancy|long term|expect|getting better",
        "recover|weeks|months|outlook|expect|surviv",
    ],
    [
        "inheritance",
        "inherit|genetic|gene |run in famil|runs in|runs in famil|pass it on|passing it\
         |passed on|hereditary|chances of passing|will i get it|will my child",
        "inherit|genetic|hereditary",
        "inherit|gene |genes|autosomal|mutation",
    ],
    [
        "frequency",
        "how common|how many people|how rare|is it rare|prevalence",
        "how many people|how common|frequency|prevalence",
        "common|rare|affects|people|percent",
    ],
    [
        "complications",
        "complication|lead to|make you|happens if it is not|untreated|cause blind",
        "complication",
        "complication|may lead|damage",
    ],
    [
        "definition",
        "what is |what are |what s |whats |meaning of|definition|do you call\
         |what does it mean|information on|information about",
        "what is|what are|definition|about |overview",
        "is a |are a |is an |is the ",
    ],
    [
        "dose",
        "dose|dosage|dosing|how much|how many tablets|how many puffs|how many mg\
         |how many pills|strength",
        "dose|dosage|how much|how to take|how should|how often",
        "mg|puff|tablet|ml|times a day|once a day|twice a day|capsule|ppm",
    ],
    [
        "use",
        "how do i take|how should i take|how do i use|how to take|how to use|how should i use\
         |when should i take|should i take|best time to|with food|or in the evening|inject\
         |swallow",
        "how to take|how should|how to use|taking |be used|when to take|using ",
        "take |swallow|inject|use ",
    ],
    [
        "side effects",
        "side effect|adverse|is that normal|is this normal|could it be the|reaction to\
         |make you sick|make me|since i started|after taking",
        "side effect|unwanted effect|adverse",
        "side effect|rash|dizz|sick|common|call",
    ],
    [
        "contraindication",
        "should not|shouldn t|must not|mustn t|cannot take|who can t|not take|not use\
         |is it safe|safe to|safe for|safe in|safe with|allergic|pregnan|breastfeed\
         |breast feeding|avoid|contraindicat",
        "should not|do not|must not|precaution|before you|warning|avoid|contraindicat\
         |not suitable|not take|careful",
        "do not|allergic|pregnan|not take|avoid|tell your doctor|tell us|never ",
    ],
    [
        "interactions",
        "interact|together with|mix |combine|alcohol|grapefruit|drink with\
         |at the same time as|while on|while i am on|while i m on|with my other",
        "interact|other medicines|food|drink|alcohol|together",
        "do not take|together|other medicine|alcohol|with ",
    ],
    [
        "missed dose",
        "forget|forgot|missed|miss a|miss my|late with",
        "forget|miss",
        "miss|forget|remember|skip",
    ],
    [
        "overdose",
        "too much|too many|overdose|took two|took double",
        "overdose|too much|too many",
        "overdose|too much|poison",
    ],
    [
        "storage",
        "store|storage|storing|fridge|refrigerat|shelf life|expire|keep for|liquid keep\
         |be kept|room temperature|freezer|freeze|throw",
        "stor|keep|kept|fridge|dispos",
        "fridge|refrigerator|temperature|keep |store|freez|kept",
    ],
    [
        "ingredients",
        "ingredient|contain|gluten|made of|made from|what is in|generic|brand",
        "ingredient|contain|brand|what it is made",
        "contain|ingredient",
    ],
    [
        "duration",
        "how long",
        "*",
        "second|minute|hour|day|week|month|year|until",
    ],
    [
        "permission",
        "can i |may i |can my|may my|can we|may we|allowed to|is it ok|ok to|should i ",
        "*|should not|do not|must not|precaution|before you|warning|avoid|not suitable|careful",
        "allowed|not |never |only |may |must |please |avoid|should",
    ],
    [
        "cost",
        "cost|price|how much do i pay|pay |fee |fees|charge|free of|for free|insur|refund\
         |covered by",
        "cost|price|fee|pay|charg|free |insur",
        "pay|fee|free|cost|price|cash",
    ],
    [
        "times",
        "what time|when is |when are|when do you|opening|open |opens|close|hours|until when\
         |how late|visiting",
        "open|hours|time|when |visiting",
        "am |pm |open|closed|monday|until|o clock|00",
    ],
    [
        "place",
        "where is|where do i|where are|where can i|where s |which floor|which building\
         |which entrance|how do i get to|how do i find|directions",
        "where|find us|location|how to get|getting here|travel",
        "floor|level|building|next to|entrance|desk|opposite|near",
    ],
    [
        "contact",
        "phone|telephone|what number|which number|ring |email|who do i contact|whom do i\
         |who do i call|who do i tell|extension|cancel",
        "contact|phone|call us|cancel|cannot come|change|how to reach",
        "phone|call|ring|extension|email|555",
    ],
    [
        "alarm",
        "when should i call|when do i call|when should i see|when to call|when to see\
         |see a doctor|get help|go to hospital|call the doctor|dangerous|emergency\
         |when should i worry|what now|worried",
        "get help|call us|call a doctor|contact a|see a doctor|when to call|emergency\
         |medical professional|urgent|seek",
        "call|emergency|straight away|at once|contact|doctor",
    ],
    [
        "preparation",
        "bring|pack |prepare|before my|before the|before a |before an |before surgery|fast \
         |need to do before|take out|take off",
        "bring|prepar|before|getting ready",
        "bring|before|take off|leave",
    ],
    [
        "aftercare",
        "after my|after the|after a |after an |after surgery|home after|afterwards|when can i\
         |when may i|how soon|allowed|back to work|drive|shower|bath ",
        "after|going home|at home|aftercare|recovery|driving|first ",
        "after|until|weeks|days|hours",
    ],
    [
        "diet",
        "eat|food|diet|drink|nutrition|supplement|vitamin",
        "eat|food|diet|drink|nutrition",
        "eat|food|diet|drink",
    ],
    [
        "support",
        "support group|organization|organisation|charity|forum|specialist|which hospital\
         |which doctor|clinical trial|research|study",
        "support|organi|resources|more information|research|trial",
        "support|group|organi|research|trial",
    ],
];

pub(super) fn aspects() -> Vec<Aspect> {
    let cues = |text: &'static str| text.split('|').filter(|cue| *cue != ANYWHERE).collect();
    let aspects = ASPECTS.iter();
    aspects
        .map(|[name, asked, headed, said]| Aspect {
            name,
            asked: cues(asked),
            headed: cues(headed),
            anywhere: headed.split('|').any(|cue| cue == ANYWHERE),
            said: cues(said),
        })
        .collect()
}
