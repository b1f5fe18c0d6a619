//! Each refusal of the ceremony, and every path of it.

use super::*;

const NOW: i64 = 1_800_000_000_000;
const TOKEN: TokenDigest = [7; 32];
const THREE: [(Role, PersonId); 3] = [(Role::System, PersonId(1)), (Role::Security, PersonId(2)), (Role::Audit, PersonId(3))];

fn begun() -> Ceremony {
    Ceremony::begin(None, TOKEN, NOW).unwrap()
}

fn appointed() -> Ceremony {
    THREE.iter().fold(begun(), |state, (role, person)| state.appoint(&TOKEN, *role, *person, NOW).unwrap())
}

fn enrolled() -> Ceremony {
    THREE.iter().fold(appointed(), |state, (_, person)| state.enrol(&TOKEN, *person, NOW).unwrap())
}

#[test]
fn three_persons_with_two_factors_and_the_token_is_burnt() {
    let done = enrolled().finish(&TOKEN, NOW + 9).unwrap();
    let Ceremony::Complete { at_ms, seats } = &done else { panic!("{done:?}") };
    assert_eq!(*at_ms, NOW + 9);
    assert_eq!(seats.iter().map(|seat| (seat.role, seat.person)).collect::<Vec<_>>(), THREE);
    assert_eq!(Ceremony::done(Some(&done)), Ok(()));
    assert_eq!(done.finish(&TOKEN, NOW), Err(CeremonyRefusal::Complete));
    assert_eq!(done.appoint(&TOKEN, Role::System, PersonId(4), NOW), Err(CeremonyRefusal::Complete));
    assert_eq!(done.enrol(&TOKEN, PersonId(1), NOW), Err(CeremonyRefusal::Complete));
    assert_eq!(Ceremony::begin(Some(&done), [8; 32], NOW), Err(CeremonyRefusal::Complete));
}

#[test]
fn nothing_else_is_possible_before() {
    assert_eq!(Ceremony::done(None), Err(CeremonyRefusal::NotComplete));
    for state in [begun(), appointed(), enrolled()] {
        assert_eq!(Ceremony::done(Some(&state)), Err(CeremonyRefusal::NotComplete));
    }
}

#[test]
fn three_seats_for_three_persons() {
    let one = begun().appoint(&TOKEN, Role::System, PersonId(1), NOW).unwrap();
    let taken = CeremonyRefusal::SamePerson { person: PersonId(1), role: Role::System };
    assert_eq!(one.appoint(&TOKEN, Role::Audit, PersonId(1), NOW), Err(taken));
    assert_eq!(one.appoint(&TOKEN, Role::System, PersonId(2), NOW), Err(CeremonyRefusal::SeatTaken(Role::System)));
    for role in Role::ALL.iter().copied().filter(|role| !role.is_administrator()) {
        assert_eq!(one.appoint(&TOKEN, role, PersonId(9), NOW), Err(CeremonyRefusal::NotAdministrator(role)));
    }
    assert_eq!(one.enrol(&TOKEN, PersonId(2), NOW), Err(CeremonyRefusal::NotAppointed(PersonId(2))));
    assert_eq!(one.finish(&TOKEN, NOW), Err(CeremonyRefusal::NoSecondFactor(Role::System)));
    let one = one.enrol(&TOKEN, PersonId(1), NOW).unwrap();
    assert_eq!(one.finish(&TOKEN, NOW), Err(CeremonyRefusal::SeatEmpty(Role::Security)));
    assert_eq!(
        appointed().enrol(&TOKEN, PersonId(1), NOW).unwrap().finish(&TOKEN, NOW),
        Err(CeremonyRefusal::NoSecondFactor(Role::Security))
    );
}

#[test]
fn the_token_opens_it_for_a_day() {
    let wrong = [0; 32];
    for state in [begun(), enrolled()] {
        assert_eq!(state.appoint(&wrong, Role::Audit, PersonId(3), NOW), Err(CeremonyRefusal::WrongToken));
        assert_eq!(state.enrol(&wrong, PersonId(1), NOW), Err(CeremonyRefusal::WrongToken));
        assert_eq!(state.finish(&wrong, NOW), Err(CeremonyRefusal::WrongToken));
    }
    assert!(enrolled().finish(&TOKEN, NOW + CEREMONY_MS - 1).is_ok());
    assert_eq!(enrolled().finish(&TOKEN, NOW + CEREMONY_MS), Err(CeremonyRefusal::Expired));
    assert_eq!(enrolled().finish(&TOKEN, NOW - CEREMONY_MS), Err(CeremonyRefusal::Expired));
    // Begun anew: an empty table, and the old token is nothing.
    let anew = Ceremony::begin(Some(&enrolled()), [8; 32], NOW).unwrap();
    assert_eq!(anew.finish(&TOKEN, NOW), Err(CeremonyRefusal::WrongToken));
    assert_eq!(anew.finish(&[8; 32], NOW), Err(CeremonyRefusal::SeatEmpty(Role::System)));
}

#[test]
fn every_stage_is_read_as_it_was_written() {
    for state in [begun(), appointed(), enrolled(), enrolled().finish(&TOKEN, NOW).unwrap()] {
        assert_eq!(toml::from_str::<Ceremony>(&toml::to_string(&state).unwrap()).unwrap(), state);
    }
}

/// Every sequence of eight steps from a small choice: whatever happens, it ends with three persons, or not at all.
#[test]
fn no_path_ends_with_anything_but_three_persons() {
    let mut ends = 0;
    walk(&begun(), 0, &mut ends);
    assert!(ends > 100, "{ends}");
}

fn walk(state: &Ceremony, depth: usize, ends: &mut usize) {
    if let Ok(Ceremony::Complete { seats, .. }) = state.finish(&TOKEN, NOW) {
        *ends += 1;
        let persons: std::collections::BTreeSet<_> = seats.iter().map(|seat| seat.person).collect();
        let roles: Vec<_> = Role::ALL.iter().filter(|role| seats.iter().any(|seat| seat.role == **role)).collect();
        assert_eq!((seats.len(), persons.len()), (3, 3));
        assert!(roles.iter().all(|role| role.is_administrator()) && roles.len() == 3 && seats.iter().all(|seat| seat.second_factor));
        return;
    }
    if depth == 8 {
        return;
    }
    for person in [PersonId(1), PersonId(2), PersonId(3)] {
        for role in [Role::System, Role::Security, Role::Audit, Role::Reviewer] {
            if let Ok(next) = state.appoint(&TOKEN, role, person, NOW) {
                walk(&next, depth + 1, ends);
            }
        }
        // Enrolling twice changes nothing, so it leads nowhere new.
        if let Ok(next) = state.enrol(&TOKEN, person, NOW)
            && next != *state
        {
            walk(&next, depth + 1, ends);
        }
    }
}
