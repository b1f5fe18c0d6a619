//! Trust policies (c2sp.org/tlog-policy): which logs and witnesses are known, and how many witnesses must have cosigned a checkpoint before it
//! is believed.
//!
//! Two narrower readings than the specification's: the file must be UTF-8, and of the types a log or a witness may sign with only Ed25519 ones
//! can count, and for a log SM2. A policy that lists an Ed25519 and an SM2 key of one log asks for both signatures ([`Checkpoint::open`]).

use crate::checkpoint::{Checkpoint, CheckpointError};
use crate::key::{ED25519, KeyError, VerifierKey};
use crate::note::{Note, Verified};
use crate::text::decimal;

/// Most lines with a meaning; the specification asks for at least 32 logs, 32 witnesses and 32 groups.
pub const MAX_LINES: usize = 1024;

/// The quorum that asks for no witness.
const NONE: &str = "none";

/// Whom to believe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    logs: Vec<Party>,
    /// Witnesses and groups, in the order of their definition: a group's members come before it.
    rules: Vec<Rule>,
    /// The rule that must hold; `None` for `quorum none`.
    quorum: Option<usize>,
}

/// A log or a witness.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Party {
    /// Its key.
    pub key: VerifierKey,
    /// Where it is reached, if the policy says so.
    pub url: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Rule {
    Witness(Box<Party>),
    Group { threshold: usize, members: Vec<usize> },
}

/// A checkpoint the policy accepts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted<'k> {
    /// What the log commits to.
    pub checkpoint: Checkpoint,
    /// The signatures that hold: of the log, and of the witnesses with their times.
    pub verified: Vec<Verified<'k>>,
}

/// Why a policy cannot be read, or a checkpoint is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// A line that is not understood.
    #[error("policy, line {line}: {cause}")]
    Line {
        /// From 1.
        line: usize,
        /// What is wrong with it.
        cause: LineError,
    },
    /// No quorum line.
    #[error("the policy has no quorum line; `quorum none` asks for no witness")]
    NoQuorum,
    /// The checkpoint is malformed, or no log of the policy has signed it.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// Too few witnesses.
    #[error("the log has signed, but the witnesses do not reach the quorum; cosigned by: {0}")]
    Quorum(String),
}

/// What is wrong with a line of a policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LineError {
    /// The words do not make a line.
    #[error(
        "expected `log <vkey> [<url>]`, `witness <name> <vkey> [<url>]`, `group <name> <n|any|all> <name>...` or one `quorum <name|none>`"
    )]
    Syntax,
    /// A control character.
    #[error("it holds a control character; only tabs and line feeds are allowed")]
    Control,
    /// Not defined above.
    #[error("{0} is not defined on an earlier line")]
    Unknown(String),
    /// Defined twice, or a member twice.
    #[error("{0} appears twice: names are defined once, keys are listed once, and a name is a member once")]
    Twice(String),
    /// Not 1 to the number of members.
    #[error("the threshold must be at least 1 and at most the number of members")]
    Threshold,
    /// Unusable.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A plain Ed25519 key, or one of SM2, cannot tell a time.
    #[error("the key of {0} signs no cosignatures, so it cannot be a witness's; its type must be 0x04")]
    NotAWitness(String),
    /// More than [`MAX_LINES`].
    #[error("a policy has at most {MAX_LINES} lines")]
    TooMany,
}

impl Policy {
    /// Reads a policy file.
    ///
    /// # Errors
    /// The line that is wrong, and why.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        let mut reader = Reader::default();
        for (line, content) in (1..).zip(text.split('\n')) {
            reader.line(content).map_err(|cause| PolicyError::Line { line, cause })?;
        }
        let Reader { logs, rules, quorum, .. } = reader;
        Ok(Self { logs, rules, quorum: quorum.ok_or(PolicyError::NoQuorum)? })
    }

    /// The logs it accepts.
    #[must_use]
    pub fn logs(&self) -> &[Party] {
        &self.logs
    }

    /// The witnesses it knows.
    pub fn witnesses(&self) -> impl Iterator<Item = &Party> {
        self.rules.iter().filter_map(Rule::witness)
    }

    /// Whether a checkpoint is to be believed: signed by the log it names, which the policy lists, and cosigned by a quorum. How old the
    /// cosignatures may be is for the caller to say.
    ///
    /// # Errors
    /// It is not, and why.
    pub fn check(&self, note: &Note) -> Result<Accepted<'_>, PolicyError> {
        let parties = self.logs.iter().chain(self.witnesses());
        let opened = Checkpoint::open(note, parties.map(|party| &party.key))?;
        let log_signed = |v: &Verified<'_>| v.key.name() == opened.checkpoint.origin && self.logs.iter().any(|log| log.key == *v.key);
        if !opened.verified.iter().any(log_signed) {
            return Err(CheckpointError::Origin(opened.checkpoint.origin).into());
        }
        if self.quorum.is_some_and(|quorum| !self.holds(quorum, &opened.verified)) {
            let names: Vec<&str> = opened.verified.iter().filter(|v| v.time_s.is_some()).map(|v| v.key.name()).collect();
            return Err(PolicyError::Quorum(names.join(", ")));
        }
        Ok(Accepted { checkpoint: opened.checkpoint, verified: opened.verified })
    }

    /// Members come before their group, so one pass decides every rule.
    fn holds(&self, quorum: usize, verified: &[Verified<'_>]) -> bool {
        let mut held: Vec<bool> = Vec::with_capacity(self.rules.len());
        for rule in &self.rules {
            held.push(match rule {
                Rule::Witness(party) => verified.iter().any(|v| *v.key == party.key && v.time_s.is_some()),
                Rule::Group { threshold, members } => {
                    members.iter().filter(|member| held.get(**member).copied().unwrap_or(false)).count() >= *threshold
                }
            });
        }
        held.get(quorum).copied().unwrap_or(false)
    }
}

impl Rule {
    fn witness(&self) -> Option<&Party> {
        match self {
            Self::Witness(party) => Some(party),
            Self::Group { .. } => None,
        }
    }
}

/// What was read so far.
#[derive(Default)]
struct Reader {
    logs: Vec<Party>,
    rules: Vec<Rule>,
    /// Of the rules, and whether each is a member already.
    names: Vec<(String, bool)>,
    /// Whether there was a quorum line, and what it says.
    quorum: Option<Option<usize>>,
}

impl Reader {
    fn line(&mut self, line: &str) -> Result<(), LineError> {
        if line.chars().any(|c| (c < ' ' && c != '\t') || c == '\x7f') {
            return Err(LineError::Control);
        }
        let words: Vec<&str> = line.split([' ', '\t']).filter(|word| !word.is_empty()).collect();
        if self.logs.len() + self.rules.len() >= MAX_LINES && !words.is_empty() {
            return Err(LineError::TooMany);
        }
        match words.as_slice() {
            [] => Ok(()),
            [first, ..] if first.starts_with('#') => Ok(()),
            ["log", key, url @ ..] => self.log(party(key, url)?),
            ["witness", name, key, url @ ..] => self.witness(name, party(key, url)?),
            ["group", name, threshold, members @ ..] => self.group(name, threshold, members),
            ["quorum", name] if self.quorum.is_none() => {
                self.quorum = Some(if *name == NONE { None } else { Some(self.find(name)?) });
                Ok(())
            }
            _ => Err(LineError::Syntax),
        }
    }

    fn log(&mut self, log: Party) -> Result<(), LineError> {
        unlisted(&log, self.logs.iter())?;
        self.logs.push(log);
        Ok(())
    }

    fn witness(&mut self, name: &str, witness: Party) -> Result<(), LineError> {
        if witness.key.kind() == ED25519 || witness.key.is_sm2() {
            return Err(LineError::NotAWitness(witness.key.name().to_owned()));
        }
        let known = self.rules.iter().filter_map(Rule::witness);
        unlisted(&witness, known)?;
        self.define(name, Rule::Witness(Box::new(witness)))
    }

    fn group(&mut self, name: &str, threshold: &str, members: &[&str]) -> Result<(), LineError> {
        let threshold = match threshold {
            "any" => 1,
            "all" => members.len(),
            number => decimal(number).and_then(|n| usize::try_from(n).ok()).ok_or(LineError::Syntax)?,
        };
        if threshold == 0 || threshold > members.len() {
            return Err(LineError::Threshold);
        }
        let members = members.iter().map(|member| self.join(member)).collect::<Result<_, LineError>>()?;
        self.define(name, Rule::Group { threshold, members })
    }

    /// A name becomes a member; only once, so that no witness counts in two ways.
    fn join(&mut self, name: &str) -> Result<usize, LineError> {
        let at = self.find(name)?;
        match self.names.get_mut(at) {
            Some((_, member)) if !*member => *member = true,
            _ => return Err(LineError::Twice(name.to_owned())),
        }
        Ok(at)
    }

    fn define(&mut self, name: &str, rule: Rule) -> Result<(), LineError> {
        if name == NONE || self.find(name).is_ok() {
            return Err(LineError::Twice(name.to_owned()));
        }
        self.names.push((name.to_owned(), false));
        self.rules.push(rule);
        Ok(())
    }

    fn find(&self, name: &str) -> Result<usize, LineError> {
        self.names.iter().position(|(known, _)| known == name).ok_or_else(|| LineError::Unknown(name.to_owned()))
    }
}

fn party(key: &str, url: &[&str]) -> Result<Party, LineError> {
    let url = match url {
        [] => None,
        [url] => Some((*url).to_owned()),
        _ => return Err(LineError::Syntax),
    };
    Ok(Party { key: key.parse()?, url })
}

/// Two lines with one public key would be one party counted twice, whatever the names.
fn unlisted<'a>(party: &Party, mut known: impl Iterator<Item = &'a Party>) -> Result<(), LineError> {
    if known.any(|other| other.key.public() == party.key.public()) {
        return Err(LineError::Twice(party.key.name().to_owned()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use proptest::prelude::*;

    use super::*;
    use crate::note::Signature;
    use crate::sign::{Ed25519Signer, Signer, cosign};

    const ORIGIN: &str = "example.com/log";

    fn log() -> Ed25519Signer {
        Ed25519Signer::new(ORIGIN, &[1; 32]).unwrap()
    }

    fn witness(n: u8) -> Ed25519Signer {
        Ed25519Signer::cosigner(&format!("witness.example/{n}"), &[10 + n; 32]).unwrap()
    }

    /// The two-level example of the specification: two of three X and one of three Y.
    fn example() -> String {
        let mut text = format!("# ours\nlog {} https://example.com/log\n\n", log().key());
        for n in 0..6 {
            text += &format!("witness {}{} \t {}\n", ["X", "Y"][usize::from(n / 3)], n % 3, witness(n).key());
        }
        text + "group X 2 X0 X1 X2\n\tgroup Y any Y0 Y1 Y2 \ngroup both all X Y\nquorum both\n"
    }

    /// Signing is slow in an unoptimised build: once for all tests.
    static SIGNED: LazyLock<(Note, Vec<Signature>)> = LazyLock::new(|| {
        let note = Checkpoint::new(ORIGIN, 9, [9; 32]).sign(&[&log()]).unwrap();
        let cosignatures = (0..6).map(|n| cosign(note.text(), &witness(n), 1000 + u64::from(n)).unwrap()).collect();
        (note, cosignatures)
    });

    fn cosigned(by: &[u8]) -> Note {
        let (mut note, cosignatures) = SIGNED.clone();
        by.iter().for_each(|n| note.add(cosignatures[usize::from(*n)].clone()).unwrap());
        note
    }

    #[test]
    fn the_example_of_the_specification() {
        let policy = Policy::parse(&example()).unwrap();
        assert_eq!((policy.logs().len(), policy.witnesses().count()), (1, 6));
        assert_eq!(policy.logs()[0].url.as_deref(), Some("https://example.com/log"));
        // Against the rule said in one line, over all 64 sets of witnesses.
        for set in 0_u8..64 {
            let by: Vec<u8> = (0..6).filter(|n| set >> n & 1 == 1).collect();
            let expected = (set & 7).count_ones() >= 2 && set >> 3 != 0;
            let given = policy.check(&cosigned(&by));
            assert_eq!(given.is_ok(), expected, "{by:?}");
            if let Ok(accepted) = given {
                assert_eq!(accepted.verified.len(), 1 + by.len());
            }
        }
    }

    #[test]
    fn witnesses_cannot_stand_in_for_the_log() {
        let policy = Policy::parse(&example()).unwrap();
        let mut note = Note::new(Checkpoint::new(ORIGIN, 9, [9; 32]).to_string()).unwrap();
        for n in 0..6 {
            note.add(cosign(note.text(), &witness(n), 1).unwrap()).unwrap();
        }
        assert_eq!(policy.check(&note), Err(CheckpointError::Origin(ORIGIN.into()).into()));
        // Nor may a witness that bears the log's name.
        let namesake = Ed25519Signer::cosigner(ORIGIN, &[50; 32]).unwrap();
        let policy = Policy::parse(&format!("log {}\nwitness w {}\nquorum w\n", log().key(), namesake.key())).unwrap();
        let mut note = Note::new(Checkpoint::new(ORIGIN, 9, [9; 32]).to_string()).unwrap();
        note.add(cosign(note.text(), &namesake, 1).unwrap()).unwrap();
        assert_eq!(policy.check(&note), Err(CheckpointError::Origin(ORIGIN.into()).into()));
    }

    #[test]
    fn one_witness_counts_once() {
        let text =
            format!("log {}\nwitness a {}\nwitness b {}\ngroup g 2 a b\nquorum g\n", log().key(), witness(0).key(), witness(1).key());
        let policy = Policy::parse(&text).unwrap();
        let lines = cosigned(&[0]).to_string();
        let twice = format!("{lines}{}\n", cosign(cosigned(&[]).text(), &witness(0), 7).unwrap());
        assert_eq!(
            policy.check(&Note::parse(twice.as_bytes()).unwrap()),
            Err(PolicyError::Quorum("witness.example/0, witness.example/0".into()))
        );
        assert!(policy.check(&cosigned(&[0, 1])).is_ok());
    }

    #[test]
    fn a_policy_that_lists_both_keys_of_a_log_asks_for_both_signatures() {
        let national = crate::sm2::tests::Sm2Signer::new(ORIGIN, 5);
        let checkpoint = Checkpoint::new(ORIGIN, 9, [9; 32]);
        let (both, one) = (checkpoint.sign(&[&log(), &national]).unwrap(), checkpoint.sign(&[&log()]).unwrap());
        let old = Policy::parse(&format!("log {}\nquorum none\n", log().key())).unwrap();
        assert!(old.check(&both).is_ok() && old.check(&one).is_ok(), "who does not know the key ignores the line");
        let new = Policy::parse(&format!("log {}\nlog {}\nquorum none\n", log().key(), national.key())).unwrap();
        assert_eq!(new.check(&both).unwrap().verified.len(), 2);
        assert_eq!(new.check(&one), Err(CheckpointError::Lacking { origin: ORIGIN.into(), kind: "SM2" }.into()));
        assert!(Policy::parse(&format!("witness w {}\nquorum w\n", national.key())).is_err(), "it tells no time");
    }

    #[test]
    fn a_policy_without_witnesses() {
        let policy = Policy::parse(&format!("log {}\nquorum none", log().key())).unwrap();
        assert!(policy.check(&cosigned(&[])).is_ok());
        assert!(Policy::parse("quorum none\n").unwrap().check(&cosigned(&[])).is_err());
    }

    #[test]
    fn the_wrong_line_is_named() {
        let key = |n| witness(n).key().to_string();
        let cases = [
            ("foo".to_owned(), LineError::Syntax),
            ("log".to_owned(), LineError::Syntax),
            (format!("log {} u v", key(0)), LineError::Syntax),
            ("log a+b".to_owned(), LineError::Key(KeyError::Malformed)),
            (format!("witness w {}", log().key()), LineError::NotAWitness(ORIGIN.into())),
            (format!("witness none {}", key(0)), LineError::Twice("none".into())),
            (format!("witness w {}\nwitness w {}", key(0), key(1)), LineError::Twice("w".into())),
            (format!("witness w {}\nwitness v {}", key(0), key(0)), LineError::Twice("witness.example/0".into())),
            (format!("log {}\nlog {}", log().key(), log().key()), LineError::Twice(ORIGIN.into())),
            (format!("witness w {}\ngroup g any w w", key(0)), LineError::Twice("w".into())),
            (format!("witness w {}\ngroup g any w\ngroup h any w", key(0)), LineError::Twice("w".into())),
            ("group g any".to_owned(), LineError::Threshold),
            ("group g all".to_owned(), LineError::Threshold),
            (format!("witness w {}\ngroup g 2 w", key(0)), LineError::Threshold),
            (format!("witness w {}\ngroup g 0 w", key(0)), LineError::Threshold),
            (format!("witness w {}\ngroup g 01 w", key(0)), LineError::Syntax),
            ("group g any none".to_owned(), LineError::Unknown("none".into())),
            ("group g any g".to_owned(), LineError::Unknown("g".into())),
            ("quorum w".to_owned(), LineError::Unknown("w".into())),
            ("quorum none\nquorum none".to_owned(), LineError::Syntax),
            ("quorum none\r".to_owned(), LineError::Control),
        ];
        for (text, cause) in cases {
            let line = text.split('\n').count();
            assert_eq!(Policy::parse(&format!("{text}\n")), Err(PolicyError::Line { line, cause }), "{text}");
        }
        assert_eq!(Policy::parse("# nothing\n"), Err(PolicyError::NoQuorum));
    }

    proptest! {
        #[test]
        fn no_text_breaks_the_reader(text in "((log|witness|group|quorum|none|any|[0-3a#]) ?\n?){0,20}") {
            let _ = Policy::parse(&text);
        }
    }
}
