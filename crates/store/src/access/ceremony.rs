//! First start: three different persons become the three administrators, each with a second factor, and the bootstrap token is burnt.
//!
//! There is no first administrator who makes the others, and no default account (GB/T 22239-2019, 8.1.4.2). Until [`Ceremony::finish`]
//! nothing else is permitted ([`Ceremony::done`]); afterwards the token opens nothing, because the state no longer holds its digest. Who
//! controls the machine can begin anew before the end, never after it. Making the token, hashing it, the accounts and the second factors
//! are the caller's.

use serde::{Deserialize, Serialize};

use super::duty::PersonId;
use super::role::Role;
use super::{HOUR_MS, elapsed_ms};

/// How long a bootstrap token works. Our own figure: three persons can meet within a day, and a token forgotten in a note dies with it.
pub const CEREMONY_MS: i64 = 24 * HOUR_MS;

/// The SHA-256 of a bootstrap token of 256 random bits. The token itself is never stored.
pub type TokenDigest = [u8; 32];

/// One of the three, as far as appointed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seat {
    /// Which administrator.
    pub role: Role,
    /// Who.
    pub person: PersonId,
    /// Whether their second factor is enrolled and was shown once.
    pub second_factor: bool,
}

/// How far the first start has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "is")]
pub enum Ceremony {
    /// It goes on; at most three seats.
    Open {
        /// What the token hashes to.
        token: TokenDigest,
        /// When it began.
        begun_ms: i64,
        /// Who was appointed so far.
        seats: Vec<Seat>,
    },
    /// It is over, and the token burnt.
    Complete {
        /// When.
        at_ms: i64,
        /// The three.
        seats: Vec<Seat>,
    },
}

/// Why a step was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CeremonyRefusal {
    /// It is over.
    #[error("the first start is complete and its token burnt; the administrators act from here on")]
    Complete,
    /// It is not over, so nothing else is possible.
    #[error("the first start is not complete; appoint the three administrators first")]
    NotComplete,
    /// Another token.
    #[error("this is not the bootstrap token; it was shown once, when the first start began")]
    WrongToken,
    /// Older than [`CEREMONY_MS`], or the clock went back.
    #[error("the bootstrap token has expired, or the clock was set back; begin the first start anew")]
    Expired,
    /// Only the three are appointed here.
    #[error("'{0}' is none of the three administrators; the security administrator grants it later")]
    NotAdministrator(Role),
    /// One seat, one person.
    #[error("the {0} administrator is appointed already; begin anew to appoint another")]
    SeatTaken(Role),
    /// One person, one seat.
    #[error("person {person} is the {role} administrator already; the three are three persons")]
    SamePerson {
        /// Who.
        person: PersonId,
        /// What they are.
        role: Role,
    },
    /// Has no seat.
    #[error("person {0} was not appointed")]
    NotAppointed(PersonId),
    /// A seat is empty.
    #[error("the {0} administrator is not appointed yet")]
    SeatEmpty(Role),
    /// One of the three has a password only.
    #[error("the {0} administrator has no second factor yet")]
    NoSecondFactor(Role),
}

impl Ceremony {
    /// Begins it, or begins it anew where it was not finished. `before` is the state that is stored, if there is one.
    ///
    /// # Errors
    /// It was finished once, and that is for ever.
    pub fn begin(before: Option<&Self>, token: TokenDigest, now_ms: i64) -> Result<Self, CeremonyRefusal> {
        match before {
            Some(Self::Complete { .. }) => Err(CeremonyRefusal::Complete),
            Some(Self::Open { .. }) | None => Ok(Self::Open { token, begun_ms: now_ms, seats: Vec::new() }),
        }
    }

    /// Appoints a person as one of the three.
    ///
    /// # Errors
    /// It is over or expired, the token is another, the role is none of the three, or the seat or the person is taken.
    pub fn appoint(&self, token: &TokenDigest, role: Role, person: PersonId, now_ms: i64) -> Result<Self, CeremonyRefusal> {
        let mut seats = self.open(token, now_ms)?.to_vec();
        if !role.is_administrator() {
            return Err(CeremonyRefusal::NotAdministrator(role));
        }
        if seats.iter().any(|seat| seat.role == role) {
            return Err(CeremonyRefusal::SeatTaken(role));
        }
        if let Some(seat) = seats.iter().find(|seat| seat.person == person) {
            return Err(CeremonyRefusal::SamePerson { person, role: seat.role });
        }
        seats.push(Seat { role, person, second_factor: false });
        Ok(self.seated(seats))
    }

    /// Records that a person has enrolled a second factor and shown it once.
    ///
    /// # Errors
    /// It is over or expired, the token is another, or the person was not appointed.
    pub fn enrol(&self, token: &TokenDigest, person: PersonId, now_ms: i64) -> Result<Self, CeremonyRefusal> {
        let mut seats = self.open(token, now_ms)?.to_vec();
        let seat = seats.iter_mut().find(|seat| seat.person == person).ok_or(CeremonyRefusal::NotAppointed(person))?;
        seat.second_factor = true;
        Ok(self.seated(seats))
    }

    /// Ends it and burns the token. From here on the three act, each within their role.
    ///
    /// # Errors
    /// It is over or expired, the token is another, a seat is empty, or one of the three has no second factor.
    pub fn finish(&self, token: &TokenDigest, now_ms: i64) -> Result<Self, CeremonyRefusal> {
        let seats = self.open(token, now_ms)?;
        for role in Role::ALL.iter().copied().filter(|role| role.is_administrator()) {
            let seat = seats.iter().find(|seat| seat.role == role).ok_or(CeremonyRefusal::SeatEmpty(role))?;
            if !seat.second_factor {
                return Err(CeremonyRefusal::NoSecondFactor(role));
            }
        }
        Ok(Self::Complete { at_ms: now_ms, seats: seats.to_vec() })
    }

    /// Whether anything but the ceremony itself is possible. Asked before every act; no state at all is not complete either.
    ///
    /// # Errors
    /// It is not complete.
    pub fn done(state: Option<&Self>) -> Result<(), CeremonyRefusal> {
        match state {
            Some(Self::Complete { .. }) => Ok(()),
            Some(Self::Open { .. }) | None => Err(CeremonyRefusal::NotComplete),
        }
    }

    fn open(&self, given: &TokenDigest, now_ms: i64) -> Result<&[Seat], CeremonyRefusal> {
        let Self::Open { token, begun_ms, seats } = self else { return Err(CeremonyRefusal::Complete) };
        // Both are digests of random bits: what the time of comparing them tells does not help to find a token.
        if token != given {
            return Err(CeremonyRefusal::WrongToken);
        }
        elapsed_ms(*begun_ms, now_ms).filter(|age| *age < CEREMONY_MS).ok_or(CeremonyRefusal::Expired)?;
        Ok(seats)
    }

    fn seated(&self, seats: Vec<Seat>) -> Self {
        match self {
            Self::Open { token, begun_ms, .. } => Self::Open { token: *token, begun_ms: *begun_ms, seats },
            Self::Complete { .. } => self.clone(),
        }
    }
}

#[cfg(test)]
#[path = "ceremony_tests.rs"]
mod tests;
