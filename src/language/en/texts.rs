//! The prepared English texts. The sentences are short, because people read them in fear.

use super::super::interface::Texts;

pub(super) const TEXTS: Texts = Texts {
    emergency_number: "your local emergency number",
    call: "Call {emergency} now.",
    emergency: "This may be an emergency. {call}",
    chest_pain: "This may be a heart attack. {call} Sit down and rest while you wait. Do not drive yourself to hospital.",
    stroke: "These can be signs of a stroke. {call} Note the time when the signs began. Give nothing to eat or drink.",
    breathing: "Trouble breathing can be life-threatening. {call} Sit upright and loosen tight clothing. Stay on the line.",
    severe_bleeding: "Severe bleeding is an emergency. {call} Press firmly on the wound with a clean cloth and do not let go.",
    unconsciousness: "A person who cannot be woken needs help at once. {call} Check whether the person breathes, and follow what the emergency service tells you.",
    anaphylaxis: "This may be a severe allergic reaction. {call} Use an adrenaline auto-injector if one was prescribed.",
    overdose: "This may be a poisoning. {call} Do it even if there are no symptoms yet.{centre} Keep the package at hand. Do not make the person vomit.",
    poison_centre: " You can also call {centre}.",
    suicidal_intent: "I am glad that you wrote this, and you do not have to be alone with it. If you may act on these thoughts, call {emergency} or {line} now. Go to someone you trust, and move away from anything you could use to hurt yourself.",
    any_crisis_line: "a crisis line",
    urgent_call: "In an emergency, call {emergency} now.",
    urgent_line: "If it is urgent, call {line}. {call}",
    abstained: "I don't know. The documents I am allowed to use do not answer this question. Please ask a member of staff, or try to put the question in other words. {urgent}",
};
