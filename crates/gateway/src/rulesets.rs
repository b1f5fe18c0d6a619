//! The rules on strikes and minors of one set-up, by name: a policy names those that hold under it, and a client key its policy. So operators behind one gateway have
//! rules of their own, and each publishes those that hold for it (`/rules?policy=NAME`).
//!
//! Invariant: there is always a set named `default`; a name that the set-up does not have means that one, so that no policy is without rules.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::StartError;
use crate::config::Config;
use crate::policy::Policy;
use crate::setting::SettingError;
use crate::{minors, strikes};

/// The name of the set that is taken where a policy names none.
pub(crate) const DEFAULT: &str = "default";

/// Most sets of each: one for each policy.
const MAX_SETS: usize = 64;

/// All sets.
pub(crate) struct RuleSets {
    strikes: BTreeMap<String, Arc<strikes::Rules>>,
    minors: BTreeMap<String, Arc<minors::Rules>>,
}

impl RuleSets {
    /// Reads the files of a set-up. One named `default` takes the place of the built-in one.
    ///
    /// # Errors
    /// A file cannot be read, is no set of rules, or has the name of another.
    pub(crate) fn read(config: &Config) -> Result<Self, StartError> {
        let strikes = all(&config.strikes, strikes::Rules::built_in(), strikes::Rules::parse, strikes::Rules::name)?;
        let minors = all(&config.minors, minors::Rules::built_in(), minors::Rules::parse, minors::Rules::name)?;
        Ok(Self { strikes, minors })
    }

    /// The strike rules of a policy.
    pub(crate) fn strikes(&self, policy: &Policy) -> &Arc<strikes::Rules> {
        named(&self.strikes, policy.strikes())
    }

    /// What holds for minors under a policy.
    pub(crate) fn minors(&self, policy: &Policy) -> &Arc<minors::Rules> {
        named(&self.minors, policy.minors())
    }
}

fn all<T>(
    files: &[PathBuf],
    built_in: Result<T, SettingError>,
    parse: fn(&str) -> Result<T, SettingError>,
    name: fn(&T) -> &str,
) -> Result<BTreeMap<String, Arc<T>>, StartError> {
    let wrong = |path: &Path, what: &dyn std::fmt::Display| StartError::Rules(format!("{}: {what}", path.display()));
    if files.len() > MAX_SETS {
        return Err(StartError::Rules(format!("a set-up names at most {MAX_SETS} files of rules of a kind")));
    }
    let mut sets = BTreeMap::new();
    for path in files {
        let rules = parse(&std::fs::read_to_string(path).map_err(|error| wrong(path, &error))?).map_err(|error| wrong(path, &error))?;
        let set = name(&rules).to_owned();
        if sets.insert(set.clone(), Arc::new(rules)).is_some() {
            return Err(wrong(path, &format!("there is another set of rules named '{set}'; each has a name of its own")));
        }
    }
    let built_in = built_in.map_err(|error| StartError::Rules(error.to_string()))?;
    sets.entry(DEFAULT.to_owned()).or_insert_with(|| Arc::new(built_in));
    Ok(sets)
}

fn named<'a, T>(sets: &'a BTreeMap<String, Arc<T>>, name: &str) -> &'a Arc<T> {
    match sets.get(name).or_else(|| sets.get(DEFAULT)) {
        Some(rules) => rules,
        None => unreachable!("a set named `default` is put there when the sets are read"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_has_the_rules_it_names_and_a_name_stands_for_one_set() {
        let directory = tempfile::tempdir().unwrap();
        let write = |file: &str, text: String| {
            let path = directory.path().join(file);
            std::fs::write(&path, text).unwrap();
            path
        };
        let strict = include_str!("../data/strikes.toml").replace("\"default\"", "\"strict\"").replacen("in_a_row = 3", "in_a_row = 1", 1);
        let young = include_str!("../data/minors.toml").replace("on     = false", "on     = true");
        let (strict, young) = (write("strict.toml", strict), write("young.toml", young));
        let sets = RuleSets::read(&Config { strikes: vec![strict.clone()], minors: vec![young], ..Config::demo() }).unwrap();
        let policy = |text: &str| Policy::parse(&Policy::built_in_text().replace("strikes = \"default\"", text)).unwrap();
        assert_eq!(sets.strikes(&policy("strikes = \"strict\"")).warn().in_a_row, 1);
        for text in ["strikes = \"default\"", "strikes = \"unheard-of\""] {
            assert_eq!(sets.strikes(&policy(text)).warn().in_a_row, 3, "{text}");
        }
        assert!(
            sets.minors(&policy("strikes = \"strict\"\nminors = \"default\"")).on(),
            "the set-up's `default` is taken, not the built-in one"
        );
        let twice = RuleSets::read(&Config { strikes: vec![strict.clone(), strict], ..Config::demo() });
        assert!(twice.err().unwrap().to_string().contains("named 'strict'"));
        let missing = RuleSets::read(&Config { minors: vec!["nowhere.toml".into()], ..Config::demo() });
        assert!(missing.err().unwrap().to_string().contains("nowhere.toml"));
    }
}
