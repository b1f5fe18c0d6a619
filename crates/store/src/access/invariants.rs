//! What must be true of `data/permissions.toml`, over every set of roles that one person may hold. Beside each rule stands a table spoiled
//! on purpose that breaks it, so that none is a rule that cannot fail.

use super::permission::Permission as P;
use super::role::{Role, Roles};
use super::table::{Mark, SOURCE, Table};

/// What is wrong with a table by one rule; nothing if it keeps it.
type Rule = fn(&Table) -> Vec<String>;
/// Breaks that rule.
type Spoil = fn(&Table) -> Table;

const ADMINISTRATORS: [Role; 3] = [Role::System, Role::Security, Role::Audit];

const RULES: &[(&str, Rule, Spoil)] = &[
    ("every permission is held", every_permission_is_held, |t| t.with(P::SourceUnblock, |row| row.roles = Roles::NONE)),
    ("every role holds something", every_role_holds_something, |t| t.with(P::AnnotationWrite, |row| row.roles = Roles::NONE)),
    ("no role holds everything", no_role_holds_everything, |t| P::ALL.iter().fold(t.clone(), |t, p| grant(&t, *p, Role::Security))),
    ("nobody makes and checks", nobody_makes_and_checks, |t| grant(t, P::AssessRun, Role::ModelEngineer)),
    ("what is checked was made", what_is_checked_was_made, |t| t.with(P::AssessRun, |row| row.checks = vec![P::ModelRead])),
    ("the pairs of the design are there", the_pairs_are_there, |t| t.with(P::CaseConfirm, |row| row.checks.clear())),
    ("audit changes nothing", audit_changes_nothing, |t| grant(t, P::RetentionCut, Role::Audit)),
    ("audit changes nothing (by another role)", audit_changes_nothing, |t| t.with_role(Role::Audit, |row| row.never.clear())),
    ("supervisor reads only", supervisor_reads_only, |t| grant(t, P::CaseReview, Role::Supervisor)),
    ("supervisor reads only (by another role)", supervisor_reads_only, |t| t.with_role(Role::Supervisor, |row| row.never.clear())),
    ("system grants nothing", system_grants_nothing_and_sees_no_content, |t| grant(t, P::RoleGrant, Role::System)),
    ("system sees no content", system_grants_nothing_and_sees_no_content, |t| grant(t, P::CaseRead, Role::System)),
    ("system sees no content (by another role)", system_grants_nothing_and_sees_no_content, |t| {
        t.with_role(Role::System, |row| row.never.clear())
    }),
    ("security creates no account", security_creates_no_account_and_opens_no_ledger, |t| grant(t, P::UserCreate, Role::Security)),
    ("security opens no ledger", security_creates_no_account_and_opens_no_ledger, |t| grant(t, P::LedgerRead, Role::Security)),
    ("two administrators are not three", two_administrators_are_not_three, |t| {
        P::ALL.iter().filter(|p| t.holds(Role::Audit, **p)).fold(t.clone(), |t, p| grant(&t, *p, Role::Security))
    }),
    ("the two of three are administrators", the_two_are_administrators, |t| grant(t, P::KeyDestroy, Role::DataSteward)),
    ("the two of three can be found", the_two_are_administrators, |t| {
        t.with(P::LedgerEpoch, |row| row.consent = Roles::NONE.with(Role::Security))
    }),
    ("two persons where the design asks", two_persons_where_asked, |t| {
        t.with(P::RetentionCut, |row| row.is = vec![Mark::Changes, Mark::StepUp])
    }),
    ("step-up where the design asks", step_up_where_asked, |t| t.with(P::PolicyChange, |row| row.is = vec![Mark::Changes])),
    ("step-up for two persons", step_up_where_asked, |t| t.with(P::KillSwitch, |row| row.is = vec![Mark::Changes, Mark::TwoPersons])),
    ("who steps up has two factors", who_steps_up_has_two_factors, |t| t.with_role(Role::DataSteward, |row| row.second_factor = false)),
];

#[test]
fn the_table_keeps_every_rule_and_every_rule_can_be_broken() {
    let table = Table::parse(SOURCE).unwrap();
    for (name, rule, spoil) in RULES {
        assert_eq!(rule(&table), Vec::<String>::new(), "{name}");
        assert!(!rule(&spoil(&table)).is_empty(), "'{name}' cannot fail");
    }
}

#[test]
fn every_role_can_be_filled_and_some_may_be_combined() {
    let persons = persons(&Table::parse(SOURCE).unwrap());
    for role in Role::ALL {
        assert!(persons.contains(&Roles::NONE.with(*role)), "{role}");
    }
    assert!(persons.len() > 50 && persons.len() < 500, "{}", persons.len());
}

fn every_permission_is_held(table: &Table) -> Vec<String> {
    faults(P::ALL, |p| !Role::ALL.iter().any(|role| table.holds(*role, p)))
}

fn every_role_holds_something(table: &Table) -> Vec<String> {
    faults(Role::ALL, |role| !P::ALL.iter().any(|p| table.holds(role, *p)))
}

fn no_role_holds_everything(table: &Table) -> Vec<String> {
    faults(Role::ALL, |role| P::ALL.iter().all(|p| table.holds(role, *p)))
}

fn nobody_makes_and_checks(table: &Table) -> Vec<String> {
    let checks = |p: P| table.permission(p).map_or(&[][..], |row| &row.checks);
    by_person(table, |_, held| held.iter().any(|p| checks(*p).iter().any(|made| held.contains(made))))
}

/// What is only read is not made, and checking it is no check.
fn what_is_checked_was_made(table: &Table) -> Vec<String> {
    let checked = |p: &P| table.permission(*p).map_or(&[][..], |row| &row.checks);
    faults(P::ALL, |p| checked(&p).iter().any(|made| *made == p || !table.is(*made, Mark::Changes)))
}

fn the_pairs_are_there(table: &Table) -> Vec<String> {
    let pairs = [
        (P::UserCreate, P::RoleGrant),
        (P::ModelRegister, P::ModelPromote),
        (P::ModelRegister, P::AssessRun),
        (P::CaseReview, P::CaseConfirm),
        (P::ComplaintHandle, P::CaseConfirm),
        (P::AnnotationWrite, P::AnnotationReview),
        (P::SourceChange, P::SourceUnblock),
        (P::CorpusScan, P::CorpusSpotcheck),
    ];
    let missing = pairs.iter().filter(|(made, check)| table.permission(*check).is_none_or(|row| !row.checks.contains(made)));
    missing.map(|(made, check)| format!("{made} {check}")).collect()
}

fn audit_changes_nothing(table: &Table) -> Vec<String> {
    by_person(table, |roles, held| roles.contains(Role::Audit) && held.iter().any(|p| table.is(*p, Mark::Changes)))
}

fn supervisor_reads_only(table: &Table) -> Vec<String> {
    by_person(table, |roles, held| roles.contains(Role::Supervisor) && held.iter().any(|p| table.is(*p, Mark::Changes)))
}

fn system_grants_nothing_and_sees_no_content(table: &Table) -> Vec<String> {
    let barred = |p: &P| [P::RoleGrant, P::RoleRevoke, P::TokenIssue].contains(p) || table.is(*p, Mark::ReadsContent);
    by_person(table, |roles, held| roles.contains(Role::System) && held.iter().any(barred))
}

fn security_creates_no_account_and_opens_no_ledger(table: &Table) -> Vec<String> {
    let barred = [P::UserCreate, P::LedgerRead, P::LedgerExport, P::LedgerWitness];
    by_person(table, |roles, held| roles.contains(Role::Security) && held.iter().any(|p| barred.contains(p)))
}

fn two_administrators_are_not_three(table: &Table) -> Vec<String> {
    let two_hold = |third: Role, p: P| ADMINISTRATORS.iter().any(|role| *role != third && table.holds(*role, p));
    faults(&ADMINISTRATORS, |third| P::ALL.iter().all(|p| !table.holds(third, *p) || two_hold(third, *p)))
}

/// Whoever may propose is an administrator, and beside each of them stands another who may consent.
fn the_two_are_administrators(table: &Table) -> Vec<String> {
    let second = |p: P, first: Role, role: Role| {
        let named = table.permission(p).map_or(Roles::NONE, |row| row.consent);
        role != first && table.holds(role, P::ActApprove) && (named.is_empty() || named.contains(role))
    };
    let bad = |p: P, first: Role| !ADMINISTRATORS.contains(&first) || !ADMINISTRATORS.iter().any(|role| second(p, first, *role));
    faults(P::ALL, |p| table.is(p, Mark::TwoPersons) && Role::ALL.iter().any(|role| table.holds(*role, p) && bad(p, *role)))
}

fn two_persons_where_asked(table: &Table) -> Vec<String> {
    let asked = [P::KeyDestroy, P::RetentionCut, P::LedgerEpoch, P::BreakGlass, P::BulkExport, P::PrivacyEraseHeld, P::KillSwitch];
    faults(&asked, |p| !table.is(p, Mark::TwoPersons))
}

/// Keys, ciphers, policies, roles, tokens, exports and erasing, by their names, and whatever needs two persons.
fn step_up_where_asked(table: &Table) -> Vec<String> {
    let nouns = ["key.", "cipher.", "policy.", "lexicon.", "role.", "token.issue"];
    let named = |p: P| nouns.iter().any(|noun| p.id().starts_with(noun)) && table.is(p, Mark::Changes);
    let asked = |p: P| named(p) || p.id().contains("export") || p.id().contains("erase") || table.is(p, Mark::TwoPersons);
    faults(P::ALL, |p| asked(p) && !table.is(p, Mark::StepUp))
}

fn who_steps_up_has_two_factors(table: &Table) -> Vec<String> {
    let two_factors = |role: Role| table.role(role).is_some_and(|row| row.second_factor);
    let must = |role: Role| role == Role::Reviewer || P::ALL.iter().any(|p| table.holds(role, *p) && table.is(*p, Mark::StepUp));
    faults(Role::ALL, |role| must(role) && !two_factors(role))
}

fn grant(table: &Table, permission: P, role: Role) -> Table {
    table.with(permission, |row| row.roles = row.roles.with(role))
}

fn faults<T: Copy + ToString>(all: &[T], is_wrong: impl Fn(T) -> bool) -> Vec<String> {
    all.iter().filter(|one| is_wrong(**one)).map(ToString::to_string).collect()
}

/// The sets of roles that are wrong, of all that one person may hold.
fn by_person(table: &Table, is_wrong: impl Fn(Roles, &[P]) -> bool) -> Vec<String> {
    let held = |roles: Roles| P::ALL.iter().copied().filter(move |p| roles.iter().any(|role| table.holds(role, *p))).collect::<Vec<_>>();
    persons(table).into_iter().filter(|roles| is_wrong(*roles, &held(*roles))).map(|roles| format!("{roles:?}")).collect()
}

/// Every set of roles without a conflict.
fn persons(table: &Table) -> Vec<Roles> {
    let grown = |sets: Vec<Roles>, role: &Role| sets.iter().copied().chain(sets.iter().map(|set| set.with(*role))).collect();
    let all = Role::ALL.iter().fold(vec![Roles::NONE], grown);
    all.into_iter().filter(|roles| table.conflicts(*roles).is_none()).collect()
}
