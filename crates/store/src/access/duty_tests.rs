//! Every path through an approval, and each refusal by itself.

use super::*;

const NOW: i64 = 1_800_000_000_000;

const fn actor(person: i64, role: Role) -> Actor {
    Actor { person: PersonId(person), roles: Roles::NONE.with(role) }
}

const SYSTEM: Actor = actor(1, Role::System);
const SECURITY: Actor = actor(2, Role::Security);
const AUDIT: Actor = actor(3, Role::Audit);
const SECOND_SECURITY: Actor = actor(4, Role::Security);
const REVIEWER: Actor = actor(5, Role::Reviewer);
const EVERYONE: [Actor; 5] = [SYSTEM, SECURITY, AUDIT, SECOND_SECURITY, REVIEWER];

fn proposed() -> Approval {
    Approval::propose(Permission::KeyDestroy, "key 7", SECURITY, NOW).unwrap()
}

fn approved() -> Approval {
    proposed().approve(AUDIT, NOW + 1).unwrap()
}

#[test]
fn two_of_three_destroy_a_key_once() {
    let done = approved().execute("key 7", SECURITY, NOW + 2).unwrap();
    assert_eq!(done.stage(), ApprovalStage::Executed { approved_by: AUDIT.person, at_ms: NOW + 2 });
    assert_eq!((done.act(), done.object(), done.proposer()), (Permission::KeyDestroy, "key 7", SECURITY.person));
    assert_eq!(done.execute("key 7", SECURITY, NOW + 3), Err(ApprovalRefusal::Finished));
    assert_eq!(done.approve(SYSTEM, NOW + 3), Err(ApprovalRefusal::Finished));
    assert_eq!(done.refuse(SYSTEM, NOW + 3), Err(ApprovalRefusal::Finished));
}

#[test]
fn who_proposes_holds_the_act_and_names_the_object() {
    let propose = |act, object: &str, by| Approval::propose(act, object, by, NOW).map(|_| ());
    assert_eq!(propose(Permission::KeyRotate, "key 7", SECURITY), Err(ApprovalRefusal::OnePersonActs(Permission::KeyRotate)));
    assert_eq!(propose(Permission::KeyDestroy, "", SECURITY), Err(ApprovalRefusal::BadObject(0)));
    let long = "k".repeat(MAX_OBJECT_BYTES + 1);
    assert_eq!(propose(Permission::KeyDestroy, &long, SECURITY), Err(ApprovalRefusal::BadObject(1_025)));
    assert_eq!(propose(Permission::KeyDestroy, long.strip_suffix('k').unwrap(), SECURITY), Ok(()));
    for by in [SYSTEM, AUDIT, REVIEWER] {
        let refusal = ApprovalRefusal::NotHeld { person: by.person, permission: Permission::KeyDestroy };
        assert_eq!(propose(Permission::KeyDestroy, "key 7", by), Err(refusal));
    }
}

#[test]
fn the_second_is_another_person_in_another_office() {
    assert_eq!(proposed().approve(SECURITY, NOW), Err(ApprovalRefusal::SamePerson(SECURITY.person)));
    assert_eq!(proposed().approve(SECOND_SECURITY, NOW), Err(ApprovalRefusal::SameOffice(Role::Security)));
    // The same person after a change of office is still the same person.
    let moved = Actor { person: SECURITY.person, roles: Roles::NONE.with(Role::Audit) };
    assert_eq!(proposed().approve(moved, NOW), Err(ApprovalRefusal::SamePerson(SECURITY.person)));
    let refusal = ApprovalRefusal::NotHeld { person: REVIEWER.person, permission: Permission::ActApprove };
    assert_eq!(proposed().approve(REVIEWER, NOW), Err(refusal.clone()));
    assert_eq!(proposed().refuse(REVIEWER, NOW), Err(refusal));
    assert!(proposed().approve(SYSTEM, NOW).is_ok() && proposed().approve(AUDIT, NOW).is_ok());
    assert_eq!(approved().approve(SYSTEM, NOW + 2), Err(ApprovalRefusal::AlreadyApproved(AUDIT.person)));
}

#[test]
fn roles_that_conflict_approve_nothing() {
    let roles = Roles::NONE.with(Role::System).with(Role::Audit);
    let both = Actor { person: PersonId(9), roles };
    let refusal = ApprovalRefusal::NotHeld { person: both.person, permission: Permission::ActApprove };
    assert_eq!(proposed().approve(both, NOW), Err(refusal));
}

#[test]
fn some_acts_name_who_must_consent() {
    let epoch = Approval::propose(Permission::LedgerEpoch, "audit.example/2", SECURITY, NOW).unwrap();
    let refusal = ApprovalRefusal::WrongOffice { act: Permission::LedgerEpoch, office: Role::System };
    assert_eq!(epoch.approve(SYSTEM, NOW), Err(refusal));
    assert!(epoch.approve(AUDIT, NOW).is_ok());
    // Refusing is open to all three.
    assert!(epoch.refuse(SYSTEM, NOW).is_ok());
}

#[test]
fn only_the_proposer_executes_and_only_the_same_object() {
    assert_eq!(proposed().execute("key 7", SECURITY, NOW), Err(ApprovalRefusal::NotApproved));
    for by in [SYSTEM, AUDIT, SECOND_SECURITY, REVIEWER] {
        assert_eq!(approved().execute("key 7", by, NOW + 2), Err(ApprovalRefusal::NotProposer(SECURITY.person)));
    }
    assert_eq!(approved().execute("key 8", SECURITY, NOW + 2), Err(ApprovalRefusal::OtherObject));
    let dismissed = Actor { person: SECURITY.person, roles: Roles::NONE };
    assert!(matches!(approved().execute("key 7", dismissed, NOW + 2), Err(ApprovalRefusal::NotHeld { .. })));
    // Kill switch is held by system and security: who changed office in between does not execute what the old office proposed.
    let kill = Approval::propose(Permission::KillSwitch, "model m", SYSTEM, NOW).unwrap().approve(AUDIT, NOW).unwrap();
    let moved = Actor { person: SYSTEM.person, roles: Roles::NONE.with(Role::Security) };
    assert!(matches!(kill.execute("model m", moved, NOW), Err(ApprovalRefusal::NotHeld { .. })));
}

#[test]
fn a_consent_can_be_taken_back_until_it_is_used() {
    for by in [SECURITY, AUDIT, SYSTEM] {
        let refused = approved().refuse(by, NOW + 2).unwrap();
        assert_eq!(refused.stage(), ApprovalStage::Refused { by: by.person, at_ms: NOW + 2 });
        assert_eq!(refused.execute("key 7", SECURITY, NOW + 3), Err(ApprovalRefusal::Finished));
        assert_eq!(refused.approve(SYSTEM, NOW + 3), Err(ApprovalRefusal::Finished));
    }
}

#[test]
fn a_day_after_it_was_proposed_nothing_more_happens() {
    let last = NOW + APPROVAL_MS - 1;
    assert!(proposed().approve(AUDIT, last).is_ok() && approved().execute("key 7", SECURITY, last).is_ok());
    assert_eq!(proposed().approve(AUDIT, last + 1), Err(ApprovalRefusal::Expired));
    // A late consent does not prolong it.
    let late = proposed().approve(AUDIT, last).unwrap();
    assert_eq!(late.execute("key 7", SECURITY, last + 1), Err(ApprovalRefusal::Expired));
    assert_eq!(late.refuse(SECURITY, last + 1), Err(ApprovalRefusal::Expired));
    assert_eq!(proposed().expires_ms(), last + 1);
}

#[test]
fn a_clock_that_went_back_stops_everything() {
    let back = NOW - super::super::CLOCK_SLACK_MS - 1;
    assert_eq!(proposed().approve(AUDIT, back), Err(ApprovalRefusal::ClockWentBack));
    assert_eq!(approved().execute("key 7", SECURITY, back), Err(ApprovalRefusal::ClockWentBack));
    assert!(proposed().approve(AUDIT, back + 1).is_ok());
    // The ends of the scale are moments like others.
    let first = Approval::propose(Permission::KeyDestroy, "key 7", SECURITY, i64::MIN).unwrap();
    assert_eq!(first.approve(AUDIT, i64::MAX), Err(ApprovalRefusal::Expired));
    let last = Approval::propose(Permission::KeyDestroy, "key 7", SECURITY, i64::MAX).unwrap();
    assert_eq!(last.approve(AUDIT, i64::MIN), Err(ApprovalRefusal::ClockWentBack));
}

#[test]
fn every_stage_is_read_as_it_was_written() {
    for approval in
        [proposed(), approved(), approved().refuse(SYSTEM, NOW + 2).unwrap(), approved().execute("key 7", SECURITY, NOW + 2).unwrap()]
    {
        assert_eq!(toml::from_str::<Approval>(&toml::to_string(&approval).unwrap()).unwrap(), approval);
    }
}

/// Walks every sequence of four steps by anyone on every two-person act, and keeps its own account of who did what.
#[test]
fn no_sequence_of_steps_executes_without_two_of_the_three() {
    let mut executed = 0;
    for act in Permission::ALL.iter().copied().filter(|act| act.needs_two_persons()) {
        for proposer in EVERYONE {
            let Ok(approval) = Approval::propose(act, "x", proposer, NOW) else { continue };
            walk(&approval, proposer, &mut Vec::new(), &mut executed);
        }
    }
    assert!(executed > 20, "{executed}");
}

fn walk(approval: &Approval, proposer: Actor, consents: &mut Vec<Actor>, executed: &mut usize) {
    if consents.len() == 4 {
        return;
    }
    for by in EVERYONE {
        if let Ok(next) = approval.approve(by, NOW) {
            consents.push(by);
            walk(&next, proposer, consents, executed);
            consents.pop();
        }
        if let Ok(next) = approval.refuse(by, NOW) {
            assert!(EVERYONE.iter().all(|any| next.approve(*any, NOW).is_err() && next.execute("x", *any, NOW).is_err()));
        }
        if let Ok(next) = approval.execute("x", by, NOW) {
            *executed += 1;
            assert_eq!(by, proposer);
            assert_eq!(consents.len(), 1, "exactly one consent");
            let second = consents[0];
            assert_ne!(second.person, proposer.person);
            let offices = [proposer.roles.administrator(), second.roles.administrator()];
            assert!(offices[0].is_some() && offices[1].is_some() && offices[0] != offices[1]);
            assert!(EVERYONE.iter().all(|any| next.execute("x", *any, NOW).is_err()));
        }
    }
}
