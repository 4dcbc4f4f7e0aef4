//! Makes rules that can be searched for out of the files.

use std::collections::{BTreeMap, HashSet};

use super::file::{Problem, RuleFile, RuleText, RulesError};
use super::frames::{Frame, FrameFile, MOST_FRAMES};
use super::patterns::{GroupId, Patterns};
use super::readings::Cues;
use super::text::Text;
use crate::domain::emergency::{Category, Level};

/// A rule, ready for use.
#[derive(Clone, Debug)]
pub struct Rule {
    pub id: String,
    pub category: Category,
    pub level: Level,
    pub signs: Vec<GroupId>,
    pub context: Vec<GroupId>,
    pub unless: Option<GroupId>,
    /// The frames that do not cancel it, one bit each.
    pub despite: u32,
    pub within: usize,
    pub age_below_months: Option<f64>,
    pub firm: bool,
}

/// The rules of one language.
#[derive(Clone, Debug, Default)]
pub struct Language {
    /// The frequent words of the language.
    pub common: HashSet<String>,
    pub joins: Option<GroupId>,
    pub numbers: BTreeMap<String, f64>,
    pub cues: Cues,
    pub frames: Vec<Frame>,
    pub rules: Vec<Rule>,
}

/// The most words that a sign may span in a language that does not say.
const WITHIN: usize = 12;

type Lists = BTreeMap<String, Vec<String>>;

/// Compiles files, with their names, into the rules of their languages.
pub fn languages(files: &[(&str, RuleFile)]) -> Result<(Patterns, Vec<Language>), RulesError> {
    let mut patterns = Patterns::default();
    let mut codes: Vec<&str> = files
        .iter()
        .map(|(_, file)| file.language.as_str())
        .collect();
    codes.sort_unstable();
    codes.dedup();
    let mut ids = HashSet::new();
    let mut languages = Vec::new();
    for (number, code) in codes.into_iter().enumerate() {
        let files: Vec<_> = files
            .iter()
            .filter(|(_, file)| file.language == code)
            .collect();
        let mut compiler = Compiler {
            file: "",
            number,
            within: files
                .iter()
                .find_map(|(_, file)| file.within)
                .unwrap_or(WITHIN),
            lists: lists(files.iter().map(|(_, file)| file)),
            patterns: &mut patterns,
            ids: &mut ids,
            language: Language::default(),
        };
        // Frames first, because a rule of any file may name them.
        for (name, file) in &files {
            compiler.file = name;
            compiler.add_words(file)?;
        }
        for (name, file) in &files {
            compiler.file = name;
            for rule in &file.rules {
                compiler.add_rule(rule)?;
            }
        }
        for (_, file) in &files {
            compiler.add_spelling(file);
        }
        languages.push(compiler.language);
    }
    Ok((patterns, languages))
}

fn lists<'a>(files: impl Iterator<Item = &'a RuleFile>) -> Lists {
    let mut lists = Lists::new();
    for (name, patterns) in files.flat_map(|file| &file.lists) {
        lists
            .entry(name.clone())
            .or_default()
            .extend(patterns.clone());
    }
    lists
}

struct Compiler<'a> {
    file: &'a str,
    /// The number of the language.
    number: usize,
    within: usize,
    lists: Lists,
    patterns: &'a mut Patterns,
    ids: &'a mut HashSet<String>,
    language: Language,
}

impl Compiler<'_> {
    fn add_words(&mut self, file: &RuleFile) -> Result<(), RulesError> {
        if !file.joins.is_empty() {
            self.language.joins = Some(self.group("joins", &file.joins)?);
        }
        for (cue, words) in &file.readings {
            let group = self.group(&format!("readings.{cue:?}"), words)?;
            self.language.cues.insert(*cue, group);
        }
        let common = file.common.iter().flat_map(|words| Text::words(words));
        self.language.common.extend(common);
        let numbers = file.numbers.iter();
        let numbers = numbers.map(|(word, value)| (Text::words(word).concat(), *value));
        self.language.numbers.extend(numbers);
        for frame in &file.frames {
            self.add_frame(frame)?;
        }
        Ok(())
    }

    fn add_frame(&mut self, frame: &FrameFile) -> Result<(), RulesError> {
        let place = format!("frame {}", frame.name);
        if self.language.frames.len() == MOST_FRAMES {
            return Err(self.error(&place, Problem::TooManyFrames(MOST_FRAMES)));
        }
        let compiled = Frame {
            name: frame.name.clone(),
            reach: frame.reach,
            at_start: frame.at_start,
            in_questions: frame.in_questions,
            phrases: self.group(&place, &frame.phrases)?,
            between: self.optional(&place, &frame.between)?,
            listing: self.optional(&place, &frame.listing)?,
            lifted_by: self.optional(&place, &frame.lifted_by)?,
        };
        self.language.frames.push(compiled);
        Ok(())
    }

    fn add_rule(&mut self, rule: &RuleText) -> Result<(), RulesError> {
        let place = format!("rule {}", rule.id);
        if !self.ids.insert(rule.id.clone()) {
            return Err(self.error(&place, Problem::TakenId));
        }
        if rule.signs.is_empty() {
            return Err(self.error(&place, Problem::NoSigns));
        }
        if rule.level == Level::None {
            return Err(self.error(&place, Problem::NoLevel));
        }
        let compiled = Rule {
            id: rule.id.clone(),
            category: rule.category,
            level: rule.level,
            signs: self.groups(&place, &rule.signs)?,
            context: self.groups(&place, &rule.context)?,
            unless: self.optional(&place, &rule.unless)?,
            despite: self.despite(&place, &rule.despite)?,
            within: rule.within.unwrap_or(self.within),
            age_below_months: rule.age_below_months,
            firm: rule.firm,
        };
        self.language.rules.push(compiled);
        Ok(())
    }

    /// One bit for each frame of these names.
    fn despite(&self, place: &str, names: &[String]) -> Result<u32, RulesError> {
        names.iter().try_fold(0, |bits, name| {
            let frames = self.language.frames.iter().enumerate();
            let mut meant = frames.filter(|(_, frame)| frame.name == *name).peekable();
            if meant.peek().is_none() {
                return Err(self.error(place, Problem::UnknownFrame(name.clone())));
            }
            Ok(meant.fold(bits, |bits, (index, _)| bits | 1 << index))
        })
    }

    fn add_spelling(&mut self, file: &RuleFile) {
        let words = &mut self.patterns.words;
        for (short, word) in &file.text_speak {
            words.abbreviate(
                self.number,
                &Text::words(short).concat(),
                &Text::words(word).concat(),
            );
        }
        for word in file.right_words.iter().flat_map(|words| Text::words(words)) {
            words.add_right(self.number, &word);
        }
    }

    fn groups(&mut self, place: &str, groups: &[Vec<String>]) -> Result<Vec<GroupId>, RulesError> {
        groups
            .iter()
            .map(|group| self.group(place, group))
            .collect()
    }

    fn optional(
        &mut self,
        place: &str,
        patterns: &[String],
    ) -> Result<Option<GroupId>, RulesError> {
        (!patterns.is_empty())
            .then(|| self.group(place, patterns))
            .transpose()
    }

    fn group(&mut self, place: &str, patterns: &[String]) -> Result<GroupId, RulesError> {
        let mut expanded = Vec::new();
        for pattern in patterns {
            expanded.extend(self.expanded(place, pattern)?);
        }
        let group = self.patterns.group(self.number, &expanded);
        group.map_err(|problem| self.error(place, problem.into()))
    }

    /// A pattern for each entry of the first list that it names, and so on.
    fn expanded(&self, place: &str, pattern: &str) -> Result<Vec<String>, RulesError> {
        let mut words = pattern.split_whitespace();
        let Some(name) = words.find_map(|word| word.strip_prefix('$')) else {
            return Ok(vec![pattern.to_owned()]);
        };
        let Some(list) = self.lists.get(name) else {
            return Err(self.error(place, Problem::UnknownList(name.to_owned())));
        };
        let named = format!("${name}");
        let mut all = Vec::new();
        for entry in list.iter().filter(|entry| !entry.contains(&named)) {
            let words = pattern
                .split_whitespace()
                .map(|word| if word == named { entry } else { word });
            all.extend(self.expanded(place, &words.collect::<Vec<_>>().join(" "))?);
        }
        Ok(all)
    }

    fn error(&self, place: &str, problem: Problem) -> RulesError {
        RulesError::Content {
            file: self.file.to_owned(),
            place: place.to_owned(),
            problem,
        }
    }
}
