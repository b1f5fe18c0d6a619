//! Passwords of people: Argon2id hashes (RFC 9106) as PHC strings, and what a new password must be.
//!
//! A hash takes 46 MiB and tens of milliseconds by design. How many run at a time is the caller's matter, and must be bounded: a hundred logins at
//! once without a bound take 4.6 GiB. So are the number of tries and the lock after failures. Passwords are taken as they come, not normalised.

use argon2::{Algorithm, Argon2, Params, PasswordHash, PasswordHasher, PasswordVerifier, Version};
use zeroize::Zeroizing;

use crate::random::{NoRandomness, random};

/// Memory in KiB: 46 MiB with one pass and one lane, the first choice of OWASP's Password Storage Cheat Sheet.
const MEMORY_KIB: u32 = 46 << 10;
const PASSES: u32 = 1;
const LANES: u32 = 1;
/// Largest costs a stored hash may ask for, about five times ours in memory: rows come from imports and restored backups too, and must not be able
/// to exhaust the machine.
const MAX_MEMORY_KIB: u32 = 256 << 10;
const MAX_PASSES: u32 = 10;
const MAX_LANES: u32 = 8;
const SALT_BYTES: usize = 16;
const HASH_BYTES: usize = 32;

/// Fewest characters of a new password: the level-3 baseline (GB/T 22239) asks for complexity, and length is what withstands guessing.
pub const MIN_CHARS: usize = 12;
/// Longest password in bytes; NIST SP 800-63B-4 asks to accept 64 characters at least, and this is room for as many of four bytes.
pub const MAX_BYTES: usize = 256;
/// Fewest letters a password must have beside a name or a word everybody tries.
const MIN_OWN_CHARS: usize = 4;
/// Fewest characters that do not just follow from the two before (`abcd`, `4321`, `aaaa`).
const MIN_SURPRISES: usize = 6;

/// What lists of leaked passwords are made of; a password that is one of these with digits and signs around it is tried first.
const COMMON: [&str; 26] = [
    "password",
    "passw0rd",
    "p@ssw0rd",
    "p@ssword",
    "qwertyuiop",
    "qwerty",
    "asdfghjkl",
    "asdfgh",
    "zxcvbnm",
    "1qaz2wsx",
    "1q2w3e4r",
    "qazwsx",
    "admin",
    "administrator",
    "root",
    "letmein",
    "welcome",
    "iloveyou",
    "changeme",
    "default",
    "woaini",
    "5201314",
    "1314520",
    "a123456",
    "mima",
    "guiju",
];

/// Why there is no hash, or no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// The stored text is no Argon2 hash.
    #[error("the stored password hash is damaged or of another kind; the account needs a new password")]
    BadHash,
    /// It asks for more memory or time than an honest writer does.
    #[error("the stored password hash asks for too much memory or time ({memory_kib} KiB, {passes} passes, {lanes} lanes)")]
    TooCostly {
        /// Memory in KiB.
        memory_kib: u32,
        /// Passes.
        passes: u32,
        /// Lanes.
        lanes: u32,
    },
    /// Not enough memory for the hash.
    #[error("there is not enough memory to hash a password; let fewer run at a time")]
    NoMemory,
    /// No salt.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
}

/// What is wrong with a new password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WeakPassword {
    /// Too few characters.
    #[error("a password has at least {MIN_CHARS} characters; three or four random words do")]
    Short,
    /// Too many bytes.
    #[error("a password has at most {MAX_BYTES} bytes")]
    Long,
    /// A name with little else.
    #[error("the password is little more than a name of the account")]
    Name,
    /// A common password with little else.
    #[error("the password is little more than one that everybody tries")]
    Common,
    /// A repetition, or a run along the alphabet or the digits.
    #[error("the password is a repetition or a sequence")]
    Pattern,
}

/// The hash to store, with its salt and costs.
///
/// # Errors
/// No random bytes, or no memory.
pub fn hash(password: &str) -> Result<String, PasswordError> {
    let salt = random::<SALT_BYTES>()?;
    let hash = ours()?.hash_password_with_salt(password.as_bytes(), salt.as_slice()).map_err(|_| PasswordError::NoMemory)?;
    Ok(hash.to_string())
}

/// Whether a password is the one that was hashed. `None` stands for an account that does not exist or has no password: the answer is no, after as
/// much work, so that nobody learns by the time which accounts exist.
///
/// # Errors
/// The hash is damaged or asks for too much, or there is no memory.
pub fn verify(password: &str, stored: Option<&str>) -> Result<bool, PasswordError> {
    let Some(stored) = stored else {
        ours()?.hash_password_with_salt(password.as_bytes(), &[0; SALT_BYTES]).map_err(|_| PasswordError::NoMemory)?;
        return Ok(false);
    };
    let (hash, params) = read(stored)?;
    let costly = params.m_cost() > MAX_MEMORY_KIB || params.t_cost() > MAX_PASSES || params.p_cost() > MAX_LANES;
    if costly {
        return Err(PasswordError::TooCostly { memory_kib: params.m_cost(), passes: params.t_cost(), lanes: params.p_cost() });
    }
    // The comparison inside is in constant time.
    match ours()?.verify_password(password.as_bytes(), &hash) {
        Ok(()) => Ok(true),
        Err(argon2::password_hash::Error::PasswordInvalid) => Ok(false),
        Err(argon2::password_hash::Error::OutOfMemory) => Err(PasswordError::NoMemory),
        Err(_) => Err(PasswordError::BadHash),
    }
}

/// Whether a hash should be made anew at the next login, when the password is at hand: its costs are not today's.
#[must_use]
pub fn needs_rehash(stored: &str) -> bool {
    let Ok((hash, params)) = read(stored) else { return true };
    let current = hash.algorithm.as_str() == Algorithm::Argon2id.as_str() && hash.version == Some(Version::V0x13.into());
    !current || (params.m_cost(), params.t_cost(), params.p_cost()) != (MEMORY_KIB, PASSES, LANES)
}

/// Whether a new password will do. `names` are the account's: login name, display name, the part of the address before the `@`.
///
/// There is no rule about kinds of characters: they make passwords like `Password123!`, which is refused here.
///
/// # Errors
/// What is wrong with it.
pub fn check_new(password: &str, names: &[&str]) -> Result<(), WeakPassword> {
    if password.len() > MAX_BYTES {
        return Err(WeakPassword::Long);
    }
    if password.chars().count() < MIN_CHARS {
        return Err(WeakPassword::Short);
    }
    let lower = Zeroizing::new(password.to_lowercase());
    let chars: Zeroizing<Vec<char>> = Zeroizing::new(lower.chars().collect());
    if surprises(&chars) < MIN_SURPRISES || is_repetition(&chars) {
        return Err(WeakPassword::Pattern);
    }
    if names.iter().any(|name| is_little_more_than(&lower, &name.to_lowercase())) {
        return Err(WeakPassword::Name);
    }
    if COMMON.iter().any(|word| is_little_more_than(&lower, word)) { Err(WeakPassword::Common) } else { Ok(()) }
}

fn ours() -> Result<Argon2<'static>, PasswordError> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, Some(HASH_BYTES)).map_err(|_| PasswordError::NoMemory)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn read(stored: &str) -> Result<(PasswordHash, Params), PasswordError> {
    let hash = PasswordHash::new(stored).map_err(|_| PasswordError::BadHash)?;
    let params = Params::try_from(&hash).map_err(|_| PasswordError::BadHash)?;
    Ok((hash, params))
}

/// Characters that do not continue a run of equal, rising or falling ones.
fn surprises(chars: &[char]) -> usize {
    let step = |from: char, to: char| i64::from(u32::from(to)) - i64::from(u32::from(from));
    let follows = |three: &&[char]| matches!(three, [a, b, c] if step(*a, *b) == step(*b, *c) && step(*b, *c).abs() <= 1);
    chars.len() - chars.windows(3).filter(follows).count()
}

/// Whether all of it is one piece of at most half its length, again and again.
fn is_repetition(chars: &[char]) -> bool {
    (1..=chars.len() / 2).any(|period| chars.iter().zip(chars.iter().skip(period)).all(|(a, b)| a == b))
}

/// Whether a password holds a word and fewer than [`MIN_OWN_CHARS`] letters beside it. A single character is no word.
fn is_little_more_than(lower: &str, word: &str) -> bool {
    let rest = || Zeroizing::new(lower.replace(word, ""));
    word.chars().count() > 1 && lower.contains(word) && rest().chars().filter(|c| c.is_alphabetic()).count() < MIN_OWN_CHARS
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const GOOD: &str = "river lamp onyx tuba";

    #[test]
    fn a_hash_knows_its_password_and_its_costs() {
        let stored = hash(GOOD).unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=47104,t=1,p=1$"), "{stored}");
        assert_eq!(verify(GOOD, Some(&stored)), Ok(true));
        assert_eq!(verify("river lamp onyx tubA", Some(&stored)), Ok(false));
        assert_eq!(verify(GOOD, None), Ok(false));
        assert_ne!(hash(GOOD).unwrap(), stored);
        assert!(!needs_rehash(&stored));
    }

    /// The tests of the reference implementation (phc-winner-argon2, src/test.c): another costs than ours, and another version.
    #[test]
    fn hashes_of_the_reference_implementation() {
        let stored = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";
        assert_eq!(verify("password", Some(stored)), Ok(true));
        assert_eq!(verify("Password", Some(stored)), Ok(false));
        assert!(needs_rehash(stored));
    }

    #[test]
    fn a_costly_or_damaged_hash_is_refused_before_it_is_computed() {
        let salted = "$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";
        for costs in ["m=4194304,t=1,p=1", "m=47104,t=4000000000,p=1", "m=47104,t=1,p=1000"] {
            let refused = verify("x", Some(&format!("$argon2id$v=19${costs}{salted}")));
            assert!(matches!(refused, Err(PasswordError::TooCostly { .. })), "{refused:?}");
        }
        for damaged in ["", "$", "plain", "$2b$10$abcdefghijklmnopqrstuv", "$argon2id$v=19$m=256,t=2,p=1", &format!("$scrypt$ln=1{salted}")]
        {
            assert_ne!(verify("x", Some(damaged)), Ok(true), "{damaged}");
            assert!(needs_rehash(damaged));
        }
    }

    #[test]
    fn weak_passwords_are_refused_for_what_they_are() {
        let cases = [
            ("elevenchars", WeakPassword::Short),
            ("四个字的密码", WeakPassword::Short),
            ("aaaaaaaaaaaaaaa", WeakPassword::Pattern),
            ("abcdefghijklmnop", WeakPassword::Pattern),
            ("123456789012", WeakPassword::Pattern),
            ("987654321098", WeakPassword::Pattern),
            ("lampriverlampriver", WeakPassword::Pattern),
            ("x7!x7!x7!x7!x7!", WeakPassword::Pattern),
            ("Password!2025", WeakPassword::Common),
            ("admin@1a6b3c8", WeakPassword::Common),
            ("WoAiNi-1314-520", WeakPassword::Common),
            ("zhangwei-1987-04", WeakPassword::Name),
            ("2024ZhangWei!!", WeakPassword::Name),
        ];
        for (password, expected) in cases {
            assert_eq!(check_new(password, &["zhangwei", "张伟"]), Err(expected), "{password}");
        }
        assert_eq!(check_new(&"鱼".repeat(100), &[]), Err(WeakPassword::Long));
    }

    #[test]
    fn good_passwords_pass() {
        for password in [GOOD, "春江潮水连海平海上明月共", "t7#Kq9!vLw2z", "482915730264", "my admin likes pears"] {
            assert_eq!(check_new(password, &["zhangwei", "li"]), Ok(()), "{password}");
        }
    }

    proptest! {
        #[test]
        fn anything_is_judged_without_a_panic(password in "\\PC{0,80}", name in "\\PC{0,8}") {
            let _ = check_new(&password, &[&name]);
        }
    }
}
